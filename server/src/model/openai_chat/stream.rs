//! Puts a streamed reply together again, whatever the server makes of the protocol.
//!
//! Known deviations handled here: a missing or constant `index` of tool-call deltas, missing or repeated call ids, an
//! error object inside a successful stream, absent or unknown finish reasons, arguments sent whole as an object.

use serde_json::{Map, Value, json};

use crate::model::{Reply, Stop, ToolCall, Usage};

/// Why a stream gives no reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamError {
    /// It ended before the reply did.
    Cut,
    /// An event is not JSON.
    Garbage(String),
    /// The server reported an error inside the stream.
    Server(String),
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// Collects the deltas of one reply.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    text: String,
    reasoning: String,
    calls: Vec<Call>,
    finish: Option<String>,
    usage: Usage,
    seen_usage: bool,
    seen_any: bool,
}

impl Assembler {
    /// Takes one event's data; `Ok(true)` says that nothing more can follow.
    pub(super) fn feed(&mut self, data: &str) -> Result<bool, StreamError> {
        let event: Value = serde_json::from_str(data.trim_start_matches('\u{feff}')).map_err(|error| {
            StreamError::Garbage(format!("an event is not JSON ({error}): {}", data.chars().take(200).collect::<String>()))
        })?;
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(StreamError::Server(error_text(&json!({"error": error}).to_string())));
        }
        if let Some(usage) = event.get("usage").filter(|usage| usage.is_object()) {
            self.seen_usage = true;
            let number = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
            self.usage = Usage {
                input_tokens: number("/prompt_tokens"),
                cached_tokens: number("/prompt_tokens_details/cached_tokens"),
                output_tokens: number("/completion_tokens"),
            };
        }
        let Some(choice) = event.pointer("/choices/0") else { return Ok(self.finish.is_some() && self.seen_usage) };
        self.seen_any = true;
        // Some servers send the last event as a whole `message`.
        let delta = choice.get("delta").or_else(|| choice.get("message")).unwrap_or(&Value::Null);
        if let Some(text) = delta.get("content").and_then(Value::as_str) {
            self.text.push_str(text);
        }
        if let Some(text) = delta.get("reasoning_content").and_then(Value::as_str) {
            self.reasoning.push_str(text);
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call);
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(reason.to_owned());
        }
        Ok(false)
    }

    fn call(&mut self, delta: &Value) {
        let id = delta.get("id").and_then(Value::as_str).unwrap_or_default();
        let index = delta.get("index").and_then(Value::as_u64);
        let name = delta.pointer("/function/name").and_then(Value::as_str).unwrap_or_default();
        let known = if id.is_empty() {
            // A fragment: of the call with its index, else of the last one — unless it names a function anew.
            self.calls
                .iter()
                .rposition(|call| index.is_none() || call.index == index)
                .filter(|at| name.is_empty() || self.calls[*at].name.is_empty() || index.is_some())
        } else {
            self.calls.iter().rposition(|call| call.id == id && (call.index == index || index.is_none()))
        };
        let at = known.unwrap_or_else(|| {
            self.calls.push(Call { index, id: id.to_owned(), ..Call::default() });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        if call.name.is_empty() {
            call.name.push_str(name);
        }
        match delta.pointer("/function/arguments") {
            Some(Value::String(fragment)) => call.arguments.push_str(fragment),
            Some(whole @ Value::Object(_)) => call.arguments = whole.to_string(),
            _ => {}
        }
    }

    /// The reply, once the stream is over.
    pub(super) fn finish(self) -> Result<Reply, StreamError> {
        if !self.seen_any || self.finish.is_none() && self.calls.is_empty() && self.text.is_empty() {
            return Err(StreamError::Cut);
        }
        // Without a finish reason a reply counts as whole only if its calls are: a cut one must not run half a call.
        if self.finish.is_none() && self.calls.iter().any(|call| serde_json::from_str::<Value>(&call.arguments).is_err()) {
            return Err(StreamError::Cut);
        }
        let mut used: Vec<String> = Vec::new();
        let mut calls = Vec::new();
        for (number, call) in self.calls.into_iter().enumerate() {
            let mut id = call.id;
            if id.is_empty() || used.contains(&id) {
                id = fresh_id(number);
            }
            used.push(id.clone());
            let raw = if call.arguments.trim().is_empty() { "{}".to_owned() } else { call.arguments };
            let arguments = serde_json::from_str(&raw).unwrap_or(Value::String(raw));
            calls.push(ToolCall { id, name: call.name, arguments });
        }
        let stop = match self.finish.as_deref() {
            Some("length") => Stop::Length,
            Some("content_filter") => Stop::Refused,
            _ => Stop::Done,
        };
        let mut opaque = Map::new();
        if !self.reasoning.is_empty() {
            opaque.insert("reasoning_content".into(), self.reasoning.into());
        }
        let opaque = if opaque.is_empty() { Value::Null } else { Value::Object(opaque) };
        Ok(Reply { text: self.text, calls, stop, usage: self.usage, opaque })
    }
}

/// An id of nine alphanumerics, which every server takes (Mistral takes nothing else).
fn fresh_id(number: usize) -> String {
    let noise: String = std::iter::repeat_with(fastrand::alphanumeric).take(6).collect();
    format!("{noise}{:03}", number % 1000)
}

/// The server's own words out of an error body, bounded.
pub(super) fn error_text(body: &str) -> String {
    let parsed: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let words =
        ["/error/message", "/error/error/message", "/message", "/detail", "/error"].iter().find_map(|path| parsed.pointer(path)?.as_str());
    words.unwrap_or(body).chars().take(500).collect()
}

/// Whether an error means that the conversation is too long; servers say so in codes and in prose.
pub(super) fn is_overflow(message: &str, body: &str) -> bool {
    let text = format!("{message} {body}").to_lowercase();
    [
        "context_length_exceeded",
        "maximum context length",
        "context window",
        "context size",
        "prompt is too long",
        "too many tokens",
        "exceed_context_size",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(events: &[Value]) -> Result<Reply, StreamError> {
        let mut assembler = Assembler::default();
        for event in events {
            if assembler.feed(&event.to_string())? {
                break;
            }
        }
        assembler.finish()
    }

    fn delta(delta: Value) -> Value {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
    }

    fn end(reason: &str) -> Value {
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    }

    fn call(index: Option<u64>, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
        delta(json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}))
    }

    #[test]
    fn fragments_are_joined_per_call() {
        let reply = assemble(&[
            call(Some(0), Some("a"), Some("read"), ""),
            call(Some(1), Some("b"), Some("list"), "{}"),
            call(Some(0), None, None, r#"{"path":"#),
            call(Some(0), None, None, r#""x"}"#),
            end("tool_calls"),
        ]);
        let calls = reply.map(|reply| reply.calls).unwrap_or_default();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].arguments, json!({"path": "x"}));
        assert_eq!(calls[1].name, "list");
    }

    #[test]
    fn a_new_id_is_a_new_call_even_at_the_same_index() {
        for index in [Some(0), None] {
            let reply =
                assemble(&[call(index, Some("a"), Some("read"), "{}"), call(index, Some("b"), Some("list"), "{}"), end("tool_calls")]);
            assert_eq!(reply.map(|reply| reply.calls.len()), Ok(2), "index {index:?}");
        }
    }

    #[test]
    fn missing_and_repeated_ids_are_minted() {
        let calls = assemble(&[call(Some(0), None, Some("read"), "{}"), call(Some(1), None, Some("list"), "{}"), end("stop")])
            .map(|reply| reply.calls)
            .unwrap_or_default();
        assert_eq!(calls.len(), 2);
        assert_ne!(calls[0].id, calls[1].id);
        assert!(calls.iter().all(|call| call.id.len() == 9));
    }

    #[test]
    fn invalid_arguments_are_kept_for_the_loop_to_report() {
        let calls =
            assemble(&[call(Some(0), Some("a"), Some("read"), "{oops"), end("tool_calls")]).map(|reply| reply.calls).unwrap_or_default();
        assert_eq!(calls[0].arguments, Value::String("{oops".into()));
    }

    #[test]
    fn errors_and_cuts_are_told_apart() {
        assert_eq!(assemble(&[json!({"error": {"message": "overloaded"}})]), Err(StreamError::Server("overloaded".into())));
        assert_eq!(assemble(&[]), Err(StreamError::Cut));
        assert_eq!(assemble(&[call(Some(0), Some("a"), Some("read"), r#"{"pa"#)]), Err(StreamError::Cut));
        assert!(matches!(Assembler::default().feed("not json"), Err(StreamError::Garbage(_))));
    }

    #[test]
    fn usage_and_reasoning_are_kept() {
        let reply = assemble(&[
            delta(json!({"reasoning_content": "hm", "content": "a"})),
            end("stop"),
            json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 7}}}),
        ])
        .unwrap_or_default();
        assert_eq!(reply.usage, Usage { input_tokens: 10, cached_tokens: 7, output_tokens: 2 });
        assert_eq!(reply.opaque, json!({"reasoning_content": "hm"}));
    }
}
