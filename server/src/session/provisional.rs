//! Provisional.
#![allow(missing_docs, unused_variables, clippy::todo)]
use super::*;
use crate::text::*;
use crate::index::Syntax;
use std::path::{Path, PathBuf};
#[derive(Default)]
pub struct Session;
pub struct Open;
impl Open { pub fn document(&self) -> &Document { todo!() } pub fn syntax(&mut self) -> Option<&Syntax> { todo!() } }
impl Session {
    pub fn open(&mut self, path: &Path, text: &str, version: i32) {}
    pub fn change(&mut self, path: &Path, changes: &[ContentChange], version: i32, encoding: Encoding) -> Result<(), PositionError> { todo!() }
    pub fn close(&mut self, path: &Path) {}
    pub fn add_folder(&mut self, path: &Path) {}
    pub fn remove_folder(&mut self, path: &Path) {}
    pub fn folders(&self) -> &[PathBuf] { todo!() }
    pub fn locate(&self, path: &Path) -> (PathBuf, RelPath) { todo!() }
    pub fn snapshot(&self, root: &Path) -> Snapshot { todo!() }
    pub fn document(&mut self, path: &Path) -> Option<&mut Open> { todo!() }
    pub fn text_of(&self, path: &Path) -> Option<String> { todo!() }
    pub fn version_of(&self, path: &Path) -> Option<i32> { todo!() }
}
pub fn nearest_root(path: &Path) -> Option<PathBuf> { todo!() }
pub fn state_folder() -> PathBuf { todo!() }
pub fn cache_folder() -> PathBuf { todo!() }
#[derive(Clone, Debug)]
pub struct Settings { pub model: ModelSettings, pub sandbox: SandboxSettings }
#[derive(Clone, Debug)]
pub struct ModelSettings { pub provider: Provider, pub base_url: Option<String>, pub name: Option<String>, pub key: Option<secrecy::SecretString> }
#[derive(Clone, Debug)]
pub struct SandboxSettings { pub memory_mb: Option<u64>, pub processes: Option<u64>, pub cpu_s: Option<u64> }
#[derive(Clone, Copy, Debug)]
pub enum Provider { Builtin, OpenAiChat, Other }
impl Provider { pub fn word(self) -> &'static str { todo!() } }
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct SettingsError;
impl Settings { pub fn load(p: Option<&Path>) -> Result<Self, SettingsError> { todo!() } pub fn choose_model(&mut self, n: &str) {} pub fn sources(&self) -> String { todo!() } }
