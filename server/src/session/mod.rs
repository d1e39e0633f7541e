//! What the server knows now: open documents, folders, settings. One owner, immutable snapshots for everybody else.
//!
//! [`Session`] lives behind one plain mutex. Every method returns in microseconds and none awaits, so changes are applied in
//! the order they arrive; whatever takes longer works on a [`Snapshot`] or a cloned [`Syntax`].

mod document;
mod folder;
mod folders;
mod roots;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::index::Syntax;
use crate::text::{ContentChange, Encoding, PositionError, RelPath};

pub use document::OpenDocument;
pub use folder::Folder;
pub use folders::{cache_folder, state_folder};
pub use roots::{nearest_root, resolve};
pub use settings::{
    Ask, Autonomy, Budget, CheckSettings, Environment, LanguageName, McpServer, McpSettings, ModelSettings, Price, PromptSettings,
    Proposal, Provider, Roles, RunSettings, SandboxSettings, Settings, SettingsError, Tier, Warning, WorkspaceSettings,
    process_environment,
};
pub use snapshot::{Overlay, Snapshot};

/// Bytes of a text that is parsed while a menu waits: a few milliseconds at worst.
const QUICK_TEXT: usize = 64 << 10;

/// Bytes typed and removed that the tree of a longer text may be behind when a menu answers from it.
const QUICK_BEHIND: usize = 1 << 10;

/// The state of the server.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    encoding: Encoding,
    editor: WorkspaceSettings,
    folders: Vec<Folder>,
    documents: BTreeMap<PathBuf, OpenDocument>,
}

/// Why the session cannot do what it was told, or asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The editor changed a document it had not opened.
    #[error("{path} is not open: the change is ignored until the editor opens it")]
    NotOpen {
        /// The document.
        path: PathBuf,
    },
    /// A change named a place that does not exist, so editor and server no longer have the same text.
    #[error(
        "{path} is out of sync with the editor: {source}; nothing is done with it until the editor sends the whole text (close and reopen it)"
    )]
    OutOfSync {
        /// The document.
        path: PathBuf,
        /// What was wrong with the change.
        source: PositionError,
    },
    /// Documents are out of sync, so nobody knows what the workspace looks like.
    #[error("the text of {} is not known for certain; close and reopen it, then try again", list(.paths))]
    Unknown {
        /// The documents.
        paths: Vec<PathBuf>,
    },
    /// No folder holds the file.
    #[error(
        "{path} is in no workspace folder, and none above it looks like a project (Cargo.toml, pyproject.toml, setup.py, .git): open a folder"
    )]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// A session without folders and documents.
    pub fn new(settings: Settings, encoding: Encoding) -> Self {
        let editor = WorkspaceSettings::default();
        Self { settings: Arc::new(settings), encoding, editor, folders: Vec::new(), documents: BTreeMap::new() }
    }

    /// The user's settings.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    /// The position encoding agreed on with the editor.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Takes what the editor's configuration may say; returns what it may not.
    pub fn configure(&mut self, configuration: &serde_json::Value) -> &[Warning] {
        self.editor = WorkspaceSettings::of_editor(configuration);
        &self.editor.warnings
    }

    /// Opens a document; opened again, it is replaced.
    pub fn open(&mut self, path: &Path, version: i32, text: &str) -> &OpenDocument {
        let document = OpenDocument::new(path, version, text);
        self.imply_folder(document.real());
        let entry = self.documents.entry(path.to_owned());
        entry.insert_entry(document).into_mut()
    }

    /// Applies the changes of one notification, in order.
    ///
    /// # Errors
    /// [`SessionError::NotOpen`]; [`SessionError::OutOfSync`] from the first change that fits no place until the whole text is sent.
    pub fn change(&mut self, path: &Path, version: i32, changes: &[ContentChange]) -> Result<(), SessionError> {
        let not_open = || SessionError::NotOpen { path: path.to_owned() };
        let document = self.documents.get_mut(path).ok_or_else(not_open)?;
        document.change(version, changes, self.encoding).map_err(|source| SessionError::OutOfSync { path: path.to_owned(), source })
    }

    /// Closes a document: from now on the disk counts. Returns whether it was open.
    pub fn close(&mut self, path: &Path) -> bool {
        let closed = self.documents.remove(path).is_some();
        self.drop_unused_folders();
        closed
    }

    /// An open document, by the path the editor gave.
    pub fn document(&self, path: &Path) -> Option<&OpenDocument> {
        self.documents.get(path)
    }

    /// The open document of a workspace file.
    pub fn document_of(&self, root: &Path, path: &RelPath) -> Option<&OpenDocument> {
        let real = path.to_path(root);
        self.documents.values().find(|document| document.real() == real)
    }

    /// Every open document.
    pub fn documents(&self) -> impl Iterator<Item = &OpenDocument> {
        self.documents.values()
    }

    /// The syntax of an open document of a known language, possibly not yet parsed since the last edits: see
    /// [`for_menu`] and [`Syntax::refresh`]. Cheap.
    pub fn syntax(&self, path: &Path) -> Option<Syntax> {
        self.documents.get(path).filter(|document| document.in_sync()).and_then(OpenDocument::syntax).cloned()
    }

    /// Takes back a syntax that was refreshed outside. To keep menus quick, the server does this after each open and
    /// change: take the syntax, refresh it without holding the session, give it back, drop it without holding the session.
    /// Returns whether it was news.
    pub fn adopt(&mut self, path: &Path, parsed: &mut Syntax) -> bool {
        self.documents.get_mut(path).is_some_and(|document| document.adopt(parsed))
    }

    /// A picture of the folder that holds `path`, disk and open documents together.
    ///
    /// # Errors
    /// [`SessionError::NoFolder`]; [`SessionError::Unknown`] where a document of that folder is out of sync.
    pub fn snapshot(&self, path: &Path) -> Result<Snapshot, SessionError> {
        let folder = self.folder_of(path).ok_or_else(|| SessionError::NoFolder { path: path.to_owned() })?;
        let below =
            |document: &&OpenDocument| self.folder_of_real(document.real()).is_some_and(|holder| holder.real().starts_with(folder.real()));
        let open: Vec<&OpenDocument> = self.documents.values().filter(below).collect();
        let unknown: Vec<PathBuf> = open.iter().filter(|document| !document.in_sync()).map(|document| document.path().to_owned()).collect();
        if !unknown.is_empty() {
            return Err(SessionError::Unknown { paths: unknown });
        }
        let overlay = |document: &&OpenDocument| {
            let path = RelPath::below(folder.real(), document.real())?;
            Some((path, Overlay { text: document.text(), version: document.version() }))
        };
        let overlays = Arc::new(open.iter().filter_map(overlay).collect());
        let excludes = folder.settings().exclude.iter().chain(&self.editor.exclude).cloned().collect();
        Ok(Snapshot { root: folder.real().to_owned(), overlays, excludes: Arc::new(excludes) })
    }
}

/// Brings a syntax up to date where a menu can wait for it: always in short texts; in long ones where nothing was parsed
/// yet or much has changed, as after a paste. Else the menu answers from the tree as it was, moved along with the typing.
pub fn for_menu(mut syntax: Syntax) -> Syntax {
    if syntax.text().len_bytes() <= QUICK_TEXT || !syntax.was_parsed() || syntax.behind() > QUICK_BEHIND {
        syntax.refresh();
    }
    syntax
}
