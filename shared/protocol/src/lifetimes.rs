//! How long codes, tokens, interactions and sessions live.

use serde::{Deserialize, Serialize};

use crate::time::Lifetime;

/// How long things live, each in seconds (design decision 4). Unknown names are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// An authorization code: at most 60 s (FAPI 2.0 §5.3.2.1).
    pub authorization_code: Lifetime,
    /// An access token.
    pub access_token: Lifetime,
    /// An ID token.
    pub id_token: Lifetime,
    /// The time that a user has for logging in and deciding.
    pub interaction: Lifetime,
    /// A single sign-on session, from the login on.
    pub session: Lifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Lifetime::seconds(60),
            access_token: Lifetime::seconds(3600),
            id_token: Lifetime::seconds(3600),
            interaction: Lifetime::seconds(1800),
            session: Lifetime::seconds(12 * 3600),
        }
    }
}
