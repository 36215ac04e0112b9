//! Accounts: for users of upstream providers the claims asserted at their last login, for users of a pool their record.

use aws_sdk_dynamodb::types::ReturnValue;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::types::time::Timestamp;
use protocol::users::attributes::Attributes;
use protocol::users::pool_user::PoolUser;
use protocol::users::status::UserStatus;
use protocol::users::user_claims::{Identity, Profile, SourceClaims};
use protocol::users::user_key::UserKey;
use protocol::workspace::identity_source::IdentitySource;
use protocol::workspace::settings::Workspace;
use protocol::workspace::upstream_provider::UserParameter;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of the only item that an account has so far.
pub(crate) const PROFILE: &str = "profile";

/// The attribute with the record of a user of a pool.
pub(crate) const RECORD: &str = "user";

/// The attribute with the name that the user once posted. It outlives later logins, which do not have it.
const POSTED: &str = "posted";

/// May find accounts.
#[derive(Clone)]
pub struct AccountReading(Connection);

/// May record accounts.
#[derive(Clone)]
pub struct AccountRecording(Connection);

/// What is known of a user.
pub struct UserAccount {
    /// The claims for clients, judged by the current settings.
    pub profile: Profile,
    /// These claims, and the attributes of a pool beside them.
    pub attributes: Attributes,
}

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
        self.item(workspace, subject).await?.map(|item| item::read_json(&item, "identity")).transpose()
    }

    /// When the user of a pool with this subject last set a password; `None` without one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn password_changed(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
    ) -> Result<Option<Timestamp>, StoreFault> {
        Ok(self.pool_user(workspace, subject).await?.and_then(|user| user.password_changed))
    }

    /// The record of a user of a pool.
    async fn pool_user(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<PoolUser>, StoreFault> {
        let item = self.item(workspace, subject).await?.filter(|item| item.contains_key(RECORD));
        item.map(|item| item::read_json(&item, RECORD)).transpose()
    }

    async fn item(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<Item>, StoreFault> {
        let key = Key { partition: key::partition(Kind::Account, workspace, subject.as_str()), sort: Some(PROFILE) };
        self.0.read(&self.0.tables.users, key).await
    }

    /// The claims of the record, with the name that the user posted where `posted` says that it counts.
    async fn claims(
        &self,
        workspace: &WorkspaceId,
        subject: &Subject,
        posted: UserParameter,
    ) -> Result<Option<SourceClaims>, StoreFault> {
        let Some(item) = self.item(workspace, subject).await? else { return Ok(None) };
        let claims = item::read_json::<Identity>(&item, "identity")?.claims;
        Ok(Some(match posted {
            UserParameter::Ignored => claims,
            UserParameter::Name => claims.named_by(posted_name(&item)?),
        }))
    }

    /// The claims of `user` for clients, judged by the current settings: from the settings themselves for the sandbox,
    /// from the table for others. `None` if the user is unknown, by the same rule as everywhere
    /// ([`UserReading::status`](crate::UserReading::status)).
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn account(&self, workspace: &Workspace, user: UserKey<'_>) -> Result<Option<UserAccount>, StoreFault> {
        let source = workspace.identity_source(user.source);
        let may_be_known =
            |source: &IdentitySource<'_>| source.status(&workspace.id, user).is_none_or(UserStatus::is_active);
        let Some(source) = source.filter(may_be_known) else { return Ok(None) };
        let mut own = Attributes::default();
        let claims = match source {
            IdentitySource::Sandbox(sandbox) => {
                sandbox.identity_of(&workspace.id, user.subject).map(|identity| identity.claims)
            }
            IdentitySource::Pool(pool) => {
                let user = self.pool_user(&workspace.id, user.subject).await?;
                let user = user.filter(|user| user.standing.status.of_logins().is_active());
                own = user.as_ref().map(|user| pool.deciding(user)).unwrap_or_default();
                user.map(|user| pool.claims(&user))
            }
            IdentitySource::Upstream(provider) => {
                self.claims(&workspace.id, user.subject, provider.user_parameter).await?
            }
        };
        Ok(claims.map(|claims| {
            let profile = claims.judged(source.trust());
            UserAccount { attributes: Attributes::of(&profile, own), profile }
        }))
    }
}

impl Handle for AccountRecording {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::UpdateItem, Kind::Account)];
}

impl AccountRecording {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Records the claims of a user of an upstream provider, replacing earlier ones, and returns the name that the user
    /// posted, now or at an earlier login. Where `posted` is `None`, because it does not count, it is forgotten.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn record(
        &self,
        workspace: &WorkspaceId,
        identity: &Identity,
        posted: Option<&SourceClaims>,
    ) -> Result<SourceClaims, StoreFault> {
        let update = match posted {
            None => "SET #v = :v, #identity = :identity REMOVE #posted",
            Some(name) if name.is_empty() => "SET #v = :v, #identity = :identity",
            Some(_) => "SET #v = :v, #identity = :identity, #posted = :posted",
        };
        let mut write = self
            .0
            .client
            .update_item()
            .table_name(&self.0.tables.users)
            .key(PARTITION, item::text(key::partition(Kind::Account, workspace, identity.subject.as_str())))
            .key(SORT, item::text(PROFILE))
            .update_expression(update)
            .expression_attribute_names("#v", "v")
            .expression_attribute_names("#identity", "identity")
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":identity", item::json(identity)?)
            .return_values(ReturnValue::AllNew);
        if posted.is_none_or(|name| !name.is_empty()) {
            write = write.expression_attribute_names("#posted", POSTED);
        }
        if let Some(name) = posted.filter(|name| !name.is_empty()) {
            write = write.expression_attribute_values(":posted", item::json(name)?);
        }
        let written = write.send().await.map_err(|error| StoreFault::of(&error))?;
        written.attributes.map_or_else(|| Ok(SourceClaims::default()), |item| posted_name(&item))
    }
}

/// The name that the user posted, if there is one.
fn posted_name(item: &Item) -> Result<SourceClaims, StoreFault> {
    if item.contains_key(POSTED) { item::read_json(item, POSTED) } else { Ok(SourceClaims::default()) }
}
