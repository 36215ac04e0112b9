//! The `postern` command: everything in one process on a laptop, and later administration.
//!
//! `postern dev` puts the same functions together that Lambda runs, over the same store code, on an embedded engine
//! that speaks DynamoDB's wire protocol.

pub mod admin;
pub mod arguments;
pub mod cost;
pub mod dev;
