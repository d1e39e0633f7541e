//! What the outline and the menu see, one small file in a string each; `$0` is the cursor.

use super::{Item, Language, Marker, Syntax};
use crate::text::Document;

fn language(name: &str) -> &'static Language {
    Language::named(name).unwrap()
}

fn at_cursor(name: &str, text: &str) -> (Syntax, usize) {
    let cursor = text.find("$0").expect("a cursor");
    (Syntax::of(language(name), &text.replacen("$0", "", 1)), cursor)
}

/// One line per item: kind, qualified name, and whether it is a test (`!`) or for tests only (`~`).
fn check_outline(name: &str, text: &str, expected: &[&str]) -> Vec<Item> {
    let items = Syntax::of(language(name), text).outline().items;
    let mark = |item: &Item| {
        if item.is_test {
            " !"
        } else if item.in_test_scope {
            " ~"
        } else {
            ""
        }
    };
    let lines: Vec<String> = items.iter().map(|item| format!("{} {}{}", item.kind.word(), item.qualified, mark(item))).collect();
    assert_eq!(lines, expected);
    for item in &items {
        let (from_menu, from_outline) = (Syntax::of(language(name), text).items_at(item.name_span.start).pop(), item.clone());
        let same = from_menu.map(|menu| Item { parent: item.parent, ..menu });
        assert_eq!(same, Some(from_outline), "the menu and the outline disagree");
    }
    items
}

fn check_symbol(name: &str, text: &str, expected: Option<&str>) {
    let (syntax, cursor) = at_cursor(name, text);
    assert_eq!(syntax.symbol_at(cursor).map(|item| item.qualified).as_deref(), expected, "{text}");
}

fn check_task(name: &str, text: &str, expected: Option<(Marker, &str)>) {
    let (syntax, cursor) = at_cursor(name, text);
    let task = syntax.comment_at(cursor);
    assert_eq!(task.as_ref().map(|task| (task.marker, task.goal.as_str())), expected, "{text}");
}

const PYTHON: &str = r#"
import unittest
LIMIT = 10
_NAMES: dict = {}
lower = 1

@decorated(
    by="this",
)
async def mean(numbers: list[float], *,
               weights=None) -> float:
    """The mean.

    Of numbers.
    """
    def inner():
        pass
    return 0

class Shape(Base):
    """A shape."""
    SIDES = 4

    @property
    def area(self): return 1

    class Corner:
        def test_looks_like_one(self): ...

if True:
    def conditional(): pass

def test_mean():
    def test_inner(): pass

class TestShape:
    def test_area(self): pass
    def helper(self): pass

class ShapeCase(unittest.TestCase):
    @unittest.skip("x")
    def test_area(self): pass

class Others(BaseTest):
    async def test_it(self): pass
"#;

#[test]
fn python_outline() {
    let items = check_outline(
        "python",
        PYTHON,
        &[
            "constant LIMIT",
            "constant _NAMES",
            "function mean",
            "function mean.inner",
            "class Shape",
            "constant Shape.SIDES",
            "method Shape.area",
            "class Shape.Corner",
            "method Shape.Corner.test_looks_like_one",
            "function conditional",
            "function test_mean !",
            "function test_mean.test_inner",
            "class TestShape ~",
            "method TestShape.test_area !",
            "method TestShape.helper ~",
            "class ShapeCase ~",
            "method ShapeCase.test_area !",
            "class Others ~",
            "method Others.test_it !",
        ],
    );
    let mean = &items[2];
    assert_eq!(mean.signature, "async def mean(numbers: list[float], *, weights=None) -> float");
    assert_eq!(mean.doc.as_deref(), Some("The mean.\n\nOf numbers."));
    assert!(PYTHON[mean.span.clone()].starts_with("@decorated(\n"));
    assert!(PYTHON[mean.head..].starts_with("async def"));
    assert!(PYTHON[mean.body.clone().unwrap()].starts_with("\"\"\"The mean."));
    assert_eq!((items[6].parent, items[4].parent), (Some(4), None));
    assert_eq!(items[4].doc.as_deref(), Some("A shape."));
}

const RUST: &str = r#"//! Crate docs.
struct Before; // not a doc
/// A point.
// aside
#[derive(Debug)]
pub struct Point<T> { x: T }

/** Block
 * doc. */
enum Side { Left, Right }
union Bits { a: u8 }
pub const LIMIT: usize = 3;
static NAME: &str = "n";
mod other;
trait Area { fn area(&self) -> f64; }
impl<T> Point<T> {
    /// New.
    pub fn new(x: T) -> Self where T: Copy { Self { x } }
}
impl fmt::Display for geometry::Point<u8> { fn fmt(&self) {} }
impl Area for &Side { fn area(&self) -> f64 { 0.0 } }
mod inner { pub mod deep { pub fn f() { fn nested() {} } } }

#[cfg(not(test))]
mod real { fn f() {} }

#[cfg(all(test, feature = "x"))]
mod tests {
    use super::*;
    #[test]
    #[should_panic]
    fn it_works() {}
    /// Doc.
    #[tokio::test(flavor = "multi_thread")]
    async fn later() {}
    #[rstest]
    #[case(1)]
    fn cases(#[case] n: u8) {}
    fn helper() {}
}
#[test]
fn at_the_top() {}
"#;

#[test]
fn rust_outline() {
    let items = check_outline(
        "rust",
        RUST,
        &[
            "struct Before",
            "struct Point",
            "enum Side",
            "struct Bits",
            "constant LIMIT",
            "constant NAME",
            "module other",
            "trait Area",
            "method Area::area",
            "impl Point",
            "method Point::new",
            "impl Point",
            "method Point::fmt",
            "impl Side",
            "method Side::area",
            "module inner",
            "module inner::deep",
            "function inner::deep::f",
            "function inner::deep::f::nested",
            "module real",
            "function real::f",
            "module tests ~",
            "function tests::it_works !",
            "function tests::later !",
            "function tests::cases !",
            "function tests::helper ~",
            "function at_the_top !",
        ],
    );
    let point = &items[1];
    assert!(RUST[point.span.clone()].starts_with("/// A point.\n// aside\n#[derive"));
    assert_eq!((point.doc.as_deref(), point.signature.as_str()), (Some("A point."), "pub struct Point<T>"));
    assert_eq!(items[2].doc.as_deref(), Some("Block\ndoc."));
    assert_eq!(items[10].signature, "pub fn new(x: T) -> Self where T: Copy");
    assert_eq!(items[8].signature, "fn area(&self) -> f64");
    assert_eq!(&RUST[items[10].body.clone().unwrap()], "{ Self { x } }");
}

#[test]
fn the_symbol_under_the_cursor_is_the_innermost() {
    check_symbol("python", "class A:\n    def f(self):\n        ret$0urn 1\n", Some("A.f"));
    check_symbol("python", "class A:\n  $0  def f(self):\n        return 1\n", Some("A.f"));
    check_symbol("python", "class A:\n    @deco$0rated\n    def f(self):\n        return 1\n", Some("A.f"));
    check_symbol("python", "class A:$0\n    def f(self):\n        return 1\n", Some("A"));
    check_symbol("python", "def f(self):\n    return 1  $0\n", Some("f"));
    check_symbol("python", "x = $01\n", None);
    check_symbol("python", "LIMIT = $01\n", None);
    check_symbol("python", "$0", None);
    check_symbol("rust", "mod m {\n    impl<T> P<T> { fn f() { a($0); } }\n}\n", Some("m::P::f"));
    check_symbol("rust", "mod m {\n  $0\n}\n", None);
    check_symbol("rust", "/// Docs$0.\n#[inline]\npub fn f() {}\nfn g() {}\n", Some("f"));
    check_symbol("rust", "#[inl$0ine]\n// why\n/// Docs.\nfn f() {}\n", Some("f"));
    check_symbol("rust", "impl P {\n    #[test$0]\n    fn f() {}\n}\n", Some("P::f"));
    check_symbol("rust", "fn f() {\n    1\n$0}\nfn g() {}", Some("f"));
    check_symbol("rust", "struct S {\n    #[serde(de$0fault)]\n    a: u8,\n}\nfn g() {}", Some("S"));
}

#[test]
fn the_task_in_a_comment() {
    let todo = |goal| Some((Marker::Todo, goal));
    check_task("python", "x = 1\n# TODO: handle $0empty input\ny = 2\n", todo("handle empty input"));
    check_task("python", "$0x = 1  # TODO(ann): rename\n", todo("rename"));
    check_task(
        "python",
        "def f():\n    # FIXME - divide\n    #   by $0len\n    # safely\n\n    # other\n",
        Some((Marker::Fixme, "divide by len safely")),
    );
    check_task("python", "# TODO: one$0\n# TODO: two\n", todo("one"));
    check_task("python", "# TODO: one\n#\n# not $0part\n", None);
    check_task("python", "# we keep a TODO list $0here\n", None);
    check_task("python", "# TODO$0\n", None);
    check_task("python", "s = '# TODO: $0not a comment'\n", None);
    check_task("python", "# TODOS: $0no word\n", None);
    check_task(
        "rust",
        "fn f() {\r\n    // Lamplighter: use $0a map\r\n    // here\r\n}\r\n",
        Some((Marker::Lamplighter, "use a map here")),
    );
    check_task("rust", "/// TODO: document$0\nfn f() {}\n", todo("document"));
    check_task("rust", "/* Long ago.\n * TODO: split\n * this$0\n *\n * Not this.\n */\nfn f() {}\n", todo("split this"));
    check_task("rust", "fn f() {} $0/* TODO: inline */ // x\n", todo("inline"));
    let (syntax, cursor) = at_cursor("python", "x\n  # TODO: a$0\n  # b\ny\n");
    let span = syntax.comment_at(cursor).unwrap().span;
    assert_eq!(syntax.text().byte_slice(span).to_string(), "# TODO: a\n  # b");
}

#[test]
fn an_edited_tree_equals_a_fresh_one() {
    let mut rng = fastrand::Rng::with_seed(11);
    for (name, text) in [("python", PYTHON), ("rust", RUST)] {
        let pieces = [
            "\n",
            "def f():\n    pass\n",
            "fn g() { 1 }\n",
            "\"",
            "\"\"\"",
            "(",
            ")",
            "{",
            "}",
            "x",
            " ",
            "\r",
            "\r\n",
            "é",
            "# TODO: a\n",
            "/*",
            "*/",
        ];
        let mut document = Document::new(text);
        let mut syntax = Syntax::parse(language(name), &document);
        for step in 0..400 {
            let boundary = |byte: usize| document.rope().char_to_byte(document.rope().byte_to_char(byte));
            let start = boundary(rng.usize(0..=document.len()));
            let end = boundary((start + rng.usize(0..12)).min(document.len())).max(start);
            let splice = document.splice(start..end, pieces[rng.usize(0..pieces.len())]).unwrap();
            syntax.edit(&splice, &document);
            if rng.bool() {
                continue;
            }
            syntax.refresh();
            let fresh = Syntax::parse(language(name), &document);
            assert_eq!(syntax.tree().root_node().to_sexp(), fresh.tree().root_node().to_sexp(), "{name} step {step}\n{}", document.text());
            assert_eq!(syntax.outline(), fresh.outline(), "{name} step {step}");
        }
    }
}

#[test]
fn a_tree_that_was_not_parsed_again_has_moved() {
    let mut document = Document::new("def first():\n    pass\n\ndef second():\n    pass\n");
    let mut syntax = Syntax::parse(language("python"), &document);
    let splice = document.splice(0..0, "import os\n\n").unwrap();
    syntax.edit(&splice, &document);
    let name = document.text().find("second").unwrap() + "sec".len();
    let splice = document.splice(name..name, "_").unwrap();
    syntax.edit(&splice, &document);
    assert_eq!((syntax.is_stale(), syntax.behind()), (true, "import os\n\n_".len()));
    assert_eq!(syntax.symbol_at(document.len() - 1).map(|item| item.qualified).as_deref(), Some("sec_ond"));
    syntax.refresh();
    assert_eq!((syntax.is_stale(), syntax.behind()), (false, 0));
}

#[test]
fn a_tree_parsed_in_the_background_catches_up() {
    let mut document = Document::new("def f():\n    pass\n");
    let mut syntax = Syntax::parse(language("python"), &document);
    let mut type_at_start = |syntax: &mut Syntax, text: &str| {
        let splice = document.splice(0..0, text).unwrap();
        syntax.edit(&splice, &document);
        document.clone()
    };
    type_at_start(&mut syntax, "x = 1\n");
    let mut background = syntax.clone();
    type_at_start(&mut syntax, "def g():\n    pass\n");
    background.refresh();
    let mut older = background.clone();
    assert!(syntax.adopt(&mut background) && syntax.is_stale(), "one edit came after");
    assert!(!syntax.adopt(&mut older), "nothing new");
    let document = type_at_start(&mut syntax, "\n");
    syntax.refresh();
    assert_eq!(syntax.tree().root_node().to_sexp(), Syntax::parse(language("python"), &document).tree().root_node().to_sexp());
    assert!(!syntax.adopt(&mut older), "older than what is here");
    let mut reopened = Syntax::parse(language("python"), &document);
    let splice = document.clone().splice(0..0, "").unwrap();
    reopened.edit(&splice, &document);
    assert!(!reopened.adopt(&mut syntax), "another document");
}
