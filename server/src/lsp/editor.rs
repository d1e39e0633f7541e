//! The client as a place where patches go. What it says about them is not believed; the text is compared.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tower_lsp::Client;
use tower_lsp::ls_types as lsp;

use super::convert;
use super::server::Shared;
use crate::delivery::{DiskEditor, Editor};
use crate::session::OpenDocument;
use crate::text::{Change, Document, FileChange, RelPath, edits_between};

/// A client that has not answered by then never will.
const ANSWER: Duration = Duration::from_secs(20);
/// How long the client's `didChange` may take after its answer.
const SETTLE: Duration = Duration::from_secs(4);

/// The editor, for one workspace folder.
pub(super) struct InEditor {
    pub(super) client: Client,
    pub(super) shared: Arc<Shared>,
    pub(super) root: PathBuf,
}

impl InEditor {
    fn disk(&self) -> DiskEditor {
        DiskEditor::new(&self.root)
    }

    fn uri(&self, path: &RelPath) -> Result<lsp::Uri, String> {
        let opened = self.shared.session().document_of(&self.root, path).map(|document| document.path().to_owned());
        let absolute = opened.unwrap_or_else(|| path.to_path(&self.root));
        self.shared.uri(&absolute).ok_or_else(|| format!("{} has no URI", absolute.display()))
    }

    fn is_open(&self, path: &RelPath) -> bool {
        self.shared.session().document_of(&self.root, path).is_some()
    }

    /// The change as operations of the protocol.
    fn operations(&self, file: &FileChange) -> Result<Vec<lsp::DocumentChangeOperation>, String> {
        use lsp::{DocumentChangeOperation as Operation, OneOf, ResourceOp};
        let uri = self.uri(&file.path)?;
        let version = self.shared.session().document_of(&self.root, &file.path).map(OpenDocument::version);
        let edits = |old: &str, new: &str| {
            let document = Document::new(old);
            let edits = edits_between(&file.path, old, new);
            convert::text_edits(&document, &edits, self.shared.encoding()).ok_or_else(|| "its edits have no positions".to_owned())
        };
        let edit = |edits: Vec<lsp::TextEdit>| {
            let text_document = lsp::OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version };
            Operation::Edit(lsp::TextDocumentEdit { text_document, edits: edits.into_iter().map(OneOf::Left).collect() })
        };
        Ok(match &file.change {
            Change::Modify { old, new } => vec![edit(edits(old, new)?)],
            Change::Create { new } => {
                let options = Some(lsp::CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(true) });
                let create = lsp::CreateFile { uri: uri.clone(), options, annotation_id: None };
                vec![Operation::Op(ResourceOp::Create(create)), edit(edits("", new)?)]
            }
            Change::Delete { .. } => {
                let options = Some(lsp::DeleteFileOptions { recursive: Some(false), ignore_if_not_exists: Some(true) });
                vec![Operation::Op(ResourceOp::Delete(lsp::DeleteFile { uri: uri.clone(), options, annotation_id: None }))]
            }
        })
    }

    fn supports(&self, change: &Change) -> bool {
        match change {
            Change::Modify { .. } => true,
            Change::Create { .. } => self.shared.abilities().create,
            Change::Delete { .. } => self.shared.abilities().delete,
        }
    }

    /// For clients without versioned document changes.
    fn plain(&self, file: &FileChange) -> Result<lsp::WorkspaceEdit, String> {
        let (Some(old), Some(new)) = (file.change.old(), file.change.new_text()) else {
            return Err("the editor only takes plain edits".into());
        };
        let edits = edits_between(&file.path, old, new);
        let edits = convert::text_edits(&Document::new(old), &edits, self.shared.encoding()).ok_or("its edits have no positions")?;
        Ok(lsp::WorkspaceEdit { changes: Some(HashMap::from([(self.uri(&file.path)?, edits)])), ..lsp::WorkspaceEdit::default() })
    }

    /// Sends one file's change, and waits for the client's word.
    async fn send(&self, file: &FileChange) -> Result<(), String> {
        let edit = if self.shared.abilities().document_changes {
            lsp::WorkspaceEdit {
                document_changes: Some(lsp::DocumentChanges::Operations(self.operations(file)?)),
                ..lsp::WorkspaceEdit::default()
            }
        } else {
            self.plain(file)?
        };
        match tokio::time::timeout(ANSWER, self.client.apply_edit(edit)).await {
            Ok(Ok(response)) if response.applied => Ok(()),
            Ok(Ok(response)) => Err(response.failure_reason.unwrap_or_else(|| "the editor refused it".into())),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the editor did not answer within {} s", ANSWER.as_secs())),
        }
    }

    /// Neovim opens a new file as one empty line, so that the text put into it ends with a blank line too many: takes that away.
    async fn without_blank_end(&self, path: &RelPath, new: &str) -> Result<(), String> {
        let longer = format!("{new}\n");
        let has = |text: &str| self.current(path).as_deref() == Some(text);
        self.until(|| has(new) || has(&longer)).await;
        if !has(&longer) {
            return Ok(());
        }
        self.send(&FileChange { path: path.clone(), change: Change::Modify { old: longer, new: new.to_owned() } }).await
    }

    /// Waits until something holds for what the client has told us, or it had time enough to tell.
    async fn until(&self, holds: impl Fn() -> bool + Send) -> bool {
        let mut changed = self.shared.changed();
        let waiting = async {
            while !holds() {
                // Files that are not open tell nobody: look again now and then.
                let _ = tokio::time::timeout(Duration::from_millis(50), changed.changed()).await;
            }
        };
        tokio::time::timeout(SETTLE, waiting).await.is_ok()
    }
}

#[async_trait]
impl Editor for InEditor {
    fn current(&self, path: &RelPath) -> Option<String> {
        let open = self.shared.session().document_of(&self.root, path).map(|document| document.text().to_string());
        open.or_else(|| self.disk().current(path))
    }

    async fn apply(&self, file: &FileChange) -> Result<(), String> {
        if !self.supports(&file.change) {
            return self.disk().apply(file).await;
        }
        self.send(file).await?;
        match &file.change {
            Change::Create { new } => self.without_blank_end(&file.path, new).await,
            _ => Ok(()),
        }
    }

    async fn settle(&self, path: &RelPath, expected: Option<&str>) -> bool {
        self.until(|| self.current(path).as_deref() == expected || self.disk().current(path).as_deref() == expected && !self.is_open(path))
            .await
    }
}
