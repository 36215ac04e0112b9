//! Registered clients, and the URLs that belong to them.

pub mod allowed_origins;
pub mod allowed_users;
pub mod client;
pub mod external_url;
pub mod grant_type;
pub mod page_link;
pub mod policies;
pub mod private_use_scheme;
pub mod redirect_uri;
#[cfg(test)]
mod redirect_uri_tests;
pub mod registered_scopes;
pub mod request_channel;
pub mod resource_indicator;
pub mod sector;
pub mod unusable_uri;
mod uri_form;
