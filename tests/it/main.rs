//! The one integration binary: a file per feature, helpers in `support/`.
mod repair;
