//! What a workspace and an editor may say: files to leave out, and test commands to propose. Both can be written by
//! anybody whose repository one opens, so whatever else they say (an endpoint, a key, a command, a wall less) is not taken
//! over; it is returned as a warning for the user to see.

use std::fmt;
use std::path::Path;

use globset::Glob;
use serde_json::Value;

use super::LanguageName;
use crate::session::roots::read_plain;
use crate::text::Hash;

/// The name of the workspace's file.
pub(crate) const FILE: &str = "lamplighter.toml";

/// What editors send along that concerns their own side alone.
const CLIENT_KEYS: [&str; 3] = ["server", "trace", "path"];

/// What `lamplighter.toml` and the editor's configuration say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceSettings {
    /// Globs of files to leave out.
    pub exclude: Vec<String>,
    /// Test commands proposed; none runs before the user has said yes to it.
    pub proposals: Vec<Proposal>,
    /// What was said and not taken over.
    pub warnings: Vec<Warning>,
}

/// A test command a workspace proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// For which language.
    pub language: LanguageName,
    /// Program and arguments.
    pub test: Vec<String>,
}

impl Proposal {
    /// What an approval holds for: this language and this command, nothing else.
    pub fn digest(&self) -> Hash {
        Hash::of(serde_json::json!([self.language.as_str(), self.test]).to_string())
    }
}

/// Something that was said and not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it was said: the file or "the editor's configuration".
    pub origin: String,
    /// The key, with those around it, joined by dots; empty for the whole.
    pub key: String,
    /// Why it was not taken over, and what to do.
    pub why: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, key, why } = self;
        if key.is_empty() { write!(f, "{origin}: {why}") } else { write!(f, "{origin}: `{key}` is ignored: {why}") }
    }
}

impl WorkspaceSettings {
    /// What the `lamplighter.toml` of a folder says; nothing where there is none. Never fails: what cannot be read is a warning.
    pub fn of_folder(root: &Path) -> Self {
        match read_plain(&root.join(FILE)) {
            Ok(Some(text)) => Self::of_toml(&text),
            Ok(None) => Self::default(),
            Err(error) => Self::unusable(FILE, format!("it cannot be read ({error})")),
        }
    }

    /// What the text of a `lamplighter.toml` says.
    pub fn of_toml(text: &str) -> Self {
        let value = text.parse::<toml::Table>().map_err(|error| error.message().to_owned());
        match value.and_then(|table| serde_json::to_value(table).map_err(|error| error.to_string())) {
            Ok(value) => Self::of(&value, FILE, &[]),
            Err(error) => Self::unusable(FILE, format!("it is not valid TOML ({error}); nothing of it is used")),
        }
    }

    /// What the editor's configuration (`initializationOptions`, section `lamplighter`) says.
    pub fn of_editor(value: &Value) -> Self {
        if value.is_null() { Self::default() } else { Self::of(value, "the editor's configuration", &CLIENT_KEYS) }
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.exclude.extend(other.exclude);
        self.proposals.extend(other.proposals);
        self.warnings.extend(other.warnings);
        self
    }

    fn of(value: &Value, origin: &str, skip: &[&str]) -> Self {
        let mut settings = Self::default();
        let Some(table) = value.as_object() else {
            return Self::unusable(origin, "it is not a table of settings; nothing of it is used".to_owned());
        };
        for (key, value) in table.iter().filter(|(key, _)| !skip.contains(&key.as_str())) {
            match key.as_str() {
                "exclude" => settings.read_exclude(value, origin),
                "checks" => settings.read_checks(value, origin),
                key => settings.refuse(origin, key.to_owned(), not_here(key)),
            }
        }
        settings
    }

    fn read_exclude(&mut self, value: &Value, origin: &str) {
        let Some(globs) = strings(value) else {
            return self.refuse(origin, "exclude".to_owned(), "write a list of globs".to_owned());
        };
        for glob in globs {
            match Glob::new(&glob) {
                Ok(_) => self.exclude.push(glob),
                Err(error) => self.refuse(origin, "exclude".to_owned(), error.to_string()),
            }
        }
    }

    fn read_checks(&mut self, value: &Value, origin: &str) {
        let Some(languages) = value.as_object() else {
            return self.refuse(origin, "checks".to_owned(), "write a table per language, like [checks.python]".to_owned());
        };
        for (name, commands) in languages {
            let language = match LanguageName::try_from(name.clone()) {
                Ok(language) => language,
                Err(error) => {
                    self.refuse(origin, format!("checks.{name}"), error);
                    continue;
                }
            };
            for (key, command) in commands.as_object().into_iter().flatten() {
                match (key.as_str(), strings(command).filter(|words| !words.is_empty())) {
                    ("test", Some(test)) => self.proposals.push(Proposal { language: language.clone(), test }),
                    ("test", None) => {
                        self.refuse(origin, format!("checks.{name}.test"), "write a list: the program, then its arguments".to_owned())
                    }
                    (key, _) => self.refuse(origin, format!("checks.{name}.{key}"), not_here(key)),
                }
            }
        }
    }

    fn refuse(&mut self, origin: &str, key: String, why: String) {
        self.warnings.push(Warning { origin: origin.to_owned(), key, why });
    }

    fn unusable(origin: &str, why: String) -> Self {
        let mut settings = Self::default();
        settings.refuse(origin, String::new(), why);
        settings
    }
}

fn not_here(key: &str) -> String {
    let known = ["model", "run", "budget", "sandbox", "mcp", "prompts", "check"];
    if known.contains(&key) {
        "only your own configuration file may set it".to_owned()
    } else {
        "here only `exclude` and `checks.<language>.test` count".to_owned()
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
