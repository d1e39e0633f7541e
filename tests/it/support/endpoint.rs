//! A scripted Chat Completions endpoint on loopback: says what it is told, with the flaws it is told, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A streamed reply: text and calls (name, arguments).
    Says(String, Vec<(String, Value)>),
    /// A status with headers and a body.
    Status(u16, Vec<(String, String)>, String),
    /// These bytes as the stream, then the connection is closed.
    Raw(String),
}

/// The endpoint.
pub struct Endpoint {
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<Value>>>,
    headers: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    /// Answers one request after another from `answers`; past the last it closes the connection.
    pub fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, headers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (kept, kept_headers) = (asked.clone(), headers.clone());
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((stream, _)) = listener.accept() else { return };
                let _ = serve(stream, &answer, &kept, &kept_headers);
            }
        });
        Self { address, asked, headers }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Bodies of the requests so far.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// Header blocks of the requests so far.
    pub fn headers(&self) -> Vec<String> {
        self.headers.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, answer: &Answer, asked: &Mutex<Vec<Value>>, headers: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    headers.lock().unwrap().push(head);
    asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap_or(Value::Null));
    let mut stream = stream;
    let stream_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    match answer {
        Answer::Status(status, headers, body) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            write!(stream, "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        }
        Answer::Raw(text) => write!(stream, "{stream_head}{text}"),
        Answer::Says(text, calls) => {
            stream.write_all(stream_head.as_bytes())?;
            for event in events(text, calls) {
                write!(stream, "data: {event}\n\n")?;
                stream.flush()?;
            }
            write!(stream, "data: [DONE]\n\n")
        }
    }
}

/// A reply as the vendor streams it: arguments in fragments, then the finish reason, then usage.
pub fn events(text: &str, calls: &[(String, Value)]) -> Vec<Value> {
    let chunk = |choices: Value, usage: Value| json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "scripted", "choices": choices, "usage": usage});
    let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
    let mut events = vec![delta(json!({"role": "assistant", "content": text}))];
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let arguments = arguments.to_string();
        let middle = arguments.ceil_char_boundary(arguments.len() / 2);
        let call = json!({"index": index, "id": format!("call_{index}_{}", text.len()), "type": "function", "function": {"name": name, "arguments": ""}});
        events.push(delta(json!({"tool_calls": [call]})));
        for fragment in [&arguments[..middle], &arguments[middle..]] {
            events.push(delta(json!({"tool_calls": [{"index": index, "function": {"arguments": fragment}}]})));
        }
    }
    let reason = if calls.is_empty() { "stop" } else { "tool_calls" };
    events.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}]), Value::Null));
    events.push(chunk(json!([]), json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120})));
    events
}
