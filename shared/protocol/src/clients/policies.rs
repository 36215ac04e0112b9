//! Policies of a client or a workspace, each with the stricter choice as its default.

use serde::{Deserialize, Serialize};

/// Whether consent is remembered for the loopback addresses of a native client (RFC 8252 §8.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoopbackConsent {
    /// Users are asked each time, because any program on the device can listen on the port and impersonate the client.
    #[default]
    Asked,
    /// It is remembered: the operator who configured the client accepts the risk.
    Remembered,
}

/// What happens to requested scopes that the client is not registered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownScopes {
    /// The request is refused (RFC 6749 §4.1.2.1, `invalid_scope`).
    #[default]
    Refused,
    /// They are ignored, and the token response lists the granted ones (OpenID Connect Core §3.1.2.1, RFC 6749 §3.3).
    Ignored,
}

/// Which redirect URIs a client may push (RFC 9126 §2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushedRedirectUris {
    /// The registered ones.
    #[default]
    Registered,
    /// Any `https` URI, from a client that authenticates: the pushed request then replaces registration.
    Any,
}

/// Which claims about the user the ID tokens of a client carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdTokenClaimPolicy {
    /// Those requested by name; the others are available at userinfo (OpenID Connect Core §5.4).
    #[default]
    Requested,
    /// Those of the granted scopes as well.
    Scopes,
}
