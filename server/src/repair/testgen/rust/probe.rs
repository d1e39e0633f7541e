//! The scratch module that shows what calls do: written to the end of the target's file in the copy, built and run there, and taken
//! away again. Each case runs in a thread of its own with a time limit; a panic ends that case alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::inputs::Call;
use super::super::{Restore, TestgenError};
use super::facts::{Function, Receiver};
use super::values::Values;
use crate::proof::{self, Bench, Build, Severity, Suite};
use crate::sandbox::Exit;
use crate::text::RelPath;

const NAME: &str = "lamplighter_probe";
/// Builds until no case is refused by the compiler.
const ROUNDS: usize = 8;
const MARK: &str = "@lamplighter@";

/// One case as it is written.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Statements before the call.
    pub(super) setup: Vec<String>,
    /// The call.
    pub(super) call: String,
    /// What is looked at afterwards: an expression and its type (empty where it is only shown).
    pub(super) after: Vec<(String, String)>,
}

/// What a case showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// `{:?}` of the result and of what is looked at afterwards.
    Values(Vec<String>),
    /// The panic's message, and the line it came from.
    Panic(String, usize),
    /// It did not come back.
    Hang,
}

/// Writes a call: mutable arguments and the receiver as variables, so that they can be looked at afterwards.
pub(super) fn case(values: &Values, function: &Function, call: &Call, getters: &[&Function]) -> Case {
    let mut case = Case { setup: Vec::new(), call: String::new(), after: Vec::new() };
    let mut arguments = Vec::new();
    for (text, (name, kind)) in call.args.iter().zip(&function.params) {
        match text.strip_prefix("&mut ") {
            Some(value) => {
                let variable = if name.chars().all(|char| char.is_alphanumeric() || char == '_') { name.as_str() } else { "argument" };
                case.setup.push(format!("let mut {variable} = {value};"));
                arguments.push(format!("&mut {variable}"));
                let inner = kind.split_once("mut ").map_or("", |(_, inner)| inner).trim();
                let seen_as = if inner.starts_with('[') { format!("Vec<{}>", inner.trim_matches(['[', ']'])) } else { inner.to_owned() };
                case.after.push((variable.to_owned(), seen_as));
            }
            None => arguments.push(text.clone()),
        }
    }
    let list = arguments.join(", ");
    case.call = match &call.receiver {
        Some(receiver) if function.receiver == Receiver::Mutable => {
            let owner = function.owner.clone().unwrap_or_default();
            let variable = super::super::describe::slug(&owner);
            case.setup.push(format!("let mut {variable} = {receiver};"));
            case.after.extend(getters.iter().map(|getter| (format!("{variable}.{}()", getter.name), getter.returns.clone())));
            if getters.is_empty() && values.has(&owner, "Debug") {
                case.after.push((variable.clone(), owner));
            }
            format!("{variable}.{}({list})", function.name)
        }
        Some(receiver) => format!("{receiver}.{}({list})", function.name),
        None => {
            let owner = function.owner.as_ref().map(|owner| format!("{owner}::")).unwrap_or_default();
            format!("{}{owner}{}({list})", function.prefix(), function.name)
        }
    };
    if function.returns.starts_with("impl Iterator") || function.returns.starts_with("impl DoubleEndedIterator") {
        case.call = format!("{}.take(50).collect::<Vec<_>>()", case.call);
    }
    case
}

/// Where the probe is built and run.
pub(super) struct Probe<'a> {
    pub(super) bench: Bench<'a>,
    pub(super) suite: &'a Suite,
    pub(super) path: &'a RelPath,
    pub(super) text: &'a str,
}

impl Probe<'_> {
    /// What each case shows in two runs; `None` for cases that differ. Cases the compiler refuses are left out.
    pub(super) async fn observe(&self, cases: &BTreeMap<usize, Case>) -> Result<BTreeMap<usize, Option<Seen>>, TestgenError> {
        let mut restore = Restore::new(self.bench);
        let mut left = cases.clone();
        let build = self.build(&mut restore, &mut left).await?;
        let Some((binary, first)) = self.run_any(&build).await? else {
            return Err(TestgenError::Observer { why: "no test binary of the crate holds the file; is it part of a module tree?".into() });
        };
        let second = self.run(binary).await?;
        let same = |(id, seen): (usize, Seen)| {
            let again = second.get(&id);
            let stable = again.is_some_and(|again| canonical(again) == canonical(&seen));
            (id, stable.then_some(seen))
        };
        Ok(first.into_iter().map(same).collect())
    }

    /// Builds, dropping cases the compiler refuses.
    async fn build(&self, restore: &mut Restore<'_>, left: &mut BTreeMap<usize, Case>) -> Result<Build, TestgenError> {
        let mut suite = self.suite.clone();
        let library = self.path.as_str().rsplit_once("src/").map(|(folder, _)| format!("{folder}src/lib.rs"));
        let has_library =
            library.and_then(|path| RelPath::new(path).ok()).is_some_and(|path| crate::text::Files::read(self.bench.copy, &path).is_some());
        suite.args.push(if has_library && !self.path.as_str().contains("src/bin/") && self.path.file_name() != "main.rs" {
            "--lib".into()
        } else {
            "--bins".into()
        });
        let mut last = String::new();
        for _ in 0..ROUNDS {
            let (text, lines) = self.write(left);
            restore.write(self.path, &text)?;
            let build = proof::build(&self.bench, &suite).await?;
            if build.complete {
                return Ok(build);
            }
            let errors = || build.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
            let refused: Vec<usize> = errors()
                .filter(|error| error.path == *self.path)
                .filter_map(|error| lines.iter().find(|(line, _)| *line == error.line as usize).map(|(_, id)| *id))
                .collect();
            last = errors().next().map(|error| error.message.clone()).unwrap_or_else(|| build.notes.join("; "));
            if refused.is_empty() {
                break;
            }
            left.retain(|id, _| !refused.contains(id));
        }
        Err(TestgenError::DoesNotLoad { symbol: self.path.to_string(), why: last })
    }

    /// The file with the probe, and the line of each case. A case stands on one line: that is how errors find it.
    fn write(&self, cases: &BTreeMap<usize, Case>) -> (String, Vec<(usize, usize)>) {
        let mut text = format!("{}\n{HEAD}", self.text.trim_end());
        let mut lines = Vec::new();
        let mut table = String::new();
        for (id, case) in cases {
            lines.push((text.lines().count() + 1, *id));
            let after: String =
                case.after.iter().map(|(expression, _)| format!("out.push(std::format!(\"{{:?}}\", {expression})); ")).collect();
            let _ = writeln!(
                text,
                "    fn case_{id}() -> std::vec::Vec<std::string::String> {{ let mut out = std::vec::Vec::new(); {} out.push(std::format!(\"{{:?}}\", {})); {after}out }}",
                case.setup.join(" "),
                case.call
            );
            let _ = write!(table, "({id}, case_{id}), ");
        }
        text.push_str(&TAIL.replace("{table}", &table).replace("{mark}", MARK));
        (text, lines)
    }

    /// Runs the probe in the first binary that holds it.
    async fn run_any<'b>(&self, build: &'b Build) -> Result<Option<(&'b proof::TestBinary, BTreeMap<usize, Seen>)>, TestgenError> {
        for binary in build.binaries.iter().filter(|binary| binary.harness) {
            let folder = binary.source.as_ref().and_then(RelPath::parent).unwrap_or_default();
            if !self.path.as_str().starts_with(folder) {
                continue;
            }
            let seen = self.run(binary).await?;
            if !seen.is_empty() {
                return Ok(Some((binary, seen)));
            }
        }
        Ok(None)
    }

    async fn run(&self, binary: &proof::TestBinary) -> Result<BTreeMap<usize, Seen>, TestgenError> {
        let mut command =
            self.suite.toolchain.command([format!("{NAME}::observe"), "--nocapture".to_owned(), "--test-threads=1".to_owned()]);
        if let Some(program) = command.argv.first_mut() {
            program.clone_from(&binary.executable);
        }
        command.cwd.clone_from(&binary.cwd);
        command.env.extend(binary.env.clone());
        command.limits = self.bench.limits.clone();
        let outcome = self.bench.run(command).await?;
        if !matches!(outcome.exit, Exit::Code(_) | Exit::Signal(_)) {
            return Err(TestgenError::Observer { why: format!("the observing test ended with {:?}", outcome.exit) });
        }
        let text = outcome.stdout.text();
        Ok(text.lines().filter_map(|line| line.split_once(MARK)).filter_map(|(_, line)| read(line)).collect())
    }
}

fn canonical(seen: &Seen) -> Seen {
    match seen {
        Seen::Values(values) => Seen::Values(values.iter().map(|value| super::shown::canonical(value)).collect()),
        other => other.clone(),
    }
}

/// `id kind field field…`, fields separated by tabs and escaped.
fn read(line: &str) -> Option<(usize, Seen)> {
    let mut fields = line.split('\t');
    let (id, kind) = (fields.next()?.parse().ok()?, fields.next()?);
    let fields: Vec<String> = fields.map(unescape).collect();
    let seen = match kind {
        "values" => Seen::Values(fields),
        "panic" => Seen::Panic(fields.first()?.clone(), fields.get(1)?.parse().ok()?),
        _ => Seen::Hang,
    };
    Some((id, seen))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            (char, _) => out.push(char),
        }
    }
    out
}

const HEAD: &str = r#"
#[cfg(test)]
#[allow(warnings, clippy::all, arithmetic_overflow, unconditional_panic)]
mod lamplighter_probe {
    extern crate std;
    use super::*;
    use std::{format, vec};
"#;

const TAIL: &str = r#"
    static LAST: std::sync::Mutex<(std::string::String, u32)> = std::sync::Mutex::new((std::string::String::new(), 0));
    fn escape(text: &str) -> std::string::String {
        text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
    }
    #[test]
    fn observe() {
        type Case = fn() -> std::vec::Vec<std::string::String>;
        let cases: &[(usize, Case)] = &[{table}];
        std::panic::set_hook(std::boxed::Box::new(|panic| {
            let text = panic.payload().downcast_ref::<&str>().map(|text| std::string::String::from(*text));
            let text = text.or_else(|| panic.payload().downcast_ref::<std::string::String>().cloned()).unwrap_or_default();
            *LAST.lock().unwrap() = (text, panic.location().map(|place| place.line()).unwrap_or(0));
        }));
        for (id, case) in cases {
            let case = *case;
            let (send, receive) = std::sync::mpsc::channel();
            std::thread::spawn(move || { let _ = send.send(std::panic::catch_unwind(case)); });
            let line = match receive.recv_timeout(std::time::Duration::from_secs(2)) {
                Ok(Ok(values)) => values.iter().fold(std::string::String::from("values"), |line, value| line + "\t" + &escape(value)),
                Ok(Err(_)) => { let last = LAST.lock().unwrap(); std::format!("panic\t{}\t{}", escape(&last.0), last.1) }
                Err(_) => std::string::String::from("hang"),
            };
            std::println!("\n{mark}{id}\t{line}");
        }
        std::process::exit(0);
    }
}
"#;
