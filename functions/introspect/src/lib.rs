//! The introspection endpoint (RFC 7662): whether a token is active, and its claims; signed if the caller requests it
//! (RFC 9701).

use backchannel::{ClientContext, TokenStatus, refuse};
use bootstrap::{BootstrapError, Runtime};
use keystore::{Signers, SigningTask};
use protocol::token_status::caller::{Caller, Intent, TokenInQuestion};
use protocol::token_status::introspection::{self, Introspection, SignedIntrospection, current};
use protocol::token_status::request::{TokenParameter, TokenRequestError};
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::mapped_claims::ClaimValues;
use protocol::tokens::refresh_token::RefreshToken;
use protocol::workspace::claim_rule::ClaimPlace;
use signing::Signer;
use web::response::{Caching, response};
use web::route::Endpoint;
use web::{Request, Response, json, unavailable};

/// The handles of the function: it reads configuration, public keys and grants, and signs responses.
pub struct Deps {
    /// Authenticates the caller and evaluates tokens.
    pub status: TokenStatus,
    /// The signing keys.
    pub signers: Signers,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { status: TokenStatus::assemble(runtime)?, signers: runtime.signers()? })
    }

    /// Opens connections during the start of a function, when it has the full speed of its processor.
    pub async fn warm(&self) {
        tokio::join!(Box::pin(self.status.back.warm()), Box::pin(self.signers.warm()));
    }
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match introspect(deps, context).await {
        Ok(Answer::Plain(answer)) => json::json(200, &answer, Caching::Never),
        Ok(Answer::Signed(answer)) => response(200, introspection::MEDIA_TYPE, answer, Caching::Never),
        Err(error) => refuse(context, &error),
    };
    deps.status.back.answer(request, Endpoint::Introspection, respond).await
}

enum Answer {
    Plain(Introspection),
    Signed(String),
}

/// Parse, load, decide, and sign if requested.
async fn introspect(deps: &Deps, context: &ClientContext<'_>) -> Result<Answer, TokenRequestError> {
    let body = context.request.form()?;
    let caller = Box::pin(deps.status.caller(context, &body)).await?;
    if matches!(&caller, Caller::Client(client) if !client.client().authentication.is_confidential()) {
        return Err(TokenRequestError::Public);
    }
    let named = TokenParameter::parse(&body)?.ok_or(TokenRequestError::MissingToken)?;
    // Boxed, because the SDK's futures are large.
    let answer = Box::pin(describe(deps, context, named.token.expose(), &caller)).await?;
    if wants_signature(context.request) {
        Box::pin(sign(deps, context, &caller, &answer)).await
    } else {
        Ok(Answer::Plain(answer))
    }
}

/// Describes `token` to `caller`; an inactive token, or one the caller may not see, is not described.
async fn describe(
    deps: &Deps,
    context: &ClientContext<'_>,
    token: &str,
    caller: &Caller,
) -> Result<Introspection, TokenRequestError> {
    if let Some(token) = RefreshToken::parse(token) {
        return describe_refresh_token(deps, context, &token, caller).await;
    }
    let claims = deps.status.back.verify_access_token(context, token).await?;
    let Some(claims) = claims.filter(|claims| {
        let AccessTokenClaims { client_id: client, sub: subject, aud: audience, .. } = claims;
        caller.may(Intent::Introspect, TokenInQuestion { client, subject, audience })
    }) else {
        return Ok(Introspection::INACTIVE);
    };
    let live = deps.status.live(context, claims).await?;
    Ok(live.map_or(Introspection::INACTIVE, |live| {
        let (client, terms) = (&live.client.client, live.grant.as_ref().map(|grant| &grant.terms));
        let values = ClaimValues::of(context.workspace, client, terms, &live.claims.scope);
        let more = values.for_place(ClaimPlace::Introspection, usize::MAX);
        Introspection::access_token(live.claims, more)
    }))
}

async fn describe_refresh_token(
    deps: &Deps,
    context: &ClientContext<'_>,
    token: &RefreshToken,
    caller: &Caller,
) -> Result<Introspection, TokenRequestError> {
    let (workspace, back) = (context.workspace, &deps.status.back);
    let (grants, users) = (&deps.status.grants, &deps.status.users);
    let Some(loaded) = back.grant(context, grants, users, &token.grant).await? else {
        return Ok(Introspection::INACTIVE);
    };
    let (grant, terms) = (&loaded.grant, &loaded.grant.terms);
    let asked = TokenInQuestion { client: &terms.client_id, subject: terms.client_subject(), audience: &[] };
    let client = back.configuration.usable_client(workspace, &terms.client_id, context.now).await;
    let usable = client.map_err(unavailable)?.is_some();
    let good = caller.may(Intent::Introspect, asked) && usable && loaded.user.is_active();
    let state = current(grant, token, context.now).filter(|_| good);
    Ok(state.map_or(Introspection::INACTIVE, |state| Introspection::refresh_token(grant, state, &workspace.issuer)))
}

/// Whether the caller requests a signed response (RFC 9701 §4).
fn wants_signature(request: &Request) -> bool {
    request.accepted().prefers(introspection::MEDIA_TYPE, "application/json")
}

async fn sign(
    deps: &Deps,
    context: &ClientContext<'_>,
    caller: &Caller,
    answer: &Introspection,
) -> Result<Answer, TokenRequestError> {
    let (workspace, now) = (context.workspace, deps.status.back.now());
    let claims = SignedIntrospection {
        iss: workspace.issuer.as_str(),
        aud: caller.client_id(),
        iat: now.seconds(),
        token_introspection: answer,
    };
    let work = async |signer: &Signer| signer.sign(introspection::TYPE, &claims).await;
    let task = SigningTask { workspace: &workspace.id, algorithm: None, signatures: 1, now };
    let signed = deps.signers.sign(task, work).await;
    Ok(Answer::Signed(signed.map_err(unavailable)?))
}
