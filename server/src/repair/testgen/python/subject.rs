//! From a symbol to the calls that are tried on it.

use super::super::inputs::{self, Call, Origin, Pool};
use super::super::mutants::{self, Mutant};
use super::super::{Target, TestgenError};
use super::calls;
use super::facts::{Class, Function, Kind, Module};
use super::project::{Need, Project};
use super::values::Values;
use crate::text::RelPath;

/// Calls tried for one function.
const MOST_CALLS: usize = 64;

/// A function with the calls that are tried on it.
pub(super) struct Subject {
    /// The function.
    pub(super) function: Function,
    /// Calls, the nearest to real use first.
    pub(super) calls: Vec<Call>,
    /// Small wrong versions of it.
    pub(super) mutants: Vec<Mutant>,
}

/// The functions a symbol stands for: itself, or a class's constructor and public methods.
pub(super) fn functions_of(module: &Module, target: &Target) -> Result<Vec<Function>, TestgenError> {
    let symbol = target.symbol.as_str();
    let methods = module.classes.iter().flat_map(|class| class.methods.iter());
    let constructor = |class: &Class| -> Option<Function> {
        let init = class.methods.iter().find(|method| method.name == "__init__")?;
        Some(Function { kind: Kind::Class, ..init.clone() })
    };
    if let Some(class) = module.classes.iter().find(|class| class.name == symbol) {
        let public = class.methods.iter().filter(|method| !method.name.starts_with('_'));
        return Ok(constructor(class).into_iter().chain(public.cloned()).collect());
    }
    if let Some(class) = module.classes.iter().find(|class| format!("{}.__init__", class.name) == symbol) {
        return Ok(constructor(class).into_iter().collect());
    }
    match module.functions.iter().chain(methods).find(|function| function.qualified() == symbol) {
        Some(function) => Ok(vec![function.clone()]),
        None if symbol.contains('.') => {
            let why = "it is defined inside another function, where no test can call it; ask for tests of the function around it".into();
            Err(TestgenError::Unsupported { symbol: symbol.to_owned(), why })
        }
        None => Err(TestgenError::NotFound { path: target.path.clone(), symbol: symbol.to_owned() }),
    }
}

/// Draws inputs for a function.
pub(super) fn subject(project: &Project, path: &RelPath, module: &Module, text: &str, tests: Option<&str>, function: Function) -> Subject {
    let values = Values { project, from: path };
    let class = function.class.as_ref().and_then(|name| module.classes.iter().find(|class| class.name == *name));
    let on_object = matches!(function.kind, Kind::Method | Kind::Property);
    let receivers = class.filter(|_| on_object).map(|class| values.class(class, 0, 0)).unwrap_or_default();
    let docs = [function.doc.as_str(), module.doc.as_str(), class.map(|class| class.doc.as_str()).unwrap_or_default()];
    let found = calls::find(project, path, &function, &docs);
    let mut pools = values.pools(&function);
    for (at, value) in &found.single {
        if let Some(pool) = pools.get_mut(*at).filter(|pool| !pool.values.contains(value)) {
            pool.values.insert(pool.values.len().min(1), value.clone());
        }
    }
    if on_object {
        pools.insert(0, Pool { keyword: None, optional: false, values: receivers.clone(), origin: Origin::Typed });
    }
    let mut calls = found.calls;
    for call in calls.iter_mut().filter(|call| on_object && call.receiver.is_none()) {
        call.receiver = receivers.first().cloned();
    }
    for call in inputs::combine(&pools, on_object, MOST_CALLS) {
        if !calls.iter().any(|old| old.same(&call)) {
            calls.push(call);
        }
    }
    calls.retain(|call| call_texts(call).all(|text| project.needs(text, path).is_some()) && on_object == call.receiver.is_some());
    calls.truncate(MOST_CALLS);
    let quote = quote(tests.unwrap_or(text));
    calls.iter_mut().filter(|call| call.origin >= Origin::Typed).for_each(|call| requote(call, quote));
    let mutants = mutants::python(text, &function.span);
    Subject { function, calls, mutants }
}

/// The quote a text uses most.
pub(super) fn quote(text: &str) -> char {
    if text.matches('"').count() >= text.matches('\'').count() { '"' } else { '\'' }
}

/// Writes our own values with the project's quote.
fn requote(call: &mut Call, quote: char) {
    let texts = call.receiver.iter_mut().chain(&mut call.args).chain(call.kwargs.iter_mut().map(|(_, text)| text));
    for text in texts.filter(|text| quote == '"' && !text.contains('"') && !text.contains('\\')) {
        *text = text.replace('\'', "\"");
    }
}

fn call_texts(call: &Call) -> impl Iterator<Item = &str> {
    call.receiver.as_deref().into_iter().chain(call.arguments())
}

pub(super) fn call_needs(project: &Project, path: &RelPath, call: &Call) -> Vec<Need> {
    call_texts(call).filter_map(|text| project.needs(text, path)).flatten().collect()
}
