//! Attack tests: one module per section of the security catalogue, one test per row.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics when an expectation fails"
)]

mod access;
mod administration;
mod allowances;
mod authorization;
mod availability;
mod claims;
mod clients;
mod code;
mod cors;
mod coverage;
mod device;
mod dynamic_scopes;
mod given;
mod id_token;
mod logout;
mod mapped_claims;
mod oidc;
mod own_account;
mod page;
mod par;
mod parameters;
mod password;
mod pkce;
mod recovery;
mod redirect_uri;
mod refresh;
mod resource;
mod response_mode;
mod session;
mod tokens;
mod upstream;
mod upstream_results;
mod userinfo;
