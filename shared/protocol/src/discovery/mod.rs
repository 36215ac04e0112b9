//! What the server publishes about itself (RFC 8414, OpenID Connect Discovery).

pub mod metadata;
