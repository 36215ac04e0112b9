//! The `scope` of an authorization request, and the scopes that remain (RFC 6749 §3.3, OpenID Connect Core §3.1.2.1).

use crate::authorization::error::RedirectError;
use crate::clients::client::Client;
use crate::clients::policies::UnknownScopes;
use crate::syntax::parameters::Parameters;
use crate::syntax::quoted::Quoted;
use crate::types::scope::{OFFLINE_ACCESS, OPENID, Scopes};

/// The requested scopes; without the parameter, all that the client is registered for (RFC 6749 §3.3) except
/// `offline_access`, which has to be requested explicitly (OpenID Connect Core §11).
///
/// If scopes that the client is not registered for are ignored, at least one scope has to remain, and `openid` has to if
/// it was requested, because the client would wait for an ID token.
pub(super) fn requested(parameters: &Parameters, client: &Client) -> Result<Scopes, RedirectError> {
    let Some(text) = parameters.one("scope")? else {
        return Ok(client.scope.filtered(|scope| scope != OFFLINE_ACCESS));
    };
    let scope = Scopes::parse(text)?;
    let Some(unknown) = scope.first_outside(&client.scope) else { return Ok(scope) };
    let known = scope.filtered(|scope| client.scope.contains(scope));
    let suffices = !known.is_empty() && (known.contains(OPENID) || !scope.contains(OPENID));
    if client.unknown_scopes == UnknownScopes::Ignored && suffices {
        return Ok(known);
    }
    Err(RedirectError::UnknownScope(Quoted::of(unknown)))
}

/// The requested scopes that are not among `kept`.
pub(super) fn ignored(parameters: &Parameters, kept: &Scopes) -> Scopes {
    let requested = parameters.one("scope").ok().flatten().and_then(|text| Scopes::parse(text).ok());
    requested.unwrap_or_default().filtered(|scope| !kept.contains(scope))
}
