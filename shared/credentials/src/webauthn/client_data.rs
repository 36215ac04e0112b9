//! What the browser says about a ceremony (WebAuthn Level 3 §5.8.1).

use protocol::syntax::encoding::base64url_decoded;
use protocol::syntax::json;
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::ceremony::Challenge;
use super::refusal::WebauthnRefusal;
use super::relying_party::RelyingParty;

/// The client data, of which more members may come with later browsers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default, deserialize_with = "json::present")]
    top_origin: Option<Value>,
}

/// Which of the two ceremonies.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Registration,
    Authentication,
}

/// Checks the client data `bytes` of a ceremony (WebAuthn Level 3 §7.1 steps 5 to 11, §7.2 steps 9 to 14).
pub(super) fn check(
    bytes: &[u8],
    kind: Kind,
    challenge: &Challenge,
    relying_party: &RelyingParty,
) -> Result<(), WebauthnRefusal> {
    let data: ClientData = json::strict(bytes).ok_or(WebauthnRefusal::Malformed("client data"))?;
    let expected = match kind {
        Kind::Registration => "webauthn.create",
        Kind::Authentication => "webauthn.get",
    };
    if data.r#type != expected {
        return Err(WebauthnRefusal::Type);
    }
    // One spelling only: a second one could pass by a check of used challenges.
    let answered = base64url_decoded(&data.challenge).ok_or(WebauthnRefusal::Challenge)?;
    if !bool::from(answered.ct_eq(challenge.bytes())) {
        return Err(WebauthnRefusal::Challenge);
    }
    if !relying_party.has_origin(&data.origin) {
        return Err(WebauthnRefusal::Origin);
    }
    if data.cross_origin || data.top_origin.is_some() {
        return Err(WebauthnRefusal::CrossOrigin);
    }
    Ok(())
}
