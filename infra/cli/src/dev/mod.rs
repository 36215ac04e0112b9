//! `postern dev`: every function in one process, on an embedded engine that speaks DynamoDB's wire protocol.

pub mod app;
mod demo;
mod demo_api;
pub mod demo_workspaces;
pub mod engine;
pub mod host;
mod private_files;
pub mod queue_worker;
pub mod run;
pub mod server;
pub mod state;
