//! Finding, reading and completing the user's configuration; wrong keys and values are pointed out by line.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{ConfigFile, ModelSettings, ModelTable, Provider, Settings};

/// Looks up an environment variable; set but empty counts as unset.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of this process.
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is not there or cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key or value nobody knows.
    #[error("{path}:{line}: unknown {what} `{found}`; {}", suggestion(.nearest.as_deref(), .valid))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// One-based line.
        line: usize,
        /// `key`, `value` or `language`.
        what: &'static str,
        /// What stands there.
        found: String,
        /// The valid one most like it.
        nearest: Option<String>,
        /// All that may stand there.
        valid: Vec<String>,
    },
    /// Anything else that is wrong in the file.
    #[error("{path}:{line}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// One-based line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An endpoint without a protocol to speak there.
    #[error(
        "model.base_url is set to {base_url}, but neither model.provider nor a key: add `provider = \"openai-chat\"` (or another) to [model]"
    )]
    NoProvider {
        /// The endpoint.
        base_url: String,
    },
}

fn suggestion(nearest: Option<&str>, valid: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if valid.is_empty() => "nothing can be set here".to_owned(),
        None => format!("known here: {}", valid.join(", ")),
    }
}

impl Settings {
    /// The settings of this user: from `flag` (`--config`), else `LAMPLIGHTER_CONFIG`, else
    /// `$XDG_CONFIG_HOME/lamplighter/config.toml` where it exists; keys and endpoints from the environment.
    ///
    /// # Errors
    /// [`SettingsError`]; a file that was named must exist.
    pub fn load(flag: Option<&Path>, environment: Environment<'_>) -> Result<Self, SettingsError> {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let named = flag.map(Path::to_owned).or_else(|| set("LAMPLIGHTER_CONFIG").map(PathBuf::from));
        let Some(path) = named.clone().or_else(|| default_path(environment)) else {
            return Self::resolve(ConfigFile::default(), None, environment);
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path, environment),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
                Self::resolve(ConfigFile::default(), None, environment)
            }
            Err(source) => Err(SettingsError::Read { path, source }),
        }
    }

    /// The settings in `text`, which is the content of `path`.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn parse(text: &str, path: &Path, environment: Environment<'_>) -> Result<Self, SettingsError> {
        let file = toml::from_str(text).map_err(|error| explain(&error, text, path))?;
        Self::resolve(file, Some(path.to_owned()), environment)
    }

    fn resolve(file: ConfigFile, source: Option<PathBuf>, environment: Environment<'_>) -> Result<Self, SettingsError> {
        let ConfigFile { model, run, budget, sandbox, checks, mcp, prompts } = file;
        Ok(Self { model: resolve_model(model, environment)?, run, budget, sandbox, checks, mcp, prompts, source })
    }
}

/// Where the configuration is when nobody says otherwise (XDG Base Directory Specification).
pub(super) fn default_path(environment: Environment<'_>) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(config.join("lamplighter").join("config.toml"))
}

fn resolve_model(table: ModelTable, environment: Environment<'_>) -> Result<ModelSettings, SettingsError> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let is_set = |name: &&str| set(name).is_some();
    let variables: Vec<&str> = match (&table.api_key_env, table.provider) {
        (Some(name), _) => vec![name],
        (None, None) => vec!["OPENAI_API_KEY", "ANTHROPIC_API_KEY"],
        (None, Some(Provider::OpenaiChat | Provider::OpenaiResponses)) => vec!["OPENAI_API_KEY"],
        (None, Some(Provider::Anthropic)) => vec!["ANTHROPIC_API_KEY"],
        (None, Some(Provider::Builtin | Provider::Scripted)) => vec![],
    };
    let with_key = variables.iter().copied().find(is_set);
    let provider = match (table.provider, with_key) {
        (Some(provider), _) => provider,
        (None, Some(variable)) if variable.starts_with("ANTHROPIC") => Provider::Anthropic,
        (None, Some(_)) => Provider::OpenaiChat,
        (None, None) => match table.base_url {
            Some(base_url) => return Err(SettingsError::NoProvider { base_url }),
            None => Provider::Builtin,
        },
    };
    let endpoint = match provider {
        Provider::OpenaiChat | Provider::OpenaiResponses => set("OPENAI_BASE_URL"),
        Provider::Anthropic => set("ANTHROPIC_BASE_URL"),
        Provider::Builtin | Provider::Scripted => None,
    };
    let speaks = !matches!(provider, Provider::Builtin | Provider::Scripted);
    Ok(ModelSettings {
        provider,
        name: table.name,
        base_url: table.base_url.or(endpoint),
        key: with_key.filter(|_| speaks).and_then(set).map(SecretString::from),
        key_variable: with_key.or(variables.first().copied()).filter(|_| speaks).map(str::to_owned),
        price: table.price,
        roles: table.roles,
        idle_timeout_s: table.idle_timeout_s,
        total_timeout_s: table.total_timeout_s,
    })
}

/// Serde words unknown names as "unknown field `x`, expected one of `a`, `b`": the names are picked from that.
fn explain(error: &toml::de::Error, text: &str, path: &Path) -> SettingsError {
    let (path, message) = (path.to_owned(), error.message().to_owned());
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let what = [("unknown field", "key"), ("unknown variant", "value"), ("unknown language", "language")];
    let Some((_, what)) = what.into_iter().find(|(start, _)| message.starts_with(start)) else {
        return SettingsError::Invalid { path, line, message };
    };
    let mut names = message.split('`').skip(1).step_by(2).map(str::to_owned);
    let found = names.next().unwrap_or_default();
    let valid: Vec<String> = names.collect();
    let slips = |name: &&String| strsim::osa_distance(name, &found);
    let nearest = valid.iter().min_by_key(slips).filter(|name| slips(name) <= name.len().max(found.len()) / 2).cloned();
    SettingsError::Unknown { path, line, what, found, nearest, valid }
}
