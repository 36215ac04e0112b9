//! The back channel: what `par`, `device`, `token`, `userinfo`, `introspect` and `revoke` have in common.
//!
//! They respond to programs with JSON. Some of these run in browsers and may read a response, including errors, only
//! from registered origins.

mod assemble;
mod back_channel;
mod client_authenticator;
mod client_context;
mod refresh_tokens;
mod refusal;
mod token_status;

pub use back_channel::BackChannel;
pub use client_authenticator::ClientAuthenticator;
pub use client_context::ClientContext;
pub use refresh_tokens::{Derived, RefreshTokens, WorkspaceRefreshTokens};
pub use refusal::{challenged_by_basic, refused};
pub use token_status::{LiveToken, TokenStatus, refuse};
