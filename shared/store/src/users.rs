//! Whether a user still exists: loaded before every decision about a user.

use protocol::authorization::consent::ConsentEpoch;
use protocol::tokens::grant::GrantTerms;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::pool_user::Standing;
use protocol::users::status::UserStatus;
use protocol::users::user_key::UserKey;
use protocol::workspace::settings::Workspace;

use crate::connection::Connection;
use crate::consents::EPOCH;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of the item that says whether a user of a pool exists.
pub(crate) const STANDING: &str = "standing";

/// May find out whether users exist and are active.
#[derive(Clone)]
pub struct UserReading(Connection);

impl Handle for UserReading {
    // Users of the sandbox and of upstream providers depend only on the settings, which are already loaded.
    const NEEDS: &'static [Need] =
        &[Need::of(Table::Users, Action::GetItem, Kind::User), Need::of(Table::Users, Action::GetItem, Kind::Consent)];
}

impl UserReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Returns the status of `user` for a login that was made in `epoch`: the single place that decides whether a user
    /// exists. A source that was removed from the workspace has no users, and one whose issuer changed does not have those
    /// of the former issuer. Users of a pool have a record, which costs a read.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn status(
        &self,
        workspace: &Workspace,
        user: UserKey<'_>,
        epoch: LoginEpoch,
    ) -> Result<UserStatus, StoreFault> {
        let Some(source) = workspace.identity_source(user.source) else { return Ok(UserStatus::Gone) };
        if let Some(status) = source.status(&workspace.id, user) {
            return Ok(status);
        }
        let standing = self.standing(&workspace.id, user.subject).await?;
        Ok(standing.map_or(UserStatus::Gone, |standing| standing.of_login(epoch)))
    }

    /// The current epoch of the consent that a grant with these `terms` rests on; `None` if it rests on none. It costs a
    /// read: what a user withdraws ends at once.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn consent(
        &self,
        workspace: &WorkspaceId,
        terms: &GrantTerms,
    ) -> Result<Option<ConsentEpoch>, StoreFault> {
        if terms.consent.is_none() {
            return Ok(None);
        }
        let partition = key::partition(Kind::Consent, workspace, terms.subject.as_str());
        let key = Key { partition, sort: Some(terms.client_id.as_str()) };
        let item = self.0.read(&self.0.tables.users, key).await?;
        let number = item.map(|item| item::read_number(&item, EPOCH)).transpose()?.flatten();
        Ok(Some(ConsentEpoch::new(number.unwrap_or_default())))
    }

    async fn standing(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<Standing>, StoreFault> {
        let key = Key { partition: key::partition(Kind::User, workspace, subject.as_str()), sort: Some(STANDING) };
        let item = self.0.read(&self.0.tables.users, key).await?;
        item.map(|item| item::read_json(&item, STANDING)).transpose()
    }
}
