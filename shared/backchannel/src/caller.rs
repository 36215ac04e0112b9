//! Who asks about a token, and what becomes of tokens: the part that `introspect` and `revoke` have in common.

use http::header;
use protocol::syntax::parameters::Parameters;
use protocol::token_status::caller::{Caller, CallerError};
use protocol::tokens::access_token::AccessTokenClaims;
use protocol::tokens::bearer::{BearerError, bearer_token};
use protocol::workspace::settings::Workspace;
use store::{GrantReading, StoreFault};
use web::Request;

use crate::{BackChannel, ClientAuthenticator, CorsClient, log};

impl BackChannel {
    /// Who sends `request`: the holder of a token, by that token, or a client, by its own authentication.
    ///
    /// # Errors
    ///
    /// [`CallerError`].
    pub async fn caller(
        &self,
        (request, workspace): (&Request, &Workspace),
        body: &Parameters,
        cors: &mut CorsClient,
        (grants, clients): (&GrantReading, &ClientAuthenticator),
    ) -> Result<Caller, CallerError> {
        let authorization = request.header(header::AUTHORIZATION);
        match bearer_token(&authorization) {
            Ok(token) => {
                let claims =
                    self.verify_access_token(workspace, token.expose()).await.map_err(|fault| unavailable(&fault))?;
                let claims = claims.ok_or(BearerError::Invalid)?;
                // Whoever the token is from, its client's pages may read the answer.
                self.client(workspace, &claims.client_id, cors).await.map_err(|fault| unavailable(&fault))?;
                match self.live(workspace, claims, grants).await.map_err(|fault| unavailable(&fault))? {
                    Some(claims) => Ok(Caller::Bearer(Box::new(claims))),
                    None => Err(BearerError::Invalid.into()),
                }
            }
            Err(BearerError::Missing) => {
                Ok(Caller::Client(clients.authenticate(self, request, workspace, (body, cors)).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The claims of an access token of ours, if it is good now: not expired, of an active client, of a user who still
    /// exists, and not revoked.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn live(
        &self,
        workspace: &Workspace,
        claims: AccessTokenClaims,
        grants: &GrantReading,
    ) -> Result<Option<AccessTokenClaims>, StoreFault> {
        let now = self.clock.now();
        let Some(id) = claims.grant().filter(|_| !claims.expired(now)) else { return Ok(None) };
        if self.configuration.usable_client(workspace, &claims.client_id, now).await?.is_none() {
            return Ok(None);
        }
        if claims.gty.is_some() {
            return Ok((!grants.is_revoked(&workspace.id, &id).await?).then_some(claims));
        }
        let grant = grants.find(&workspace.id, &id).await?.filter(|grant| grant.is_live(now));
        let known = grant.is_some_and(|grant| workspace.knows(&grant.terms.source, &grant.terms.subject));
        Ok(known.then_some(claims))
    }
}

fn unavailable(fault: &StoreFault) -> CallerError {
    log(fault);
    CallerError::Unavailable
}
