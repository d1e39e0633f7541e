//! `list`: what files there are.

use async_trait::async_trait;
use globset::Glob;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Scene, Tool, ToolAnswer, ToolError};

/// Arguments of `list`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only files that match this glob (`src/**/*.py`); every file where it is left out.
    #[serde(default)]
    glob: Option<String>,
}

/// Lists files.
pub struct List;

#[async_trait]
impl Tool for List {
    type Arguments = Arguments;
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List the files of the workspace (ignored files are left out), sorted by path.";

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let glob = match &arguments.glob {
            Some(glob) => Some(Glob::new(glob).map_err(|error| ToolError::Tell(error.to_string()))?.compile_matcher()),
            None => None,
        };
        let mut paths = scene.copy.files();
        paths.retain(|path| glob.as_ref().is_none_or(|glob| glob.is_match(path.as_str())));
        let lines: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
        Ok(ToolAnswer { text: lines.join("\n"), data: json!(paths) })
    }
}
