//! The register of languages: everything that differs between them is an entry here or a query under `queries/`.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::query::Queries;
use crate::text::RelPath;

/// A language Lamplighter understands.
pub struct Language {
    /// Its name, as in `queries/<name>/` and `[checks.<name>]`.
    pub name: &'static str,
    /// Extensions of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// What stands between the parts of a qualified name.
    pub separator: &'static str,
    /// What starts a comment that ends with its line.
    pub line_comment: &'static str,
    /// Globs of files that hold tests by convention.
    pub test_files: &'static [&'static str],
    pub(super) grammar: fn() -> tree_sitter::Language,
    pub(super) sources: Sources,
    queries: OnceLock<Queries>,
    test_globs: OnceLock<GlobSet>,
}

/// The texts of a language's queries.
pub(super) struct Sources {
    pub(super) outline: &'static str,
    pub(super) tests: &'static str,
    pub(super) comments: &'static str,
}

macro_rules! sources {
    ($language:literal) => {
        Sources {
            outline: include_str!(concat!("../../../queries/", $language, "/outline.scm")),
            tests: include_str!(concat!("../../../queries/", $language, "/tests.scm")),
            comments: include_str!(concat!("../../../queries/", $language, "/comments.scm")),
        }
    };
}

static LANGUAGES: [Language; 2] = [
    Language {
        name: "python",
        extensions: &["py", "pyi"],
        separator: ".",
        line_comment: "#",
        test_files: &["**/test_*.py", "**/*_test.py", "**/tests.py", "**/tests/**/*.py", "**/test/**/*.py"],
        grammar: || tree_sitter_python::LANGUAGE.into(),
        sources: sources!("python"),
        queries: OnceLock::new(),
        test_globs: OnceLock::new(),
    },
    Language {
        name: "rust",
        extensions: &["rs"],
        separator: "::",
        line_comment: "//",
        test_files: &["**/tests/**/*.rs", "**/tests.rs", "**/test.rs", "**/*_test.rs", "**/*_tests.rs"],
        grammar: || tree_sitter_rust::LANGUAGE.into(),
        sources: sources!("rust"),
        queries: OnceLock::new(),
        test_globs: OnceLock::new(),
    },
];

/// Every language.
pub fn languages() -> &'static [Language] {
    &LANGUAGES
}

/// The language of a file, by its extension: what editors say of it may be missing or wrong.
pub fn language_of(path: &Path) -> Option<&'static Language> {
    let extension = path.extension()?.to_str()?;
    LANGUAGES.iter().find(|language| language.extensions.contains(&extension))
}

impl Language {
    /// The language called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.name == name)
    }

    /// Whether a file holds tests by the language's conventions for names and folders.
    pub fn is_test_file(&self, path: &RelPath) -> bool {
        self.test_globs.get_or_init(|| globs(self.test_files)).is_match(path.as_str())
    }

    pub(super) fn queries(&self) -> &Queries {
        self.queries.get_or_init(|| Queries::compile(self).expect("every registered query compiles: a test sees to it"))
    }
}

fn globs(patterns: &[&str]) -> GlobSet {
    let globs = patterns.iter().filter_map(|pattern| Glob::new(pattern).ok());
    globs
        .fold(GlobSetBuilder::new(), |mut set, glob| {
            set.add(glob);
            set
        })
        .build()
        .unwrap_or_default()
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.name)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_compiles_and_names_captures_that_are_read() {
        for language in languages() {
            Queries::compile(language).unwrap_or_else(|error| panic!("{}: {error}", language.name));
        }
    }

    #[test]
    fn languages_go_by_extension() {
        assert_eq!(language_of(Path::new("/a/b.pyi")).map(|language| language.name), Some("python"));
        assert_eq!(language_of(Path::new("b.rs")).map(|language| language.name), Some("rust"));
        assert_eq!(language_of(Path::new("rs")), None);
    }

    #[test]
    fn test_files_go_by_name_and_folder() {
        let is_test = |language: &str, path: &str| Language::named(language).unwrap().is_test_file(&RelPath::new(path).unwrap());
        assert!(is_test("python", "test_stats.py") && is_test("python", "pkg/tests/helpers.py") && is_test("python", "a/stats_test.py"));
        assert!(!is_test("python", "stats.py") && !is_test("python", "latest_news.py"));
        assert!(is_test("rust", "crate/tests/it/main.rs") && !is_test("rust", "src/lib.rs"));
    }
}
