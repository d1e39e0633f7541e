//! pytest, with a plugin of ours that selects tests and reports them; the project's own configuration stays in force.

use std::collections::BTreeSet;

use crate::proof::{Bench, Suite, TestReport};
use crate::sandbox::SandboxError;
use crate::text::RelPath;

use super::{Selection, python};

pub(crate) const PLUGIN: (&str, &str) = ("lamplighter_pytest.py", include_str!("../harness/lamplighter_pytest.py"));

pub(super) async fn run(bench: &Bench<'_>, suite: &Suite, selection: &Selection) -> Result<TestReport, SandboxError> {
    let mut job = python::Job::new(bench.copy, suite);
    let mut arguments: Vec<String> =
        ["-m", "pytest", "-p", "lamplighter_pytest", "-q", "--color=no", "--rootdir=."].map(str::to_owned).into();
    // Later options win over `addopts`: all failures are wanted, every time, in order; the cache is a throw-away.
    arguments.extend(["--maxfail=0", "--continue-on-collection-errors", "-o", "cache_dir={outbox}/cache"].map(str::to_owned));
    arguments.extend(suite.args.iter().cloned());
    match selection {
        Selection::All => {
            let nested = suite.nested.iter().filter_map(|folder| RelPath::new(folder.clone()).ok());
            arguments.extend(nested.filter_map(|folder| Some(format!("--ignore={}", suite.relative(&folder)?))));
        }
        Selection::Ids(ids) => {
            let files: BTreeSet<&str> =
                ids.iter().map(|id| id.0.split("::").next().unwrap_or_default()).filter(|file| !file.is_empty()).collect();
            let files = files.into_iter().filter(|file| !file.ends_with("conftest.py"));
            arguments.extend(files.map(str::to_owned));
            job.ids = Some(ids.iter().map(|id| id.0.clone()).collect());
        }
        Selection::Files(files) => arguments.extend(files.iter().filter_map(|file| suite.relative(file)).map(str::to_owned)),
    }
    python::run(bench, suite, "pytest", PLUGIN, job, &arguments).await
}
