//! The `postern` command: everything in one process on a laptop, and later administration.
//!
//! `postern dev` puts the same functions together that Lambda runs, over the same store code, on an embedded engine
//! that speaks DynamoDB's wire protocol.

pub mod admin;
pub mod app;
pub mod arguments;
pub mod cost;
pub mod courier;
pub mod data;
mod demo;
pub mod engine;
pub mod keys;
mod offers;
pub mod provision;
pub mod run;
pub mod sealing;
pub mod sectors;
pub mod server;
pub mod workspace_file;
