//! Users: their identity, claims, authentication and sessions.

pub mod attributes;
pub(crate) mod claim_form;
pub mod claim_map;
pub mod device;
pub mod factor;
pub mod identifier;
pub mod known_browser;
pub mod login_attempts;
pub mod login_epoch;
pub mod mail;
pub mod pool_user;
pub mod recovery;
pub mod session;
pub mod session_list;
pub mod status;
pub mod user_claims;
pub mod user_key;
pub mod userinfo;
