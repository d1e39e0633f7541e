//! An editor in memory that speaks the real protocol with the real binary: buffers with versions, edits, progress, prompts.
//!
//! Dropping it fails the test where the server died on the way.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::project::Project;

/// No answer within this is a failure of its own, said as such.
const PATIENCE: Duration = Duration::from_secs(120);

/// A buffer.
#[derive(Debug, Clone)]
pub struct Buffer {
    pub text: String,
    pub version: i32,
}

/// How the editor behaves.
pub struct Manners {
    /// Client capabilities.
    pub capabilities: Value,
    /// What the user picks when asked, by title; `None` leaves the prompt open.
    pub pick: Option<String>,
    /// Says that an edit was applied and does nothing.
    pub lies: bool,
    /// Opens a new file as one empty line, as Neovim does.
    pub new_is_a_line: bool,
    /// Puts this before every text it is given.
    pub adds: &'static str,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            capabilities: json!({
                "general": {"positionEncodings": ["utf-16"]},
                "window": {"workDoneProgress": true, "showDocument": {"support": true}},
                "workspace": {"applyEdit": true, "workspaceEdit": {"documentChanges": true, "resourceOperations": ["create", "rename", "delete"]}}
            }),
            pick: None,
            lies: false,
            new_is_a_line: false,
            adds: "",
        }
    }
}

/// The editor.
pub struct Editor {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
    pub root: std::path::PathBuf,
    pub buffers: BTreeMap<String, Buffer>,
    pub manners: Manners,
    /// Notifications and requests of the server, in order.
    pub seen: Vec<Value>,
    waiting: VecDeque<Value>,
    pub capabilities: Value,
}

impl Editor {
    /// Starts the server on a project and says hello.
    pub fn open(project: &Project) -> Self {
        Self::with(project, Manners::default())
    }

    pub fn with(project: &Project, manners: Manners) -> Self {
        let mut child =
            project.lamplighter().arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (sender, messages) = channel();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take();
        let mut editor = Self {
            child,
            stdin,
            messages,
            next: 0,
            root: project.root(),
            buffers: BTreeMap::new(),
            manners,
            seen: Vec::new(),
            waiting: VecDeque::new(),
            capabilities: Value::Null,
        };
        let folder = json!({"uri": editor.uri(""), "name": "workspace"});
        let params = json!({"processId": std::process::id(), "rootUri": editor.uri(""), "workspaceFolders": [folder], "capabilities": editor.manners.capabilities});
        let answer = editor.request("initialize", params).unwrap();
        editor.capabilities = answer["capabilities"].clone();
        editor.notify("initialized", json!({}));
        editor
    }

    pub fn uri(&self, path: &str) -> String {
        let path = if path.is_empty() { self.root.clone() } else { self.root.join(path) };
        format!("file://{}", path.display())
    }

    /// Opens a file of the workspace as it is on the disk.
    pub fn open_file(&mut self, path: &str) {
        let text = std::fs::read_to_string(self.root.join(path)).unwrap();
        self.open_text(path, &text);
    }

    pub fn open_text(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.buffers.insert(uri.clone(), Buffer { text: text.to_owned(), version: 1 });
        self.notify("textDocument/didOpen", json!({"textDocument": {"uri": uri, "languageId": "", "version": 1, "text": text}}));
    }

    /// Replaces `old` by `new` in a buffer, as typing does: an incremental change.
    pub fn type_over(&mut self, path: &str, old: &str, new: &str) {
        let uri = self.uri(path);
        let buffer = self.buffers.get_mut(&uri).unwrap();
        let start = buffer.text.find(old).unwrap_or_else(|| panic!("`{old}` is not in {path}"));
        let (from, to) = (position(&buffer.text, start), position(&buffer.text, start + old.len()));
        buffer.text.replace_range(start..start + old.len(), new);
        buffer.version += 1;
        let version = buffer.version;
        let change = json!({"range": {"start": from, "end": to}, "text": new});
        self.notify("textDocument/didChange", json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}));
    }

    pub fn text(&self, path: &str) -> &str {
        &self.buffers[&self.uri(path)].text
    }

    /// The menu where `at` stands in the file.
    pub fn menu(&mut self, path: &str, at: &str) -> Vec<Value> {
        self.menu_with(path, at, json!([]))
    }

    pub fn menu_with(&mut self, path: &str, at: &str, diagnostics: Value) -> Vec<Value> {
        let uri = self.uri(path);
        let text = &self.buffers[&uri].text;
        let start = position(text, text.find(at).unwrap_or_else(|| panic!("`{at}` is not in {path}")));
        let params =
            json!({"textDocument": {"uri": uri}, "range": {"start": start, "end": start}, "context": {"diagnostics": diagnostics}});
        self.request("textDocument/codeAction", params).unwrap().as_array().cloned().unwrap_or_default()
    }

    /// Chooses a menu entry by its title and returns the run's id.
    pub fn choose(&mut self, path: &str, at: &str, title: &str) -> String {
        let menu = self.menu(path, at);
        let titles: Vec<&str> = menu.iter().filter_map(|entry| entry["title"].as_str()).collect();
        let entry = menu.iter().find(|entry| entry["title"] == title).unwrap_or_else(|| panic!("no `{title}` in {titles:?}"));
        let command = entry["command"].clone();
        let answer =
            self.request("workspace/executeCommand", json!({"command": command["command"], "arguments": command["arguments"]})).unwrap();
        answer["run"].as_str().unwrap_or_default().to_owned()
    }

    pub fn execute(&mut self, command: &str, argument: Value) -> Result<Value, Value> {
        self.request("workspace/executeCommand", json!({"command": command, "arguments": [argument]}))
    }

    /// Waits for the end of a run's progress and returns its last message.
    pub fn wait_for_end(&mut self, run: &str) -> String {
        let token = format!("lamplighter/{run}");
        let end = self.wait_for(&format!("the end of {run}"), |message| {
            message["method"] == "$/progress" && message["params"]["token"] == token.as_str() && message["params"]["value"]["kind"] == "end"
        });
        end["params"]["value"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits for a message of the server that `wanted` accepts; those before it are handled as an editor would.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.seen.iter().find(|message| wanted(message)) {
            return found.clone();
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.next_message(until, what);
            self.handle(&message);
            if wanted(&message) {
                return message;
            }
        }
    }

    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.next_message(until, method);
            if message.get("method").is_none() && message["id"] == id {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.handle(&message);
        }
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn next_message(&mut self, until: Instant, what: &str) -> Value {
        if let Some(message) = self.waiting.pop_front() {
            return message;
        }
        match self.messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => {
                panic!("no answer to {what}; seen: {:#?}", self.seen.iter().rev().take(5).collect::<Vec<_>>())
            }
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended while {what} was awaited"),
        }
    }

    fn handle(&mut self, message: &Value) {
        self.seen.push(message.clone());
        let Some(id) = message.get("id").cloned() else { return };
        let result = match message["method"].as_str().unwrap_or_default() {
            "workspace/applyEdit" => self.apply(&message["params"]["edit"]),
            "window/showMessageRequest" => match &self.manners.pick {
                Some(title) => json!({"title": title}),
                None => return,
            },
            "window/showDocument" => json!({"success": true}),
            _ => Value::Null,
        };
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    /// Applies a workspace edit as a strict client does: all or nothing, versions checked.
    fn apply(&mut self, edit: &Value) -> Value {
        if self.manners.lies {
            return json!({"applied": true});
        }
        let mut changed = self.buffers.clone();
        for operation in edit["documentChanges"].as_array().cloned().unwrap_or_default() {
            match operation["kind"].as_str() {
                Some("create") => {
                    let uri = operation["uri"].as_str().unwrap().to_owned();
                    let text = if self.manners.new_is_a_line { "\n".to_owned() } else { String::new() };
                    changed.entry(uri).or_insert(Buffer { text, version: 0 });
                }
                Some("delete") => {
                    changed.remove(operation["uri"].as_str().unwrap());
                }
                _ => {
                    let document = &operation["textDocument"];
                    let uri = document["uri"].as_str().unwrap().to_owned();
                    let path = uri.trim_start_matches("file://").to_owned();
                    let buffer = changed
                        .entry(uri)
                        .or_insert_with(|| Buffer { text: std::fs::read_to_string(&path).unwrap_or_default(), version: 0 });
                    if document["version"].as_i64().is_some_and(|version| version != i64::from(buffer.version)) {
                        return json!({"applied": false, "failureReason": "stale version"});
                    }
                    let mut edits: Vec<(usize, usize, String)> = operation["edits"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|edit| {
                            (
                                offset(&buffer.text, &edit["range"]["start"]),
                                offset(&buffer.text, &edit["range"]["end"]),
                                format!("{}{}", self.manners.adds, edit["newText"].as_str().unwrap()),
                            )
                        })
                        .collect();
                    edits.sort();
                    for (start, end, text) in edits.into_iter().rev() {
                        buffer.text.replace_range(start..end, &text);
                    }
                }
            }
        }
        let before = std::mem::replace(&mut self.buffers, changed);
        let uris: Vec<String> = self.buffers.keys().cloned().collect();
        for uri in uris {
            let buffer = self.buffers.get_mut(&uri).unwrap();
            match before.get(&uri) {
                Some(old) if old.text == buffer.text => {}
                Some(_) => {
                    buffer.version += 3;
                    let (text, version) = (buffer.text.clone(), buffer.version);
                    self.notify(
                        "textDocument/didChange",
                        json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}),
                    );
                }
                None => {
                    let (text, version) = (buffer.text.clone(), buffer.version);
                    self.notify(
                        "textDocument/didOpen",
                        json!({"textDocument": {"uri": uri, "languageId": "", "version": version, "text": text}}),
                    );
                }
            }
        }
        for uri in before.keys().filter(|uri| !self.buffers.contains_key(*uri)) {
            let path = uri.trim_start_matches("file://");
            let _ = std::fs::remove_file(path);
        }
        for uri in before.into_keys() {
            if !self.buffers.contains_key(&uri) {
                self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
            }
        }
        json!({"applied": true})
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let stdin = self.stdin.as_mut().expect("the connection is open");
        write!(stdin, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| stdin.flush()).expect("the server reads");
    }

    /// Closes the connection without a word and waits for the server's end.
    pub fn hang_up(mut self) -> std::process::ExitStatus {
        self.stdin = None;
        self.child.wait().unwrap()
    }

    /// Ends the session properly and returns the server's exit status.
    pub fn close(mut self) -> std::process::ExitStatus {
        self.request("shutdown", Value::Null).unwrap();
        self.notify("exit", Value::Null);
        self.child.wait().unwrap()
    }

    pub fn server_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_message(stream: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// Byte offset → UTF-16 position.
pub fn position(text: &str, byte: usize) -> Value {
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({"line": before.matches('\n').count(), "character": before[line_start..].encode_utf16().count()})
}

/// UTF-16 position → byte offset.
pub fn offset(text: &str, position: &Value) -> usize {
    let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
    let mut units = position["character"].as_u64().unwrap();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    for (at, character) in text[start..].char_indices() {
        if units == 0 || character == '\n' {
            return start + at;
        }
        units -= character.len_utf16() as u64;
    }
    text.len()
}
