//! `generate_tests`: tests that pin down what the code does now, made by running it; proposed, not written.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::index::{self, Outline};
use crate::proof::Evidence;
use crate::repair::testgen;
use crate::text::RelPath;

/// Arguments of `generate_tests`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The file that holds the code under test.
    path: String,
    /// Qualified name of the function, method or class (`Invoice.total`); the whole file where it is left out.
    #[serde(default)]
    symbol: Option<String>,
}

/// Generates tests.
pub struct GenerateTests;

#[async_trait]
impl Tool for GenerateTests {
    type Arguments = Arguments;
    const NAME: &'static str = "generate_tests";
    const ABOUT: &'static str = "Make tests for a function, method or file by running it on drawn inputs: asserts what it really does, keeps what is stable and kills mutants. Answers edits for `apply_edits`.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let path = scene.path(&arguments.path)?;
        let name = arguments.symbol.clone().unwrap_or_else(|| path.to_string());
        scene.doing(format!("finding out what {name} does"));
        let bench = scene.bench();
        let options = testgen::Options { wall: Duration::from_secs(240), ..testgen::Options::default() };
        let mut why = format!("no test suite covers {path}");
        for suite in &scene.suites {
            let made = match &arguments.symbol {
                Some(symbol) => testgen::generate(bench, suite, scene.copy.as_ref(), &target(scene, &path, symbol)?, &options).await,
                None => testgen::generate_for_file(bench, suite, scene.copy.as_ref(), &path, &options).await,
            };
            match made {
                Ok(made) => {
                    scene.board().mutants = Some(mutants(&made));
                    let mut text = format!(
                        "{} tests for {name}; {} of {} mutants killed\n",
                        made.tests.len(),
                        made.mutants.killed,
                        made.mutants.total
                    );
                    for note in &made.notes {
                        let _ = writeln!(text, "note: {note}");
                    }
                    for edit in &made.edits {
                        let _ = writeln!(text, "--- {} bytes {}..{}\n{}", edit.path, edit.span.start, edit.span.end, edit.text);
                    }
                    return Ok(ToolAnswer {
                        text,
                        data: json!({"edits": made.edits, "tests": made.tests, "mutants": {"total": made.mutants.total, "killed": made.mutants.killed}, "notes": made.notes}),
                    });
                }
                Err(testgen::TestgenError::Sandbox(error)) => return Err(error.into()),
                Err(error) => why = error.to_string(),
            }
        }
        Err(ToolError::Tell(why))
    }
}

/// How well the tests tell the code from its mutants, as evidence.
fn mutants(made: &testgen::Generated) -> Evidence {
    let testgen::Mutants { total, killed, .. } = made.mutants;
    Evidence {
        kind: "mutant".into(),
        command: Vec::new(),
        before: format!("{total} mutants of the code under test"),
        after: format!("{killed} killed by the new tests"),
        red_to_green: Vec::new(),
        broken: Vec::new(),
    }
}

/// The symbol as the generator wants it.
fn target(scene: &Scene, path: &RelPath, symbol: &str) -> Result<testgen::Target, ToolError> {
    let text = scene.text(path)?;
    let outline = index::language_of(path.as_str().as_ref()).map(|language| Outline::of(language, &text)).unwrap_or_default();
    let Some(item) = outline.named(symbol).next() else {
        return Err(ToolError::Tell(format!("there is no `{symbol}` in {path}; `outline` shows what there is")));
    };
    Ok(testgen::Target { path: path.clone(), symbol: symbol.to_owned(), span: item.span.clone() })
}
