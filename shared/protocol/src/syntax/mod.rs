//! Strict parsing: one spelling, no duplicates, no guessing.

pub mod authorization;
pub mod encoding;
pub mod json;
pub mod parameters;
pub mod quoted;
