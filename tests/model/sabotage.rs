//! Deliberate mistakes, injected at the connection to the store so that the server's code stays correct. The model must
//! detect each one, which tests the model itself.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};
use tests::wire::response;

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// The redeeming write does not check whether the code was redeemed before.
    RedeemsTwice,
    /// Codes never expire.
    CodesLast,
    /// Revocation is acknowledged but not written.
    RevokesNothing,
    /// A refresh does not check that the token is still the current one.
    ForksRefreshTokens,
    /// A session outlives its lifetime.
    SessionsLast,
    /// Logging out keeps the session.
    LogsNobodyOut,
    /// Consent given to one client counts for all.
    SharesConsents,
    /// All places share their grants.
    MixesPlaces,
    /// A store error is treated as an empty result.
    ExcusesFaults,
}

pub(crate) const SABOTAGES: [Sabotage; 9] = [
    Sabotage::RedeemsTwice,
    Sabotage::CodesLast,
    Sabotage::RevokesNothing,
    Sabotage::ForksRefreshTokens,
    Sabotage::SessionsLast,
    Sabotage::LogsNobodyOut,
    Sabotage::SharesConsents,
    Sabotage::MixesPlaces,
    Sabotage::ExcusesFaults,
];

/// One day in milliseconds.
const DAY: u64 = 86_400_000;

impl Sabotage {
    /// Returns the modified call.
    pub(crate) fn request(self, target: &str, body: &[u8]) -> Vec<u8> {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let mut call: Value = serde_json::from_slice(body).unwrap();
        match (self, operation) {
            (Self::RedeemsTwice, "UpdateItem") => change(&mut call, "attribute_not_exists(redeemed) AND ", ""),
            (Self::ForksRefreshTokens, "UpdateItem") if asks(&call, "refresh = :current") => {
                change(&mut call, "refresh = :current", "(refresh = :current OR attribute_exists(refresh))");
            }
            (Self::CodesLast, "PutItem") => later(call.pointer_mut("/Item/code_expires/N")),
            (Self::RevokesNothing, "UpdateItem") if call["UpdateExpression"].as_str().is_some_and(revokes) => {
                call["UpdateExpression"] = json!("SET touched = if_not_exists(touched, :now)");
            }
            (Self::SessionsLast, "PutItem") if is(&call, "session#") => outlive(&mut call["Item"]["session"]["S"]),
            (Self::LogsNobodyOut, "DeleteItem") if is(&call, "session#") => {
                call["Key"]["pk"]["S"] = json!("session#nobody");
            }
            (Self::SharesConsents, _) => {
                for key in ["/Key/sk/S", "/Item/sk/S"] {
                    if is(&call, "consent#")
                        && let Some(client) = call.pointer_mut(key)
                    {
                        *client = json!("all");
                    }
                }
            }
            (Self::MixesPlaces, _) => {
                for key in ["/Key/pk/S", "/Item/pk/S"] {
                    if let Some(key) = call.pointer_mut(key) {
                        let mixed = key.as_str().unwrap().replace("grant#other/", "grant#default/");
                        *key = json!(mixed);
                    }
                }
            }
            _ => return body.to_vec(),
        }
        serde_json::to_vec(&call).unwrap()
    }

    /// Returns the response that replaces a store error.
    pub(crate) fn excuse(self, answer: &HttpResponse) -> Option<HttpResponse> {
        let body = answer.body().bytes().unwrap_or_default();
        let denied = std::str::from_utf8(body).is_ok_and(|body| body.contains("AccessDenied"));
        (self == Self::ExcusesFaults && denied).then(|| response(200, b"{}".to_vec()))
    }
}

fn revokes(expression: &str) -> bool {
    expression.contains("SET revoked = ")
}

fn asks(call: &Value, condition: &str) -> bool {
    call["ConditionExpression"].as_str().is_some_and(|all| all.contains(condition))
}

/// Replaces a part of the condition.
fn change(call: &mut Value, part: &str, other: &str) {
    if let Some(condition) = call["ConditionExpression"].as_str() {
        call["ConditionExpression"] = json!(condition.replace(part, other));
    }
}

/// Whether the call concerns an item of this kind.
fn is(call: &Value, kind: &str) -> bool {
    let key = call["Key"]["pk"]["S"].as_str().or_else(|| call["Item"]["pk"]["S"].as_str());
    key.is_some_and(|key| key.starts_with(kind))
}

/// Moves a timestamp forward by a day, if present.
fn later(time: Option<&mut Value>) {
    if let Some(time) = time {
        *time = json!((time.as_str().unwrap().parse::<u64>().unwrap() + DAY).to_string());
    }
}

/// Extends the lifetime of a session by a day.
fn outlive(session: &mut Value) {
    let mut inner: Value = serde_json::from_str(session.as_str().unwrap()).unwrap();
    inner["expires"] = json!(inner["expires"].as_u64().unwrap() + DAY);
    *session = json!(inner.to_string());
}
