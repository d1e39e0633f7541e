//! `lsp`: the server on standard input and output.

use std::path::PathBuf;

use clap::Args;

use super::exit;

/// Arguments of `lsp`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Accepted and ignored, for editors that add it.
    #[arg(long)]
    stdio: bool,
    /// Also write the log to this file.
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// The configuration file to read.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    crate::lsp::serve(arguments.config.clone(), arguments.log_file.clone())?;
    Ok(exit::OK)
}
