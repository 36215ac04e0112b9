//! Who a user is, what is known about them, and the session in which they are logged in.

pub mod session;
pub mod user_claims;
pub mod userinfo;
