//! `search`: a regular expression over the copy, with ripgrep's own libraries.

use std::fmt::Write as _;

use async_trait::async_trait;
use globset::Glob;
use grep_regex::RegexMatcherBuilder;
use grep_searcher::{SearcherBuilder, sinks::UTF8};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Scene, Tool, ToolAnswer, ToolError, shorten};

/// Matches in one answer at the most.
const MATCHES: usize = 100;

/// Arguments of `search`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The regular expression (Rust syntax), matched line by line.
    pattern: String,
    /// Only files that match this glob.
    #[serde(default)]
    glob: Option<String>,
    /// Whether case is ignored.
    #[serde(default)]
    ignore_case: bool,
}

/// Searches file contents.
pub struct Search;

#[async_trait]
impl Tool for Search {
    type Arguments = Arguments;
    const NAME: &'static str = "search";
    const ABOUT: &'static str = "Search the text of all files with a regular expression; answers path:line: text.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let tell = |error: &dyn std::fmt::Display| ToolError::Tell(error.to_string());
        let matcher =
            RegexMatcherBuilder::new().case_insensitive(arguments.ignore_case).build(&arguments.pattern).map_err(|error| tell(&error))?;
        let glob = arguments
            .glob
            .as_ref()
            .map(|glob| Glob::new(glob))
            .transpose()
            .map_err(|error| tell(&error))?
            .map(|glob| glob.compile_matcher());
        let mut searcher = SearcherBuilder::new().line_number(true).build();
        let (mut out, mut found) = (String::new(), 0usize);
        for path in scene.copy.files() {
            if glob.as_ref().is_some_and(|glob| !glob.is_match(path.as_str())) {
                continue;
            }
            let Ok(Some(bytes)) = scene.copy.read(&path) else { continue };
            let sink = UTF8(|line, text| {
                found += 1;
                if found <= MATCHES {
                    let _ = writeln!(out, "{path}:{line}: {}", shorten(text.trim_end(), 200));
                }
                Ok(found <= MATCHES)
            });
            // A file that is not UTF-8 is no text to search.
            let _ = searcher.search_slice(&matcher, &bytes, sink);
            if found > MATCHES {
                let _ = writeln!(out, "[more than {MATCHES} matches: narrow the pattern or give a glob]");
                break;
            }
        }
        Ok(if found == 0 { "no match".to_owned() } else { out }.into())
    }
}
