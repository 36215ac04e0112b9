//! The list of a user's sessions: one item for each user, beside the sessions themselves.
//!
//! An entry is written before its session, so that no session is missing from the list. An entry whose session has ended
//! stays until the list is tidied, and means nothing.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use protocol::types::id::WorkspaceId;
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::session_list::ListedSession;
use protocol::users::user_key::UserKey;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// The attribute with the entries. It is a set, so adding one is idempotent and needs no read.
const SESSIONS: &str = "sessions";

/// How long a list stays after its last entry was added: as long as a session can last.
const KEPT: Lifetime = Lifetime::seconds(365 * 86_400);

/// May list the sessions of a user.
#[derive(Clone)]
pub struct SessionListing(Connection);

impl Handle for SessionListing {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::GetItem, Kind::UserSessions)];
}

impl SessionListing {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// The entries of `user`, whether or not their sessions still exist.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn of(&self, workspace: &WorkspaceId, user: UserKey<'_>) -> Result<Vec<ListedSession>, StoreFault> {
        let key = Key { partition: partition(workspace, user), sort: None };
        let item = self.0.read(&self.0.tables.flow, key).await?;
        Ok(item.as_ref().map(entries).unwrap_or_default())
    }
}

/// Adds `entry` to the list of `user`, and returns the list.
pub(crate) async fn add(
    connection: &Connection,
    workspace: &WorkspaceId,
    user: UserKey<'_>,
    entry: ListedSession,
    now: Timestamp,
) -> Result<Vec<ListedSession>, StoreFault> {
    let added = connection
        .client
        .update_item()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition(workspace, user)))
        .update_expression("SET v = :v, #ttl = :ttl ADD #sessions :entry")
        // A later version may list them differently (fault F-LAM-6).
        .condition_expression("attribute_not_exists(v) OR v = :v")
        .expression_attribute_names("#ttl", TTL)
        .expression_attribute_names("#sessions", SESSIONS)
        .expression_attribute_values(":v", item::version())
        .expression_attribute_values(":ttl", item::ttl(now.plus(KEPT)))
        .expression_attribute_values(":entry", AttributeValue::Ss(vec![entry.encoded()]))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await
        .map_err(|error| StoreFault::of(&error))?;
    Ok(added.attributes.as_ref().map(entries).unwrap_or_default())
}

/// Removes `ended` from the list of `user`.
pub(crate) async fn remove(
    connection: &Connection,
    workspace: &WorkspaceId,
    user: UserKey<'_>,
    ended: &[ListedSession],
) -> Result<(), StoreFault> {
    connection
        .client
        .update_item()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition(workspace, user)))
        .update_expression("DELETE #sessions :ended")
        .condition_expression("v = :v")
        .expression_attribute_names("#sessions", SESSIONS)
        .expression_attribute_values(":v", item::version())
        .expression_attribute_values(":ended", AttributeValue::Ss(ended.iter().map(ListedSession::encoded).collect()))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| StoreFault::of(&error))
}

fn partition(workspace: &WorkspaceId, user: UserKey<'_>) -> String {
    key::partition(Kind::UserSessions, workspace, &user.digest().encoded())
}

fn entries(item: &Item) -> Vec<ListedSession> {
    let values = item.get(SESSIONS).and_then(|value| value.as_ss().ok());
    values.into_iter().flatten().filter_map(|value| ListedSession::parse(value)).collect()
}
