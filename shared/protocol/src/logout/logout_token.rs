//! Notifying clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::syntax::encoding::base64url;
use crate::types::id::{ClientId, Issuer, Subject, WorkspaceId};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::session::Participant;

/// The `typ` of the JOSE header (§2.4).
pub const TYPE: &str = "logout+jwt";

/// The event of a logout token (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How long a logout token is valid: at most two minutes (§2.4). Each attempt signs a new one.
const LIFETIME: Lifetime = Lifetime::seconds(120);

/// The message that is queued until the client is notified. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutNotice {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The client, and the `sub` and `sid` that it knows.
    pub participant: Participant,
}

#[derive(Serialize, Deserialize)]
struct Written {
    tenant: String,
    workspace: String,
    #[serde(flatten)]
    participant: Participant,
}

impl LogoutNotice {
    /// One notice for each of `participants`.
    pub fn for_each<'p>(workspace: &WorkspaceId, participants: impl IntoIterator<Item = &'p Participant>) -> Vec<Self> {
        let notice =
            |participant: &Participant| Self { workspace: workspace.clone(), participant: participant.clone() };
        participants.into_iter().map(notice).collect()
    }

    /// Encodes the message.
    #[must_use]
    pub fn encoded(&self) -> String {
        let (tenant, workspace) = (self.workspace.tenant().into(), self.workspace.name().into());
        json!(Written { tenant, workspace, participant: self.participant.clone() }).to_string()
    }

    /// Parses a message.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Written { tenant, workspace, participant } = serde_json::from_str(text).ok()?;
        Some(Self { workspace: WorkspaceId::parse(&tenant, &workspace).ok()?, participant })
    }

    /// The `jti` of every logout token for this notice: the same for each attempt, so that the client recognises a
    /// repeat.
    fn jti(&self) -> String {
        let digest = Sha256::digest(format!("{} {}", self.workspace, self.participant.encoded()));
        base64url(digest.get(..16).unwrap_or_default())
    }
}

/// The claims of a logout token (§2.4). There is no `nonce`, so that it can never pass for an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutTokenClaims {
    /// The workspace.
    pub iss: String,
    /// The user.
    pub sub: Subject,
    /// The client.
    pub aud: ClientId,
    /// When it was issued, in seconds.
    pub iat: u64,
    /// When it expires, in seconds.
    pub exp: u64,
    /// The same for each attempt.
    pub jti: String,
    /// The logout event.
    pub events: Value,
    /// The session.
    pub sid: String,
}

impl LogoutTokenClaims {
    /// The claims for `notice` at `now`.
    #[must_use]
    pub fn of(notice: &LogoutNotice, issuer: &Issuer, now: Timestamp) -> Self {
        let Participant { client_id, sub, sid } = notice.participant.clone();
        Self {
            iss: issuer.as_str().into(),
            sub,
            aud: client_id,
            iat: now.seconds(),
            exp: now.plus(LIFETIME).seconds(),
            jti: notice.jti(),
            events: json!({ EVENT: {} }),
            sid,
        }
    }
}

/// The outcome of an attempt to notify a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The client was notified.
    Delivered,
    /// The client rejected the token: trying again would not help (§2.8).
    Rejected,
    /// The client may not have been notified: try again.
    Retry,
}

impl DeliveryOutcome {
    /// The meaning of a response with this status (§2.8).
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200 | 204 => Self::Delivered,
            400 => Self::Rejected,
            _ => Self::Retry,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn notice(client: &str, sub: &str, sid: &str) -> LogoutNotice {
        let participant = Participant {
            client_id: ClientId::parse(client).unwrap(),
            sub: Subject::parse(sub).unwrap(),
            sid: sid.into(),
        };
        LogoutNotice { workspace: WorkspaceId::parse("default", "demo").unwrap(), participant }
    }

    proptest! {
        #[test]
        fn a_queued_notice_round_trips(client in "[!-~]{1,20}", sub in "[!-~]{1,20}", sid in "[A-Za-z0-9_-]{1,22}") {
            let notice = notice(&client, &sub, &sid);
            prop_assert_eq!(LogoutNotice::parse(&notice.encoded()), Some(notice.clone()));
            let participant = notice.participant;
            prop_assert_eq!(Participant::parse(&participant.encoded()), Some(participant));
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            prop_assert!(LogoutNotice::parse(&text).is_none());
            let _ = Participant::parse(&text);
        }
    }

    #[test]
    fn sec_logout_05_a_logout_token_has_the_claims_of_the_specification_and_no_nonce() {
        let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
        let at = |seconds| {
            LogoutTokenClaims::of(&notice("app", "alice", "sid-1"), &issuer, Timestamp::from_seconds(seconds))
        };
        let claims = serde_json::to_value(at(1000)).unwrap();
        let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]);
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1000), &json!(1120)));
        assert_eq!(at(1000).jti, at(2000).jti, "a repeat is recognised");
        for other in [notice("app", "alice", "sid-2"), notice("app2", "alice", "sid-1"), notice("app", "bob", "sid-1")]
        {
            assert_ne!(LogoutTokenClaims::of(&other, &issuer, Timestamp::from_seconds(1000)).jti, at(1000).jti);
        }
    }

    #[test]
    fn a_400_is_a_rejection_and_only_200_and_204_are_success() {
        let table = [
            (200, DeliveryOutcome::Delivered),
            (204, DeliveryOutcome::Delivered),
            (400, DeliveryOutcome::Rejected),
            (201, DeliveryOutcome::Retry),
            (302, DeliveryOutcome::Retry),
            (404, DeliveryOutcome::Retry),
            (429, DeliveryOutcome::Retry),
            (500, DeliveryOutcome::Retry),
        ];
        for (status, expected) in table {
            assert_eq!(DeliveryOutcome::of(status), expected, "{status}");
        }
    }
}
