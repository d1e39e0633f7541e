//! What subcommands that start runs share: flags, the workspace, the workshop.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::agent::{AskMode, Workshop};
use crate::index::{Syntax, language_of};
use crate::journal::Journal;
use crate::model::Choice;
use crate::session::{self, Provider, Settings};
use crate::text::RelPath;

/// Flags of every subcommand that starts a run.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunFlags {
    /// The workspace (default: the nearest project root of the current folder).
    #[arg(long, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
    /// Write the proven patch to the files (default: print it as a unified diff).
    #[arg(long)]
    pub(super) apply: bool,
    /// Commit the proven patch on this new git branch instead; the files stay as they are.
    #[arg(long, value_name = "NAME", conflicts_with = "apply")]
    pub(super) branch: Option<String>,
    /// Print one JSON object as the result.
    #[arg(long)]
    pub(super) json: bool,
    /// Print every event as a JSON line on standard error.
    #[arg(long)]
    pub(super) events: bool,
    /// Show no progress.
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// The model to ask, by the provider's name for it; `builtin` for the built-in engine.
    #[arg(long, value_name = "NAME")]
    pub(super) model: Option<String>,
    /// Model turns at the most.
    #[arg(long, value_name = "N")]
    pub(super) max_steps: Option<u64>,
    /// Tokens at the most, in and out together.
    #[arg(long, value_name = "N")]
    pub(super) max_tokens: Option<u64>,
    /// US dollars at the most.
    #[arg(long, value_name = "USD")]
    pub(super) max_cost: Option<f64>,
    /// Wall seconds at the most.
    #[arg(long, value_name = "S")]
    pub(super) max_seconds: Option<f64>,
    /// When to ask.
    #[arg(long, value_enum)]
    pub(super) ask: Option<Ask>,
    /// The configuration file to read.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// When to ask.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Ask {
    /// Never; every question is answered with no.
    Never,
    /// Before risky things.
    Risky,
    /// Before anything is applied.
    Always,
}

/// Everything a run needs, made from flags, environment and the user's configuration.
pub(super) struct Setting {
    pub(super) root: PathBuf,
    pub(super) workshop: Workshop,
    pub(super) journal: Journal,
}

impl RunFlags {
    /// Reads the configuration and probes the machine.
    pub(super) async fn setting(&self) -> anyhow::Result<Setting> {
        let root = self.root()?;
        let mut settings = Settings::load(self.config.as_deref(), &session::process_environment)?;
        if let Some(model) = &self.model {
            if model == "builtin" {
                settings.model.provider = Provider::Builtin;
            } else {
                settings.model.name = Some(model.clone());
            }
        }
        Ok(Setting { root, workshop: self.workshop(&settings).await?, journal: Journal::of_user() })
    }

    /// The workspace root: named, or found from the current folder.
    pub(super) fn root(&self) -> anyhow::Result<PathBuf> {
        let start = match &self.workspace {
            Some(named) => named.clone(),
            None => std::env::current_dir().context("the current folder cannot be read; name one with --workspace")?,
        };
        let start = std::fs::canonicalize(&start).with_context(|| format!("the workspace {} cannot be opened", start.display()))?;
        if !start.is_dir() {
            bail!("the workspace {} is not a folder", start.display());
        }
        Ok(if self.workspace.is_some() { start } else { session::nearest_root(&start).unwrap_or(start) })
    }

    async fn workshop(&self, settings: &Settings) -> anyhow::Result<Workshop> {
        let mut workshop = Workshop::set_up(settings).await?;
        let budget = &mut workshop.budget;
        budget.steps = self.max_steps.or(budget.steps);
        budget.tokens = self.max_tokens.or(budget.tokens);
        budget.cost_usd = self.max_cost.or(budget.cost_usd);
        budget.wall_s = self.max_seconds.or(budget.wall_s);
        if budget.cost_usd.is_some() && workshop.price.is_none() && !matches!(workshop.model, Choice::Builtin) {
            bail!("a limit on money needs the model's price: set [model] price in the configuration file");
        }
        if let Some(ask) = self.ask {
            workshop.ask = match ask {
                Ask::Never => AskMode::Never,
                Ask::Risky => AskMode::Risky,
                Ask::Always => AskMode::Always,
            };
        }
        Ok(workshop)
    }
}

/// A place on the command line: `PATH[:LINE[:COL]]`, lines and columns from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) path: PathBuf,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
}

impl Pointer {
    pub(super) fn parse(text: &str) -> Self {
        let mut parts: Vec<&str> = text.split(':').collect();
        let mut numbers = Vec::new();
        while parts.len() > 1
            && numbers.len() < 2
            && let Some(number) = parts.last().and_then(|part| part.parse().ok())
        {
            numbers.push(number);
            parts.pop();
        }
        let line = numbers.pop();
        Self { path: parts.join(":").into(), line, column: numbers.pop() }
    }

    /// The place in the workspace: file, span and symbol.
    pub(super) fn resolve(&self, root: &Path) -> anyhow::Result<crate::agent::Place> {
        let absolute = std::fs::canonicalize(&self.path)
            .or_else(|_| std::fs::canonicalize(root.join(&self.path)))
            .with_context(|| format!("{} does not exist", self.path.display()))?;
        let Some(path) = RelPath::below(root, &absolute) else {
            bail!("{} is not inside the workspace {}; name the workspace with --workspace", absolute.display(), root.display());
        };
        let mut place = crate::agent::Place { path, span: None, symbol: None, is_test: false };
        let Some(line) = self.line else { return Ok(place) };
        let text = std::fs::read_to_string(&absolute).with_context(|| format!("{} cannot be read as text", self.path.display()))?;
        let Some(text_line) = text.split_inclusive('\n').nth(line.saturating_sub(1)) else {
            bail!("{} has no line {line}", self.path.display());
        };
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let indent = text_line.len() - text_line.trim_start().len();
        let column = self
            .column
            .map_or(indent, |column| text_line.char_indices().nth(column.saturating_sub(1)).map_or(text_line.len(), |(at, _)| at));
        place.span = Some(start + column..start + text_line.trim_end().len().max(column));
        if let Some(language) = language_of(place.path.as_str().as_ref())
            && let Some(item) = Syntax::of(language, &text).symbol_at(start + column)
        {
            place.symbol = Some(item.qualified.clone());
            place.is_test = item.is_test;
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_the_right() {
        let pointer =
            |text: &str| (Pointer::parse(text).path.display().to_string(), Pointer::parse(text).line, Pointer::parse(text).column);
        assert_eq!(pointer("a/b.py"), ("a/b.py".into(), None, None));
        assert_eq!(pointer("a/b.py:3"), ("a/b.py".into(), Some(3), None));
        assert_eq!(pointer("a/b.py:3:7"), ("a/b.py".into(), Some(3), Some(7)));
        assert_eq!(pointer("C:/x.py:3"), ("C:/x.py".into(), Some(3), None));
    }
}
