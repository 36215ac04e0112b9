//! The `scope` of an authorization request, and the scopes that remain (RFC 6749 §3.3, OpenID Connect Core §3.1.2.1).

use crate::authorization::error::RedirectError;
use crate::clients::client::Client;
use crate::clients::policies::UnknownScopes;
use crate::clients::resource_indicator::Resources;
use crate::syntax::parameters::Parameters;
use crate::syntax::quoted::Quoted;
use crate::types::scope::{OFFLINE_ACCESS, OPENID, Scopes};

/// The requested scopes; without the parameter, all that the client is registered for (RFC 6749 §3.3) except
/// `offline_access`, which has to be requested explicitly (OpenID Connect Core §11).
///
/// If scopes that the client is not registered for are ignored, at least one scope has to remain, and `openid` has to if
/// it was requested, because the client would wait for an ID token.
/// The same happens to scopes that are for other resources than the requested ones.
///
/// Implicit scopes are added to whatever is requested. A template is refused, because it names no instance.
pub(super) fn requested(
    parameters: &Parameters,
    client: &Client,
    resources: &Resources,
) -> Result<Scopes, RedirectError> {
    let fits = |scope: &str| client.targets.is_for(resources, scope);
    let Some(text) = parameters.one("scope")? else {
        return Ok(client.scope.by_default().filtered(|scope| scope != OFFLINE_ACCESS && fits(scope)));
    };
    let scope = Scopes::parse(text)?;
    if let Some(template) = scope.iter().find(|scope| client.scope.has_template(scope)) {
        return Err(RedirectError::ScopeTemplate(Quoted::of(template)));
    }
    let known = scope.filtered(|scope| client.scope.allow(scope) && fits(scope));
    let suffices = !known.is_empty() && (known.contains(OPENID) || !scope.contains(OPENID));
    if known == scope || client.unknown_scopes == UnknownScopes::Ignored && suffices {
        return Ok(known.with(&client.scope.implicit().filtered(fits))?);
    }
    Err(match client.scope.first_refused(&scope) {
        Some(unknown) => RedirectError::UnknownScope(Quoted::of(unknown)),
        None => {
            RedirectError::MisdirectedScope(Quoted::of(scope.iter().find(|scope| !fits(scope)).unwrap_or_default()))
        }
    })
}

/// The requested scopes that are not among `kept`.
pub(super) fn ignored(parameters: &Parameters, kept: &Scopes) -> Scopes {
    let requested = parameters.one("scope").ok().flatten().and_then(|text| Scopes::parse(text).ok());
    requested.unwrap_or_default().filtered(|scope| !kept.contains(scope))
}
