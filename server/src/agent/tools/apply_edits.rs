//! `apply_edits`: byte-exact edits of one or more files, all or nothing; what `try_patches` found to work is applied so.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scene, Tool, ToolAnswer, ToolError};
use crate::text::{Edit, RelPath, apply_edits};

/// Arguments of `apply_edits`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The edits, made against the texts as they are now; they must not overlap.
    edits: Vec<SpanEdit>,
}

/// Replace the bytes `start..end` of a file by `text`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct SpanEdit {
    /// The file, relative to the workspace root; a new file has `start` and `end` 0.
    pub path: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

impl SpanEdit {
    pub(super) fn into_edit(self, scene: &Scene) -> Result<Edit, ToolError> {
        Ok(Edit { path: scene.path(&self.path)?, span: self.start..self.end, text: self.text })
    }
}

/// Applies edits.
pub struct ApplyEdits;

#[async_trait]
impl Tool for ApplyEdits {
    type Arguments = Arguments;
    const NAME: &'static str = "apply_edits";
    const ABOUT: &'static str =
        "Apply byte-exact edits to one or more files, all or nothing. Use it for a candidate that `try_patches` found to pass.";
    const CHANGES: bool = true;

    async fn call(scene: &Scene, arguments: Arguments) -> Result<ToolAnswer, ToolError> {
        let mut by_file: BTreeMap<RelPath, Vec<Edit>> = BTreeMap::new();
        for edit in arguments.edits {
            let edit = edit.into_edit(scene)?;
            by_file.entry(edit.path.clone()).or_default().push(edit);
        }
        let mut texts = Vec::new();
        for (path, edits) in &by_file {
            let new_file = edits.len() == 1 && edits[0].span == (0..0) && scene.copy.read(path)?.is_none();
            let old = if new_file { String::new() } else { scene.text(path)? };
            let new = apply_edits(&old, edits).map_err(|error| ToolError::Tell(format!("{path}: {error}")))?;
            texts.push((path, new));
        }
        for (path, text) in &texts {
            scene.doing(format!("editing {path}"));
            scene.copy.write(path, text.as_bytes())?;
        }
        let names: Vec<&str> = texts.iter().map(|(path, _)| path.as_str()).collect();
        Ok(format!("changed {}", names.join(", ")).into())
    }
}
