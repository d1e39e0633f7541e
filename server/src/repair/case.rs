//! What the engine is given — texts and reports — and the parsed files it works on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use super::pool::Pool;
use super::scope::{Member, Scope};
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
    pool: OnceLock<Pool>,
}

impl Unit {
    /// A parsed file with its names.
    pub fn new(source: Source, scope: Scope) -> Self {
        Self { source, scope, pool: OnceLock::new() }
    }

    /// Its ingredients, gathered when first asked for.
    pub fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| Pool::of(&self.source))
    }
}

/// The parsed part of a workspace: code that may be edited, and the failing tests' own files, which may not.
#[derive(Clone, Default)]
pub struct Project {
    /// Code, by path.
    pub units: BTreeMap<RelPath, Unit>,
    /// Test files that hold failing tests.
    pub tests: BTreeMap<RelPath, Unit>,
    members: OnceLock<Members>,
}

/// Members of all types of the project, by owner and by name.
#[derive(Clone, Default)]
struct Members {
    by_owner: BTreeMap<String, Vec<Member>>,
    owners: BTreeMap<String, Vec<String>>,
    parameters: BTreeMap<String, Vec<Vec<String>>>,
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
            let unit = Unit::new(source, scope);
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

    /// Members of a type, in all files.
    pub fn members_of(&self, owner: &str) -> &[Member] {
        self.members().by_owner.get(owner).map(Vec::as_slice).unwrap_or_default()
    }

    /// Types that have a member of this name.
    pub fn owners_of(&self, member: &str) -> &[String] {
        self.members().owners.get(member).map(Vec::as_slice).unwrap_or_default()
    }

    /// The names of all members.
    pub fn member_names(&self) -> impl Iterator<Item = &str> {
        self.members().owners.keys().map(String::as_str)
    }

    /// The parameter lists of the functions, methods and constructors of this name, each once.
    pub fn parameters_of(&self, name: &str) -> &[Vec<String>] {
        self.members().parameters.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn members(&self) -> &Members {
        self.members.get_or_init(|| {
            let mut all = Members::default();
            for unit in self.units.values() {
                for member in &unit.scope.members {
                    all.by_owner.entry(member.owner.clone()).or_default().push(member.clone());
                    let owners = all.owners.entry(member.name.clone()).or_default();
                    if !owners.contains(&member.owner) {
                        owners.push(member.owner.clone());
                    }
                    let callable = if member.name == "__init__" { &member.owner } else { &member.name };
                    add_parameters(&mut all.parameters, callable, member.params.as_ref());
                }
                for binding in &unit.scope.bindings {
                    add_parameters(&mut all.parameters, &binding.name, binding.params.as_ref());
                }
            }
            all
        })
    }

    /// All units, code and tests.
    pub fn all(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().chain(self.tests.values())
    }
}

fn add_parameters(all: &mut BTreeMap<String, Vec<Vec<String>>>, name: &str, params: Option<&Vec<String>>) {
    if let Some(params) = params {
        let known = all.entry(name.to_owned()).or_default();
        if !known.contains(params) {
            known.push(params.clone());
        }
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
