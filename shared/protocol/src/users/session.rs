//! Single sign-on sessions.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clients::client::Client;
use crate::syntax::encoding::base64url;
use crate::types::id::{ClientId, IdentitySourceId, Subject};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::device::Device;
use crate::users::factor::Authentication;
use crate::users::login_epoch::LoginEpoch;
use crate::users::user_key::UserKey;

/// A user's session in a workspace. The cookie is its only key; the store holds the cookie's hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its random id. No client sees it; each client has its own `sid` ([`Session::sid_for`]).
    pub sid: String,
    /// The user.
    pub subject: Subject,
    /// The identity source that authenticated the user.
    pub source: IdentitySourceId,
    /// The issuer of that source, if it is an upstream provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The name to show to the user.
    pub display_name: String,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The device of the login, if it was recognized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// The epoch of the user's logins in which it began.
    #[serde(default, skip_serializing_if = "LoginEpoch::is_first")]
    pub epoch: LoginEpoch,
    /// When the session began, by the local clock. Earlier versions did not record it, which counts as long ago.
    #[serde(default)]
    pub began: Timestamp,
    /// When the session expires: a session that was found expires when it was unused for too long, or at its end,
    /// whichever comes first.
    pub expires: Timestamp,
    /// When it was last used, as far as that is recorded. Stored separately, because it changes.
    #[serde(skip)]
    pub used: Timestamp,
    /// The hash of its cookie, which is its key in the store.
    #[serde(skip)]
    pub cookie: String,
    /// The clients to notify when it ends. Stored separately, because they join later.
    #[serde(skip)]
    pub participants: Vec<Participant>,
}

impl Session {
    /// The session, if it has not expired at `now`.
    #[must_use]
    pub fn alive(self, now: Timestamp) -> Option<Self> {
        (!now.reached(self.expires)).then_some(self)
    }

    /// The session with the limit on its idle time, which counts from `used`. Sessions of earlier versions have no record of
    /// their use: for them it counts from the login.
    #[must_use]
    pub fn limited(self, used: Option<Timestamp>, idle: Lifetime) -> Self {
        let used = used.unwrap_or(self.began);
        Self { expires: self.expires.min(used.plus(idle)), used, ..self }
    }

    /// The user of the session.
    #[must_use]
    pub fn user(&self) -> UserKey<'_> {
        UserKey { source: &self.source, issuer: self.issuer.as_deref(), subject: &self.subject }
    }

    /// The name of the session on its user's account page. It is not a credential.
    #[must_use]
    pub fn reference(&self) -> String {
        let digest = Sha256::digest(format!("account {}", self.sid));
        base64url(digest.get(..16).unwrap_or_default())
    }

    /// The `sid` that `client` sees in its tokens. It is not a credential.
    ///
    /// It differs per client, so that clients that know a user by different subjects cannot correlate the user by
    /// session (catalogue row SEC-OIDC-09). It cannot be computed without the random id.
    #[must_use]
    pub fn sid_for(&self, client: &ClientId) -> String {
        // The id has no space, so different pairs never yield the same text.
        let digest = Sha256::digest(format!("{} {client}", self.sid));
        base64url(digest.get(..16).unwrap_or_default())
    }
}

/// The maximum number of clients that a session inherits from former sessions, so that repeated logins in one browser
/// cannot make it grow without bound.
const MAX_INHERITED: usize = 50;

/// The clients of a session that is replaced by another one in the same browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormerParticipants {
    /// The clients that joined it.
    pub joined: Vec<Participant>,
    /// The clients that it inherited from former sessions.
    pub inherited: Vec<Participant>,
}

/// How the clients of a former session are handled: each is either inherited or notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// They are notified when the new session ends.
    pub inherited: Vec<Participant>,
    /// They are notified now, because the sessions they know have ended.
    pub notified: Vec<Participant>,
}

impl FormerParticipants {
    /// Hands the clients over to the session that replaces theirs, because its user may only have had to authenticate
    /// again. If there are too many, the oldest are notified instead.
    #[must_use]
    pub fn succeed(self) -> Succession {
        let Self { joined: mut inherited, inherited: older } = self;
        if inherited.len() + older.len() <= MAX_INHERITED {
            inherited.extend(older);
            return Succession { inherited, notified: Vec::new() };
        }
        let mut notified = older;
        notified.extend(inherited.split_off(inherited.len().min(MAX_INHERITED)));
        Succession { inherited, notified }
    }
}

/// A client to notify when a session ends, with the `sub` and `sid` that it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The client.
    pub client_id: ClientId,
    /// The `sub` in the client's tokens.
    pub sub: Subject,
    /// The `sid` in the client's tokens.
    pub sid: String,
}

impl Participant {
    /// The participation of `client`, which sees the user as `sub`, in `session`: `None` if the client is not registered
    /// for logout notifications or participates already.
    #[must_use]
    pub fn joining(client: &Client, session: &Session, sub: &Subject) -> Option<Self> {
        client.backchannel_logout.as_ref()?;
        let participant = Self { client_id: client.id.clone(), sub: sub.clone(), sid: session.sid_for(&client.id) };
        (!session.participants.contains(&participant)).then_some(participant)
    }

    /// The stored form: three words, because none of the values can contain a space.
    #[must_use]
    pub fn encoded(&self) -> String {
        format!("{} {} {}", self.client_id, self.sub, self.sid)
    }

    /// Parses the form that [`Participant::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        let mut words = encoded.split(' ');
        let (client_id, sub, sid) = (words.next()?, words.next()?, words.next()?);
        let participant =
            Self { client_id: ClientId::parse(client_id).ok()?, sub: Subject::parse(sub).ok()?, sid: sid.into() };
        words.next().is_none().then_some(participant)
    }
}

/// The part of the idle limit for which a use is not recorded again, so that not every use costs a write.
const USES_IN_IDLE_LIMIT: u32 = 4;

/// What to record when a client gets a code of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUse {
    /// The client, if it has to be notified of the end of the session and is not yet recorded.
    pub joining: Option<Participant>,
    /// When the session is used.
    pub at: Timestamp,
}

impl SessionUse {
    /// What to record when the session is used at `now`, if anything: a client that joins, or that the session is in use.
    /// The latter only when a quarter of the idle limit has passed since the last record, so a session that is used all
    /// the time costs four writes in that time at most, and an unused one ends after three quarters of it at the earliest.
    #[must_use]
    pub fn due(session: &Session, joining: Option<Participant>, idle: Lifetime, now: Timestamp) -> Option<Self> {
        let unrecorded = Lifetime::seconds(idle.as_seconds() / USES_IN_IDLE_LIMIT);
        let due = joining.is_some() || now.reached(session.used.plus(unrecorded));
        due.then_some(Self { joining, at: now })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, ago, client, client_id, just_before, later, session, subject};

    #[test]
    fn a_session_is_live_until_it_expires() {
        let session = session();
        assert_eq!(session.clone().alive(just_before(later(3600))), Some(session.clone()));
        assert_eq!(session.alive(later(3600)), None);
    }

    #[test]
    fn sec_sess_08_a_session_ends_when_it_is_not_used_and_at_its_end_in_any_case() {
        let idle = Lifetime::seconds(600);
        let table = [
            (Some(NOW), 600),
            (Some(later(2999)), 3599),
            (Some(later(3000)), 3600),
            (Some(later(3500)), 3600),
            (None, 540),
        ];
        for (used, end) in table {
            let limited = session().limited(used, idle);
            assert_eq!(limited.expires, later(end), "{used:?}");
            assert_eq!(limited.used, used.unwrap_or(ago(60)));
            assert!(limited.clone().alive(just_before(later(end))).is_some() && limited.alive(later(end)).is_none());
        }
        assert_eq!(session().limited(Some(NOW), Lifetime::seconds(u32::MAX)).expires, later(3600));
    }

    #[test]
    fn a_use_is_recorded_when_a_quarter_of_the_idle_limit_has_passed_or_a_client_joins() {
        let (idle, used) = (Lifetime::seconds(400), Session { used: NOW, ..session() });
        let at = |now| SessionUse::due(&used, None, idle, now);
        assert_eq!(at(just_before(later(100))), None);
        assert_eq!(at(later(100)), Some(SessionUse { joining: None, at: later(100) }));
        assert_eq!(at(ago(1)), None, "after the clock was set back");
        let participant = Participant { client_id: client_id("app"), sub: subject("alice"), sid: "sid-1".into() };
        let joining = SessionUse::due(&used, Some(participant.clone()), idle, later(1));
        assert_eq!(joining, Some(SessionUse { joining: Some(participant), at: later(1) }));
    }

    #[test]
    fn a_stored_session_contains_neither_its_cookie_nor_its_clients() {
        let participant = Participant { client_id: client_id("app"), sub: subject("alice"), sid: "sid-1".into() };
        let session = Session { participants: vec![participant], ..session() };
        let stored = serde_json::to_value(&session).unwrap();
        assert!(stored.get("cookie").is_none() && stored.get("participants").is_none());
        let read: Session = serde_json::from_value(stored).unwrap();
        let used = Timestamp::default();
        assert_eq!(read, Session { cookie: String::new(), participants: Vec::new(), used, ..session });
    }

    #[test]
    fn a_client_joins_a_session_once_and_only_if_it_wants_logout_notifications() {
        let told = client(&json!({"backchannel_logout_uri": "https://app.example/bye"}));
        let sid = session().sid_for(&client_id("app"));
        let participant = Participant { client_id: client_id("app"), sub: subject("pseudonym"), sid };
        let joining = |client: &Client, session: &Session| Participant::joining(client, session, &subject("pseudonym"));
        assert_eq!(joining(&told, &session()), Some(participant.clone()));
        assert_eq!(joining(&client(&json!({})), &session()), None);
        let joined = Session { participants: vec![participant.clone()], ..session() };
        assert_eq!(joining(&told, &joined), None);
        let other = Participant { sub: subject("alice"), ..participant.clone() };
        assert_eq!(joining(&told, &Session { participants: vec![other], ..session() }), Some(participant));
    }

    #[test]
    fn sec_oidc_09_each_client_has_its_own_sid() {
        let sid = |session: &Session, client: &str| session.sid_for(&client_id(client));
        let (one, other) = (session(), Session { sid: "sid-2".into(), ..session() });
        assert_eq!(sid(&one, "app"), sid(&one, "app"));
        for different in [sid(&one, "app2"), sid(&other, "app"), one.sid.clone()] {
            assert_ne!(sid(&one, "app"), different);
        }
        assert_eq!(sid(&one, "app").len(), 22);
    }

    #[test]
    fn sessions_of_earlier_versions_are_read() {
        let mut stored = serde_json::to_value(session()).unwrap();
        stored.as_object_mut().unwrap().remove("began");
        let read: Session = serde_json::from_value(stored).unwrap();
        assert_eq!((read.began, read.issuer), (Timestamp::default(), None));
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

    #[test]
    fn sec_logout_09_every_client_of_a_former_session_is_inherited_or_notified() {
        let participants = |sid: &str, count: usize| -> Vec<Participant> {
            let sub = subject("alice");
            (0..count)
                .map(|at| Participant { client_id: client_id(&format!("c{at}")), sub: sub.clone(), sid: sid.into() })
                .collect()
        };
        let table = [(0, 0, 0), (1, 49, 0), (50, 0, 0), (1, 50, 50), (30, 40, 40), (51, 0, 1), (60, 50, 60)];
        for (joined, inherited, expected) in table {
            let (joined, inherited) = (participants("new", joined), participants("old", inherited));
            let all: Vec<_> = joined.iter().chain(&inherited).cloned().collect();
            let Succession { inherited, notified } = FormerParticipants { joined, inherited }.succeed();
            assert_eq!(notified.len(), expected);
            assert!(inherited.len() <= MAX_INHERITED);
            assert_eq!(inherited.len() + notified.len(), all.len());
            assert!(all.iter().all(|participant| inherited.contains(participant) != notified.contains(participant)));
        }
    }
}
