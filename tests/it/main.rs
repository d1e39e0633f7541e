//! The one integration binary: a file per feature, helpers in `support/`.

mod support;

mod copy;
mod runners;
mod testgen;
mod walls;
