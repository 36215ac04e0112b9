//! Fuzz targets: each function takes the bytes of a stranger, feeds one parser, and asserts what must hold for all bytes.
//!
//! `fuzz_targets/` has one entry point for each; `fuzz/run` runs them.

pub mod credentials;
pub mod files;
mod fixtures;
pub mod forms;
pub mod http;
pub mod interactions;
pub mod jose;
pub mod json;
pub mod secrets;
pub mod tokens;
pub mod upstream;
pub mod uris;
