//! Login with an upstream provider: the request to it, and the validation of its response.

pub mod id_token;
pub mod metadata;
pub mod openid;
pub mod posted_name;
pub mod signed_userinfo;
pub mod source_choice;
pub mod user_api;
