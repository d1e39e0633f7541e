//! A project in a string: `//- path` lines start files.

use std::path::{Path, PathBuf};

/// A project in a temporary folder, with a state and cache folder of its own.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// Writes the files of `text`: each begins with a line `//- path`.
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Self { folder };
        std::fs::create_dir_all(project.root()).unwrap();
        for part in text.split("//- ").skip(1) {
            let (path, body) = part.split_once('\n').unwrap();
            project.write(path.trim(), body);
        }
        project
    }

    /// The workspace root.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("workspace")
    }

    /// Where the program under test keeps its own things.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the root.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Reads a file below the root.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// The program under test, kept to this project's folders and without any key.
    pub fn lamplighter(&self) -> std::process::Command {
        #[allow(clippy::disallowed_methods)] // The program under test is started as a user starts it.
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lamplighter"));
        command.current_dir(self.root());
        for (key, folder) in [("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config")] {
            command.env(key, self.home().join(folder));
        }
        for key in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "LAMPLIGHTER_CONFIG"] {
            command.env_remove(key);
        }
        command
    }

    /// Runs the program and returns exit code, standard output and standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.lamplighter().args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// A Python package whose defect shows two files away from where it is; tested with the standard library.
pub const AVERAGE: &str = "
//- stats/__init__.py
from stats.core import average
//- stats/core.py
def average(numbers):
    \"\"\"The arithmetic mean.\"\"\"
    total = 0
    for number in numbers:
        total += number
    return total / len(number)


def spread(numbers):
    return max(numbers) - min(numbers)
//- stats/report.py
from stats.core import average, spread


def describe(numbers):
    return f\"{average(numbers):.1f} ± {spread(numbers):.1f}\"
//- tests/__init__.py
//- tests/test_report.py
import unittest

from stats.core import spread
from stats.report import describe


class Report(unittest.TestCase):
    def test_describe(self):
        self.assertEqual(describe([1, 2, 3]), \"2.0 ± 2.0\")

    def test_spread(self):
        self.assertEqual(spread([4, 9]), 5)
";
