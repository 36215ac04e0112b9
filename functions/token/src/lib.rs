//! The token endpoint (RFC 6749 §3.2): a code becomes tokens.
//!
//! parse → load → decide → sign → commit → respond. Until the commit nothing has changed, so whatever fails before it
//! leaves the code usable; what was signed leaves only against the proof that the commit was won.

mod respond;

use assembly::{AssemblyError, Parts};
use std::sync::Arc;

use backchannel::{BackChannel, Caller};
use custody::Signers;
use http::header;
use protocol::access_token::{self, AccessTokenClaims};
use protocol::client_authentication::{AuthenticatedClient, Credentials, authenticate};
use protocol::encoding::base64url;
use protocol::exchange::{ApprovedExchange, approve, of_region};
use protocol::id::RegionLabel;
use protocol::id_token::{self, AtHash, IdTokenClaims};
use protocol::parameters::Parameters;
use protocol::release::Unreleased;
use protocol::time::Lifetime;
use protocol::token_error::{CodeFault, TokenError};
use protocol::token_request::CodeExchange;
use protocol::workspace::Workspace;
use signing::entropy::random;
use signing::{Entropy, Signer, SigningFault};
use store::{GrantRedemption, Redemption};
use web::route::Endpoint;
use web::{FormFault, Request, Response};

use crate::respond::{TokenResponse, respond};

/// What the function works with: it reads configuration and keys, and redeems grants.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Grants, to be redeemed.
    pub grants: GrantRedemption,
    /// The keys that sign.
    pub signers: Signers,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region whose codes can be redeemed here.
    pub region: RegionLabel,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`] if something of it is not there.
    pub fn assemble(parts: &Parts) -> Result<Self, AssemblyError> {
        Ok(Self {
            back: parts.back(),
            grants: parts.handle(GrantRedemption::new),
            signers: parts.signers()?,
            entropy: Arc::clone(&parts.entropy),
            region: parts.region.clone(),
        })
    }
}

impl Deps {
    /// Opens connections during the start of a function, when it has the full speed of its processor.
    pub async fn warm(&self) {
        tokio::join!(Box::pin(self.back.warm()), Box::pin(self.signers.warm()));
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Token, async |workspace, caller| respond(deps, request, workspace, caller).await)
        .await
}

/// The line that every request follows, each step once.
async fn exchange(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    caller: &mut Caller,
) -> Result<TokenResponse, TokenError> {
    let body = request.form().map_err(token_error)?;
    let CodeExchange { code, presented } = CodeExchange::parse(&body)?;
    let client = authenticated(deps, request, workspace, (&body, caller)).await?;
    let code = of_region(code, &deps.region)?;
    let grant = deps.grants.find(&workspace.id, &code.grant).await.map_err(|fault| unavailable(&fault))?;
    let approved = match approve(grant, &code.hash, presented, &client, deps.back.clock.now()) {
        Err(TokenError::Code(fault)) => return Err(lost(deps, workspace, fault).await),
        decided => decided?,
    };
    if !workspace.knows(&approved.terms().source, &approved.terms().subject) {
        return Err(TokenError::Code(CodeFault::UserGone));
    }
    in_time(deps, request, SIGN_AND_COMMIT)?;
    // Boxed, because the SDK's futures are large.
    let tokens = Box::pin(signed(deps, workspace, &approved)).await?;
    in_time(deps, request, COMMIT)?;
    commit(deps, workspace, &approved, tokens).await
}

/// Whoever the client is, its answers may be read by its own pages: `caller` learns of it before it is believed.
async fn authenticated(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    (body, caller): (&Parameters, &mut Caller),
) -> Result<AuthenticatedClient, TokenError> {
    let credentials = Credentials::parse(&request.header(header::AUTHORIZATION), body)?;
    let found = deps.back.client(workspace, credentials.client_id(), caller).await;
    let client = found.map_err(|fault| unavailable(&fault))?;
    Ok(authenticate(&credentials, client.map(|loaded| Arc::clone(&loaded.client)))?)
}

/// The longest that signing takes, with all its tries and the next key's, and the commit after it.
const SIGN_AND_COMMIT: Lifetime = Lifetime::seconds(4);

/// The longest that the commit takes, with all its tries.
const COMMIT: Lifetime = Lifetime::seconds(3);

/// Stops before a step for which the time of this invocation would not suffice: nothing has changed yet, and a client
/// that is told so can come again with the same code (fault F-LAM-1).
fn in_time(deps: &Deps, request: &Request, needed: Lifetime) -> Result<(), TokenError> {
    if request.deadline.leaves(needed, deps.back.clock.now()) {
        return Ok(());
    }
    Err(unavailable(&"the time of the invocation is nearly over"))
}

/// Signs what is due, with the current key or with the one that takes over from it.
async fn signed(
    deps: &Deps,
    workspace: &Workspace,
    approved: &ApprovedExchange,
) -> Result<Unreleased<TokenResponse>, TokenError> {
    let nonce = random(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let access = AccessTokenClaims::of(approved, &workspace.issuer, &workspace.settings.default_audience, &nonce);
    let id = approved.id_token_lifetime().map(|lifetime| IdTokenClaims::of(approved, &workspace.issuer, lifetime));
    let work = async |signer: &Signer| both(signer, &access, id.clone(), approved.at_hash()).await;
    let signed = deps.signers.sign(&workspace.id, approved.now(), work).await;
    let (access_token, id_token) = signed.map_err(|fault| unavailable(&fault))?;
    Ok(Unreleased::hold(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: approved.access_token_lifetime().as_seconds(),
        scope: approved.terms().scope.joined(),
        id_token,
    }))
}

/// Signs both tokens at the same time; one after the other only where the ID token carries the hash of the access token.
async fn both(
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

/// The one write that makes it happen, or nothing happened.
async fn commit(
    deps: &Deps,
    workspace: &Workspace,
    approved: &ApprovedExchange,
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let attempt = random::<16>(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let (attempt, now) = (base64url(&attempt), deps.back.clock.now());
    let redemption = deps.grants.redeem(&workspace.id, approved, &attempt, now).await;
    match redemption.map_err(|fault| unavailable(&fault))? {
        Redemption::Won(proof) => {
            tracing::info!(workspace = %workspace.id, grant.id = %approved.grant(), "a code was redeemed");
            Ok(tokens.release(&proof))
        }
        Redemption::Lost => Err(TokenError::Code(CodeFault::LostRace)),
        Redemption::Gone => Err(TokenError::Code(CodeFault::Revoked)),
    }
}

/// Refuses a code. One that was used before by somebody who knew everything that the client knows ends its grant
/// first (RFC 6749 §4.1.2, OAuth 2.1 §7.5.2).
async fn lost(deps: &Deps, workspace: &Workspace, fault: CodeFault) -> TokenError {
    if let Some(grant) = fault.replayed_grant() {
        tracing::warn!(workspace = %workspace.id, grant.id = %grant, "a code was replayed: its grant is revoked");
        if let Err(fault) = deps.grants.revoke(&workspace.id, grant, deps.back.clock.now()).await {
            return unavailable(&fault);
        }
    }
    TokenError::Code(fault)
}

fn token_error(fault: FormFault) -> TokenError {
    match fault {
        FormFault::TooLarge => TokenError::TooLarge,
        FormFault::ContentType => TokenError::ContentType,
        FormFault::QueryParameters => TokenError::QueryParameters,
        FormFault::Parameters(error) => TokenError::Parameters(error),
    }
}

fn unavailable(fault: &dyn std::fmt::Display) -> TokenError {
    backchannel::log(fault);
    TokenError::Unavailable
}
