//! Notifies clients that a session has ended (OpenID Connect Back-Channel Logout 1.0): parse, load, sign, send, and
//! have undelivered messages redelivered.
//!
//! Each message is for one client, so that an unresponsive client delays no other. A message may be delivered more than
//! once (fault F-LAM-2): the logout token then has the same `jti`, so a client can detect the repeat.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use delivery::Postponement;
use http::Method;
use http_client::{FetchFault, Fetcher, Outgoing};
use keystore::{SignerFault, Signers, SigningTask};
use protocol::clients::external_url::OutboundUrl;
use protocol::logout::logout_token::{self, DeliveryOutcome, LogoutNotice, LogoutTokenClaims};
use protocol::syntax::encoding::encode_uri_component;
use store::{ConfigurationReading, StoreFault};
use thiserror::Error;
use web::Clock;
use web::queue::{Handled, Message};

/// The handles of the function: it reads configuration, signs, and calls clients.
pub struct Deps {
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// The signing keys.
    pub signers: Signers,
    /// Requests to clients.
    pub fetcher: Fetcher,
    /// Postpones messages that have to be redelivered.
    pub postponement: Postponement,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a client may not have been notified.
#[derive(Debug, Error)]
enum NotifyError {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Signing(#[from] SignerFault),
    #[error(transparent)]
    Fetch(#[from] FetchFault),
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            configuration: runtime.configuration(),
            signers: runtime.signers()?,
            fetcher: runtime.fetcher(),
            postponement: runtime.postponement()?,
            clock: Arc::clone(&runtime.clock),
        })
    }
}

/// Handles one message.
pub async fn handle(deps: &Deps, message: &Message) -> Handled {
    let Some(notice) = LogoutNotice::parse(&message.body) else {
        // Perhaps it is from a later version: it is redelivered and ends up in the dead-letter queue (fault F-LAM-6).
        tracing::error!("a message could not be read");
        return again(deps, message).await;
    };
    let (workspace, client) = (&notice.workspace, notice.participant.client_id.as_str());
    match notify_client(deps, &notice).await {
        Ok(DeliveryOutcome::Delivered) => {
            tracing::info!(%workspace, client.id = client, tries = message.tries, "a client was told of a logout");
            Handled::Done
        }
        Ok(DeliveryOutcome::Rejected) => {
            tracing::warn!(%workspace, client.id = client, "a client does not want to hear of a logout");
            Handled::Done
        }
        Ok(DeliveryOutcome::Retry) => {
            tracing::warn!(%workspace, client.id = client, tries = message.tries, "a client did not hear of a logout");
            again(deps, message).await
        }
        Err(fault) => {
            tracing::warn!(
                %workspace, client.id = client, tries = message.tries, fault = %fault, "a client did not hear of a logout"
            );
            again(deps, message).await
        }
    }
}

async fn again(deps: &Deps, message: &Message) -> Handled {
    if let Err(fault) = deps.postponement.postpone(message, deps.clock.now()).await {
        tracing::warn!(fault = %fault, "a message could not be put off: it comes again when the queue says");
    }
    Handled::Again
}

/// Load, sign, send. A client that was deleted, or no longer wants notifications, counts as notified.
async fn notify_client(deps: &Deps, notice: &LogoutNotice) -> Result<DeliveryOutcome, NotifyError> {
    let now = deps.clock.now();
    let Some(loaded) = deps.configuration.workspace(&notice.workspace, now).await? else {
        return Ok(DeliveryOutcome::Rejected);
    };
    let workspace = &loaded.workspace;
    let client = deps.configuration.usable_client(workspace, &notice.participant.client_id, now).await?;
    let Some(client) = client.as_ref().map(|client| &client.client) else { return Ok(DeliveryOutcome::Rejected) };
    match &client.backchannel_logout {
        Some(uri) => {
            let claims = LogoutTokenClaims::of(notice, &workspace.issuer, now);
            // Logout tokens use the algorithm of the client's ID tokens (OpenID Connect Back-Channel Logout §2.6).
            let algorithm = client.id_token_signed;
            let task = SigningTask { workspace: &workspace.id, algorithm, signatures: 1, now };
            let token = deps.signers.sign(task, async |signer| signer.sign(logout_token::TYPE, &claims).await).await?;
            Ok(send(deps, uri, &token).await?)
        }
        None => Ok(DeliveryOutcome::Rejected),
    }
}

/// Posts `token` to the client (§2.5).
async fn send(deps: &Deps, uri: &OutboundUrl, token: &str) -> Result<DeliveryOutcome, FetchFault> {
    let form = Some(format!("logout_token={}", encode_uri_component(token)));
    let outgoing = Outgoing { method: Method::POST, form, ..Outgoing::get(uri.as_str()) };
    match deps.fetcher.deliver(outgoing).await {
        Ok(()) => Ok(DeliveryOutcome::Delivered),
        Err(FetchFault::Status(status)) => Ok(DeliveryOutcome::of(status)),
        Err(FetchFault::Refused(refused)) => Ok(DeliveryOutcome::of(refused.status)),
        Err(FetchFault::Forbidden) => {
            // Every retry would be refused as well.
            tracing::error!(url = uri.as_str(), "a client cannot be told of a logout: its URL may not be called");
            Ok(DeliveryOutcome::Rejected)
        }
        Err(fault) => Err(fault),
    }
}
