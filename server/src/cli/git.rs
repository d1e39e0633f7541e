//! `--branch`: the proven patch as a commit on a new branch, made by git's plumbing inside the sandbox.
//!
//! git never gets to see the user's repository, only its objects, read-only: what runs in the sandbox could otherwise plant
//! a hook or a setting that the user's next `git status` executes. New objects go to a repository of one commit; from
//! there they are taken over here, by name, and the branch is one small file. The working files and the index stay as they
//! are; hooks, filters, monitors and settings of the repository are not run or read.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::common::Setting;
use crate::delivery::Conducted;
use crate::sandbox::{Bind, Command, Copy};
use crate::session::Snapshot;
use crate::text::RelPath;

const INSIDE: &str = "/tmp/repository";
const OBJECTS: &str = "/tmp/objects";
const SCRIPT: &str = r#"set -eu
branch=$1; base=$2; message=$3; shift 3
git check-ref-format --branch "$branch" >/dev/null
git read-tree "$base"
for path in "$@"; do
  if [ -e "$path" ]; then
    mode=100644; if [ -x "$path" ]; then mode=100755; fi
    git update-index --add --cacheinfo "$mode,$(git hash-object -w --no-filters -- "$path"),$path"
  else
    git update-index --force-remove -- "$path"
  fi
done
printf '%s\n' "$message" | git commit-tree "$(git write-tree)" -p "$base"
"#;

/// Commits the patch on `branch` and returns the commit's id.
pub(super) async fn commit(
    setting: &Setting,
    snapshot: &Snapshot,
    conducted: &Conducted,
    branch: &str,
    cancel: &CancellationToken,
) -> anyhow::Result<String> {
    let repository = Repository::at(&setting.root)?;
    let reference = repository.new_branch(branch)?;
    let base = repository.head()?;
    let scratch = tempfile::tempdir().context("no folder for the commit")?;
    for folder in ["objects", "refs/heads"] {
        std::fs::create_dir_all(scratch.path().join(folder))?;
    }
    std::fs::write(scratch.path().join("HEAD"), "ref: refs/heads/none\n")?;
    let copy = Copy::open(&setting.workshop.cache, snapshot).context("the private copy for the commit could not be made")?;
    for file in &conducted.patch.files {
        match file.change.new_text() {
            Some(text) => copy.write(&file.path, text.as_bytes())?,
            None => copy.remove(&file.path)?,
        }
    }
    let message = format!("{}\n\n{}", conducted.result.goal, conducted.result.summary);
    let mut argv: Vec<String> = ["/bin/sh", "-c", SCRIPT, "sh", branch, &base, &message].map(String::from).into();
    argv.extend(conducted.patch.files.iter().map(|file| file.path.to_string()));
    let mut command = Command::new(argv);
    command.binds.push(Bind::writable(scratch.path(), INSIDE));
    command.binds.push(Bind { host: repository.folder.join("objects"), inside: OBJECTS.into(), writable: false });
    let (name, email) = identity();
    for (key, value) in [
        ("GIT_DIR", INSIDE),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", OBJECTS),
        ("GIT_INDEX_FILE", "/tmp/repository/index"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", &name),
        ("GIT_AUTHOR_EMAIL", &email),
        ("GIT_COMMITTER_NAME", &name),
        ("GIT_COMMITTER_EMAIL", &email),
    ] {
        command.env.insert(key.into(), value.into());
    }
    let outcome = setting.workshop.sandbox.run(&copy, command, cancel).await?;
    let commit = outcome.stdout.text().trim().to_owned();
    if !outcome.exit.ok() || !is_id(&commit) {
        bail!("the commit on {branch} was not made: {}", outcome.stderr.text().trim());
    }
    repository.adopt(&scratch.path().join("objects")).context("the commit's objects could not be stored")?;
    repository.point(&reference, &commit)?;
    Ok(commit)
}

/// As git itself leaves its objects.
#[cfg(unix)]
fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o444))
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The user's repository, read and added to file by file (layout: git's `gitrepository-layout`).
struct Repository {
    folder: PathBuf,
}

impl Repository {
    fn at(root: &Path) -> anyhow::Result<Self> {
        let folder = root.join(".git");
        if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            bail!("{} is not the root of a git repository, so there is no branch to commit on", root.display());
        }
        for inner in ["objects", "refs", "refs/heads"] {
            if !folder.join(inner).symlink_metadata().is_ok_and(|found| found.is_dir()) {
                bail!("{} is laid out in a way that is not understood here ({inner}); commit by hand", folder.display());
            }
        }
        Ok(Self { folder })
    }

    /// The id of the commit that HEAD names.
    fn head(&self) -> anyhow::Result<String> {
        let head = std::fs::read_to_string(self.folder.join("HEAD")).context("HEAD cannot be read")?;
        let id = match head.trim().strip_prefix("ref: ") {
            Some(name) => self.find(name).with_context(|| format!("there is no commit on {name} yet"))?,
            None => head.trim().to_owned(),
        };
        if !is_id(&id) {
            bail!("HEAD does not name a commit");
        }
        Ok(id)
    }

    /// The id a reference holds, loose or packed.
    fn find(&self, name: &str) -> Option<String> {
        let path = RelPath::new(name).ok().filter(|path| path.as_str().starts_with("refs/"))?;
        if let Ok(id) = std::fs::read_to_string(path.to_path(&self.folder)) {
            return Some(id.trim().to_owned());
        }
        let packed = std::fs::read_to_string(self.folder.join("packed-refs")).ok()?;
        packed.lines().find_map(|line| line.split_once(' ').filter(|(_, packed)| *packed == name)).map(|(id, _)| id.to_owned())
    }

    /// The reference of a branch that does not exist yet.
    fn new_branch(&self, branch: &str) -> anyhow::Result<RelPath> {
        let reference = RelPath::new(format!("refs/heads/{branch}")).ok().filter(|path| !path.as_str().ends_with(".lock"));
        let reference = reference.with_context(|| format!("`{branch}` is not a name for a branch"))?;
        if self.find(reference.as_str()).is_some() {
            bail!("the branch {branch} exists already");
        }
        Ok(reference)
    }

    /// Takes over loose objects; those that are there already are the same, for their name is their content's.
    fn adopt(&self, objects: &Path) -> anyhow::Result<()> {
        for group in std::fs::read_dir(objects)?.flatten() {
            let name = group.file_name().to_string_lossy().into_owned();
            if name.len() != 2 || !group.file_type()?.is_dir() {
                continue;
            }
            let folder = self.folder.join("objects").join(&name);
            if folder.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                bail!("{} is no folder", folder.display());
            }
            std::fs::create_dir_all(&folder)?;
            for object in std::fs::read_dir(group.path())?.flatten() {
                let rest = object.file_name().to_string_lossy().into_owned();
                let place = folder.join(&rest);
                if !is_id(&format!("{name}{rest}")) || !object.file_type()?.is_file() || place.symlink_metadata().is_ok() {
                    continue;
                }
                let mut new = tempfile::Builder::new().prefix("tmp_obj_").tempfile_in(&folder)?;
                new.write_all(&std::fs::read(object.path())?)?;
                readable_by_all(new.as_file())?;
                if let Err(error) = new.persist_noclobber(&place)
                    && error.error.kind() != std::io::ErrorKind::AlreadyExists
                {
                    return Err(error.error.into());
                }
            }
        }
        Ok(())
    }

    /// Makes the reference, unless somebody was faster.
    fn point(&self, reference: &RelPath, commit: &str) -> anyhow::Result<()> {
        let place = reference.to_path(&self.folder);
        let mut walked = self.folder.clone();
        for part in reference.parent().unwrap_or_default().split('/') {
            walked.push(part);
            if walked.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                bail!("the branch cannot be made: {} is no folder", walked.display());
            }
        }
        std::fs::create_dir_all(&walked)?;
        let made = std::fs::File::create_new(&place).and_then(|mut file| file.write_all(format!("{commit}\n").as_bytes()));
        made.with_context(|| format!("the branch cannot be made at {}", place.display()))
    }
}

/// Who commits: git's own variables, else the user's git configuration, else this program.
fn identity() -> (String, String) {
    let configured = std::env::var_os("HOME")
        .and_then(|home| std::fs::read_to_string(std::path::Path::new(&home).join(".gitconfig")).ok())
        .unwrap_or_default();
    let from_file = |key: &str| {
        let mut in_user = false;
        configured.lines().find_map(|line| {
            let line = line.trim();
            if line.starts_with('[') {
                in_user = line.eq_ignore_ascii_case("[user]");
                return None;
            }
            let (name, value) = line.split_once('=')?;
            (in_user && name.trim().eq_ignore_ascii_case(key)).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let pick = |variable: &str, key: &str, otherwise: &str| {
        std::env::var(variable).ok().or_else(|| from_file(key)).unwrap_or_else(|| otherwise.to_owned())
    };
    (pick("GIT_AUTHOR_NAME", "name", "Lamplighter"), pick("GIT_AUTHOR_EMAIL", "email", "lamplighter@localhost"))
}
