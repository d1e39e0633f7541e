//! Provisional.
#![allow(missing_docs, unused_variables)]
use super::*;
use crate::text::*;
use crate::index::{Syntax, language_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
#[derive(Default)]
pub struct Session { folders: Vec<PathBuf>, docs: BTreeMap<PathBuf, Open> }
pub struct Open { document: Document, version: i32, syntax: Option<Syntax> }
impl Open { pub fn document(&self) -> &Document { &self.document } pub fn syntax(&mut self) -> Option<&Syntax> { if let Some(s) = &mut self.syntax { s.refresh(); } self.syntax.as_ref() } }
impl Session {
    pub fn open(&mut self, path: &Path, text: &str, version: i32) {
        let document = Document::new(text);
        let syntax = language_of(path).map(|l| Syntax::parse(l, &document));
        self.docs.insert(path.into(), Open { document, version, syntax });
    }
    pub fn change(&mut self, path: &Path, changes: &[ContentChange], version: i32, encoding: Encoding) -> Result<(), PositionError> {
        let Some(open) = self.docs.get_mut(path) else { return Ok(()) };
        for c in changes { let s = open.document.apply(c, encoding)?; if let Some(x) = &mut open.syntax { x.edit(&s, &open.document); } }
        open.version = version;
        Ok(())
    }
    pub fn close(&mut self, path: &Path) { self.docs.remove(path); }
    pub fn add_folder(&mut self, path: &Path) { self.folders.push(path.into()); }
    pub fn remove_folder(&mut self, path: &Path) { self.folders.retain(|f| f != path); }
    pub fn folders(&self) -> &[PathBuf] { &self.folders }
    pub fn locate(&self, path: &Path) -> (PathBuf, RelPath) {
        let root = self.folders.iter().filter(|f| path.starts_with(f)).max_by_key(|f| f.as_os_str().len()).cloned().or_else(|| nearest_root(path)).unwrap_or_else(|| path.parent().unwrap().into());
        let rel = RelPath::below(&root, path).unwrap(); (root, rel)
    }
    pub fn snapshot(&self, root: &Path) -> Snapshot {
        let overlays = self.docs.iter().filter_map(|(p, o)| Some((RelPath::below(root, p)?, Overlay { text: o.document.text().into(), version: o.version }))).collect();
        Snapshot { root: root.into(), overlays: std::sync::Arc::new(overlays), excludes: Default::default() }
    }
    pub fn document(&mut self, path: &Path) -> Option<&mut Open> { self.docs.get_mut(path) }
    pub fn text_of(&self, path: &Path) -> Option<String> { Some(self.docs.get(path)?.document.text()) }
    pub fn version_of(&self, path: &Path) -> Option<i32> { Some(self.docs.get(path)?.version) }
}
pub fn nearest_root(path: &Path) -> Option<PathBuf> { path.ancestors().find(|a| [".git", "Cargo.toml", "pyproject.toml", "setup.py"].iter().any(|n| a.join(n).exists())).map(Into::into) }
fn xdg(var: &str, or: &str) -> PathBuf { std::env::var_os(var).map(PathBuf::from).unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(or)).join("lamplighter") }
pub fn state_folder() -> PathBuf { xdg("XDG_STATE_HOME", ".local/state") }
pub fn cache_folder() -> PathBuf { xdg("XDG_CACHE_HOME", ".cache") }
#[derive(Clone, Debug)]
pub struct Settings { pub model: ModelSettings, pub sandbox: SandboxSettings }
#[derive(Clone, Debug)]
pub struct ModelSettings { pub provider: Provider, pub base_url: Option<String>, pub name: Option<String>, pub key: Option<secrecy::SecretString> }
#[derive(Clone, Debug)]
pub struct SandboxSettings { pub memory_mb: Option<u64>, pub processes: Option<u64>, pub cpu_s: Option<u64> }
#[derive(Clone, Copy, Debug)]
pub enum Provider { Builtin, OpenAiChat, Other }
impl Provider { pub fn word(self) -> &'static str { "x" } }
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct SettingsError;
impl Settings { pub fn load(p: Option<&Path>) -> Result<Self, SettingsError> {
    let key = std::env::var("OPENAI_API_KEY").ok();
    Ok(Self { model: ModelSettings { provider: if key.is_some() { Provider::OpenAiChat } else { Provider::Builtin }, base_url: std::env::var("OPENAI_BASE_URL").ok(), name: None, key: key.map(Into::into) }, sandbox: SandboxSettings { memory_mb: None, processes: None, cpu_s: None } })
 } pub fn choose_model(&mut self, n: &str) { if n == "builtin" { self.model.provider = Provider::Builtin } else { self.model.name = Some(n.into()) } } pub fn sources(&self) -> String { "provisional".into() } }
