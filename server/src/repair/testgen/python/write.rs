//! Putting tests into a file: imports where it imports, tests at its end, nothing else touched.

use super::super::source;
use super::super::syntax::{self, named};
use super::project::{Need, Place, Style};
use super::render::{Test, Writer};
use crate::text::Edit;

/// The tests as edits: imports where the file imports, tests at its end (before a closing `if __name__ == …`).
pub(super) fn edits(place: &Place, writer: &Writer, tests: &[Test]) -> Vec<Edit> {
    let mut edits = place.beside.clone();
    let mut needs: Vec<Need> = tests.iter().flat_map(|test| test.needs.iter().cloned()).filter(|need| !writer.is_bound(need)).collect();
    if place.style == Style::Unittest && !writer.is_bound(&("unittest".into(), String::new())) && !has_test_case(writer) {
        needs.push(("unittest".into(), String::new()));
    }
    needs.sort();
    needs.dedup();
    let block = block(place.style, writer, tests);
    let text = place.text.as_deref().unwrap_or_default();
    if text.trim().is_empty() {
        let closing = if place.style == Style::Unittest { "\n\nif __name__ == \"__main__\":\n    unittest.main()\n" } else { "" };
        let all = format!("{}\n\n\n{block}\n{closing}", import_lines(&needs));
        edits.push(Edit { path: place.path.clone(), span: 0..text.len(), text: all });
        return edits;
    }
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    edits.extend(import_edits(place, text, bom, &needs));
    let end = main_guard(text).unwrap_or(text.len());
    let head = text.get(..end).unwrap_or(text);
    let added = if end == text.len() { source::append(text, &block, 2) } else { source::like(text, &format!("{block}\n\n\n")) };
    let start = if end == text.len() { text.len() } else { head.len() };
    edits.push(Edit { path: place.path.clone(), span: start..start, text: added });
    edits
}

fn has_test_case(writer: &Writer) -> bool {
    writer.imported.iter().any(|import| import.bound == "TestCase")
}

/// Where a closing `if __name__ == "__main__":` begins.
fn main_guard(text: &str) -> Option<usize> {
    let parsed = syntax::python(text)?;
    let last = named(parsed.root()).into_iter().last()?;
    let guard = last.kind() == "if_statement" && parsed.field(last, "condition").contains("__name__");
    guard.then(|| last.start_byte())
}

fn block(style: Style, writer: &Writer, tests: &[Test]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut groups: Vec<(&str, Vec<&Test>)> = Vec::new();
    for test in tests {
        match groups.iter_mut().find(|(about, _)| *about == test.about) {
            Some((_, group)) => group.push(test),
            None => groups.push((&test.about, vec![test])),
        }
    }
    for (about, group) in groups {
        let indent = if style == Style::Unittest { "    " } else { "" };
        let parameter = |test: &Test| match (style, test.captures) {
            (Style::Unittest, _) => "self",
            (_, true) => "capsys",
            _ => "",
        };
        let written = group.iter().map(|test| {
            let body: String = test.lines.iter().map(|line| format!("{indent}    {line}\n")).collect();
            format!("{indent}def {}({}):\n{body}", test.name, parameter(test))
        });
        if style == Style::Pytest {
            parts.extend(written);
        } else {
            let class = class_name(writer, about);
            let base = if has_test_case(writer) { "TestCase" } else { "unittest.TestCase" };
            parts.push(format!("class {class}({base}):\n{}", written.collect::<Vec<_>>().join("\n")));
        }
    }
    parts.join("\n\n").trim_end().to_owned()
}

/// The name of the class that holds the tests about something, as [`edits`] writes it.
pub(super) fn class_name(writer: &Writer, about: &str) -> String {
    let base = format!("Test{}", camel(about));
    let free = |name: &String| !writer.taken.contains(name) && !writer.imported.iter().any(|import| import.bound == *name);
    let numbered = (2..).map(|count| format!("{base}{count}"));
    std::iter::once(base.clone()).chain(numbered).find(free).unwrap_or(base)
}

fn camel(name: &str) -> String {
    let part = |part: &str| {
        part.chars().next().map(|first| first.to_uppercase().chain(part.chars().skip(1)).collect::<String>()).unwrap_or_default()
    };
    name.split('_').map(part).collect()
}

/// Import lines in the usual three groups: standard library, third party, the project.
fn import_lines(needs: &[Need]) -> String {
    let group = |module: &str| match module {
        "pytest" => 1,
        _ if STANDARD.contains(&module) => 0,
        _ => 2,
    };
    let written = |which: usize| -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (module, _) in needs.iter().filter(|(module, _)| group(module) == which) {
            let names: Vec<&str> =
                needs.iter().filter(|(other, name)| other == module && !name.is_empty()).map(|(_, name)| name.as_str()).collect();
            let whole = needs.iter().any(|(other, name)| other == module && name.is_empty());
            let both = [
                whole.then(|| format!("import {module}")),
                (!names.is_empty()).then(|| format!("from {module} import {}", names.join(", "))),
            ];
            lines.extend(both.into_iter().flatten());
        }
        lines.dedup();
        lines
    };
    let groups: Vec<String> = (0..3).map(|which| written(which).join("\n")).filter(|group| !group.is_empty()).collect();
    groups.join("\n\n")
}

fn import_edits(place: &Place, text: &str, bom: usize, needs: &[Need]) -> Vec<Edit> {
    let Some(parsed) = syntax::python(text).filter(|_| !needs.is_empty()) else { return Vec::new() };
    let statements: Vec<_> = named(parsed.root());
    let is_import = |kind: &str| kind.starts_with("import_") || kind == "future_import_statement";
    let last = statements.iter().rev().find(|node| is_import(node.kind()));
    let mut edits = Vec::new();
    let mut rest = Vec::new();
    for (module, name) in needs {
        // A name joins an import of the same module where there is one.
        let same = statements.iter().find(|node| node.kind() == "import_from_statement" && parsed.field(**node, "module_name") == module);
        let end = same
            .filter(|_| !name.is_empty())
            .and_then(|node| node.children_by_field_name("name", &mut node.walk()).last().map(|node| node.end_byte()));
        match end {
            Some(end) => edits.push(Edit { path: place.path.clone(), span: end..end, text: format!(", {name}") }),
            None => rest.push((module.clone(), name.clone())),
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    let merged = edits.into_iter().fold(Vec::new(), |mut all: Vec<Edit>, edit| {
        match all.last_mut().filter(|last| last.span == edit.span) {
            Some(last) => last.text.push_str(&edit.text),
            None => all.push(edit),
        }
        all
    });
    let mut edits = merged;
    if !rest.is_empty() {
        let lines = import_lines(&rest).replace("\n\n", "\n");
        let documentation =
            statements.first().filter(|node| node.kind() == "expression_statement" && parsed.of(**node).starts_with(['"', '\'']));
        let (at, added) = match (last, documentation) {
            (Some(node), _) => (node.end_byte(), format!("\n{lines}")),
            (None, Some(node)) => (node.end_byte(), format!("\n\n{lines}")),
            (None, None) => (bom, format!("{lines}\n\n\n")),
        };
        edits.push(Edit { path: place.path.clone(), span: at..at, text: source::like(text, &added) });
    }
    edits
}

const STANDARD: &[&str] = &[
    "asyncio",
    "collections",
    "contextlib",
    "datetime",
    "decimal",
    "fractions",
    "io",
    "itertools",
    "math",
    "pathlib",
    "unittest",
    "uuid",
    "json",
    "re",
    "enum",
    "typing",
    "functools",
    "operator",
    "string",
];
