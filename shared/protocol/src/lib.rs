//! OAuth 2.1 and OpenID Connect as plain functions over values.
//!
//! Nothing in here waits, reads a clock, draws a random number, looks at the environment, writes a log line or knows
//! AWS (design invariant 10). What time it is and what is random come in as arguments; what was decided goes out as a
//! value that the next step demands.

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
