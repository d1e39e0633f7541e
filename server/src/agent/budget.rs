//! Limits of a run and what was spent; checked before every call.

use serde::{Deserialize, Serialize};

use crate::model::Usage;

/// Limits; `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Model turns.
    pub steps: Option<u64>,
    /// Tokens in and out together.
    pub tokens: Option<u64>,
    /// Money in US dollars; needs a price for the model.
    pub cost_usd: Option<f64>,
    /// Wall seconds.
    pub wall_s: Option<f64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: Some(100), tokens: Some(2_000_000), cost_usd: None, wall_s: Some(1800.0) }
    }
}

/// What was spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Model turns.
    pub turns: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Candidate patches tried.
    pub candidates: u64,
    /// Tokens.
    pub usage: Usage,
    /// Seconds waiting for the model.
    pub model_s: f64,
    /// Seconds in tools, as the user waited for them.
    pub tool_s: f64,
}

/// Dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// For input.
    pub input: f64,
    /// For input read from a cache.
    pub cached: f64,
    /// For output.
    pub output: f64,
}

impl Spent {
    /// Dollars, where the price is known.
    pub fn cost(&self, price: Option<Price>) -> Option<f64> {
        let price = price?;
        let fresh = self.usage.input_tokens.saturating_sub(self.usage.cached_tokens);
        let sum =
            fresh as f64 * price.input + self.usage.cached_tokens as f64 * price.cached + self.usage.output_tokens as f64 * price.output;
        Some(sum / 1e6)
    }

    /// The limit that is reached, in words, if any is.
    pub fn over(&self, budget: &Budget, price: Option<Price>, wall_s: f64) -> Option<String> {
        let tokens = self.usage.input_tokens + self.usage.output_tokens;
        if budget.steps.is_some_and(|limit| self.turns >= limit) {
            return Some(format!("{} model turns were used; raise it with --max-steps", self.turns));
        }
        if budget.tokens.is_some_and(|limit| tokens >= limit) {
            return Some(format!("{tokens} tokens were used; raise it with --max-tokens"));
        }
        if let (Some(limit), Some(cost)) = (budget.cost_usd, self.cost(price))
            && cost >= limit
        {
            return Some(format!("{cost:.2} US dollars were spent; raise it with --max-cost"));
        }
        if budget.wall_s.is_some_and(|limit| wall_s >= limit) {
            return Some(format!("{wall_s:.0} s passed; raise it with --max-seconds"));
        }
        None
    }
}
