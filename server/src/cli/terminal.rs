//! What a person at a terminal sees: a live line, finished phases, questions. Colours only on a terminal, never with `NO_COLOR`.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::agent::{Answer, Event, Human, Question, Status, StepStatus, Watch};

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says something on standard output.
pub(super) fn say(text: &str) {
    // A closed pipe (`| head`) is no error.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Styles for terminals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    /// For standard error, where progress goes.
    pub(super) fn stderr() -> Self {
        Self(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    /// For standard output.
    pub(super) fn stdout() -> Self {
        Self(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }
    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }
    pub(super) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }
    pub(super) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }
    pub(super) fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// A unified diff with added and removed lines in colour.
    pub(super) fn diff(self, diff: &str) -> String {
        let line = |line: &str| match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => self.green(line),
            Some(b'-') if !line.starts_with("---") => self.red(line),
            Some(b'@') => self.dim(line),
            _ => line.to_owned(),
        };
        diff.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Shows a run as it goes.
pub(super) struct Live {
    bar: ProgressBar,
    paint: Paint,
    started: Instant,
    titles: Mutex<Vec<(String, StepStatus)>>,
    events: bool,
    quiet: bool,
}

impl Live {
    /// A live view on standard error; with `events` every event is a JSON line there instead.
    pub(super) fn new(events: bool, quiet: bool) -> Self {
        let bar = if events || quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner:.yellow} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, paint: Paint::stderr(), started: Instant::now(), titles: Mutex::default(), events, quiet }
    }

    fn line(&self, mark: &str, text: &str) {
        let time = self.paint.dim(&format!("{:>6.1} s", self.started.elapsed().as_secs_f64()));
        let line = format!("{time}  {mark} {text}");
        if self.bar.is_hidden() { complain(&line) } else { self.bar.println(line) }
    }

    fn show(&self, event: &Event) {
        match event {
            Event::Started { task, model, tier, .. } => {
                self.line(
                    &self.paint.yellow("●"),
                    &format!("{}  {}", self.paint.bold(&task.goal), self.paint.dim(&format!("{model}, sandbox tier {tier}"))),
                );
            }
            Event::Status { status } if !status.is_ending() => {
                self.bar.set_message(status.word());
                self.line(&self.paint.dim("·"), status_words(*status));
            }
            Event::Doing { text } => self.bar.set_message(text.clone()),
            Event::Plan { plan } => {
                if let Ok(mut titles) = self.titles.lock() {
                    if titles.is_empty() {
                        self.line(&self.paint.yellow("●"), "the plan");
                        plan.steps.iter().for_each(|step| self.line(" ", &format!("{} {}", self.paint.dim(&step.id), step.title)));
                    }
                    for step in &plan.steps {
                        let known = titles.iter().any(|(id, status)| *id == step.id && *status == step.status);
                        if !known && step.status == StepStatus::Done {
                            self.line(&self.paint.green("✓"), &step.title);
                        }
                    }
                    *titles = plan.steps.iter().map(|step| (step.id.clone(), step.status)).collect();
                }
            }
            Event::Said { text, .. } => self.line(&self.paint.dim("›"), text),
            Event::Tool { tool, answer, failed: true, .. } => self.line(&self.paint.red("✗"), &format!("{tool}: {answer}")),
            Event::Tool { tool, answer, seconds, .. } if *seconds > 0.2 => {
                self.line(
                    &self.paint.dim("·"),
                    &format!("{tool} {} {}", self.paint.dim(&format!("({seconds:.1} s)")), self.paint.dim(answer)),
                );
            }
            Event::Assumed { text } => self.line(&self.paint.yellow("?"), &format!("assuming: {text}")),
            _ => {}
        }
    }
}

fn status_words(status: Status) -> &'static str {
    match status {
        Status::Planning => "reading the workspace, running checks and tests as they are",
        Status::Working => "working",
        Status::Verifying => "proving the change",
        Status::Delivering => "delivering",
        Status::AwaitingApproval => "waiting for your word",
        other => other.word(),
    }
}

impl Watch for Live {
    fn event(&self, event: &Event) {
        if self.events {
            if let Ok(line) = serde_json::to_string(event) {
                complain(&line);
            }
        } else if !self.quiet {
            self.show(event);
        }
        if matches!(event, Event::Ended { .. }) {
            self.bar.finish_and_clear();
        }
    }
}

/// The person at the terminal.
pub(super) struct AtTerminal;

#[async_trait]
impl Human for AtTerminal {
    async fn ask(&self, question: Question, cancel: &CancellationToken) -> Answer {
        if !std::io::stdin().is_terminal() {
            return Answer::Silence;
        }
        let mut text = format!("\n{}\n", question.text);
        for (number, choice) in question.choices.iter().enumerate() {
            text.push_str(&format!("  {}) {choice}\n", number + 1));
        }
        complain(&text);
        let reading = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).ok().map(|_| line)
        });
        let line = tokio::select! {
            () = cancel.cancelled() => None,
            line = reading => line.ok().flatten(),
        };
        let picked = line.and_then(|line| {
            let line = line.trim().to_lowercase();
            line.parse::<usize>().ok().map(|number| number.wrapping_sub(1)).or_else(|| match line.as_str() {
                "y" | "yes" => Some(0),
                "n" | "no" => Some(question.choices.len().saturating_sub(1)),
                _ => None,
            })
        });
        picked.filter(|number| *number < question.choices.len()).map_or(Answer::Silence, Answer::Choice)
    }
}
