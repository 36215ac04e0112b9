//! Registered clients, and the URLs that belong to them.

pub mod allowed_origins;
pub mod client;
pub mod external_url;
pub mod grant_type;
pub mod redirect_uri;
pub mod resource_indicator;
pub mod sector;
