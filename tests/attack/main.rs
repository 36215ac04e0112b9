//! The security catalogue: one section a module, one row a test.
#![expect(clippy::unwrap_used, reason = "a test stops when something is not as it must be")]

mod code;
