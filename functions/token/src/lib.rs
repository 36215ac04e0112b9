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

use assembly::{AssemblyError, Parts};
use backchannel::{BackChannel, Caller, Clients};
use keystore::{Deriving, Signers};
use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::tokens::error::TokenError;
use protocol::tokens::request::TokenRequest;
use protocol::types::id::RegionLabel;
use protocol::types::time::Lifetime;
use protocol::workspace::settings::Workspace;
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
    pub clients: Clients,
    /// Grants, to be redeemed and refreshed.
    pub grants: GrantRedemption,
    /// The keys that sign.
    pub signers: Signers,
    /// The key that refresh tokens are derived with.
    pub refresh_tokens: Deriving,
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
    /// [`AssemblyError`] if something of it is not there.
    pub fn assemble(parts: &Parts) -> Result<Self, AssemblyError> {
        Ok(Self {
            back: parts.back(),
            clients: parts.clients()?,
            grants: parts.handle(GrantRedemption::new),
            signers: parts.signers()?,
            refresh_tokens: parts.deriving(Purpose::RefreshToken)?,
            entropy: Arc::clone(&parts.entropy),
            region: parts.region.clone(),
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
        .answer(request, Endpoint::Token, async |workspace, caller| respond(deps, request, workspace, caller).await)
        .await
}

/// Parse, and then each grant type has its own line.
async fn tokens(
    deps: &Deps,
    request: &Request,
    workspace: &Workspace,
    caller: &mut Caller,
) -> Result<TokenResponse, TokenError> {
    let body = request.form().map_err(token_error)?;
    let asked = TokenRequest::parse(&body)?;
    let client = deps.clients.authenticated(&deps.back, request, workspace, (&body, caller)).await?;
    let visit = Visit { deps, request, workspace, client };
    // Boxed, because the SDK's futures are large.
    match asked {
        TokenRequest::Code(asked) => Box::pin(code::exchange(&visit, asked)).await,
        TokenRequest::Refresh(asked) => Box::pin(refresh::refresh(&visit, asked)).await,
        TokenRequest::ClientCredentials(asked) => Box::pin(client_credentials::issue(&visit, &asked)).await,
    }
}

/// A request whose client is known.
struct Visit<'a> {
    deps: &'a Deps,
    request: &'a Request,
    workspace: &'a Workspace,
    client: AuthenticatedClient,
}

/// The longest that signing takes, with all its tries and the next key's.
const SIGN: Lifetime = Lifetime::seconds(1);

/// The longest that signing and the commit after it take.
const SIGN_AND_COMMIT: Lifetime = Lifetime::seconds(4);

/// The longest that the commit takes, with all its tries.
const COMMIT: Lifetime = Lifetime::seconds(3);

impl Visit<'_> {
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
