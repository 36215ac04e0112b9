//! The identifier by which a client knows a user (OpenID Connect Core §8).

use protocol::authorization::error::RedirectError;
use protocol::authorization::refusal::Refusal;
use protocol::clients::sector::{self, SubjectType};
use protocol::types::id::Subject;
use protocol::users::session::Session;

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
        let SubjectType::Pairwise(sector) = &pending.client().subject_type else {
            return Ok(session.subject.clone());
        };
        let keys = self.pairwise.keys(self.now()).await.map_err(|fault| pending.unavailable(fault))?;
        let derived = keys.lasting(&pending.workspace().id, &[sector.as_str(), session.subject.as_str()]);
        let subject = derived.and_then(|derived| sector::subject(derived.expose()));
        subject.ok_or_else(|| pending.refuse(RedirectError::TemporarilyUnavailable))
    }
}
