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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{client, client_id, just_before, later, session, subject};

    #[test]
    fn a_session_is_alive_until_it_expires() {
        let session = session();
        assert_eq!(session.clone().alive(just_before(later(3600))), Some(session.clone()));
        assert_eq!(session.alive(later(3600)), None);
    }

    #[test]
    fn the_store_keeps_what_a_session_is_and_neither_its_cookie_nor_its_clients() {
        let participant = Participant { client_id: client_id("app"), sub: subject("alice"), sid: "sid-1".into() };
        let session = Session { participants: vec![participant], ..session() };
        let stored = serde_json::to_value(&session).unwrap();
        assert!(stored.get("cookie").is_none() && stored.get("participants").is_none());
        let read: Session = serde_json::from_value(stored).unwrap();
        assert_eq!(read, Session { cookie: String::new(), participants: Vec::new(), ..session });
    }

    #[test]
    fn a_client_joins_a_session_once_and_only_if_it_wants_to_be_told_of_its_end() {
        let told = client(&json!({"backchannel_logout_uri": "https://app.example/bye"}));
        let participant = Participant { client_id: client_id("app"), sub: subject("pseudonym"), sid: "sid-1".into() };
        let joining = |client: &Client, session: &Session| Participant::joining(client, session, &subject("pseudonym"));
        assert_eq!(joining(&told, &session()), Some(participant.clone()));
        assert_eq!(joining(&client(&json!({})), &session()), None);
        let joined = Session { participants: vec![participant.clone()], ..session() };
        assert_eq!(joining(&told, &joined), None);
        let other = Participant { sub: subject("alice"), ..participant.clone() };
        assert_eq!(joining(&told, &Session { participants: vec![other], ..session() }), Some(participant));
    }

    #[test]
    fn a_participant_has_three_names_and_one_form() {
        let participant = Participant { client_id: client_id("app"), sub: subject("alice"), sid: "sid-1".into() };
        assert_eq!(participant.encoded(), "app alice sid-1");
        assert_eq!(Participant::parse("app alice sid-1"), Some(participant));
        for bad in ["", "app", "app alice", "app alice sid-1 x", " alice sid-1", "app  sid-1"] {
            assert_eq!(Participant::parse(bad), None, "{bad:?}");
        }
    }
}
