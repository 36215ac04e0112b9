//! A new password against a code or link from mail: one transaction over all items of the user, which uses up the code.

use protocol::types::id::{Subject, WorkspaceId};
use protocol::users::pool_user::PoolUser;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::key::Kind;
use crate::mail_proofs::{self, StoredProof};
use crate::need::{Action, Handle, Need, Table};
use crate::pool_users::{PoolUsers, UserChange, UserWritten};

/// May change users who prove that their mailbox is theirs.
#[derive(Clone)]
pub struct PasswordRecovery {
    connection: Connection,
    users: PoolUsers,
}

impl Handle for PasswordRecovery {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Users, Action::GetItem, Kind::Account),
        Need::of(Table::Users, Action::PutItem, Kind::Account),
        Need::of(Table::Users, Action::PutItem, Kind::User),
        Need::of(Table::Users, Action::UpdateItem, Kind::SignIn),
        Need::of(Table::Flow, Action::DeleteItem, Kind::MailProof),
    ];
}

impl PasswordRecovery {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), users: PoolUsers::new(connection) }
    }

    /// Finds the user with this subject, unless deleted.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<PoolUser>, StoreFault> {
        self.users.find(workspace, subject).await
    }

    /// Makes `change` and uses up `proof`, which was sent for `account`; or neither. Of several that have the same proof, one
    /// succeeds.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn change(
        &self,
        workspace: &WorkspaceId,
        change: &UserChange<'_>,
        (account, proof): (&str, &StoredProof),
    ) -> Result<UserWritten, StoreFault> {
        let spending = mail_proofs::spending(&self.connection, workspace, account, proof)?;
        self.users.write_with(workspace, change, vec![spending]).await
    }
}
