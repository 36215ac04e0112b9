//! A token request whose client has authenticated: the context that every grant type works in.

use backchannel::ClientContext;
use protocol::client_authentication::authenticated_client::AuthenticatedClient;
use protocol::tokens::context::TokenContext;
use protocol::tokens::error::TokenError;
use protocol::tokens::grant::LoadedGrant;
use protocol::types::id::GrantId;
use protocol::types::time::Lifetime;
use protocol::workspace::settings::Workspace;
use signing::entropy::random_text;
use store::{WriteAttempt, WriteContext};
use web::unavailable;

use crate::deps::Deps;

/// A token request whose client has authenticated.
pub(crate) struct AuthenticatedRequest<'a> {
    /// The handles of the function.
    pub(crate) deps: &'a Deps,
    /// The request.
    pub(crate) context: &'a ClientContext<'a>,
    /// Its client.
    pub(crate) client: AuthenticatedClient,
}

/// The maximum time for signing, with all retries and the failover to the next key.
pub(crate) const TIME_TO_SIGN: Lifetime = Lifetime::seconds(1);

/// The maximum time for signing and the commit after it.
pub(crate) const TIME_TO_SIGN_AND_COMMIT: Lifetime = Lifetime::seconds(4);

/// The maximum time for the commit, with all retries.
pub(crate) const TIME_TO_COMMIT: Lifetime = Lifetime::seconds(3);

impl AuthenticatedRequest<'_> {
    /// The workspace.
    pub(crate) const fn workspace(&self) -> &Workspace {
        self.context.workspace
    }

    /// The context of decisions, at this moment.
    pub(crate) fn decision_context(&self) -> TokenContext<'_> {
        TokenContext { client: &self.client, now: self.deps.back.now() }
    }

    /// Loads the grant `id` with its user, if it exists.
    pub(crate) async fn load(&self, id: &GrantId) -> Result<Option<LoadedGrant>, TokenError> {
        let grant = self.deps.grants.find(&self.workspace().id, id).await.map_err(unavailable)?;
        Ok(self.deps.back.with_user(self.context, grant).await?)
    }

    /// Revokes `grant` after one of its codes or refresh tokens was used by an unauthorized party.
    pub(crate) async fn revoke(&self, grant: &GrantId) -> Result<(), TokenError> {
        let revoked = self.deps.grants.revoke(&self.workspace().id, grant, self.deps.back.now()).await;
        Ok(revoked.map_err(unavailable)?)
    }

    /// The context of the write that commits this request.
    pub(crate) fn write(&self) -> Result<WriteContext<'_>, TokenError> {
        let attempt = WriteAttempt::new(random_text::<16>(&*self.deps.entropy).map_err(unavailable)?);
        Ok(WriteContext { workspace: &self.workspace().id, attempt, now: self.deps.back.now() })
    }

    /// Stops before a step that the remaining time of this invocation does not suffice for: nothing has changed yet,
    /// so the client can retry with the same code or token (fault F-LAM-1).
    pub(crate) fn in_time(&self, needed: Lifetime) -> Result<(), TokenError> {
        if self.context.request.deadline.leaves(needed, self.deps.back.now()) {
            return Ok(());
        }
        Err(unavailable("too little time of the invocation remains").into())
    }
}
