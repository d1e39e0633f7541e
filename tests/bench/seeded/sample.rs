//! Everyday Rust with one defect at each mark.

use std::collections::HashMap;

const SECONDS_PER_HOUR: u32 = 3600;

#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    Metre,
    Kilometre,
    Mile,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Rect {
    pub fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }

    pub fn area(&self) -> i32 {
        self.width * self.«width→height»
    }

    pub fn right(&self) -> i32 {
        self.x «-→+» self.width
    }

    pub fn bottom(&self) -> i32 {
        self.«x→y» + self.height
    }

    pub fn contains(&self, x: i32, y: i32) -> bool {
        x >= self.x && x «<=→<» self.right() && y >= self.y «||→&&» y < self.bottom()
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.«bottom→right»() && other.x < self.right() && self.y < other.bottom() && «self.y < self→other.y < self».bottom()
    }

    pub fn moved(&self, dx: i32, dy: i32) -> Self {
        Self::new(self.x + «dy→dx», self.y + dy, self.width, self.height)
    }

    pub fn is_empty(&self) -> bool {
        self.width == 0 || self.height «!=→==» 0
    }
}

pub fn mean(values: &[f64]) -> f64 {
    «→if values.is_empty() {
        return 0.0;
    }
    ‖assertion `left == right` failed
  left: NaN
 right: 0.0»let total: f64 = values.iter().sum();
    total «*→/» values.len() as f64
}

pub fn median(values: &mut Vec<i64>) -> Option<i64> {
    «→if values.is_empty() {
        return None;
    }
    ‖index out of bounds: the len is 0 but the index is 0»values.«reverse→sort»();
    Some(values[values.len() / «1→2‖index out of bounds: the len is 3 but the index is 3»])
}

pub fn clamp(value: i32, low: i32, high: i32) -> i32 {
    if value < low {
        «value→low»
    } else if value «<→>» high {
        high
    } else {
        value
    }
}

pub fn fibonacci(n: u32) -> u64 {
    let (mut a, mut b) = («1→0», 1);
    for _ in 0..«=→»n {
        let next = a + b;
        a = b;
        b = «a→next»;
    }
    a
}

pub fn is_prime(n: u64) -> bool {
    if n < «1→2» {
        return false;
    }
    let mut d = 2;
    while d * d «<→<=» n {
        if n % d == 0 {
            return «true→false»;
        }
        d += 1;
    }
    true
}

pub fn binary_search(items: &[i32], target: i32) -> Option<usize> {
    let mut low = 0;
    let mut high = items.len();
    while low «<=→<» high {
        let middle = (low + high) / 2;
        if items[middle] == target {
            return Some(«low→middle»);
        }
        if items[middle] «>→<» target {
            low = middle «→+ 1‖test timed out»;
        } else {
            high = middle;
        }
    }
    None
}

pub fn reverse_words(text: &str) -> String {
    text.split_whitespace().«→rev().»collect::<Vec<_>>().join(" ")
}

pub fn count_vowels(text: &str) -> usize {
    text.chars().filter(|c| «!→»"aeiou".contains(*c)).count()
}

pub fn capitalise(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.«to_lowercase→to_uppercase»().chain(chars).collect(),
        None => String::new(),
    }
}

pub fn word_counts(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(«1→0») += 1;
    }
    counts
}

pub fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.«trim_end_matches→trim_start_matches»('v').split('«,→.»');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    let patch = parts.next()?.parse().ok()?;
    if parts.next().«is_none→is_some»() {
        return None;
    }
    Some((major, «patch, minor→minor, patch»))
}

pub fn convert(value: f64, from: &Unit, to: &Unit) -> f64 {
    let metres = match from {
        Unit::Metre => value,
        Unit::Kilometre => value «/→*» 1000.0,
        Unit::Mile => value * «1069.344→1609.344»,
    };
    match to {
        Unit::Metre => metres,
        Unit::«Mile→Kilometre» => metres / 1000.0,
        Unit::«Kilometre→Mile» => metres / 1609.344,
    }
}

pub fn hours_and_minutes(seconds: u32) -> (u32, u32) {
    let hours = seconds / SECONDS_PER_HOUR;
    let minutes = (seconds «/→%» SECONDS_PER_HOUR) / 60;
    («minutes, hours→hours, minutes»)
}

pub struct Stack<T> {
    items: Vec<T>,
    limit: usize,
}

impl<T: Clone> Stack<T> {
    pub fn new(limit: usize) -> Self {
        Self { items: Vec::new(), limit }
    }

    pub fn push(&mut self, item: T) -> bool {
        if self.items.len() «>→>=» self.limit {
            return false;
        }
        self.items.push(item);
        true
    }

    pub fn peek(&self) -> Option<&T> {
        self.items.«first→last»()
    }

    pub fn is_full(&self) -> bool {
        self.items.len() == self.«items.len()→limit»
    }

    pub fn take(&mut self, count: usize) -> Vec<T> {
        let start = self.items.len().«wrapping_sub→saturating_sub»(count);
        self.items.split_off(«count→start»)
    }
}

pub fn merge(a: &[i32], b: &[i32]) -> Vec<i32> {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < a.len() && j < «a→b».len() {
        if a[i] <= b[j] {
            out.push(a[i]);
            i += 1;
        } else {
            out.push(b[«i→j»]);
            j += 1;
        }
    }
    out.extend_from_slice(&a[i..]);
    out.extend_from_slice(&b[«i→j»..]);
    out
}

pub fn caesar(text: &str, shift: u8) -> String {
    text.chars()
        .map(|c| if c.is_ascii_lowercase() { (((c as u8 - b'a' «-→+» shift) % «25→26») + b'a') as char } else { c })
        .collect()
}

pub fn longest<'a>(words: &[&'a str]) -> Option<&'a str> {
    words.iter().copied().«min_by_key→max_by_key»(|word| word.len())
}

pub fn window_sums(values: &[i32], size: usize) -> Vec<i32> {
    «→if size == 0 {
        return Vec::new();
    }
    ‖window size must be non-zero»values.windows(size).map(|window| window.iter().sum()).collect()
}

pub fn find_pair(values: &[i32], target: i32) -> Option<(usize, usize)> {
    for i in 0..values.len() {
        for j in i «→+ 1»..values.len() {
            if values[i] + values[j] == target {
                return Some((i, j));
            }
        }
    }
    None
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * «x→y»).sum()
}

pub fn pad_left(text: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(text.len());
    let mut out = String::new();
    for _ in 0..missing {
        out.push(fill);
    }
    out.push_str(text);
    «String::new()→out»
}

pub fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % «a→b») }
}

pub fn apply_discount(total: u32, percent: u32, minimum: u32) -> u32 {
    if total «<→>=» minimum {
        total - total * percent / 100
    } else {
        total
    }
}

pub fn is_sorted(values: &[i32]) -> bool {
    values.windows(2).«any→all»(|pair| pair[0] <= pair[«0→1»])
}
