//! Workspace folders: those the editor names, and those implied by documents outside of them.

use std::path::{Path, PathBuf};

use super::roots::{nearest_root, resolve};
use super::{Session, WorkspaceSettings};

/// A workspace folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    real: PathBuf,
    implied: bool,
    settings: WorkspaceSettings,
}

impl Folder {
    fn new(root: &Path, implied: bool) -> Self {
        let real = resolve(root);
        Self { root: root.to_owned(), settings: WorkspaceSettings::of_folder(&real), real, implied }
    }

    /// The path the editor gave.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path with symbolic links resolved: what snapshots carry.
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// Whether the editor did not name it: it is the project of a document opened by itself.
    pub fn is_implied(&self) -> bool {
        self.implied
    }

    /// What its `lamplighter.toml` says.
    pub fn settings(&self) -> &WorkspaceSettings {
        &self.settings
    }
}

impl Session {
    /// Adds a folder the editor names and reads its `lamplighter.toml`; added again, it is read again.
    pub fn add_folder(&mut self, root: &Path) -> &Folder {
        let folder = Folder::new(root, false);
        self.folders.retain(|other| other.real != folder.real && !(other.implied && other.real.starts_with(&folder.real)));
        let at = self.folders.len();
        self.folders.push(folder);
        &self.folders[at]
    }

    /// Removes a folder. Documents in it that stay open get a folder of their own.
    pub fn remove_folder(&mut self, root: &Path) {
        let real = resolve(root);
        self.folders.retain(|folder| folder.implied || folder.real != real);
        let open: Vec<PathBuf> = self.documents.values().map(|document| document.real().to_owned()).collect();
        open.iter().for_each(|path| self.imply_folder(path));
    }

    /// Reads the `lamplighter.toml` of a folder again.
    pub fn reload_folder(&mut self, root: &Path) {
        let real = resolve(root);
        for folder in self.folders.iter_mut().filter(|folder| folder.real == real) {
            folder.settings = WorkspaceSettings::of_folder(&real);
        }
    }

    /// Every folder, in the order they were added.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// The folder that holds a file: of several around it, the nearest.
    pub fn folder_of(&self, path: &Path) -> Option<&Folder> {
        match self.document(path) {
            Some(document) => self.folder_of_real(document.real()),
            None => self.folder_of_real(&resolve(path)),
        }
    }

    pub(super) fn folder_of_real(&self, real: &Path) -> Option<&Folder> {
        let around = self.folders.iter().filter(|folder| real.starts_with(&folder.real));
        around.max_by_key(|folder| folder.real.components().count())
    }

    /// Gives a document outside all folders its project as a folder of its own; without a project the folder it lies in,
    /// unless that is one that holds everything.
    pub(super) fn imply_folder(&mut self, real: &Path) {
        if self.folder_of_real(real).is_none()
            && let Some(root) = nearest_root(real).or_else(|| lone_folder(real))
        {
            self.folders.push(Folder::new(&root, true));
        }
    }

    pub(super) fn drop_unused_folders(&mut self) {
        let used: Vec<PathBuf> =
            self.documents.values().filter_map(|document| Some(self.folder_of_real(document.real())?.real.clone())).collect();
        self.folders.retain(|folder| !folder.implied || used.contains(&folder.real));
    }
}

/// The folder of a single file, unless it is the root, the home or the temporary folder: those are no projects.
fn lone_folder(real: &Path) -> Option<PathBuf> {
    let folder = real.parent()?;
    let holds_everything = [Some(std::env::temp_dir()), std::env::var_os("HOME").map(PathBuf::from)];
    let too_much = folder.parent().is_none() || holds_everything.iter().flatten().any(|broad| resolve(broad) == folder);
    (!too_much).then(|| folder.to_owned())
}
