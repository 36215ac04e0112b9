//! Userinfo responses that are signed JWTs (OpenID Connect Core §5.3.2).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::federation::openid::UpstreamError;
use crate::syntax::json::{audience, strict};
use crate::types::external_time::{ExternalClock, NumericDate};
use crate::types::time::Timestamp;
use crate::workspace::upstream_provider::UpstreamProvider;

/// The claims about the response itself. It should have the first two; those that are present are
/// checked.
#[derive(Deserialize)]
struct Envelope {
    iss: Option<String>,
    #[serde(default, deserialize_with = "optional_audience")]
    aud: Vec<String>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
}

fn optional_audience<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if value.is_null() { Ok(Vec::new()) } else { audience(value).map_err(serde::de::Error::custom) }
}

/// Checks the claims of a userinfo response of `provider` whose signature is valid, and returns them.
///
/// # Errors
///
/// [`UpstreamError::SignedUserinfo`] names the invalid claim.
pub fn accept(claims: &[u8], provider: &UpstreamProvider, now: Timestamp) -> Result<Map<String, Value>, UpstreamError> {
    let wrong = UpstreamError::SignedUserinfo;
    let said: Map<String, Value> = strict(claims).ok_or(wrong("shape"))?;
    let envelope: Envelope = strict(claims).ok_or(wrong("shape"))?;
    let (clock, us) = (ExternalClock::at(now), provider.client_id.as_str());
    let begun = |time: Option<NumericDate>| time.is_none_or(|time| clock.has_reached(time.stated()));
    let checks = [
        ("iss", envelope.iss.is_none_or(|issuer| provider.issues(&issuer))),
        ("aud", envelope.aud.is_empty() || envelope.aud.iter().any(|audience| audience == us)),
        ("exp", envelope.exp.is_none_or(|exp| clock.is_before(exp.stated()))),
        ("nbf", begun(envelope.nbf)),
        ("iat", begun(envelope.iat)),
    ];
    match checks.iter().find(|(_, holds)| !holds) {
        Some((claim, _)) => Err(wrong(claim)),
        None => Ok(said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::changed;

    #[test]
    fn a_signed_userinfo_has_the_right_issuer_and_audience_and_is_current() {
        let provider = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let provider: UpstreamProvider = serde_json::from_value(provider).unwrap();
        let now = 1_700_000_000;
        let base = json!({"sub": "s", "iss": "https://p.example", "aud": "us", "iat": now, "exp": now + 60});
        let told = |change: &Value| {
            let claims = changed(base.clone(), change).to_string();
            accept(claims.as_bytes(), &provider, Timestamp::from_seconds(now)).map(|said| said.len())
        };
        assert_eq!(told(&json!({})), Ok(5));
        assert_eq!(told(&json!({"iss": null, "aud": null, "iat": null, "exp": null})), Ok(1));
        assert_eq!(told(&json!({"aud": ["them", "us"]})), Ok(5));
        let table = [
            ("iss", json!({"iss": "https://q.example"})),
            ("aud", json!({"aud": "them"})),
            ("exp", json!({"exp": now - 60})),
            ("nbf", json!({"nbf": now + 60})),
            ("iat", json!({"iat": now + 60})),
            ("shape", json!({"exp": "soon"})),
            ("shape", json!({"aud": 7})),
        ];
        for (claim, change) in table {
            assert_eq!(told(&change), Err(UpstreamError::SignedUserinfo(claim)), "{change}");
        }
    }
}
