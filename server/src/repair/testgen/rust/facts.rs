//! What a Rust text says of its functions and types: parameters, return types, derives, constructors, documentation.

use std::ops::Range;

use tree_sitter::Node;

use super::super::syntax::{self, Parsed, all, children, named};

/// What a method takes itself as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Receiver {
    /// No receiver: a plain or associated function.
    #[default]
    None,
    /// `&self` or `self`.
    Shared,
    /// `&mut self`.
    Mutable,
}

/// A function.
#[derive(Debug, Clone, Default)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// Inline modules around it.
    pub(super) modules: Vec<String>,
    /// The type whose impl block holds it.
    pub(super) owner: Option<String>,
    /// The trait it implements.
    pub(super) of_trait: Option<String>,
    /// How it takes itself.
    pub(super) receiver: Receiver,
    /// Parameter names and types, the receiver left out.
    pub(super) params: Vec<(String, String)>,
    /// The return type; `()` where none is written. `Self` is replaced by the owner.
    pub(super) returns: String,
    /// Why it cannot be called by a plain test.
    pub(super) obstacle: Option<&'static str>,
    /// Whether it is visible outside its module.
    pub(super) public: bool,
    /// Whether it stands in test code.
    pub(super) in_tests: bool,
    /// Its documentation.
    pub(super) doc: String,
    /// The whole item.
    pub(super) span: Range<usize>,
    /// Literals its body compares with.
    pub(super) constants: Vec<String>,
}

impl Function {
    /// `shapes::Circle::area`.
    pub(super) fn qualified(&self) -> String {
        self.modules.iter().chain(&self.owner).chain([&self.name]).map(String::as_str).collect::<Vec<_>>().join("::")
    }

    /// The path a test in a module inside the same file calls it by, the type's name included.
    pub(super) fn prefix(&self) -> String {
        self.modules.iter().map(|module| format!("{module}::")).collect()
    }
}

/// A struct, or one variant of an enum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its name.
    pub(super) name: String,
    /// Fields: names (empty for a tuple's) and types.
    pub(super) fields: Vec<(String, String)>,
    /// Whether the fields have no names.
    pub(super) tuple: bool,
}

/// A type.
#[derive(Debug, Clone, Default)]
pub(super) struct Type {
    /// Its name.
    pub(super) name: String,
    /// One shape for a struct, one per variant for an enum.
    pub(super) shapes: Vec<Shape>,
    /// Whether it is an enum.
    pub(super) is_enum: bool,
    /// Whether it has type or lifetime parameters.
    pub(super) generic: bool,
    /// Derived traits, as written.
    pub(super) derives: String,
}

/// What a file defines.
#[derive(Debug, Clone, Default)]
pub(super) struct Module {
    /// Functions and methods.
    pub(super) functions: Vec<Function>,
    /// Structs and enums.
    pub(super) types: Vec<Type>,
    /// `impl Trait for Type`, as `(trait, type)`.
    pub(super) impls: Vec<(String, String)>,
}

/// Where an item stands.
#[derive(Clone, Default)]
struct Place {
    modules: Vec<String>,
    owner: Option<String>,
    of_trait: Option<String>,
    generic_owner: bool,
    in_tests: bool,
}

impl Module {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Self {
        let mut module = Self::default();
        if let Some(parsed) = syntax::rust(text) {
            module.items(&parsed, parsed.root(), &Place::default());
        }
        module
    }

    fn items(&mut self, parsed: &Parsed<'_>, list: Node<'_>, place: &Place) {
        let (mut doc, mut attributes) = (String::new(), String::new());
        for node in children(list) {
            let text = parsed.of(node);
            match node.kind() {
                "line_comment" => {
                    if let Some(line) = text.strip_prefix("///") {
                        doc.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
                        doc.push('\n');
                    }
                    continue;
                }
                "attribute_item" => {
                    attributes.push_str(text);
                    continue;
                }
                "function_item" => self.functions.extend(function(parsed, node, place, &doc, &attributes)),
                "struct_item" | "enum_item" => self.types.push(item_type(parsed, node, &attributes)),
                "mod_item" => {
                    let mut inner = place.clone();
                    inner.in_tests |= attributes.contains("cfg(test)");
                    inner.modules.push(parsed.field(node, "name").to_owned());
                    node.child_by_field_name("body").into_iter().for_each(|body| self.items(parsed, body, &inner));
                }
                "impl_item" => {
                    let owner = bare(parsed.field(node, "type")).to_owned();
                    let of_trait = Some(bare(parsed.field(node, "trait")).to_owned()).filter(|name| !name.is_empty());
                    self.impls.extend(of_trait.clone().map(|of_trait| (of_trait, owner.clone())));
                    let generic_owner = parsed
                        .field(node, "type_parameters")
                        .split(',')
                        .any(|part| !part.trim_matches(['<', '>', ' ']).starts_with('\'') && !part.is_empty());
                    let inner = Place { owner: Some(owner), of_trait, generic_owner, ..place.clone() };
                    node.child_by_field_name("body").into_iter().for_each(|body| self.items(parsed, body, &inner));
                }
                _ => {}
            }
            doc.clear();
            attributes.clear();
        }
    }
}

/// A path's last name, without type arguments.
pub(super) fn bare(path: &str) -> &str {
    let head = path.split('<').next().unwrap_or(path);
    head.rsplit("::").next().unwrap_or(head).trim()
}

fn function(parsed: &Parsed<'_>, node: Node<'_>, place: &Place, doc: &str, attributes: &str) -> Option<Function> {
    let body = node.child_by_field_name("body")?;
    let mut function = Function {
        name: parsed.field(node, "name").to_owned(),
        modules: place.modules.clone(),
        owner: place.owner.clone(),
        of_trait: place.of_trait.clone(),
        public: place.of_trait.is_some() || children(node).iter().any(|child| child.kind() == "visibility_modifier"),
        in_tests: place.in_tests || attributes.contains("test"),
        doc: doc.to_owned(),
        span: node.byte_range(),
        constants: constants(parsed, body),
        ..Function::default()
    };
    let own = |text: &str| place.owner.as_ref().map_or_else(|| text.to_owned(), |owner| replace_word(text, "Self", owner));
    for child in named(node.child_by_field_name("parameters")?) {
        let text = parsed.of(child);
        match child.kind() {
            "self_parameter" if text.contains("mut") && text.starts_with('&') => function.receiver = Receiver::Mutable,
            "self_parameter" => function.receiver = Receiver::Shared,
            "parameter" => {
                let name = parsed.field(child, "pattern").trim_start_matches("mut ").trim_start_matches('_').to_owned();
                function.params.push((name, own(parsed.field(child, "type"))));
            }
            _ => {}
        }
    }
    function.returns = Some(own(parsed.field(node, "return_type"))).filter(|text| !text.is_empty()).unwrap_or_else(|| "()".into());
    let modifiers =
        children(node).into_iter().find(|child| child.kind() == "function_modifiers").map(|child| parsed.of(child)).unwrap_or_default();
    let parameters = parsed.field(node, "type_parameters").trim_matches(['<', '>']);
    let types = parameters.split(',').map(str::trim).any(|part| !part.is_empty() && !part.starts_with('\''));
    function.obstacle = match () {
        () if types || place.generic_owner => Some("it is generic, and which types to choose is not known"),
        () if modifiers.contains("async") => Some("it is asynchronous, and which runtime to use is not known"),
        () if modifiers.contains("unsafe") => Some("it is unsafe: what it may be called with is not known"),
        () if modifiers.contains("extern") => Some("it is called from outside Rust"),
        () => None,
    };
    Some(function)
}

/// `word` replaced where it stands alone.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let edge = |char: Option<char>| char.is_none_or(|char| !char.is_alphanumeric() && char != '_');
        let whole = edge(rest.get(..at).and_then(|head| head.chars().last()))
            && edge(rest.get(at + word.len()..).and_then(|tail| tail.chars().next()));
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(if whole { by } else { word });
        rest = rest.get(at + word.len()..).unwrap_or_default();
    }
    out + rest
}

fn item_type(parsed: &Parsed<'_>, node: Node<'_>, attributes: &str) -> Type {
    let name = parsed.field(node, "name").to_owned();
    let is_enum = node.kind() == "enum_item";
    let body = node.child_by_field_name("body");
    let shapes = if is_enum {
        let variants = body.map(named).unwrap_or_default().into_iter().filter(|child| child.kind() == "enum_variant");
        variants.map(|variant| shape(parsed, parsed.field(variant, "name"), variant.child_by_field_name("body"))).collect()
    } else {
        vec![shape(parsed, &name, body)]
    };
    let generic = node.child_by_field_name("type_parameters").is_some();
    Type { name, shapes, is_enum, generic, derives: attributes.to_owned() }
}

fn shape(parsed: &Parsed<'_>, name: &str, body: Option<Node<'_>>) -> Shape {
    let mut shape = Shape { name: name.to_owned(), ..Shape::default() };
    let Some(body) = body else { return shape };
    shape.tuple = body.kind() == "ordered_field_declaration_list";
    for child in named(body) {
        match child.kind() {
            "field_declaration" => shape.fields.push((parsed.field(child, "name").to_owned(), parsed.field(child, "type").to_owned())),
            "visibility_modifier" | "attribute_item" => {}
            _ if shape.tuple => shape.fields.push((String::new(), parsed.of(child).to_owned())),
            _ => {}
        }
    }
    shape
}

/// Literals the body compares with or matches.
fn constants(parsed: &Parsed<'_>, body: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for node in
        all(body).into_iter().filter(|node| ["integer_literal", "float_literal", "string_literal", "char_literal"].contains(&node.kind()))
    {
        let places = ["binary_expression", "match_pattern", "range_pattern", "or_pattern", "arguments", "range_expression"];
        let text = parsed.of(node).to_owned();
        if node.parent().is_some_and(|parent| places.contains(&parent.kind())) && text.len() < 40 && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_types_are_read() {
        let module = Module::read(
            "/// A cart.\n#[derive(Debug, Clone)]\npub struct Cart { pub items: Vec<String>, limit: usize }\npub struct Meters(pub f64);\nenum Kind { A, B(i32) }\nimpl Cart {\n    /// Makes one.\n    pub fn new(limit: usize) -> Self { Self { items: vec![], limit } }\n    pub fn add(&mut self, item: &str) -> bool { self.limit > 3 }\n}\nmod inner {\n    pub fn twice(n: i32) -> i32 { n * 2 }\n    pub fn any<T: Clone>(t: T) -> T { t }\n}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {}\n}\n",
        );
        let names: Vec<String> = module.functions.iter().map(Function::qualified).collect();
        assert_eq!(names, ["Cart::new", "Cart::add", "inner::twice", "inner::any", "tests::a"]);
        let [new, add, twice, any, test] = &module.functions[..] else { panic!("{names:?}") };
        assert_eq!((new.returns.as_str(), new.doc.as_str(), new.receiver), ("Cart", "Makes one.\n", Receiver::None));
        assert_eq!(
            (add.receiver, &add.params[..], &add.constants[..]),
            (Receiver::Mutable, &[("item".into(), "&str".into())][..], &["3".to_owned()][..])
        );
        assert!(twice.obstacle.is_none() && any.obstacle.is_some() && test.in_tests && !twice.in_tests);
        let [cart, meters, kind] = &module.types[..] else { panic!("{:?}", module.types) };
        assert!(cart.derives.contains("Debug") && cart.shapes[0].fields[1] == ("limit".into(), "usize".into()));
        assert!(meters.shapes[0].tuple && meters.shapes[0].fields == [(String::new(), "f64".into())]);
        assert!(kind.is_enum && kind.shapes[1].fields.len() == 1);
    }
}
