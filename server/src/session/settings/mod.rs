//! What the user has set: their own configuration file and environment. Nothing a workspace or an editor says gets in here;
//! what those may say is in [`WorkspaceSettings`].
//!
//! To add a setting: a field with its default here, and its line in `server/config.example.toml` (a test compares).

mod load;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use load::{Environment, SettingsError, process_environment};
pub use workspace::{Proposal, Warning, WorkspaceSettings};

/// Everything the user can set, with defaults filled in.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who answers.
    pub model: ModelSettings,
    /// How a run goes.
    pub run: RunSettings,
    /// When a run stops.
    pub budget: Budget,
    /// The walls.
    pub sandbox: SandboxSettings,
    /// Commands that replace the ones found out, by language name.
    pub checks: BTreeMap<LanguageName, CheckSettings>,
    /// Servers of more tools.
    pub mcp: McpSettings,
    /// The prompts.
    pub prompts: PromptSettings,
    /// The file this came from, where there is one.
    pub source: Option<PathBuf>,
}

/// Who answers, with key and address looked up.
#[derive(Debug, Clone, Default)]
pub struct ModelSettings {
    /// The protocol.
    pub provider: Provider,
    /// The model's name, as the endpoint knows it.
    pub name: Option<String>,
    /// The endpoint, where it is not the vendor's own.
    pub base_url: Option<String>,
    /// The key. Never printed: its `Debug` form hides it.
    pub key: Option<SecretString>,
    /// The environment variable the key was looked for in.
    pub key_variable: Option<String>,
    /// Prices.
    pub price: Price,
    /// Models for parts of the work.
    pub roles: Roles,
    /// Seconds without a byte after which an answer counts as broken off.
    pub idle_timeout_s: u64,
    /// Seconds an answer may take altogether.
    pub total_timeout_s: u64,
}

/// The configuration file as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) model: ModelTable,
    pub(super) run: RunSettings,
    pub(super) budget: Budget,
    pub(super) sandbox: SandboxSettings,
    pub(super) checks: BTreeMap<LanguageName, CheckSettings>,
    pub(super) mcp: McpSettings,
    pub(super) prompts: PromptSettings,
}

/// `[model]` as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModelTable {
    pub(super) provider: Option<Provider>,
    pub(super) name: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) api_key_env: Option<String>,
    pub(super) price: Price,
    pub(super) roles: Roles,
    pub(super) idle_timeout_s: u64,
    pub(super) total_timeout_s: u64,
}

impl Default for ModelTable {
    fn default() -> Self {
        let (price, roles) = (Price::default(), Roles::default());
        Self { provider: None, name: None, base_url: None, api_key_env: None, price, roles, idle_timeout_s: 60, total_timeout_s: 600 }
    }
}

/// Which protocol the model speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// The built-in engine: no network, no key.
    #[default]
    Builtin,
    /// OpenAI Chat Completions and everything compatible.
    OpenaiChat,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Answers from a recording, for tests.
    Scripted,
}

/// US dollars per million tokens, for models whose price is not known or different.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    pub input: Option<f64>,
    /// Tokens read from the provider's cache.
    pub cached_input: Option<f64>,
    /// Tokens written.
    pub output: Option<f64>,
}

/// Names of models for parts of the work; `model.name` where unset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// Makes the plan.
    pub planner: Option<String>,
    /// Does the steps.
    pub coder: Option<String>,
    /// Reads the final diff.
    pub reviewer: Option<String>,
}

/// `[run]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSettings {
    /// Which tool calls wait for the user's word.
    pub ask: Ask,
    /// How far a run goes by itself.
    pub autonomy: Autonomy,
}

/// Which tool calls wait for the user's word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Ask {
    Never,
    #[default]
    Risky,
    Always,
}

/// How far a run goes by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Autonomy {
    /// Stops at the plan until it is approved.
    Plan,
    /// Works and proves, and shows the patch without applying it.
    Draft,
    /// Delivers what is proven.
    #[default]
    Deliver,
}

/// `[budget]`: limits of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Turns of the model.
    pub steps: u32,
    /// Tokens read and written together.
    pub tokens: u64,
    /// US dollars; no limit where unset. Needs a known price.
    pub cost_usd: Option<f64>,
    /// Seconds from start to end.
    pub wall_s: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 100, tokens: 2_000_000, cost_usd: None, wall_s: 1800 }
    }
}

/// `[sandbox]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSettings {
    /// Which walls to use.
    pub tier: Tier,
    /// Absolute paths to show read-only inside, besides those a project needs anyway.
    pub read_paths: Vec<PathBuf>,
    /// Memory of all processes of one command together, in MiB.
    pub memory_mb: u64,
    /// Seconds of processor time one command may use.
    pub cpu_s: u64,
    /// Processes and threads of one command together.
    pub processes: u64,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self { tier: Tier::Auto, read_paths: Vec::new(), memory_mb: 8192, cpu_s: 1200, processes: 1024 }
    }
}

/// Which walls to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The strongest that works here.
    #[default]
    Auto,
    /// Linux namespaces, or nothing runs.
    A,
    /// Landlock and seccomp without namespaces, or nothing runs.
    B,
    /// Nothing runs: edits are drafts that nobody checked.
    C,
}

/// The name of a registered language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct LanguageName(&'static str);

/// `[checks.<language>]`: commands (program and arguments, no shell) instead of the ones found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// Runs the tests.
    pub test: Option<Vec<String>>,
    /// Checks without running.
    pub check: Option<Vec<String>>,
}

/// `[mcp]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpSettings {
    /// Servers of more tools, by a name of the user's choice.
    pub servers: BTreeMap<String, McpServer>,
}

/// `[mcp.servers.<name>]`: either a command or an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpServer {
    /// Program and arguments of a server on standard input and output.
    pub command: Option<Vec<String>>,
    /// Names of environment variables passed on to it; no other is.
    pub env: Vec<String>,
    /// Address of a server over HTTP.
    pub url: Option<String>,
}

/// `[prompts]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromptSettings {
    /// Folder with prompts that replace the built-in ones of the same name.
    pub dir: Option<PathBuf>,
}

impl LanguageName {
    /// The name itself.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl TryFrom<String> for LanguageName {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        let names: Vec<&str> = crate::index::languages().iter().map(|language| language.name).collect();
        match crate::index::Language::named(&name) {
            Some(language) => Ok(Self(language.name)),
            // Worded as serde words it, so that the nearest name can be picked from it.
            None => Err(format!("unknown language `{name}`, expected one of `{}`", names.join("`, `"))),
        }
    }
}

impl From<LanguageName> for String {
    fn from(name: LanguageName) -> Self {
        name.0.to_owned()
    }
}

impl<'de> Deserialize<'de> for LanguageName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
