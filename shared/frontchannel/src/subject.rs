//! The subject identifier by which a client knows a user (OpenID Connect Core §8).

use protocol::authorization::error::RedirectError;
use protocol::authorization::refusal::Refusal;
use protocol::clients::client::Client;
use protocol::clients::sector::{self, SubjectType};
use protocol::types::id::{Subject, WorkspaceId};
use protocol::users::session::Session;

use web::{Unavailable, unavailable};

use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

impl FrontChannel {
    /// Returns the `sub` of the user of `session` for the client of `pending`: public, or derived for the client's
    /// sector with a secret key.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the key is unavailable; it never falls back to another identifier.
    pub async fn client_subject(&self, pending: &PendingAuthorization, session: &Session) -> Result<Subject, Refusal> {
        let subject = self.subject_for(&pending.workspace().id, pending.client(), session).await;
        subject.map_err(|_logged| pending.refuse(RedirectError::TemporarilyUnavailable))
    }

    /// The `sub` of the user of `session` for `client`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn subject_for(
        &self,
        workspace: &WorkspaceId,
        client: &Client,
        session: &Session,
    ) -> Result<Subject, Unavailable> {
        let SubjectType::Pairwise(sector) = &client.subject_type else {
            return Ok(session.subject.clone());
        };
        let keys = self.pairwise.keys(self.now()).await.map_err(unavailable)?;
        let derived = keys.lasting(workspace, &[sector.as_str(), session.subject.as_str()]);
        let subject = derived.and_then(|derived| sector::subject(derived.expose()));
        subject.ok_or_else(|| unavailable("the key for pairwise subjects no longer exists"))
    }
}
