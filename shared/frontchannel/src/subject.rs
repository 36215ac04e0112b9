//! How a client knows a user (OpenID Connect Core §8).

use protocol::authorization::error::RedirectError;
use protocol::authorization::refusal::Refusal;
use protocol::clients::sector::{self, SubjectType};
use protocol::types::id::Subject;
use protocol::users::session::Session;

use crate::issue::temporarily;
use crate::{FrontChannel, PendingAuthorization};

impl FrontChannel {
    /// How the client of `pending` knows the user of `session`: by the user's own subject, or by one that is derived
    /// for the client's sector and that nobody without the key can tell.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the key is out of reach; it is never told another identifier instead.
    pub async fn client_subject(&self, pending: &PendingAuthorization, session: &Session) -> Result<Subject, Refusal> {
        let SubjectType::Pairwise(sector) = &pending.client.client.subject_type else {
            return Ok(session.subject.clone());
        };
        let keys = self.pairwise.keys(self.clock.now()).await.map_err(|fault| temporarily(pending, &fault))?;
        let workspace = &pending.workspace.workspace.id;
        let derived = keys.lasting(workspace, &[sector.as_str(), session.subject.as_str()]);
        let subject = derived.and_then(|derived| sector::subject(derived.expose()));
        subject.ok_or_else(|| self.refusal(pending, RedirectError::TemporarilyUnavailable))
    }
}
