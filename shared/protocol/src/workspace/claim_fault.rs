//! Claims that are well-formed but cannot be as their workspace defines them.

use serde_json::Value;
use thiserror::Error;

use crate::users::attributes::is_user_claim;
use crate::workspace::claim_rule::{ClaimRule, ClaimSource, GrantField};
use crate::workspace::pool::{AttributeReaders, Pool};
use crate::workspace::settings::Settings;

/// The claims of the protocol, which nothing else can set: those of access tokens (RFC 9068 §2.2), ID tokens (OpenID
/// Connect Core §2, §3.1.3.6), logout tokens, introspection (RFC 7662 §2.2) and userinfo, and those that other
/// specifications give a meaning in tokens.
pub const RESERVED: [&str; 38] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "auth_time",
    "acr",
    "amr",
    "gty",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "azp",
    "cnf",
    "act",
    "may_act",
    "typ",
    "events",
    "active",
    "token_type",
    "token_introspection",
    "username",
    "authorization_details",
    "sub_jwk",
    "sub_id",
    "txn",
    "toe",
    "vot",
    "vtm",
    "_claim_names",
    "_claim_sources",
    OMITTED,
];

/// The claim that names those that did not fit.
pub const OMITTED: &str = "omitted_claims";

/// The claims that are lists of names (RFC 9068 §2.2.3.1).
pub const LISTS: [&str; 3] = ["groups", "roles", "entitlements"];

/// The most claims that a workspace can define.
const MAX_CLAIMS: usize = 50;

/// The longest name of a claim, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The largest constant, in bytes of JSON.
pub const MAX_CONSTANT_BYTES: usize = 1024;

/// What is wrong with the definition of a claim, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClaimFault {
    /// Too many.
    #[error("a workspace has at most {MAX_CLAIMS} claims: remove some")]
    TooMany,
    /// Two definitions have one name.
    #[error("\"{0}\" occurs twice: define each claim once")]
    Doubled(String),
    /// The name is malformed.
    #[error("\"{0}\" is not a name: use 1 to {MAX_NAME_BYTES} of A-Z, a-z, 0-9 and . _ : / -")]
    Name(String),
    /// A claim of the protocol.
    #[error("{0} is a claim of the protocol, which nothing else may set: choose another name")]
    Reserved(String),
    /// A standard claim that would say something else.
    #[error("{0} is a claim about the user and can only be from user.{0}: write that, or choose another name")]
    Standard(String),
    /// Nothing says what it is.
    #[error("{0} needs from, or value for a constant: write one of them")]
    NoSource(String),
    /// Two things say what it is.
    #[error("{0} has both from and value: remove one of them")]
    TwoSources(String),
    /// Nothing has it.
    #[error("{0} is put nowhere: write what has it, such as [\"access_token\"]")]
    Nowhere(String),
    /// The pool has no such attribute.
    #[error(
        "user.{0} is neither a claim of OpenID Connect nor an attribute of the pool: define it under [[pool.attributes]]"
    )]
    UnknownAttribute(String),
    /// Only an address has members.
    #[error("user.{0} has no members: write user.{0} alone")]
    NoMember(String),
    /// Only operators may read the attribute.
    #[error("user.{0} is for operators (read), so no token can have it: remove read there, or this")]
    OfOperators(String),
    /// A list is expected.
    #[error("{0} is a list of names (RFC 9068 §2.2.3.1), and this is not one")]
    NoList(String),
    /// A constant that is no constant.
    #[error(
        "a constant is a text, a whole number, true, false or a list of texts, of at most {MAX_CONSTANT_BYTES} bytes"
    )]
    Constant,
    /// A scope that nobody can be granted.
    #[error("scope {0} is not one of the workspace: define it there, or remove it here")]
    UnknownScope(String),
}

/// All faults of the claims of `settings`, each with its position and its setting.
pub(super) fn all(settings: &Settings) -> impl Iterator<Item = (usize, &'static str, ClaimFault)> {
    settings.claims.iter().enumerate().flat_map(|(position, rule)| {
        let earlier = settings.claims.get(..position).unwrap_or_default();
        let too_many = (position == MAX_CLAIMS).then_some(("name", ClaimFault::TooMany));
        let of_name = of_name(earlier, rule).map(|fault| ("name", fault));
        let nowhere = rule.places.is_empty().then(|| ("in", ClaimFault::Nowhere(rule.name.clone())));
        let found = [too_many, of_name, of_source(settings, rule), nowhere].into_iter().flatten();
        found.chain(of_scopes(settings, rule)).map(move |(setting, fault)| (position, setting, fault))
    })
}

fn of_name(earlier: &[ClaimRule], rule: &ClaimRule) -> Option<ClaimFault> {
    let name = rule.name.as_str();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(fits) {
        return Some(ClaimFault::Name(name.into()));
    }
    if earlier.iter().any(|earlier| earlier.name == name) {
        return Some(ClaimFault::Doubled(name.into()));
    }
    if RESERVED.contains(&name) {
        return Some(ClaimFault::Reserved(name.into()));
    }
    let is_itself = rule.from == Some(ClaimSource::User(name.into(), None));
    (is_user_claim(name) && !is_itself && !LISTS.contains(&name)).then(|| ClaimFault::Standard(name.into()))
}

fn of_source(settings: &Settings, rule: &ClaimRule) -> Option<(&'static str, ClaimFault)> {
    let name = || rule.name.clone();
    match (&rule.from, &rule.value) {
        (None, None) => Some(("name", ClaimFault::NoSource(name()))),
        (Some(_), Some(_)) => Some(("value", ClaimFault::TwoSources(name()))),
        (None, Some(value)) if !is_constant(value) => Some(("value", ClaimFault::Constant)),
        (None, Some(value)) => {
            (!fits_list(&rule.name, value.is_array())).then(|| ("value", ClaimFault::NoList(name())))
        }
        (Some(source), None) => {
            let unfit = || (!fits_list(&rule.name, is_list(source))).then(|| ClaimFault::NoList(name()));
            of_user(settings.pool.as_ref(), source).or_else(unfit).map(|fault| ("from", fault))
        }
    }
}

/// Whether a claim that is a list, or is not, can have this name.
fn fits_list(name: &str, is_list: bool) -> bool {
    is_list || !LISTS.contains(&name)
}

/// Whether `source` yields lists. What a client's metadata have is checked where the client is registered.
fn is_list(source: &ClaimSource) -> bool {
    match source {
        ClaimSource::User(name, _) => LISTS.contains(&name.as_str()),
        ClaimSource::Grant(GrantField::Scope) | ClaimSource::ClientMetadata(_) => true,
        ClaimSource::Grant(GrantField::Issued) | ClaimSource::Source(_) | ClaimSource::Client(_) => false,
    }
}

fn of_user(pool: Option<&Pool>, source: &ClaimSource) -> Option<ClaimFault> {
    let ClaimSource::User(name, member) = source else { return None };
    if member.is_some() && name != "address" {
        return Some(ClaimFault::NoMember(name.clone()));
    }
    let attribute = pool.and_then(|pool| pool.attribute(name));
    if attribute.is_some_and(|attribute| attribute.read == Some(AttributeReaders::Operators)) {
        return Some(ClaimFault::OfOperators(name.clone()));
    }
    (attribute.is_none() && !is_user_claim(name)).then(|| ClaimFault::UnknownAttribute(name.clone()))
}

/// Whether `value` can be the value of a claim that is always the same.
#[must_use]
pub fn is_constant(value: &Value) -> bool {
    let fits = match value {
        Value::String(_) | Value::Bool(_) => true,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(entries) => entries.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    };
    fits && value.to_string().len() <= MAX_CONSTANT_BYTES
}

fn of_scopes(settings: &Settings, rule: &ClaimRule) -> impl Iterator<Item = (&'static str, ClaimFault)> {
    let unknown = |scope: &&String| settings.scope(scope).is_none();
    rule.scopes.iter().filter(unknown).map(|scope| ("scopes", ClaimFault::UnknownScope(scope.clone()))).take(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{changed, settings};

    fn faults(claims: &Value) -> Vec<String> {
        let pool = json!({"identifiers": ["email"], "attributes": [
            {"name": "department"}, {"name": "badge", "type": "number"}, {"name": "birthdate", "read": "operators"},
        ]});
        let settings = settings(&json!({ "claims": claims, "pool": pool }));
        all(&settings).map(|(position, name, fault)| format!("{position}.{name}: {fault}")).collect()
    }

    fn fault(change: &Value) -> Vec<String> {
        let base = json!({"name": "x", "from": "user.department", "in": ["access_token"]});
        faults(&json!([changed(base, change)]))
    }

    #[test]
    fn sec_tok_07_and_sec_adm_14_a_claim_of_the_protocol_cannot_be_defined() {
        for name in RESERVED {
            let expected =
                format!("0.name: {name} is a claim of the protocol, which nothing else may set: choose another name");
            assert_eq!(fault(&json!({ "name": name })), [expected]);
        }
        assert_eq!(fault(&json!({"name": "https://corp.example/roles"})), Vec::<String>::new());
    }

    #[test]
    fn sec_adm_14_claims_that_cannot_be_are_named() {
        let long = "x".repeat(1025);
        let table = [
            (json!({}), None),
            (json!({"from": "user.badge"}), None),
            (json!({"from": "user.address.country"}), None),
            (json!({"from": null, "value": ["a"]}), None),
            (json!({"name": "roles", "from": "user.groups"}), None),
            (json!({"name": "roles", "from": "client.metadata.roles"}), None),
            (json!({"name": "entitlements", "from": null, "value": ["a"]}), None),
            (json!({"name": "email", "from": "user.email"}), None),
            (json!({"scopes": ["read"]}), None),
            (json!({"name": "a b"}), Some("0.name: \"a b\" is not a name")),
            (json!({"name": "email"}), Some("0.name: email is a claim about the user and can only be from user.email")),
            (json!({"from": null}), Some("0.name: x needs from, or value")),
            (json!({"value": 1}), Some("0.value: x has both from and value")),
            (json!({"in": []}), Some("0.in: x is put nowhere")),
            (json!({"from": "user.nothing"}), Some("0.from: user.nothing is neither")),
            (json!({"from": "user.department.x"}), Some("0.from: user.department has no members")),
            (json!({"from": "user.birthdate"}), Some("0.from: user.birthdate is for operators")),
            (json!({"name": "roles"}), Some("0.from: roles is a list of names")),
            (json!({"name": "roles", "from": null, "value": "a"}), Some("0.value: roles is a list of names")),
            (json!({"from": null, "value": {}}), Some("0.value: a constant is")),
            (json!({"from": null, "value": 1.5}), Some("0.value: a constant is")),
            (json!({"from": null, "value": [1]}), Some("0.value: a constant is")),
            (json!({"from": null, "value": long}), Some("0.value: a constant is")),
            (json!({"scopes": ["read", "nothing"]}), Some("0.scopes: scope nothing is not one of the workspace")),
        ];
        for (change, expected) in table {
            let found = fault(&change);
            assert_eq!(found.len(), usize::from(expected.is_some()), "{change}: {found:?}");
            assert!(found.join("").starts_with(expected.unwrap_or_default()), "{change}: {found:?}");
        }
        let twice = json!({"name": "x", "value": 1, "in": ["id_token"]});
        assert_eq!(faults(&json!([twice, twice])), ["1.name: \"x\" occurs twice: define each claim once"]);
        let many: Vec<Value> =
            (0..=MAX_CLAIMS).map(|at| changed(twice.clone(), &json!({"name": format!("x{at}")}))).collect();
        assert_eq!(faults(&json!(many)), ["50.name: a workspace has at most 50 claims: remove some"]);
    }
}
