//! The standard library's unittest, run by a loader of ours over the files that hold its tests.

use crate::proof::discover::{is_foreign, is_unittest_file};
use crate::proof::{Bench, Suite, TestReport};
use crate::sandbox::SandboxError;

use super::{Selection, python};

pub(crate) const RUNNER: (&str, &str) = ("lamplighter_unittest.py", include_str!("../harness/lamplighter_unittest.py"));

pub(super) async fn run(bench: &Bench<'_>, suite: &Suite, selection: &Selection) -> Result<TestReport, SandboxError> {
    let mut job = python::Job::new(bench.copy, suite);
    let mut files = bench.copy.files();
    files.retain(|path| suite.owns(path) && !is_foreign(path.as_str()) && is_unittest_file(bench.copy, path));
    match selection {
        Selection::All => {}
        Selection::Ids(ids) => job.ids = Some(ids.iter().map(|id| id.0.clone()).collect()),
        Selection::Files(wanted) => files.retain(|path| wanted.contains(path)),
    }
    job.files = files.iter().filter_map(|path| suite.relative(path)).map(str::to_owned).collect();
    python::run(bench, suite, "unittest", RUNNER, job, &["{inbox}/lamplighter_unittest.py".to_owned()]).await
}
