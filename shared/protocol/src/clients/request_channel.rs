//! How an authorization request arrived.

/// The channel of an authorization request, which decides what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestChannel {
    /// The browser carried it, so its user could have changed it (RFC 6749 §3.1).
    Browser,
    /// The client pushed it, over its own connection (RFC 9126).
    Pushed,
}
