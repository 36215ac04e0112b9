//! What providers send.

use std::sync::LazyLock;

use protocol::clients::external_url::Reach;
use protocol::federation::id_token::{Expected, UpstreamIdToken};
use protocol::federation::metadata::{PublishedMetadata, UpstreamMetadata, UserStatement};
use protocol::federation::openid::UpstreamTransaction;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::syntax::json;
use protocol::syntax::parameters::Parameters;
use protocol::users::user_claims::SourceClaims;
use protocol::workspace::upstream_provider::UpstreamProvider;
use serde_json::{Map, Value, json};
use url::Url;

use crate::fixtures::{NOW, WORKSPACE};

static PROVIDER: LazyLock<UpstreamProvider> = LazyLock::new(|| {
    serde_json::from_value(json!({
        "id": "partner", "title": "Partner", "issuer": "https://partner.example", "client_id": "us",
    }))
    .expect("a provider")
});

static METADATA: LazyLock<UpstreamMetadata> = LazyLock::new(|| {
    let published = serde_json::from_value(json!({
        "issuer": "https://partner.example", "authorization_endpoint": "https://partner.example/authorize",
        "token_endpoint": "https://partner.example/token", "jwks_uri": "https://partner.example/keys",
    }))
    .expect("metadata");
    UpstreamMetadata::parse(published, &PROVIDER, Reach::Internet).expect("metadata of the provider")
});

static TRANSACTION: LazyLock<UpstreamTransaction> = LazyLock::new(|| {
    serde_json::from_value(json!({
        "interaction": crate::interactions::INTERACTION.clone(), "provider": "partner",
        "issuer": "https://partner.example", "state": "our-state", "nonce": "our-nonce",
        "code_verifier": "our-verifier", "expires": 1_780_000_600_000_u64,
    }))
    .expect("a transaction")
});

/// Metadata: what is accepted is the provider's, and every URL in it is `https` and has one reading.
pub fn metadata(data: &[u8]) {
    let Some(published) = json::strict::<PublishedMetadata>(data) else { return };
    let Ok(metadata) = UpstreamMetadata::parse(published, &PROVIDER, Reach::Internet) else { return };
    assert_eq!(metadata.issuer, PROVIDER.issuer);
    let UserStatement::IdToken(endpoints) = &metadata.statement else { panic!("an API instead of an OpenID provider") };
    let outbound = [Some(&metadata.token_endpoint), Some(&endpoints.jwks_uri), endpoints.userinfo_endpoint.as_ref()];
    let browser = metadata.authorization_endpoint.as_str();
    for url in outbound.into_iter().flatten().map(|url| url.as_str()).chain([browser]) {
        let url = Url::parse(url).expect("a URL");
        assert_eq!(url.scheme(), "https");
        assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{url}");
    }
}

/// An ID token's claims in the first line and userinfo in the second: who is accepted is meant by both, and what is kept
/// of the claims is read again as it was.
pub fn claims(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (claims, userinfo) = data.split_at(at);
    let alg = ExternalAlgorithm::RS256;
    let expected =
        Expected { provider: &PROVIDER, nonce: "n", alg, access_token: "t", code: "c", earliest_login: None, now: NOW };
    let Ok(token) = UpstreamIdToken::accept(claims, &expected) else { return };
    let said: Value = serde_json::from_slice(claims).expect("JSON");
    assert_eq!((&said["iss"], &said["nonce"]), (&json!("https://partner.example"), &json!("n")));
    let recent = Expected { earliest_login: Some(NOW), ..expected };
    if let Ok(recent) = UpstreamIdToken::accept(claims, &recent) {
        assert!(recent.auth_time().is_some(), "a login that nobody dates is not recent");
    }
    let userinfo = json::strict_object(userinfo);
    let userinfo = userinfo.as_ref().and_then(Value::as_object);
    let Ok(identity) = token.identity(&WORKSPACE, &PROVIDER, userinfo) else { return };
    assert!(userinfo.is_none_or(|userinfo| userinfo.get("sub") == said.get("sub")), "userinfo is of somebody else");
    let kept = serde_json::to_value(&identity.identity.claims).expect("claims that can be stored");
    let again: SourceClaims = serde_json::from_value(kept.clone()).expect("claims");
    assert_eq!(serde_json::to_value(&again).expect("claims"), kept, "it is read back");
    assert_forms(kept.as_object().expect("an object"));
}

/// The claims have the types and forms of OpenID Connect Core §5.1, whatever was sent.
fn assert_forms(claims: &Map<String, Value>) {
    for name in ["email_verified", "phone_number_verified"] {
        assert!(claims.get(name).is_none_or(Value::is_boolean), "{name}");
    }
    for name in ["name", "email", "locale", "zoneinfo"] {
        assert!(claims.get(name).is_none_or(Value::is_string), "{name}");
    }
    for name in ["picture", "profile", "website"] {
        let url = claims.get(name).map(|url| Url::parse(url.as_str().expect("a string")).expect("a URL"));
        assert!(url.is_none_or(|url| matches!(url.scheme(), "http" | "https")), "{name}");
    }
}

/// The parameters with which a provider sends the browser back: a code is taken only from the answer to this login.
pub fn upstream_answer(data: &[u8]) {
    let Ok(parameters) = Parameters::parse(data) else { return };
    let Ok(code) = TRANSACTION.answered(&parameters, (&PROVIDER, &METADATA)) else { return };
    let expected = [("state", Some("our-state")), ("code", Some(code)), ("error", None)];
    for (name, value) in expected {
        assert_eq!(parameters.all(name).collect::<Vec<_>>(), Vec::from_iter(value), "{name}");
    }
    assert!(parameters.all("iss").all(|issuer| issuer == PROVIDER.issuer));
}
