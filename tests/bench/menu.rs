//! How long the code-action menu waits on a 10,000-line file: `cargo run --release --example bench_menu`.
//!
//! Every round types into the file and opens the menu there: the change is applied and noted, and symbol, task and conflict
//! under the cursor are looked up in the tree moved along. Then the tree is refreshed by another thread, as the server does it
//! ("refresh"): every menu measured here comes before that, so all of them are the worst case. Beside it: what parsing that
//! file once costs, on the same machine at the same moment. Time on the processor is printed as well, since a busy machine
//! makes every wall clock late.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use fastrand::Rng;
use lamplighter::index::{Language, Syntax};
use lamplighter::session::for_menu;
use lamplighter::text::{ContentChange, Document, Encoding, Position};

const LINES: usize = 10_000;
const ROUNDS: usize = 2_000;

/// Wall time, and time on the processor.
#[derive(Clone, Copy)]
struct Spent {
    wall: Duration,
    cpu: Option<Duration>,
}

fn main() {
    for (name, text) in [("rust", rust_file()), ("python", python_file())] {
        bench(Language::named(name).expect("a registered language"), &text);
    }
}

fn bench(language: &'static Language, text: &str) {
    let mut document = Document::new(text);
    assert!(document.lines() >= LINES, "{} lines", document.lines());
    let mut parses: Vec<Spent> = (0..9).map(|_| time(|| Syntax::parse(language, &document)).0).collect();
    let mut syntax = Syntax::parse(language, &document);
    let (behind, parsed) = background();
    let mut rng = Rng::with_seed(1);
    let (mut menus, mut refreshes, mut found) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS / 2 {
        let (there, back) = some_typing(&mut rng, &document);
        for change in [there, back] {
            let (spent, symbol) = time(|| menu_after(&change, &mut document, &mut syntax));
            menus.push(spent);
            found += usize::from(symbol);
            behind.send(syntax.clone()).expect("the thread is there");
            let (spent, mut parsed) = parsed.recv().expect("the thread is there");
            refreshes.push(spent);
            assert!(syntax.adopt(&mut parsed) && !syntax.is_stale());
        }
    }
    assert!(found > ROUNDS / 2, "the cursor was in a symbol only {found} times");
    assert!(document.text() == text, "every change was taken back");
    let mut outlines: Vec<Spent> = (0..9).map(|_| time(|| syntax.outline()).0).collect();
    println!("{}: {} lines, {ROUNDS} menus", language.name, document.lines());
    let parse = report("parse once, p50", &mut parses, 500);
    report("menu, p50", &mut menus, 500);
    let p99 = report("menu, p99", &mut menus, 990);
    report("menu, slowest", &mut menus, 1000);
    report("refresh, p50", &mut refreshes, 500);
    report("refresh, p99", &mut refreshes, 990);
    report("whole outline, p50", &mut outlines, 500);
    println!("  {:<20} {:.3}", "menu p99 / parse", p99.as_secs_f64() / parse.as_secs_f64());
}

/// A thread that refreshes what it is sent and sends it back with the time that took.
fn background() -> (Sender<Syntax>, Receiver<(Spent, Syntax)>) {
    let (behind, work) = channel::<Syntax>();
    let (done, parsed) = channel();
    std::thread::spawn(move || {
        for mut syntax in work {
            let spent = time(|| syntax.refresh()).0;
            if done.send((spent, syntax)).is_err() {
                break;
            }
        }
    });
    (behind, parsed)
}

/// Prints one line; returns the time on the processor where known, else the wall time.
fn report(what: &str, times: &mut [Spent], per_mille: usize) -> Duration {
    let at = (times.len() - 1) * per_mille / 1000;
    times.sort_by_key(|spent| spent.wall);
    let wall = times[at].wall;
    times.sort_by_key(|spent| spent.cpu);
    let cpu = times[at].cpu;
    let ms = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1e3);
    println!("  {what:<20} {:>12} {:>12} on the processor", ms(wall), cpu.map_or_else(|| "?".to_owned(), ms));
    cpu.unwrap_or(wall)
}

/// One change of the text and one opening of the menu there; whether a symbol was found.
fn menu_after(change: &ContentChange, document: &mut Document, syntax: &mut Syntax) -> bool {
    let splice = document.apply(change, Encoding::Utf16).expect("a valid change");
    syntax.edit(&splice, document);
    let menu = for_menu(syntax.clone());
    let symbol = menu.symbol_at(splice.new.end);
    std::hint::black_box((menu.comment_at(splice.new.end), document.conflict_at(splice.new.end)));
    symbol.is_some()
}

/// A few characters typed somewhere, and what takes them back.
fn some_typing(rng: &mut Rng, document: &Document) -> (ContentChange, ContentChange) {
    const TYPED: [&str; 12] = ["x", "y", "name", " ", "\n", "(", ")", "1", ".", "if x", "\n    ", "# TODO: a"];
    let text = TYPED[rng.usize(0..TYPED.len())];
    let line = rng.usize(0..LINES);
    let width = document.line_span(line).map_or(0, |span| span.len());
    let start = Position::new(line as u32, rng.u32(0..=width as u32));
    let end = match text.strip_prefix('\n') {
        Some(rest) => Position::new(start.line + 1, rest.len() as u32),
        None => Position::new(start.line, start.column + text.len() as u32),
    };
    let change = |range, text: &str| ContentChange { range: Some(range), text: text.to_owned() };
    (change(start..start, text), change(start..end, ""))
}

fn time<T>(work: impl FnOnce() -> T) -> (Spent, T) {
    let (start, on) = (Instant::now(), on_processor());
    let value = work();
    let cpu = on.zip(on_processor()).map(|(before, after)| after.saturating_sub(before));
    (Spent { wall: start.elapsed(), cpu }, value)
}

/// How long this thread has been running on a processor.
#[cfg(unix)]
#[allow(unsafe_code)]
fn on_processor() -> Option<Duration> {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the one struct it is given a valid pointer to.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut spent) };
    let (seconds, nanos) = (u64::try_from(spent.tv_sec).ok()?, u32::try_from(spent.tv_nsec).ok()?);
    (answer == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(not(unix))]
fn on_processor() -> Option<Duration> {
    None
}

fn rust_file() -> String {
    let part = |at: usize| {
        format!(
            "/// Number {at}.\n#[derive(Debug, Clone)]\npub struct Shape{at} {{\n    sides: Vec<f64>,\n}}\n\nimpl Shape{at} {{\n    /// The mean side.\n    \
             pub fn mean(&self) -> Option<f64> {{\n        // TODO: weigh them\n        if self.sides.is_empty() {{\n            return None;\n        }}\n        \
             let total: f64 = self.sides.iter().copied().map(|side| side * 2.0).sum();\n        Some(total / self.sides.len() as f64)\n    }}\n}}\n\n\
             fn helper_{at}(numbers: &[f64]) -> f64 {{\n    numbers.iter().zip(numbers).map(|(a, b)| a * b).fold(0.0, f64::max)\n}}\n\n"
        )
    };
    (0..).map(part).take(LINES / 22 + 1).collect()
}

fn python_file() -> String {
    let part = |at: usize| {
        format!(
            "class Shape{at}(Base):\n    \"\"\"Number {at}.\"\"\"\n\n    def __init__(self, sides):\n        self.sides = list(sides)\n\n    @property\n    def mean(self):\n        \
             # TODO: weigh them\n        if not self.sides:\n            raise ValueError(f\"no sides in {{self!r}}\")\n        total = sum(side * 2 for side in self.sides)\n        \
             return total / len(self.sides)\n\n\ndef helper_{at}(numbers, weights=None):\n    pairs = zip(numbers, weights or numbers)\n    return max((a * b for a, b in pairs), default=0)\n\n\n"
        )
    };
    (0..).map(part).take(LINES / 20 + 1).collect()
}
