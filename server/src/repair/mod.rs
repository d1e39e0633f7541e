//! The built-in engine: test-driven program repair and test generation that need no network.
//!
//! Pure: it reads texts and reports and proposes; running is the business of the tools. [`localise`] says where,
//! [`search`] what to try there, best first, and [`rank_plausible`] which of the patches that passed to keep.
//!
//! To teach it a new sort of repair: one file under `operators/`, one line in its list.

mod case;
mod hints;
pub mod kinds;
mod lexicon;
mod localise;
pub mod operators;
pub mod pool;
mod rank;
pub mod scope;
mod search;
pub mod source;
pub mod testgen;

pub use case::{Case, Place, Project, Unit};
pub use hints::Hints;
pub use localise::{Suspect, localise, localise_in};
pub use rank::{plausibility, rank_plausible};
pub use search::{Given, Search, search};
