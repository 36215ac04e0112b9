//! The security catalogue: one section a module, one row a test.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops when something is not as it must be"
)]

mod allowances;
mod authorization;
mod availability;
mod claims;
mod clients;
mod code;
mod cors;
mod coverage;
mod given;
mod id_token;
mod logout;
mod oidc;
mod page;
mod par;
mod parameters;
mod pkce;
mod redirect_uri;
mod refresh;
mod resource;
mod response_mode;
mod session;
mod tokens;
mod upstream;
mod userinfo;
