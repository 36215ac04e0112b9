//! The records of users of a pool, and every change of them: one transaction over all items of the user.
//!
//! A user has an account (everything that is known, for pages, userinfo and operators), a standing (status and epoch, for
//! every function that decides about a user), and one sign-in for each identifier (for logins). The latter two repeat
//! what is in the first. That an identifier belongs to one user at a time is the condition on its sign-in.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use protocol::types::id::{Subject, WorkspaceId};
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::attributes::Attributes;
use protocol::users::identifier::{Identifier, IdentifierKind};
use protocol::users::pool_user::{PoolStatus, PoolUser};

use crate::accounts::{PROFILE, RECORD};
use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, SORT};
use crate::sign_ins::{self, PASSWORD, SIGN_IN, SignInUser};
use crate::users::{DECIDING, STANDING};

/// May find, list and change users of pools. Functions have no such handle: it is for administration.
#[derive(Clone)]
pub struct PoolUsers(Connection);

/// A change of a user.
pub struct UserChange<'a> {
    /// The user before the change; `None` to create the user.
    pub before: Option<&'a PoolUser>,
    /// The user after the change.
    pub after: &'a PoolUser,
    /// What happens to the password.
    pub password: PasswordChange<'a>,
    /// Identifiers that were given up before this time are free again.
    pub free_since: Timestamp,
    /// When identifiers are given up by this change.
    pub now: Timestamp,
}

/// What a change does to the password.
pub enum PasswordChange<'a> {
    /// Nothing.
    Keep,
    /// It is replaced by the one with this hash.
    Set(&'a Secret<String>),
}

/// The outcome of a change.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserWritten {
    /// It is durable.
    Done,
    /// Another user has the identifier of this kind, or had it too recently.
    Taken(IdentifierKind),
    /// The user was changed by somebody else in the meantime.
    Changed,
}

/// One page of users.
pub struct UserPage {
    /// The users, in no particular order.
    pub users: Vec<PoolUser>,
    /// The user after whom the next page begins, if there may be one.
    pub next: Option<Subject>,
}

impl PoolUsers {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the user with this subject, unless deleted.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, subject: &Subject) -> Result<Option<PoolUser>, StoreFault> {
        let key = Key { partition: account(workspace, subject), sort: Some(PROFILE) };
        let item = self.0.read(&self.0.tables.users, key).await?;
        // The account of a user of an upstream provider has no record.
        item.filter(|item| item.contains_key(RECORD)).map(|item| item::read_json(&item, RECORD)).transpose()
    }

    /// Lists up to `count` users of `workspace`, those after `after` in the order of the table. It reads the whole table, page by
    /// page.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn list(
        &self,
        workspace: &WorkspaceId,
        count: usize,
        after: Option<&Subject>,
    ) -> Result<UserPage, StoreFault> {
        let mut users: Vec<PoolUser> = Vec::new();
        let mut start = after.map(|subject| key_after(account(workspace, subject)));
        loop {
            let scan = self.0.client.scan().table_name(&self.0.tables.users).set_exclusive_start_key(start);
            let scan = scan
                .filter_expression("begins_with(#pk, :account) AND attribute_exists(#user)")
                .expression_attribute_names("#pk", PARTITION)
                .expression_attribute_names("#user", RECORD)
                .expression_attribute_values(":account", item::text(key::partition(Kind::Account, workspace, "")));
            let page = scan.send().await.map_err(|error| StoreFault::of(&error))?;
            for item in page.items.unwrap_or_default() {
                users.push(item::read_json(&item::known(item)?, RECORD)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() || users.len() > count {
                let more = start.is_some() || users.len() > count;
                users.truncate(count);
                let next = users.last().filter(|_| more).map(|last| last.subject.clone());
                return Ok(UserPage { users, next });
            }
        }
    }

    /// Makes a change, or none of it. A repetition after a write whose response was lost makes it once.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn write(&self, workspace: &WorkspaceId, change: &UserChange<'_>) -> Result<UserWritten, StoreFault> {
        self.write_with(workspace, change, Vec::new()).await
    }

    /// Makes a change and `more`, or none of it. When `more` fails, the outcome is [`UserWritten::Changed`].
    pub(crate) async fn write_with(
        &self,
        workspace: &WorkspaceId,
        change: &UserChange<'_>,
        more: Vec<TransactWriteItem>,
    ) -> Result<UserWritten, StoreFault> {
        let UserChange { before, after, .. } = change;
        let kept = if after.standing.status == PoolStatus::Deleted { &[] } else { after.identifiers.as_slice() };
        let former = before.map(|user| user.identifiers.as_slice()).unwrap_or_default();
        let mut writes: Vec<TransactWriteItem> = Vec::new();
        for identifier in kept {
            writes.push(self.sign_in(workspace, identifier, change)?);
        }
        for given_up in former.iter().filter(|identifier| !kept.contains(identifier)) {
            writes.push(self.given_up(workspace, given_up, change)?);
        }
        writes.push(self.account(workspace, change)?);
        writes.push(self.standing(workspace, after)?);
        writes.extend(more);
        let outcome = self.0.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match outcome {
            Ok(_) => Ok(UserWritten::Done),
            Err(error) => refused(&error, kept),
        }
    }

    /// The sign-in of an identifier that the user has or gets.
    fn sign_in(
        &self,
        workspace: &WorkspaceId,
        identifier: &Identifier,
        change: &UserChange<'_>,
    ) -> Result<TransactWriteItem, StoreFault> {
        let set = match change.password {
            PasswordChange::Keep => "SET v = :v, #sign_in = :sign_in, subject = :subject REMOVE released",
            PasswordChange::Set(_) => {
                "SET v = :v, #sign_in = :sign_in, subject = :subject, #password = :password REMOVE released"
            }
        };
        let mut update = self
            .update(workspace, identifier)
            .update_expression(set)
            .condition_expression(
                "attribute_not_exists(v) OR (v = :v AND (subject = :subject OR released <= :free_since))",
            )
            .expression_attribute_names("#sign_in", SIGN_IN)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":sign_in", item::json(&SignInUser::of(change.after))?)
            .expression_attribute_values(":subject", item::text(change.after.subject.as_str()))
            .expression_attribute_values(":free_since", item::instant(change.free_since));
        if let PasswordChange::Set(hash) = change.password {
            update = update
                .expression_attribute_names("#password", PASSWORD)
                .expression_attribute_values(":password", item::text(hash.expose()));
        }
        transaction(update)
    }

    /// What remains of the sign-in of an identifier that the user gives up: who had it, and since when nobody has. Only
    /// they can have it back before the quarantine is over.
    fn given_up(
        &self,
        workspace: &WorkspaceId,
        identifier: &Identifier,
        change: &UserChange<'_>,
    ) -> Result<TransactWriteItem, StoreFault> {
        let update = self
            .update(workspace, identifier)
            .update_expression("SET released = :now REMOVE #sign_in, #password")
            .condition_expression("v = :v AND subject = :subject")
            .expression_attribute_names("#sign_in", SIGN_IN)
            .expression_attribute_names("#password", PASSWORD)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":subject", item::text(change.after.subject.as_str()))
            .expression_attribute_values(":now", item::instant(change.now));
        transaction(update)
    }

    fn update(
        &self,
        workspace: &WorkspaceId,
        identifier: &Identifier,
    ) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&self.0.tables.users)
            .key(PARTITION, item::text(sign_ins::partition(workspace, identifier)))
            .key(SORT, item::text(PASSWORD))
    }

    /// The account, which a deletion removes. It must be as the change found it.
    fn account(&self, workspace: &WorkspaceId, change: &UserChange<'_>) -> Result<TransactWriteItem, StoreFault> {
        let UserChange { before, after, .. } = change;
        let (partition, table) = (account(workspace, &after.subject), &self.0.tables.users);
        // The revision that the change makes is accepted too: then this is its repetition.
        let (condition, values) = match before {
            None => ("attribute_not_exists(v) OR revision = :after", vec![(":after", item::number(after.revision))]),
            Some(before) => (
                "v = :v AND revision IN (:before, :after)",
                vec![
                    (":v", item::version()),
                    (":before", item::number(before.revision)),
                    (":after", item::number(after.revision)),
                ],
            ),
        };
        let values: Item = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if after.standing.status == PoolStatus::Deleted {
            let delete = Delete::builder()
                .table_name(table)
                .key(PARTITION, item::text(partition))
                .key(SORT, item::text(PROFILE))
                .condition_expression(format!("attribute_not_exists(v) OR ({condition})"))
                .set_expression_attribute_values(Some(values))
                .build();
            return Ok(TransactWriteItem::builder()
                .delete(delete.map_err(|_| StoreFault::Unreadable("change"))?)
                .build());
        }
        let put = Put::builder()
            .table_name(table)
            .item(PARTITION, item::text(partition))
            .item(SORT, item::text(PROFILE))
            .item("v", item::version())
            .item(RECORD, item::json(after)?)
            .item("revision", item::number(after.revision))
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .build();
        Ok(TransactWriteItem::builder().put(put.map_err(|_| StoreFault::Unreadable("change"))?).build())
    }

    fn standing(&self, workspace: &WorkspaceId, user: &PoolUser) -> Result<TransactWriteItem, StoreFault> {
        let put = Put::builder()
            .table_name(&self.0.tables.users)
            .item(PARTITION, item::text(key::partition(Kind::User, workspace, user.subject.as_str())))
            .item(SORT, item::text(STANDING))
            .item("v", item::version())
            .item(STANDING, item::json(&user.standing)?)
            .item(DECIDING, item::json(&Attributes::deciding(&user.attributes))?)
            .build();
        Ok(TransactWriteItem::builder().put(put.map_err(|_| StoreFault::Unreadable("change"))?).build())
    }
}

/// The partition key of the account of `subject`.
pub(crate) fn account(workspace: &WorkspaceId, subject: &Subject) -> String {
    key::partition(Kind::Account, workspace, subject.as_str())
}

/// The key of the account after which a list continues.
fn key_after(partition: String) -> Item {
    Item::from([(PARTITION.into(), item::text(partition)), (SORT.into(), item::text(PROFILE))])
}

fn transaction(update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> Result<TransactWriteItem, StoreFault> {
    let update = update.build().map_err(|_| StoreFault::Unreadable("change"))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Which condition refused the change: that of an identifier, whose writes come first, or that of the user. Anything else,
/// such as a conflict with another transaction, is a fault.
fn refused(error: &SdkError<TransactWriteItemsError>, identifiers: &[Identifier]) -> Result<UserWritten, StoreFault> {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return Err(StoreFault::of(error));
    };
    let failed = |reason: &aws_sdk_dynamodb::types::CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    match canceled.cancellation_reasons().iter().position(failed) {
        Some(position) => {
            let taken = identifiers.get(position).map(|identifier| UserWritten::Taken(identifier.kind()));
            Ok(taken.unwrap_or(UserWritten::Changed))
        }
        None => Err(StoreFault::of(error)),
    }
}
