//! Used responses of upstream providers, each under a digest of the `state` of its login, so that none is exchanged
//! twice (RFC 6749 §4.1.2, catalogue row SEC-UP-22).

use protocol::federation::openid::UpstreamTransaction;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::key::{self, Kind};
use crate::need::{Action, Handle, Need, Table};
use crate::single_use::{self, Mark};
use crate::write_attempt::WriteAttempt;

/// Whether the response to an upstream login was used for the first time.
#[must_use]
pub enum Taking {
    /// It was, by this attempt or an earlier one whose response was lost.
    First(Committed),
    /// Another request has used it.
    Taken,
}

/// Marks responses to upstream logins as used.
#[derive(Clone)]
pub struct UpstreamAnswerTaking(Connection);

impl Handle for UpstreamAnswerTaking {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::UpstreamLogin)];
}

impl UpstreamAnswerTaking {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Marks the response to `transaction` as used.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether another request has used it, so its code must not be sent.
    pub async fn take(
        &self,
        workspace: &WorkspaceId,
        transaction: &UpstreamTransaction,
        attempt: &WriteAttempt,
    ) -> Result<Taking, StoreFault> {
        let partition = key::partition(Kind::UpstreamLogin, workspace, &transaction.mark().encoded());
        let mark = Mark { partition, until: transaction.expires };
        Ok(single_use::first(&self.0, mark, attempt).await?.map_or(Taking::Taken, Taking::First))
    }
}
