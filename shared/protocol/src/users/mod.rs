//! Users: their identity, claims, authentication and sessions.

pub(crate) mod claim_form;
pub mod claim_map;
pub mod factor;
pub mod session;
pub mod status;
pub mod user_claims;
pub mod user_key;
pub mod userinfo;
