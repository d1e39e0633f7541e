//! Many candidates in one build: every function body that some candidate changes becomes a choice at run time.
//!
//! `{ body }` turns into `{ match variant() { 1 => { one } 2 => { two } _ => { body } } }`, with a small function of its own
//! inside that reads the variant's number from the environment, once. This is mutant schemata (Untch, Offutt, Harrold:
//! "Mutation analysis using mutant schemata", ISSTA 1993) used for repair. Each arm keeps to lines of its own, so that a
//! compiler error names its variant.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::proof::Candidate;
use crate::text::{Edit, RelPath, apply_edits};

use super::super::by_file;
use super::syntax::{self, Function};

/// The environment variable that chooses.
pub(super) const VARIABLE: &str = "LAMPLIGHTER_VARIANT";

/// Reads the variant's number; works in `no_std` crates and needs nothing of the crate around it.
const CHOOSE: &str = "#[allow(warnings)] fn __lamplighter_variant() -> usize { extern crate std; \
use std::sync::atomic::{AtomicUsize, Ordering}; static V: AtomicUsize = AtomicUsize::new(usize::MAX); \
let v = V.load(Ordering::Relaxed); if v != usize::MAX { return v; } \
let v = std::env::var(\"LAMPLIGHTER_VARIANT\").ok().and_then(|t| t.parse().ok()).unwrap_or(0); \
V.store(v, Ordering::Relaxed); v }";

/// The functions of the files that candidates change.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: BTreeMap<RelPath, (String, Vec<Function>)>,
}

/// A candidate as new bodies: file, body's place, text.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    /// The candidate's number.
    pub(super) id: usize,
    bodies: Vec<(RelPath, Range<usize>, String)>,
}

/// Rewritten files, and which lines of them are whose.
#[derive(Debug, Default)]
pub(super) struct Woven {
    /// The texts.
    pub(super) files: BTreeMap<RelPath, String>,
    arms: Vec<(RelPath, Range<u32>, Arm)>,
}

/// Whose lines they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arm {
    /// A candidate's, by its number.
    Variant(usize),
    /// The original body at this place.
    Original(Body),
}

/// A function body: its file and first byte.
pub(super) type Body = (RelPath, usize);

impl Sources {
    /// Parses the files that `candidates` change.
    pub(super) fn of(candidates: &[&Candidate], read: impl Fn(&RelPath) -> Option<String>) -> Self {
        let mut sources = Self::default();
        for path in candidates.iter().flat_map(|candidate| &candidate.edits).map(|edit| &edit.path) {
            if path.extension() == Some("rs") && !sources.files.contains_key(path) {
                let parsed = read(path).and_then(|text| syntax::parse(&text).map(|tree| (syntax::functions(&text, &tree), text)));
                sources.files.extend(parsed.map(|(functions, text)| (path.clone(), (text, functions))));
            }
        }
        sources
    }

    /// The candidate as new bodies, or `None` where it changes anything else and must be built alone.
    pub(super) fn variant(&self, candidate: &Candidate) -> Option<Variant> {
        let mut bodies = Vec::new();
        for (path, edits) in by_file(candidate) {
            let (text, functions) = self.files.get(path)?;
            let mut by_function: BTreeMap<usize, Vec<Edit>> = BTreeMap::new();
            for edit in edits {
                let inside =
                    |function: &Function| function.fit && function.body.start < edit.span.start && edit.span.end < function.body.end;
                by_function.entry(functions.iter().position(inside)?).or_default().push(edit);
            }
            for (at, edits) in by_function {
                let body = functions.get(at)?.body.clone();
                let shift = |edit: Edit| Edit { span: edit.span.start - body.start..edit.span.end - body.start, ..edit };
                let edits: Vec<Edit> = edits.into_iter().map(shift).collect();
                let new = apply_edits(&text[body.clone()], &edits).ok().filter(|new| syntax::is_body(new))?;
                bodies.push((path.clone(), body, new));
            }
        }
        Some(Variant { id: candidate.id, bodies })
    }

    /// All variants in one set of files. Variant `n` of the list is chosen by `n + 1`. Bodies in `dead` do not compile and are
    /// left out: no variant may need them.
    pub(super) fn weave(&self, variants: &[Variant], dead: &BTreeSet<Body>) -> Woven {
        let mut woven = Woven::default();
        for (path, (text, functions)) in &self.files {
            let mut out = Lines::default();
            let mut done = 0;
            for function in functions {
                let here = |body: &&(RelPath, Range<usize>, String)| body.0 == *path && body.1 == function.body;
                let arms: Vec<(usize, &Variant, &str)> = variants
                    .iter()
                    .enumerate()
                    .filter_map(|(number, variant)| Some((number + 1, variant, variant.bodies.iter().find(here)?.2.as_str())))
                    .collect();
                if arms.is_empty() {
                    continue;
                }
                out.push(&text[done..function.body.start]);
                out.push("{ ");
                out.push(CHOOSE);
                out.push(" match __lamplighter_variant() {\n");
                for (number, variant, body) in arms {
                    let lines = out.arm(&number.to_string(), body);
                    woven.arms.push((path.clone(), lines, Arm::Variant(variant.id)));
                }
                let place = (path.clone(), function.body.start);
                let original = if dead.contains(&place) { "{ loop {} }" } else { &text[function.body.clone()] };
                let lines = out.arm("_", original);
                woven.arms.push((path.clone(), lines, Arm::Original(place)));
                out.push("} }");
                done = function.body.end;
            }
            if done > 0 {
                out.push(&text[done..]);
                woven.files.insert(path.clone(), out.text);
            }
        }
        woven
    }
}

impl Variant {
    /// Bytes it adds to the build.
    pub(super) fn size(&self) -> usize {
        self.bodies.iter().map(|(_, _, text)| text.len() + 16).sum()
    }

    /// Whether it changes the file.
    pub(super) fn changes(&self, path: &RelPath) -> bool {
        self.bodies.iter().any(|(file, ..)| file == path)
    }

    /// Whether it replaces the body at `place`.
    pub(super) fn replaces(&self, place: &Body) -> bool {
        self.bodies.iter().any(|(path, body, _)| *path == place.0 && body.start == place.1)
    }
}

impl Woven {
    /// Whose line of a rewritten file this is (lines count from 1).
    pub(super) fn owner(&self, path: &RelPath, line: u32) -> Option<&Arm> {
        self.arms.iter().find(|(file, lines, _)| file == path && lines.contains(&line)).map(|(.., arm)| arm)
    }
}

/// A text that knows its line number.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    ended: u32,
}

impl Lines {
    fn push(&mut self, part: &str) {
        self.ended += part.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.text.push_str(part);
    }

    /// One arm on lines of its own; says which.
    fn arm(&mut self, pattern: &str, body: &str) -> Range<u32> {
        let first = self.ended + 1;
        self.push(pattern);
        self.push(" => ");
        self.push(body);
        self.push("\n");
        first..self.ended + 1
    }
}
