//! The building half of `cargo test`: one `cargo test --no-run`, read for test binaries, their environment and diagnostics.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::proof::rustc::{Message, Place};
use crate::proof::{Bench, Diagnostic, Suite};
use crate::sandbox::{Copy, SandboxError};
use crate::text::{Files, RelPath};

use super::{cut_short, denials, last_part, workspace_path};

/// What a build brought about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Build {
    /// The command line.
    pub command: Vec<String>,
    /// Whether everything was built.
    pub complete: bool,
    /// Why not, or what the user should know.
    pub notes: Vec<String>,
    /// The test binaries, in cargo's order.
    pub binaries: Vec<TestBinary>,
    /// The workspace's packages that were built.
    pub packages: Vec<Package>,
    /// The compiler's findings in workspace files.
    pub diagnostics: Vec<Diagnostic>,
    /// Wall seconds.
    pub seconds: f64,
    /// The last few KiB of output.
    pub tail: String,
}

/// An executable that holds tests, and what it needs to run as `cargo test` would run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestBinary {
    /// `package`, `package::target`, `package::bin/name`: the part of test ids before `$`.
    pub id: String,
    /// The package.
    pub package: String,
    /// The target's own name.
    pub target: String,
    /// Absolute path inside the walls.
    pub executable: String,
    /// The package's folder below the workspace root, where it is started.
    pub cwd: String,
    /// The environment cargo gives it.
    pub env: BTreeMap<String, String>,
    /// Whether libtest drives it (`harness = true`).
    pub harness: bool,
    /// Its root file.
    pub source: Option<RelPath>,
}

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder below the workspace root.
    pub folder: String,
    /// Whether it has a library whose documentation examples are tests.
    pub doctests: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Message,
        target: Target,
    },
    CompilerArtifact(Artifact),
    BuildScriptExecuted {
        package_id: String,
        out_dir: String,
        #[serde(default)]
        env: Vec<(String, String)>,
        #[serde(default)]
        linked_paths: Vec<String>,
    },
    BuildFinished {
        success: bool,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    package_id: String,
    manifest_path: String,
    target: Target,
    profile: Profile,
    filenames: Vec<String>,
    executable: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
    src_path: String,
    #[serde(default)]
    doctest: bool,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// Builds all test targets of `suite` and says what came of it.
pub async fn build(bench: &Bench<'_>, suite: &Suite) -> Result<Build, SandboxError> {
    let mut arguments: Vec<String> = ["test", "--no-run", "--no-fail-fast", "--message-format=json"].map(str::to_owned).into();
    arguments.extend(workspace_flag(bench.copy, suite));
    arguments.extend(suite.args.iter().cloned());
    let mut command = suite.toolchain.command(arguments);
    command.cwd.clone_from(&suite.folder);
    command.limits = bench.limits.clone();
    let mut build = Build { command: command.argv.clone(), ..Build::default() };
    let outcome = bench.run(command).await?;
    build.seconds = outcome.elapsed.as_secs_f64();
    build.notes.extend(denials(&outcome));
    let finished = read(bench.copy, suite, &outcome.stdout.text(), &mut build);
    build.tail.push_str(&outcome.stderr.text());
    build.tail = last_part(&build.tail).to_owned();
    build.complete = outcome.exit.ok() && finished == Some(true);
    if !build.complete {
        let errors = build.diagnostics.iter().filter(|diagnostic| diagnostic.severity == crate::proof::Severity::Error).count();
        let failure = if errors > 0 { format!("the tests do not build: {errors} errors") } else { cargo_failure(&outcome.stderr.text()) };
        build.notes.push(cut_short(&outcome.exit, bench.limits, "cargo's build").unwrap_or(failure));
    }
    Ok(build)
}

/// `--workspace` where the project is one: its members are all tested.
pub(crate) fn workspace_flag(copy: &Copy, suite: &Suite) -> Option<String> {
    let manifest = RelPath::new(suite.below("Cargo.toml")).ok()?;
    let table: toml::Table = Files::read(copy, &manifest)?.parse().ok()?;
    table.contains_key("workspace").then(|| "--workspace".to_owned())
}

/// What cargo's own error means to the user.
pub(crate) fn cargo_failure(stderr: &str) -> String {
    let error = stderr.lines().find(|line| line.starts_with("error")).unwrap_or("cargo gave no reason").trim();
    let offline = ["offline", "no matching package", "failed to select a version", "failed to download", "failed to get"];
    if offline.iter().any(|mark| stderr.contains(mark)) {
        return format!(
            "cargo needs a dependency that is not on this machine ({error}); the sandbox has no network, so run `cargo fetch` in the workspace once"
        );
    }
    format!("cargo could not build the tests ({error}); see the output")
}

/// Reads cargo's messages into `build`; whether cargo said it finished well.
pub(crate) fn read(copy: &Copy, suite: &Suite, stdout: &str, build: &mut Build) -> Option<bool> {
    let mut artifacts = Vec::new();
    let mut scripts: BTreeMap<String, (BTreeMap<String, String>, Vec<String>)> = BTreeMap::new();
    let mut finished = None;
    for line in stdout.lines().filter(|line| line.starts_with('{')) {
        match serde_json::from_str(line) {
            Ok(Line::CompilerMessage { message, target }) => {
                build.tail.push_str(message.rendered());
                add_diagnostic(copy, suite, &message, &target.src_path, &mut build.diagnostics)
            }
            Ok(Line::CompilerArtifact(artifact)) => artifacts.push(artifact),
            Ok(Line::BuildScriptExecuted { package_id, out_dir, env, linked_paths }) => {
                let mut env: BTreeMap<String, String> = env.into_iter().collect();
                env.insert("OUT_DIR".to_owned(), out_dir);
                let paths = linked_paths.into_iter().map(|path| path.split_once('=').map_or(path.clone(), |(_, path)| path.to_owned()));
                scripts.insert(package_id, (env, paths.collect()));
            }
            Ok(Line::BuildFinished { success }) => finished = Some(success),
            Ok(Line::Other) | Err(_) => {}
        }
    }
    let linked: Vec<String> = scripts.values().flat_map(|(_, paths)| paths.clone()).collect();
    for artifact in &artifacts {
        let Some(manifest) = workspace_path(copy, "", &artifact.manifest_path) else {
            continue;
        };
        let package = Manifest::read(copy, &manifest, &artifact.package_id);
        add_package(&package, artifact, build);
        if let (true, Some(executable)) = (artifact.profile.test, &artifact.executable) {
            let script = scripts.get(&artifact.package_id).map(|(env, _)| env.clone()).unwrap_or_default();
            build.binaries.push(binary(copy, suite, &package, artifact, executable, script, &linked, &artifacts));
        }
    }
    finished
}

/// Adds a diagnostic once: a library is compiled for itself and for its tests.
pub(crate) fn add_diagnostic(copy: &Copy, suite: &Suite, message: &Message, target: &str, diagnostics: &mut Vec<Diagnostic>) {
    let target = workspace_path(copy, "", target);
    let place = Place { copy, folder: &suite.folder, target: target.as_ref() };
    if let Some(diagnostic) = message.diagnostic(place)
        && !diagnostics.iter().any(|other| {
            (&other.path, &other.span, &other.code, &other.message)
                == (&diagnostic.path, &diagnostic.span, &diagnostic.code, &diagnostic.message)
        })
    {
        diagnostics.push(diagnostic);
    }
}

fn add_package(package: &Manifest, artifact: &Artifact, build: &mut Build) {
    let doctests = artifact.target.doctest && artifact.target.kind.iter().any(|kind| kind.contains("lib") || kind == "proc-macro");
    match build.packages.iter_mut().find(|known| known.name == package.name) {
        Some(known) => known.doctests |= doctests,
        None => build.packages.push(Package { name: package.name.clone(), folder: package.folder.clone(), doctests }),
    }
}

#[allow(clippy::too_many_arguments)]
fn binary(
    copy: &Copy,
    suite: &Suite,
    package: &Manifest,
    artifact: &Artifact,
    executable: &str,
    script: BTreeMap<String, String>,
    linked: &[String],
    all: &[Artifact],
) -> TestBinary {
    let target = &artifact.target;
    let kind = target.kind.first().map_or("", String::as_str);
    let name = &package.name;
    let id = match kind {
        "test" => format!("{name}::{}", target.name),
        "bin" | "example" | "bench" => format!("{name}::{kind}/{}", target.name),
        _ => name.clone(),
    };
    let mut env = package.environment(&artifact.manifest_path, &artifact.package_id);
    env.extend(script);
    env.insert("CARGO".to_owned(), suite.toolchain.program.clone());
    for other in all.iter().filter(|other| other.package_id == artifact.package_id && !other.profile.test) {
        if let (Some(path), true) = (&other.executable, other.target.kind.iter().any(|kind| kind == "bin")) {
            env.insert(format!("CARGO_BIN_EXE_{}", other.target.name), path.clone());
        }
    }
    env.insert("LD_LIBRARY_PATH".to_owned(), library_path(suite, artifact, linked));
    let harness = !package.without_harness(kind, &target.name);
    let source = workspace_path(copy, "", &target.src_path);
    let (package, target, cwd) = (name.clone(), target.name.clone(), package.folder.clone());
    TestBinary { id, package, target, executable: executable.to_owned(), cwd, env, harness, source }
}

/// Where dynamic libraries are searched: build-script outputs, `target/debug/deps`, `target/debug`, the toolchain's own.
fn library_path(suite: &Suite, artifact: &Artifact, linked: &[String]) -> String {
    let deps = artifact.filenames.first().and_then(|path| path.rsplit_once('/')).map(|(folder, _)| folder.to_owned());
    let profile = deps.as_ref().and_then(|deps| deps.rsplit_once('/')).map(|(folder, _)| folder.to_owned());
    let sysroot = suite.toolchain.program.strip_suffix("/bin/cargo").map(|sysroot| format!("{sysroot}/lib"));
    linked.iter().cloned().chain([deps, profile, sysroot].into_iter().flatten()).collect::<Vec<_>>().join(":")
}

impl TestBinary {
    /// The file that holds the test `name`, by the module path in it; the root file where no module file fits.
    pub(crate) fn source_of(&self, copy: &Copy, name: &str) -> Option<RelPath> {
        let root = self.source.as_ref()?;
        let folder = root.parent().unwrap_or_default();
        let modules: Vec<&str> = name.split("::").collect();
        for length in (1..modules.len()).rev() {
            let module = modules.get(..length)?.join("/");
            for file in [format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")] {
                let path = RelPath::new(file.trim_start_matches('/').to_owned()).ok()?;
                if Files::read(copy, &path).is_some() {
                    return Some(path);
                }
            }
        }
        Some(root.clone())
    }
}

/// A package's manifest, as far as running its tests needs it.
struct Manifest {
    name: String,
    folder: String,
    table: toml::Table,
}

impl Manifest {
    fn read(copy: &Copy, path: &RelPath, package_id: &str) -> Self {
        let table: toml::Table = Files::read(copy, path).and_then(|text| text.parse().ok()).unwrap_or_default();
        let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        let name = name.map_or_else(|| package_id.to_owned(), str::to_owned);
        Self { name, folder: path.parent().unwrap_or_default().to_owned(), table }
    }

    /// Whether the manifest says `harness = false` for a target.
    fn without_harness(&self, kind: &str, target: &str) -> bool {
        let off = |value: &toml::Value| value.get("harness").and_then(toml::Value::as_bool) == Some(false);
        let named = |value: &&toml::Value| value.get("name").and_then(toml::Value::as_str) == Some(target);
        match self.table.get(if matches!(kind, "test" | "bin" | "example" | "bench") { kind } else { "lib" }) {
            Some(toml::Value::Array(targets)) => targets.iter().find(named).is_some_and(off),
            Some(value) => off(value),
            None => false,
        }
    }

    /// The variables of <https://doc.rust-lang.org/cargo/reference/environment-variables.html> that tests read at run time.
    fn environment(&self, manifest: &str, package_id: &str) -> BTreeMap<String, String> {
        let version = package_id.rsplit(['#', '@']).next().unwrap_or_default();
        let (core, pre) = version.split_once('-').unwrap_or((version, ""));
        let mut numbers = core.split('.');
        let mut env = BTreeMap::from([
            ("CARGO_MANIFEST_DIR".to_owned(), manifest.strip_suffix("/Cargo.toml").unwrap_or(manifest).to_owned()),
            ("CARGO_MANIFEST_PATH".to_owned(), manifest.to_owned()),
            ("CARGO_PKG_NAME".to_owned(), self.name.clone()),
            ("CARGO_PKG_VERSION".to_owned(), version.to_owned()),
            ("CARGO_PKG_VERSION_PRE".to_owned(), pre.to_owned()),
        ]);
        for part in ["MAJOR", "MINOR", "PATCH"] {
            env.insert(format!("CARGO_PKG_VERSION_{part}"), numbers.next().unwrap_or_default().to_owned());
        }
        for key in ["description", "homepage", "repository", "license"] {
            if let Some(value) = self.table.get("package").and_then(|package| package.get(key)).and_then(toml::Value::as_str) {
                env.insert(format!("CARGO_PKG_{}", key.to_uppercase()), value.to_owned());
            }
        }
        env
    }
}
