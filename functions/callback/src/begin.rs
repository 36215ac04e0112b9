//! Sending the user to a provider.

use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::{Target, UpstreamTransaction};
use protocol::syntax::encoding::base64url;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use sha2::{Digest, Sha256};
use signing::EntropyFault;
use signing::entropy::random;
use web::response::{see_other, with_cookie};
use web::{Request, Response};

use crate::{Deps, callback_url, provider, resumed, transaction_cookie, unavailable};

/// How long a user may take at the provider.
const UPSTREAM_LOGIN_TIMEOUT: Lifetime = Lifetime::seconds(900);

/// The longest sealed transaction that fits into a cookie of four kilobytes.
const MAX_SEALED_TRANSACTION_BYTES: usize = 3800;

/// Begins a login with the provider that the path names.
pub(crate) async fn begin(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    idp: &str,
) -> Result<Response, Refusal> {
    let parameters = request.query_parameters().map_err(|_| PageError::StaleInteraction)?;
    let interaction = deps.front.open(workspace, parameters.one("interaction").map_err(PageError::from)?).await?;
    let pending = resumed(deps, request, workspace, interaction.clone()).await?;
    let provider = provider(&pending, idp)?;
    let metadata = deps.upstreams.metadata(&deps.fetcher, provider, deps.front.clock.now()).await?;
    let transaction = UpstreamTransaction {
        interaction,
        provider: provider.id.clone(),
        state: fresh(deps)?,
        nonce: fresh(deps)?,
        code_verifier: fresh(deps)?,
        expires: deps.front.clock.now().plus(UPSTREAM_LOGIN_TIMEOUT),
    };
    let code_challenge = base64url(&Sha256::digest(transaction.code_verifier.as_bytes()));
    let target = Target { callback: &callback_url(&pending, idp), code_challenge: &code_challenge };
    let url = transaction.authorization_url(provider, &metadata, &target);
    let cookie = transaction_cookie(deps, workspace, &transaction.state)
        .set_for(&sealed(deps, workspace, &transaction).await?, UPSTREAM_LOGIN_TIMEOUT);
    Ok(with_cookie(see_other(&url), &cookie))
}

fn fresh(deps: &Deps) -> Result<String, PageError> {
    let bytes = random::<32>(&*deps.front.entropy).map_err(|_: EntropyFault| PageError::Unavailable)?;
    Ok(base64url(&bytes))
}

async fn sealed(deps: &Deps, workspace: &WorkspaceId, transaction: &UpstreamTransaction) -> Result<String, PageError> {
    let plain = serde_json::to_vec(transaction).map_err(|_| PageError::Unavailable)?;
    let front = &deps.front;
    let keys = deps.transactions.keys(front.clock.now()).await.map_err(|fault| unavailable(&fault))?;
    let sealed = keys.seal(workspace, plain, &*front.entropy).map_err(|fault| unavailable(&fault))?;
    if sealed.len() > MAX_SEALED_TRANSACTION_BYTES { Err(PageError::RequestTooLarge) } else { Ok(sealed) }
}
