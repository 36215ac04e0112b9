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

    /// The assertion with `client`, if that client is registered to use assertions.
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
    /// The URLs that older clients may name: of the endpoint that received it, and for a pushed request also of the token
    /// endpoint (RFC 7523 §3, RFC 9126 §2).
    pub endpoints: &'a [String],
    /// When it was received.
    pub now: Timestamp,
}

/// Why an assertion is refused. Logged, and never part of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionFault {
    /// Its form, its key or its signature.
    #[error(transparent)]
    Jwt(JwtFault),
    /// A claim is missing, of the wrong type, or has the wrong value.
    #[error("wrong {0}")]
    Claim(&'static str),
    /// The audience is another than this client may use.
    #[error(transparent)]
    Audience(AudienceFault),
    /// It may be used for longer than this client's may.
    #[error("exp is further ahead than client_assertion_lifetime allows: let it expire sooner, or raise the setting")]
    Lifetime,
    /// The client is inactive.
    #[error("the client is inactive")]
    Inactive,
    /// It was used before.
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
         takes an array of one"
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

    /// What its signature or MAC is verified with.
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
        // One that was made for later use, or whose `exp` was moved, is not the proof of a moment (RFC 7523 §3, `iat`).
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

/// The audience is our issuer, as a string (design decision 3): an assertion with a further audience could have been
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::registration::client_metadata::ClientMetadata;
    use crate::syntax::encoding::base64url;
    use crate::types::id::WorkspaceId;

    const NOW: u64 = 1_780_000_000;
    const ISSUER: &str = "https://auth.example/default/demo";
    const ENDPOINT: &str = "https://auth.example/default/demo/oauth2/token";

    fn client(change: &Value) -> Arc<Client> {
        let mut metadata = json!({
            "client_id": "c1", "client_name": "C 1", "redirect_uris": ["https://c1.example/cb"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://c1.example/jwks",
        });
        metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        let settings = json!({"name": "Demo", "default_audience": "https://api.example"});
        let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
        Arc::new(metadata.register(&serde_json::from_value(settings).unwrap(), &issuer).unwrap())
    }

    fn claims(change: &Value) -> Value {
        let mut claims = json!({
            "iss": "c1", "sub": "c1", "aud": ISSUER, "jti": "j1", "iat": NOW, "exp": NOW + 60,
        });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null() || change.get("null").is_some());
        claims
    }

    fn jwt(claims: &[u8]) -> String {
        format!("{}.{}.AA", base64url(b"{}"), base64url(claims))
    }

    /// The outcome for these claims at `now` milliseconds.
    fn accepted(client: Arc<Client>, claims: &[u8], now: u64) -> Result<AssertionUse, AssertionFault> {
        let assertion = ClientAssertion::parse(&jwt(br#"{"sub":"c1"}"#)).unwrap();
        let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
        let arrival = Arrival { issuer: &issuer, endpoints: &[ENDPOINT.into()], now: Timestamp::from_millis(now) };
        let asserted = assertion.of(client).unwrap();
        asserted.accept(claims, &arrival).map(|(spending, _)| spending)
    }

    fn fault(change: &Value) -> Option<AssertionFault> {
        let claims = claims(change).to_string();
        accepted(client(&json!({})), claims.as_bytes(), NOW * 1000).err()
    }

    #[test]
    fn sec_cli_09_each_claim_is_checked() {
        let fine = [
            json!({}),
            json!({"iat": null}),
            json!({"nbf": NOW + 10, "iat": NOW + 10}),
            json!({"exp": NOW - 9}),
            json!({"exp": NOW + 310}),
            serde_json::from_str(&format!("{{\"exp\":{}.25,\"iat\":{NOW}.5,\"nbf\":{NOW}.0}}", NOW + 60)).unwrap(),
            json!({"jti": "j".repeat(512)}),
            json!({"azp": "whoever"}),
        ];
        for change in fine {
            assert_eq!(fault(&change), None, "{change}");
        }
        let table = [
            (json!({"iss": "c2"}), "iss"),
            (json!({"iss": ISSUER}), "iss"),
            (json!({"sub": "alice"}), "sub"),
            (json!({"exp": NOW - 10}), "exp"),
            (json!({"exp": NOW - 301}), "exp"),
            (json!({"exp": -1}), "shape"),
            (json!({"nbf": NOW + 11}), "nbf"),
            (json!({"iat": NOW + 61}), "iat"),
            (json!({"jti": ""}), "jti"),
            (json!({"jti": "j".repeat(513)}), "jti"),
        ];
        for (change, claim) in table {
            assert_eq!(fault(&change), Some(AssertionFault::Claim(claim)), "{change}");
        }
        for exp in [NOW + 311, NOW + 3600, u64::MAX] {
            assert_eq!(fault(&json!({"exp": exp})), Some(AssertionFault::Lifetime), "{exp}");
        }
        for missing in ["iss", "sub", "aud", "exp", "jti"] {
            assert_eq!(fault(&json!({missing: null})), Some(AssertionFault::Claim("shape")), "{missing}");
        }
    }

    #[test]
    fn sec_cli_17_an_assertion_has_a_maximum_age() {
        let said = |client: &Arc<Client>, issued: u64| {
            let claims = claims(&json!({ "iat": issued })).to_string();
            accepted(Arc::clone(client), claims.as_bytes(), NOW * 1000).err()
        };
        let patient = client(&json!({"client_assertion_lifetime": 3600}));
        for (client, longest) in [(client(&json!({})), 300), (patient, 3600)] {
            assert_eq!(said(&client, NOW - longest - 10), None, "clocks differ");
            let too_old = [NOW - longest - 11, NOW - 365 * 86_400, 0];
            for issued in too_old {
                assert_eq!(said(&client, issued), Some(AssertionFault::Claim("iat")), "{issued}");
            }
        }
    }

    #[test]
    fn sec_cli_09_the_audience_is_the_issuer_and_the_error_names_the_received_one() {
        let table = [
            (json!("https://auth.example/default/partner"), AudienceFault::Other),
            (json!(format!("{ISSUER}/")), AudienceFault::Other),
            (json!(ISSUER.to_uppercase()), AudienceFault::Other),
            (json!(format!("{ISSUER},other")), AudienceFault::Other),
            (json!([]), AudienceFault::Other),
            (json!(["https://other.example"]), AudienceFault::Other),
            (json!(ENDPOINT), AudienceFault::Endpoint),
            (json!([ISSUER]), AudienceFault::Array),
            (json!([ENDPOINT]), AudienceFault::Array),
            (json!([ISSUER, "https://other.example"]), AudienceFault::Several),
        ];
        for (aud, expected) in table {
            let fault = fault(&json!({ "aud": aud }));
            assert_eq!(fault, Some(AssertionFault::Audience(expected)), "{aud}");
        }
        for fault in [AudienceFault::Endpoint, AudienceFault::Array] {
            assert!(fault.to_string().contains("client_assertion_audience = endpoint"), "{fault}");
        }
        let of_inactive = claims(&json!({"aud": ENDPOINT})).to_string();
        let refused = accepted(client(&json!({"client_status": "inactive"})), of_inactive.as_bytes(), NOW * 1000);
        assert_eq!(refused.err(), Some(AssertionFault::Inactive), "an inactive client is told nothing");
    }

    #[test]
    fn sec_param_13_and_14_a_claim_of_another_type_or_there_twice_is_an_error() {
        let others = [json!(1), json!(1.5), json!("x"), json!(true), json!([]), json!({}), json!([["x"]]), Value::Null];
        let (text, number) = (&["x"][..], &["1", "1.5"][..]);
        for (name, right) in
            [("iss", text), ("sub", text), ("jti", text), ("exp", number), ("nbf", number), ("iat", number)]
        {
            for other in others.iter().filter(|other| !right.contains(&other.to_string().trim_matches('"'))) {
                let change = json!({name: other, "null": true});
                assert_eq!(fault(&change), Some(AssertionFault::Claim("shape")), "{change}");
            }
        }
        for aud in [json!({}), json!(1), json!([[ISSUER]]), json!([1]), json!(true)] {
            assert_eq!(fault(&json!({"aud": aud})), Some(AssertionFault::Claim("shape")), "{aud}");
        }
        let twice = claims(&json!({})).to_string().replace('{', "{\"sub\":\"c1\",");
        assert!(accepted(client(&json!({})), twice.as_bytes(), NOW * 1000).is_err());
        assert!(ClientAssertion::parse(&jwt(twice.as_bytes())).is_none());
    }

    #[test]
    fn sec_cli_09_an_older_client_may_name_the_endpoint_and_never_two_audiences() {
        let older = json!({"client_assertion_audience": "endpoint", "client_assertion_lifetime": 600});
        let table = [
            (json!({"aud": ISSUER}), true),
            (json!({"aud": ENDPOINT, "exp": NOW + 600}), true),
            (json!({"aud": [ENDPOINT]}), true),
            (json!({"aud": [ISSUER]}), true),
            (json!({"aud": [ISSUER, ENDPOINT]}), false),
            (json!({"aud": []}), false),
            (json!({"aud": format!("{ENDPOINT}/")}), false),
            (json!({"aud": "https://auth.example/default/demo/oauth2/revoke"}), false),
            (json!({"exp": NOW + 611}), false),
        ];
        for (change, expected) in table {
            let claims = claims(&change).to_string();
            assert_eq!(accepted(client(&older), claims.as_bytes(), NOW * 1000).is_ok(), expected, "{change}");
        }
    }

    #[test]
    fn sec_cli_10_and_sec_jwt_07_an_assertion_is_remembered_for_as_long_as_it_would_be_accepted() {
        let claims = claims(&json!({})).to_string();
        let last = (NOW + 70) * 1000 - 1;
        let spending = accepted(client(&json!({})), claims.as_bytes(), last).unwrap();
        assert_eq!(spending.until().millis(), last + 1);
        assert!(accepted(client(&json!({})), claims.as_bytes(), last + 1).is_err());
        let again = accepted(client(&json!({})), claims.as_bytes(), NOW * 1000).unwrap();
        assert!(again.mark().matches(spending.mark()), "the same, whenever it arrives");
    }

    #[test]
    fn an_assertion_comes_with_its_client_and_verification_key() {
        let parsed = |sub: &str| ClientAssertion::parse(&jwt(json!({ "sub": sub }).to_string().as_bytes())).unwrap();
        assert_eq!(parsed("c1").client_id().as_str(), "c1");
        let asserted = parsed("c1").of(client(&json!({}))).unwrap();
        assert_eq!(asserted.client_id().as_str(), "c1");
        assert!(asserted.jwt().expose().starts_with("e30."));
        assert!(matches!(asserted.key(), AssertionKey::Keys(..)));
        assert!(parsed("c2").of(client(&json!({}))).is_none(), "another client");
        assert!(
            parsed("app").of(Arc::new(crate::fixtures::client(&json!({})))).is_none(),
            "a client with another method"
        );
    }

    #[test]
    fn a_use_is_marked_by_client_and_jti() {
        let mark = |name: &str, jti: &str| {
            let claims = claims(&json!({"iss": name, "sub": name, "jti": jti})).to_string();
            let named = client(&json!({ "client_id": name }));
            let assertion = ClientAssertion::parse(&jwt(json!({ "sub": name }).to_string().as_bytes())).unwrap();
            let issuer = crate::fixtures::issuer();
            let arrival = Arrival { issuer: &issuer, endpoints: &[ENDPOINT.into()], now: Timestamp::from_seconds(NOW) };
            let (spending, _) = assertion.of(named).unwrap().accept(claims.as_bytes(), &arrival).ok().unwrap();
            *spending.mark()
        };
        assert!(mark("c1", "j").matches(&mark("c1", "j")));
        assert!(!mark("c1", "j").matches(&mark("c1", "k")) && !mark("c1", "j").matches(&mark("c2", "j")));
    }

    #[test]
    fn sec_cli_03_an_inactive_client_is_refused_after_everything_else() {
        let inactive = client(&json!({"client_status": "inactive"}));
        let claims = claims(&json!({})).to_string();
        assert_eq!(accepted(inactive, claims.as_bytes(), NOW * 1000).err(), Some(AssertionFault::Inactive));
    }

    #[test]
    fn sec_param_12_and_17_an_assertion_has_three_parts_a_single_spelling_and_a_maximum_length() {
        let subject = br#"{"sub":"c1"}"#;
        assert!(ClientAssertion::parse(&jwt(subject)).is_some());
        let padded = |length: usize| {
            let whole = jwt(subject);
            format!("{whole}{}", "A".repeat(length - whole.len()))
        };
        assert!(ClientAssertion::parse(&padded(8192)).is_some());
        assert!(ClientAssertion::parse(&padded(8193)).is_none());
        let good = jwt(subject);
        let odd = [
            String::new(),
            "a.b".into(),
            format!("{good}.x"),
            format!("{good}.x.y"),
            format!("{good} {good}"),
            good.replace('.', ". "),
            format!("e30.{}=.AA", base64url(subject)),
            format!("e30.{}.AA", base64url(br#"["c1"]"#)),
            format!("e30.{}.AA", base64url(br#"{"sub":1}"#)),
            format!("e30.{}.AA", base64url(br#"{"sub":""}"#)),
            format!("e30.{}.AA", base64url(br#"{"iss":"c1"}"#)),
        ];
        for text in odd {
            assert!(ClientAssertion::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn sec_jwt_06_another_type_of_token_is_not_an_assertion() {
        for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
            assert!(is_assertion(typ), "{typ:?}");
        }
        for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", ""] {
            assert!(!is_assertion(Some(typ)), "{typ}");
        }
    }
}
