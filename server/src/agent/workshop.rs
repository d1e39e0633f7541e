//! What every run of a process shares, made once from the user's own configuration.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::budget::{Budget, Price};
use super::effects::{Clock, SystemClock};
use super::tools::AskMode;
use crate::model::{Choice, ModelError};
use crate::proof::Overrides;
use crate::sandbox::{Limits, Sandbox, Walls};
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
        let usual = Limits::default();
        let limits = Limits {
            memory_mb: given.memory_mb.unwrap_or(usual.memory_mb),
            processes: given.processes.unwrap_or(usual.processes),
            wall: given.cpu_s.map_or(usual.wall, Duration::from_secs),
            ..usual
        };
        Ok(Self {
            model: Choice::from_settings(settings)?,
            sandbox: Arc::new(Walls::probe().await),
            clock: Arc::new(SystemClock::default()),
            cache: session::cache_folder().join("copies"),
            limits,
            budget: Budget::default(),
            price: None,
            ask: AskMode::default(),
            overrides: Overrides::default(),
        })
    }
}
