//! OAuth 2.1 and OpenID Connect as plain functions over values.
//!
//! Nothing in this crate does I/O, reads a clock, draws random numbers, reads the environment, logs or depends on
//! AWS (design invariant 10). Time and randomness are arguments; a decision is a value that the next step
//! requires.

pub mod authorization;
pub mod client_authentication;
pub mod clients;
pub mod discovery;
pub mod federation;
#[cfg(test)]
mod fixtures;
pub mod jose;
pub mod logout;
pub mod registration;
pub mod syntax;
pub mod token_status;
pub mod tokens;
pub mod types;
pub mod users;
pub mod workspace;
