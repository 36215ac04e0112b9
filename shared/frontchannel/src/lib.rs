//! The front channel: what the functions that browsers pass through have in common.
//!
//! A browser passes through up to three functions on its way to a code. They do not know each other; what they share is
//! here: one entrance, an interaction that travels sealed with the browser, the session behind a cookie, the one decision,
//! and the one write that makes a grant.

mod assemble;
mod browser_channel;
mod browser_context;
mod decide;
mod front_channel;
mod interaction;
mod issue;
mod pending;
mod pushed;
mod repeat;
mod session;
mod subject;
mod way_out;

pub use browser_channel::{BrowserChannel, SESSION_COOKIE};
pub use browser_context::BrowserContext;
pub use front_channel::FrontChannel;
pub use pending::PendingAuthorization;
pub use pushed::{BroughtRequest, CheckedPush};
pub use repeat::FinishedAuthorization;
pub use session::{Login, NewSession, UserAuthentication};
