//! What a login by password needs of a user, in one item for each identifier: one read finds it (catalogue row
//! SEC-PWD-04). No other items contain password hashes, so that the roles of other functions can be kept out.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::types::secret::Secret;
use protocol::users::identifier::Identifier;
use protocol::users::pool_user::{PoolUser, Standing};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// The sort key of the item.
pub(crate) const PASSWORD: &str = "password";

/// The attribute with what is not the hash.
pub(crate) const SIGN_IN: &str = "sign_in";

/// May find what a login needs.
#[derive(Clone)]
pub struct SignInReading(Connection);

/// May replace the hash of a password by a stronger one of the same password.
#[derive(Clone)]
pub struct PasswordRehashing(Connection);

/// What a login needs of a user.
pub struct SignIn {
    /// The user.
    pub user: SignInUser,
    /// The hash of the password, if there is one.
    pub password: Option<Secret<String>>,
}

/// A user, as far as a login needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInUser {
    /// The subject.
    pub subject: Subject,
    /// Status and epoch.
    #[serde(flatten)]
    pub standing: Standing,
    /// What to call the user on pages.
    pub display_name: String,
    /// The identifiers of the user, whose items have the same content.
    pub identifiers: Vec<Identifier>,
}

impl SignInUser {
    pub(crate) fn of(user: &PoolUser) -> Self {
        Self {
            subject: user.subject.clone(),
            standing: user.standing,
            display_name: user.display_name().into(),
            identifiers: user.identifiers.clone(),
        }
    }
}

impl Handle for SignInReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::GetItem, Kind::SignIn)];
}

impl SignInReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the user with this identifier. Nobody has one that was given up.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, identifier: &Identifier) -> Result<Option<SignIn>, StoreFault> {
        let key = Key { partition: partition(workspace, identifier), sort: Some(PASSWORD) };
        let Some(item) = self.0.read(&self.0.tables.users, key).await? else { return Ok(None) };
        if !item.contains_key(SIGN_IN) {
            return Ok(None);
        }
        Ok(Some(SignIn { user: item::read_json(&item, SIGN_IN)?, password: password(&item)? }))
    }
}

fn password(item: &Item) -> Result<Option<Secret<String>>, StoreFault> {
    if !item.contains_key(PASSWORD) {
        return Ok(None);
    }
    item::read_text(item, PASSWORD).map(|hash| Some(Secret::new(hash.to_owned())))
}

impl Handle for PasswordRehashing {
    const NEEDS: &'static [Need] = &[Need::of(Table::Users, Action::UpdateItem, Kind::SignIn)];
}

impl PasswordRehashing {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Replaces the hash `former` of this user with `new`, under each identifier where it still is the same: a password
    /// that was set in the meantime stays.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn rehash(
        &self,
        workspace: &WorkspaceId,
        user: &SignInUser,
        former: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<(), StoreFault> {
        for identifier in &user.identifiers {
            let outcome = self
                .0
                .client
                .update_item()
                .table_name(&self.0.tables.users)
                .key(PARTITION, item::text(partition(workspace, identifier)))
                .key(SORT, item::text(PASSWORD))
                .update_expression("SET #password = :new")
                .condition_expression("v = :v AND #password = :former")
                .expression_attribute_names("#password", PASSWORD)
                .expression_attribute_values(":v", item::version())
                .expression_attribute_values(":new", item::text(new.expose()))
                .expression_attribute_values(":former", item::text(former.expose()))
                .send()
                .await;
            match outcome.as_ref().err().map(|error| error.as_service_error()) {
                None | Some(Some(UpdateItemError::ConditionalCheckFailedException(_))) => {}
                Some(_) => return outcome.map(|_| ()).map_err(|error| StoreFault::of(&error)),
            }
        }
        Ok(())
    }
}

/// The partition key of what a login with `identifier` needs.
pub(crate) fn partition(workspace: &WorkspaceId, identifier: &Identifier) -> String {
    key::partition(Kind::SignIn, workspace, &identifier.digest().encoded())
}
