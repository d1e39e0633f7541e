//! The repair engine's pure half: each operator finds the fix it is there for, every candidate applies and parses, the same
//! case gives the same candidates, tests are left alone, trials steer the search, and localisation points at the defect.

#[path = "../bench/seeded.rs"]
mod seeded;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lamplighter::proof::{Coverage, Diagnostic, Fix, Frame, Severity, TestCase, TestId, TestStatus, Trial, TrialOutcome};
use lamplighter::repair::source::Source;
use lamplighter::repair::{Case, Place, Suspect, localise, rank_plausible, search};
use lamplighter::text::{Edit, MemoryFiles, RelPath, apply_edits};
use rstest::rstest;

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn files(list: &[(&str, &str)]) -> MemoryFiles {
    MemoryFiles(list.iter().map(|(name, text)| (path(name), Arc::from(*text))).collect())
}

fn case<'a>(files: &'a MemoryFiles, failing: &'a [TestCase]) -> Case<'a> {
    Case { files, failing, diagnostics: &[], coverage: None, place: None }
}

#[track_caller]
fn check(name: &str, marked: &str, within: usize) {
    let defects = seeded::defects(marked);
    assert_eq!(defects.len(), 1, "one mark a case");
    let rank = seeded::rank(name, &defects[0], within.max(400));
    assert!(rank.is_some_and(|rank| rank <= within), "`{}` came at {rank:?}, wanted within {within}", defects[0].label);
}

#[rstest]
#[case::unbound("def f(numbers):\n    return sum(numbers) / len(«number→numbers‖NameError: name 'number' is not defined»)\n", 3)]
#[case::misspelt_attribute(
    "class A:\n    def __init__(self):\n        self.total = 0\n    def get(self):\n        return self.«totl→total‖AttributeError: 'A' object has no attribute 'totl'»\n",
    3
)]
#[case::missing_import("«→import math¦import math\n»def area(r):\n    return math.pi * r ** 2\n", 60)]
#[case::wrong_variable("def f(price, quantity):\n    total = price * «price→quantity»\n    return total\n", 6)]
#[case::self_missing(
    "class A:\n    def __init__(self):\n        self.rate = 2\n    def f(self, x):\n        return x * «rate→self.rate‖NameError: name 'rate' is not defined»\n",
    6
)]
#[case::comparison("def f(a, b):\n    if a «<→<=» b:\n        return a\n    return b\n", 6)]
#[case::equality("def f(a, b):\n    return a «!=→==» b\n", 4)]
#[case::membership("def f(a, b):\n    if a «in→not in» b:\n        return 1\n    return 2\n", 6)]
#[case::identity("def f(a):\n    if a is «→not »None:\n        return 1\n    return 2\n", 6)]
#[case::arithmetic("def f(a, b):\n    return a «-→+» b\n", 6)]
#[case::floor("def f(a, b):\n    return a «/→//» b\n", 8)]
#[case::augmented("def f(items):\n    t = 0\n    for x in items:\n        t «-=→+=» x\n    return t\n", 10)]
#[case::plain_assignment("def f(items):\n    t = 0\n    for x in items:\n        t «=→+=» x\n    return t\n", 30)]
#[case::operands("def f(a, b):\n    return «b - a→a - b»\n", 12)]
#[case::connective("def f(a, b):\n    return a > 0 «or→and» b > 0\n", 12)]
#[case::not_missing("def f(a):\n    if «→not »a:\n        return 1\n    return 2\n", 6)]
#[case::not_extra("def f(a):\n    if «not →»a:\n        return 1\n    return 2\n", 6)]
#[case::arms("def f(a):\n    return «'x' if a else 'y'→'y' if a else 'x'»\n", 15)]
#[case::constant("def f(a):\n    return a * «101→100»\n", 12)]
#[case::flag("def f(a):\n    return sorted(a, reverse=«True→False»)\n", 8)]
#[case::default_value("def f(a, step=«2→1»):\n    return a + step\n", 20)]
#[case::arguments("def g(low, high):\n    return high - low\ndef f(low, high):\n    return g(«high, low→low, high»)\n", 4)]
#[case::argument_added("def g(a, scale):\n    return a * scale\ndef f(a, scale):\n    return g(a«→, scale»)\n", 20)]
#[case::argument_dropped("def f(a, b):\n    return max(a«, b→»)\n", 25)]
#[case::method("def f(s):\n    return s.«rstrip→lstrip»()\n", 5)]
#[case::function("def f(xs):\n    return «any→all»(xs)\n", 5)]
#[case::own_method(
    "class A:\n    def first(self):\n        return 1\n    def last(self):\n        return 2\n    def f(self):\n        return self.«first→last»()\n",
    8
)]
#[case::slice_end("def f(xs, n):\n    return xs[:n«→ - 1»]\n", 12)]
#[case::slice_side("def f(xs, n):\n    return xs[«n:→:n»]\n", 15)]
#[case::range_end("def f(n):\n    t = 0\n    for i in range(1, n«→ + 1»):\n        t += i\n    return t\n", 15)]
#[case::missing_return("def f(a):\n    b = a * 2\n    «b→return b»\n", 5)]
#[case::return_at_end("def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n«→    return out\n‖assert None == [1]»", 10)]
#[case::early_return("def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n«        →    »return t\n", 40)]
#[case::empty_guard(
    "def f(xs):\n    «→if not xs:\n        return 0\n    ‖ZeroDivisionError: division by zero»return sum(xs) / len(xs)\n",
    25
)]
#[case::none_guard(
    "def f(name):\n    «→if name is None:\n        return \"\"\n    ‖AttributeError: 'NoneType' object has no attribute 'strip'»return name.strip()\n",
    40
)]
#[case::guard_as_elsewhere(
    "def g(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n\ndef f(n):\n    «→if n < 0:\n        raise ValueError('negative')\n    »return n * 2\n",
    40
)]
#[case::misspelt_target("def f(x):\n    «totl→total‖NameError: name 'total' is not defined» = x + 1\n    return total * total\n", 6)]
#[case::found_nothing(
    "def f(table, key):\n    entry = table.get(key)\n    «→if entry is None:\n        return None\n    ‖TypeError: 'NoneType' object is not subscriptable»return entry[0]\n",
    40
)]
#[case::field_guard(
    "class A:\n    def __init__(self):\n        self.items = []\n    def last(self):\n        «→if not self.items:\n            return None\n        ‖IndexError: list index out of range»return self.items[-1]\n",
    60
)]
#[case::clause_missing("def f(a, b):\n    if b > 0:\n        a = 1\n    if a > 0«→ and b > 0»:\n        return 1\n    return 0\n", 60)]
#[case::clause_extra("def f(a, b):\n    if a > 0« and b > 0→»:\n        return 1\n    return 0\n", 20)]
#[case::break_continue(
    "def f(xs):\n    t = 0\n    for x in xs:\n        if x < 0:\n            «break→continue»\n        t += x\n    return t\n",
    15
)]
#[case::delete("def f(xs):\n    xs = list(xs)\n«    xs.reverse()\n→»    return xs\n", 40)]
#[case::wrap("def f(xs):\n    return «xs→sorted(xs)»\n", 25)]
#[case::unwrap("def f(x):\n    return «int(x)→x»\n", 20)]
#[case::separator("def f(xs):\n    return \"«;→,»\".join(xs)\n", 25)]
#[case::f_string("def f(name):\n    return «→f»\"hello {name}\"\n", 4)]
#[case::key("def f(row):\n    return row[\"«nmae→name»\"] + row[\"name\"]\n", 20)]
#[case::indices("def f(grid, x, y):\n    return grid[«x][y→y][x»]\n", 20)]
#[case::donor(
    "def g(a):\n    return a.left.value + a.right.value\ndef f(a):\n    return a.left.value + «a.left.weight→a.right.value»\n",
    60
)]
fn python_operator_finds_its_fix(#[case] marked: &str, #[case] within: usize) {
    check("code.py", marked, within);
}

#[rstest]
#[case::comparison("fn f(a: i32, b: i32) -> bool {\n    a «<→<=» b\n}\n", 5)]
#[case::arithmetic("fn f(a: i32, b: i32) -> i32 {\n    a «-→+» b\n}\n", 6)]
#[case::connective("fn f(a: i32, b: i32) -> bool {\n    a > 0 «||→&&» b > 0\n}\n", 12)]
#[case::not("fn f(a: &[i32]) -> i32 {\n    if «→!»a.is_empty() {\n        return 1;\n    }\n    0\n}\n", 12)]
#[case::variable("fn f(width: u32, height: u32) -> u32 {\n    width * «width→height»\n}\n", 6)]
#[case::field(
    "struct P { x: i32, y: i32 }\nimpl P {\n    fn f(&self) -> i32 {\n        self.x * self.x + self.«x→y» * self.y\n    }\n}\n",
    15
)]
#[case::variant("enum E { A, B, C }\nfn f(a: bool) -> E {\n    if a { E::«A→B» } else { E::C }\n}\n", 15)]
#[case::range("fn f(n: u32) -> u32 {\n    (1..«→=»n).sum()\n}\n", 10)]
#[case::prefix_range("fn f(xs: &[u32], n: usize) -> &[u32] {\n    &xs[..«=→»n]\n}\n", 10)]
#[case::constant("fn f(n: u32) -> u32 {\n    n % «11→10»\n}\n", 12)]
#[case::method("fn f(xs: &[i32]) -> Option<&i32> {\n    xs.«first→last»()\n}\n", 5)]
#[case::saturating("fn f(a: u32, b: u32) -> u32 {\n    a.«wrapping_sub→saturating_sub»(b)\n}\n", 12)]
#[case::arguments("fn g(a: i32, b: i32) -> i32 {\n    a - b\n}\nfn f(a: i32, b: i32) -> i32 {\n    g(«b, a→a, b»)\n}\n", 5)]
#[case::guard(
    "fn f(xs: &[u32]) -> u32 {\n    «→if xs.is_empty() {\n        return 0;\n    }\n    ‖attempt to divide by zero»xs.iter().sum::<u32>() / xs.len() as u32\n}\n",
    15
)]
#[case::guard_between(
    "fn f(a: &str, b: &str) -> usize {\n    let n = a.len();\n    «→if n == 0 {\n        return 0;\n    }\n    ‖attempt to divide by zero»b.len() / n\n}\n",
    60
)]
#[case::semicolon("fn f(a: u32) -> u32 {\n    a + 1«;→»\n}\n", 10)]
#[case::reverse("fn f(s: &str) -> String {\n    s.chars()«→.rev()».collect()\n}\n", 15)]
#[case::boolean(
    "fn f(n: u32) -> bool {\n    for d in 2..n {\n        if n % d == 0 {\n            return «true→false»;\n        }\n    }\n    true\n}\n",
    30
)]
#[case::in_macro("fn f(a: u32, b: u32) -> String {\n    format!(\"{} {}\", a, «a→b»)\n}\n", 10)]
#[case::index("fn f(xs: &[u32]) -> u32 {\n    xs[xs.len()«→ - 1‖index out of bounds: the len is 3 but the index is 3»]\n}\n", 6)]
#[case::arms("fn f(a: bool) -> u32 {\n    if a «{ 2 } else { 1 }→{ 1 } else { 2 }»\n}\n", 25)]
#[case::compound("fn f(xs: &[i32]) -> i32 {\n    let mut t = 0;\n    for x in xs {\n        t «-=→+=» x;\n    }\n    t\n}\n", 12)]
fn rust_operator_finds_its_fix(#[case] marked: &str, #[case] within: usize) {
    check("src/lib.rs", marked, within);
}

const SHOP: &str = "def line_total(price, quantity):\n    return price + quantity\n\n\ndef unrelated(a):\n    return a - 1\n\n\ndef order_total(lines):\n    total = 0\n    for price, quantity in lines:\n        total += line_total(price, quantity)\n    return total\n";
const SHOP_TEST: &str = "from shop import order_total\n\n\ndef test_total():\n    assert order_total([(2, 3)]) == 6\n";

fn failing(id: &str, file: &str, message: &str, frames: &[(&str, u32)]) -> TestCase {
    let frames = frames.iter().map(|(file, line)| Frame { path: path(file), line: *line, function: None }).collect();
    TestCase {
        id: TestId(id.into()),
        status: TestStatus::Failed,
        message: message.into(),
        error: None,
        frames,
        path: Some(path(file)),
        seconds: 0.0,
    }
}

#[test]
fn localisation_follows_calls_by_name_without_coverage() {
    let files = files(&[("shop.py", SHOP), ("tests/test_shop.py", SHOP_TEST)]);
    let failing = [failing("tests/test_shop.py::test_total", "tests/test_shop.py", "assert 5 == 6", &[("tests/test_shop.py", 5)])];
    let suspects = localise(&case(&files, &failing));
    let score = |name: &str| {
        suspects.iter().filter(|suspect| suspect.function.as_deref() == Some(name)).map(|suspect| suspect.score).fold(0.0, f64::max)
    };
    assert!(score("order_total") > 3.0 * score("unrelated") && score("line_total") > 3.0 * score("unrelated"), "{suspects:#?}");
    assert!(suspects.iter().all(|suspect| suspect.path == path("shop.py")), "test files are never suspected");
}

#[test]
fn coverage_singles_out_the_line_only_failing_tests_run() {
    let text = "def f(x):\n    if x > 10:\n        return x - 2\n    return x\n";
    let files = files(&[("code.py", text)]);
    let failing = [failing("t::bad", "tests/test_code.py", "", &[])];
    let run = |lines: &[u32]| BTreeMap::from([(path("code.py"), BTreeSet::from_iter(lines.iter().copied()))]);
    let coverage = Coverage { lines: BTreeMap::from([(TestId("t::bad".into()), run(&[2, 3])), (TestId("t::good".into()), run(&[2, 4]))]) };
    let case = Case { coverage: Some(&coverage), ..case(&files, &failing) };
    let suspects = localise(&case);
    assert_eq!((suspects[0].line, suspects[0].score), (3, 1.0));
    let ochiai_of_shared_line = 1.0 / 2.0_f64.sqrt();
    assert!((suspects[1].score - ochiai_of_shared_line).abs() < 1e-9 && suspects[1].line == 2, "{suspects:#?}");
}

#[test]
fn stack_frames_diagnostics_and_the_users_place_each_raise_their_line() {
    let files = files(&[("shop.py", SHOP)]);
    let first = |case: &Case<'_>| localise(case)[0].line;
    let trace = [failing("t", "tests/test_shop.py", "TypeError: x", &[("tests/test_shop.py", 5), ("shop.py", 12), ("shop.py", 2)])];
    assert_eq!(first(&case(&files, &trace)), 2);
    let place = Place { path: path("shop.py"), span: Some(SHOP.find("a - 1").map(|at| at..at).unwrap()) };
    assert_eq!(first(&Case { place: Some(&place), ..case(&files, &[]) }), 6);
    let diagnostics = [diagnostic("shop.py", 10, vec![])];
    assert_eq!(first(&Case { diagnostics: &diagnostics, ..case(&files, &[]) }), 10);
}

fn diagnostic(file: &str, line: u32, fixes: Vec<Fix>) -> Diagnostic {
    Diagnostic {
        path: path(file),
        line,
        column: 1,
        span: None,
        severity: Severity::Error,
        code: None,
        message: "something".into(),
        details: vec![],
        fixes,
    }
}

#[test]
fn the_compilers_own_suggestion_comes_first() {
    let text = "fn f(numbers: &[u32]) -> usize {\n    number.len()\n}\n";
    let files = files(&[("src/lib.rs", text)]);
    let at = text.find("number.").unwrap();
    let edit = Edit { path: path("src/lib.rs"), span: at..at + 6, text: "numbers".into() };
    let diagnostics = [diagnostic(
        "src/lib.rs",
        2,
        vec![Fix { title: "a local variable with a similar name exists".into(), machine_applicable: true, edits: vec![edit.clone()] }],
    )];
    let case = Case { diagnostics: &diagnostics, ..case(&files, &[]) };
    let batch = search(&case, localise(&case)).next_batch(1);
    assert_eq!(batch[0].edits, [edit]);
}

#[test]
fn candidates_apply_parse_differ_spare_tests_and_repeat_themselves() {
    let python = "def test_inline():\n    assert add(1, 2) == 3\n\n\ndef add(a, b):\n    return a - b\n";
    let rust = "pub fn add(a: i32, b: i32) -> i32 {\n    a - b\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        assert_eq!(super::add(1, 2), 3);\n    }\n}\n";
    let crlf = "def f(xs):\r\n    total = 0\r\n    for x in xs:\r\n        total -= x\r\n    return total\r\n";
    let bom = "\u{feff}def g(é):\n    return é + 1\n";
    let list = [
        ("code.py", python),
        ("src/lib.rs", rust),
        ("crlf.py", crlf),
        ("bom.py", bom),
        ("tests/test_it.py", "def test_it():\n    assert 1 == 2\n"),
    ];
    let files = files(&list);
    let case = case(&files, &[]);
    let all = |case: &Case<'_>| search(case, localise(case)).next_batch(5000);
    let first = all(&case);
    assert!(first.len() > 200, "only {}", first.len());
    assert_eq!(first, all(&case), "the same case gives the same candidates");
    let mut results = BTreeSet::new();
    for (index, candidate) in first.iter().enumerate() {
        assert_eq!(candidate.id, index);
        let file = &candidate.edits[0].path;
        assert!(candidate.edits.iter().all(|edit| edit.path == *file) && file.as_str() != "tests/test_it.py");
        let old = list.iter().find(|(name, _)| *name == file.as_str()).unwrap().1;
        let new = apply_edits(old, &candidate.edits).unwrap();
        assert!(results.insert((file.clone(), new.clone())), "twice: {}", candidate.title);
        assert!(!Source::parse(file, Arc::from(new.as_str())).unwrap().root().has_error(), "{}: {new}", candidate.title);
        for test in ["def test_inline():\n    assert add(1, 2) == 3\n", &rust[rust.find("#[cfg(test)]").unwrap()..]] {
            assert!(!old.contains(test) || new.contains(test), "{} touches a test", candidate.title);
        }
        assert!(file.as_str() != "crlf.py" || new.matches('\n').count() == new.matches("\r\n").count(), "{}: line ends", candidate.title);
        assert!(file.as_str() != "bom.py" || new.starts_with('\u{feff}'), "{}: the mark", candidate.title);
    }
}

fn everything(text: &str, file: &str) -> Vec<Suspect> {
    let source = Source::parse(&path(file), Arc::from(text)).unwrap();
    let suspect = |span: &std::ops::Range<usize>, line| Suspect {
        path: path(file),
        span: span.clone(),
        line,
        function: None,
        score: 1.0,
        why: String::new(),
    };
    source.statements.iter().map(|statement| suspect(&statement.span, statement.line)).collect()
}

#[test]
fn progress_draws_the_search_to_its_place_and_makes_pairs() {
    let text = "def f(a, b, c):\n    x = a - b\n    y = b - c\n    return x * y\n";
    let files = files(&[("code.py", text)]);
    let case = case(&files, &[]);
    let mut search = search(&case, everything(text, "code.py"));
    let target = |candidate: &lamplighter::proof::Candidate, from: usize| {
        let edit = &candidate.edits[0];
        candidate.edits.len() == 1 && edit.text == "+" && edit.span.start == text[from..].find('-').unwrap() + from
    };
    let second_line = text.find("y =").unwrap();
    let mut halves = BTreeSet::new();
    for _ in 0..40 {
        let batch = search.next_batch(20);
        let trials: Vec<Trial> = batch
            .iter()
            .map(|candidate| {
                let half = target(candidate, 0) || target(candidate, second_line);
                let both = candidate.edits.len() == 2
                    && candidate.edits.iter().all(|edit| edit.text == "+")
                    && candidate.edits[0].span.start < second_line
                    && candidate.edits[1].span.start > second_line;
                if half {
                    halves.insert(candidate.id);
                }
                let red = TrialOutcome::Red { passed: usize::from(half), failed: 2 - usize::from(half), message: "assert 1 == 2".into() };
                Trial { id: candidate.id, outcome: if both { TrialOutcome::Passed } else { red }, seconds: 0.0 }
            })
            .collect();
        if trials.iter().any(|trial| trial.outcome == TrialOutcome::Passed) {
            assert_eq!(halves.len(), 2);
            return;
        }
        search.learn(&trials);
    }
    panic!("the two-place fix was never proposed; halves seen: {halves:?} of {}", search.count());
}

#[test]
fn what_does_not_compile_is_tried_less_at_that_place() {
    let text = "fn f(a: u32, b: u32) -> u32 {\n    let c = a - b;\n    c * a\n}\n";
    let files = files(&[("src/lib.rs", text)]);
    let case = case(&files, &[]);
    let suspects = everything(text, "src/lib.rs");
    let next_families = |teach: bool| {
        let mut search = search(&case, suspects.clone());
        let batch = search.next_batch(12);
        let family = search.given(batch[0].id).unwrap().family;
        let broken = |id| Trial { id, outcome: TrialOutcome::Broken { message: "E0308".into() }, seconds: 0.0 };
        if teach {
            search.learn(&batch.iter().filter(|c| search.given(c.id).unwrap().family == family).map(|c| broken(c.id)).collect::<Vec<_>>());
        }
        search.next_batch(12).iter().filter(|c| search.given(c.id).unwrap().family == family).count()
    };
    assert!(next_families(true) < next_families(false), "{} with, {} without", next_families(true), next_families(false));
}

#[test]
fn among_plausible_patches_the_natural_one_wins() {
    let text = "def clamp(value, low, high):\n    if value > low:\n        return low\n    return min(value, high)\n";
    let test = "from code import clamp\n\n\ndef test_clamp():\n    assert clamp(57, 3, 99) == 57\n";
    let files = files(&[("code.py", text), ("tests/test_code.py", test)]);
    let failing = [failing("tests/test_code.py::test_clamp", "tests/test_code.py", "assert 3 == 57", &[])];
    let case = case(&files, &failing);
    let mut search = search(&case, everything(text, "code.py"));
    let all = search.next_batch(2000);
    let result = |candidate: &lamplighter::proof::Candidate| apply_edits(text, &candidate.edits).unwrap();
    let passing: Vec<_> = all
        .iter()
        .filter(|candidate| {
            let new = result(candidate);
            new.contains("if value < low")
                || new.contains("if False")
                || new.contains("if value <= low")
                || !new.contains("if ")
                || new.contains("return value\n")
        })
        .cloned()
        .collect();
    assert!(passing.len() > 4, "{}", passing.len());
    let best = &rank_plausible(&search, &passing)[0];
    assert!(result(best).contains("if value < low") || result(best).contains("if value <= low"), "{}", best.title);
    let constant = passing.iter().position(|candidate| result(candidate).contains("if False")).map(|at| passing[at].id).unwrap();
    let ranked = rank_plausible(&search, &passing);
    assert!(ranked.iter().position(|candidate| candidate.id == constant).unwrap() > ranked.len() / 2, "a constant condition comes late");
}
