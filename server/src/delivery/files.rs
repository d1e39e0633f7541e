//! The files themselves as an editor, for the command line.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::Editor;
use crate::text::{FileChange, RelPath};

/// Writes to the disk below a root. Links are not followed out of it; each file is replaced whole or not at all.
#[derive(Debug, Clone)]
pub struct DiskEditor {
    root: PathBuf,
}

impl DiskEditor {
    /// The files below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn write(&self, path: &RelPath, text: &str) -> std::io::Result<()> {
        let target = self.plain(path)?;
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        if let Ok(meta) = fs::metadata(&target) {
            fs::set_permissions(file.path(), meta.permissions())?;
        } else {
            #[cfg(unix)]
            fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        }
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    }

    /// The path on the disk, where no component below the root is a link.
    fn plain(&self, path: &RelPath) -> std::io::Result<PathBuf> {
        let mut walked = self.root.clone();
        for part in path.as_str().split('/') {
            walked.push(part);
            if fs::symlink_metadata(&walked).is_ok_and(|meta| meta.file_type().is_symlink()) {
                return Err(std::io::Error::other(format!("{} is a link", walked.display())));
            }
        }
        Ok(walked)
    }
}

#[async_trait]
impl Editor for DiskEditor {
    fn current(&self, path: &RelPath) -> Option<String> {
        fs::read_to_string(path.to_path(&self.root)).ok()
    }

    async fn apply(&self, change: &FileChange) -> Result<(), String> {
        let result = match change.change.new_text() {
            Some(text) => self.write(&change.path, text),
            None => self.plain(&change.path).and_then(fs::remove_file),
        };
        result.map_err(|error| error.to_string())
    }

    async fn settle(&self, path: &RelPath, expected: Option<&str>) -> bool {
        self.current(path).as_deref() == expected
    }
}
