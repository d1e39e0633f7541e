//! Sources with known defects, written for this project: `«wrong→right»` marks one defect, `¦` separates acceptable fixes,
//! `‖` begins the failure message. Each mark is a case of its own: the others are put right.

use std::collections::BTreeMap;
use std::sync::Arc;

use lamplighter::proof::{Frame, TestCase, TestId, TestStatus};
use lamplighter::repair::{Case, Project, Suspect, search};
use lamplighter::text::{Edit, MemoryFiles, RelPath, apply_edits};

/// One defect in one file.
pub struct Defect {
    /// The file with this defect.
    pub text: String,
    /// Texts that count as repaired.
    pub repaired: Vec<String>,
    /// Where the defect is.
    pub at: usize,
    /// `wrong→right`, for reading.
    pub label: String,
    /// The failure message.
    pub message: String,
}

/// Every defect of a marked source.
pub fn defects(marked: &str) -> Vec<Defect> {
    let marks: Vec<(usize, usize)> =
        marked.match_indices('«').map(|(start, _)| (start, start + marked[start..].find('»').expect("a closing mark"))).collect();
    (0..marks.len()).map(|index| defect(marked, &marks, index)).collect()
}

fn defect(marked: &str, marks: &[(usize, usize)], index: usize) -> Defect {
    let (mut head, mut tail, mut last) = (String::new(), String::new(), 0);
    let (mut wrong, mut rights, mut message) = (String::new(), Vec::new(), String::new());
    for (number, (start, end)) in marks.iter().enumerate() {
        let inside = &marked[start + '«'.len_utf8()..*end];
        let (code, said) = inside.split_once('‖').unwrap_or((inside, ""));
        let (bad, good) = code.split_once('→').expect("wrong→right");
        let out = if number <= index { &mut head } else { &mut tail };
        out.push_str(&marked[last..*start]);
        last = end + '»'.len_utf8();
        if number == index {
            wrong = bad.to_owned();
            rights = good.split('¦').map(str::to_owned).collect();
            message = said.to_owned();
        } else {
            out.push_str(good.split('¦').next().unwrap_or_default());
        }
    }
    tail.push_str(&marked[last..]);
    Defect {
        at: head.len(),
        text: format!("{head}{wrong}{tail}"),
        repaired: rights.iter().map(|right| format!("{head}{right}{tail}")).collect(),
        label: format!("{}→{}", wrong.trim(), rights.first().map(|right| right.trim()).unwrap_or_default()),
        message: if message.is_empty() { "assertion failed: values differ".into() } else { message },
    }
}

/// The rank (from 1) of the first candidate that repairs `defect`, looking at most at `limit`; the function is known.
pub fn rank(path: &str, defect: &Defect, limit: usize) -> Option<usize> {
    let path = RelPath::new(path).expect("a path");
    let files = MemoryFiles(BTreeMap::from([(path.clone(), Arc::from(defect.text.as_str()))]));
    let failing = [failure(&defect.message)];
    let case = Case { files: &files, failing: &failing, diagnostics: &[], coverage: None, place: None };
    let suspects = function_suspects(&case, &path, defect.at);
    let mut search = search(&case, suspects);
    let wanted: Vec<String> = defect.repaired.iter().map(|text| squeeze(text)).collect();
    while search.count() < limit {
        let batch = search.next_batch(50);
        if batch.is_empty() {
            return None;
        }
        for candidate in batch {
            let new = apply_edits(
                &defect.text,
                &candidate.edits.iter().map(|edit| Edit { path: path.clone(), ..edit.clone() }).collect::<Vec<_>>(),
            )
            .expect("it applies");
            if wanted.contains(&squeeze(&new)) {
                if std::env::var_os("REPAIR_RANK_TRACE").is_some() {
                    trace(&search, candidate.id);
                }
                return Some(candidate.id + 1);
            }
        }
    }
    None
}

/// What was tried before the fix, by family, and the weights around it: for finding out why it came late.
fn trace(search: &lamplighter::repair::Search, id: usize) {
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    for given in (0..id).filter_map(|id| search.given(id)) {
        *families.entry(given.family).or_default() += 1;
    }
    let given = search.given(id).expect("handed out");
    eprintln!("{} of {}: weight {:.3}, score {:.3}; before: {families:?}", given.candidate.title, given.family, given.weight, given.score);
}

/// A failing test that says `message` (`Error: text`).
pub fn failure(message: &str) -> TestCase {
    let error = message.split(':').next().filter(|word| word.ends_with("Error")).map(str::to_owned);
    let frames: Vec<Frame> = Vec::new();
    TestCase {
        id: TestId("tests/test_it.py::test_it".into()),
        status: TestStatus::Failed,
        message: message.to_owned(),
        error,
        frames,
        path: None,
        seconds: 0.0,
    }
}

/// The statements of the function around a byte, all equally suspected.
pub fn function_suspects(case: &Case<'_>, path: &RelPath, at: usize) -> Vec<Suspect> {
    let project = Project::open(case);
    let source = &project.units[path].source;
    let span = source.function_at(at).map_or(0..source.text.len(), |function| source.functions[function].span.clone());
    let inside = source.statements.iter().filter(|statement| {
        statement.span.start < span.end
            && statement.span.end > span.start
            && (statement.span.start >= span.start || statement.span.end <= span.end)
    });
    let suspect = |statement: &lamplighter::repair::source::Statement| Suspect {
        path: path.clone(),
        span: statement.span.clone(),
        line: statement.line,
        function: None,
        score: 1.0,
        why: String::new(),
    };
    inside.map(suspect).collect()
}

/// Code without the white space that does not matter: line by line, indentation kept, inner spaces dropped, empty lines out.
pub fn squeeze(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        out.push_str(&" ".repeat(indent));
        out.extend(line.trim().trim_end_matches(',').chars().filter(|c| *c != ' '));
        out.push('\n');
    }
    out
}
