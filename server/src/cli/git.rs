//! `--branch`: the proven patch as a commit on a new branch, made by git's plumbing inside the sandbox.
//!
//! The repository is never shown to a command. A throw-away one in the private copy borrows copies of its object and
//! reference files, makes the commit there, and only the new objects — named by their content — and one reference file are
//! taken back. Hooks, filters and monitors of the repository are not run; working files and index stay as they are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::common::Setting;
use crate::delivery::Conducted;
use crate::sandbox::{Bind, Command, Copy};
use crate::session::Snapshot;

const INSIDE: &str = "/tmp/exchange";
const SCRIPT: &str = r#"set -eu
head=$1; branch=$2; message=$3; shift 3
export GIT_DIR=/tmp/repository GIT_INDEX_FILE=/tmp/index GIT_CONFIG_NOSYSTEM=1
git check-ref-format --branch "$branch" >/dev/null
git init -q --bare "$GIT_DIR"
cp -r /tmp/exchange/objects/. "$GIT_DIR/objects/"
find "$GIT_DIR/objects" -type f | sort > /tmp/before
git read-tree "$head"
for path in "$@"; do
  if [ -e "$path" ]; then
    mode=100644; if [ -x "$path" ]; then mode=100755; fi
    git update-index --add --cacheinfo "$mode,$(git hash-object -w --no-filters -- "$path"),$path"
  else
    git update-index --force-remove -- "$path"
  fi
done
commit=$(printf '%s\n' "$message" | git commit-tree "$(git write-tree)" -p "$head")
find "$GIT_DIR/objects" -type f | sort | comm -13 /tmp/before - | while read -r object; do
  name=${object#"$GIT_DIR/objects/"}
  mkdir -p "/tmp/exchange/new/$(dirname "$name")"
  cp "$object" "/tmp/exchange/new/$name"
done
echo "$commit"
"#;

/// Commits the patch on `branch` and returns the commit's id.
pub(super) async fn commit(setting: &Setting, snapshot: &Snapshot, conducted: &Conducted, branch: &str, cancel: &CancellationToken) -> anyhow::Result<String> {
    let repository = setting.root.join(".git");
    if !repository.is_dir() || repository.join("reftable").exists() {
        bail!("{} is not the root of a git repository with plain references, so there is no branch to commit on", setting.root.display());
    }
    if resolve(&repository, &format!("refs/heads/{branch}")).is_some() {
        bail!("the branch {branch} exists already; name another");
    }
    let head = head(&repository).context("the repository has no commit yet, so there is nothing to branch from")?;
    let exchange = tempfile::tempdir()?;
    copy_objects(&repository.join("objects"), &exchange.path().join("objects"))?;
    let copy = Copy::open(&setting.workshop.cache, snapshot).context("the private copy for the commit could not be made")?;
    for file in &conducted.patch.files {
        match file.change.new_text() {
            Some(text) => copy.write(&file.path, text.as_bytes())?,
            None => copy.remove(&file.path)?,
        }
    }
    let message = format!("{}\n\n{}", conducted.result.goal, conducted.result.summary);
    let mut argv: Vec<String> = ["/bin/sh", "-c", SCRIPT, "sh", &head, branch, &message].map(String::from).into();
    argv.extend(conducted.patch.files.iter().map(|file| file.path.to_string()));
    let mut command = Command::new(argv);
    command.binds.push(Bind::writable(exchange.path(), INSIDE));
    let (name, email) = identity();
    for (key, value) in [("GIT_AUTHOR_NAME", &name), ("GIT_AUTHOR_EMAIL", &email), ("GIT_COMMITTER_NAME", &name), ("GIT_COMMITTER_EMAIL", &email)] {
        command.env.insert(key.into(), value.clone());
    }
    let outcome = setting.workshop.sandbox.run(&copy, command, cancel).await?;
    let commit = outcome.stdout.text().trim().to_owned();
    if !outcome.exit.ok() || !is_object_id(&commit) {
        bail!("the commit on {branch} was not made: {}", outcome.stderr.text().trim());
    }
    take_back(&exchange.path().join("new"), &repository.join("objects"))?;
    let reference = repository.join("refs/heads").join(branch);
    fs::create_dir_all(reference.parent().unwrap_or(&repository))?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&reference).with_context(|| format!("the branch {branch} could not be made"))?;
    std::io::Write::write_all(&mut file, format!("{commit}\n").as_bytes())?;
    Ok(commit)
}

fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit that HEAD stands for.
fn head(repository: &Path) -> Option<String> {
    let head = fs::read_to_string(repository.join("HEAD")).ok()?;
    match head.trim().strip_prefix("ref: ") {
        Some(name) => resolve(repository, name),
        None => Some(head.trim().to_owned()).filter(|id| is_object_id(id)),
    }
}

/// A reference by its full name, loose or packed.
fn resolve(repository: &Path, name: &str) -> Option<String> {
    let loose = fs::read_to_string(repository.join(name)).ok().map(|text| text.trim().to_owned());
    let packed = || {
        let all = fs::read_to_string(repository.join("packed-refs")).ok()?;
        all.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_owned))
    };
    loose.or_else(packed).filter(|id| is_object_id(id))
}

/// Copies a repository's objects, those it borrows from others included.
fn copy_objects(from: &Path, to: &Path) -> anyhow::Result<()> {
    for folder in std::iter::once(from.to_owned()).chain(alternates(from)) {
        for entry in ignore::WalkBuilder::new(&folder).standard_filters(false).follow_links(false).build().flatten() {
            let (Ok(relative), true) = (entry.path().strip_prefix(&folder), entry.file_type().is_some_and(|kind| kind.is_file())) else { continue };
            if relative.starts_with("info") {
                continue;
            }
            let target = to.join(relative);
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::copy(entry.path(), &target).with_context(|| format!("{} could not be copied", entry.path().display()))?;
        }
    }
    fs::create_dir_all(to)?;
    Ok(())
}

fn alternates(objects: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(objects.join("info/alternates")).unwrap_or_default();
    text.lines().map(|line| objects.join(line.trim())).filter(|path| path.is_dir()).collect()
}

/// Takes new objects into the repository; an object is named by its content, so one that is there already is the same.
fn take_back(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in ignore::WalkBuilder::new(from).standard_filters(false).follow_links(false).build().flatten() {
        let (Ok(relative), true) = (entry.path().strip_prefix(from), entry.file_type().is_some_and(|kind| kind.is_file())) else { continue };
        let hex: String = relative.to_string_lossy().replace('/', "");
        let target = to.join(relative);
        if !is_object_id(&hex) || target.exists() {
            continue;
        }
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        let mut file = tempfile::NamedTempFile::new_in(target.parent().unwrap_or(to))?;
        std::io::copy(&mut fs::File::open(entry.path())?, &mut file)?;
        file.persist(&target)?;
    }
    Ok(())
}

/// Who commits: git's own variables, else the user's git configuration, else this program.
fn identity() -> (String, String) {
    let configured = std::env::var_os("HOME").and_then(|home| fs::read_to_string(Path::new(&home).join(".gitconfig")).ok()).unwrap_or_default();
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
    let pick = |variable: &str, key: &str, otherwise: &str| std::env::var(variable).ok().or_else(|| from_file(key)).unwrap_or_else(|| otherwise.to_owned());
    (pick("GIT_AUTHOR_NAME", "name", "Lamplighter"), pick("GIT_AUTHOR_EMAIL", "email", "lamplighter@localhost"))
}
