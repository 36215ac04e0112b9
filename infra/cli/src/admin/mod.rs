//! The commands that administer a stack in AWS, from any machine, or the state of a laptop.
//!
//! The environment selects the stack: its output `AdminEnvironment`, and AWS credentials in the usual variables.

mod apply;
mod changes;
mod clients;
mod error;
mod export;
mod keys;
mod plan;
mod sealing;
mod stack;
mod target;
mod workspace_name;

pub use apply::apply;
pub use clients::clients;
pub use error::AdminError;
pub use export::export;
pub use keys::keys;
pub use plan::{diff, plan};
pub use sealing::sealing;
