//! Settings: what counts, what is refused, and that the documented file says the truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::load::default_path;
use super::{Autonomy, ConfigFile, LanguageName, Provider, Settings, SettingsError, WorkspaceSettings};

const EXAMPLE: &str = include_str!("../../../config.example.toml");

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let lookup = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::parse(text, Path::new("config.toml"), &lookup)
}

fn refused(text: &str) -> String {
    parse(text, &[]).unwrap_err().to_string()
}

/// The example with its comment marks taken away: those of defaults, and of further examples if `all`.
fn uncommented(all: bool) -> String {
    let line = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with('?') => {
            if all {
                rest[1..].trim()
            } else {
                ""
            }
        }
        Some(rest) if rest.starts_with(' ') => "",
        Some(rest) => rest,
        None => line,
    };
    EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_shows_the_defaults() {
    assert_eq!(toml::from_str::<ConfigFile>(EXAMPLE).unwrap(), ConfigFile::default());
    let text = uncommented(false);
    assert_eq!(toml::from_str::<ConfigFile>(&text).unwrap(), ConfigFile::default());
    assert!(text.contains("idle_timeout_s = 60") && text.contains("[sandbox]"), "something was uncommented");
}

#[test]
fn the_example_shows_every_key_there_is() {
    let text = uncommented(true);
    let table: toml::Table = text.parse().unwrap();
    toml::from_str::<ConfigFile>(&text).unwrap();
    let tables =
        ["", "model", "model.price", "model.roles", "run", "budget", "sandbox", "checks.python", "mcp", "mcp.servers.x", "prompts"];
    for name in tables {
        let wrong = if name.is_empty() { "zzz = 1".to_owned() } else { format!("[{name}]\nzzz = 1") };
        let Err(SettingsError::Unknown { valid, .. }) = parse(&wrong, &[]) else { panic!("{name}: zzz is a key") };
        let shown = name.split('.').filter(|part| !part.is_empty()).try_fold(&table, |table, part| {
            let value = table.get(part).or_else(|| table.values().find(|_| part == "x"))?;
            value.as_table()
        });
        let shown: BTreeSet<&str> = shown.unwrap_or_else(|| panic!("[{name}] is not shown")).keys().map(String::as_str).collect();
        assert_eq!(shown, valid.iter().map(String::as_str).collect(), "[{name}]");
    }
}

#[test]
fn wrong_keys_and_values_are_pointed_out_by_line() {
    assert_eq!(refused("[run]\n\naks = 'never'\n"), "config.toml:3: unknown key `aks`; did you mean `ask`?");
    assert_eq!(refused("[modle]\nname = 'x'"), "config.toml:1: unknown key `modle`; did you mean `model`?");
    assert_eq!(refused("[model]\napi_key = 'sk-1'"), "config.toml:2: unknown key `api_key`; did you mean `api_key_env`?");
    assert_eq!(refused("[run]\nask = 'sometimes'"), "config.toml:2: unknown value `sometimes`; known here: never, risky, always");
    assert_eq!(refused("\n[sandbox]\ntier = 'atuo'"), "config.toml:3: unknown value `atuo`; did you mean `auto`?");
    assert_eq!(refused("[checks.pyhton]\ntest = ['x']"), "config.toml:1: unknown language `pyhton`; did you mean `python`?");
    assert_eq!(refused("[checks.rust]\ntests = ['x']"), "config.toml:2: unknown key `tests`; did you mean `test`?");
    let message = refused("[budget]\nsteps = 'many'");
    assert!(message.starts_with("config.toml:2: ") && message.contains("expected u32"), "{message}");
    assert!(refused("[budget\n").starts_with("config.toml:1: "));
}

#[test]
fn the_provider_follows_the_key() {
    let provider = |text: &str, environment: &[(&str, &str)]| parse(text, environment).unwrap().model.provider;
    assert_eq!(provider("", &[]), Provider::Builtin);
    assert_eq!(provider("", &[("OPENAI_API_KEY", "")]), Provider::Builtin, "set but empty is unset");
    assert_eq!(provider("", &[("OPENAI_API_KEY", "k")]), Provider::OpenaiChat);
    assert_eq!(provider("", &[("ANTHROPIC_API_KEY", "k")]), Provider::Anthropic);
    assert_eq!(provider("[model]\nprovider = 'builtin'", &[("OPENAI_API_KEY", "k")]), Provider::Builtin);
    assert_eq!(provider("[model]\napi_key_env = 'MINE'", &[("MINE", "k")]), Provider::OpenaiChat);
    assert!(refused("[model]\nbase_url = 'http://127.0.0.1'").contains("provider = \"openai-chat\""));
}

#[test]
fn keys_and_endpoints_come_from_the_environment_and_stay_hidden() {
    let environment = [("OPENAI_API_KEY", "sk-secret"), ("OPENAI_BASE_URL", "http://one"), ("ANTHROPIC_API_KEY", "other")];
    let settings = parse("", &environment).unwrap();
    assert_eq!(settings.model.key.as_ref().map(ExposeSecret::expose_secret), Some("sk-secret"));
    assert_eq!((settings.model.base_url.as_deref(), settings.model.key_variable.as_deref()), (Some("http://one"), Some("OPENAI_API_KEY")));
    assert!(!format!("{settings:?}").contains("secret\""), "{settings:?}");
    let settings = parse("[model]\nprovider = 'anthropic'\nbase_url = 'http://two'", &environment).unwrap();
    assert_eq!(settings.model.key.as_ref().map(ExposeSecret::expose_secret), Some("other"), "a key goes with its provider");
    assert_eq!(settings.model.base_url.as_deref(), Some("http://two"), "the file counts more than the environment");
    let settings = parse("[model]\nprovider = 'openai-chat'\napi_key_env = 'MINE'", &environment).unwrap();
    assert!(settings.model.key.is_none() && settings.model.key_variable.as_deref() == Some("MINE"), "no other key is sent instead");
    assert!(parse("[model]\nprovider = 'builtin'", &environment).unwrap().model.key.is_none());
}

#[test]
fn the_file_is_where_it_should_be() {
    let path = |environment: &[(&str, &str)]| {
        default_path(&|name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(path(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), Some(PathBuf::from("/x/lamplighter/config.toml")));
    assert_eq!(path(&[("XDG_CONFIG_HOME", "relative"), ("HOME", "/h")]), Some(PathBuf::from("/h/.config/lamplighter/config.toml")));
    assert_eq!(path(&[]), None);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "[run]\nautonomy = 'draft'").unwrap();
    let named = |name: &str| (name == "LAMPLIGHTER_CONFIG").then(|| file.display().to_string());
    assert_eq!(Settings::load(None, &named).unwrap().run.autonomy, Autonomy::Draft);
    let missing = folder.path().join("missing.toml");
    assert!(
        matches!(Settings::load(Some(&missing), &named), Err(SettingsError::Read { path, .. }) if path == missing),
        "a file that was named must exist"
    );
    let nothing = |name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.path().display().to_string());
    assert_eq!(Settings::load(None, &nothing).unwrap().source, None);
}

#[test]
fn a_workspace_may_leave_files_out_and_propose_tests_and_nothing_else() {
    let said = WorkspaceSettings::of_toml(
        "exclude = ['data/**', 'a{']\n[checks.python]\ntest = ['pytest', '-x']\ncheck = ['rm', '-rf', '/']\n[checks.cobol]\ntest = ['x']\n[checks.rust]\ntest = 'cargo test'\n\
         [model]\nbase_url = 'http://evil'\n[sandbox]\ntier = 'c'\n[mcp.servers.x]\ncommand = ['evil']\n[proxy]\nurl = 'x'",
    );
    assert_eq!(said.exclude, ["data/**"]);
    let proposals: Vec<_> = said.proposals.iter().map(|proposal| (proposal.language.as_str(), proposal.test.join(" "))).collect();
    assert_eq!(proposals, [("python", "pytest -x".to_owned())]);
    let mut keys: Vec<&str> = said.warnings.iter().map(|warning| warning.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["checks.cobol", "checks.python.check", "checks.rust.test", "exclude", "mcp", "model", "proxy", "sandbox"]);
    assert_eq!(WorkspaceSettings::of_toml("x = [").warnings.len(), 1);
    assert_eq!(WorkspaceSettings::of_editor(&serde_json::Value::Null), WorkspaceSettings::default());
    assert_eq!(WorkspaceSettings::of_editor(&serde_json::json!(["x"])).warnings.len(), 1);
}

#[test]
fn an_approval_holds_for_one_content() {
    let proposal = |text: &str| WorkspaceSettings::of_toml(text).proposals.remove(0).digest();
    assert_eq!(proposal("[checks.python]\ntest = ['a', 'b']"), proposal("[checks.python]\ntest = ['a', 'b'] # same"));
    assert_ne!(proposal("[checks.python]\ntest = ['a', 'b']"), proposal("[checks.python]\ntest = ['a b']"));
    assert_ne!(proposal("[checks.python]\ntest = ['a']"), proposal("[checks.rust]\ntest = ['a']"));
    assert_eq!(LanguageName::try_from("rust".to_owned()).unwrap().as_str(), "rust");
}

#[cfg(unix)]
#[test]
fn a_workspace_file_that_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("lamplighter.toml")).unwrap();
    assert_eq!(WorkspaceSettings::of_folder(folder.path()), WorkspaceSettings::default());
}
