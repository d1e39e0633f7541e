//! `demo`: a bundled project with a failing test, copied to a temporary folder and repaired there.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::common::RunFlags;
use super::terminal::{Paint, complain, say};
use super::{exit, work};
use crate::agent::{Status, Task, TaskKind};

/// Files of a bundled project: path and text.
type Files = &'static [(&'static str, &'static str)];

macro_rules! bundled {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../tests/fixtures/demo/", $folder, "/", $path)))),+]
    };
}

const PYTHON: Files = bundled!("python": ".gitignore", "pyproject.toml", "tidewatch/__init__.py", "tidewatch/clock.py", "tidewatch/passage.py", "tidewatch/ports.py", "tidewatch/tides.py", "tests/__init__.py", "tests/test_passage.py", "tests/test_ports.py", "tests/test_tides.py");
const RUST: Files = bundled!("rust": ".gitignore", "Cargo.toml", "Cargo.lock", "src/day.rs", "src/leg.rs", "src/lib.rs", "src/pace.rs", "src/tour.rs", "tests/paces.rs", "tests/tours.rs");

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which project; what this machine can run where it is left out.
    #[arg(value_enum)]
    language: Option<Language>,
    #[command(flatten)]
    flags: RunFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// A tide table, tested with the standard library's unittest.
    Python,
    /// A tour of mountain huts.
    Rust,
}

impl Language {
    fn word(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }
    fn files(self) -> Files {
        match self {
            Self::Python => PYTHON,
            Self::Rust => RUST,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let languages = match arguments.language {
        Some(language) => vec![language],
        None => available(),
    };
    anyhow::ensure!(
        !languages.is_empty(),
        "neither cargo nor python3 was found on this machine; install one of them (https://rustup.rs) and try again"
    );
    let runtime = tokio::runtime::Runtime::new().context("no threads could be started")?;
    let mut worst = exit::OK;
    for language in languages {
        let code = runtime.block_on(show(language, &arguments.flags))?;
        worst = worst.max(code);
    }
    runtime.shutdown_background();
    Ok(worst)
}

/// What can be run here: cargo and python3 on the PATH.
fn available() -> Vec<Language> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    [("python3", Language::Python), ("cargo", Language::Rust)]
        .into_iter()
        .filter(|(program, _)| has(program))
        .map(|(_, language)| language)
        .collect()
}

async fn show(language: Language, flags: &RunFlags) -> anyhow::Result<u8> {
    let folder = tempfile::Builder::new()
        .prefix(&format!("lamplighter-demo-{}-", language.word()))
        .tempdir()
        .context("no temporary folder could be made")?;
    unpack(language.files(), folder.path())?;
    let paint = Paint::stderr();
    if !flags.json && !flags.quiet {
        complain(&format!(
            "\n{} a small {} project with a failing test, in {}",
            paint.bold("demo:"),
            language.word(),
            folder.path().display()
        ));
    }
    let flags = RunFlags { workspace: Some(folder.path().to_owned()), apply: true, ..flags.clone() };
    let setting = flags.setting().await?;
    let conducted = work::execute(&setting, Task::new(TaskKind::Fix, "Plan & fix what fails"), &flags).await?;
    if flags.json {
        say(&serde_json::to_string(&conducted.result)?);
    } else {
        work::show(&conducted.result, &flags);
    }
    if conducted.result.status == Status::Verified {
        // Kept, so that the repaired project can be looked at.
        let kept = folder.keep();
        if !flags.json {
            complain(&paint.dim(&format!("  the repaired project is in {}", kept.display())));
        }
    }
    Ok(exit::code(conducted.result.status))
}

fn unpack(files: Files, folder: &Path) -> anyhow::Result<()> {
    for (path, text) in files {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, text).with_context(|| format!("{} could not be written", file.display()))?;
    }
    Ok(())
}
