//! What every run of a process shares, made once from the user's own configuration.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::budget::{Budget, Price};
use super::effects::{Clock, SystemClock};
use super::tools::AskMode;
use crate::model::{Choice, ModelError};
use crate::proof::Overrides;
use crate::sandbox::{Limits, Sandbox, Tier, Walls};
use crate::session::{self, Settings};

/// Walls, model, limits: all that a run needs besides its task.
#[derive(Clone)]
pub struct Workshop {
    /// The walls.
    pub sandbox: Arc<dyn Sandbox>,
    /// Who answers.
    pub model: Choice,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Folder of the private copies.
    pub cache: PathBuf,
    /// Limits of one command.
    pub limits: Limits,
    /// Limits of a run.
    pub budget: Budget,
    /// What the model costs, where known.
    pub price: Option<Price>,
    /// When to ask.
    pub ask: AskMode,
    /// Host paths that commands may read besides what they need (`[sandbox] read_paths`).
    pub read_paths: Vec<PathBuf>,
    /// Test and check commands from the user's own configuration.
    pub overrides: Overrides,
}

impl Workshop {
    /// A workshop as `settings` have it; probes which walls hold here.
    ///
    /// # Errors
    /// Where the settings name a model that cannot be asked.
    pub async fn set_up(settings: &Settings) -> Result<Self, ModelError> {
        let given = &settings.sandbox;
        let limits =
            Limits { memory_mb: given.memory_mb, processes: given.processes, wall: Duration::from_secs(given.cpu_s), ..Limits::default() };
        let price = &settings.model.price;
        let budget = &settings.budget;
        Ok(Self {
            model: Choice::from_settings(settings)?,
            sandbox: Arc::new(walls(given.tier).await),
            clock: Arc::new(SystemClock::default()),
            cache: session::cache_folder().join("copies"),
            limits,
            budget: Budget {
                steps: Some(u64::from(budget.steps)),
                tokens: Some(budget.tokens),
                cost_usd: budget.cost_usd,
                wall_s: Some(budget.wall_s as f64),
            },
            price: price.input.zip(price.output).map(|(input, output)| Price {
                input,
                cached: price.cached_input.unwrap_or(input),
                output,
            }),
            ask: match settings.run.ask {
                session::Ask::Never => AskMode::Never,
                session::Ask::Risky => AskMode::Risky,
                session::Ask::Always => AskMode::Always,
            },
            read_paths: given.read_paths.clone(),
            overrides: Overrides::default(),
        })
    }
}

/// The walls that hold here; a tier that was asked for counts only where it passes the same probe.
async fn walls(asked: session::Tier) -> Walls {
    let best = Walls::probe().await;
    let tier = match asked {
        session::Tier::Auto => return best,
        session::Tier::A => Tier::A,
        session::Tier::B => Tier::B,
        session::Tier::C => Tier::C,
    };
    best.with_tier(tier).unwrap_or_else(|error| {
        tracing::warn!("[sandbox] tier is not used: {error}");
        best
    })
}
