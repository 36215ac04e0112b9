//! Signing the tokens to issue, and deriving the refresh token.

use backchannel::Derived;
use keystore::{SignerFault, Signers, SigningTask};
use protocol::jose::at_hash::AtHash;
use protocol::jose::jwk::Algorithm;
use protocol::tokens::access_token::{self, AccessTokenClaims};
use protocol::tokens::entitlement::Entitlement;
use protocol::tokens::error::TokenError;
use protocol::tokens::id_token::{self, IdTokenClaims};
use protocol::tokens::mapped_claims::ClaimValues;
use protocol::types::commit::Unreleased;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::workspace::claim_fault::OMITTED;
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
    let values = ClaimValues::of(workspace, request.client.client(), due.terms(), due.scope());
    let access = AccessTokenClaims::of(due, &workspace.issuer, &nonce).ok_or(TokenError::UnauthorizedClient)?;
    let access = access.with(&values);
    let id = IdTokenClaims::of(due, workspace).map(|id| id.with(&values));
    warn_of_omitted(&access);
    let keys = TokenKeys { signers: &deps.signers, workspace: &workspace.id, now: due.now() };
    let form = IdTokenForm { algorithm: due.id_token_algorithm(), at_hash: due.at_hash() };
    let signed = keys.sign(&access, id, form).await;
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

/// Tells the operator that claims did not fit: the token names them.
fn warn_of_omitted(access: &AccessTokenClaims) {
    if access.mapped.contains_key(OMITTED) {
        tracing::warn!(client.id = %access.client_id, "claims of the workspace did not fit into an access token");
    }
}

/// Signs the tokens of a grant, and holds them back until the commit is won.
pub(crate) async fn sign_and_hold(
    request: &AuthenticatedRequest<'_>,
    due: &Entitlement,
    refresh_token: Option<&Derived>,
) -> Result<Unreleased<TokenResponse>, TokenError> {
    sign_tokens(request, due, refresh_token).await.map(Unreleased::hold)
}

/// The keys of a workspace.
struct TokenKeys<'a> {
    signers: &'a Signers,
    workspace: &'a WorkspaceId,
    now: Timestamp,
}

/// What distinguishes the ID token of a response from its access token.
#[derive(Clone, Copy)]
struct IdTokenForm {
    algorithm: Option<Algorithm>,
    at_hash: AtHash,
}

impl TokenKeys<'_> {
    /// Signs with the workspace's own key. Only an ID token whose client asked for another algorithm is signed with the key
    /// beside it; access tokens always have the workspace's algorithm, which APIs expect.
    async fn sign(
        &self,
        access: &AccessTokenClaims,
        id: Option<IdTokenClaims>,
        form: IdTokenForm,
    ) -> Result<(String, Option<String>), SignerFault> {
        match (id, form.algorithm) {
            (Some(id), Some(wanted)) if self.signers.algorithm(self.workspace, self.now).await? != wanted => {
                self.sign_apart(access, id, form).await
            }
            (id, wanted) => {
                let task = self.task(wanted.filter(|_| id.is_some()), 1 + u32::from(id.is_some()));
                self.signers.sign(task, async |signer| sign_both(signer, access, id.clone(), form.at_hash).await).await
            }
        }
    }

    /// Signs each token with its own key.
    async fn sign_apart(
        &self,
        access: &AccessTokenClaims,
        id: IdTokenClaims,
        form: IdTokenForm,
    ) -> Result<(String, Option<String>), SignerFault> {
        let access_token =
            self.signers.sign(self.task(None, 1), async |signer| signer.sign(access_token::TYPE, access).await);
        let id_token = async |id: IdTokenClaims| {
            let task = self.task(form.algorithm, 1);
            self.signers.sign(task, async |signer| signer.sign(id_token::TYPE, &id).await).await
        };
        let (access_token, id_token) = match form.at_hash {
            AtHash::Omitted => tokio::try_join!(access_token, id_token(id))?,
            AtHash::Included => {
                let access_token = access_token.await?;
                let id_token = id_token(id.with_hash_of(&access_token)).await?;
                (access_token, id_token)
            }
        };
        Ok((access_token, Some(id_token)))
    }

    const fn task(&self, algorithm: Option<Algorithm>, signatures: u32) -> SigningTask<'_> {
        SigningTask { workspace: self.workspace, algorithm, signatures, now: self.now }
    }
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
