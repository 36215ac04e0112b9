//! Client authentication: from the credentials in a request to an [`AuthenticatedClient`].
//!
//! parse → load the client → decide; for an assertion also: verify its signature → check its claims → record its `jti`.
//! The `jti` is recorded last, so that a rejected assertion is never recorded, but before anything else is loaded.

use std::sync::Arc;

use http::header;
use http_client::KeySets;
use keystore::DataKeys;
use protocol::client_authentication::assertion::{Arrival, AssertedClient, AssertionFault, is_assertion};
use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::client_authentication::credentials::{
    ClientAuthenticationError, ClientProof, Credentials, RefusalCause, authenticate,
};
use protocol::clients::client::{AssertionKey, ClientKeys};
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::jwt_fault::JwtFault;
use protocol::syntax::parameters::Parameters;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use signing::Sealer;
use signing::entropy::random_text;
use signing::verify::MAX_JWT_BYTES;
use signing::{Entropy, verify};
use store::{AssertionSpending, Spending, WriteAttempt};
use web::{Request, Unavailable, unavailable};

use crate::back_channel::BackChannel;
use crate::client_context::ClientContext;

/// Authenticates clients.
pub struct ClientAuthenticator {
    /// Records assertions as used.
    pub assertions: AssertionSpending,
    /// Opens the secrets of clients that authenticate with a MAC.
    pub secrets: DataKeys<Sealer>,
    /// The published keys of clients.
    pub key_sets: KeySets,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl ClientAuthenticator {
    /// Authenticates the client that sent the request. Its registered origins may read the response, even on failure.
    ///
    /// # Errors
    ///
    /// [`ClientAuthenticationError`].
    pub async fn authenticate(
        &self,
        back: &BackChannel,
        context: &ClientContext<'_>,
        body: &Parameters,
    ) -> Result<AuthenticatedClient, ClientAuthenticationError> {
        let credentials = Credentials::parse(&context.request.header(header::AUTHORIZATION), body)?;
        let client = back.client(context, credentials.client_id()).await?.map(|loaded| Arc::clone(&loaded.client));
        match authenticate(credentials, client, context.now)? {
            ClientProof::Proved(client) => Ok(client),
            // Boxed because the futures of the SDK are large, and most clients send no assertion.
            ClientProof::Asserted(asserted) => Box::pin(self.accept_assertion(context, *asserted)).await,
        }
    }

    /// Verifies an assertion and records its use.
    async fn accept_assertion(
        &self,
        context: &ClientContext<'_>,
        asserted: AssertedClient,
    ) -> Result<AuthenticatedClient, ClientAuthenticationError> {
        let refused = |fault| ClientAuthenticationError::Refused(RefusalCause::Assertion(fault));
        let claims = self.verify(context, &asserted).await?;
        let claims = claims.map_err(AssertionFault::Jwt).map_err(refused)?;
        let workspace = context.workspace;
        let endpoints = endpoints(context.request, workspace);
        let arrival = Arrival { issuer: &workspace.issuer, endpoints: &endpoints, now: context.now };
        let (once, client) = asserted.accept(&claims, &arrival).map_err(refused)?;
        let attempt = WriteAttempt::new(random_text::<16>(&*self.entropy).map_err(unavailable)?);
        match self.assertions.spend(&workspace.id, &once, &attempt).await.map_err(unavailable)? {
            Spending::Spent(proof) => Ok(client.release(&proof)),
            Spending::Replayed => Err(refused(AssertionFault::Replayed)),
        }
    }

    /// Returns the claims of an assertion whose signature or MAC is the client's, or what is wrong with it.
    async fn verify(
        &self,
        context: &ClientContext<'_>,
        asserted: &AssertedClient,
    ) -> Result<Result<Vec<u8>, JwtFault>, Unavailable> {
        let jwt = asserted.jwt().expose();
        match asserted.key() {
            AssertionKey::Secret(sealed) => {
                let keys = self.secrets.keys(context.now).await.map_err(unavailable)?;
                let secret = keys.open(&context.workspace.id, sealed);
                let secret = secret.ok_or_else(|| unavailable("a sealed client secret cannot be opened"))?;
                Ok(verify::shared_claims(jwt, &secret, is_assertion))
            }
            AssertionKey::Keys(keys, algorithm) => self.verify_signature(jwt, keys, *algorithm, context.now).await,
        }
    }

    async fn verify_signature(
        &self,
        jwt: &str,
        keys: &ClientKeys,
        algorithm: Option<ExternalAlgorithm>,
        now: Timestamp,
    ) -> Result<Result<Vec<u8>, JwtFault>, Unavailable> {
        let header = match verify::header(jwt, MAX_JWT_BYTES) {
            Ok(header) if algorithm.is_some_and(|algorithm| algorithm != header.alg) => {
                return Ok(Err(JwtFault::Algorithm));
            }
            Ok(header) if !is_assertion(header.typ.as_deref()) => return Ok(Err(JwtFault::Type)),
            Ok(header) => header,
            Err(fault) => return Ok(Err(fault)),
        };
        let kid = header.kid.as_deref();
        let candidates = match keys {
            ClientKeys::Registered(set) => set.candidates(header.alg, kid),
            ClientKeys::Published(url) => {
                let published = self.key_sets.candidates(url, header.alg, kid, now).await.map_err(unavailable)?;
                published.into_iter().map(|published| published.key).collect()
            }
        };
        Ok(verify::claims((jwt, &header), &candidates, is_assertion))
    }
}

/// The endpoint URLs that an assertion in `request` may name as its audience: that of the receiving endpoint, as
/// published, and for pushed and device requests also that of the token endpoint (RFC 9126 §2).
fn endpoints(request: &Request, workspace: &Workspace) -> Vec<String> {
    let base = format!("/{}", workspace.id);
    let path = request.path.strip_prefix(&base).unwrap_or_default();
    let token = matches!(path, "/par" | "/device/authorization").then_some("/oauth2/token");
    [path].into_iter().chain(token).map(|path| workspace.issuer.url(path)).collect()
}
