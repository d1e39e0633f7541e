//! The server: takes requests and notifications, answers from memory, and hands work to the background.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{OnceCell, watch};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::{Client, LanguageServer};

use super::convert;
use super::runs::Runs;
use crate::actions::{self, COMMANDS, Finding, Look, Offer};
use crate::agent::Workshop;
use crate::session::{Session, Settings, for_menu};
use crate::text::{ContentChange, Encoding, RelPath};

/// What the client can do, as far as it matters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    pub(super) document_changes: bool,
    pub(super) create: bool,
    pub(super) delete: bool,
    pub(super) progress: bool,
    pub(super) show_document: bool,
}

impl Abilities {
    fn of(client: &lsp::ClientCapabilities) -> Self {
        let edit = client.workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
        let operations = edit.and_then(|edit| edit.resource_operations.as_deref()).unwrap_or_default();
        let window = client.window.as_ref();
        let document_changes = edit.is_some_and(|edit| edit.document_changes == Some(true) || !operations.is_empty());
        Self {
            document_changes,
            create: operations.contains(&lsp::ResourceOperationKind::Create),
            delete: operations.contains(&lsp::ResourceOperationKind::Delete),
            progress: window.is_some_and(|window| window.work_done_progress == Some(true)),
            show_document: window.and_then(|window| window.show_document.as_ref()).is_some_and(|show| show.support),
        }
    }
}

/// What requests and runs share.
pub(super) struct Shared {
    session: Mutex<Session>,
    uris: Mutex<HashMap<PathBuf, lsp::Uri>>,
    parsing: Mutex<HashSet<PathBuf>>,
    setup: OnceLock<(Encoding, Abilities)>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.setup.get().map_or(Encoding::Utf16, |(encoding, _)| *encoding)
    }

    pub(super) fn abilities(&self) -> Abilities {
        self.setup.get().map(|(_, abilities)| *abilities).unwrap_or_default()
    }

    /// Wakes up whenever a document changes.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The URI the client itself uses for a file, else one made from its path.
    pub(super) fn uri(&self, path: &Path) -> Option<lsp::Uri> {
        let known = self.uris.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known.or_else(|| lsp::Uri::from_file_path(path))
    }

    fn note(&self, path: &Path, uri: &lsp::Uri) {
        self.uris.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), uri.clone());
    }

    /// Parses what was edited, outside the session's lock; one parse per document at a time, the newest text counts.
    fn parse_soon(self: &Arc<Self>, path: &Path) {
        let mut parsing = self.parsing.lock().unwrap_or_else(PoisonError::into_inner);
        if !parsing.insert(path.to_owned()) {
            return;
        }
        let (shared, path) = (self.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || {
            loop {
                let syntax = shared.session().syntax(&path);
                let Some(mut syntax) = syntax.filter(crate::index::Syntax::is_stale) else { break };
                syntax.refresh();
                shared.session().adopt(&path, &mut syntax);
            }
            shared.parsing.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
        });
    }

    /// Takes what a client's configuration may say; what it may not — programs, addresses, keys, walls — is logged and ignored.
    fn configure(&self, configuration: &Value) {
        // Clients send the section's content, or an object that holds the section.
        let section = configuration.get("lamplighter").unwrap_or(configuration);
        for warning in self.session().configure(section) {
            tracing::warn!("{warning}");
        }
    }

    fn tick(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// The language server.
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) shared: Arc<Shared>,
    pub(super) runs: Arc<Runs>,
    config: Option<PathBuf>,
    workshop: OnceCell<Workshop>,
}

impl Server {
    pub(super) fn new(client: Client, config: Option<PathBuf>) -> Self {
        let shared = Shared {
            session: Mutex::new(Session::new(Settings::default(), Encoding::Utf16)),
            parsing: Mutex::default(),
            uris: Mutex::default(),
            setup: OnceLock::new(),
            changes: watch::Sender::new(0),
        };
        Self { client, shared: Arc::new(shared), runs: Arc::default(), config, workshop: OnceCell::new() }
    }

    /// The workshop, set up when the first run needs it: until then no file of the user's is read and nothing is started.
    pub(super) async fn workshop(&self) -> anyhow::Result<Workshop> {
        let config = self.config.clone();
        let made = self.workshop.get_or_try_init(|| async move {
            let settings = crate::session::Settings::load(config.as_deref(), &crate::session::process_environment)?;
            Workshop::set_up(&settings).await.map_err(anyhow::Error::from)
        });
        Ok(made.await?.clone())
    }

    pub(super) fn progress_cancelled(&self, params: &lsp::WorkDoneProgressCancelParams) {
        if let lsp::ProgressToken::String(token) = &params.token
            && let Some(run) = token.strip_prefix("lamplighter/")
        {
            self.runs.cancel(Some(run));
        }
    }

    /// The menu of a place, from memory.
    fn menu(&self, params: &lsp::CodeActionParams) -> Option<Vec<lsp::CodeActionOrCommand>> {
        let path = convert::path(&params.text_document.uri)?;
        let encoding = self.shared.encoding();
        let (document, relative, syntax) = {
            let session = self.shared.session();
            let open = session.document(&path)?;
            let relative = RelPath::below(session.folder_of(&path)?.real(), open.real())?;
            (open.document().clone(), relative, session.syntax(&path))
        };
        let syntax = syntax.map(for_menu);
        let span = convert::span(&document, params.range, encoding)?;
        let findings: Vec<Finding> = params
            .context
            .diagnostics
            .iter()
            .filter_map(|diagnostic| {
                Some(Finding { message: diagnostic.message.clone(), span: convert::span(&document, diagnostic.range, encoding)? })
            })
            .collect();
        let runs = self.runs.brief();
        let look = Look { path: &relative, syntax: syntax.as_ref(), span, diagnostics: &findings, runs: &runs };
        let wanted = params.context.only.as_deref();
        let action = |offer: Offer| {
            let range = convert::lsp_range(&document, &offer.span, encoding)?;
            let kind = match offer.kind {
                actions::Kind::QuickFix => "quickfix.lamplighter",
                actions::Kind::Refactor => "refactor.lamplighter",
                actions::Kind::Source => "source.lamplighter",
            };
            let asked_for = |only: &lsp::CodeActionKind| {
                only.as_str().is_empty() || kind == only.as_str() || kind.starts_with(&format!("{}.", only.as_str()))
            };
            if wanted.is_some_and(|wanted| !wanted.iter().any(asked_for)) {
                return None;
            }
            let about: Vec<lsp::Diagnostic> =
                offer.diagnostics.iter().filter_map(|at| params.context.diagnostics.get(*at).cloned()).collect();
            let mut argument = json!({"textDocument": {"uri": params.text_document.uri}, "range": range});
            if let Some(goal) = &offer.goal {
                argument["goal"] = json!(goal);
            }
            if let Some(run) = &offer.run {
                argument["run"] = json!(run);
            }
            if !about.is_empty() {
                argument["diagnostics"] = about.iter().map(|diagnostic| json!(diagnostic.message)).collect();
            }
            let command = lsp::Command { title: offer.title.clone(), command: offer.command.into(), arguments: Some(vec![argument]) };
            Some(lsp::CodeActionOrCommand::CodeAction(lsp::CodeAction {
                title: offer.title,
                kind: Some(lsp::CodeActionKind::from(kind)),
                diagnostics: (!about.is_empty()).then_some(about),
                command: Some(command),
                ..lsp::CodeAction::default()
            }))
        };
        Some(actions::offers(&look).into_iter().filter_map(action).collect())
    }

    /// Runs something that must not take the server down with it.
    fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
            tracing::error!("{what} panicked; this is a defect of Lamplighter");
            let mut error = Error::internal_error();
            error.message = format!("{what} failed by a defect of Lamplighter; the log has more").into();
            error
        })
    }
}

fn folder(folder: &lsp::WorkspaceFolder) -> Option<PathBuf> {
    convert::path(&folder.uri)
}

/// The server as the transport owns it.
#[derive(Clone)]
pub(super) struct Door(pub(super) Arc<Server>);

impl std::ops::Deref for Door {
    type Target = Arc<Server>;
    fn deref(&self) -> &Arc<Server> {
        &self.0
    }
}

impl LanguageServer for Door {
    #[allow(deprecated)] // rootUri is all that some clients send.
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let offered = params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let (encoding, kind) = convert::encoding(offered);
        *self.shared.session() = Session::new(Settings::default(), encoding);
        // Ignored: a second initialize changes nothing.
        let _ = self.shared.setup.set((encoding, Abilities::of(&params.capabilities)));
        let mut folders: Vec<PathBuf> = params.workspace_folders.iter().flatten().filter_map(folder).collect();
        if folders.is_empty() {
            folders.extend(params.root_uri.as_ref().and_then(convert::path));
        }
        for folder in folders {
            self.shared.session().add_folder(&folder);
        }
        if let Some(parent) = params.process_id {
            tokio::spawn(die_with(parent, self.runs.clone()));
        }
        if let Some(options) = &params.initialization_options {
            self.shared.configure(options);
        }
        let folders = lsp::WorkspaceServerCapabilities {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::OneOf::Left(true)),
            }),
            ..lsp::WorkspaceServerCapabilities::default()
        };
        let sync = lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
            save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
            ..lsp::TextDocumentSyncOptions::default()
        };
        let kinds = ["quickfix", "refactor", "source", "quickfix.lamplighter", "refactor.lamplighter", "source.lamplighter"];
        Ok(lsp::InitializeResult {
            capabilities: lsp::ServerCapabilities {
                position_encoding: offered.is_some().then_some(kind),
                text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(sync)),
                code_action_provider: Some(lsp::CodeActionProviderCapability::Options(lsp::CodeActionOptions {
                    code_action_kinds: Some(kinds.into_iter().map(lsp::CodeActionKind::from).collect()),
                    ..lsp::CodeActionOptions::default()
                })),
                execute_command_provider: Some(lsp::ExecuteCommandOptions {
                    commands: COMMANDS.map(String::from).into(),
                    work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
                }),
                workspace: Some(folders),
                ..lsp::ServerCapabilities::default()
            },
            server_info: Some(lsp::ServerInfo { name: "lamplighter".into(), version: Some(env!("CARGO_PKG_VERSION").into()) }),
            ..lsp::InitializeResult::default()
        })
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = convert::path(&document.uri) else { return };
        self.shared.note(&path, &document.uri);
        self.shared.session().open(&path, document.version, &document.text);
        self.shared.parse_soon(&path);
        self.shared.tick();
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        let Some(path) = convert::path(&params.text_document.uri) else { return };
        let changes: Vec<ContentChange> = params
            .content_changes
            .into_iter()
            .map(|change| ContentChange { range: change.range.map(convert::range), text: change.text })
            .collect();
        let taken = self.shared.session().change(&path, params.text_document.version, &changes);
        self.shared.parse_soon(&path);
        if let Err(error) = taken {
            tracing::warn!("{error}");
        }
        self.shared.tick();
    }

    async fn did_save(&self, _: lsp::DidSaveTextDocumentParams) {
        self.shared.tick();
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        let Some(path) = convert::path(&params.text_document.uri) else { return };
        self.shared.session().close(&path);
        self.shared.tick();
    }

    async fn did_change_workspace_folders(&self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let mut session = self.shared.session();
        params.event.removed.iter().filter_map(folder).for_each(|folder| session.remove_folder(&folder));
        for added in params.event.added.iter().filter_map(folder) {
            session.add_folder(&added);
        }
    }

    async fn did_change_configuration(&self, params: lsp::DidChangeConfigurationParams) {
        self.shared.configure(&params.settings);
    }

    async fn did_change_watched_files(&self, _: lsp::DidChangeWatchedFilesParams) {
        self.shared.tick();
    }

    async fn code_action(&self, params: lsp::CodeActionParams) -> Result<Option<lsp::CodeActionResponse>> {
        Server::guarded("the code-action menu", || self.menu(&params))
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
        super::commands::execute(self, &params.command, params.arguments.first().unwrap_or(&Value::Null))
    }

    async fn shutdown(&self) -> Result<()> {
        self.runs.stop_all().await;
        Ok(())
    }
}

/// Ends the process when the editor that started it is gone without a word.
async fn die_with(parent: u32, runs: Arc<Runs>) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let process = PathBuf::from(format!("/proc/{parent}"));
    // A process id from another namespace (an editor in a container) cannot be watched.
    if !process.exists() {
        return;
    }
    while process.exists() {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    runs.stop_all().await;
    std::process::exit(1);
}
