//! The workspace as Python sees it: module names, classes by name, which files are tests, and where new tests belong.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::source;
use super::super::syntax::{self, named};
use super::facts::{Class, Module};
use crate::proof::SuiteKind;
use crate::text::{Edit, Files, RelPath};

/// Files read at most; beyond them a workspace only loses call sites and classes to build inputs from.
const MOST_FILES: usize = 1500;

/// What an expression needs imported: a module and a name in it, or the module itself where the name is empty.
pub(super) type Need = (String, String);

/// Python files of one suite's folder.
pub(super) struct Project {
    folder: String,
    /// Texts, sorted by path.
    pub(super) sources: BTreeMap<RelPath, Arc<str>>,
    classes: Vec<(RelPath, Class)>,
}

/// How tests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Functions with plain `assert`.
    Pytest,
    /// Methods of `unittest.TestCase`.
    Unittest,
}

/// Where tests go.
pub(super) struct Place {
    /// The file.
    pub(super) path: RelPath,
    /// Its text, where it exists.
    pub(super) text: Option<Arc<str>>,
    /// How they are written there.
    pub(super) style: Style,
    /// Files needed beside it, for it to be found.
    pub(super) beside: Vec<Edit>,
}

impl Project {
    /// Reads the Python files below `folder`.
    pub(super) fn read(files: &dyn Files, folder: &str) -> Self {
        let below = |path: &RelPath| folder.is_empty() || path.as_str().starts_with(&format!("{folder}/"));
        let python = files.list().into_iter().filter(|path| path.extension() == Some("py") && below(path)).take(MOST_FILES);
        let sources: BTreeMap<RelPath, Arc<str>> = python.filter_map(|path| Some((path.clone(), files.read(&path)?))).collect();
        let defining = sources.iter().filter(|(path, text)| !is_test(path) && text.contains("class "));
        let classes =
            defining.flat_map(|(path, text)| Module::read(text).classes.into_iter().map(move |class| (path.clone(), class))).collect();
        Self { folder: folder.to_owned(), sources, classes }
    }

    /// The class of that name which `from` would most likely mean, with its file.
    pub(super) fn class(&self, name: &str, from: &RelPath) -> Option<(&RelPath, &Class)> {
        let all = || self.classes.iter().filter(|(_, class)| class.name == name);
        let imported = |path: &RelPath| {
            let stem = stem(path);
            self.sources.get(from).is_some_and(|text| text.lines().any(|line| line.contains("import") && line.contains(stem)))
        };
        let found = all().find(|(path, _)| path == from).or_else(|| all().find(|(path, _)| imported(path))).or_else(|| all().next())?;
        Some((&found.0, &found.1))
    }

    /// A class that has all these attributes, in the same file first: what an unannotated parameter probably is.
    pub(super) fn class_with(&self, attributes: &std::collections::BTreeSet<String>, from: &RelPath) -> Option<&Class> {
        let fits = |class: &Class| attributes.iter().all(|name| class.attributes.contains(name));
        let mut fitting = self.classes.iter().filter(|(_, class)| !attributes.is_empty() && fits(class));
        fitting.clone().find(|(path, _)| path == from).or_else(|| fitting.next()).map(|(_, class)| class)
    }

    /// Classes that name `base` among their bases.
    pub(super) fn subclass_of(&self, base: &str) -> Option<&Class> {
        self.classes.iter().find(|(_, class)| class.bases.iter().any(|name| name == base)).map(|(_, class)| class)
    }

    /// The name a file is imported by, and the folder that must be on the path for it.
    pub(super) fn module(&self, path: &RelPath) -> Option<(String, String)> {
        let bare = path.as_str().strip_suffix(".py")?;
        let bare = bare.strip_suffix("/__init__").unwrap_or(bare);
        let parts: Vec<&str> = bare.split('/').collect();
        let has_init = |length: usize| {
            let init = parts.get(..length).map(|parts| format!("{}/__init__.py", parts.join("/")));
            init.and_then(|init| RelPath::new(init).ok()).is_some_and(|init| self.sources.contains_key(&init))
        };
        let mut top = parts.len() - 1;
        while top > 0 && has_init(top) {
            top -= 1;
        }
        let dotted = |from: usize| parts.get(from..).map(|parts| parts.join(".")).unwrap_or_default();
        let least = if self.folder.is_empty() { 0 } else { self.folder.split('/').count() };
        let used = (least..top).find(|from| self.sources.values().any(|text| imports_module(text, &dotted(*from))));
        let top = used.unwrap_or(top);
        Some((dotted(top), parts.get(..top)?.join("/")))
    }

    /// What must be imported for the names of an expression; `None` where a name is not known.
    pub(super) fn needs(&self, expression: &str, from: &RelPath) -> Option<Vec<Need>> {
        let parsed = syntax::python(expression)?;
        let mut needs = Vec::new();
        for node in syntax::all(parsed.root()).into_iter().filter(|node| node.kind() == "identifier") {
            let parent = node.parent()?;
            let inside = |field: &str| parent.child_by_field_name(field) == Some(node);
            let bound = syntax::above(node, &["lambda"]).is_some();
            if parent.kind() == "keyword_argument" && inside("name") || parent.kind() == "attribute" && inside("attribute") || bound {
                continue;
            }
            let name = parsed.of(node);
            if BUILTINS.contains(&name) {
                continue;
            }
            let need = match self.class(name, from) {
                Some((path, _)) => (self.module(path)?.0, name.to_owned()),
                None => (STANDARD.iter().find(|(_, names)| names.contains(&name))?.0.to_owned(), name.to_owned()),
            };
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        (!parsed.root().has_error()).then_some(needs)
    }

    /// The test file for a module: the one that is named after it, else the only one that imports it, else a new one.
    pub(super) fn place(&self, path: &RelPath, kind: SuiteKind) -> Option<Place> {
        let (module, _) = self.module(path)?;
        let stem = module.rsplit('.').next()?;
        let tests = || self.sources.iter().filter(|(path, _)| is_test(path) && is_test_file(path));
        let named_after = [format!("test_{stem}.py"), format!("{stem}_test.py"), format!("tests_{stem}.py")];
        let importing: Vec<_> = tests().filter(|(_, text)| imports_from(text, &module)).collect();
        let twins = tests().filter(|(path, _)| named_after.iter().any(|name| name == path.file_name()));
        let twin = twins.max_by_key(|(_, text)| imports_from(text, &module)).or_else(|| match &importing[..] {
            [only] => Some(*only),
            _ => None,
        });
        if let Some((path, text)) = twin {
            let cases = text.contains("TestCase") || kind == SuiteKind::Unittest;
            let style = if cases { Style::Unittest } else { Style::Pytest };
            return Some(Place { path: path.clone(), text: Some(text.clone()), style, beside: Vec::new() });
        }
        let cases = tests().filter(|(_, text)| text.contains("TestCase")).count();
        let style = if kind == SuiteKind::Unittest || cases * 2 > tests().count() { Style::Unittest } else { Style::Pytest };
        let folder = tests().next().and_then(|(path, _)| path.parent()).map(str::to_owned);
        let folder_known = folder.is_some();
        let folder = folder.unwrap_or_else(|| source::join(&self.folder, "tests"));
        let free = |name: &str| !self.sources.keys().any(|path| path.file_name() == name);
        let plain = format!("test_{stem}.py");
        let name = if free(&plain) { plain } else { format!("test_{}.py", module.replace('.', "_")) };
        let path = RelPath::new(source::join(&folder, &name)).ok()?;
        let init = RelPath::new(source::join(&folder, "__init__.py")).ok()?;
        let wants_init = !folder_known && kind == SuiteKind::Unittest && !self.sources.contains_key(&init);
        let beside = wants_init.then_some(Edit { path: init, span: 0..0, text: String::new() }).into_iter().collect();
        Some(Place { path, text: None, style, beside })
    }
}

/// Whether the project would not import this file itself.
pub(super) fn is_test(path: &RelPath) -> bool {
    let folder = path.as_str().split('/').rev().skip(1).any(|part| part == "tests" || part == "test");
    folder || is_test_file(path) || path.file_name() == "conftest.py"
}

fn is_test_file(path: &RelPath) -> bool {
    let name = path.file_name();
    name.starts_with("test_") || name.starts_with("tests_") || name.ends_with("_test.py")
}

fn stem(path: &RelPath) -> &str {
    let name = path.file_name().trim_end_matches(".py");
    if name == "__init__" { path.parent().and_then(|parent| parent.rsplit('/').next()).unwrap_or(name) } else { name }
}

fn imports_module(text: &str, dotted: &str) -> bool {
    text.contains(&format!("from {dotted} import"))
        || text.lines().any(|line| line.trim().strip_prefix("import ").is_some_and(|rest| rest == dotted))
}

/// Whether a text imports a module, from it, or through the package above it.
fn imports_from(text: &str, module: &str) -> bool {
    let parent = module.rsplit_once('.');
    imports(text)
        .iter()
        .any(|import| import.module == module || parent.is_some_and(|(package, name)| import.module == package && import.name == name))
        || text
            .lines()
            .any(|line| line.trim().strip_prefix("import ").is_some_and(|rest| rest.split([',', ' ']).any(|name| name == module)))
}

/// One imported name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The module.
    pub(super) module: String,
    /// The name in it; empty where the module itself is imported.
    pub(super) name: String,
    /// What it is called here.
    pub(super) bound: String,
}

/// Everything a text imports at its top level.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let Some(parsed) = syntax::python(text) else { return Vec::new() };
    let mut found = Vec::new();
    for node in named(parsed.root()) {
        let module = match node.kind() {
            "import_from_statement" => parsed.field(node, "module_name").to_owned(),
            "import_statement" => String::new(),
            _ => continue,
        };
        for item in node.children_by_field_name("name", &mut node.walk()) {
            let (name, bound) = match item.kind() {
                "aliased_import" => (parsed.field(item, "name"), parsed.field(item, "alias")),
                _ => (parsed.of(item), parsed.of(item)),
            };
            let (module, name) = if module.is_empty() { (name.to_owned(), "") } else { (module.clone(), name) };
            found.push(Import { module, name: name.to_owned(), bound: bound.to_owned() });
        }
    }
    found
}

const BUILTINS: &[&str] = &[
    "str",
    "int",
    "float",
    "bool",
    "list",
    "dict",
    "set",
    "tuple",
    "frozenset",
    "bytes",
    "bytearray",
    "range",
    "len",
    "abs",
    "min",
    "max",
    "sum",
    "sorted",
    "iter",
    "complex",
    "object",
    "reversed",
    "zip",
    "enumerate",
    "slice",
    "ValueError",
    "KeyError",
    "TypeError",
];

const STANDARD: &[(&str, &[&str])] = &[
    ("decimal", &["Decimal"]),
    ("fractions", &["Fraction"]),
    ("datetime", &["date", "datetime", "timedelta", "time"]),
    ("collections", &["Counter", "OrderedDict", "deque"]),
    ("uuid", &["UUID"]),
    ("pathlib", &["PurePath"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::MemoryFiles;

    fn project(files: &[(&str, &str)]) -> Project {
        let files = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), Arc::from(*text))).collect();
        Project::read(&MemoryFiles(files), "")
    }

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn modules_are_named_as_they_are_imported() {
        let project = project(&[
            ("src/shop/__init__.py", ""),
            ("src/shop/cart.py", ""),
            ("tool.py", ""),
            ("lib/deep/thing.py", ""),
            ("main.py", "from lib.deep.thing import x\n"),
        ]);
        assert_eq!(project.module(&path("src/shop/cart.py")), Some(("shop.cart".into(), "src".into())));
        assert_eq!(project.module(&path("src/shop/__init__.py")), Some(("shop".into(), "src".into())));
        assert_eq!(project.module(&path("tool.py")), Some(("tool".into(), String::new())));
        assert_eq!(project.module(&path("lib/deep/thing.py")), Some(("lib.deep.thing".into(), String::new())));
    }

    #[test]
    fn tests_go_where_the_project_keeps_them() {
        let project =
            project(&[("stats.py", ""), ("other.py", ""), ("tests/test_stats.py", "import unittest\nclass A(unittest.TestCase): pass\n")]);
        let place = project.place(&path("stats.py"), SuiteKind::Pytest).unwrap();
        assert_eq!((place.path.as_str(), place.text.is_some(), place.style), ("tests/test_stats.py", true, Style::Unittest));
        let place = project.place(&path("other.py"), SuiteKind::Pytest).unwrap();
        assert_eq!((place.path.as_str(), place.text.is_some(), place.style), ("tests/test_other.py", false, Style::Unittest));
    }

    #[test]
    fn a_name_that_is_not_known_makes_an_expression_unusable() {
        let project = project(&[("geo.py", "class Point:\n    pass\n")]);
        assert_eq!(project.needs("Point(x=1)", &path("geo.py")), Some(vec![("geo".into(), "Point".into())]));
        assert_eq!(project.needs("Decimal('1')", &path("geo.py")), Some(vec![("decimal".into(), "Decimal".into())]));
        assert_eq!(project.needs("secret(1)", &path("geo.py")), None);
    }
}
