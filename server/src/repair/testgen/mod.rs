//! "Add tests" without a model: show what the code does now by running it, and keep what is stable and kills a mutant.
//!
//! The way is the same for every language: read the symbol's signature ([`signature`](python)), draw inputs from call sites,
//! documentation, types and boundaries ([`inputs`]), observe the calls inside the walls, choose the few that tell the code from its
//! mutants ([`mutants`], [`select`]), write them in the project's own style, and run them for real before anyone sees them.
//! Characterisation tests after Feathers, *Working Effectively with Legacy Code*; selection by mutation after Fraser and Zeller,
//! *Mutation-Driven Generation of Unit Tests and Oracles* (TSE 2012).
//!
//! To add a language: a folder with the same five steps, and a line in [`generate_all`].

mod describe;
mod inputs;
mod mutants;
mod proving;
mod python;
mod rust;
mod select;
mod source;
mod syntax;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::proof::{Bench, Suite, SuiteKind};
use crate::sandbox::{CopyError, SandboxError};
use crate::text::{Edit, Files, RelPath};

/// What tests are wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file that defines it.
    pub path: RelPath,
    /// Qualified name inside the file: `average`, `Cart.add`, `Cart::add`, `shapes::area`.
    pub symbol: String,
    /// Its byte range in the file.
    pub span: Range<usize>,
}

/// How much may be spent.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most tests kept for one target.
    pub max_cases: usize,
    /// Wall time for everything together, final runs included.
    pub wall: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_cases: 8, wall: Duration::from_secs(120) }
    }
}

/// Tests that were seen to pass, to be stable, and to fail on a mutant.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// The tests as edits against the texts given; a new file is an edit of `0..0` on a path that does not exist.
    pub edits: Vec<Edit>,
    /// Their names, in the order they are written.
    pub tests: Vec<String>,
    /// What each shows.
    pub cases: Vec<Shown>,
    /// How well they tell the code from its mutants.
    pub mutants: Mutants,
    /// Assumptions, what was left out, and what looks like a bug.
    pub notes: Vec<String>,
}

/// One generated test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub test: String,
    /// What it shows, in words: the call and what came of it.
    pub shows: String,
}

/// The mutants of the code under test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mutants {
    /// Those that build and load.
    pub total: usize,
    /// Those on which a generated test fails.
    pub killed: usize,
    /// What the others change.
    pub survivors: Vec<String>,
}

/// Why there are no tests.
#[derive(Debug, thiserror::Error)]
pub enum TestgenError {
    /// The symbol is not where it was said to be.
    #[error("no function, method or class `{symbol}` was found in {path}; the file may have changed, so ask again from the editor")]
    NotFound {
        /// The file.
        path: RelPath,
        /// The symbol.
        symbol: String,
    },
    /// The symbol cannot be tested this way.
    #[error("no tests can be made for `{symbol}`: {why}")]
    Unsupported {
        /// The symbol.
        symbol: String,
        /// What stands in the way and what to do.
        why: String,
    },
    /// The module cannot be imported, or the crate does not build.
    #[error("`{symbol}` could not be called, because its code does not load: {why}; make it load first, then ask again")]
    DoesNotLoad {
        /// The symbol.
        symbol: String,
        /// The first error.
        why: String,
    },
    /// Tests were made, but none is worth keeping.
    #[error("no test worth keeping was found: {why}")]
    NothingWorthKeeping {
        /// Why, with the notes.
        why: String,
    },
    /// The process that observes the calls did not do its work.
    #[error("the calls could not be observed: {why}")]
    Observer {
        /// What happened.
        why: String,
    },
    /// Nothing could be run.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The private copy could not be read or written.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file could not be exchanged with the sandbox.
    #[error("a file could not be exchanged with the sandbox: {0}")]
    Exchange(#[from] std::io::Error),
}

/// Makes tests for one symbol. The copy is left as it was.
pub async fn generate(
    bench: Bench<'_>,
    suite: &Suite,
    files: &dyn Files,
    target: &Target,
    options: &Options,
) -> Result<Generated, TestgenError> {
    generate_all(bench, suite, files, std::slice::from_ref(target), options).await
}

/// Makes tests for each public symbol of `path` that no test names yet. The copy is left as it was.
pub async fn generate_for_file(
    bench: Bench<'_>,
    suite: &Suite,
    files: &dyn Files,
    path: &RelPath,
    options: &Options,
) -> Result<Generated, TestgenError> {
    let targets = match suite.kind {
        SuiteKind::Cargo => rust::untested(files, path),
        SuiteKind::Pytest | SuiteKind::Unittest => python::untested(files, path),
    };
    if targets.is_empty() {
        let why = format!("every public function and class of {path} is already named by a test, or there is none");
        return Err(TestgenError::NothingWorthKeeping { why });
    }
    generate_all(bench, suite, files, &targets, options).await
}

/// Targets of one file, written together.
async fn generate_all(
    bench: Bench<'_>,
    suite: &Suite,
    files: &dyn Files,
    targets: &[Target],
    options: &Options,
) -> Result<Generated, TestgenError> {
    let extension = if suite.kind == SuiteKind::Cargo { "rs" } else { "py" };
    if let Some(foreign) = targets.iter().find(|target| target.path.extension() != Some(extension)) {
        let why = format!("{} is not part of this suite ({:?})", foreign.path, suite.kind);
        return Err(TestgenError::Unsupported { symbol: foreign.symbol.clone(), why });
    }
    let budget = Budget { end: Instant::now() + options.wall, max_cases: options.max_cases.max(1) };
    match suite.kind {
        SuiteKind::Cargo => rust::generate(bench, suite, files, targets, &budget).await,
        SuiteKind::Pytest | SuiteKind::Unittest => python::generate(bench, suite, files, targets, &budget).await,
    }
}

/// What is left to spend.
struct Budget {
    end: Instant,
    max_cases: usize,
}

impl Budget {
    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// Nothing worth keeping, with everything learnt on the way.
fn nothing(why: &str, notes: &[String]) -> TestgenError {
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    TestgenError::NothingWorthKeeping { why: format!("{why}{notes}") }
}

/// Restores files of the copy when dropped, also when the run is cancelled in the middle.
struct Restore<'a> {
    bench: Bench<'a>,
    old: BTreeMap<RelPath, Option<Vec<u8>>>,
}

impl<'a> Restore<'a> {
    fn new(bench: Bench<'a>) -> Self {
        Self { bench, old: BTreeMap::new() }
    }

    /// The text that stood in a file before the first write, where there was one.
    fn first(&self, path: &RelPath) -> Option<String> {
        self.old.get(path).map(|old| old.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned())
    }

    /// Writes a file of the copy, remembering what stood there first.
    fn write(&mut self, path: &RelPath, text: &str) -> Result<(), CopyError> {
        if !self.old.contains_key(path) {
            self.old.insert(path.clone(), self.bench.copy.read(path)?);
        }
        self.bench.copy.write(path, text.as_bytes())
    }
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        for (path, old) in &self.old {
            let restored = match old {
                Some(bytes) => self.bench.copy.write(path, bytes),
                None => self.bench.copy.remove(path),
            };
            if let Err(error) = restored {
                tracing::error!(%path, %error, "a file of the private copy could not be restored");
            }
        }
    }
}
