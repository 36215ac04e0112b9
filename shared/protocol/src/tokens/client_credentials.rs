//! Client credentials (RFC 6749 §4.4): a client asks for a token of its own.

use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::tokens::context::TokenContext;
use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
use crate::tokens::error::TokenError;
use crate::types::id::GrantId;
use crate::types::scope::Scopes;

/// A request for a token of the client's own.
pub struct ClientCredentialsRequest {
    /// The scopes that are asked for, if not all.
    pub scope: Option<Scopes>,
    /// The resources that it is for, if not the default.
    pub resource: Resources,
}

/// Decides a client's request for a token of its own, which is named `id` and belongs to no grant.
///
/// What a client may do by itself is registered apart from what it may ask users for: the one says nothing about the
/// other.
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
        Some(asked) if !asked.within(&client.client_scope) => return Err(TokenError::InvalidScope),
        Some(asked) => asked.clone(),
        None => client.client_scope.clone(),
    };
    if !client.targets.allow(&request.resource) {
        return Err(TokenError::InvalidTarget);
    }
    Ok(Entitlement {
        grant: id,
        holder: Holder::Client(client.id.clone()),
        scope,
        audience: client.targets.audience(&request.resource, &Resources::default())?,
        now,
        access_token: client.lifetimes.access_token,
        id_token: IdTokens { lifetime: client.lifetimes.id_token, at_hash: client.at_hash, nonce: None },
    })
}
