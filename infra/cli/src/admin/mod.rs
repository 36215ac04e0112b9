//! `postern apply`, `postern users`, `postern keys` and `postern sealing`: administer a stack in AWS, from any machine.
//!
//! The environment selects the stack: its output `AdminEnvironment`, and AWS credentials in the usual variables.

mod apply;
mod error;
mod keys;
mod sealing;
mod stack;
mod users;

pub use apply::apply;
pub use error::AdminError;
pub use keys::keys;
pub use sealing::sealing;
pub use users::users;
