//! Used client assertions, each under a digest of its client and `jti`, so that none is accepted twice (RFC 7523 §3,
//! catalogue row SEC-CLI-10).

use protocol::client_authentication::assertion::AssertionUse;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::key::{self, Kind};
use crate::need::{Action, Handle, Need, Table};
use crate::single_use::{self, Mark};
use crate::write_attempt::WriteAttempt;

/// Whether an assertion was used for the first time.
#[must_use]
pub enum Spending {
    /// It was, by this attempt or an earlier one whose response was lost.
    Spent(Committed),
    /// It has been used before.
    Replayed,
}

/// May mark assertions as used.
#[derive(Clone)]
pub struct AssertionSpending(Connection);

impl Handle for AssertionSpending {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::Assertion)];
}

impl AssertionSpending {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Marks an assertion as used.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the assertion was used before, so it must not be accepted (fault F-DDB-6).
    pub async fn spend(
        &self,
        workspace: &WorkspaceId,
        assertion: &AssertionUse,
        attempt: &WriteAttempt,
    ) -> Result<Spending, StoreFault> {
        let partition = key::partition(Kind::Assertion, workspace, &assertion.mark().encoded());
        let mark = Mark { partition, until: assertion.until() };
        Ok(single_use::first(&self.0, mark, attempt).await?.map_or(Spending::Replayed, Spending::Spent))
    }
}
