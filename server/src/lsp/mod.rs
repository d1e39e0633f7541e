//! The door: the only room that knows editor types, URIs, UTF-16 and progress tokens.
//!
//! [`server`] takes requests, [`runs`] keeps what goes on in the background, [`editor`] and [`human`] are the run's view
//! of the client. Every request to the client is made from a spawned task and has a time-out; notification handlers never
//! wait, so that changes are taken in the order they were typed.

mod commands;
mod convert;
mod editor;
mod human;
mod progress;
mod runs;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tower_lsp::{LspService, Server as Transport};

use server::{Door, Server};

/// Requests handled at once: more than editors send, since handlers that wait for the client must not block it.
const CONCURRENCY: usize = 128;

/// Speaks LSP on standard input and output until `exit`, end of input, or the death of the parent process.
///
/// # Errors
/// Where the log file cannot be opened or threads cannot be started.
pub fn serve(config: Option<PathBuf>, log_file: Option<PathBuf>) -> anyhow::Result<()> {
    log_to(log_file)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().context("no threads could be started")?;
    runtime.block_on(async {
        let (service, socket) = LspService::build(|client| Door(Arc::new(Server::new(client, config))))
            .custom_method("window/workDoneProgress/cancel", |server: &Door, params| {
                server.progress_cancelled(&params);
                std::future::ready(())
            })
            .finish();
        let server = service.inner().clone();
        Transport::new(tokio::io::stdin(), tokio::io::stdout(), socket).concurrency_level(CONCURRENCY).serve(service).await;
        server.runs.stop_all().await;
    });
    // Reading standard input cannot be interrupted; nothing else is left to wait for.
    runtime.shutdown_background();
    Ok(())
}

/// Logs to standard error (editors keep it) and, where asked for, to a file; never to standard output.
fn log_to(file: Option<PathBuf>) -> anyhow::Result<()> {
    use tracing_subscriber::prelude::*;
    let filter = || tracing_subscriber::EnvFilter::try_from_env("LAMPLIGHTER_LOG").unwrap_or_else(|_| "lamplighter=info".into());
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_filter(filter());
    let file = match file {
        Some(path) => {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .with_context(|| format!("the log file {} cannot be opened", path.display()))?;
            Some(tracing_subscriber::fmt::layer().with_writer(Arc::new(file)).with_ansi(false).with_filter(filter()))
        }
        None => None,
    };
    // Ignored: only a second call in one process fails, and then there is a log already.
    let _ = tracing_subscriber::registry().with(stderr).with(file).try_init();
    Ok(())
}
