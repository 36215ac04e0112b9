//! What a registered client is, and the URLs that belong to one.

pub mod allowed_origins;
pub mod client;
pub mod external_url;
pub mod grant_type;
pub mod redirect_uri;
pub mod resource_indicator;
pub mod sector;
