//! One run's folder: events appended and synced one by one, other files replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JournalError, failed};
use crate::text::Hash;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position, from 0.
    pub seq: u64,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Hash over the chain so far and `data`.
    pub chain: Hash,
    /// The event.
    pub data: Value,
}

/// A run's record, being written.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    file: File,
    seq: u64,
    chain: Hash,
}

impl Record {
    pub(super) fn create(folder: PathBuf) -> Result<Self, JournalError> {
        fs::create_dir_all(&folder).map_err(failed("create", &folder))?;
        let path = folder.join("journal.jsonl");
        let file = OpenOptions::new().create_new(true).append(true).open(&path).map_err(failed("create", &path))?;
        Ok(Self { folder, file, seq: 0, chain: Hash::of("") })
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends an event; it is on the disk when this returns.
    pub fn append<T: Serialize>(&mut self, event: &T) -> Result<(), JournalError> {
        let path = self.folder.join("journal.jsonl");
        let damaged = |error: serde_json::Error| JournalError::Damaged { path: path.clone(), why: error.to_string() };
        let data = serde_json::to_value(event).map_err(damaged)?;
        self.chain = link(self.chain, &data);
        let entry = Entry { seq: self.seq, at: jiff::Timestamp::now().to_string(), chain: self.chain, data };
        let mut line = serde_json::to_vec(&entry).map_err(damaged)?;
        line.push(b'\n');
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(failed("append to", &path))?;
        self.seq += 1;
        Ok(())
    }

    /// Writes a JSON file beside the journal, whole or not at all.
    pub fn store<T: Serialize>(&self, name: &str, value: &T) -> Result<(), JournalError> {
        store_json(&self.folder.join(name), value)
    }

    /// Writes a text file beside the journal, whole or not at all.
    pub fn store_text(&self, name: &str, text: &str) -> Result<(), JournalError> {
        replace(&self.folder.join(name), text.as_bytes())
    }
}

fn link(chain: Hash, data: &Value) -> Hash {
    Hash::of(format!("{chain}{data}"))
}

pub(super) fn store_json<T: Serialize>(path: &Path, value: &T) -> Result<(), JournalError> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| JournalError::Damaged { path: path.to_owned(), why: error.to_string() })?;
    replace(path, &text)
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed("write", path))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_data()).map_err(failed("write", path))?;
    file.persist(path).map_err(|error| failed("write", path)(error.error))?;
    Ok(())
}

/// Reads the entries that are whole; a torn last line (the process died while writing it) ends the list.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    let mut chain = Hash::of("");
    let mut entries: Vec<Entry> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let entry: Entry = match serde_json::from_str(line) {
            Ok(entry) => entry,
            Err(_) if number + 1 == lines.len() => break,
            Err(error) => return Err(JournalError::Damaged { path: path.to_owned(), why: format!("line {}: {error}", number + 1) }),
        };
        chain = link(chain, &entry.data);
        if entry.chain != chain {
            return Err(JournalError::Damaged {
                path: path.to_owned(),
                why: format!("line {} does not follow from the one before", number + 1),
            });
        }
        entries.push(entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    #[test]
    fn what_was_appended_is_read_back() -> Result<(), Box<dyn std::error::Error>> {
        let state = tempfile::tempdir()?;
        let journal = Journal::new(state.path());
        let mut record = journal.begin()?;
        record.append(&"one")?;
        record.append(&vec![1, 2])?;
        let id = record.id().to_owned();
        let entries = journal.events(&id)?;
        assert_eq!(entries.iter().map(|entry| entry.data.to_string()).collect::<Vec<_>>(), ["\"one\"", "[1,2]"]);
        assert_eq!(journal.list(), [id]);
        Ok(())
    }

    #[test]
    fn a_torn_line_is_dropped_and_a_changed_one_is_found() -> Result<(), Box<dyn std::error::Error>> {
        let state = tempfile::tempdir()?;
        let journal = Journal::new(state.path());
        let mut record = journal.begin()?;
        record.append(&"first")?;
        record.append(&"second")?;
        let (id, path) = (record.id().to_owned(), record.folder().join("journal.jsonl"));
        let whole = fs::read_to_string(&path)?;
        fs::write(&path, &whole[..whole.len() - 9])?;
        assert_eq!(journal.events(&id)?.len(), 1);
        fs::write(&path, whole.replace("first", "fists"))?;
        assert!(matches!(journal.events(&id), Err(JournalError::Damaged { .. })));
        Ok(())
    }
}
