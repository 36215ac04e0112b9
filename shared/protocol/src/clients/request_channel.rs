//! How an authorization request reached us.

/// The channel of an authorization request, which decides what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestChannel {
    /// The browser carried it, so whoever controls the browser can have changed it (RFC 6749 §3.1).
    Browser,
    /// The client pushed it, over a connection of its own (RFC 9126).
    Pushed,
}
