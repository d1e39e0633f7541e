//! What the engine is given — texts and reports — and the parsed files it works on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::scope::Scope;
use super::source::{Lang, Source};
use crate::proof::{Coverage, Diagnostic, TestCase};
use crate::text::{Files, RelPath};

/// Files of the workspace parsed at most, nearest to the failure first.
const MAX_FILES: usize = 400;
/// Bytes parsed at most.
const MAX_BYTES: usize = 6 << 20;

/// Everything known about a defect. Nothing here is run; it is only read.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The texts the reports are about.
    pub files: &'a dyn Files,
    /// Red tests, with messages and frames.
    pub failing: &'a [TestCase],
    /// Findings of compilers and checkers.
    pub diagnostics: &'a [Diagnostic],
    /// Lines run by the failing tests and by a sample of the passing ones.
    pub coverage: Option<&'a Coverage>,
    /// Where the user pointed.
    pub place: Option<&'a Place>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: RelPath,
    /// Byte range; `None` for the whole file.
    pub span: Option<Range<usize>>,
}

/// A file with its names.
#[derive(Clone)]
pub struct Unit {
    /// The parsed file.
    pub source: Source,
    /// Its names.
    pub scope: Scope,
}

/// The parsed part of a workspace: code that may be edited, and the failing tests' own files, which may not.
#[derive(Clone, Default)]
pub struct Project {
    /// Code, by path.
    pub units: BTreeMap<RelPath, Unit>,
    /// Test files that hold failing tests.
    pub tests: BTreeMap<RelPath, Unit>,
}

impl Project {
    /// Parses what may matter for `case`: the files its reports name first, then files in the languages at hand until the
    /// limits are reached.
    pub fn open(case: &Case<'_>) -> Self {
        let named = named_files(case);
        let languages: BTreeSet<Lang> = named.iter().filter_map(Lang::of).collect();
        let mut order: Vec<RelPath> = named.iter().cloned().collect();
        order.extend(case.files.list().into_iter().filter(|path| !named.contains(path)));
        let wanted = |path: &RelPath| Lang::of(path).is_some_and(|lang| languages.is_empty() || languages.contains(&lang));
        let test_names: BTreeSet<String> = case.failing.iter().map(|test| test_name(&test.id.0)).collect();
        let (mut project, mut bytes) = (Self::default(), 0);
        for path in order.into_iter().filter(wanted) {
            if project.units.len() >= MAX_FILES || bytes >= MAX_BYTES {
                break;
            }
            let Some(text) = case.files.read(&path) else { continue };
            let Some(source) = Source::parse(&path, text) else { continue };
            bytes += source.text.len();
            let holds_failing = source.functions.iter().any(|function| function.is_test && test_names.contains(&function.name));
            let scope = if source.is_test && !holds_failing { Scope::default() } else { Scope::of(&source) };
            let unit = Unit { source, scope };
            if unit.source.is_test {
                if holds_failing || case.failing.iter().any(|test| test.path.as_ref() == Some(&path)) {
                    project.tests.insert(path, unit);
                }
            } else {
                project.units.insert(path, unit);
            }
        }
        project
    }

    /// All units, code and tests.
    pub fn all(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().chain(self.tests.values())
    }
}

/// The function name in a runner's test id: after the last `::`, `.` or `$`, without a parameter list.
pub fn test_name(id: &str) -> String {
    let plain = id.split('[').next().unwrap_or(id);
    let plain = plain.split(" (").next().unwrap_or(plain);
    plain.rsplit(['.', ':', '$', '/']).next().unwrap_or(plain).to_owned()
}

fn named_files(case: &Case<'_>) -> BTreeSet<RelPath> {
    let mut named = BTreeSet::new();
    for test in case.failing {
        named.extend(test.path.iter().cloned());
        named.extend(test.frames.iter().map(|frame| frame.path.clone()));
        if let Some(spans) = case.coverage.and_then(|coverage| coverage.lines.get(&test.id)) {
            named.extend(spans.keys().cloned());
        }
    }
    named.extend(case.diagnostics.iter().map(|diagnostic| diagnostic.path.clone()));
    named.extend(case.place.iter().map(|place| place.path.clone()));
    named
}
