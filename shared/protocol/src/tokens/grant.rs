//! Grants. A grant is one item from the code to the last token.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authorization::consent::ConsentEpoch;
use crate::authorization::decision::ApprovedAuthorization;
use crate::authorization::device_request::ApprovedDevice;
use crate::authorization::pkce::CodeChallenge;
use crate::clients::allowed_users::UserFacts;
use crate::clients::policies::IdTokenClaimPolicy;
use crate::clients::resource_indicator::Resources;
use crate::types::id::{ClientId, GrantId, IdentitySourceId, Subject};
use crate::types::scope::Scopes;
use crate::types::secret::SecretHash;
use crate::types::time::{Timestamp, unstated_as_epoch};
use crate::users::attributes::Attributes;
use crate::users::login_epoch::LoginEpoch;
use crate::users::status::{CurrentUser, UserStatus};
use crate::users::user_claims::{ChosenClaims, ClaimName, ClaimNames, Profile, Trust, size};
use crate::users::user_key::UserKey;
use crate::users::userinfo;

/// A grant, as stored.
pub struct Grant {
    /// Its id: random, but not secret.
    pub id: GrantId,
    /// The terms of the grant. Immutable.
    pub terms: GrantTerms,
    /// Its current state.
    pub state: GrantState,
    /// When the grant expires.
    pub expires: Timestamp,
}

/// What was granted, to which client, by which user. Fixed when the code is issued and never read from the session
/// again (OpenID Connect Core §3.1.3.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantTerms {
    /// The client.
    pub client_id: ClientId,
    /// The user.
    pub subject: Subject,
    /// The pairwise `sub`, if the client sees one (OpenID Connect Core §8.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_for_client: Option<Subject>,
    /// The identity source that the user logged in with.
    pub source: IdentitySourceId,
    /// The issuer of that source, if it is an upstream provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The granted scopes.
    pub scope: Scopes,
    /// The granted resources; none means the workspace's default (RFC 8707).
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resource: Resources,
    /// Claims that userinfo returns in addition to those of the scopes.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    pub claims: ClaimNames,
    /// Claims for ID tokens that were requested by name, with their values when the code was issued.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub id_token_claims: Map<String, Value>,
    /// Claims for ID tokens that the granted scopes include, likewise.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub id_token_scope_claims: Map<String, Value>,
    /// The domain of the address that these claims call verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_domain: Option<String>,
    /// What claims and rules of the workspace need to know of the user, when the code was issued.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// The redirect URI that the code was sent to.
    pub redirect_uri: String,
    /// Whether the authorization request contained it.
    pub redirect_uri_sent: bool,
    /// The challenge that the code is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// The nonce for the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// When the user authenticated, if that is known.
    #[serde(with = "unstated_as_epoch")]
    pub auth_time: Option<Timestamp>,
    /// The authentication context class.
    pub acr: String,
    /// The authentication methods.
    pub amr: Vec<String>,
    /// The `sid` by which the client knows the user's session.
    pub sid: String,
    /// When the code was issued.
    pub issued: Timestamp,
    /// The epoch of the user's logins in which the user logged in.
    #[serde(default, skip_serializing_if = "LoginEpoch::is_first")]
    pub epoch: LoginEpoch,
    /// The epoch of the consent that it rests on; `None` if the client needs none.
    #[serde(default = "first_consent", skip_serializing_if = "is_first_consent")]
    pub consent: Option<ConsentEpoch>,
    /// How the grant came about.
    #[serde(default, skip_serializing_if = "GrantOrigin::is_browser")]
    pub origin: GrantOrigin,
}

/// What the grants of earlier versions rest on.
#[expect(clippy::unnecessary_wraps, reason = "serde needs the type of the field")]
fn first_consent() -> Option<ConsentEpoch> {
    Some(ConsentEpoch::default())
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn is_first_consent(consent: &Option<ConsentEpoch>) -> bool {
    *consent == first_consent()
}

/// How a grant came about, which decides what must be presented with its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantOrigin {
    /// Through an authorization request that a browser carried.
    #[default]
    Browser,
    /// Through a device request (RFC 8628), without redirect URI and challenge.
    Device,
}

impl GrantOrigin {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_browser(&self) -> bool {
        matches!(self, Self::Browser)
    }
}

/// The claims about the user for ID tokens, with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserClaims {
    /// Claims that were requested by name.
    pub requested: Map<String, Value>,
    /// Other claims of the granted scopes.
    pub of_scopes: Map<String, Value>,
    /// The domain of the address whose `email_verified` is true.
    pub email_domain: Option<String>,
    /// What claims and rules of the workspace need.
    pub attributes: Attributes,
}

/// The names of the claims about the user for ID tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserClaimNames {
    requested: ClaimNames,
    of_scopes: ClaimNames,
    attributes: BTreeSet<String>,
}

impl UserClaimNames {
    /// The claims for an approved request of a client with `policy` (OpenID Connect Core §5.4, §5.5).
    #[must_use]
    pub fn of(approved: &ApprovedAuthorization, policy: IdTokenClaimPolicy) -> Self {
        Self::of_scope(approved.scope(), approved.claims().id_token.clone(), policy)
    }

    /// The claims for an approved device request, which cannot name any.
    #[must_use]
    pub fn of_device(approved: &ApprovedDevice, policy: IdTokenClaimPolicy) -> Self {
        Self::of_scope(approved.scope(), ClaimNames::new(), policy)
    }

    fn of_scope(scope: &Scopes, requested: ClaimNames, policy: IdTokenClaimPolicy) -> Self {
        let of_scopes = match policy {
            IdTokenClaimPolicy::Requested => ClaimNames::new(),
            IdTokenClaimPolicy::Scopes => {
                ClaimName::all().filter(|claim| userinfo::covers(scope, *claim) && !requested.contains(claim)).collect()
            }
        };
        Self { requested, of_scopes, attributes: BTreeSet::new() }
    }

    /// These, and the attributes that claims and rules of the workspace need.
    #[must_use]
    pub fn with_attributes(self, attributes: BTreeSet<String>) -> Self {
        Self { attributes, ..self }
    }

    /// Whether there are none, so that the user need not be looked up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requested.is_empty() && self.of_scopes.is_empty() && self.attributes.is_empty()
    }

    /// The values in `profile` that fit into `limit` bytes; claims requested by name take precedence. The values in
    /// `attributes` have bounds of their own.
    #[must_use]
    pub fn selected(&self, profile: &Profile, attributes: &Attributes, limit: usize) -> UserClaims {
        let requested = profile.chosen(&self.requested, limit);
        let taken: usize = requested.claims.iter().map(|(name, value)| size(name, value)).sum();
        let of_scopes = profile.chosen(&self.of_scopes, limit.saturating_sub(taken));
        let noted = self.attributes.iter().filter_map(|name| ClaimName::parse(name)).collect();
        let noted = profile.chosen(&noted, usize::MAX);
        UserClaims {
            email_domain: requested.email_domain.or(of_scopes.email_domain).or(noted.email_domain),
            requested: requested.claims,
            of_scopes: of_scopes.claims,
            attributes: attributes.selected(&self.attributes),
        }
    }

    /// How many values of `profile` are missing from `selected` because they did not fit.
    #[must_use]
    pub fn left_out(&self, profile: &Profile, selected: &UserClaims) -> usize {
        let known = self.requested.iter().chain(&self.of_scopes).filter(|name| profile.claim(name.as_str()).is_some());
        known.count().saturating_sub(selected.requested.len() + selected.of_scopes.len())
    }
}

/// The state of a grant.
#[derive(Clone, Copy)]
pub enum GrantState {
    /// A code was issued and has not been redeemed.
    Issued {
        /// The code's digest.
        code: SecretHash,
        /// When the code expires.
        code_expires: Timestamp,
    },
    /// The code was redeemed.
    Redeemed {
        /// The code's digest, to detect a replay.
        code: SecretHash,
        /// When it was redeemed.
        at: Timestamp,
        /// The digest of its sender, if known.
        sender: Option<SecretHash>,
        /// Its refresh tokens, if it has any.
        refresh: Option<RefreshState>,
    },
    /// The grant was revoked, with everything issued from it.
    Revoked {
        /// The code's digest.
        code: SecretHash,
    },
}

/// The state of a grant's refresh tokens.
#[derive(Clone, Copy)]
pub struct RefreshState {
    /// How many have been issued.
    pub generation: u32,
    /// The digest of the current one.
    pub current: SecretHash,
    /// The version of the key that the current one was derived with.
    pub version: u8,
    /// The digest of its predecessor, and when that was replaced.
    pub previous: Option<(SecretHash, Timestamp)>,
    /// When the last of them expires, however often they are used.
    pub until: Timestamp,
    /// When the current one expires if it is not used.
    pub idle_until: Timestamp,
}

impl GrantTerms {
    /// The terms of an approved authorization. `chosen` are the claims that were requested in the ID token.
    #[must_use]
    pub fn of(approved: &ApprovedAuthorization, chosen: UserClaims, now: Timestamp) -> Self {
        let (asked, session) = (approved.terms(), approved.session());
        Self {
            client_id: asked.client_id.clone(),
            subject: session.subject.clone(),
            sub_for_client: Some(approved.client_subject().clone())
                .filter(|client_subject| *client_subject != session.subject),
            source: session.source.clone(),
            issuer: session.issuer.clone(),
            scope: approved.scope().clone(),
            resource: asked.resource.clone(),
            claims: approved.claims().userinfo.clone(),
            id_token_claims: chosen.requested,
            id_token_scope_claims: chosen.of_scopes,
            email_domain: chosen.email_domain,
            attributes: chosen.attributes,
            redirect_uri: approved.redirect_uri().as_str().into(),
            redirect_uri_sent: asked.redirect_uri_sent,
            code_challenge: asked.code_challenge,
            nonce: asked.nonce.clone(),
            auth_time: session.authentication.auth_time(),
            acr: session.authentication.class().as_str().into(),
            amr: session.authentication.amr(),
            sid: session.sid_for(&asked.client_id),
            issued: now,
            epoch: session.epoch,
            consent: approved.consent(),
            origin: GrantOrigin::Browser,
        }
    }

    /// The terms of an approved device request. `chosen` are the claims of the user for ID tokens.
    #[must_use]
    pub fn of_device(approved: &ApprovedDevice, chosen: UserClaims, now: Timestamp) -> Self {
        let (asked, session) = (approved.asked(), approved.session());
        Self {
            client_id: asked.client_id.clone(),
            subject: session.subject.clone(),
            sub_for_client: Some(approved.client_subject().clone())
                .filter(|client_subject| *client_subject != session.subject),
            source: session.source.clone(),
            issuer: session.issuer.clone(),
            scope: approved.scope().clone(),
            resource: asked.resource.clone(),
            claims: ClaimNames::new(),
            id_token_claims: chosen.requested,
            id_token_scope_claims: chosen.of_scopes,
            email_domain: chosen.email_domain,
            attributes: chosen.attributes,
            redirect_uri: String::new(),
            redirect_uri_sent: false,
            code_challenge: None,
            nonce: None,
            auth_time: session.authentication.auth_time(),
            acr: session.authentication.class().as_str().into(),
            amr: session.authentication.amr(),
            sid: session.sid_for(&asked.client_id),
            issued: now,
            epoch: session.epoch,
            consent: Some(approved.consent()),
            origin: GrantOrigin::Device,
        }
    }
}

impl GrantTerms {
    /// What rules about users look at.
    #[must_use]
    pub const fn facts(&self) -> UserFacts<'_> {
        UserFacts { source: &self.source, attributes: self.attributes.all() }
    }

    /// The user of the grant.
    #[must_use]
    pub fn user(&self) -> UserKey<'_> {
        UserKey { source: &self.source, issuer: self.issuer.as_deref(), subject: &self.subject }
    }

    /// The claims about the user for an ID token with `scope` that is issued now, while the user's source has this trust:
    /// those requested by name, and those of the scopes in `scope`. A refresh for fewer scopes yields fewer claims.
    #[must_use]
    pub fn user_claims(&self, scope: &Scopes, trust: Option<Trust<'_>>) -> Map<String, Value> {
        let covered = |name: &String| ClaimName::parse(name).is_some_and(|claim| userinfo::covers(scope, claim));
        let of_scopes = self.id_token_scope_claims.iter().filter(|(name, _)| covered(name));
        let of_scopes = of_scopes.map(|(name, value)| (name.clone(), value.clone()));
        let claims = of_scopes.chain(self.id_token_claims.clone()).collect();
        ChosenClaims { claims, email_domain: self.email_domain.clone() }.judged(trust)
    }

    /// The `sub` that the client sees, in every token and response.
    #[must_use]
    pub const fn client_subject(&self) -> &Subject {
        match &self.sub_for_client {
            Some(subject) => subject,
            None => &self.subject,
        }
    }
}

/// A grant together with the current status of its user, as decisions need it.
pub struct LoadedGrant {
    /// The grant.
    pub grant: Grant,
    /// The current status of its user.
    pub user: UserStatus,
}

impl LoadedGrant {
    /// `grant` with the `current` status of its user, and with what is current of what is known of them.
    #[must_use]
    pub fn of(mut grant: Grant, current: CurrentUser) -> Self {
        grant.terms.attributes = grant.terms.attributes.renewed(current.attributes);
        Self { grant, user: current.status }
    }

    /// Whether tokens of this grant are valid at `now`.
    #[must_use]
    pub const fn is_live(&self, now: Timestamp) -> bool {
        self.user.is_active() && self.grant.is_live(now)
    }
}

impl Grant {
    /// The grant, revoked if the consent that it rests on was withdrawn: `current` is the epoch of the user's consents to the
    /// client (catalogue row SEC-AUTHZ-17).
    #[must_use]
    pub fn under(self, current: Option<ConsentEpoch>) -> Self {
        if self.terms.consent == current {
            return self;
        }
        let code = match self.state {
            GrantState::Issued { code, .. } | GrantState::Redeemed { code, .. } | GrantState::Revoked { code } => code,
        };
        Self { state: GrantState::Revoked { code }, ..self }
    }

    /// Whether tokens of this grant are valid at `now`.
    #[must_use]
    pub const fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.state, GrantState::Redeemed { .. }) && !now.reached(self.expires)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authorization::decision::{DecisionInput, NextStep, User, decide};
    use crate::fixtures::{
        NOW, REDIRECT_URI, ago, claim_names, client, client_id, code, grant, grant_terms, issued, loaded, redeemed,
        request, secret_hash, session, subject,
    };

    /// The terms of a request with `changes` that Alice has approved, where the client knows her as `client_subject`.
    fn terms(changes: &[(&str, &str)], client_subject: &str) -> GrantTerms {
        let client = client(&json!({"trusted": true}));
        let (request, session, client_subject) = (request(&client, changes), session(), subject(client_subject));
        let decided = decide(&DecisionInput {
            request: &request,
            client: &client,
            user: Some(User { session: &session, client_subject: &client_subject, attributes: &Attributes::default() }),
            consent: None,
            account: None,
            began: ago(10),
            now: NOW,
        });
        let NextStep::Approved(approved) = decided else { panic!("{decided:?}") };
        let map = |claims: Value| claims.as_object().unwrap().clone();
        let claims = UserClaims {
            requested: map(json!({"locale": "de"})),
            of_scopes: map(json!({"email": "a@b.example"})),
            email_domain: None,
            attributes: Attributes::default(),
        };
        GrantTerms::of(&approved, claims, NOW)
    }

    #[test]
    fn sec_authz_17_a_grant_of_another_epoch_of_its_consent_is_revoked() {
        let (first, second) = (Some(ConsentEpoch::default()), Some(ConsentEpoch::new(1)));
        let with = |consent| Grant { terms: GrantTerms { consent, ..grant_terms() }, ..grant(redeemed(None)) };
        for (own, current, good) in [
            (first, first, true),
            (first, second, false),
            (second, second, true),
            (second, first, false),
            (None, None, true),
        ] {
            let under = with(own).under(current);
            assert_eq!(matches!(under.state, GrantState::Revoked { .. }), !good, "{own:?} {current:?}");
        }
        let stored = serde_json::to_value(with(first).terms).unwrap();
        assert!(stored.get("consent").is_none(), "the first epoch takes no room: {stored}");
        for consent in [first, second, None] {
            let terms = with(consent).terms;
            let stored = serde_json::to_value(&terms).unwrap();
            assert_eq!(serde_json::from_value::<GrantTerms>(stored).unwrap(), terms);
        }
    }

    #[test]
    fn the_terms_are_what_was_approved() {
        let claims = r#"{"userinfo":{"email":null},"id_token":{"locale":null}}"#;
        let changes = [
            ("scope", "openid read offline_access"),
            ("nonce", "n-1"),
            ("claims", claims),
            ("resource", "https://a.example"),
        ];
        let expected = GrantTerms {
            resource: serde_json::from_value(json!(["https://a.example"])).unwrap(),
            claims: claim_names(&["email"]),
            id_token_claims: json!({"locale": "de"}).as_object().unwrap().clone(),
            id_token_scope_claims: json!({"email": "a@b.example"}).as_object().unwrap().clone(),
            sid: session().sid_for(&client_id("app")),
            issued: NOW,
            consent: None,
            ..grant_terms()
        };
        assert_eq!(terms(&changes, "alice"), expected);
        let omitted = terms(&[("redirect_uri", ""), ("scope", "read")], "alice");
        assert_eq!((omitted.redirect_uri.as_str(), omitted.redirect_uri_sent), (REDIRECT_URI, false));
    }

    #[test]
    fn a_pairwise_client_gets_its_own_identifiers() {
        let own = terms(&[], "pseudonym");
        assert_eq!((&own.subject, own.client_subject()), (&subject("alice"), &subject("pseudonym")));
        let public = terms(&[], "alice");
        assert_eq!((&public.sub_for_client, public.client_subject()), (&None, &subject("alice")));
    }

    #[test]
    fn stored_grants_round_trip() {
        let terms = terms(&[("nonce", "n")], "pseudonym");
        let stored = serde_json::to_value(&terms).unwrap();
        assert_eq!(serde_json::from_value::<GrantTerms>(stored).unwrap(), terms);
        let plain = GrantTerms { nonce: None, code_challenge: None, ..grant_terms() };
        let stored = serde_json::to_value(&plain).unwrap();
        for absent in [
            "sub_for_client",
            "issuer",
            "email_domain",
            "resource",
            "claims",
            "id_token_claims",
            "code_challenge",
            "nonce",
        ] {
            assert!(stored.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn a_grant_is_live_from_redemption_to_expiry_unless_revoked_or_its_user_is_deleted() {
        let revoked = GrantState::Revoked { code: secret_hash(&code()) };
        let table = [(issued(), false), (redeemed(None), true), (revoked, false)];
        for (state, live) in table {
            assert_eq!(grant(state).is_live(NOW), live);
            assert!(!Grant { expires: NOW, ..grant(state) }.is_live(NOW));
            let active = loaded(grant(state));
            assert_eq!(active.is_live(NOW), live);
            assert!(!LoadedGrant { user: UserStatus::Gone, ..active }.is_live(NOW));
        }
    }
}
