//! How long the menu waits for the syntax tree on a 10,000-line file: `cargo run --release --example bench_menu`.
//!
//! Every round types into the file and then looks up what the code-action menu needs (symbol, task and conflict under the
//! cursor), the tree being brought up to date in between. Printed beside it: what parsing that file once costs.

use std::time::{Duration, Instant};

use fastrand::Rng;
use lamplighter::index::{Language, Syntax};
use lamplighter::text::{ContentChange, Document, Encoding, Position};

const LINES: usize = 10_000;
const ROUNDS: usize = 2_000;

fn main() {
    println!(
        "{:<8} {:>12} {:>10} {:>10} {:>10} {:>10} {:>12} {:>14}",
        "", "parse once", "p50", "p99", "p99.9", "max", "p99 / parse", "whole outline"
    );
    for (name, text) in [("rust", rust_file()), ("python", python_file())] {
        let language = Language::named(name).expect("a registered language");
        bench(language, &text);
    }
}

fn bench(language: &'static Language, text: &str) {
    let mut document = Document::new(text);
    assert!(document.lines() >= LINES, "{} lines", document.lines());
    let parse = (0..5).map(|_| time(|| Syntax::parse(language, &document)).0).min().unwrap_or_default();
    let mut syntax = Syntax::parse(language, &document);
    let mut rng = Rng::with_seed(1);
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..ROUNDS / 2 {
        let (there, back) = some_typing(&mut rng, &document);
        for change in [there, back] {
            let (spent, symbol) = time(|| menu_after(&change, &mut document, &mut syntax));
            times.push(spent);
            found += usize::from(symbol);
        }
    }
    assert!(found > ROUNDS / 2, "the cursor was in a symbol only {found} times");
    assert!(document.text() == text, "every change was taken back");
    times.sort();
    let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000];
    let outline = time(|| syntax.outline()).0;
    let ratio = at(990).as_secs_f64() / parse.as_secs_f64();
    println!(
        "{:<8} {:>12} {:>10} {:>10} {:>10} {:>10} {ratio:>12.3} {:>14}",
        language.name,
        ms(parse),
        ms(at(500)),
        ms(at(990)),
        ms(at(999)),
        ms(at(1000)),
        ms(outline)
    );
}

/// One change of the text and one opening of the menu there.
fn menu_after(change: &ContentChange, document: &mut Document, syntax: &mut Syntax) -> bool {
    let splice = document.apply(change, Encoding::Utf16).expect("a valid change");
    syntax.update(&splice, document);
    let symbol = syntax.symbol_at(splice.new.end);
    std::hint::black_box((syntax.comment_at(splice.new.end), document.conflict_at(splice.new.end)));
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

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

fn ms(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
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
