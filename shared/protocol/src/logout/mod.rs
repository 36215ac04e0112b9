//! Logout, and notifying clients of it (OpenID Connect RP-Initiated and Back-Channel Logout).

pub mod logout_token;
pub mod request;
