//! The one integration binary: a file per feature, helpers in `support/`.

mod runners;
mod testgen;
