//! Whether a user still exists: loaded before every decision about a user.

use protocol::authorization::consent::ConsentEpoch;
use protocol::tokens::grant::GrantTerms;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::users::attributes::Attributes;
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::pool_user::Standing;
use protocol::users::status::{CurrentUser, UserStatus};
use protocol::users::user_key::UserKey;
use protocol::workspace::identity_source::IdentitySource;
use protocol::workspace::settings::Workspace;

use crate::connection::Connection;
use crate::consents::EPOCH;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Key, Kind};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of the item that says whether a user of a pool exists.
pub(crate) const STANDING: &str = "standing";

/// The attribute of that item with what is known of the user and decides.
pub(crate) const DECIDING: &str = "attributes";

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
        Ok(self.current(workspace, user, epoch).await?.status)
    }

    /// The status of `user`, and what the server itself knows of them and decides. It costs no more than the status.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn current(
        &self,
        workspace: &Workspace,
        user: UserKey<'_>,
        epoch: LoginEpoch,
    ) -> Result<CurrentUser, StoreFault> {
        let gone = CurrentUser { status: UserStatus::Gone, attributes: None };
        let Some(source) = workspace.identity_source(user.source) else { return Ok(gone) };
        if let Some(status) = source.status(&workspace.id, user) {
            return Ok(CurrentUser { status, attributes: source.deciding(&workspace.id, user) });
        }
        let Some((standing, attributes)) = self.standing(&workspace.id, user.subject).await? else { return Ok(gone) };
        let IdentitySource::Pool(pool) = source else { return Ok(gone) };
        let attributes = attributes.map(|attributes| pool.defined(&attributes));
        Ok(CurrentUser { status: standing.of_login(epoch), attributes })
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

    /// The standing of a user, with their attributes that decide unless they were last written by a version that did not
    /// note them.
    async fn standing(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
    ) -> Result<Option<(Standing, Option<Attributes>)>, StoreFault> {
        let key = Key { partition: key::partition(Kind::User, workspace, subject.as_str()), sort: Some(STANDING) };
        let Some(item) = self.0.read(&self.0.tables.users, key).await? else { return Ok(None) };
        let attributes = item.contains_key(DECIDING).then(|| item::read_json(&item, DECIDING)).transpose()?;
        Ok(Some((item::read_json(&item, STANDING)?, attributes)))
    }
}
