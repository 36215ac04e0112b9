//! The client credentials grant (RFC 6749 §4.4).

use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::syntax::quoted::Quoted;
use crate::tokens::context::TokenContext;
use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
use crate::tokens::error::TokenError;
use crate::types::id::GrantId;
use crate::types::scope::Scopes;

/// A request for the client's own token.
pub struct ClientCredentialsRequest {
    /// The requested scopes, if not all.
    pub scope: Option<Scopes>,
    /// The requested resources, if not the default.
    pub resource: Resources,
}

/// Decides a client credentials request; the token gets the id `id` and belongs to no grant.
///
/// The client's own scopes are registered separately from those it may request from users.
///
/// # Errors
///
/// [`TokenError`].
pub fn approve(
    request: &ClientCredentialsRequest,
    id: GrantId,
    context: TokenContext<'_>,
) -> Result<Entitlement, TokenError> {
    let (client, now) = (context.client.client(), context.now);
    if !client.grants.contains(&GrantType::ClientCredentials) || !client.authentication.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    let scope = match &request.scope {
        Some(asked) => match client.client_scope.first_refused(asked) {
            Some(unknown) => return Err(TokenError::UnknownScope(Quoted::of(unknown))),
            None => asked.clone(),
        },
        None => client.client_scope.by_default().filtered(|scope| client.targets.is_for(&request.resource, scope)),
    };
    client.targets.allow(&request.resource)?;
    if let Some(misdirected) = scope.iter().find(|scope| !client.targets.is_for(&request.resource, scope)) {
        return Err(TokenError::MisdirectedScope(Quoted::of(misdirected)));
    }
    Ok(Entitlement {
        grant: id,
        holder: Holder::Client(client.id.clone()),
        audience: client.targets.audience(&request.resource, &Resources::default(), &scope)?,
        scope,
        now,
        access_token: client.lifetimes.access_token,
        id_token: IdTokens::of(client, client.lifetimes.id_token, None),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::clients::client::Client;
    use crate::fixtures::{
        DEFAULT_AUDIENCE, NOW, authenticated, client, confidential_client, context, grant_id, parameters, scopes,
    };

    /// A client that may ask for `read` and `write` by itself, with `change`.
    fn machine(change: &Value) -> Client {
        let base = json!({
            "grant_types": ["client_credentials"], "scope": "openid", "client_credentials_scope": "read write",
            "lifetimes": {"access_token": 100},
        });
        confidential_client(&crate::fixtures::changed(base, change))
    }

    fn decided(client: Client, scope: Option<&str>, resource: &str) -> Result<Entitlement, TokenError> {
        let request = ClientCredentialsRequest {
            scope: scope.map(scopes),
            resource: Resources::parse(&parameters(resource)).unwrap(),
        };
        approve(&request, grant_id(), context(&authenticated(client)))
    }

    #[test]
    fn a_client_credentials_token_is_for_the_registered_client_scopes() {
        let a = "resource=https://a.example";
        let table = [
            (None, "", "read write", DEFAULT_AUDIENCE),
            (Some("read"), "", "read", DEFAULT_AUDIENCE),
            (None, a, "read write", "https://a.example"),
        ];
        for (scope, resource, expected, audience) in table {
            let due = decided(machine(&json!({})), scope, resource).ok().unwrap();
            assert_eq!(due.scope(), &scopes(expected));
            assert_eq!(due.audience, [audience]);
            assert!(due.terms().is_none() && due.id_token_lifetime().is_none() && due.id_token.nonce.is_none());
            assert_eq!((due.client_id().as_str(), due.grant(), due.now()), ("app", &grant_id(), NOW));
            assert_eq!(due.access_token_lifetime().as_seconds(), 100);
        }
    }

    #[test]
    fn sec_authz_18_a_client_has_instances_of_its_templates_by_name_only() {
        let workspace = json!({"scopes": [
            {"name": "openid", "title": "O"}, {"name": "jobs.*", "title": "J", "machines_only": true},
            {"name": "read", "title": "R"},
        ]});
        let of = |scope: &str| {
            let change = json!({
                "grant_types": ["client_credentials"], "scope": "openid", "client_credentials_scope": scope,
                "token_endpoint_auth_method": "client_secret_basic",
                "client_secret_sha256": ["n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"], "redirect_uris": [],
            });
            crate::fixtures::registered(&change, &workspace).unwrap()
        };
        let scope = |asked| decided(of("read jobs.*"), asked, "").map(|due| due.scope().joined()).ok();
        assert_eq!(scope(None).as_deref(), Some("read"));
        assert_eq!(scope(Some("jobs.7 read")).as_deref(), Some("jobs.7 read"));
        assert_eq!((scope(Some("jobs.*")), scope(Some("jobs.7.x"))), (None, None));
        let user = json!({"scope": "openid jobs.7"});
        let error = crate::fixtures::registered(&user, &workspace).err().unwrap().to_string();
        assert!(error.contains("jobs.7 is machines_only, so no user can grant it"), "{error}");
    }

    #[test]
    fn scopes_granted_by_users_are_not_the_clients_own() {
        let refused = |client, scope, resource| format!("{:?}", decided(client, scope, resource).err());
        assert_eq!(refused(machine(&json!({})), Some("openid"), ""), "Some(UnknownScope('openid'))");
        assert_eq!(refused(machine(&json!({})), Some("read openid"), ""), "Some(UnknownScope('openid'))");
        assert_eq!(
            refused(machine(&json!({})), None, "resource=https://b.example"),
            "Some(InvalidTarget(Unknown('https://b.example')))"
        );
        let without = json!({"grant_types": ["authorization_code"], "client_credentials_scope": null});
        assert_eq!(refused(machine(&without), None, ""), "Some(UnauthorizedClient)");
        let public = Client { grants: vec![GrantType::ClientCredentials], ..client(&json!({})) };
        assert_eq!(refused(public, None, ""), "Some(UnauthorizedClient)");
    }
}
