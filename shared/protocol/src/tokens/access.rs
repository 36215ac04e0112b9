//! What the user of a grant may still use, by the rules about users as they are now (catalogue row SEC-AUTHZ-19).

use crate::clients::client::Client;
use crate::clients::resource_indicator::{InvalidTarget, Resources};
use crate::syntax::quoted::Quoted;
use crate::tokens::grant::GrantTerms;
use crate::types::scope::Scopes;

/// Those of `scope` that the user of `terms` may have at `client`; `None` if the user may no longer use the client, or has
/// nothing left.
pub(super) fn allowed_scope(terms: &GrantTerms, client: &Client, scope: &Scopes) -> Option<Scopes> {
    let allowed = client.allowed_scopes(scope, terms.facts());
    let is_empty = allowed.is_empty() && !scope.is_empty();
    (!is_empty && client.allows(terms.facts(), &Resources::default())).then_some(allowed)
}

/// Those of `audience` that the user of `terms` may use; `None` if none is left.
///
/// # Errors
///
/// [`InvalidTarget::NotGranted`] if the token request itself asks for another.
pub(super) fn allowed_audience(
    terms: &GrantTerms,
    client: &Client,
    asked: &Resources,
    audience: Vec<String>,
) -> Result<Option<Vec<String>>, InvalidTarget> {
    let allows = |resource: &str| client.targets.allow_user(resource, terms.facts());
    if let Some(other) = asked.iter().find(|resource| !allows(resource)) {
        return Err(InvalidTarget::NotGranted(Quoted::of(other)));
    }
    let allowed: Vec<String> = audience.into_iter().filter(|resource| allows(resource)).collect();
    Ok((!allowed.is_empty()).then_some(allowed))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{grant_terms, parameters, registered, scopes};

    const STAFF: &str = "https://a.example";

    /// A client for users in the group `staff`, with a scope for editors and a service for staff.
    fn client() -> Client {
        let scope = |name: &str| json!({"name": name, "title": name});
        let write = json!({"name": "write", "title": "W", "allowed_users": {"roles": ["editor"]}});
        let rule = json!({"groups": ["staff"]});
        let of_workspace = json!({
            "scopes": [scope("openid"), scope("read"), write, scope("offline_access")],
            "resources": [{"uri": STAFF, "title": "A", "allowed_users": rule}],
        });
        registered(&json!({"scope": "openid read write offline_access"}), &of_workspace).unwrap()
    }

    fn terms(attributes: Value) -> GrantTerms {
        GrantTerms { attributes: serde_json::from_value(attributes).unwrap(), ..grant_terms() }
    }

    #[test]
    fn sec_authz_19_scopes_follow_the_rules_as_they_are_now() {
        let (client, asked) = (client(), scopes("openid read write"));
        let allowed = |attributes: Value, asked: &Scopes| {
            allowed_scope(&terms(attributes), &client, asked).map(|scope| scope.joined())
        };
        assert_eq!(allowed(json!({}), &asked).as_deref(), Some("openid read"));
        assert_eq!(allowed(json!({"roles": ["editor"]}), &asked).as_deref(), Some("openid read write"));
        assert_eq!(allowed(json!({}), &scopes("write")), None, "nothing is left");
        assert_eq!(allowed(json!({}), &scopes("")).as_deref(), Some(""));
        let rule = serde_json::from_value(json!({"groups": ["staff"]})).unwrap();
        let client = Client { allowed_users: Some(rule), ..client.clone() };
        assert_eq!(allowed_scope(&terms(json!({"groups": ["guests"]})), &client, &asked), None);
        assert!(allowed_scope(&terms(json!({"groups": ["staff"]})), &client, &asked).is_some());
    }

    #[test]
    fn sec_authz_19_a_token_is_not_for_a_service_that_the_user_may_not_use() {
        let (client, none) = (client(), Resources::default());
        let asked = Resources::parse(&parameters("resource=https://a.example")).unwrap();
        let both = || vec![STAFF.to_owned(), "https://api.example".to_owned()];
        let (guest, staff) = (terms(json!({})), terms(json!({"groups": ["staff"]})));
        assert_eq!(allowed_audience(&guest, &client, &none, both()), Ok(Some(vec!["https://api.example".to_owned()])));
        assert_eq!(allowed_audience(&guest, &client, &none, vec![STAFF.into()]), Ok(None));
        assert!(matches!(allowed_audience(&guest, &client, &asked, both()), Err(InvalidTarget::NotGranted(_))));
        assert_eq!(allowed_audience(&staff, &client, &asked, both()), Ok(Some(both())));
    }
}
