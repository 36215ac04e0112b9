//! The `postern` command: the whole server in one process on a laptop, and the administration of stacks in AWS.
//!
//! `postern dev` runs the functions that Lambda runs, with the same store code, on an embedded engine that speaks
//! DynamoDB's wire protocol. The other commands hand their arguments to `administration` and print what comes back.

pub mod admin;
pub mod arguments;
pub mod check;
mod command_line;
pub mod cost;
pub mod dev;
pub mod init;
mod output;
mod workspace_files;
