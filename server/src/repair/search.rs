//! The search: what to try next, best first — suspicion × prior of the operator × fit, re-ranked as trials come back.
//!
//! Lazy: a statement's proposals are made when the search gets there. Every candidate applies to the texts it was made
//! for, brings no syntax error, touches no test, and is handed out once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use rustc_hash::{FxHashMap, FxHashSet};

use super::case::{Case, Project};
use super::hints::Hints;
use super::lexicon::Lexicon;
use super::localise::Suspect;
use super::operators::{self, Proposal};
use super::rank::{self, Literals};
use crate::proof::{Candidate, Trial, TrialOutcome};
use crate::text::{Edit, RelPath, apply_edits};

/// Combinations of two edits handed out at most.
const MAX_PAIRS: usize = 600;
/// Candidates that made progress and are combined with others.
const MAX_PROGRESS: usize = 16;
/// Singles each of them is combined with.
const PAIR_BREADTH: usize = 80;
/// A statement is looked at once nothing ranked so far is worth this many times its own suspicion.
const REACH: f32 = 1.6;
/// How strongly suspicion counts against the prior of an operator.
const SUSPICION_POWER: f64 = 1.3;

/// A search in progress. Owns what it needs; the same case and the same trials give the same candidates.
pub struct Search {
    project: Project,
    hints: Hints,
    lexicon: Lexicon,
    literals: Literals,
    suspects: Vec<Suspect>,
    next_suspect: usize,
    waiting: BinaryHeap<Entry>,
    made: usize,
    seen: FxHashSet<Key>,
    given: Vec<Given>,
    learnt: Learnt,
    pairs: usize,
}

/// The changes a candidate makes to each file, reduced to what differs.
type Key = Vec<(RelPath, usize, usize, String)>;

/// A candidate handed out.
#[derive(Clone)]
pub struct Given {
    /// The candidate.
    pub candidate: Candidate,
    /// Its family of operators.
    pub family: &'static str,
    /// Weight within all families, before suspicion.
    pub weight: f32,
    /// The score it was handed out with.
    pub score: f32,
    place: Place,
}

/// File and first byte of the statement.
type Place = (RelPath, usize);

struct Entry {
    score: f32,
    base: f32,
    number: usize,
    proposal: Proposal,
    place: Place,
}

#[derive(Default)]
struct Learnt {
    places: BTreeMap<Place, f32>,
    broken: FxHashMap<(Place, &'static str), u32>,
    families: BTreeMap<&'static str, (u32, u32)>,
    messages: BTreeMap<String, u32>,
    passes: BTreeMap<usize, u32>,
    progress: Vec<usize>,
}

/// Starts a search over `suspects`, as [`super::localise`] gives them.
pub fn search(case: &Case<'_>, suspects: Vec<Suspect>) -> Search {
    let project = Project::open(case);
    let hints = Hints::of(case);
    let (lexicon, literals) = (Lexicon::of(&project), Literals::of(&project, case));
    let mut search = Search {
        project,
        hints,
        lexicon,
        literals,
        suspects,
        next_suspect: 0,
        waiting: BinaryHeap::new(),
        made: 0,
        seen: FxHashSet::default(),
        given: Vec::new(),
        learnt: Learnt::default(),
        pairs: 0,
    };
    for proposal in operators::tool_fixes(case.diagnostics) {
        let place = proposal.edits.first().map(|edit| (edit.path.clone(), edit.span.start)).expect("a suggestion has edits");
        search.push(proposal, place, 1.0);
    }
    search
}

impl Search {
    /// The next candidates, at most `n`, best first; empty when nothing is left to try.
    pub fn next_batch(&mut self, n: usize) -> Vec<Candidate> {
        let mut batch = Vec::new();
        while batch.len() < n {
            self.expand();
            let Some(entry) = self.waiting.pop() else { if self.combine() { continue } else { break } };
            if let Some(candidate) = self.admit(entry) {
                batch.push(candidate);
            }
        }
        batch
    }

    /// Takes in what became of candidates: progress draws the search to its place, what does not compile drives it away.
    pub fn learn(&mut self, trials: &[Trial]) {
        for trial in trials {
            let Some(given) = self.given.get(trial.id) else { continue };
            let (place, family) = (given.place.clone(), given.family);
            let counts = self.learnt.families.entry(family).or_default();
            match &trial.outcome {
                TrialOutcome::Broken { .. } => {
                    counts.1 += 1;
                    *self.learnt.broken.entry((place, family)).or_default() += 1;
                }
                TrialOutcome::Red { passed, message, .. } => {
                    counts.0 += 1;
                    *self.learnt.passes.entry(*passed).or_default() += 1;
                    *self.learnt.messages.entry(gist(message)).or_default() += 1;
                }
                TrialOutcome::Passed | TrialOutcome::Timeout => counts.0 += 1,
            }
        }
        let usual_passes = usual(&self.learnt.passes).copied().unwrap_or_default();
        let usual_message = usual(&self.learnt.messages).cloned().unwrap_or_default();
        for trial in trials {
            let Some(given) = self.given.get(trial.id) else { continue };
            let TrialOutcome::Red { passed, message, .. } = &trial.outcome else { continue };
            let factor = if *passed > usual_passes {
                self.learnt.progress.push(trial.id);
                1.8
            } else if *passed == usual_passes && gist(message) != usual_message && !is_crash(message) {
                1.15
            } else {
                continue;
            };
            let slot = self.learnt.places.entry(given.place.clone()).or_insert(1.0);
            *slot = (*slot * factor).min(3.0);
        }
        self.rescore();
        self.combine_progress();
    }

    /// What was handed out under this id.
    pub fn given(&self, id: usize) -> Option<&Given> {
        self.given.get(id)
    }

    /// How many candidates were handed out.
    pub fn count(&self) -> usize {
        self.given.len()
    }

    /// The parsed files.
    pub fn project(&self) -> &Project {
        &self.project
    }

    pub(super) fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    pub(super) fn literals(&self) -> &Literals {
        &self.literals
    }

    /// Makes proposals for further suspects until the best one waiting beats what an untouched suspect could offer.
    fn expand(&mut self) {
        while let Some(suspect) = self.suspects.get(self.next_suspect) {
            let suspicion = suspect.score.powf(SUSPICION_POWER) as f32;
            if self.waiting.peek().is_some_and(|best| best.score > suspicion * REACH) {
                return;
            }
            self.next_suspect += 1;
            let (path, start) = (suspect.path.clone(), suspect.span.start);
            let Some(unit) = self.project.units.get(&path) else { continue };
            let found = unit.source.statements.iter().find(|statement| statement.span == suspect.span);
            let Some(statement) = found.filter(|statement| !unit.source.in_tests(statement.span.start)) else { continue };
            for proposal in operators::propose(&self.project, unit, statement, &self.hints) {
                self.push(proposal, (path.clone(), start), suspicion);
            }
        }
    }

    fn push(&mut self, proposal: Proposal, place: Place, suspicion: f32) {
        let boost = self.hints.boost(proposal.family);
        let natural = rank::naturalness_factor(&self.project, &self.lexicon, &proposal.edits);
        let base = suspicion * proposal.weight * boost * natural * self.literals.factor(&self.project, &proposal.edits);
        let entry = Entry { score: base * self.learnt.factor(&place, proposal.family), base, number: self.made, proposal, place };
        self.made += 1;
        self.waiting.push(entry);
    }

    /// Checks an entry and hands it out; `None` where it repeats another, changes nothing, breaks syntax or touches tests.
    fn admit(&mut self, entry: Entry) -> Option<Candidate> {
        let mut by_path: BTreeMap<&RelPath, Vec<Edit>> = BTreeMap::new();
        for edit in &entry.proposal.edits {
            by_path.entry(&edit.path).or_default().push(edit.clone());
        }
        let mut key: Key = Vec::new();
        for (path, edits) in by_path {
            let source = &self.project.units.get(path)?.source;
            if edits.iter().any(|edit| source.in_tests(edit.span.start)) {
                return None;
            }
            let new = apply_edits(&source.text, &edits).ok()?;
            let (start, end, text) = difference(&source.text, &new)?;
            if !self.seen.contains(&vec![(path.clone(), start, end, text.clone())]) && !source.still_parses(&new) {
                return None;
            }
            key.push((path.clone(), start, end, text));
        }
        if key.is_empty() || !self.seen.insert(key) {
            return None;
        }
        let candidate = Candidate { id: self.given.len(), edits: entry.proposal.edits, title: entry.proposal.title };
        let given = Given {
            candidate: candidate.clone(),
            family: entry.proposal.family,
            weight: entry.proposal.weight,
            score: entry.score,
            place: entry.place,
        };
        self.given.push(given);
        Some(candidate)
    }

    fn rescore(&mut self) {
        let entries: Vec<Entry> = std::mem::take(&mut self.waiting).into_vec();
        self.waiting = entries
            .into_iter()
            .map(|mut entry| {
                entry.score = entry.base * self.learnt.factor(&entry.place, entry.proposal.family);
                entry
            })
            .collect();
    }

    /// Candidates that each made progress, two at a time: tried soon.
    fn combine_progress(&mut self) {
        let progress: Vec<usize> = self.learnt.progress.iter().rev().take(MAX_PROGRESS).copied().collect();
        let best = self.waiting.peek().map_or(1.0, |entry| entry.score);
        for (at, first) in progress.iter().enumerate() {
            for second in &progress[at + 1..] {
                self.pair(*first, *second, best * 0.9);
            }
        }
    }

    /// When singles are used up: what made progress with the best of the others. Says whether there is something new.
    fn combine(&mut self) -> bool {
        let progress: Vec<usize> = self.learnt.progress.iter().take(MAX_PROGRESS).copied().collect();
        let mut others: Vec<usize> = (0..self.given.len()).filter(|id| self.given[*id].family != "pairs").collect();
        others.sort_by(|a, b| self.given[*b].score.total_cmp(&self.given[*a].score).then(a.cmp(b)));
        for first in progress {
            for second in others.iter().take(PAIR_BREADTH) {
                self.pair(first, *second, 0.05);
            }
        }
        !self.waiting.is_empty()
    }

    fn pair(&mut self, first: usize, second: usize, score: f32) {
        let (a, b) = (&self.given[first.min(second)], &self.given[first.max(second)]);
        if first == second || a.place == b.place || self.pairs >= MAX_PAIRS || a.family == "pairs" || b.family == "pairs" {
            return;
        }
        let edits = a.candidate.edits.iter().chain(&b.candidate.edits).cloned().collect();
        let title = format!("{}, and {}", a.candidate.title, b.candidate.title);
        let score = score * (a.weight * b.weight).sqrt().min(1.0);
        let place = a.place.clone();
        let entry = Entry {
            score,
            base: score,
            number: self.made,
            proposal: Proposal { edits, title, family: "pairs", weight: a.weight * b.weight },
            place,
        };
        self.pairs += 1;
        self.made += 1;
        self.waiting.push(entry);
    }
}

impl Learnt {
    fn factor(&self, place: &Place, family: &'static str) -> f32 {
        let near = self.places.get(place).copied().unwrap_or(1.0);
        let broken = self.broken.get(&(place.clone(), family)).copied().unwrap_or_default();
        let local = if broken >= 3 { 3.0 / (broken as f32 + 1.0) } else { 1.0 };
        let (ran, failed) = self.families.get(family).copied().unwrap_or_default();
        let sound = if ran + failed >= 10 { (ran as f32 + 4.0) / ((ran + failed) as f32 + 4.0) } else { 1.0 };
        near * local * sound.sqrt()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.number.cmp(&self.number))
    }
}

/// The most frequent value.
fn usual<T: Ord>(counts: &BTreeMap<T, u32>) -> Option<&T> {
    counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(value, _)| value)
}

/// A message without what changes from run to run.
fn gist(message: &str) -> String {
    message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(160).collect()
}

/// Errors that tell of a worse program, not a better one.
fn is_crash(message: &str) -> bool {
    ["NameError", "AttributeError", "TypeError", "UnboundLocalError", "SyntaxError", "RecursionError", "stack overflow"]
        .iter()
        .any(|error| message.contains(error))
}

/// The one range that differs between two texts and what stands there in the new one; `None` where nothing does.
fn difference(old: &str, new: &str) -> Option<(usize, usize, String)> {
    if old == new {
        return None;
    }
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    Some((start, a.len() - tail, String::from_utf8_lossy(&b[start..b.len() - tail]).into_owned()))
}
