//! Users: their identity, claims, authentication and sessions.

pub mod factor;
pub mod session;
pub mod status;
pub mod user_claims;
pub mod userinfo;
