//! What is known of the code: an outline per file and what stands under the cursor, from a syntax tree that follows typing.
//!
//! A language is data. To add one: its grammar crate in `Cargo.toml`, `queries/<language>/{outline,tests,comments}.scm`,
//! and one entry in `language.rs`; a test compiles every query and refuses captures nobody reads.

mod comments;
mod language;
mod outline;
mod query;
mod symbol;
mod syntax;
#[cfg(test)]
mod tests;

pub use comments::{Marker, Todo};
pub use language::{Language, language_of, languages};
pub use outline::{Item, Kind, Outline};
pub use syntax::Syntax;
