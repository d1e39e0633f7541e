//! What a task asks for, as far as an engine without language understanding can tell — and it says where it cannot.

use super::Brief;
use super::calls::{plan, reply};
use crate::index::{Outline, language_of};
use crate::model::Reply;
use crate::text::{Files, RelPath};

/// What will be done.
pub(super) enum Intent {
    /// Repair what is red.
    Fix,
    /// Add tests.
    Tests {
        /// File of the code under test.
        path: RelPath,
        /// Symbol in it; the whole file without.
        symbol: Option<String>,
    },
    /// Only a plan was wanted; this is it.
    Plan(Reply),
    /// Needs a language model; says why.
    Beyond(String),
}

pub(super) fn understand(brief: &Brief, files: &dyn Files) -> Intent {
    let task = &brief.task;
    match (task.kind.as_str(), &task.place) {
        ("fix", _) => Intent::Fix,
        ("tests", Some(place)) => Intent::Tests { path: place.path.clone(), symbol: place.symbol.clone() },
        ("plan", _) => Intent::Plan(reply(
            "",
            vec![
                plan(
                    &[
                        ("run checks and tests", 5.0),
                        ("find the suspicious places", 5.0),
                        ("try candidate fixes", 20.0),
                        ("prove the best one with all checks and tests", 10.0),
                    ],
                    0,
                ),
                (
                    "finish",
                    serde_json::json!({"summary": format!("The plan for “{}”, as the built-in engine would go about it.", task.goal)}),
                ),
            ],
        )),
        _ if wants_tests(&task.goal) => match named_symbol(&task.goal, files) {
            Some((path, symbol)) => Intent::Tests { path, symbol: Some(symbol) },
            None => Intent::Beyond(beyond("it found no function or class of that name to test")),
        },
        _ if !brief.before.red_tests().is_empty() || !brief.before.errors().is_empty() => Intent::Fix,
        _ => Intent::Beyond(beyond("no test fails and no check finds an error, so there is nothing it could repair")),
    }
}

fn beyond(why: &str) -> String {
    format!(
        "The built-in engine repairs what a failing test or a checker shows, and generates tests; {why}. For goals in words configure a model: set OPENAI_API_KEY, or [model] provider, base_url and name in the configuration file."
    )
}

fn wants_tests(goal: &str) -> bool {
    let goal = goal.to_lowercase();
    ["add test", "add unit test", "add a test", "write test", "write a test", "write unit test", "test for ", "tests for "]
        .iter()
        .any(|phrase| goal.contains(phrase))
}

/// The symbol of the workspace that the goal names, the longest first.
fn named_symbol(goal: &str, files: &dyn Files) -> Option<(RelPath, String)> {
    let mut words: Vec<&str> = goal
        .split(|character: char| !(character.is_alphanumeric() || "_.:".contains(character)))
        .map(|word| word.trim_matches(['.', ':']))
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.retain(|word| word.len() > 2);
    let outlines: Vec<(RelPath, Outline)> = files
        .list()
        .into_iter()
        .filter_map(|path| {
            let language = language_of(path.as_str().as_ref())?;
            let text = files.read(&path)?;
            Some((path, Outline::of(language, &text)))
        })
        .collect();
    words.iter().find_map(|word| {
        outlines.iter().find_map(|(path, outline)| {
            let item = outline.items.iter().find(|item| !item.is_test && (item.qualified == **word || item.name == **word))?;
            Some((path.clone(), item.qualified.clone()))
        })
    })
}
