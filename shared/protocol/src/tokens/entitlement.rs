//! Entitlements: tokens that have been approved but not signed yet.

use crate::clients::client::Client;
use crate::jose::at_hash::AtHash;
use crate::jose::jwk::Algorithm;
use crate::tokens::grant::GrantTerms;
use crate::types::id::{ClientId, GrantId, Subject};
use crate::types::scope::{OPENID, Scopes};
use crate::types::time::{Lifetime, Timestamp};

/// Proof that tokens may be signed, and for what. Only the decisions of this crate create it: on a code, on a refresh
/// token and on client credentials.
pub struct Entitlement {
    pub(crate) grant: GrantId,
    pub(crate) holder: Holder,
    pub(crate) scope: Scopes,
    pub(crate) audience: Vec<String>,
    pub(crate) now: Timestamp,
    pub(crate) access_token: Lifetime,
    pub(crate) id_token: IdTokens,
}

/// The party that the tokens are about.
pub(crate) enum Holder {
    /// A user, who granted these terms.
    User(Box<GrantTerms>),
    /// The client itself: there is no user and no grant.
    Client(ClientId),
}

/// The properties of an ID token to issue.
#[derive(Clone, Debug)]
pub(crate) struct IdTokens {
    /// How long they are valid.
    pub(crate) lifetime: Lifetime,
    /// Whether they carry `at_hash`.
    pub(crate) at_hash: AtHash,
    /// The algorithm for which the client is registered, if any.
    pub(crate) algorithm: Option<Algorithm>,
    /// The nonce: present when the code is exchanged, and never when tokens are refreshed (OpenID Connect Core §12.2).
    pub(crate) nonce: Option<String>,
}

impl IdTokens {
    /// The properties for `client`.
    pub(crate) fn of(client: &Client, lifetime: Lifetime, nonce: Option<String>) -> Self {
        Self { lifetime, at_hash: client.at_hash, algorithm: client.id_token_signed, nonce }
    }
}

impl Entitlement {
    /// The grant that the tokens belong to, or the id of a client's own token.
    #[must_use]
    pub const fn grant(&self) -> &GrantId {
        &self.grant
    }

    /// The terms of the grant, if there is a user.
    #[must_use]
    pub const fn terms(&self) -> Option<&GrantTerms> {
        match &self.holder {
            Holder::User(terms) => Some(terms),
            Holder::Client(_) => None,
        }
    }

    /// The client.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        match &self.holder {
            Holder::User(terms) => &terms.client_id,
            Holder::Client(client_id) => client_id,
        }
    }

    /// The subject of the access token: the user, or the client itself if there is no user (RFC 9068 §2.2). `None` for
    /// a `client_id` that is too long for a subject.
    #[must_use]
    pub(crate) fn subject(&self) -> Option<Subject> {
        match &self.holder {
            Holder::User(terms) => Some(terms.client_subject().clone()),
            Holder::Client(client_id) => Subject::parse(client_id.as_str()).ok(),
        }
    }

    /// The scopes of the access token.
    #[must_use]
    pub const fn scope(&self) -> &Scopes {
        &self.scope
    }

    /// When the request was approved.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How long the access token is valid.
    #[must_use]
    pub const fn access_token_lifetime(&self) -> Lifetime {
        self.access_token
    }

    /// Whether the ID token carries `at_hash`.
    #[must_use]
    pub const fn at_hash(&self) -> AtHash {
        self.id_token.at_hash
    }

    /// The algorithm for which the client is registered, if it is not that of the workspace.
    #[must_use]
    pub const fn id_token_algorithm(&self) -> Option<Algorithm> {
        self.id_token.algorithm
    }

    /// How long the ID token is valid, if one is to be issued: for a user, if `openid` was granted.
    #[must_use]
    pub fn id_token_lifetime(&self) -> Option<Lifetime> {
        let due = self.scope.contains(OPENID) && self.terms().is_some();
        due.then_some(self.id_token.lifetime)
    }

    /// When the last of these tokens expires.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        let longest = self.id_token_lifetime().map_or(self.access_token, |id_token| id_token.max(self.access_token));
        self.now.plus(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, client_id, grant_id, grant_terms, later, scopes, subject};

    fn entitlement(holder: Holder, scope: &str) -> Entitlement {
        Entitlement {
            grant: grant_id(),
            holder,
            scope: scopes(scope),
            audience: vec!["https://api.example".into()],
            now: NOW,
            access_token: Lifetime::seconds(100),
            id_token: IdTokens {
                lifetime: Lifetime::seconds(200),
                at_hash: AtHash::Included,
                algorithm: None,
                nonce: None,
            },
        }
    }

    fn of_user(scope: &str) -> Entitlement {
        entitlement(Holder::User(Box::new(grant_terms())), scope)
    }

    #[test]
    fn a_users_tokens_are_about_the_user_and_a_clients_own_about_the_client() {
        let user = of_user("openid");
        assert_eq!((user.client_id(), user.subject()), (&client_id("app"), Some(subject("alice"))));
        assert_eq!(user.terms(), Some(&grant_terms()));
        let mut pairwise = grant_terms();
        pairwise.sub_for_client = Some(subject("pseudonym"));
        let pairwise = entitlement(Holder::User(Box::new(pairwise)), "openid");
        assert_eq!(pairwise.subject(), Some(subject("pseudonym")));

        let own = entitlement(Holder::Client(client_id("machine")), "read");
        assert_eq!((own.client_id(), own.subject()), (&client_id("machine"), Some(subject("machine"))));
        assert!(own.terms().is_none());
        let long = entitlement(Holder::Client(client_id(&"c".repeat(256))), "read");
        assert_eq!(long.subject(), None, "a subject has at most 255 characters");
    }

    #[test]
    fn an_id_token_is_due_to_a_user_in_a_request_for_openid_connect() {
        assert_eq!(of_user("openid read").id_token_lifetime(), Some(Lifetime::seconds(200)));
        assert_eq!(of_user("read").id_token_lifetime(), None);
        assert_eq!(entitlement(Holder::Client(client_id("machine")), "openid").id_token_lifetime(), None);
        assert_eq!(of_user("openid").at_hash(), AtHash::Included);
    }

    #[test]
    fn the_last_token_decides_when_all_have_ended() {
        assert_eq!(of_user("openid").ends(), later(200));
        assert_eq!(of_user("read").ends(), later(100));
        let short = Entitlement { access_token: Lifetime::seconds(300), ..of_user("openid") };
        assert_eq!(short.ends(), later(300));
        assert_eq!((short.access_token_lifetime(), short.now()), (Lifetime::seconds(300), NOW));
    }
}
