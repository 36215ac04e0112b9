//! Accounts of users of upstream providers: the claims asserted at their last login.

use protocol::types::id::{Subject, WorkspaceId};
use protocol::users::user_claims::{Identity, Profile};
use protocol::users::user_key::UserKey;
use protocol::workspace::identity_source::IdentitySource;
use protocol::workspace::settings::Workspace;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of the only item that an account has so far.
const PROFILE: &str = "profile";

/// May find accounts.
#[derive(Clone)]
pub struct AccountReading(Connection);

/// May record accounts.
#[derive(Clone)]
pub struct AccountRecording(Connection);

impl Handle for AccountReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::GetItem, Kind::Account)];
}

impl AccountReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the record of the user with this subject. Its claims are the provider's assertions, not yet fit for
    /// clients.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<Identity>, StoreFault> {
        let key = Key { partition: key::partition(Kind::Account, workspace, subject.as_str()), sort: Some(PROFILE) };
        let Some(item) = self.0.read(&self.0.tables.users, key).await? else { return Ok(None) };
        item::read_json(&item, "identity").map(Some)
    }

    /// The claims of `user` for clients, judged by the current settings: from the settings themselves for the sandbox,
    /// from the table for an upstream provider. `None` if the user is unknown, by the same rule as everywhere
    /// ([`UserReading::status`](crate::UserReading::status)).
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn profile(&self, workspace: &Workspace, user: UserKey<'_>) -> Result<Option<Profile>, StoreFault> {
        let source = workspace.identity_source(user.source);
        let Some(source) = source.filter(|source| source.status(&workspace.id, user).is_active()) else {
            return Ok(None);
        };
        let identity = match source {
            IdentitySource::Sandbox(sandbox) => sandbox.identity_of(&workspace.id, user.subject),
            IdentitySource::Upstream(_) => self.find(&workspace.id, user.subject).await?,
        };
        Ok(identity.map(|identity| identity.claims.judged(source.trust())))
    }
}

impl Handle for AccountRecording {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::PutItem, Kind::Account)];
}

impl AccountRecording {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Records the claims of a user of an upstream provider, replacing earlier ones.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn record(&self, workspace: &WorkspaceId, identity: &Identity) -> Result<(), StoreFault> {
        self.0
            .client
            .put_item()
            .table_name(&self.0.tables.users)
            .item(PARTITION, item::text(key::partition(Kind::Account, workspace, identity.subject.as_str())))
            .item(SORT, item::text(PROFILE))
            .item("v", item::version())
            .item("identity", item::json(identity)?)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}
