//! Completions and the manual page, made from the same definitions as the command line.

use std::io;

use anyhow::Context as _;
use clap::{Args, Command};

use super::exit;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

pub(super) fn completions(arguments: &Completions, mut command: Command) -> anyhow::Result<u8> {
    clap_complete::generate(arguments.shell, &mut command, "lamplighter", &mut io::stdout());
    Ok(exit::OK)
}

pub(super) fn man(command: Command) -> anyhow::Result<u8> {
    clap_mangen::Man::new(command).render(&mut io::stdout()).context("the manual page could not be written")?;
    Ok(exit::OK)
}
