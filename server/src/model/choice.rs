//! Which model answers, decided from the settings once, before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Builtin, Endpoint, Model, ModelError, ModelName, OpenAiChat};
use crate::session::{Provider, Settings};
use crate::text::Files;

/// Who answers; built per run.
#[derive(Clone)]
pub enum Choice {
    /// The built-in engine.
    Builtin,
    /// An endpoint that speaks Chat Completions.
    OpenAiChat(Arc<Endpoint>),
    /// A model made elsewhere (tests, replays).
    Given(Arc<dyn Model>),
}

impl Choice {
    /// Decides from the settings. No key and no provider is the built-in engine.
    pub fn from_settings(settings: &Settings) -> Result<Self, ModelError> {
        let model = &settings.model;
        match model.provider {
            Provider::Builtin => Ok(Self::Builtin),
            Provider::OpenaiChat => {
                let base = model.base_url.clone().unwrap_or_else(|| "https://api.openai.com/v1".into());
                let base_url = Url::parse(&base).map_err(|error| ModelError::Configuration(format!("[model] base_url `{base}` is not a URL: {error}")))?;
                let Some(name) = model.name.clone() else {
                    return Err(ModelError::Configuration("[model] name is not set; name the model to ask, or pass --model".into()));
                };
                Ok(Self::OpenAiChat(Arc::new(Endpoint { base_url, key: model.key.clone(), model: name, idle: Duration::from_secs(model.idle_timeout_s), total: Duration::from_secs(model.total_timeout_s) })))
            }
            Provider::OpenaiResponses | Provider::Anthropic | Provider::Scripted => {
                Err(ModelError::Configuration("this version speaks the protocols `openai-chat` and `builtin` only; set [model] provider to one of them, or unset the other vendor's key".into()))
            }
        }
    }

    /// Provider and model.
    pub fn name(&self) -> ModelName {
        match self {
            Self::Builtin => ModelName { provider: "builtin".into(), name: "builtin".into() },
            Self::OpenAiChat(endpoint) => ModelName { provider: "openai-chat".into(), name: endpoint.model.clone() },
            Self::Given(model) => model.name(),
        }
    }

    /// The model for one run that works on `files`.
    pub fn build(&self, files: Arc<dyn Files>) -> Result<Arc<dyn Model>, ModelError> {
        Ok(match self {
            Self::Builtin => Arc::new(Builtin::new(files)),
            Self::OpenAiChat(endpoint) => Arc::new(OpenAiChat::new(endpoint.as_ref().clone())?),
            Self::Given(model) => model.clone(),
        })
    }
}
