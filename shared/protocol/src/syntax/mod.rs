//! Strict parsing: one spelling, no duplicates, no guessing.

pub mod authorization;
pub mod encoding;
pub mod form_fault;
pub mod json;
pub mod parameters;
pub mod quoted;
