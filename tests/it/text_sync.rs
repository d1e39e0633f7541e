//! Document synchronisation against a plain model: one wrong character here and every later edit lands in the wrong place.
//!
//! The model keeps the text as a vector of code units and finds lines by walking over it, so it shares nothing with the
//! rope. `LAMPLIGHTER_SEED=n` starts the sequence of seeds elsewhere; a failure names the seed it happened with.

use fastrand::Rng;
use lamplighter::text::{ContentChange, Document, Encoding, Position, PositionError};

const DOCUMENTS: u64 = 100;
const EDITS: u64 = 900;

#[test]
fn random_edits_in_utf8_equal_the_model() {
    run(Encoding::Utf8);
}

#[test]
fn random_edits_in_utf16_equal_the_model() {
    run(Encoding::Utf16);
}

#[test]
fn random_edits_in_utf32_equal_the_model() {
    run(Encoding::Utf32);
}

/// 90,000 changes, at least 70,000 of them valid: the three encodings together make 210,000 edits.
fn run(encoding: Encoding) {
    let first = std::env::var("LAMPLIGHTER_SEED").map_or(1, |seed| seed.parse().expect("LAMPLIGHTER_SEED is a number"));
    let mut refused = 0;
    for seed in first..first + DOCUMENTS {
        refused += one_document(seed, encoding);
    }
    let total = DOCUMENTS * EDITS;
    assert!(refused > total / 100 && total - refused >= 70_000, "invalid were {refused} of {total}: the generator is off balance");
}

/// Types into one document; returns how many edits were invalid.
fn one_document(seed: u64, encoding: Encoding) -> u64 {
    let mut rng = Rng::with_seed(seed);
    let mut model = some_text(&mut rng, 3000);
    let mut document = Document::new(&model);
    let mut refused = 0;
    for step in 0..EDITS {
        let place = format!("LAMPLIGHTER_SEED={seed} {encoding:?} edit {step}");
        let change = some_change(&mut rng, &model, encoding);
        let expected = apply_to_model(&model, &change, encoding);
        match (document.apply(&change, encoding), expected) {
            (Ok(splice), Ok(text)) => {
                assert_eq!(text.get(splice.new.clone()), Some(change.text.as_str()), "{place}: the splice names the wrong bytes");
                assert_eq!(model.len() - splice.old.len() + splice.new.len(), text.len(), "{place}: {splice:?}");
                model = text;
            }
            (Err(error), Err(fault)) => {
                assert_eq!(Fault::from(error), fault, "{place}: {change:?}");
                refused += 1;
            }
            (got, expected) => panic!("{place}: {change:?} gave {got:?}, the model {expected:?}"),
        }
        assert!(document.rope() == model.as_str(), "{place}: texts differ after {change:?}\n{:?}\n{model:?}", document.text());
        check_a_byte(&mut rng, &document, &model, encoding, &place);
    }
    refused
}

/// A byte goes to the position the model counts, and back.
fn check_a_byte(rng: &mut Rng, document: &Document, model: &str, encoding: Encoding, place: &str) {
    let mut byte = rng.usize(0..=model.len());
    while !model.is_char_boundary(byte) {
        assert!(document.position(byte, encoding).is_err(), "{place}: byte {byte} is inside a character");
        byte -= 1;
    }
    if model[..byte].ends_with('\r') && model[byte..].starts_with('\n') {
        byte -= 1;
    }
    let units = units(&model[..byte], encoding);
    let lines = line_spans(&units);
    let last = lines.last().expect("a text has a line");
    // Cut at `byte`, so a CR that ends the cut is a whole line end: `\r\n` was excluded above.
    let expected = Position::new(lines.len() as u32 - 1, (units.len() - last.start) as u32);
    assert_eq!(document.position(byte, encoding), Ok(expected), "{place}: byte {byte}");
    assert_eq!(document.offset(expected, encoding), Ok(byte), "{place}: back to byte {byte}");
}

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Line,
    Inside,
    Reversed,
}

impl From<PositionError> for Fault {
    fn from(error: PositionError) -> Self {
        match error {
            PositionError::NoSuchLine { .. } => Self::Line,
            PositionError::InsideCharacter { .. } => Self::Inside,
            PositionError::Reversed { .. } => Self::Reversed,
            PositionError::NoSuchByte { .. } => panic!("no bytes were given: {error}"),
        }
    }
}

fn units(text: &str, encoding: Encoding) -> Vec<u32> {
    match encoding {
        Encoding::Utf8 => text.bytes().map(u32::from).collect(),
        Encoding::Utf16 => text.encode_utf16().map(u32::from).collect(),
        Encoding::Utf32 => text.chars().map(u32::from).collect(),
    }
}

fn text_of(units: &[u32], encoding: Encoding) -> String {
    match encoding {
        Encoding::Utf8 => String::from_utf8(units.iter().map(|unit| *unit as u8).collect()).expect("whole characters"),
        Encoding::Utf16 => String::from_utf16(&units.iter().map(|unit| *unit as u16).collect::<Vec<_>>()).expect("whole characters"),
        Encoding::Utf32 => units.iter().map(|unit| char::from_u32(*unit).expect("a character")).collect(),
    }
}

/// Every line's units without its end.
fn line_spans(units: &[u32]) -> Vec<std::ops::Range<usize>> {
    let (cr, lf) = (u32::from('\r'), u32::from('\n'));
    let mut spans = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < units.len() {
        if units[at] == cr || units[at] == lf {
            spans.push(start..at);
            at += usize::from(units[at] == cr && units.get(at + 1) == Some(&lf));
            start = at + 1;
        }
        at += 1;
    }
    spans.push(start..units.len());
    spans
}

fn apply_to_model(text: &str, change: &ContentChange, encoding: Encoding) -> Result<String, Fault> {
    let Some(range) = &change.range else {
        return Ok(change.text.clone());
    };
    let mut all = units(text, encoding);
    let lines = line_spans(&all);
    let place = |position: Position| -> Result<usize, Fault> {
        let line = position.line as usize;
        if line == lines.len() {
            return Ok(all.len());
        }
        let span = lines.get(line).ok_or(Fault::Line)?;
        let at = (span.start + position.column as usize).min(span.end);
        let inside = all.get(at).is_some_and(|unit| is_inside(*unit, encoding));
        if inside { Err(Fault::Inside) } else { Ok(at) }
    };
    let (start, end) = (place(range.start)?, place(range.end)?);
    if start > end {
        return Err(Fault::Reversed);
    }
    all.splice(start..end, units(&change.text, encoding));
    Ok(text_of(&all, encoding))
}

fn some_text(rng: &mut Rng, most: usize) -> String {
    const PIECES: [&str; 20] = [
        "a", "b", "fn", " ", "x = 1", "é", "ß", "€", "日", "𝒳", "🦀", "e\u{301}", "\u{feff}", "\n", "\n", "\r\n", "\r", "\u{2028}",
        "\u{85}", "\u{0b}",
    ];
    (0..rng.usize(0..=most)).map(|_| PIECES[rng.usize(0..PIECES.len())]).collect()
}

/// Mostly valid; one in ten or so names no place. Texts are kept between empty and a few rope leaves.
fn some_change(rng: &mut Rng, model: &str, encoding: Encoding) -> ContentChange {
    if rng.u32(0..400) == 0 {
        return ContentChange { range: None, text: some_text(rng, 3000) };
    }
    let units = units(model, encoding);
    let lines = line_spans(&units);
    let mut start = some_position(rng, &lines);
    let mut end =
        if rng.bool() { Position::new(start.line, start.column.saturating_add(rng.u32(0..4))) } else { some_position(rng, &lines) };
    if model.len() < 8000 && rng.bool() {
        // Short edits most of the time: otherwise half the text goes with every second edit.
        end = Position::new(start.line.saturating_add(rng.u32(0..2)), rng.u32(0..6));
    }
    if rng.u32(0..20) != 0 {
        (start, end) = (snapped(start, &units, &lines, encoding), snapped(end, &units, &lines, encoding));
    }
    if end < start && rng.u32(0..20) != 0 {
        (start, end) = (end, start);
    }
    let most = match rng.u32(0..50) {
        0 if model.len() < 8000 => 1500,
        1..10 => 0,
        _ => 6,
    };
    ContentChange { range: Some(start..end), text: some_text(rng, most) }
}

/// The position moved back to the start of the character it lies in.
fn snapped(position: Position, units: &[u32], lines: &[std::ops::Range<usize>], encoding: Encoding) -> Position {
    let Some(span) = lines.get(position.line as usize) else {
        return position;
    };
    let mut column = position.column.min(span.len() as u32);
    while units.get(span.start + column as usize).is_some_and(|unit| is_inside(*unit, encoding)) {
        column -= 1;
    }
    Position::new(position.line, column)
}

/// Whether no character starts with this unit.
fn is_inside(unit: u32, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf8 => unit & 0xC0 == 0x80,
        Encoding::Utf16 => (0xDC00..0xE000).contains(&unit),
        Encoding::Utf32 => false,
    }
}

fn some_position(rng: &mut Rng, lines: &[std::ops::Range<usize>]) -> Position {
    match rng.u32(0..60) {
        0 => Position::new(lines.len() as u32 + rng.u32(0..3), rng.u32(0..3)),
        1 => Position::new(u32::MAX, u32::MAX),
        _ => {
            let line = rng.usize(0..lines.len());
            let past = u32::from(rng.u32(0..10) == 0);
            Position::new(line as u32, rng.u32(0..=lines[line].len() as u32 + past))
        }
    }
}
