//! Python: signature → inputs → observation in the sandbox → selection by mutants → pytest or `unittest` → a real run.

mod calls;
mod facts;
mod guess;
mod judge;
mod observe;
mod project;
mod render;
mod subject;
mod usage;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use self::facts::{Function, Kind, Module};
use self::judge::Judgement;
use self::observe::{Case, Job, Seen, Variant};
use self::project::{Place, Project};
use self::render::{Test, Writer};
use self::subject::{Subject, call_needs, functions_of, quote, subject};
use super::inputs::Call;
use super::mutants::{self, Mutant};
use super::proving::Prover;
use super::select::{self, Choice};
use super::{Budget, Generated, Mutants, Shown, Target, TestgenError, nothing};
use crate::proof::{Bench, Suite};
use crate::text::{Edit, Files, RelPath};

/// Functions looked at in one request.
const MOST_FUNCTIONS: usize = 12;

/// A call, what it showed, and what its test would need.
struct Observed {
    call: Call,
    seen: Seen,
    /// Mutants on which its test would fail.
    kills: BTreeSet<usize>,
    /// Those of them on which it would not even come back.
    hangs: BTreeSet<usize>,
}

/// Public functions and classes of a file that no test file names.
pub(super) fn untested(files: &dyn Files, path: &RelPath) -> Vec<Target> {
    let Some(text) = files.read(path) else { return Vec::new() };
    let module = Module::read(&text);
    let project = Project::read(files, "");
    let tests: Vec<&str> = project.sources.iter().filter(|(path, _)| project::is_test(path)).map(|(_, text)| &**text).collect();
    let named =
        |name: &str| tests.iter().any(|text| text.split(|char: char| !char.is_alphanumeric() && char != '_').any(|word| word == name));
    let functions = module.functions.iter().map(|function| (function.name.clone(), function.span.clone()));
    let classes = module.classes.iter().map(|class| (class.name.clone(), class.span.clone()));
    let open = functions.chain(classes).filter(|(name, _)| !name.starts_with('_') && !named(name));
    open.map(|(symbol, span)| Target { path: path.clone(), symbol, span }).collect()
}

/// Makes tests for targets of one file.
pub(super) async fn generate(
    bench: Bench<'_>,
    suite: &Suite,
    files: &dyn Files,
    targets: &[Target],
    budget: &Budget,
) -> Result<Generated, TestgenError> {
    let Some(first) = targets.first() else {
        return Err(TestgenError::NothingWorthKeeping { why: "no symbol was named".into() });
    };
    let not_found = || TestgenError::NotFound { path: first.path.clone(), symbol: first.symbol.clone() };
    let text = files.read(&first.path).ok_or_else(not_found)?;
    let project = Project::read(files, &suite.folder);
    let module = Module::read(&text);
    let mut functions = Vec::new();
    for target in targets {
        functions.extend(functions_of(&module, target)?);
    }
    functions.truncate(MOST_FUNCTIONS);
    let (name, _) = project.module(&first.path).ok_or_else(not_found)?;
    let place = project.place(&first.path, suite.kind).ok_or_else(not_found)?;
    let mut subjects: Vec<Subject> =
        functions.into_iter().map(|function| subject(&project, &first.path, &module, &text, place.text.as_deref(), function)).collect();
    let most = (mutants::MOST / subjects.len().max(1)).max(10);
    subjects.iter_mut().for_each(|subject| mutants::thin_out(&mut subject.mutants, most));
    let job = job(bench, suite, &project, &first.path, &name, &place, &text, &subjects);

    let mut notes = Vec::new();
    let (observed, mutants) = observe_all(bench, suite, &job, &text, &subjects, budget, &mut notes).await?;
    let mut writer = Writer::new(&place);
    let mut tests = Vec::new();
    let mut kept: Vec<(usize, usize, String)> = Vec::new();
    for (at, (subject, observed)) in subjects.iter().zip(&observed).enumerate() {
        for chosen in choose(observed, budget.max_cases) {
            let Some(found) = observed.get(chosen) else { continue };
            let needs = call_needs(&project, &first.path, &found.call);
            let Some(test) = writer.test(&name, &subject.function, &found.call, &found.seen, needs) else { continue };
            kept.push((at, chosen, test.name.clone()));
            tests.push(test);
        }
    }
    if tests.is_empty() {
        return Err(nothing("no call of it gives something stable that tells it from its mutants", &notes));
    }
    let prover = Prover { bench, suite, files, path: &place.path, budget };
    let edits = |names: &[String]| {
        let chosen: Vec<Test> = tests.iter().filter(|test| names.contains(&test.name)).cloned().collect();
        write::edits(&place, &writer, &chosen)
    };
    let (names, ids) = prover.settle(tests.iter().map(|test| test.name.clone()).collect(), edits, &mut notes).await?;
    tests.retain(|test| names.contains(&test.name));
    kept.retain(|(.., name)| names.contains(name));
    let edits = write::edits(&place, &writer, &tests);
    if !prover.notices(&names, &ids, &edits, noticed(&first.path, &subjects, &kept, &observed)).await? {
        return Err(nothing("the written tests pass, but did not fail on any mutant when run for real", &notes));
    }
    let killed = |at: usize| -> BTreeSet<usize> {
        let mine = kept.iter().filter(|(subject, ..)| *subject == at).filter_map(|(_, chosen, _)| observed.get(at)?.get(*chosen));
        mine.flat_map(|observed| observed.kills.iter().copied()).collect()
    };
    Ok(Generated {
        edits,
        cases: tests.iter().map(|test| Shown { test: test.name.clone(), shows: test.shows.clone() }).collect(),
        mutants: count(&subjects, &mutants, killed),
        tests: names,
        notes,
    })
}

#[allow(clippy::too_many_arguments)]
fn job(
    bench: Bench<'_>,
    suite: &Suite,
    project: &Project,
    path: &RelPath,
    module: &str,
    place: &Place,
    text: &str,
    subjects: &[Subject],
) -> Job {
    let root = bench.sandbox.seen_root(bench.copy);
    let calls = || subjects.iter().flat_map(|subject| subject.calls.iter().map(move |call| (subject, call)));
    let needs: BTreeSet<project::Need> = calls().flat_map(|(_, call)| call_needs(project, path, call)).collect();
    let top = project.module(path).map(|(_, top)| top).unwrap_or_default();
    let mut paths: Vec<String> = Vec::new();
    for folder in [top, suite.folder.clone(), suite.below("src")] {
        let folder = root.join(folder).to_string_lossy().trim_end_matches('/').to_owned();
        if !paths.contains(&folder) {
            paths.push(folder);
        }
    }
    let style = place.text.as_deref().unwrap_or(text);
    Job {
        root: root.to_string_lossy().into_owned(),
        paths,
        module: module.to_owned(),
        file: path.to_path(root).to_string_lossy().into_owned(),
        imports: needs.iter().map(|(module, name)| format!("from {module} import {name}")).collect(),
        quote: quote(style),
        seconds: observe::SECONDS,
        together: false,
        cases: calls().enumerate().map(|(id, (subject, call))| case(id, &subject.function, call)).collect(),
        variants: Vec::new(),
    }
}

fn case(id: usize, function: &Function, call: &Call) -> Case {
    let (kind, name) = match function.kind {
        Kind::Function => ("function", function.qualified()),
        Kind::Method => ("method", function.name.clone()),
        Kind::Property => ("property", function.name.clone()),
        Kind::Class => ("class", function.class.clone().unwrap_or_default()),
    };
    Case { id, kind, name, receiver: call.receiver.clone(), args: call.args.clone(), kwargs: call.kwargs.clone() }
}

/// Observes all calls, on the original and on the mutants. Returns what may become tests by subject, and the mutants that load.
async fn observe_all(
    bench: Bench<'_>,
    suite: &Suite,
    job: &Job,
    text: &str,
    subjects: &[Subject],
    budget: &Budget,
    notes: &mut Vec<String>,
) -> Result<(Vec<Vec<Observed>>, Vec<BTreeSet<usize>>), TestgenError> {
    let original = observe::observe(bench, suite, job, budget.left() / 3).await?;
    let mut usable: Vec<Vec<(usize, &Call, Seen)>> = Vec::new();
    let mut id = 0;
    for subject in subjects {
        let mut mine = Vec::new();
        for call in &subject.calls {
            if let Some((seen, stable)) = original.seen.get(&id) {
                match judge::judge(&subject.function, call, seen, *stable) {
                    Judgement::Keep => mine.push((id, call, seen.clone())),
                    Judgement::KeepWith(note) => {
                        push_new(notes, note);
                        mine.push((id, call, seen.clone()));
                    }
                    Judgement::Drop => {}
                    Judgement::Tell(note) => push_new(notes, note),
                }
            }
            id += 1;
        }
        usable.push(mine);
    }
    let mut variants = Vec::new();
    for (at, (subject, usable)) in subjects.iter().zip(&usable).enumerate() {
        let only: Vec<usize> = usable.iter().map(|(id, ..)| *id).collect();
        let numbered = subject.mutants.iter().enumerate();
        variants.extend(numbered.map(|(number, mutant)| Variant { id: at * 1000 + number, text: mutant.apply(text), only: only.clone() }));
    }
    let job = Job { together: original.together, ..job.clone() };
    let on_mutants = observe::observe_variants(bench, suite, &job, variants, budget.left() / 2).await?;
    let loaded = |at: usize| on_mutants.keys().filter(|id| **id / 1000 == at).map(|id| id % 1000).collect();
    let observed = |(at, usable): (usize, Vec<(usize, &Call, Seen)>)| -> Vec<Observed> {
        let those = |id: usize, fits: &dyn Fn(&Seen) -> bool| -> BTreeSet<usize> {
            let mine = on_mutants.iter().filter(|(variant, _)| **variant / 1000 == at);
            mine.filter(|(_, cases)| cases.get(&id).is_some_and(fits)).map(|(variant, _)| variant % 1000).collect()
        };
        let whole = |(id, call, seen): (usize, &Call, Seen)| Observed {
            kills: those(id, &|other| seen.tells_from(other)),
            hangs: those(id, &|other| other.kind == "timeout"),
            call: call.clone(),
            seen,
        };
        usable.into_iter().map(whole).collect()
    };
    let all = usable.into_iter().enumerate().map(observed).collect();
    Ok((all, (0..subjects.len()).map(loaded).collect()))
}

fn push_new(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) && notes.len() < 24 {
        notes.push(note);
    }
}

/// Which observations of a subject become tests; calls that existing tests make are known already.
fn choose(observed: &[Observed], most: usize) -> Vec<usize> {
    let known: BTreeSet<usize> =
        observed.iter().filter(|observed| observed.call.tested).flat_map(|observed| observed.kills.iter().copied()).collect();
    let new: Vec<usize> = observed.iter().enumerate().filter(|(_, observed)| !observed.call.tested).map(|(at, _)| at).collect();
    let choice = |observed: &Observed| Choice {
        kills: observed.kills.clone(),
        behaviour: observed.seen.behaviour(),
        origin: observed.call.origin as usize,
    };
    let choices: Vec<Choice> = new.iter().filter_map(|at| observed.get(*at)).map(choice).collect();
    let chosen = select::choose(&choices, &known, most);
    let kills_any = chosen.iter().any(|at| choices.get(*at).is_some_and(|choice| !choice.kills.is_empty()));
    if kills_any { chosen.iter().filter_map(|at| new.get(*at).copied()).collect() } else { Vec::new() }
}

fn count(subjects: &[Subject], loaded: &[BTreeSet<usize>], killed: impl Fn(usize) -> BTreeSet<usize>) -> Mutants {
    let mut all = Mutants::default();
    for (at, (subject, loaded)) in subjects.iter().zip(loaded).enumerate() {
        let killed = killed(at);
        all.total += loaded.len();
        all.killed += killed.len();
        let survivors = loaded.difference(&killed).filter_map(|number| subject.mutants.get(*number));
        all.survivors.extend(survivors.map(|mutant| mutant.title.clone()));
    }
    all
}

/// Mutants of the kept cases as edits, for a real run: those that many tests notice first, those on which a test hangs last.
fn noticed(path: &RelPath, subjects: &[Subject], kept: &[(usize, usize, String)], observed: &[Vec<Observed>]) -> Vec<Edit> {
    let mut votes: BTreeMap<(usize, usize), (bool, usize)> = BTreeMap::new();
    for (subject, chosen, _) in kept {
        let Some(one) = observed.get(*subject).and_then(|all| all.get(*chosen)) else { continue };
        for mutant in &one.kills {
            let (hangs, votes) = votes.entry((*subject, *mutant)).or_default();
            *hangs |= one.hangs.contains(mutant);
            *votes += 1;
        }
    }
    let mut order: Vec<_> = votes.into_iter().collect();
    order.sort_by_key(|(_, (hangs, votes))| (*hangs, std::cmp::Reverse(*votes)));
    let edit = |mutant: &Mutant| Edit { path: path.clone(), span: mutant.span.clone(), text: mutant.text.clone() };
    order.into_iter().filter_map(|((subject, mutant), _)| subjects.get(subject)?.mutants.get(mutant).map(edit)).collect()
}
