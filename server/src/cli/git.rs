//! `--branch`: the proven patch as a commit on a new branch, made by git's plumbing inside the sandbox.
//!
//! The working files and the index stay as they are. Hooks, filters and monitors of the repository are not run.

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::common::Setting;
use crate::delivery::Conducted;
use crate::sandbox::{Bind, Command, Copy};
use crate::session::Snapshot;

const INSIDE: &str = "/tmp/repository";
const SCRIPT: &str = r#"set -eu
branch=$1; message=$2; shift 2
base=$(git rev-parse --verify --end-of-options HEAD)
git check-ref-format --branch "$branch" >/dev/null
if git rev-parse --verify --quiet "refs/heads/$branch" >/dev/null; then echo "the branch $branch exists already" >&2; exit 3; fi
git read-tree "$base"
for path in "$@"; do
  if [ -e "$path" ]; then
    mode=100644; if [ -x "$path" ]; then mode=100755; fi
    git update-index --add --cacheinfo "$mode,$(git hash-object -w --no-filters -- "$path"),$path"
  else
    git update-index --force-remove -- "$path"
  fi
done
commit=$(printf '%s\n' "$message" | git commit-tree "$(git write-tree)" -p "$base")
git update-ref "refs/heads/$branch" "$commit" ""
echo "$commit"
"#;

/// Commits the patch on `branch` and returns the commit's id.
pub(super) async fn commit(setting: &Setting, snapshot: &Snapshot, conducted: &Conducted, branch: &str, cancel: &CancellationToken) -> anyhow::Result<String> {
    let repository = setting.root.join(".git");
    if !repository.is_dir() {
        bail!("{} is not the root of a git repository, so there is no branch to commit on", setting.root.display());
    }
    let copy = Copy::open(&setting.workshop.cache, snapshot).context("the private copy for the commit could not be made")?;
    for file in &conducted.patch.files {
        match file.change.new_text() {
            Some(text) => copy.write(&file.path, text.as_bytes())?,
            None => copy.remove(&file.path)?,
        }
    }
    let message = format!("{}\n\n{}", conducted.result.goal, conducted.result.summary);
    let mut argv: Vec<String> = ["/bin/sh", "-c", SCRIPT, "sh", branch, &message].map(String::from).into();
    argv.extend(conducted.patch.files.iter().map(|file| file.path.to_string()));
    let mut command = Command::new(argv);
    command.binds.push(Bind::writable(&repository, INSIDE));
    let (name, email) = identity();
    for (key, value) in [
        ("GIT_DIR", INSIDE),
        ("GIT_INDEX_FILE", "/tmp/index"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_COUNT", "2"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "/dev/null"),
        ("GIT_CONFIG_KEY_1", "core.fsmonitor"),
        ("GIT_CONFIG_VALUE_1", "false"),
        ("GIT_AUTHOR_NAME", &name),
        ("GIT_AUTHOR_EMAIL", &email),
        ("GIT_COMMITTER_NAME", &name),
        ("GIT_COMMITTER_EMAIL", &email),
    ] {
        command.env.insert(key.into(), value.into());
    }
    let outcome = setting.workshop.sandbox.run(&copy, command, cancel).await?;
    if !outcome.exit.ok() {
        bail!("the commit on {branch} was not made: {}", outcome.stderr.text().trim());
    }
    Ok(outcome.stdout.text().trim().to_owned())
}

/// Who commits: git's own variables, else the user's git configuration, else this program.
fn identity() -> (String, String) {
    let configured = std::env::var_os("HOME").and_then(|home| std::fs::read_to_string(std::path::Path::new(&home).join(".gitconfig")).ok()).unwrap_or_default();
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
