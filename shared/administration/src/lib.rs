//! The only writer of configuration: workspaces and their clients, signing keys, data keys.
//!
//! The command line calls it, and so can an API: values in, values or errors out. It does not print, parse arguments,
//! or read files or the environment.

pub mod data_keys;
pub mod keys;
mod line;
pub mod provision;
pub mod sealing_keys;
pub mod sector_documents;
pub mod signing_keys;
pub mod workspace_file;

pub use keys::{KeyError, KeySource, Keys, StackKeys};
pub use provision::{ProvisionError, Provisioning};
