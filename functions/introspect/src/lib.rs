//! The introspection endpoint (RFC 7662): whether a token is good, and what it is about; signed if the caller wants it so
//! (RFC 9701).

use backchannel::{BackChannel, ClientAuthenticator, CorsClient, refusal, token_request_fault, unavailable};
use bootstrap::{BootstrapError, Runtime};
use http::header;
use keystore::Signers;
use protocol::token_status::caller::Caller;
use protocol::token_status::introspection::{self, Introspection, SignedIntrospection, current};
use protocol::token_status::request::{TokenParameter, TokenRequestError};
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::scope::INTROSPECT_TOKENS;
use protocol::workspace::settings::Workspace;
use signing::Signer;
use store::GrantReading;
use web::response::{Caching, response};
use web::route::Endpoint;
use web::{Request, Response, json};

/// What the function works with: it reads configuration, public keys and grants, and signs answers.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// What authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants.
    pub grants: GrantReading,
    /// The keys that sign.
    pub signers: Signers,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: runtime.back(),
            client_authenticator: runtime.client_authenticator()?,
            grants: runtime.handle(GrantReading::new),
            signers: runtime.signers()?,
        })
    }

    /// Opens connections during the start of a function, when it has the full speed of its processor.
    pub async fn warm(&self) {
        tokio::join!(Box::pin(self.back.warm()), Box::pin(self.signers.warm()));
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Introspection, async |workspace, cors| respond(deps, request, workspace, cors).await)
        .await
}

async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, cors: &mut CorsClient) -> Response {
    match introspect(deps, request, workspace, cors).await {
        Ok(Answer::Plain(said)) => json::json(200, &said, Caching::Never),
        Ok(Answer::Signed(said)) => response(200, introspection::MEDIA_TYPE, said, Caching::Never),
        Err(error) => refusal(request, workspace, &error),
    }
}

enum Answer {
    Plain(Introspection),
    Signed(String),
}

/// Parse, load, decide, and perhaps sign.
async fn introspect(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    cors: &mut CorsClient,
) -> Result<Answer, TokenRequestError> {
    let body = request.form().map_err(token_request_fault)?;
    let caller =
        Box::pin(deps.back.caller((request, workspace), &body, cors, (&deps.grants, &deps.client_authenticator)))
            .await?;
    if matches!(&caller, Caller::Client(client) if !client.client().authentication.is_confidential()) {
        return Err(TokenRequestError::Public);
    }
    let named = TokenParameter::parse(&body)?.ok_or(TokenRequestError::MissingToken)?;
    // Boxed, because the SDK's futures are large.
    let said = Box::pin(described(deps, workspace, named.token.expose(), &caller)).await?;
    if wants_signature(request) {
        Box::pin(signed(deps, workspace, &caller, &said)).await
    } else {
        Ok(Answer::Plain(said))
    }
}

/// What is said of `token` to `caller`: of what is not a good token, or not theirs to ask about, nothing.
async fn described(
    deps: &Deps,
    workspace: &Workspace,
    token: &str,
    caller: &Caller,
) -> Result<Introspection, TokenRequestError> {
    if let Some(token) = RefreshToken::parse(token) {
        return refresh_token(deps, workspace, &token, caller).await;
    }
    let claims = deps.back.verify_access_token(workspace, token).await.map_err(|fault| unavailable(&fault))?;
    let may =
        |claims: &AccessTokenClaims| caller.may(INTROSPECT_TOKENS, (&claims.client_id, &claims.sub), &workspace.issuer);
    let Some(claims) = claims.filter(may) else { return Ok(Introspection::INACTIVE) };
    let live = deps.back.live(workspace, claims, &deps.grants).await.map_err(|fault| unavailable(&fault))?;
    Ok(live.map_or(Introspection::INACTIVE, Introspection::access_token))
}

async fn refresh_token(
    deps: &Deps,
    workspace: &Workspace,
    token: &RefreshToken,
    caller: &Caller,
) -> Result<Introspection, TokenRequestError> {
    let now = deps.back.clock.now();
    let grant = deps.grants.find(&workspace.id, &token.grant).await.map_err(|fault| unavailable(&fault))?;
    let Some(grant) = grant else { return Ok(Introspection::INACTIVE) };
    let (terms, state) = (&grant.terms, current(&grant, token, now));
    let may = caller.may(INTROSPECT_TOKENS, (&terms.client_id, terms.client_subject()), &workspace.issuer);
    let client = deps.back.configuration.usable_client(workspace, &terms.client_id, now).await;
    let usable = client.map_err(|fault| unavailable(&fault))?.is_some();
    let good = may && usable && workspace.knows(&terms.source, &terms.subject);
    let state = state.filter(|_| good);
    Ok(state.map_or(Introspection::INACTIVE, |state| Introspection::refresh_token(&grant, state, &workspace.issuer)))
}

/// Whether the caller wants a signed answer (RFC 9701 §4).
fn wants_signature(request: &Request) -> bool {
    let accepted = request.header(header::ACCEPT);
    let ranges = accepted.iter().flat_map(|accept| accept.split(','));
    ranges
        .filter_map(|range| range.split(';').next())
        .any(|kind| kind.trim().eq_ignore_ascii_case(introspection::MEDIA_TYPE))
}

async fn signed(
    deps: &Deps,
    workspace: &Workspace,
    caller: &Caller,
    said: &Introspection,
) -> Result<Answer, TokenRequestError> {
    let now = deps.back.clock.now();
    let claims = SignedIntrospection {
        iss: workspace.issuer.as_str(),
        aud: caller.client_id(),
        iat: now.seconds(),
        token_introspection: said,
    };
    let work = async |signer: &Signer| signer.sign(introspection::TYPE, &claims).await;
    let signed = deps.signers.sign(&workspace.id, now, work).await;
    signed.map(Answer::Signed).map_err(|fault| unavailable(&fault))
}
