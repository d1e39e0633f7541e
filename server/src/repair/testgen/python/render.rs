//! Writing tests the way the project writes them: pytest functions or `unittest` methods, with the imports they need and no others.

use std::collections::BTreeSet;

use super::super::describe;
use super::super::inputs::Call;
use super::super::syntax;
use super::facts::{Function, Kind};
use super::observe::{Expression, Seen};
use super::project::{Import, Need, Place, Style, imports};

/// One test, not yet in a file.
#[derive(Debug, Clone)]
pub(super) struct Test {
    /// Its name.
    pub(super) name: String,
    /// What it shows.
    pub(super) shows: String,
    /// The function or class it is about: tests of one stand together.
    pub(super) about: String,
    /// Body lines, not indented.
    pub(super) lines: Vec<String>,
    /// Imports it needs.
    pub(super) needs: Vec<Need>,
    /// Whether it reads what is printed.
    pub(super) captures: bool,
}

/// How tests of one file write things.
pub(super) struct Writer {
    pub(super) style: Style,
    pub(super) imported: Vec<Import>,
    pub(super) taken: BTreeSet<String>,
}

impl Writer {
    /// For a place, knowing what it imports and names already.
    pub(super) fn new(place: &Place) -> Self {
        let text = place.text.as_deref().unwrap_or_default();
        let parsed = syntax::python(text);
        let names = |kind: &str| -> Vec<String> {
            let Some(parsed) = &parsed else { return Vec::new() };
            let all = syntax::all(parsed.root()).into_iter().filter(|node| node.kind() == kind);
            all.map(|node| parsed.field(node, "name").to_owned()).collect()
        };
        let taken = names("function_definition").into_iter().chain(names("class_definition")).collect();
        Self { style: place.style, imported: imports(text), taken }
    }

    /// How the callable itself is written here, and what must be imported for it.
    pub(super) fn callable(&self, module: &str, function: &Function) -> (String, Option<Need>) {
        let top = function.class.as_deref().unwrap_or(&function.name);
        let rest = if function.kind == Kind::Function { function.class.as_ref().map(|_| format!(".{}", function.name)) } else { None };
        let rest = rest.unwrap_or_default();
        let direct = self.imported.iter().find(|import| import.name == top && same_module(&import.module, module));
        let whole = || self.imported.iter().find(|import| is_module(import, module));
        match (direct, whole()) {
            (Some(import), _) => (format!("{}{rest}", import.bound), None),
            (None, Some(import)) if function.kind != Kind::Method && function.kind != Kind::Property => {
                (format!("{}.{top}{rest}", import.bound), None)
            }
            _ => (format!("{top}{rest}"), Some((module.to_owned(), top.to_owned()))),
        }
    }

    /// The test of one call, or `None` where its names would clash with what the file calls something else.
    pub(super) fn test(&mut self, module: &str, function: &Function, call: &Call, seen: &Seen, mut needs: Vec<Need>) -> Option<Test> {
        let (callable, need) = self.callable(module, function);
        needs.extend(need.filter(|_| !matches!(function.kind, Kind::Method | Kind::Property)));
        let mut body = Body { style: self.style, lines: Vec::new(), needs, captures: false };
        body.write(&callable, function, call, seen);
        if body.needs.iter().any(|need| self.clashes(need)) {
            return None;
        }
        let name = describe::unique(&name(function, call, seen, self.style), &mut self.taken);
        let shows = format!("{} {}", shown_call(function, call), outcome(seen));
        let about = function.class.clone().unwrap_or_else(|| function.name.clone());
        Some(Test { name, shows, about, lines: body.lines, needs: body.needs, captures: body.captures })
    }

    fn clashes(&self, (module, name): &Need) -> bool {
        let bound = if name.is_empty() { module } else { name };
        let other = |import: &&Import| import.bound == *bound && !(import.name == *name && same_module(&import.module, module));
        self.imported.iter().any(|import| other(&import)) || self.taken.contains(bound)
    }

    /// Whether the file imports it already, under its own name.
    pub(super) fn is_bound(&self, (module, name): &Need) -> bool {
        let bound = if name.is_empty() { module } else { name };
        self.imported.iter().any(|import| import.bound == *bound && import.name == *name && same_module(&import.module, module))
    }
}

/// Whether an import of `written` reaches `module`: itself, relative to a package, or from the package above it.
fn same_module(written: &str, module: &str) -> bool {
    let bare = written.trim_start_matches('.');
    bare == module
        || !bare.is_empty()
            && (module.ends_with(&format!(".{bare}")) && written.starts_with('.') || module.starts_with(&format!("{bare}.")))
}

fn is_module(import: &Import, module: &str) -> bool {
    import.name.is_empty() && import.module == module
        || module
            .rsplit_once('.')
            .is_some_and(|(package, last)| import.name == last && (import.module == package || import.module.starts_with('.')))
}

struct Body {
    style: Style,
    lines: Vec<String>,
    needs: Vec<Need>,
    captures: bool,
}

impl Body {
    fn write(&mut self, callable: &str, function: &Function, call: &Call, seen: &Seen) {
        let mut call = call.clone();
        let mut changed: Vec<(String, Expression)> = Vec::new();
        for (at, after) in if seen.kind == "value" { seen.args_after.as_slice() } else { &[] } {
            let positional = call.args.len();
            let name = match call.kwargs.get(at.wrapping_sub(positional)) {
                Some((name, _)) if *at >= positional => name.clone(),
                _ => function.params.get(*at).map_or_else(|| "argument".to_owned(), |param| param.name.clone()),
            };
            let variable = if callable == name { format!("{name}_") } else { name };
            let place = match at.checked_sub(positional) {
                None => call.args.get_mut(*at),
                Some(at) => call.kwargs.get_mut(at).map(|(_, text)| text),
            };
            if let Some(place) = place {
                self.lines.push(format!("{variable} = {place}"));
                place.clone_from(&variable);
            }
            changed.push((variable, after.clone()));
        }
        if let (Some(receiver), false) = (&mut call.receiver, seen.self_after.is_empty() || seen.kind != "value") {
            let variable = describe::slug(function.class.as_deref().unwrap_or("subject"));
            self.lines.push(format!("{variable} = {receiver}"));
            changed.extend(seen.self_after.iter().map(|(attribute, value)| (format!("{variable}.{attribute}"), value.clone())));
            *receiver = variable;
        }
        let text = wrapped(&called(callable, function, &call), &seen.wrap, &mut self.needs);
        if seen.kind == "raise" {
            return self.raises(&text, seen);
        }
        let quiet = seen.value.as_ref().is_some_and(|value| value.expr == "None") && !(changed.is_empty() && seen.printed.is_empty());
        let capturing = !seen.printed.is_empty();
        let result = if capturing && self.style == Style::Unittest {
            self.needs.extend([("contextlib".to_owned(), String::new()), ("io".to_owned(), String::new())]);
            self.lines.push("with contextlib.redirect_stdout(io.StringIO()) as output:".into());
            self.lines.push(if quiet { format!("    {text}") } else { format!("    result = {text}") });
            "result".to_owned()
        } else if quiet {
            self.lines.push(text);
            String::new()
        } else if seen.value.is_none() {
            self.lines.push(format!("result = {text}"));
            "result".to_owned()
        } else {
            text
        };
        match &seen.value {
            Some(value) if !quiet => self.equal(&result, value),
            Some(_) => {}
            None => seen.facts.iter().for_each(|(path, value)| self.equal(&path.replace("{}", &result), value)),
        }
        if capturing {
            let printed = Expression { expr: seen.printed_expr.clone(), needs: Vec::new(), float: false };
            self.captures = self.style == Style::Pytest;
            self.equal(if self.captures { "capsys.readouterr().out" } else { "output.getvalue()" }, &printed);
        }
        for (path, value) in changed {
            self.equal(&path, &value);
        }
    }

    fn equal(&mut self, left: &str, right: &Expression) {
        self.needs.extend(right.needs.iter().cloned());
        let expr = &right.expr;
        let nan = expr.starts_with("float(") && expr.contains("nan");
        if nan {
            self.needs.push(("math".into(), String::new()));
        }
        let rounded = right.float && expr.parse::<f64>().is_ok_and(|value| value.fract() != 0.0);
        if rounded && self.style == Style::Pytest {
            self.needs.push(("pytest".into(), String::new()));
        }
        let line = match (self.style, expr.as_str()) {
            (Style::Pytest, _) if nan => format!("assert math.isnan({left})"),
            (Style::Unittest, _) if nan => format!("self.assertTrue(math.isnan({left}))"),
            (Style::Pytest, "None" | "True" | "False") => format!("assert {left} is {expr}"),
            (Style::Pytest, _) if rounded => format!("assert {left} == pytest.approx({expr})"),
            (Style::Pytest, _) => format!("assert {left} == {expr}"),
            (Style::Unittest, "None") => format!("self.assertIsNone({left})"),
            (Style::Unittest, "True" | "False") => format!("self.assertIs({left}, {expr})"),
            (Style::Unittest, _) if rounded => format!("self.assertAlmostEqual({left}, {expr})"),
            (Style::Unittest, _) => format!("self.assertEqual({left}, {expr})"),
        };
        self.lines.push(line);
    }

    fn raises(&mut self, text: &str, seen: &Seen) {
        if seen.module != "builtins" {
            self.needs.push((seen.module.clone(), seen.r#type.clone()));
        }
        let message = seen.explicit && !seen.message.is_empty() && !seen.message.contains('\n');
        let pattern = message.then(|| pattern(&seen.message));
        let kind = &seen.r#type;
        self.lines.push(match (self.style, pattern) {
            (Style::Pytest, Some(pattern)) => format!("with pytest.raises({kind}, match={pattern}):"),
            (Style::Pytest, None) => format!("with pytest.raises({kind}):"),
            (Style::Unittest, Some(pattern)) => format!("with self.assertRaisesRegex({kind}, {pattern}):"),
            (Style::Unittest, None) => format!("with self.assertRaises({kind}):"),
        });
        if self.style == Style::Pytest {
            self.needs.push(("pytest".into(), String::new()));
        }
        self.lines.push(format!("    {text}"));
    }
}

/// A message as a regular expression in a string literal.
fn pattern(message: &str) -> String {
    let escaped: String =
        message.chars().flat_map(|char| if r"\.^$*+?{}[]|()".contains(char) { vec!['\\', char] } else { vec![char] }).collect();
    let quote = if escaped.contains('"') { '\'' } else { '"' };
    let raw = if escaped.contains('\\') { "r" } else { "" };
    if escaped.contains(quote) { format!("{raw}\"\"\"{escaped}\"\"\"") } else { format!("{raw}{quote}{escaped}{quote}") }
}

fn called(callable: &str, function: &Function, call: &Call) -> String {
    match (&call.receiver, function.kind) {
        (Some(receiver), Kind::Property) => format!("{receiver}.{}", function.name),
        (Some(receiver), _) => format!("{receiver}.{}({})", function.name, call.list()),
        (None, _) => format!("{callable}({})", call.list()),
    }
}

fn wrapped(text: &str, wrap: &str, needs: &mut Vec<Need>) -> String {
    match wrap {
        "list" => format!("list({text})"),
        "islice" => {
            needs.push(("itertools".into(), "islice".into()));
            format!("list(islice({text}, 5))")
        }
        "await" => {
            needs.push(("asyncio".into(), String::new()));
            format!("asyncio.run({text})")
        }
        _ => text.to_owned(),
    }
}

/// The call as a reader knows it.
pub(super) fn shown_call(function: &Function, call: &Call) -> String {
    let callable = if function.kind == Kind::Class { function.class.clone().unwrap_or_default() } else { function.qualified() };
    called(&callable, function, call)
}

fn outcome(seen: &Seen) -> String {
    if seen.kind == "raise" {
        return format!("raises {}", seen.r#type);
    }
    let gives = seen.value.as_ref().map_or_else(|| format!("gives a {}", seen.r#type), |value| format!("gives {}", value.expr));
    let prints = if seen.printed.is_empty() { String::new() } else { format!(", prints {}", seen.printed_expr) };
    let changes: Vec<&str> = seen.self_after.iter().map(|(name, _)| name.as_str()).collect();
    let changes = if changes.is_empty() { String::new() } else { format!(", changes {}", changes.join(", ")) };
    let arguments = if seen.args_after.is_empty() { "" } else { ", changes its argument" };
    format!("{gives}{prints}{changes}{arguments}")
}

fn name(function: &Function, call: &Call, seen: &Seen, style: Style) -> String {
    let class = function.class.as_deref().map(describe::slug).unwrap_or_default();
    let own = function.name.trim_matches('_');
    let own = match (function.kind, style) {
        (Kind::Class, _) => class,
        (_, Style::Pytest) if function.class.is_some() => format!("{class}_{own}"),
        _ => own.to_owned(),
    };
    let ending = match (seen.kind.as_str(), seen.value.as_ref().map(|value| value.expr.as_str())) {
        ("raise", _) => format!("_raises_{}", describe::slug(&seen.r#type)),
        (_, Some("True")) => "_is_true".into(),
        (_, Some("False")) => "_is_false".into(),
        _ if !seen.printed.is_empty() => "_prints".into(),
        _ if !seen.self_after.is_empty() => {
            format!("_changes_{}", seen.self_after.first().map(|(name, _)| name.as_str()).unwrap_or_default())
        }
        _ if !seen.args_after.is_empty() => "_changes_its_argument".into(),
        (_, Some("None" | "[]" | "{}" | "()" | "''" | "\"\"" | "0" | "0.0")) => {
            format!("_gives_{}", describe::argument(seen.value.as_ref().map(|value| value.expr.as_str()).unwrap_or_default()))
        }
        _ => String::new(),
    };
    let params: Vec<&str> = function.params.iter().map(|param| param.name.as_str()).collect();
    describe::test_name(&format!("test_{own}"), &params, call, &ending, function.class.is_some())
}
