//! A run from task to outcome: capture, baseline, conversation, proof.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::briefing;
use super::budget::Spent;
use super::effects::Company;
use super::event::Event;
use super::outcome::{PlanEntry, ResultFile, RunResult, SandboxUsed, Status, UsageTotal};
use super::task::{Task, TaskKind};
use super::tools::{self, Finish, Scene};
use super::turns::{Conversation, Ending};
use super::workshop::Workshop;
use crate::model::{Model, ModelName};
use crate::proof::{self, Host, Observation, Targets, TestId, Verdict, VerdictStatus, Want};
use crate::sandbox::{Bind, Copy, Tier};
use crate::session::Snapshot;
use crate::text::{Change, Patch, unified};

/// Proofs that may say no before a run fails.
const OBJECTIONS: usize = 3;

/// How a run came out, before delivery.
pub struct Outcome {
    /// The result; `status` is [`Status::Verified`] where the patch may be delivered.
    pub result: RunResult,
    /// The change, bound to the texts it was made for.
    pub patch: Patch,
    /// Paths that others execute: a yes of their own is needed before they are delivered.
    pub needs_confirmation: Vec<String>,
    scene: Option<Arc<Scene>>,
}

impl Outcome {
    /// Proves `patch` — this outcome's merged with what the user typed meanwhile — from scratch on `snapshot`.
    /// `None` where nothing can be run.
    pub async fn prove_again(&self, snapshot: &Snapshot, patch: &Patch, cache: PathBuf) -> Option<Verdict> {
        let scene = self.scene.as_ref()?;
        let snapshot = snapshot.clone();
        let copy = tokio::task::spawn_blocking(move || Copy::open(&cache, &snapshot)).await.ok()?.ok()?;
        let scene = Scene { copy: Arc::new(copy), board: Mutex::default(), ..scene.fork() };
        for file in &patch.files {
            match file.change.new_text() {
                Some(text) => scene.copy.write(&file.path, text.as_bytes()).ok()?,
                None => scene.copy.remove(&file.path).ok()?,
            }
        }
        let (verdict, _) = prove(&scene).await.ok()?;
        Some(verdict)
    }
}

/// Runs `task` on `snapshot`. Always comes back with a named ending.
pub async fn run(id: &str, task: Task, snapshot: &Snapshot, workshop: &Workshop, company: Company) -> Outcome {
    let mut report = Report::begin(id, &task, workshop);
    let watch = &company.watch;
    watch.event(&Event::Started {
        run: id.to_owned(),
        task: task.clone(),
        model: workshop.model.name().to_string(),
        tier: format!("{:?}", workshop.sandbox.tier()),
        root: snapshot.root.display().to_string(),
    });
    watch.event(&Event::Status { status: Status::Planning });
    let scene = match set_up(task, snapshot, workshop, company).await {
        Ok(scene) => Arc::new(scene),
        Err((status, reason)) => return report.end(status, reason, None, workshop),
    };
    if let Some(reason) = nothing_to_do(&scene) {
        return report.end(Status::NoChange, reason, Some(scene), workshop);
    }
    let model = match workshop.model.build(scene.copy.clone()) {
        Ok(model) => model,
        Err(error) => return report.end(Status::Failed, error.to_string(), Some(scene), workshop),
    };
    let (status, reason) = work(&scene, model.as_ref(), workshop, &mut report).await;
    report.end(status, reason, Some(scene), workshop)
}

/// Captures the snapshot, finds the suites and takes the baseline.
async fn set_up(task: Task, snapshot: &Snapshot, workshop: &Workshop, company: Company) -> Result<Scene, (Status, String)> {
    let Company { human, watch, cancel } = company;
    watch.event(&Event::Doing { text: "copying the workspace".into() });
    let (cache, snapshot) = (workshop.cache.clone(), snapshot.clone());
    let copy = tokio::task::spawn_blocking(move || Copy::open(&cache, &snapshot)).await;
    let copy = match copy {
        Ok(Ok(copy)) => Arc::new(copy),
        Ok(Err(error)) => return Err((Status::Failed, error.to_string())),
        Err(error) => return Err((Status::Failed, format!("the private copy could not be made: {error}"))),
    };
    let mut found = proof::suites(&copy, &Host::current(), &workshop.overrides);
    for suite in &mut found.suites {
        suite.toolchain.binds.extend(workshop.read_paths.iter().map(Bind::read_only));
    }
    let mut scene = Scene {
        task,
        copy,
        sandbox: workshop.sandbox.clone(),
        suites: found.suites,
        limits: workshop.limits.clone(),
        before: Observation::default(),
        human,
        ask: workshop.ask,
        clock: workshop.clock.clone(),
        watch,
        cancel,
        board: Mutex::default(),
    };
    if scene.sandbox.tier() == Tier::C {
        scene.suites.clear();
    }
    if scene.suites.is_empty() && scene.task.kind != TaskKind::Plan {
        let missing: Vec<String> = found.missing.iter().map(ToString::to_string).collect();
        let why = if missing.is_empty() {
            "no test suite or checker was found (cargo, pytest and unittest are looked for)".to_owned()
        } else {
            missing.join("; ")
        };
        scene.board().assumptions.push(format!("not checked: {why}"));
    }
    scene.doing("running checks and tests as they are");
    let limit = workshop.budget.wall_s.unwrap_or(f64::from(u32::MAX));
    let observing =
        tokio::time::timeout(Duration::from_secs_f64(limit.clamp(0.0, 1e9)), async { proof::observe(&scene.bench(), &scene.suites).await });
    let Ok(observed) = observing.await else {
        return Err((Status::OverBudget, format!("checks and tests as they are took more than {limit:.0} s; raise it with --max-seconds")));
    };
    if scene.cancel.is_cancelled() {
        return Err((Status::Cancelled, "cancelled by the user".into()));
    }
    scene.before = observed.map_err(|error| (Status::Failed, error.to_string()))?;
    Ok(scene)
}

/// A fix where nothing is wrong has nothing to do.
fn nothing_to_do(scene: &Scene) -> Option<String> {
    let before = &scene.before;
    let quiet = before.reports_complete() && before.red_tests().is_empty() && before.errors().is_empty();
    if scene.task.kind != TaskKind::Fix || !scene.task.diagnostics.is_empty() || !quiet || scene.suites.is_empty() {
        return None;
    }
    Some(format!(
        "nothing is wrong: {} tests pass and the checks find no error",
        before.tests.iter().map(|report| report.cases.len()).sum::<usize>()
    ))
}

/// Conversation and proof, until the proof agrees or the run ends.
async fn work(scene: &Arc<Scene>, model: &dyn Model, workshop: &Workshop, report: &mut Report) -> (Status, String) {
    let toolbox = tools::all();
    let mut conversation = Conversation {
        scene,
        model,
        toolbox: &toolbox,
        budget: workshop.budget,
        price: workshop.price,
        messages: briefing::opening(scene),
        spent: Spent::default(),
        started_s: report.started_s,
        seen: HashMap::new(),
    };
    scene.watch.event(&Event::Status { status: Status::Working });
    let mut objections = 0;
    loop {
        let ending = conversation.converse().await;
        report.spent = conversation.spent;
        let finish = match &ending {
            Ending::Cancelled => return (Status::Cancelled, "cancelled by the user".into()),
            Ending::Failed(why) => return (Status::Failed, why.clone()),
            Ending::OverBudget(_) => Finish::default(),
            Ending::Finished(finish) => finish.clone(),
        };
        report.finish = finish.clone();
        let patch = match scene.copy.patch() {
            Ok(patch) => patch,
            Err(error) => return (Status::Failed, error.to_string()),
        };
        if let (true, Ending::OverBudget(limit)) = (patch.is_empty(), &ending) {
            return (Status::OverBudget, limit.clone());
        }
        if patch.is_empty() {
            let status = if finish.gave_up || scene.task.kind == TaskKind::Fix || scene.task.kind == TaskKind::Tests {
                Status::Failed
            } else {
                Status::NoChange
            };
            return (status, if finish.summary.is_empty() { "no change was made".into() } else { finish.summary });
        }
        scene.watch.event(&Event::Status { status: Status::Verifying });
        let proven = tokio::select! {
            biased;
            () = scene.cancel.cancelled() => return (Status::Cancelled, "cancelled by the user".into()),
            proven = prove(scene) => proven,
        };
        let (verdict, after) = match proven {
            Ok(proven) => proven,
            Err(reason) => return (Status::Failed, reason),
        };
        report.take(&verdict);
        match (&verdict.status, ending) {
            (VerdictStatus::Verified, Ending::OverBudget(limit)) => {
                report.patch = patch;
                return (Status::OverBudget, format!("{limit}; the proven part is kept: {}", verdict.reasons.join("; ")));
            }
            (_, Ending::OverBudget(limit)) => return (Status::OverBudget, limit),
            (VerdictStatus::Verified, _) => {
                report.patch = patch;
                return (Status::Verified, verdict.reasons.join("; "));
            }
            (VerdictStatus::Unverified, _) => {
                report.patch = patch;
                return (Status::Unverified, verdict.reasons.join("; "));
            }
            (VerdictStatus::NoChange, _) => return (Status::NoChange, verdict.reasons.join("; ")),
            (VerdictStatus::Failed, _) if finish.gave_up || objections + 1 >= OBJECTIONS => {
                return (Status::Failed, verdict.reasons.join("; "));
            }
            (VerdictStatus::Failed, _) => {
                objections += 1;
                scene.watch.event(&Event::Status { status: Status::Working });
                conversation.messages.push(briefing::objection(&verdict, &after));
            }
        }
    }
}

/// Checks and tests of the copy as it is, with original tests and settings in place, judged against the baseline.
async fn prove(scene: &Scene) -> Result<(Verdict, Observation), String> {
    scene.doing("proving the change: all checks and tests");
    proof::prove(&scene.bench(), &scene.suites, &scene.before, want(scene)).await.map_err(|error| error.to_string())
}

/// What the proof must show: for a fix of one test, that this very test turns green.
fn want(scene: &Scene) -> Want {
    let pointed =
        scene.task.place.as_ref().filter(|place| place.is_test).and_then(|place| place.symbol.as_deref()?.rsplit(['.', ':']).next());
    match (scene.task.kind, pointed) {
        (TaskKind::Tests, _) => Want::Tests,
        (TaskKind::Do | TaskKind::Plan, _) => Want::Goal,
        (TaskKind::Fix, None) => Want::Fix,
        (TaskKind::Fix, Some(name)) => {
            let tests: Vec<TestId> =
                scene.before.red_tests().into_iter().filter(|case| case.id.names(name)).map(|case| case.id.clone()).collect();
            if tests.is_empty() { Want::Fix } else { Want::FixOf(Targets { tests, diagnostics: Vec::new() }) }
        }
    }
}

/// What a result is put together from.
struct Report {
    id: String,
    goal: String,
    model: ModelName,
    tier: String,
    started_s: f64,
    spent: Spent,
    finish: Finish,
    patch: Patch,
    evidence: Vec<proof::Evidence>,
    needs_confirmation: Vec<String>,
}

impl Report {
    fn begin(id: &str, task: &Task, workshop: &Workshop) -> Self {
        Self {
            id: id.to_owned(),
            goal: task.goal.clone(),
            model: workshop.model.name(),
            tier: format!("{:?}", workshop.sandbox.tier()),
            started_s: workshop.clock.seconds(),
            spent: Spent::default(),
            finish: Finish::default(),
            patch: Patch::default(),
            evidence: Vec::new(),
            needs_confirmation: Vec::new(),
        }
    }

    fn take(&mut self, verdict: &Verdict) {
        self.evidence.clone_from(&verdict.evidence);
        self.needs_confirmation = verdict.needs_confirmation.iter().map(ToString::to_string).collect();
    }

    fn end(self, status: Status, reason: String, scene: Option<Arc<Scene>>, workshop: &Workshop) -> Outcome {
        let wall_s = workshop.clock.seconds() - self.started_s;
        let (mut plan, assumptions) = match &scene {
            Some(scene) => {
                let board = scene.board();
                let mut plan = board.plan.clone();
                plan.close(matches!(status, Status::Verified | Status::NoChange), scene.seconds() - board.plan_changed_s);
                (plan.steps, board.assumptions.clone())
            }
            None => (Vec::new(), Vec::new()),
        };
        let mut evidence = self.evidence;
        evidence.extend(scene.as_ref().and_then(|scene| scene.board().mutants.clone()).filter(|_| !self.patch.is_empty()));
        let files = self.patch.files.iter().map(|file| ResultFile {
            path: file.path.to_string(),
            change: match file.change {
                Change::Modify { .. } => "modify",
                Change::Create { .. } => "create",
                Change::Delete { .. } => "delete",
            }
            .into(),
        });
        let result = RunResult {
            run: self.id,
            status,
            reason,
            goal: self.goal,
            summary: self.finish.summary,
            root_cause: self.finish.root_cause,
            assumptions,
            plan: plan
                .drain(..)
                .map(|step| PlanEntry {
                    id: step.id,
                    title: step.title,
                    after: step.after,
                    status: step.status,
                    estimate_s: step.estimate_s,
                    spent_s: step.spent_s,
                })
                .collect(),
            evidence,
            files: files.collect(),
            patch: unified(&self.patch),
            undo: unified(&self.patch.inverse()),
            model: self.model,
            usage: UsageTotal {
                turns: self.spent.turns,
                tool_calls: self.spent.tool_calls,
                candidates: self.spent.candidates,
                input_tokens: self.spent.usage.input_tokens,
                cached_tokens: self.spent.usage.cached_tokens,
                output_tokens: self.spent.usage.output_tokens,
                cost_usd: self.spent.cost(workshop.price),
                wall_s,
                model_s: self.spent.model_s,
                tool_s: self.spent.tool_s,
            },
            sandbox: SandboxUsed { tier: self.tier },
        };
        Outcome { result, patch: self.patch, needs_confirmation: self.needs_confirmation, scene }
    }
}
