//! How natural a piece of code is in this project: an interpolated trigram model over its tokens.
//!
//! Code repeats itself (Hindle et al., "On the Naturalness of Software", 2012) and buggy lines are less natural than their
//! fixes (Ray et al., "On the Naturalness of Buggy Code", 2016); used to shade ranks, never to exclude.

use rustc_hash::FxHashMap;

use super::case::Project;

/// Counts of token sequences.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    ids: FxHashMap<String, u32>,
    one: FxHashMap<u32, u32>,
    two: FxHashMap<(u32, u32), u32>,
    three: FxHashMap<(u32, u32, u32), u32>,
    total: f64,
}

impl Lexicon {
    /// Reads all code of the project.
    pub fn of(project: &Project) -> Self {
        let mut lexicon = Self::default();
        for unit in project.all() {
            let ids: Vec<u32> = tokens(&unit.source.text).map(|token| lexicon.intern(token)).collect();
            for (at, id) in ids.iter().enumerate() {
                *lexicon.one.entry(*id).or_default() += 1;
                if at >= 1 {
                    *lexicon.two.entry((ids[at - 1], *id)).or_default() += 1;
                }
                if at >= 2 {
                    *lexicon.three.entry((ids[at - 2], ids[at - 1], *id)).or_default() += 1;
                }
            }
            lexicon.total += ids.len() as f64;
        }
        lexicon
    }

    fn intern(&mut self, token: &str) -> u32 {
        let next = self.ids.len() as u32;
        *self.ids.entry(token.to_owned()).or_insert(next)
    }

    /// Mean log-probability per token of `text` in nats, its first two tokens taken as context only.
    pub fn naturalness(&self, text: &str) -> f64 {
        let ids: Vec<u32> = tokens(text).map(|token| self.ids.get(token).copied().unwrap_or(u32::MAX)).collect();
        let count = |found: Option<&u32>| found.copied().map_or(0.0, f64::from);
        let mut sum = 0.0;
        for at in 0..ids.len() {
            let word = ids[at];
            let one = (count(self.one.get(&word)) + 0.1) / (self.total + 1.0);
            let two = if at >= 1 { count(self.two.get(&(ids[at - 1], word))) / (count(self.one.get(&ids[at - 1])) + 1.0) } else { 0.0 };
            let three = match at {
                0 | 1 => 0.0,
                _ => count(self.three.get(&(ids[at - 2], ids[at - 1], word))) / (count(self.two.get(&(ids[at - 2], ids[at - 1]))) + 1.0),
            };
            sum += (0.15 * one + 0.35 * two + 0.5 * three).ln();
        }
        if ids.is_empty() { 0.0 } else { sum / ids.len() as f64 }
    }
}

/// Words, numbers and single punctuation marks; white space is skipped.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}
