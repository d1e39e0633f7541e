//! Python files checked without importing them: syntax always, pyflakes or ruff where the project's environment has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::proof::discover::is_foreign;
use crate::proof::runners::{Exchange, SHARED, cut_short, denials, last_part, workspace_path};
use crate::proof::{Bench, CheckReport, Diagnostic, Fix, Severity, Suite};
use crate::sandbox::{Copy, Outcome, SandboxError};
use crate::text::{Edit, Files, RelPath};

use super::blank;

const CHECKER: (&str, &str) = ("lamplighter_check.py", include_str!("../harness/lamplighter_check.py"));

#[derive(Serialize)]
struct Job {
    report: String,
    paths: Vec<String>,
    files: Vec<String>,
    flakes: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Record {
    Finding {
        path: String,
        line: u32,
        column: u32,
        span: Option<[usize; 2]>,
        severity: Severity,
        code: String,
        message: String,
    },
    Unread {
        path: String,
        message: String,
    },
    End,
    #[serde(other)]
    Other,
}

pub(super) async fn run(bench: &Bench<'_>, suite: &Suite) -> Result<CheckReport, SandboxError> {
    let mut files = bench.copy.files();
    files.retain(|path| path.extension() == Some("py") && suite.owns(path) && !is_foreign(path.as_str()));
    let names: Vec<String> = files.iter().filter_map(|path| suite.relative(path)).map(str::to_owned).collect();
    let flakes = suite.tool("pyflakes").is_some();
    let any = !names.is_empty();
    let mut report = syntax(bench, suite, names, flakes).await?;
    if suite.tool("ruff").is_some() && any {
        ruff(bench, suite, &mut report).await?;
    }
    Ok(report)
}

async fn syntax(bench: &Bench<'_>, suite: &Suite, files: Vec<String>, flakes: bool) -> Result<CheckReport, SandboxError> {
    let exchange = Exchange::new(bench.copy, &[SHARED, CHECKER])?;
    let inbox = exchange.inbox().to_string_lossy().into_owned();
    let target = exchange.outbox().join("report.jsonl").to_string_lossy().into_owned();
    let job = Job { report: target, paths: Vec::new(), files, flakes };
    exchange.put("job.json", &serde_json::to_string(&job).unwrap_or_default())?;
    let mut command = suite.toolchain.command([format!("{inbox}/lamplighter_check.py")]);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    command.env.insert("LAMPLIGHTER_JOB".to_owned(), format!("{inbox}/job.json"));
    exchange.mount(&mut command);
    let checker = if flakes { "pyflakes" } else { "python syntax" };
    let mut report = blank(suite, checker, &[suite.toolchain.program.clone(), "lamplighter_check.py".to_owned()]);
    let outcome = bench.run(command).await?;
    report.seconds = outcome.elapsed.as_secs_f64();
    report.notes.extend(denials(&outcome));
    let mut ended = false;
    for line in exchange.take("report.jsonl").unwrap_or_default().lines() {
        match serde_json::from_str(line) {
            Ok(Record::Finding { path, line, column, span, severity, code, message }) => {
                let Some(path) = workspace_path(bench.copy, "", &path) else {
                    continue;
                };
                let span = span.map(|[start, end]| start..end);
                let (details, fixes) = (Vec::new(), Vec::new());
                report.diagnostics.push(Diagnostic { path, line, column, span, severity, code: Some(code), message, details, fixes });
            }
            Ok(Record::Unread { path, message }) => report.notes.push(format!("{path} was not checked: {message}")),
            Ok(Record::End) => ended = true,
            Ok(Record::Other) | Err(_) => {}
        }
    }
    report.complete = ended && outcome.exit.ok();
    report.notes.extend(why_not(report.complete, &outcome, bench, checker));
    Ok(report)
}

fn why_not(complete: bool, outcome: &Outcome, bench: &Bench<'_>, checker: &str) -> Option<String> {
    let early = || format!("{checker} did not come to its end: {}", last_part(&outcome.stderr.text()));
    (!complete).then(|| cut_short(&outcome.exit, bench.limits, checker).unwrap_or_else(early))
}

/// A finding of `ruff check --output-format=json` (<https://docs.astral.sh/ruff/>).
#[derive(Deserialize)]
struct Finding {
    filename: String,
    code: Option<String>,
    message: String,
    location: Location,
    end_location: Location,
    fix: Option<RuffFix>,
}

#[derive(Deserialize, Clone, Copy)]
struct Location {
    row: u32,
    column: u32,
}

#[derive(Deserialize)]
struct RuffFix {
    applicability: String,
    edits: Vec<RuffEdit>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct RuffEdit {
    content: String,
    location: Location,
    end_location: Location,
}

/// ruff with the project's own settings; its findings join the report.
async fn ruff(bench: &Bench<'_>, suite: &Suite, report: &mut CheckReport) -> Result<(), SandboxError> {
    let fixed = ["-m", "ruff", "check", "--no-cache", "--exit-zero", "--force-exclude", "--output-format=json", "."];
    let mut command = suite.toolchain.command(fixed);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    let outcome = bench.run(command).await?;
    report.seconds += outcome.elapsed.as_secs_f64();
    report.checker = "ruff".to_owned();
    let findings: Option<Vec<Finding>> = serde_json::from_str(&outcome.stdout.text()).ok().filter(|_| outcome.exit.ok());
    let complete = findings.is_some();
    report.complete &= complete;
    report.notes.extend(why_not(complete, &outcome, bench, "ruff"));
    let mut texts = BTreeMap::new();
    for finding in findings.unwrap_or_default() {
        report.diagnostics.extend(finding.diagnostic(bench.copy, &mut texts).filter(|diagnostic| suite.owns(&diagnostic.path)));
    }
    Ok(())
}

impl Finding {
    fn diagnostic(self, copy: &Copy, texts: &mut BTreeMap<RelPath, std::sync::Arc<str>>) -> Option<Diagnostic> {
        let path = workspace_path(copy, "", &self.filename)?;
        if !texts.contains_key(&path) {
            texts.insert(path.clone(), Files::read(copy, &path)?);
        }
        let text = texts.get(&path)?;
        let fatal =
            self.code.as_deref().is_none_or(|code| matches!(code, "F821" | "F822" | "F823" | "invalid-syntax") || code.starts_with("E9"));
        let fixes = self.fix.into_iter().filter_map(|fix| fix.edits(text, &path)).collect();
        Some(Diagnostic {
            line: self.location.row,
            column: self.location.column,
            span: Some(offset(text, self.location)?..offset(text, self.end_location)?),
            severity: if fatal { Severity::Error } else { Severity::Warning },
            code: self.code,
            message: self.message,
            details: Vec::new(),
            fixes,
            path,
        })
    }
}

impl RuffFix {
    fn edits(self, text: &str, path: &RelPath) -> Option<Fix> {
        let edits = self.edits.into_iter().map(|edit| {
            let span = offset(text, edit.location)?..offset(text, edit.end_location)?;
            Some(Edit { path: path.clone(), span, text: edit.content })
        });
        let edits = edits.collect::<Option<Vec<Edit>>>()?;
        Some(Fix { title: self.message.unwrap_or_default(), machine_applicable: self.applicability == "safe", edits })
    }
}

/// Row and column (characters, both from 1) as a byte offset; the row past the end is the end.
fn offset(text: &str, at: Location) -> Option<usize> {
    let mut start = 0;
    for _ in 1..at.row {
        match text.get(start..)?.find('\n') {
            Some(found) => start += found + 1,
            None => return Some(text.len()),
        }
    }
    let line = text.get(start..)?;
    let bom = if start == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    let inside = line.get(bom..)?;
    Some(start + bom + inside.char_indices().nth(column).map_or(inside.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_characters() {
        let text = "\u{feff}größe = 1\r\nx = é + y";
        let at = |row, column| offset(text, Location { row, column });
        assert_eq!(at(1, 1), Some(3));
        assert_eq!(at(1, 7).and_then(|at| text.get(at..)).map(|rest| rest.starts_with("= 1")), Some(true));
        assert_eq!(at(2, 9).and_then(|at| text.get(at..)), Some("y"));
        assert_eq!(at(2, 10), Some(text.len()));
        assert_eq!(at(3, 1), Some(text.len()));
    }
}
