//! The one integration binary: a file per feature, helpers in `support/`.
mod text_diff;
mod text_sync;

mod runners;
mod support;

mod copy;
mod walls;
mod trials;
mod testgen;
mod tidy;
mod chat;
mod deliver;
mod headless;
mod server;
mod support;
