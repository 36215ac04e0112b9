//! Rules about users that are well-formed but cannot work.

use serde_json::Value;
use thiserror::Error;

use crate::clients::allowed_users::AllowedUsers;
use crate::types::id::IdentitySourceId;
use crate::users::attributes::is_user_claim;
use crate::workspace::pool::{POOL, Pool};
use crate::workspace::sandbox::SANDBOX;
use crate::workspace::settings::Settings;

/// What is wrong with a rule about users, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AllowedUsersFault {
    /// It allows nobody.
    #[error("allowed_users names nobody: write groups, roles, sources or attributes, or remove it")]
    Nobody,
    /// The workspace has no such source.
    #[error("allowed_users.sources: \"{0}\" is no identity source of the workspace")]
    UnknownSource(String),
    /// The pool has no such attribute.
    #[error("allowed_users.attributes: \"{0}\" is not an attribute of your own: define it under [[pool.attributes]]")]
    UnknownAttribute(String),
    /// No user can have the value.
    #[error("allowed_users.attributes.{0} has no values, or one that is no text, whole number, true or false")]
    Values(String),
}

/// What is wrong with `rule` in the workspace with `settings`.
#[must_use]
pub fn fault(rule: &AllowedUsers, settings: &Settings) -> Option<AllowedUsersFault> {
    if rule.is_empty() {
        return Some(AllowedUsersFault::Nobody);
    }
    if let Some(unknown) = rule.sources.iter().find(|source| !has_source(settings, source)) {
        return Some(AllowedUsersFault::UnknownSource(unknown.clone()));
    }
    rule.attributes.iter().find_map(|(name, values)| of_attribute(settings.pool.as_ref(), name, values))
}

fn has_source(settings: &Settings, source: &str) -> bool {
    match source {
        SANDBOX => settings.sandbox.is_some(),
        POOL => settings.pool.is_some(),
        id => IdentitySourceId::parse(id).is_ok() && settings.upstream(id).is_some(),
    }
}

/// Names and addresses describe users, and an address need not be verified: only attributes of the operator's own decide.
fn of_attribute(pool: Option<&Pool>, name: &str, values: &[Value]) -> Option<AllowedUsersFault> {
    if is_user_claim(name) || pool.and_then(|pool| pool.attribute(name)).is_none() {
        return Some(AllowedUsersFault::UnknownAttribute(name.to_owned()));
    }
    let fits = |value: &Value| value.is_string() || value.is_boolean() || value.is_i64() || value.is_u64();
    (values.is_empty() || !values.iter().all(fits)).then(|| AllowedUsersFault::Values(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::settings;

    #[test]
    fn sec_adm_14_rules_about_users_that_cannot_work_are_named() {
        let pool = json!({"identifiers": ["email"], "attributes": [{"name": "department"}, {"name": "nickname"}]});
        let settings = settings(&json!({"pool": pool, "upstream": [
            {"id": "corp", "title": "C", "issuer": "https://c.example", "client_id": "us"},
        ]}));
        let table = [
            (
                json!({"groups": ["a"], "sources": ["corp", "pool"], "attributes": {"department": ["it", 7, true]}}),
                None,
            ),
            (json!({}), Some("allowed_users names nobody")),
            (json!({"sources": ["sandbox"]}), Some("allowed_users.sources: \"sandbox\" is no identity source")),
            (json!({"sources": ["Corp"]}), Some("allowed_users.sources: \"Corp\" is no identity source")),
            (json!({"attributes": {"level": [1]}}), Some("allowed_users.attributes: \"level\" is not an attribute")),
            (json!({"attributes": {"nickname": ["x"]}}), Some("allowed_users.attributes: \"nickname\" is not")),
            (json!({"attributes": {"email": ["x@y.example"]}}), Some("allowed_users.attributes: \"email\" is not")),
            (json!({"attributes": {"department": []}}), Some("allowed_users.attributes.department has no values")),
            (json!({"attributes": {"department": [{}]}}), Some("allowed_users.attributes.department has no values")),
        ];
        for (rule, expected) in table {
            let said = fault(&serde_json::from_value(rule.clone()).unwrap(), &settings).map(|fault| fault.to_string());
            assert_eq!(said.is_some(), expected.is_some(), "{rule}: {said:?}");
            assert!(said.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{rule}");
        }
    }
}
