//! The only writer of configuration: workspaces and their clients, signing keys, data keys.
//!
//! The command line calls it, and so can an API: values in, values or errors out. It does not print, parse arguments,
//! or read files or the environment.

pub mod client_secrets;
pub mod data_keys;
pub mod export;
mod file_check;
mod file_problems;
mod file_reading;
mod file_upstream;
mod images;
pub mod keys;
mod nearest;
pub mod plan;
pub mod provision;
pub mod sealing_keys;
pub mod sector_documents;
pub mod signing_keys;
pub mod signing_policy;
pub mod workspace_file;
pub mod workspace_schema;

pub use client_secrets::{NewSecret, SecretError, SecretRotation};
pub use keys::{KeyError, KeySource, Keys, StackKeys};
pub use provision::{ProvisionError, Provisioning};
pub use signing_policy::{Rs256Key, SigningPolicy};
