//! OpenAI Chat Completions, and everything that speaks it: Ollama, vLLM, llama.cpp, LM Studio, OpenRouter, DeepSeek, Mistral.
//!
//! Streaming with tool calls. What the wire looks like follows the vendor's published API reference; what compatible
//! servers do differently is handled in [`stream`].

mod stream;

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use sse_stream::SseStream;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Message, Model, ModelError, ModelName, Reply, Request, ToolSpec, retry};
use stream::Assembler;

/// Bytes of one reply's stream at the most; more is a runaway server.
const STREAM_LIMIT: usize = 64 << 20;

/// Where to ask, as whom, and for how long.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Base URL up to and including the version (`https://api.openai.com/v1`).
    pub base_url: Url,
    /// The key, where one is needed. It is bound to `base_url`'s origin: redirects are never followed.
    pub key: Option<SecretString>,
    /// The model's name there.
    pub model: String,
    /// Seconds without a byte before giving up.
    pub idle: Duration,
    /// Seconds for a whole reply.
    pub total: Duration,
}

/// The client.
#[derive(Debug)]
pub struct OpenAiChat {
    endpoint: Endpoint,
    http: reqwest::Client,
}

impl OpenAiChat {
    /// A client for `endpoint`; nothing is sent yet.
    pub fn new(endpoint: Endpoint) -> Result<Self, ModelError> {
        // Ignored: it only fails where a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .tcp_nodelay(true)
            .user_agent(concat!("lamplighter/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ModelError::Configuration(format!("no HTTP client could be set up: {error}")))?;
        Ok(Self { endpoint, http })
    }

    fn host(&self) -> String {
        self.endpoint.base_url.host_str().unwrap_or("the endpoint").to_owned()
    }

    async fn attempt(&self, body: &Value) -> Result<Reply, Failure> {
        let url = format!("{}/chat/completions", self.endpoint.base_url.as_str().trim_end_matches('/'));
        let mut request = self.http.post(url).json(body);
        if let Some(key) = &self.endpoint.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = self.idle(request.send()).await?.map_err(|error| Failure::again(self.network(&error)))?;
        let status = response.status();
        if !status.is_success() {
            let headers = response.headers().clone();
            let text = self.idle(response.text()).await?.unwrap_or_default();
            return Err(Failure::status(self.refused(status.as_u16(), &text), status.as_u16(), headers, &text));
        }
        let mut seen = 0usize;
        let bytes = response.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(std::io::Error::other)?;
            seen += chunk.len();
            if seen > STREAM_LIMIT { Err(std::io::Error::other("the stream does not end")) } else { Ok(chunk) }
        });
        let mut events = std::pin::pin!(SseStream::from_bytes_stream(bytes));
        let mut assembler = Assembler::default();
        while let Some(event) = self.idle(events.next()).await? {
            let event = event.map_err(|error| Failure::again(self.network(&error)))?;
            let Some(data) = event.data.filter(|data| !data.trim().is_empty()) else { continue };
            if data.trim() == "[DONE]" {
                break;
            }
            if assembler.feed(&data).map_err(|error| self.stream_failure(error))? {
                break;
            }
        }
        assembler.finish().map_err(|error| self.stream_failure(error))
    }

    async fn idle<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let seconds = self.endpoint.idle.as_secs();
        tokio::time::timeout(self.endpoint.idle, future)
            .await
            .map_err(|_| Failure::again(ModelError::Timeout { endpoint: self.host(), seconds }))
    }

    fn network(&self, error: &dyn std::error::Error) -> ModelError {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            why = format!("{why}: {inner}");
            source = inner.source();
        }
        ModelError::Network { endpoint: self.host(), why }
    }

    fn refused(&self, status: u16, body: &str) -> ModelError {
        let message = stream::error_text(body);
        if stream::is_overflow(&message, body) {
            return ModelError::Overflow { message };
        }
        let message = match status {
            300..=399 => "it answered with a redirect, which is not followed because the key belongs to this address only; set `base_url` to the final address".to_owned(),
            _ => message,
        };
        ModelError::Refused { endpoint: self.host(), status, message }
    }

    fn stream_failure(&self, error: stream::StreamError) -> Failure {
        match error {
            stream::StreamError::Cut => {
                Failure::again(ModelError::Network { endpoint: self.host(), why: "the stream was cut before the reply ended".into() })
            }
            stream::StreamError::Garbage(why) => Failure::last(ModelError::Protocol { endpoint: self.host(), why }),
            stream::StreamError::Server(text) if stream::is_overflow(&text, &text) => Failure::last(ModelError::Overflow { message: text }),
            stream::StreamError::Server(message) => Failure::again(ModelError::Refused { endpoint: self.host(), status: 200, message }),
        }
    }

    fn body(&self, request: Request<'_>) -> Value {
        let mut body = Map::new();
        body.insert("model".into(), self.endpoint.model.clone().into());
        body.insert("messages".into(), request.messages.iter().flat_map(wire_message).collect());
        if !request.tools.is_empty() {
            body.insert("tools".into(), request.tools.iter().map(wire_tool).collect());
        }
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({"include_usage": true}));
        Value::Object(body)
    }
}

/// A failed attempt: the error, and whether and when another may follow.
struct Failure {
    error: ModelError,
    again: Option<Option<reqwest::header::HeaderMap>>,
}

impl Failure {
    fn again(error: ModelError) -> Self {
        Self { error, again: Some(None) }
    }
    fn last(error: ModelError) -> Self {
        Self { error, again: None }
    }
    fn status(error: ModelError, status: u16, headers: reqwest::header::HeaderMap, body: &str) -> Self {
        let again = retry::may_retry(status, &headers, body).then_some(Some(headers));
        Self { error, again }
    }
}

#[async_trait]
impl Model for OpenAiChat {
    fn name(&self) -> ModelName {
        ModelName { provider: "openai-chat".into(), name: self.endpoint.model.clone() }
    }

    async fn reply(&self, request: Request<'_>, cancel: &CancellationToken) -> Result<Reply, ModelError> {
        let body = self.body(request);
        let asking = async {
            let mut attempt = 0;
            loop {
                let failure = match self.attempt(&body).await {
                    Ok(reply) => return Ok(reply),
                    Err(failure) => failure,
                };
                match failure.again {
                    Some(headers) if attempt < retry::RETRIES => tokio::time::sleep(retry::wait(attempt, headers.as_ref())).await,
                    _ => return Err(failure.error),
                }
                attempt += 1;
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::Cancelled),
            reply = tokio::time::timeout(self.endpoint.total, asking) => {
                reply.unwrap_or_else(|_| Err(ModelError::Timeout { endpoint: self.host(), seconds: self.endpoint.total.as_secs() }))
            }
        }
    }
}

fn wire_tool(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}})
}

fn wire_message(message: &Message) -> Vec<Value> {
    match message {
        Message::System { text } => vec![json!({"role": "system", "content": text})],
        Message::User { text, .. } => vec![json!({"role": "user", "content": text})],
        Message::Tools { results } => {
            results.iter().map(|result| json!({"role": "tool", "tool_call_id": result.id, "content": result.text})).collect()
        }
        Message::Assistant { reply } => vec![wire_assistant(reply)],
    }
}

fn wire_assistant(reply: &Reply) -> Value {
    let mut turn = Map::new();
    turn.insert("role".into(), "assistant".into());
    turn.insert("content".into(), if reply.text.is_empty() && !reply.calls.is_empty() { Value::Null } else { reply.text.clone().into() });
    if !reply.calls.is_empty() {
        let calls = reply.calls.iter().map(|call| {
            let arguments = match &call.arguments {
                Value::String(raw) => raw.clone(),
                arguments => arguments.to_string(),
            };
            json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
        });
        turn.insert("tool_calls".into(), calls.collect());
    }
    if let Value::Object(opaque) = &reply.opaque {
        turn.extend(opaque.clone());
    }
    Value::Object(turn)
}
