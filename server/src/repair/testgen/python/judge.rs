//! Which observations may become tests: not what is unstable, not what our own guess provoked, and never silently what looks like a bug.

use super::super::inputs::{Call, Origin};
use super::facts::Function;
use super::observe::{SECONDS, Seen};
use super::render::shown_call;

/// What becomes of an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It may become a test.
    Keep,
    /// It may, and the user should know this of it.
    KeepWith(String),
    /// It says nothing: the inputs were our own mistake.
    Drop,
    /// It is left out, and the user should know why.
    Tell(String),
}

/// Exceptions that mean broken code wherever they come from.
const BROKEN: &[&str] = &["NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError", "NotImplementedError"];
/// Exceptions that mean a crash on inputs the function should take, and a wrong guess otherwise.
const CRASHES: &[&str] = &["AttributeError", "TypeError", "IndexError", "KeyError", "RecursionError", "AssertionError", "StopIteration"];

/// Judges one observation.
pub(super) fn judge(function: &Function, call: &Call, seen: &Seen, stable: bool) -> Judgement {
    let shown = shown_call(function, call);
    let plausible = call.origin != Origin::Guess;
    match seen.kind.as_str() {
        "input" => return Judgement::Drop,
        "timeout" if plausible => {
            return Judgement::Tell(format!("looks like a bug: `{shown}` did not come back within {SECONDS} s; not asserted"));
        }
        "timeout" => return Judgement::Tell(format!("`{shown}` did not come back within {SECONDS} s; not asserted")),
        "crash" => return Judgement::Tell(format!("looks like a bug: `{shown}` ended the whole interpreter; not asserted")),
        "refused" => return Judgement::Tell(format!("`{}` {}: not called for tests", function.qualified(), seen.message)),
        _ => {}
    }
    if !seen.touched.is_empty() {
        let on = seen.touched.join(" and ");
        return Judgement::Tell(format!("the result of `{}` depends on {on}: not asserted", function.qualified()));
    }
    if !stable {
        return Judgement::Tell(format!("the result of `{}` differs from call to call: not asserted", function.qualified()));
    }
    if let Some(expected) = &call.expected
        && let Some(note) = contradiction(&shown, expected, seen)
    {
        return Judgement::Tell(note);
    }
    if seen.kind == "value" && seen.value.is_none() && seen.facts.is_empty() {
        return Judgement::Drop;
    }
    if seen.kind == "raise" { exception(function, call, seen, &shown, plausible) } else { Judgement::Keep }
}

/// Whether an example in the documentation says something else.
fn contradiction(shown: &str, expected: &str, seen: &Seen) -> Option<String> {
    let raises = expected.starts_with("Traceback");
    let last = expected.lines().last().unwrap_or_default();
    let agrees = if seen.kind == "raise" {
        raises && last.split(':').next().is_some_and(|name| name.rsplit('.').next() == Some(seen.r#type.as_str()))
    } else {
        let printed = format!("{}{}", seen.printed, if seen.repr == "None" { "" } else { &seen.repr });
        seen.repr.is_empty() || seen.repr == expected || printed.trim() == expected || expected.contains("...")
    };
    let got = if seen.kind == "raise" { format!("raises {}", seen.r#type) } else { format!("gives `{}`", seen.repr) };
    (!agrees).then(|| format!("looks like a bug: the documentation says `{shown}` gives `{last}`, but it {got}; not asserted"))
}

fn exception(function: &Function, call: &Call, seen: &Seen, shown: &str, plausible: bool) -> Judgement {
    let kind = seen.r#type.as_str();
    if !seen.inside {
        return Judgement::Drop;
    }
    let broken = BROKEN.contains(&kind) && !(kind == "NotImplementedError" && seen.explicit);
    if broken {
        return Judgement::Tell(format!(
            "looks like a bug: `{shown}` raises {kind} ({}) at line {}; not asserted",
            seen.message, seen.line
        ));
    }
    if seen.explicit || function.doc.contains(kind) || kind == "SystemExit" {
        return Judgement::Keep;
    }
    let real = matches!(call.origin, Origin::Doc | Origin::CallSite);
    if CRASHES.contains(&kind) {
        let empty = call.arguments().any(|text| ["[]", "''", "\"\"", "()"].contains(&text)) && kind == "IndexError";
        return match plausible && (kind != "KeyError" || real) || empty {
            true => {
                Judgement::Tell(format!("looks like a bug: `{shown}` raises {kind} ({}) at line {}; not asserted", seen.message, seen.line))
            }
            false => Judgement::Drop,
        };
    }
    Judgement::KeepWith(format!(
        "`{shown}` raises {kind}, and no statement or documentation says so: asserted as it is now, please check that it is meant"
    ))
}
