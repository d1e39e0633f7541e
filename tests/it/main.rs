//! The one integration binary: a file per feature, helpers in `support/`.

mod support;

mod chat;
mod copy;
mod deliver;
mod headless;
mod repair;
mod runners;
mod server;
mod testgen;
mod text_diff;
mod text_sync;
mod tidy;
mod trials;
mod walls;
