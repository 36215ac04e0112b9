//! The userinfo endpoint (OpenID Connect Core §5.3): the claims about the user that a client may see.

use std::sync::Arc;

use backchannel::{BackChannel, ClientContext};
use bootstrap::{BootstrapError, Runtime};
use http::{Method, header};
use keystore::{Signers, SigningTask};
use protocol::jose::jwk::Algorithm;
use protocol::syntax::form_fault::FormFault;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::bearer::{BearerError, bearer_token_or_parameter};
use protocol::tokens::grant::Grant;
use protocol::tokens::id_token;
use protocol::tokens::mapped_claims::ClaimValues;
use protocol::types::scope::OPENID;
use protocol::users::userinfo;
use protocol::workspace::claim_rule::ClaimPlace;
use serde_json::{Map, Value};
use store::configuration::LoadedClient;
use store::{AccountReading, GrantReading, UserReading};
use web::response::{Caching, response};
use web::route::Endpoint;
use web::{Request, Response, json, unavailable};

/// The handles of the function: it reads, and signs for clients that are registered for signed responses.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Grants.
    pub grants: GrantReading,
    /// Reads whether users still exist.
    pub users: UserReading,
    /// Accounts of users.
    pub accounts: AccountReading,
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
        Ok(Self {
            back: BackChannel::assemble(runtime),
            grants: runtime.handle(GrantReading::new),
            users: runtime.handle(UserReading::new),
            accounts: runtime.handle(AccountReading::new),
            signers: runtime.signers()?,
        })
    }
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match userinfo(deps, context).await {
        Ok(response) => response,
        Err(error) => refuse(context, error),
    };
    deps.back.answer(request, Endpoint::Userinfo, respond).await
}

/// Parse, load, decide, and sign if the client is registered for it.
async fn userinfo(deps: &Deps, context: &ClientContext<'_>) -> Result<Response, BearerError> {
    let (client, claims) = claims(deps, context).await?;
    match client.client.userinfo_signed {
        None => Ok(json::json(200, &claims, Caching::Never)),
        Some(alg) => {
            let claims = userinfo::signed_claims(claims, &context.workspace.issuer, &client.client.id);
            Ok(response(200, "application/jwt", sign(deps, context, &claims, alg).await?, Caching::Never))
        }
    }
}

/// Signs with the algorithm that the client is registered for, never with another (catalogue row
/// SEC-OIDC-06).
async fn sign(
    deps: &Deps,
    context: &ClientContext<'_>,
    claims: &Map<String, Value>,
    alg: Algorithm,
) -> Result<String, BearerError> {
    let (workspace, algorithm) = (&context.workspace.id, Some(alg));
    let task = SigningTask { workspace, algorithm, signatures: 1, now: deps.back.now() };
    let token = deps.signers.sign(task, async |signer| signer.sign(id_token::TYPE, claims).await).await;
    Ok(token.map_err(unavailable)?)
}

/// Returns the claims that this request may have, and the client that they are for.
async fn claims(
    deps: &Deps,
    context: &ClientContext<'_>,
) -> Result<(Arc<LoadedClient>, Map<String, Value>), BearerError> {
    let token = presented(deps, context).await?;
    let client = deps.back.client(context, &token.client_id).await?;
    let client = client.filter(|client| client.client.is_usable()).ok_or(BearerError::Invalid)?;
    if token.expired(context.now) {
        return Err(BearerError::Invalid);
    }
    if !token.scope.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    if !token.is_for(context.workspace.issuer.as_str()) {
        return Err(BearerError::Invalid);
    }
    let grant = live_grant(deps, context, &token).await?;
    if *grant.terms.client_subject() != token.sub {
        return Err(BearerError::Invalid);
    }
    let account = deps.accounts.account(context.workspace, grant.terms.user()).await.map_err(unavailable)?;
    let account = account.ok_or(BearerError::Invalid)?;
    let values = ClaimValues::of(context.workspace, &client.client, Some(&grant.terms), &token.scope);
    let mut claims = userinfo::claims(&token.sub, &account.profile, &token.scope, &grant.terms.claims);
    claims.extend(values.knowing(account.attributes).for_place(ClaimPlace::Userinfo, usize::MAX));
    Ok((client, claims))
}

/// Parses the form of a POST. A body that is not a form is ignored: some clients send POST without one.
fn form(request: &Request) -> Result<Parameters, BearerError> {
    match request.form() {
        Ok(form) => Ok(form),
        Err(FormFault::Parameters(_)) => Err(BearerError::Malformed),
        Err(FormFault::TooLarge | FormFault::ContentType | FormFault::QueryParameters) => Ok(Parameters::default()),
    }
}

/// Returns the claims of the presented token if it was issued here, expired or not (RFC 9068 §4).
async fn presented(deps: &Deps, context: &ClientContext<'_>) -> Result<AccessTokenClaims, BearerError> {
    let request = context.request;
    let query = request.query_parameters().map_err(|_| BearerError::Malformed)?;
    if query.all("access_token").next().is_some() {
        return Err(BearerError::Malformed);
    }
    let form = if request.method == Method::POST { form(request)? } else { Parameters::default() };
    let token = bearer_token_or_parameter(&request.header(header::AUTHORIZATION), &form)?;
    deps.back.verify_access_token(context, token.expose()).await?.ok_or(BearerError::Invalid)
}

async fn live_grant(deps: &Deps, context: &ClientContext<'_>, token: &AccessTokenClaims) -> Result<Grant, BearerError> {
    let id = token.grant().ok_or(BearerError::Invalid)?;
    let loaded = deps.back.grant(context, &deps.grants, &deps.users, &id).await?;
    let live = loaded.filter(|loaded| loaded.is_live(context.now));
    live.map(|loaded| loaded.grant).ok_or(BearerError::Invalid)
}

fn refuse(context: &ClientContext<'_>, error: BearerError) -> Response {
    let (status, code) = error.response();
    let realm = context.workspace.issuer.as_str();
    let (body, challenge) = match code {
        None => ("invalid_token", format!("Bearer realm=\"{realm}\"")),
        Some(code) => (code, format!("Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{error}\"")),
    };
    tracing::info!(error.code = body, error = %error, "a userinfo request was refused");
    let response = json::error(context.request, status, body, &error.to_string());
    if status == 503 { response } else { json::challenged(response, &challenge) }
}
