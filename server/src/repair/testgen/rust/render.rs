//! Writing tests the way the crate writes them: into the file's own `mod tests`, or into `tests/` where the crate keeps them there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::describe;
use super::super::inputs::Call;
use super::super::source;
use super::super::syntax::{self, named};
use super::facts::{Function, Receiver};
use super::probe::{Case, Seen};
use super::shown::{self, Shown};
use super::values::Values;
use crate::text::{Edit, RelPath};

/// One test.
#[derive(Debug, Clone)]
pub(super) struct Test {
    /// Its name.
    pub(super) name: String,
    /// What it shows.
    pub(super) shows: String,
    /// Which function it is about.
    pub(super) subject: usize,
    /// `expected` of `#[should_panic]`, where it panics.
    panics: Option<String>,
    setup: Vec<String>,
    call: String,
    /// Expression, its type, and what `{:?}` shows.
    facts: Vec<(String, String, String)>,
    /// Whether values are compared as their `{:?}` text.
    pub(super) as_text: bool,
}

impl Test {
    /// The way the code behaves here, for showing one of each.
    pub(super) fn behaviour(&self) -> String {
        let result = self.facts.first().map(|(.., value)| value.as_str()).unwrap_or_default();
        let head = match result {
            _ if self.panics.is_some() => "panics",
            "true" | "false" | "None" | "[]" | "\"\"" | "{}" | "0" | "0.0" => result,
            text if text.starts_with("Err(") => "Err",
            text if text.starts_with("Some(") => "Some",
            text if text.starts_with('-') => "negative",
            _ => "some",
        };
        head.to_owned()
    }
}

/// Where tests go.
pub(super) struct Place {
    /// The file.
    pub(super) path: RelPath,
    kind: Kind,
    text: Arc<str>,
    prefix: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Before the closing bracket of a test module at this byte; whether it has to import everything first, and where.
    Inside { end: usize, glob: Option<usize> },
    /// A new test module at the end.
    NewModule,
    /// The end of a file of its own; the line that imports what is tested, where it is missing.
    OwnFile { import: Option<String> },
}

impl Place {
    /// For the functions of `path`: its test module, that module's own file, `tests/…` of a crate that has only those, or a new module.
    pub(super) fn of(
        sources: &BTreeMap<RelPath, Arc<str>>,
        path: &RelPath,
        text: &Arc<str>,
        public: bool,
        crate_name: Option<&str>,
    ) -> Option<Self> {
        let prefixed = sources.values().map(|text| text.matches("fn test_").count()).sum::<usize>();
        let all = sources.values().map(|text| text.matches("#[test]").count()).sum::<usize>();
        let prefix = if prefixed * 2 > all { "test_" } else { "" };
        let parsed = syntax::rust(text)?;
        let items = named(parsed.root());
        let mut marked = false;
        for node in items {
            let module = node.kind() == "mod_item" && marked;
            marked = node.kind() == "attribute_item" && (parsed.of(node).contains("cfg(test)") || marked);
            let Some(body) = node.child_by_field_name("body").filter(|_| module) else {
                let outside = module.then(|| outside(path, parsed.field(node, "name"))).flatten();
                if let Some((path, text)) = outside.and_then(|path| sources.get(&path).map(|text| (path, text.clone()))) {
                    let import = (!text.contains("super::*")).then(|| "use super::*;".to_owned());
                    return Some(Self { path, kind: Kind::OwnFile { import }, text, prefix });
                }
                continue;
            };
            let glob = (!parsed.of(body).contains("super::*")).then(|| body.start_byte() + 1);
            return Some(Self { path: path.clone(), kind: Kind::Inside { end: body.end_byte() - 1, glob }, text: text.clone(), prefix });
        }
        Some(Self::integration(sources, path, public, crate_name, prefix).unwrap_or(Self {
            path: path.clone(),
            kind: Kind::NewModule,
            text: text.clone(),
            prefix,
        }))
    }

    /// `tests/<module>.rs`, where the crate has such tests and none beside its code.
    fn integration(
        sources: &BTreeMap<RelPath, Arc<str>>,
        path: &RelPath,
        public: bool,
        crate_name: Option<&str>,
        prefix: &'static str,
    ) -> Option<Self> {
        let (folder, inside) = path.as_str().rsplit_once("src/")?;
        let beside =
            |(path, text): (&RelPath, &Arc<str>)| path.as_str().starts_with(&format!("{folder}src/")) && text.contains("#[cfg(test)]");
        let has_tests = sources.keys().any(|path| path.as_str().starts_with(&format!("{folder}tests/")));
        if !public || !has_tests || sources.iter().any(beside) {
            return None;
        }
        let bare = inside.strip_suffix(".rs")?;
        let bare = bare.strip_suffix("/mod").unwrap_or(bare);
        let module = if bare == "lib" { String::new() } else { format!("::{}", bare.replace('/', "::")) };
        let stem = if bare == "lib" { crate_name? } else { bare.rsplit('/').next()? };
        let path = RelPath::new(format!("{folder}tests/{stem}.rs")).ok()?;
        let text = sources.get(&path).cloned().unwrap_or_default();
        let import = format!("use {}{module}::*;", crate_name?);
        let import = (!text.contains(&import)).then_some(import);
        Some(Self { path, kind: Kind::OwnFile { import }, text, prefix })
    }

    /// Names that are in use where the tests go.
    pub(super) fn taken(&self) -> BTreeSet<String> {
        let names =
            self.text.split("fn ").skip(1).filter_map(|rest| rest.split(|char: char| !char.is_alphanumeric() && char != '_').next());
        names.map(str::to_owned).collect()
    }
}

/// The file of `mod name;` in `path`.
fn outside(path: &RelPath, name: &str) -> Option<RelPath> {
    let folder = path.parent().unwrap_or_default();
    let root = ["lib.rs", "main.rs", "mod.rs"].contains(&path.file_name());
    let folder = if root { folder.to_owned() } else { source::join(folder, path.file_name().trim_end_matches(".rs")) };
    RelPath::new(source::join(&folder, &format!("{name}.rs"))).ok()
}

/// The test of one case; `None` where there is nothing to assert.
pub(super) fn test(
    subject: usize,
    function: &Function,
    call: &Call,
    case: &Case,
    seen: &Seen,
    place: &Place,
    taken: &mut BTreeSet<String>,
) -> Option<Test> {
    let mut test = Test {
        name: String::new(),
        shows: String::new(),
        subject,
        panics: None,
        setup: case.setup.clone(),
        call: case.call.clone(),
        facts: Vec::new(),
        as_text: false,
    };
    let ending = match seen {
        Seen::Values(values) => {
            let result = values.first()?;
            if function.returns != "()" {
                test.facts.push((case.call.clone(), collected(&function.returns), result.clone()));
            }
            test.facts.extend(
                case.after.iter().zip(values.iter().skip(1)).map(|((text, kind), value)| (text.clone(), kind.clone(), value.clone())),
            );
            if test.facts.is_empty() {
                return None;
            }
            test.shows = format!("{} gives {result}", case.call);
            match result.as_str() {
                "true" => "_is_true".into(),
                "false" => "_is_false".into(),
                "None" => "_is_none".into(),
                "[]" | "\"\"" | "{}" | "0" => format!(
                    "_is_{}",
                    describe::argument(if result == "{}" { "[]" } else { result })
                        .replace("empty_list", "empty")
                        .replace("empty_text", "empty")
                ),
                _ if result.starts_with("Err(") => "_is_an_error".into(),
                "()" => case
                    .after
                    .first()
                    .map(|(text, _)| format!("_changes_{}", describe::slug(text.split('.').next().unwrap_or(text))))
                    .unwrap_or_default(),
                _ => String::new(),
            }
        }
        Seen::Panic(message, _) => {
            test.panics = Some(message.lines().next().unwrap_or_default().to_owned());
            test.shows = format!("{} panics: {message}", case.call);
            "_panics".into()
        }
        Seen::Hang => return None,
    };
    let owner = function.owner.as_deref().map(|owner| describe::slug(owner) + "_").unwrap_or_default();
    let params: Vec<&str> = function.params.iter().map(|(name, _)| name.as_str()).collect();
    let own = format!("{}{owner}{}", place.prefix, function.name.trim_matches('_'));
    let name = describe::test_name(&own, &params, call, &ending, function.receiver != Receiver::None);
    test.name = describe::unique(&name, taken);
    Some(test)
}

/// The type of a result as it is looked at: iterators are collected.
fn collected(returns: &str) -> String {
    let item = returns.strip_prefix("impl ").and_then(|rest| rest.split_once("Item")).map(|(_, rest)| rest.trim_start_matches([' ', '=']));
    item.map_or_else(|| returns.to_owned(), |item| format!("Vec<{}>", item.split('>').next().unwrap_or(item).trim()))
}

/// The tests as edits.
pub(super) fn edits(values: &Values, place: &Place, tests: &[Test]) -> Vec<Edit> {
    let (indent, text) = (if matches!(place.kind, Kind::OwnFile { .. }) { "" } else { "    " }, &*place.text);
    let block = tests.iter().map(|test| written(values, test, indent)).collect::<Vec<_>>().join("\n");
    let edit = |at: usize, added: String| Edit { path: place.path.clone(), span: at..at, text: source::like(text, &added) };
    match &place.kind {
        Kind::Inside { end, glob } => {
            let before = text.get(..*end).unwrap_or(text);
            let own_line = before.trim_end_matches([' ', '\t']).ends_with('\n');
            let start = before.trim_end_matches([' ', '\t']).len();
            let empty = before.trim_end().ends_with('{');
            let added = format!("{}{}{block}", if own_line { "" } else { "\n" }, if empty { "" } else { "\n" });
            let mut edits: Vec<Edit> = glob.iter().map(|at| edit(*at, "\n    use super::*;".into())).collect();
            edits.push(edit(start, added));
            edits
        }
        Kind::NewModule => {
            let module = format!("#[cfg(test)]\nmod {} {{\n    use super::*;\n\n{block}}}", free_name(text));
            vec![edit(text.len(), source::append(text, &module, 1).replace("\r\n", "\n"))]
        }
        Kind::OwnFile { import } => {
            let head = import.as_ref().filter(|_| text.trim().is_empty()).map(|import| format!("{import}\n\n")).unwrap_or_default();
            let mut edits = Vec::new();
            if let Some(import) = import.as_ref().filter(|_| head.is_empty()) {
                edits.push(edit(after_comments(text), format!("{import}\n")));
            }
            edits.push(edit(text.len(), source::append(text, &format!("{head}{block}"), 1).replace("\r\n", "\n")));
            edits
        }
    }
}

/// Where the first line that is neither a comment nor an inner attribute begins.
fn after_comments(text: &str) -> usize {
    let lines = text.split_inclusive('\n').take_while(|line| line.starts_with("//") || line.starts_with("#!") || line.trim().is_empty());
    lines.map(str::len).sum()
}

fn free_name(text: &str) -> &'static str {
    ["tests", "more_tests", "generated_tests"]
        .into_iter()
        .find(|name| !text.contains(&format!("mod {name}")))
        .unwrap_or("tests_of_this_file")
}

fn written(values: &Values, test: &Test, indent: &str) -> String {
    let mut lines: Vec<String> = test.setup.clone();
    match &test.panics {
        Some(_) => lines.push(format!("{};", test.call)),
        None => {
            let first_is_call = test.facts.first().is_some_and(|(text, ..)| *text == test.call);
            if !first_is_call {
                lines.push(format!("{};", test.call));
            }
            lines.extend(test.facts.iter().map(|(text, kind, value)| assertion(values, text, kind, value, test.as_text)));
        }
    }
    let expected = test.panics.as_ref().map(|message| match message.as_str() {
        "" => format!("{indent}#[should_panic]\n"),
        message => format!("{indent}#[should_panic(expected = {message:?})]\n"),
    });
    let body: String = lines.iter().map(|line| fitted(line, &format!("{indent}    "))).collect();
    format!("{indent}#[test]\n{}{indent}fn {}() {{\n{body}{indent}}}\n", expected.unwrap_or_default(), test.name)
}

/// The statement, broken after its commas where it is longer than a line.
fn fitted(line: &str, indent: &str) -> String {
    let inner = line.strip_prefix("assert_eq!(").and_then(|rest| rest.strip_suffix(");"));
    match inner {
        Some(inner) if indent.len() + line.chars().count() > 100 => {
            let parts: String = source::split(inner, ',').iter().map(|part| format!("{indent}    {part},\n")).collect();
            format!("{indent}assert_eq!(\n{}\n{indent});\n", parts.trim_end().trim_end_matches(','))
        }
        _ => format!("{indent}{line}\n"),
    }
}

fn assertion(values: &Values, text: &str, kind: &str, value: &str, as_text: bool) -> String {
    let compared = || format!("assert_eq!(format!(\"{{:?}}\", {text}), {value:?});");
    if as_text {
        return compared();
    }
    match (kind, value) {
        ("bool", "true") => return format!("assert!({text});"),
        ("bool", "false") => return format!("assert!(!{text});"),
        ("f32" | "f64", "NaN") => return format!("assert!({text}.is_nan());"),
        ("f32" | "f64", number) => {
            if let Some(number) = number.parse::<f64>().ok().filter(|number| number.fract() != 0.0 && number.is_finite()) {
                let tolerance = if kind == "f32" { "1e-5" } else { "1e-9" };
                let sign = if number < 0.0 { format!("+ {}", value.trim_start_matches('-')) } else { format!("- {value}") };
                let scale = if number.abs() >= 1000.0 { format!(" * {:?}", number.abs().round()) } else { String::new() };
                return format!("assert!(({text} {sign}).abs() < {tolerance}{scale});");
            }
        }
        (_, "[]" | "{}" | "\"\"") if kind != "char" && !kind.starts_with("[") => return format!("assert!({text}.is_empty());"),
        _ => {}
    }
    let parsed = shown::parse(value);
    if let Some(written) = parsed.as_ref().and_then(|parsed| shown::expression(values, parsed, kind)) {
        let written = if kind == "String" { written.trim_end_matches(".to_string()").to_owned() } else { written };
        return format!("assert_eq!({text}, {written});");
    }
    if let (Some(Shown::Tuple(name, inner)), Some(arguments)) =
        (&parsed, kind.strip_prefix("Result<").or_else(|| kind.split_once("Result<").map(|(_, rest)| rest)))
        && let (true, Some(inner)) = (name == "Ok", inner.first())
        && let Some(written) =
            source::split(arguments.trim_end_matches('>'), ',').first().and_then(|kind| shown::expression(values, inner, kind))
    {
        return format!("assert_eq!({text}.unwrap(), {written});");
    }
    compared()
}
