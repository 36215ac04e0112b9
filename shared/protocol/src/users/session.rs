//! Single sign-on sessions.

use serde::{Deserialize, Serialize};

use crate::logout::logout_token::Participant;
use crate::types::id::{IdentitySourceId, Subject};
use crate::types::time::Timestamp;

/// The authentication context class of every login today: one factor, ours or a provider's.
pub const SINGLE_FACTOR: &str = "urn:postern:acr:single-factor";

/// A user's session with a workspace. The cookie is its only key; the store keeps the cookie's hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id that tokens carry as `sid`. It opens nothing.
    pub sid: String,
    /// The user.
    pub subject: Subject,
    /// The identity source that authenticated the user.
    pub source: IdentitySourceId,
    /// How to address the user.
    pub display_name: String,
    /// When the user last proved who they are.
    pub auth_time: Timestamp,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// The authentication context class.
    pub acr: String,
    /// When the session ends.
    pub expires: Timestamp,
    /// The hash of its cookie, under which the store keeps it.
    #[serde(skip)]
    pub cookie: String,
    /// The clients that have to be told when it ends. The store keeps them beside the rest, because they come later.
    #[serde(skip)]
    pub participants: Vec<Participant>,
}

impl Session {
    /// The session, if it has not ended by `now`.
    #[must_use]
    pub fn alive(self, now: Timestamp) -> Option<Self> {
        (!now.reached(self.expires)).then_some(self)
    }
}
