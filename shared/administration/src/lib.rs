//! The one writer of configuration: workspaces and their clients, signing keys, data keys.
//!
//! The command line calls it today. It takes values and returns values or errors; it prints nothing and reads no
//! environment, so that an API can call it as well.

pub mod provision;
pub mod sealing_keys;
pub mod sector_documents;
pub mod signing_keys;
pub mod workspace_file;
