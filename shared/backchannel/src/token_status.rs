//! Shared by `introspect` and `revoke`: authenticating the caller, evaluating a token, and error responses.

use std::sync::Arc;

use http::header;
use protocol::syntax::parameters::Parameters;
use protocol::token_status::caller::{Caller, CallerError};
use protocol::token_status::request::TokenRequestError;
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::bearer::{BearerError, bearer_token};
use protocol::tokens::grant::Grant;
use store::configuration::LoadedClient;
use store::{GrantReading, UserReading};
use web::{Response, Unavailable, json, unavailable};

use crate::back_channel::BackChannel;
use crate::client_authenticator::ClientAuthenticator;
use crate::client_context::ClientContext;
use crate::refusal::{challenged_by_basic, refused};

/// Authenticates callers and evaluates tokens.
pub struct TokenStatus {
    /// The back channel.
    pub back: BackChannel,
    /// Authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants.
    pub grants: GrantReading,
    /// Reads whether users still exist.
    pub users: UserReading,
}

/// An access token that is currently valid.
pub struct LiveToken {
    /// Its claims.
    pub claims: AccessTokenClaims,
    /// Its client.
    pub client: Arc<LoadedClient>,
    /// Its grant; a client's own token has none.
    pub grant: Option<Grant>,
}

impl TokenStatus {
    /// Authenticates the caller: the holder of a bearer token, or a client with its own credentials.
    ///
    /// # Errors
    ///
    /// [`CallerError`].
    pub async fn caller(&self, context: &ClientContext<'_>, body: &Parameters) -> Result<Caller, CallerError> {
        match bearer_token(&context.request.header(header::AUTHORIZATION)) {
            Ok(token) => {
                let claims = self.back.verify_access_token(context, token.expose()).await?;
                let claims = claims.ok_or(BearerError::Invalid)?;
                // Even if the token is invalid, the origins of its client may read the response.
                self.back.client(context, &claims.client_id).await?;
                let live = self.live(context, claims).await?.ok_or(BearerError::Invalid)?;
                Ok(Caller::bearer(live.claims, context.workspace)?)
            }
            Err(BearerError::Missing) => {
                Ok(Caller::Client(self.client_authenticator.authenticate(&self.back, context, body).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns an access token issued here if it is currently valid: not expired or revoked, its client
    /// active, and its user existing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn live(
        &self,
        context: &ClientContext<'_>,
        claims: AccessTokenClaims,
    ) -> Result<Option<LiveToken>, Unavailable> {
        let (workspace, now) = (context.workspace, context.now);
        let Some(id) = claims.grant().filter(|_| !claims.expired(now)) else { return Ok(None) };
        let client = self.back.configuration.usable_client(workspace, &claims.client_id, now).await;
        let Some(client) = client.map_err(unavailable)? else { return Ok(None) };
        if claims.gty.is_some() {
            let revoked = self.grants.is_revoked(&workspace.id, &id).await.map_err(unavailable)?;
            return Ok((!revoked).then_some(LiveToken { claims, client, grant: None }));
        }
        let grant = self.back.grant(context, &self.grants, &self.users, &id).await?;
        let grant = grant.filter(|grant| grant.is_live(now)).map(|loaded| loaded.grant);
        Ok(grant.map(|grant| LiveToken { claims, client, grant: Some(grant) }))
    }
}

/// The response to a refused introspection or revocation request.
#[must_use]
pub fn refuse(context: &ClientContext<'_>, error: &TokenRequestError) -> Response {
    let response = refused(context, error.response(), error, "a request about a token was refused");
    if let TokenRequestError::Caller(CallerError::Bearer(_)) = error
        && response.status() == 401
    {
        let (realm, (_, code)) = (context.workspace.issuer.as_str(), error.response());
        return json::challenged(response, &format!("Bearer realm=\"{realm}\", error=\"{code}\""));
    }
    challenged_by_basic(context, response)
}
