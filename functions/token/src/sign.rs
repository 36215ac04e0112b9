//! Signing the tokens to issue, and deriving the refresh token.

use backchannel::Derived;
use keystore::SignerFault;
use protocol::jose::at_hash::AtHash;
use protocol::tokens::access_token::{self, AccessTokenClaims};
use protocol::tokens::entitlement::Entitlement;
use protocol::tokens::error::TokenError;
use protocol::tokens::id_token::{self, IdTokenClaims};
use protocol::types::commit::Unreleased;
use signing::entropy::random;
use signing::{Signer, SigningFault};
use web::unavailable;

use crate::authenticated_request::AuthenticatedRequest;
use crate::response::TokenResponse;

/// Signs the tokens with the current key or the one that takes over from it. Tokens of a grant must be held back until
/// its commit is won.
pub(crate) async fn sign_tokens(
    request: &AuthenticatedRequest<'_>,
    due: &Entitlement,
    refresh_token: Option<&Derived>,
) -> Result<TokenResponse, TokenError> {
    let (deps, workspace) = (request.deps, request.workspace());
    let nonce = random(&*deps.entropy).map_err(unavailable)?;
    let access = AccessTokenClaims::of(due, &workspace.issuer, &nonce).ok_or(TokenError::UnauthorizedClient)?;
    let id = IdTokenClaims::of(due, workspace);
    let work = async |signer: &Signer| sign_both(signer, &access, id.clone(), due.at_hash()).await;
    let signed: Result<_, SignerFault> =
        deps.signers.sign(&workspace.id, due.now(), 1 + u32::from(id.is_some()), work).await;
    let (access_token, id_token) = signed.map_err(unavailable)?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: due.access_token_lifetime().as_seconds(),
        scope: due.scope().joined(),
        id_token,
        refresh_token: refresh_token.map(|derived| derived.token.expose().clone()),
    })
}

/// Signs the tokens of a grant, and holds them back until the commit is won.
pub(crate) async fn sign_and_hold(
    request: &AuthenticatedRequest<'_>,
    due: &Entitlement,
    refresh_token: Option<&Derived>,
) -> Result<Unreleased<TokenResponse>, TokenError> {
    sign_tokens(request, due, refresh_token).await.map(Unreleased::hold)
}

/// Signs both tokens concurrently; in sequence only if the ID token contains the hash of the access token.
async fn sign_both(
    signer: &Signer,
    access: &AccessTokenClaims,
    id: Option<IdTokenClaims>,
    at_hash: AtHash,
) -> Result<(String, Option<String>), SigningFault> {
    let access_token = signer.sign(access_token::TYPE, access);
    match (id, at_hash) {
        (None, _) => Ok((access_token.await?, None)),
        (Some(id), AtHash::Omitted) => {
            let (access_token, id_token) = tokio::try_join!(access_token, signer.sign(id_token::TYPE, &id))?;
            Ok((access_token, Some(id_token)))
        }
        (Some(id), AtHash::Included) => {
            let access_token = access_token.await?;
            let id_token = signer.sign(id_token::TYPE, &id.with_hash_of(&access_token)).await?;
            Ok((access_token, Some(id_token)))
        }
    }
}
