//! A document the editor has open: its text is what the editor says, not what the disk says.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::roots::resolve;
use crate::index::{Language, Syntax, language_of};
use crate::text::{ContentChange, Document, Encoding, PositionError};

/// An open document.
#[derive(Debug)]
pub struct OpenDocument {
    path: PathBuf,
    real: PathBuf,
    version: i32,
    document: Document,
    text: OnceLock<Arc<str>>,
    syntax: Option<Syntax>,
    fault: Option<PositionError>,
}

impl OpenDocument {
    pub(super) fn new(path: &Path, version: i32, text: &str) -> Self {
        let document = Document::new(text);
        let syntax = language_of(path).map(|language| Syntax::unparsed(language, &document));
        Self { path: path.to_owned(), real: resolve(path), version, document, text: OnceLock::new(), syntax, fault: None }
    }

    /// The path the editor gave.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path with symbolic links resolved, as of when it was opened.
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// The editor's version number.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// The text, for looking up lines and positions.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The whole text. Copied once per version.
    pub fn text(&self) -> Arc<str> {
        Arc::clone(self.text.get_or_init(|| self.document.text().into()))
    }

    /// Its language, by its extension.
    pub fn language(&self) -> Option<&'static Language> {
        self.syntax.as_ref().map(Syntax::language)
    }

    /// Whether the text is certainly the editor's.
    pub fn in_sync(&self) -> bool {
        self.fault.is_none()
    }

    pub(super) fn syntax(&self) -> Option<&Syntax> {
        self.syntax.as_ref()
    }

    pub(super) fn adopt(&mut self, parsed: &mut Syntax) -> bool {
        self.syntax.as_mut().is_some_and(|syntax| syntax.adopt(parsed))
    }

    /// Applies changes in order. The first one that fits no place puts the document out of sync; from there on only one
    /// that brings the whole text counts.
    pub(super) fn change(&mut self, version: i32, changes: &[ContentChange], encoding: Encoding) -> Result<(), PositionError> {
        self.version = version;
        self.text = OnceLock::new();
        for change in changes {
            if change.range.is_none() {
                self.fault = None;
            }
            if self.fault.is_none() {
                self.apply(change, encoding);
            }
        }
        self.fault.map_or(Ok(()), Err)
    }

    fn apply(&mut self, change: &ContentChange, encoding: Encoding) {
        match self.document.apply(change, encoding) {
            Ok(splice) => {
                if let Some(syntax) = &mut self.syntax {
                    syntax.edit(&splice, &self.document);
                }
            }
            Err(fault) => self.fault = Some(fault),
        }
    }
}
