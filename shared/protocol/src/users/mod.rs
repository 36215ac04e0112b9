//! Who a user is, what is known about them, and the session in which they are logged in.

pub mod factor;
pub mod session;
pub mod status;
pub mod user_claims;
pub mod userinfo;
