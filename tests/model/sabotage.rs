//! Deliberate mistakes, made on the wire to the store so that no code of the server carries them. The model has to find
//! each: that is the test of the model.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use crate::wire::response;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// The write that redeems a code does not ask whether it was redeemed.
    RedeemsTwice,
    /// Codes never end.
    CodesLast,
    /// Revocation is answered and not written.
    RevokesNothing,
    /// Refreshing does not ask whether the token is still the current one.
    ForksRefreshTokens,
    /// A session outlives its time.
    SessionsLast,
    /// Logging out leaves the session.
    LogsNobodyOut,
    /// What one client was allowed, all are.
    SharesConsents,
    /// Grants of all places are one.
    MixesPlaces,
    /// A store that refuses is taken for one that has nothing.
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

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

impl Sabotage {
    /// The call that is made instead.
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

    /// What the server is told instead of a refusal.
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

/// Puts something else in place of a part of the condition.
fn change(call: &mut Value, part: &str, other: &str) {
    if let Some(condition) = call["ConditionExpression"].as_str() {
        call["ConditionExpression"] = json!(condition.replace(part, other));
    }
}

/// Whether the call is about an item of this kind.
fn is(call: &Value, kind: &str) -> bool {
    let key = call["Key"]["pk"]["S"].as_str().or_else(|| call["Item"]["pk"]["S"].as_str());
    key.is_some_and(|key| key.starts_with(kind))
}

/// Moves a time by a day, if it is there.
fn later(time: Option<&mut Value>) {
    if let Some(time) = time {
        *time = json!((time.as_str().unwrap().parse::<u64>().unwrap() + DAY).to_string());
    }
}

/// Moves the end of a session by a day.
fn outlive(session: &mut Value) {
    let mut inner: Value = serde_json::from_str(session.as_str().unwrap()).unwrap();
    inner["expires"] = json!(inner["expires"].as_u64().unwrap() + DAY);
    *session = json!(inner.to_string());
}
