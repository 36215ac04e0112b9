//! Single sign-on sessions.

use serde::{Deserialize, Serialize};

use crate::clients::client::Client;
use crate::types::id::{ClientId, IdentitySourceId, Subject};
use crate::types::time::Timestamp;
use crate::users::factor::Authentication;

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
    /// What the user proved about themselves, and when.
    #[serde(flatten)]
    pub authentication: Authentication,
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

/// A client that has to be told when a session ends, and by what names it knows user and session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The client.
    pub client_id: ClientId,
    /// The user, as the client's tokens name them.
    pub sub: Subject,
    /// The session, as the client's tokens name it.
    pub sid: String,
}

impl Participant {
    /// The part that `client`, which knows the user as `sub`, is about to take in `session`, if it wants to be told of
    /// its end and does not have that part already.
    #[must_use]
    pub fn joining(client: &Client, session: &Session, sub: &Subject) -> Option<Self> {
        client.backchannel_logout.as_ref()?;
        let participant = Self { client_id: client.id.clone(), sub: sub.clone(), sid: session.sid.clone() };
        (!session.participants.contains(&participant)).then_some(participant)
    }

    /// The form that the store keeps, one word for each name: none of them can contain a space.
    #[must_use]
    pub fn encoded(&self) -> String {
        format!("{} {} {}", self.client_id, self.sub, self.sid)
    }

    /// Reads the form that [`Participant::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        let mut words = encoded.split(' ');
        let (client_id, sub, sid) = (words.next()?, words.next()?, words.next()?);
        let participant =
            Self { client_id: ClientId::parse(client_id).ok()?, sub: Subject::parse(sub).ok()?, sid: sid.into() };
        words.next().is_none().then_some(participant)
    }
}
