//! Running calls inside the walls with `observe.py`, and what they showed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::TestgenError;
use super::super::syntax;
use crate::proof::{Bench, Exchange, Suite};
use crate::sandbox::Exit;

const OBSERVER: &[(&str, &str)] =
    &[("observe.py", include_str!("observe.py")), ("lamplighter_values.py", include_str!("lamplighter_values.py"))];

/// Seconds one call may take.
pub(super) const SECONDS: f64 = 2.0;
/// Seconds one call may take on a mutant: the same calls took far less on the original.
const MUTANT_SECONDS: f64 = 1.0;

/// What is asked of `observe.py`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Job {
    pub(super) root: String,
    pub(super) paths: Vec<String>,
    pub(super) module: String,
    pub(super) file: String,
    pub(super) imports: Vec<String>,
    pub(super) quote: char,
    pub(super) seconds: f64,
    /// Whether calls leave nothing behind, so that they may share a process.
    pub(super) together: bool,
    pub(super) cases: Vec<Case>,
    pub(super) variants: Vec<Variant>,
}

/// One call, as source texts.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Case {
    pub(super) id: usize,
    /// `function`, `method`, `property`, `class`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) receiver: Option<String>,
    pub(super) args: Vec<String>,
    pub(super) kwargs: Vec<(String, String)>,
}

/// A changed text of the module.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Variant {
    pub(super) id: usize,
    /// The whole file.
    pub(super) text: String,
    /// The cases to run on it.
    pub(super) only: Vec<usize>,
}

/// A value as an expression.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Expression {
    /// Source text that gives the value back.
    pub(super) expr: String,
    /// Imports it needs: module and name.
    pub(super) needs: Vec<(String, String)>,
    /// Whether it is a float, to be compared with tolerance.
    pub(super) float: bool,
}

/// What a call showed.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    /// `value`, `raise`, `timeout`, `crash`, `refused` (it wanted to change something outside) or `input` (no arguments could be made).
    pub(super) kind: String,
    /// The exception's or refusal's message.
    pub(super) message: String,
    /// What besides its arguments the result depends on.
    pub(super) touched: Vec<String>,
    /// How the result was made a value: ``, `list`, `islice`, `await`.
    pub(super) wrap: String,
    /// The result, where it can be written.
    pub(super) value: Option<Expression>,
    /// Facts about it otherwise: `{}.name` and its value.
    pub(super) facts: Vec<(String, Expression)>,
    /// The result's or exception's type.
    pub(super) r#type: String,
    /// The exception's module.
    pub(super) module: String,
    /// `repr` of the result.
    pub(super) repr: String,
    /// Arguments that changed, by position.
    pub(super) args_after: Vec<(usize, Expression)>,
    /// Attributes of the receiver that changed.
    pub(super) self_after: Vec<(String, Expression)>,
    /// What was printed.
    pub(super) printed: String,
    /// The same as an expression.
    pub(super) printed_expr: String,
    /// Whether a statement of the project raised the exception.
    pub(super) explicit: bool,
    /// Whether it came from inside the project's code at all.
    pub(super) inside: bool,
    /// The line it came from.
    pub(super) line: usize,
    /// The exception's classes.
    pub(super) bases: Vec<String>,
}

impl Seen {
    /// Whether a test that asserts what `self` shows would fail on `other`.
    pub(super) fn tells_from(&self, other: &Self) -> bool {
        if self.kind != other.kind {
            return true;
        }
        if self.kind == "raise" {
            let message = self.explicit && !self.message.is_empty() && self.message != other.message;
            return !other.bases.contains(&self.r#type) || message;
        }
        let missing = |wanted: &[(String, Expression)], there: &[(String, Expression)]| {
            wanted.iter().any(|(name, value)| !there.iter().any(|(other, now)| name == other && same(value, now)))
        };
        let value = match (&self.value, &other.value) {
            (Some(old), Some(new)) => !same(old, new),
            (Some(_), None) => true,
            (None, _) => missing(&self.facts, &other.facts),
        };
        let args = self.args_after.iter().any(|(at, value)| !other.args_after.iter().any(|(place, now)| at == place && same(value, now)));
        let printed = !self.printed.is_empty() && self.printed != other.printed;
        value || args || printed || missing(&self.self_after, &other.self_after)
    }

    /// Whether everything that would be written into a test is what it should be: one expression, plain names. The observed code
    /// shares a process with the observer, so its word is not taken for it.
    fn is_sound(&self) -> bool {
        let name = |text: &str| !text.is_empty() && text.chars().all(|char| char.is_alphanumeric() || char == '_');
        let dotted = |text: &str| text.split('.').all(name);
        let expression =
            |one: &Expression| one_expression(&one.expr) && one.needs.iter().all(|(module, wanted)| dotted(module) && name(wanted));
        let fact = |(path, value): &(String, Expression)| {
            let bare = path.replace("type({}).__name__", "x").replace("len({})", "x").replace("{}.", "");
            name(&bare) && expression(value)
        };
        self.value.iter().all(expression)
            && self.facts.iter().chain(&self.self_after).all(fact)
            && self.args_after.iter().all(|(_, value)| expression(value))
            && (self.printed.is_empty() || one_expression(&self.printed_expr))
            && (self.kind != "raise" || name(&self.r#type) && dotted(&self.module))
    }

    /// The way the code behaves here, for choosing one case of each.
    pub(super) fn behaviour(&self) -> String {
        if self.kind == "raise" {
            return format!("raises {}", self.r#type);
        }
        let class = match self.value.as_ref().map(|value| value.expr.as_str()) {
            Some("True" | "False" | "None") => self.value.as_ref().map(|value| value.expr.clone()).unwrap_or_default(),
            Some("[]" | "{}" | "()" | "''" | "\"\"" | "set()") => "empty".into(),
            Some(text) => match text.parse::<f64>() {
                Ok(0.0) => "zero".into(),
                Ok(number) if number < 0.0 => "negative".into(),
                _ => "some".into(),
            },
            None => "object".into(),
        };
        let changes = if self.args_after.is_empty() && self.self_after.is_empty() { "" } else { " changes" };
        format!("{} {class}{changes}{}", self.r#type, if self.printed.is_empty() { "" } else { " prints" })
    }
}

/// Whether a text is a single Python expression on one line.
fn one_expression(text: &str) -> bool {
    let Some(parsed) = syntax::python(text).filter(|_| !text.contains(['\n', '\r'])) else { return false };
    let statements = syntax::children(parsed.root());
    let single = |one: &tree_sitter::Node<'_>| {
        let inner = syntax::children(*one);
        let assigns = inner.iter().any(|node| node.kind().contains("assignment"));
        one.kind() == "expression_statement" && inner.len() == 1 && !assigns
    };
    !parsed.root().has_error() && statements.len() == 1 && statements.iter().all(single)
}

/// Equality as the generated assertion sees it: floats within tolerance, `2` equal to `2.0`.
fn same(old: &Expression, new: &Expression) -> bool {
    match (old.expr.parse::<f64>(), new.expr.parse::<f64>()) {
        (Ok(old_value), Ok(new_value)) if old.float => (old_value - new_value).abs() <= 1e-6 * old_value.abs().max(1e-6),
        (Ok(old_value), Ok(new_value)) => old_value == new_value,
        _ => old.expr == new.expr || unpointed(&old.expr) == unpointed(&new.expr),
    }
}

/// The text with `1.0` written as `1`.
fn unpointed(text: &str) -> String {
    let mut out = text.to_owned();
    for end in [",", "]", ")", "}", " "] {
        out = out.replace(&format!(".0{end}"), end);
    }
    out
}

/// A line of results.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    import_error: Option<String>,
    case: Option<usize>,
    variant: Option<usize>,
    broken: Option<String>,
    stable: bool,
    together: Option<bool>,
    seen: serde_json::Value,
    done: bool,
}

/// What the original shows.
#[derive(Debug, Default)]
pub(super) struct Original {
    /// What each case shows; `false` beside those that differ from call to call or from process to process.
    pub(super) seen: BTreeMap<usize, (Seen, bool)>,
    /// Whether calls leave nothing behind for the next one.
    pub(super) together: bool,
}

/// Runs every case on the original, in two processes with different hash seeds.
pub(super) async fn observe(bench: Bench<'_>, suite: &Suite, job: &Job, wall: Duration) -> Result<Original, TestgenError> {
    let mut seen: BTreeMap<usize, (Seen, bool)> = BTreeMap::new();
    let mut together = true;
    for seed in ["0", "4711"] {
        for line in run(bench, suite, job, seed, wall).await? {
            together &= line.together.unwrap_or(true);
            let (Some(case), Ok(now)) = (line.case, serde_json::from_value::<Seen>(line.seen)) else { continue };
            if !now.is_sound() {
                continue;
            }
            match seen.get_mut(&case) {
                Some((first, stable)) => *stable &= line.stable && *first == now,
                None => {
                    seen.insert(case, (now, line.stable));
                }
            }
        }
    }
    Ok(Original { seen, together })
}

/// What the cases show on each changed text that loads.
pub(super) async fn observe_variants(
    bench: Bench<'_>,
    suite: &Suite,
    job: &Job,
    variants: Vec<Variant>,
    wall: Duration,
) -> Result<BTreeMap<usize, BTreeMap<usize, Seen>>, TestgenError> {
    let job = Job { variants, seconds: MUTANT_SECONDS, ..job.clone() };
    let mut found = BTreeMap::new();
    for line in run(bench, suite, &job, "0", wall).await? {
        let (Some(variant), None) = (line.variant, line.broken) else { continue };
        // A variant that hangs or ends while it loads gives no list: it does not count as a mutant.
        if let Ok(seen) = serde_json::from_value::<Vec<(usize, Seen)>>(line.seen) {
            found.insert(variant, seen.into_iter().collect());
        }
    }
    Ok(found)
}

async fn run(bench: Bench<'_>, suite: &Suite, job: &Job, hash_seed: &str, wall: Duration) -> Result<Vec<Line>, TestgenError> {
    let exchange = Exchange::new(bench.copy, OBSERVER)?;
    exchange.put("job.json", &serde_json::to_string(job).unwrap_or_default())?;
    let inside = |folder: PathBuf, name: &str| folder.join(name).to_string_lossy().into_owned();
    let (script, given) = (inside(exchange.inbox(), "observe.py"), inside(exchange.inbox(), "job.json"));
    let mut command = suite.toolchain.command([script, given, inside(exchange.outbox(), "results.jsonl")]);
    command.cwd.clone_from(&suite.folder);
    command.env.insert("PYTHONHASHSEED".into(), hash_seed.into());
    command.env.insert("PYTHONDONTWRITEBYTECODE".into(), "1".into());
    exchange.mount(&mut command);
    command.limits = bench.limits.clone();
    command.limits.wall = wall.min(bench.limits.wall);
    let outcome = bench.run(command).await?;
    let text = exchange.take("results.jsonl").unwrap_or_default();
    let lines: Vec<Line> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if let Some(why) = lines.iter().find_map(|line| line.import_error.clone()) {
        return Err(TestgenError::DoesNotLoad { symbol: job.module.clone(), why });
    }
    if !lines.iter().any(|line| line.done) && outcome.exit != Exit::Timeout {
        let tail: String = outcome.stderr.text().lines().rev().take(3).collect::<Vec<_>>().join(" · ");
        return Err(TestgenError::Observer {
            why: format!("the observing process ended with {:?} before it was done ({tail})", outcome.exit),
        });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(expr: &str, float: bool) -> Seen {
        Seen { kind: "value".into(), value: Some(Expression { expr: expr.into(), needs: Vec::new(), float }), ..Seen::default() }
    }

    #[test]
    fn only_single_expressions_and_plain_names_are_believed() {
        for (text, sound) in [
            ("[1, 'a;#']", true),
            ("Point(x=1)", true),
            ("1\nimport os", false),
            ("x = 1", false),
            ("1; 2", false),
            ("'a' 'b'", true),
            ("f(", false),
        ] {
            assert_eq!(value(text, false).is_sound(), sound, "{text}");
        }
        let hostile = Seen { kind: "raise".into(), r#type: "E):\n    x".into(), module: "m".into(), ..Seen::default() };
        assert!(!hostile.is_sound());
    }

    #[test]
    fn observations_differ_only_where_a_test_would_fail() {
        assert!(!value("2", false).tells_from(&value("2.0", true)));
        assert!(!value("0.30000000000000004", true).tells_from(&value("0.3", true)));
        assert!(!value("[1, 2]", false).tells_from(&value("[1.0, 2.0]", false)));
        assert!(value("2", false).tells_from(&value("3", false)));
        assert!(value("2", false).tells_from(&Seen { kind: "timeout".into(), ..Seen::default() }));
        let raise = |kind: &str, bases: &[&str]| Seen {
            kind: "raise".into(),
            r#type: kind.into(),
            bases: bases.iter().map(|base| (*base).into()).collect(),
            ..Seen::default()
        };
        assert!(!raise("LookupError", &["LookupError"]).tells_from(&raise("KeyError", &["KeyError", "LookupError"])));
        assert!(raise("KeyError", &["KeyError"]).tells_from(&raise("ValueError", &["ValueError"])));
    }
}
