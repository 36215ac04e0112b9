//! `postern dev`: every function in one process, on an embedded engine that speaks DynamoDB's wire protocol.

pub mod app;
pub mod applied;
mod demo;
mod demo_api;
pub mod demo_workspaces;
pub mod engine;
pub mod folder_lock;
pub mod host;
mod mailbox;
mod private_files;
pub mod queue_worker;
mod redirect_hint;
pub mod run;
pub mod server;
mod start_page;
pub mod state;
pub(crate) mod stop_signal;
pub mod stored;
