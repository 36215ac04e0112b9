//! Logging in with an upstream OpenID provider: sending the user there, and taking the answer.
//!
//! The transaction travels sealed in a cookie that is removed with its first use; state, nonce, PKCE and `iss` are
//! checked, and nothing is sent to the provider before they are (catalogue rows SEC-UP-01 to 05).

mod answer;
mod begin;
mod provider;

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, PendingAuthorization};
use http_client::Fetcher;
use keystore::DataKeys;
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::Interaction;
use protocol::types::id::WorkspaceId;
use protocol::workspace::upstream_provider::UpstreamProvider;
use signing::Purpose;
use signing::Sealer;
use store::{AccountRecording, SessionCreation};
use web::cookie::Cookie;
use web::route::{self, Endpoint};
use web::{Request, Response, edge};

pub use provider::Upstreams;

/// What the function works with: on top of the front channel it asks providers, records accounts and begins sessions.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// New sessions.
    pub sessions: SessionCreation,
    /// Accounts of users whom providers know.
    pub accounts: AccountRecording,
    /// DataKeys<Sealer> of logins that wait for a provider.
    pub transactions: DataKeys<Sealer>,
    /// DataKeys<Sealer> of our secrets at providers.
    pub secrets: DataKeys<Sealer>,
    /// Requests to providers.
    pub fetcher: Fetcher,
    /// What is known of the providers.
    pub upstreams: Upstreams,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            front: runtime.front()?,
            sessions: runtime.handle(SessionCreation::new),
            accounts: runtime.handle(AccountRecording::new),
            transactions: runtime.sealer(Purpose::Upstream)?,
            secrets: runtime.sealer(Purpose::UpstreamSecret)?,
            fetcher: runtime.fetcher(),
            upstreams: Upstreams::default(),
        })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    edge::guarded(request, Box::pin(respond(deps, request))).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::UpstreamLogin, Endpoint::Callback];
    let Some(matched) = route::find(&request.path).filter(|found| ours.contains(&found.route.endpoint)) else {
        return deps.front.error(request, PageError::NotFound);
    };
    if !matched.route.methods.contains(&request.method.as_str()) {
        return deps.front.method_not_allowed(request, &matched);
    }
    let (workspace, idp) = (&matched.workspace, matched.identity_source.unwrap_or_default());
    let outcome = if matched.route.endpoint == Endpoint::UpstreamLogin {
        begin::begin(deps, request, workspace, idp).await
    } else {
        answer::take(deps, request, workspace, idp).await
    };
    outcome.unwrap_or_else(|refusal| deps.front.refused(request, workspace, refusal))
}

/// Picks up `interaction`, unless it has been finished, and finds the provider that the path names.
async fn resumed(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    interaction: Interaction,
) -> Result<PendingAuthorization, PageError> {
    let loaded = deps.front.workspace(workspace).await?;
    deps.front.unfinished(workspace, &interaction).await?;
    deps.front.resume(request, loaded, interaction).await
}

fn provider<'s>(pending: &'s PendingAuthorization, idp: &str) -> Result<&'s UpstreamProvider, PageError> {
    pending.workspace.workspace.settings.upstream(idp).ok_or(PageError::UnknownIdentitySource)
}

/// The cookie of the transaction with this `state`. Each has its own, so that two tabs do not disturb each other.
fn transaction_cookie(deps: &Deps, workspace: &WorkspaceId, state: &str) -> Cookie {
    Cookie::numbered("upstream", state, workspace, &deps.front.public_url)
}

fn callback_url(pending: &PendingAuthorization, idp: &str) -> String {
    pending.workspace.workspace.issuer.url(&format!("/callback/{idp}"))
}

/// Logs an infrastructure fault, once, and answers that we are not available.
fn unavailable(fault: &dyn std::fmt::Display) -> PageError {
    tracing::error!(fault = %fault, "an upstream login is not available");
    PageError::Unavailable
}
