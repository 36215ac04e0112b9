//! The back channel: what `token`, `userinfo`, `introspect` and `revoke` have in common.
//!
//! Each answers programs with JSON, some of which run in browsers and may read the answer only from registered origins,
//! errors included.

mod assemble;
mod back_channel;
mod client_authenticator;
mod client_context;
mod refresh_tokens;
mod token_status;

pub use back_channel::BackChannel;
pub use client_authenticator::ClientAuthenticator;
pub use client_context::ClientContext;
pub use refresh_tokens::{Derived, RefreshTokens, WorkspaceRefreshTokens};
pub use token_status::{TokenStatus, refuse};
