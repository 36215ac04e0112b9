//! The `postern` command: the whole server in one local process, and the administration of stacks in AWS.
//!
//! `postern dev` runs the same functions as Lambda, with the same store code, on an embedded engine that speaks
//! DynamoDB's wire protocol. The other commands pass their arguments to `administration` and print the result.

pub mod admin;
pub mod arguments;
pub mod check;
mod command_line;
pub mod cost;
pub mod dev;
pub mod gallery;
pub mod init;
mod output;
mod workspace_files;
