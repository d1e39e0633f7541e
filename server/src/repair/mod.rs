//! The built-in engine: test-driven program repair and test generation that need no network.
//!
//! Pure: it reads texts and reports and proposes; running is the business of the tools.
