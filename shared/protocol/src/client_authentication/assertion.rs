//! Client assertions: JWTs with which clients authenticate (RFC 7523 §2.2 and §3, OpenID Connect Core §9).
//!
//! An assertion passes through four types, each required by the next step: as received ([`ClientAssertion`]), with the
//! client that it names ([`AssertedClient`]), verified and yet to be recorded as used ([`AssertionUse`]), and as an
//! [`AuthenticatedClient`], which is released only against proof that the use was recorded.

use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::clients::client::{AssertionAudience, AssertionKey, Assertions, Authentication, Client};
use crate::jose::jwt_fault::JwtFault;
use crate::syntax::encoding::base64url_decoded;
use crate::syntax::json::{self, present};
use crate::types::commit::Unreleased;
use crate::types::external_time::{ExternalClock, NumericDate};
use crate::types::id::{ClientId, Issuer};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;

/// The supported type of assertion (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The maximum length of an assertion, in bytes (catalogue row SEC-PARAM-17).
const MAX_ASSERTION_BYTES: usize = 8192;

/// The maximum length of a `jti`, in bytes.
const MAX_JTI_BYTES: usize = 512;

/// An assertion as received. Nothing in it is verified.
pub struct ClientAssertion {
    jwt: Secret<String>,
    client_id: ClientId,
}

impl ClientAssertion {
    /// Reads the client that an assertion names; `None` if it is malformed.
    #[must_use]
    pub fn parse(jwt: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Subject {
            sub: String,
        }
        if jwt.len() > MAX_ASSERTION_BYTES {
            return None;
        }
        let mut parts = jwt.split('.');
        let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let subject: Subject = json::strict(&base64url_decoded(payload)?)?;
        Some(Self { jwt: Secret::new(jwt.into()), client_id: ClientId::parse(&subject.sub).ok()? })
    }

    /// The client that it names.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Combines the assertion with `client`, if that client is registered to use assertions.
    pub(crate) fn of(self, client: Arc<Client>) -> Option<AssertedClient> {
        let Authentication::Assertion(registered) = &client.authentication else { return None };
        let registered = Arc::clone(registered);
        (client.id == self.client_id).then_some(AssertedClient { jwt: self.jwt, client, registered })
    }
}

/// An assertion and the client that it names. Its signature is not verified.
pub struct AssertedClient {
    jwt: Secret<String>,
    client: Arc<Client>,
    registered: Arc<Assertions>,
}

/// Where and when an assertion was received.
pub struct Arrival<'a> {
    /// The issuer of the workspace.
    pub issuer: &'a Issuer,
    /// The endpoint URLs that older clients may name: that of the receiving endpoint, and for a pushed request also that
    /// of the token endpoint (RFC 7523 §3, RFC 9126 §2).
    pub endpoints: &'a [String],
    /// When it was received.
    pub now: Timestamp,
}

/// Why an assertion is refused. It is logged, and never part of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionFault {
    /// Its form, key or signature is wrong.
    #[error(transparent)]
    Jwt(JwtFault),
    /// A claim is missing, of the wrong type, or has the wrong value.
    #[error("wrong {0}")]
    Claim(&'static str),
    /// The audience is one that this client may not use.
    #[error(transparent)]
    Audience(AudienceFault),
    /// It is valid for longer than this client's assertions may be.
    #[error("exp is further ahead than client_assertion_lifetime allows: let it expire sooner, or raise the setting")]
    Lifetime,
    /// The client is inactive.
    #[error("the client is inactive")]
    Inactive,
    /// It has been used before.
    #[error("used before")]
    Replayed,
}

/// What is wrong with the audience of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AudienceFault {
    /// The URL of an endpoint, from a client that must name the issuer.
    #[error(
        "aud is an endpoint: send the issuer as a string, or set client_assertion_audience = endpoint for this client"
    )]
    Endpoint,
    /// An array, from a client that must send a string.
    #[error(
        "aud is an array: send the issuer as a string, or set client_assertion_audience = endpoint for this client, which \
         accepts an array of one"
    )]
    Array,
    /// Several audiences, which no client may name.
    #[error("aud has several members: send the issuer alone")]
    Several,
    /// Neither the issuer nor, for clients that may name it, the endpoint.
    #[error("aud is not the issuer, byte for byte as in the metadata")]
    Other,
}

/// The single use of an assertion, to be recorded before the client counts as authenticated.
pub struct AssertionUse {
    mark: SecretHash,
    until: Timestamp,
}

impl AssertionUse {
    /// The key of the record: a digest of the client and the assertion's `jti`.
    #[must_use]
    pub const fn mark(&self) -> &SecretHash {
        &self.mark
    }

    /// How long the record is needed: until the assertion would be refused as expired anyway.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// The claims, strictly typed (RFC 7523 §3).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl AssertedClient {
    /// The JWT.
    #[must_use]
    pub const fn jwt(&self) -> &Secret<String> {
        &self.jwt
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client.id
    }

    /// The key that verifies its signature or MAC.
    #[must_use]
    pub fn key(&self) -> &AssertionKey {
        &self.registered.key
    }

    /// Checks the claims of an assertion whose signature is valid. The client is released against proof that the use
    /// was recorded.
    ///
    /// # Errors
    ///
    /// [`AssertionFault`].
    pub fn accept(
        self,
        claims: &[u8],
        arrival: &Arrival<'_>,
    ) -> Result<(AssertionUse, Unreleased<AuthenticatedClient>), AssertionFault> {
        let claims: Claims = json::strict(claims).ok_or(AssertionFault::Claim("shape"))?;
        let (clock, expires) = (ExternalClock::at(arrival.now), claims.exp.stated());
        let begun = |time: Option<NumericDate>| time.is_none_or(|time| clock.has_reached(time.stated()));
        // An assertion that was made for later use, or whose `exp` was moved, does not prove the present (RFC 7523 §3,
        // `iat`).
        let recent = |issued: NumericDate| clock.is_within(issued.stated(), self.registered.longest);
        let checks = [
            ("iss", claims.iss == self.client.id.as_str()),
            ("sub", claims.sub == self.client.id.as_str()),
            ("exp", clock.is_before(expires)),
            ("nbf", begun(claims.nbf)),
            ("iat", begun(claims.iat) && claims.iat.is_none_or(recent)),
            ("jti", (1..=MAX_JTI_BYTES).contains(&claims.jti.len())),
        ];
        let wrong = checks.iter().find(|(_, holds)| !holds).map(|(claim, _)| AssertionFault::Claim(claim));
        let audience = audience_fault(&claims.aud, self.registered.audience, arrival).map(AssertionFault::Audience);
        let too_long = !clock.reaches_within(expires, self.registered.longest);
        // Only an active client learns what is wrong.
        if !self.client.is_usable() {
            return Err(AssertionFault::Inactive);
        }
        if let Some(fault) = wrong.or(audience).or(too_long.then_some(AssertionFault::Lifetime)) {
            return Err(fault);
        }
        // A client_id contains no space, so different pairs of client and `jti` never produce the same text.
        let mark = SecretHash::of(&Secret::new(format!("{} {}", self.client.id, claims.jti)));
        let spending = AssertionUse { mark, until: ExternalClock::end(expires) };
        Ok((spending, Unreleased::hold(AuthenticatedClient::proved(self.client))))
    }
}

/// The audience must be the issuer, as a string (design decision 3): an assertion with a further audience could have been
/// obtained by that party (RFC 9700 update, audience injection).
fn audience_fault(audience: &Audience, accepted: AssertionAudience, arrival: &Arrival<'_>) -> Option<AudienceFault> {
    let is_issuer = |one: &String| one == arrival.issuer.as_str();
    let is_endpoint = |one: &String| arrival.endpoints.contains(one);
    match (audience, accepted) {
        (Audience::One(one), _) if is_issuer(one) => None,
        (Audience::One(one), AssertionAudience::Endpoint) if is_endpoint(one) => None,
        (Audience::One(one), AssertionAudience::Issuer) if is_endpoint(one) => Some(AudienceFault::Endpoint),
        (Audience::Many(many), AssertionAudience::Endpoint) => match many.as_slice() {
            [one] if is_issuer(one) || is_endpoint(one) => None,
            [_, _, ..] => Some(AudienceFault::Several),
            [] | [_] => Some(AudienceFault::Other),
        },
        (Audience::Many(many), AssertionAudience::Issuer) => Some(match many.as_slice() {
            [one] if is_issuer(one) || is_endpoint(one) => AudienceFault::Array,
            [_, _, ..] => AudienceFault::Several,
            [] | [_] => AudienceFault::Other,
        }),
        (Audience::One(_), _) => Some(AudienceFault::Other),
    }
}

/// Whether an assertion may have this `typ`: none, `JWT`, or its own (draft-ietf-oauth-rfc7523bis).
#[must_use]
pub fn is_assertion(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("client-authentication+jwt"))
}
