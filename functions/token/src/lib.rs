//! The token endpoint (RFC 6749 §3.2): a code becomes tokens.
//!
//! parse → load → decide → sign → commit → respond. Until the commit nothing has changed, so whatever fails before it
//! leaves the code usable; what was signed leaves only against the proof that the commit was won.

mod respond;
mod signers;

use assembly::{AssemblyError, Parts};
use std::sync::Arc;

use backchannel::{BackChannel, Caller};
use http::header;
use protocol::access_token::{self, AccessTokenClaims};
use protocol::client_authentication::{AuthenticatedClient, Credentials, authenticate};
use protocol::encoding::base64url;
use protocol::exchange::{ApprovedExchange, approve, of_region};
use protocol::id::RegionLabel;
use protocol::id_token::{self, IdTokenClaims};
use protocol::parameters::Parameters;
use protocol::release::Unreleased;
use protocol::token_error::{CodeFault, TokenError};
use protocol::token_request::CodeExchange;
use protocol::workspace::Workspace;
use signing::Entropy;
use signing::entropy::random;
use store::{GrantRedemption, Redemption, SigningKeyReading};
use web::route::Endpoint;
use web::{FormFault, Request, Response};

pub use signers::{SignerFault, Signers};

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
        let keys = SigningKeyReading::new(&parts.connection);
        Ok(Self {
            back: parts.back(),
            grants: GrantRedemption::new(&parts.connection),
            signers: Signers::new(Arc::clone(&parts.rings), keys, parts.sealer()?),
            entropy: Arc::clone(&parts.entropy),
            region: parts.region.clone(),
        })
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
    let tokens = signed(deps, workspace, &approved).await?;
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

/// Signs the access token, and the ID token that carries its hash and therefore has to wait for it.
async fn signed(
    deps: &Deps,
    workspace: &Workspace,
    approved: &ApprovedExchange,
) -> Result<Unreleased<TokenResponse>, TokenError> {
    let signer = deps.signers.current(&workspace.id, approved.now()).await.map_err(|fault| unavailable(&fault))?;
    let nonce = random(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let claims = AccessTokenClaims::of(approved, &workspace.issuer, &workspace.settings.default_audience, &nonce);
    let access_token = signer.sign(access_token::TYPE, &claims).await.map_err(|fault| unavailable(&fault))?;
    let id_token = match approved.id_token_lifetime() {
        None => None,
        Some(lifetime) => {
            let claims = IdTokenClaims::of(approved, &workspace.issuer, lifetime, &access_token);
            Some(signer.sign(id_token::TYPE, &claims).await.map_err(|fault| unavailable(&fault))?)
        }
    };
    Ok(Unreleased::hold(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: approved.access_token_lifetime().as_seconds(),
        scope: approved.terms().scope.joined(),
        id_token,
    }))
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
