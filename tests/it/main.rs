//! The one integration binary: a file per feature, helpers in `support/`.
mod text_diff;
mod text_sync;

mod runners;
mod support;

mod chat;
mod copy;
mod deliver;
mod headless;
mod server;
mod testgen;
mod tidy;
mod trials;
mod walls;
