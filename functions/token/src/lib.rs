//! The token endpoint (RFC 6749 §3.2): a code, a refresh token or a client's own credentials become tokens.
//!
//! parse → load → decide → sign → commit → respond. Until the commit nothing has changed, so whatever fails before it
//! leaves code and refresh token usable; what was signed leaves only against the proof that the commit was won.

mod client_credentials;
mod code;
mod refresh;
mod respond;
mod sign;

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator, CorsClient};
use bootstrap::{BootstrapError, Runtime};
use keystore::{DataKeys, Signers};
use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::tokens::error::TokenError;
use protocol::tokens::request::TokenRequest;
use protocol::types::id::RegionLabel;
use protocol::types::time::Lifetime;
use protocol::workspace::settings::Workspace;
use signing::Deriver;
use signing::{Entropy, Purpose};
use store::GrantRedemption;
use web::route::Endpoint;
use web::{FormFault, Request, Response};

use crate::respond::{TokenResponse, respond};

/// What the function works with: it reads configuration and keys, redeems grants and refreshes them.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// What authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants, to be redeemed and refreshed.
    pub grants: GrantRedemption,
    /// The keys that sign.
    pub signers: Signers,
    /// The key that refresh tokens are derived with.
    pub refresh_tokens: DataKeys<Deriver>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region whose codes and refresh tokens are good here.
    pub region: RegionLabel,
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
            grants: runtime.handle(GrantRedemption::new),
            signers: runtime.signers()?,
            refresh_tokens: runtime.deriver(Purpose::RefreshToken)?,
            entropy: Arc::clone(&runtime.entropy),
            region: runtime.region.clone(),
        })
    }
}

impl Deps {
    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. The key
    /// that is decrypted here also opens the connection to KMS, over which tokens are signed later.
    pub async fn warm(&self) {
        let keys = async {
            if let Err(fault) = self.refresh_tokens.keys(self.back.clock.now()).await {
                tracing::warn!(fault = %fault, "the key for refresh tokens could not be opened at the start");
            }
        };
        tokio::join!(Box::pin(self.back.warm()), Box::pin(keys));
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    deps.back
        .answer(request, Endpoint::Token, async |workspace, cors| respond(deps, request, workspace, cors).await)
        .await
}

/// Parse, and then each grant type has its own line.
async fn tokens(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    cors: &mut CorsClient,
) -> Result<TokenResponse, TokenError> {
    let body = request.form().map_err(token_error)?;
    let asked = TokenRequest::parse(&body)?;
    let client = deps.client_authenticator.authenticate(&deps.back, request, workspace, (&body, cors)).await?;
    let request = AuthenticatedRequest { deps, request, workspace, client };
    // Boxed, because the SDK's futures are large.
    match asked {
        TokenRequest::Code(asked) => Box::pin(code::exchange(&request, asked)).await,
        TokenRequest::Refresh(asked) => Box::pin(refresh::refresh(&request, asked)).await,
        TokenRequest::ClientCredentials(asked) => Box::pin(client_credentials::issue(&request, &asked)).await,
    }
}

/// A request whose client is known.
struct AuthenticatedRequest<'a> {
    deps: &'a Deps,
    request: &'a Request,
    workspace: &'a Workspace,
    client: AuthenticatedClient,
}

/// The longest that signing takes, with all its tries and the next key's.
const TIME_TO_SIGN: Lifetime = Lifetime::seconds(1);

/// The longest that signing and the commit after it take.
const TIME_TO_SIGN_AND_COMMIT: Lifetime = Lifetime::seconds(4);

/// The longest that the commit takes, with all its tries.
const TIME_TO_COMMIT: Lifetime = Lifetime::seconds(3);

impl AuthenticatedRequest<'_> {
    /// Stops before a step for which the time of this invocation would not suffice: nothing has changed yet, and a client
    /// that is told so can come again with the same code or token (fault F-LAM-1).
    fn in_time(&self, needed: Lifetime) -> Result<(), TokenError> {
        if self.request.deadline.leaves(needed, self.deps.back.clock.now()) {
            return Ok(());
        }
        Err(unavailable(&"the time of the invocation is nearly over"))
    }
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
