//! What the model can do: one file per tool.
//!
//! To add a tool: a file with an argument struct (its doc comments *are* what the model reads) and a [`Tool`] in it, one
//! line in [`all`]. Only two sorts of failure exist: the model hears about it, or the run stops.

mod apply_edits;
mod ask;
mod check;
mod coverage;
mod delete;
mod edit;
mod finish;
mod generate_tests;
mod list;
mod note;
mod outline;
mod read;
mod run;
mod scene;
mod search;
mod test;
mod try_patches;
mod update_plan;
mod write;

pub(super) use check::describe as describe_checks;
pub use finish::Finish;
pub use scene::{AskMode, Board, Scene};
pub(super) use test::describe as describe_tests;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{ToolCall, ToolResult, ToolSpec};
use crate::sandbox::{CopyError, SandboxError};

/// Characters of an answer that a model gets to read; the middle of longer ones is left out.
const ANSWER_LIMIT: usize = 10 << 10;

/// One tool.
#[async_trait]
pub trait Tool: Send + Sync + 'static {
    /// Its arguments; the schema is derived from them.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// Its name.
    const NAME: &'static str;
    /// What it does and when to use it.
    const ABOUT: &'static str;
    /// Whether it changes the copy; such calls keep their place among the calls of a turn.
    const CHANGES: bool = false;

    /// Does it.
    async fn call(scene: &Scene, arguments: Self::Arguments) -> Result<ToolAnswer, ToolError>;
}

/// What a tool answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolAnswer {
    /// For a reader.
    pub text: String,
    /// The same as data.
    pub data: Value,
}

impl From<String> for ToolAnswer {
    fn from(text: String) -> Self {
        Self { text, data: Value::Null }
    }
}

/// How a tool fails.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The model reads it and can do something about it.
    #[error("{0}")]
    Tell(String),
    /// The run cannot go on.
    #[error("{0}")]
    Stop(String),
}

impl From<CopyError> for ToolError {
    fn from(error: CopyError) -> Self {
        Self::Tell(error.to_string())
    }
}

impl From<SandboxError> for ToolError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::NotFound { .. } => Self::Tell(error.to_string()),
            _ => Self::Stop(error.to_string()),
        }
    }
}

#[async_trait]
trait Erased: Send + Sync {
    fn spec(&self) -> ToolSpec;
    fn changes(&self) -> bool;
    async fn call(&self, scene: &Scene, arguments: Value) -> Result<ToolAnswer, ToolError>;
}

struct Erase<T>(std::marker::PhantomData<fn() -> T>);

#[async_trait]
impl<T: Tool> Erased for Erase<T> {
    fn spec(&self) -> ToolSpec {
        let mut schema = schemars::schema_for!(T::Arguments).to_value();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            object.remove("title");
            object.remove("description");
        }
        ToolSpec { name: T::NAME.into(), description: T::ABOUT.into(), schema }
    }

    fn changes(&self) -> bool {
        T::CHANGES
    }

    async fn call(&self, scene: &Scene, arguments: Value) -> Result<ToolAnswer, ToolError> {
        let arguments = match arguments {
            Value::String(raw) => return Err(ToolError::Tell(format!("the arguments are not valid JSON: {}", shorten(&raw, 200)))),
            arguments => serde_path_to_error::deserialize(&arguments)
                .map_err(|error| ToolError::Tell(format!("the arguments do not fit at `{}`: {}", error.path(), error.inner())))?,
        };
        T::call(scene, arguments).await
    }
}

/// The tools of a run, sorted by name.
pub struct Toolbox {
    tools: Vec<Box<dyn Erased>>,
    specs: Vec<ToolSpec>,
}

/// Every tool there is.
pub fn all() -> Toolbox {
    fn one<T: Tool>() -> Box<dyn Erased> {
        Box::new(Erase::<T>(std::marker::PhantomData))
    }
    let mut tools = vec![
        one::<apply_edits::ApplyEdits>(),
        one::<ask::Ask>(),
        one::<check::Check>(),
        one::<coverage::CoverageTool>(),
        one::<delete::Delete>(),
        one::<edit::EditTool>(),
        one::<finish::FinishTool>(),
        one::<generate_tests::GenerateTests>(),
        one::<list::List>(),
        one::<note::Note>(),
        one::<outline::OutlineTool>(),
        one::<read::Read>(),
        one::<run::Run>(),
        one::<search::Search>(),
        one::<test::Test>(),
        one::<try_patches::TryPatches>(),
        one::<update_plan::UpdatePlan>(),
        one::<write::Write>(),
    ];
    tools.sort_by_key(|tool| tool.spec().name);
    let specs = tools.iter().map(|tool| tool.spec()).collect();
    Toolbox { tools, specs }
}

impl Toolbox {
    /// What the model is told.
    pub fn specs(&self) -> &[ToolSpec] {
        &self.specs
    }

    /// Whether a call changes the copy.
    pub fn changes(&self, name: &str) -> bool {
        self.find(name).is_some_and(Erased::changes)
    }

    fn find(&self, name: &str) -> Option<&dyn Erased> {
        let at = self.specs.binary_search_by(|spec| spec.name.as_str().cmp(name)).ok()?;
        self.tools.get(at).map(AsRef::as_ref)
    }

    /// Runs one call. `Err` ends the run; everything else is a result that the model reads.
    pub async fn call(&self, scene: &Scene, call: &ToolCall) -> Result<ToolResult, String> {
        let Some(tool) = self.find(&call.name) else {
            let names: Vec<&str> = self.specs.iter().map(|spec| spec.name.as_str()).collect();
            let text = format!("there is no tool `{}`; there are: {}", call.name, names.join(", "));
            return Ok(ToolResult { id: call.id.clone(), text, data: Value::Null, failed: true });
        };
        let answer = tool.call(scene, call.arguments.clone()).await;
        let (text, data, failed) = match answer {
            Ok(answer) => (answer.text, answer.data, false),
            Err(ToolError::Tell(text)) => (text, Value::Null, true),
            Err(ToolError::Stop(text)) => return Err(text),
        };
        Ok(ToolResult { id: call.id.clone(), text: head_and_tail(&text, ANSWER_LIMIT), data, failed })
    }
}

/// `text`, or its head and tail with a note of what is left out between them.
pub(super) fn head_and_tail(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(limit / 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 2);
    format!("{}\n[… {} bytes left out …]\n{}", &text[..head], tail - head, &text[tail..])
}

/// The first `limit` characters on one line.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let mut line: String = text.chars().take(limit).map(|character| if character.is_control() { ' ' } else { character }).collect();
    if text.chars().nth(limit).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_its_arguments_mean() {
        let toolbox = all();
        assert!(toolbox.specs().is_sorted_by_key(|spec| spec.name.clone()));
        for spec in toolbox.specs() {
            assert!(spec.description.len() > 20, "{}", spec.name);
            let properties = spec.schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            for (name, property) in properties {
                assert!(property.get("description").is_some(), "{}.{name} has no description", spec.name);
            }
        }
    }

    #[test]
    fn long_answers_keep_head_and_tail() {
        let text = format!("{}é{}", "a".repeat(9000), "b".repeat(9000));
        let short = head_and_tail(&text, ANSWER_LIMIT);
        assert!(short.starts_with("aaa") && short.ends_with("bbb") && short.len() < ANSWER_LIMIT + 100);
    }
}
