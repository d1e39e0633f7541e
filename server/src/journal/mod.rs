//! Append-only record of every run; what `runs list|show|undo` read and what recovery starts from.
//!
//! One folder per run below the state folder: `journal.jsonl` (events, each chained to the one before by its hash),
//! `result.json`, `patch.json` (full texts on both sides, for undo), `patch.diff`, `report.md`. This room knows nothing of
//! what an event means; it keeps and returns values.

mod record;

pub use record::{Entry, Record};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::session;

/// How long a run is kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// Runs that are kept.
const KEPT_RUNS: usize = 500;

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}; check that the folder exists, is yours and has space")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No run has this id.
    #[error("there is no run `{0}`; `lamplighter runs list` shows those there are")]
    Unknown(String),
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { action, path, source }
}

/// All runs of a user, below one folder.
#[derive(Debug, Clone)]
pub struct Journal {
    runs: PathBuf,
}

impl Journal {
    /// The journal below `state` (`$XDG_STATE_HOME/lamplighter`); nothing is created yet.
    pub fn new(state: &Path) -> Self {
        Self { runs: state.join("runs") }
    }

    /// The journal of the user who runs this process, below [`session::state_folder`].
    pub fn of_user() -> Self {
        Self::new(&session::state_folder())
    }

    /// Begins a record under a fresh id: the date and time in UTC and four random characters.
    pub fn begin(&self) -> Result<Record, JournalError> {
        self.prune(KEPT_RUNS, KEPT);
        let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let noise: String = std::iter::repeat_with(fastrand::lowercase).take(4).collect();
        Record::create(self.runs.join(format!("{now}-{noise}")))
    }

    /// Ids of all runs, newest first.
    pub fn list(&self) -> Vec<String> {
        let mut ids: Vec<String> = fs::read_dir(&self.runs)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|id| is_id(id))
            .collect();
        ids.sort_unstable_by(|left, right| right.cmp(left));
        ids
    }

    /// The folder of a run.
    pub fn folder(&self, id: &str) -> Result<PathBuf, JournalError> {
        let folder = self.runs.join(id);
        if is_id(id) && folder.is_dir() { Ok(folder) } else { Err(JournalError::Unknown(id.to_owned())) }
    }

    /// A JSON file of a run.
    pub fn load<T: DeserializeOwned>(&self, id: &str, name: &str) -> Result<T, JournalError> {
        let path = self.folder(id)?.join(name);
        let text = fs::read(&path).map_err(failed("read", &path))?;
        serde_json::from_slice(&text).map_err(|error| JournalError::Damaged { path, why: error.to_string() })
    }

    /// The events of a run, as far as they are whole.
    pub fn events(&self, id: &str) -> Result<Vec<Entry>, JournalError> {
        record::read(&self.folder(id)?.join("journal.jsonl"))
    }

    /// Replaces a JSON file of a run, whole or not at all.
    pub fn store<T: Serialize>(&self, id: &str, name: &str, value: &T) -> Result<(), JournalError> {
        record::store_json(&self.folder(id)?.join(name), value)
    }

    /// Removes runs older than `age`, and the oldest ones past `count`.
    pub fn prune(&self, count: usize, age: Duration) {
        for (number, id) in self.list().into_iter().enumerate() {
            let folder = self.runs.join(id);
            let old = fs::metadata(&folder)
                .and_then(|meta| meta.modified())
                .ok()
                .and_then(|at| at.elapsed().ok())
                .is_some_and(|passed| passed > age);
            if number >= count || old {
                // What cannot be removed now will be tried again next time.
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
