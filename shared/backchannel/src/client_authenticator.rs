//! Who calls: the one line from the credentials of a request to an [`AuthenticatedClient`].
//!
//! parse → load the client → decide; and for an assertion: verify its signature → check its claims → use it up. It is
//! used up last, so that nothing can be burnt that would not have been accept_assertion, and before anything else is loaded.

use std::sync::Arc;

use http::header;
use keystore::DataKeys;
use protocol::client_authentication::assertion::{Arrival, AssertedClient, AssertionFault, is_assertion};
use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::client_authentication::credentials::{ClientAuthenticationError, ClientProof, Credentials, authenticate};
use protocol::clients::client::{AssertionKey, ClientKeys};
use protocol::jose::external_jwk::ExternalAlgorithm;
use protocol::syntax::encoding::base64url;
use protocol::syntax::parameters::Parameters;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use signing::Sealer;
use signing::entropy::random;
use signing::{Entropy, verify};
use store::{AssertionSpending, Spending};
use web::Request;

use crate::client_keys::ClientKeySets;
use crate::{BackChannel, CorsClient, log};

/// What authenticates clients.
pub struct ClientAuthenticator {
    /// Assertions, to be used up.
    pub assertions: AssertionSpending,
    /// Opens the secrets of clients that authenticate by a MAC.
    pub secrets: DataKeys<Sealer>,
    /// The keys that clients publish.
    pub key_sets: ClientKeySets,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl ClientAuthenticator {
    /// Finds out which client sends a request. Whoever it is, its answers may be read by its own pages: `cors` learns of
    /// it before it is believed.
    ///
    /// # Errors
    ///
    /// [`ClientAuthenticationError`].
    pub async fn authenticate(
        &self,
        back: &BackChannel,
        request: &Request,
        workspace: &Workspace,
        (body, cors): (&Parameters, &mut CorsClient),
    ) -> Result<AuthenticatedClient, ClientAuthenticationError> {
        let credentials = Credentials::parse(&request.header(header::AUTHORIZATION), body)?;
        let loaded = back.client(workspace, credentials.client_id(), cors).await;
        let client = loaded.map_err(|fault| unavailable(&fault))?.map(|loaded| Arc::clone(&loaded.client));
        let now = back.clock.now();
        match authenticate(credentials, client, now)? {
            ClientProof::Proved(client) => Ok(client),
            ClientProof::Asserted(asserted) => {
                let endpoint = endpoint(request, workspace);
                let arrival = Arrival { issuer: &workspace.issuer, endpoint: &endpoint, now };
                // Boxed, because the SDK's futures are large, and most clients send no assertion.
                Box::pin(self.accept_assertion(workspace, *asserted, &arrival)).await
            }
        }
    }

    /// Verifies an assertion and uses it up.
    async fn accept_assertion(
        &self,
        workspace: &Workspace,
        asserted: AssertedClient,
        arrival: &Arrival<'_>,
    ) -> Result<AuthenticatedClient, ClientAuthenticationError> {
        let client_id = asserted.client_id().clone();
        let refused = |fault: AssertionFault| {
            tracing::info!(workspace = %workspace.id, client.id = %client_id, fault = %fault, "an assertion was refused");
            ClientAuthenticationError::Refused
        };
        let claims = self.verify(workspace, &asserted, arrival.now).await?;
        let claims = claims.ok_or(AssertionFault::Signature).map_err(refused)?;
        let (once, client) = asserted.accept(&claims, arrival).map_err(refused)?;
        let attempt = base64url(&random::<16>(&*self.entropy).map_err(|fault| unavailable(&fault))?);
        let spent = self.assertions.spend(&workspace.id, &once, &attempt).await;
        match spent.map_err(|fault| unavailable(&fault))? {
            Spending::Spent(proof) => Ok(client.release(&proof)),
            Spending::Replayed => Err(refused(AssertionFault::Replayed)),
        }
    }

    /// The claims of an assertion, if its signature or its MAC is the client's.
    async fn verify(
        &self,
        workspace: &Workspace,
        asserted: &AssertedClient,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, ClientAuthenticationError> {
        let jwt = asserted.jwt().expose();
        match asserted.key() {
            AssertionKey::Secret(sealed) => {
                let keys = self.secrets.keys(now).await.map_err(|fault| unavailable(&fault))?;
                let secret = keys.open(&workspace.id, sealed).ok_or_else(|| unavailable(&"a sealed client secret"))?;
                Ok(verify::shared_claims(jwt, &secret, is_assertion))
            }
            AssertionKey::Keys(keys, algorithm) => self.verify_signature(jwt, (keys, *algorithm), now).await,
        }
    }

    async fn verify_signature(
        &self,
        jwt: &str,
        (keys, algorithm): (&ClientKeys, Option<ExternalAlgorithm>),
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, ClientAuthenticationError> {
        let Some(header) = verify::header(jwt) else { return Ok(None) };
        let fits = algorithm.is_none_or(|algorithm| algorithm == header.alg) && is_assertion(header.typ.as_deref());
        if !fits {
            return Ok(None);
        }
        let wanted = (header.alg, header.kid.as_deref());
        let candidates = match keys {
            ClientKeys::Registered(set) => set.candidates(wanted.0, wanted.1),
            ClientKeys::Published(url) => {
                self.key_sets.candidates(url, wanted, now).await.map_err(|fault| unavailable(&fault))?
            }
        };
        Ok(verify::claims(jwt, &candidates, is_assertion))
    }
}

/// The URL of the endpoint that received `request`, as it is published.
fn endpoint(request: &Request, workspace: &Workspace) -> String {
    let base = format!("/{}", workspace.id);
    workspace.issuer.url(request.path.strip_prefix(&base).unwrap_or_default())
}

fn unavailable(fault: &dyn std::fmt::Display) -> ClientAuthenticationError {
    log(fault);
    ClientAuthenticationError::Unavailable
}
