//! What names can be seen from a byte: parameters, locals, loops, closures, module names, imports, members of types.
//!
//! A sketch of each language's rules, not a resolver: it may see a name a little too early or too late, which costs
//! the search a wasted candidate and nothing else.

mod python;
mod rust;

use std::collections::BTreeMap;
use std::ops::Range;

use super::kinds::Kind;
use super::source::{Lang, Source, walk};

/// How a name came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A parameter of a function, lambda or closure.
    Param,
    /// Assigned or bound in a function.
    Local,
    /// A constant or variable of the module.
    Global,
    /// Brought in by an import.
    Import,
    /// A function of the module or inside a function.
    Function,
    /// A class, struct, enum, trait.
    Type,
}

/// One name and where it can be seen.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// How it came to be.
    pub role: Role,
    /// Bytes from which it can be seen.
    pub visible: Range<usize>,
    /// Where it is bound.
    pub at: usize,
    /// What it seems to hold.
    pub kind: Kind,
    /// The base name of its type, where written.
    pub type_name: Option<String>,
    /// Parameter names without `self`, for functions.
    pub params: Option<Vec<String>>,
}

/// A field, method, variant or associated function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The type it belongs to.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Parameter names without `self` for methods, `None` for data.
    pub params: Option<Vec<String>>,
    /// What it holds or returns.
    pub kind: Kind,
    /// Whether it is an enum variant.
    pub variant: bool,
}

/// All names of one file.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Bindings in order of appearance.
    pub bindings: Vec<Binding>,
    /// Members of the types defined or extended here.
    pub members: Vec<Member>,
    /// How often each identifier occurs in the file.
    pub uses: BTreeMap<String, usize>,
}

impl Scope {
    /// Surveys a file.
    pub fn of(source: &Source) -> Self {
        let mut scope = match source.lang {
            Lang::Python => python::survey(source),
            Lang::Rust => rust::survey(source),
        };
        walk(source.root(), &mut |node| {
            if node.kind().ends_with("identifier") && node.child_count() == 0 {
                *scope.uses.entry(source.of(node).to_owned()).or_default() += 1;
            }
            true
        });
        scope
    }

    /// The names visible at `byte`, the nearest binding of each, innermost first; deterministic.
    pub fn names_at(&self, byte: usize) -> Vec<&Binding> {
        let mut nearest: BTreeMap<&str, &Binding> = BTreeMap::new();
        for binding in self.bindings.iter().filter(|binding| binding.visible.contains(&byte)) {
            let slot = nearest.entry(&binding.name).or_insert(binding);
            let (new, old) = (binding.visible.len(), slot.visible.len());
            if new < old || (new == old && binding.at > slot.at && binding.at < byte) {
                *slot = binding;
            }
        }
        let mut names: Vec<&Binding> = nearest.into_values().collect();
        names.sort_by_key(|binding| (binding.visible.len(), binding.at));
        names
    }

    /// The binding `name` refers to at `byte`.
    pub fn lookup(&self, name: &str, byte: usize) -> Option<&Binding> {
        let seen = self.bindings.iter().filter(|binding| binding.name == name && binding.visible.contains(&byte));
        seen.min_by_key(|binding| (binding.visible.len(), std::cmp::Reverse(binding.at)))
    }
}

/// Names that need no binding.
pub fn is_builtin(lang: Lang, name: &str) -> bool {
    match lang {
        Lang::Python => python::BUILTINS.contains(&name),
        Lang::Rust => matches!(
            name,
            "self" | "Self" | "super" | "crate" | "Some" | "None" | "Ok" | "Err" | "String" | "Vec" | "Box" | "Default" | "std" | "core"
        ),
    }
}

/// Built-in functions a misspelt name could have meant.
pub fn builtins(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::Python => python::BUILTINS,
        Lang::Rust => &["Some", "None", "Ok", "Err", "String", "Vec", "Box"],
    }
}
