//! Single sign-on sessions, stored under the hash of their cookie.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use protocol::logout::request::ApprovedLogout;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::SecretHash;
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::session::{FormerParticipants, Participant, Session, SessionUse};
use protocol::users::session_list::ListedSession;
use protocol::users::user_key::UserKey;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};
use crate::user_sessions;

/// May find sessions.
#[derive(Clone)]
pub struct SessionReading(Connection);

/// Creates sessions, and ends those that they replace.
#[derive(Clone)]
pub struct SessionCreation(Connection);

/// Records the use of a session, and adds clients to it so that they are notified when it ends.
#[derive(Clone)]
pub struct SessionJoining(Connection);

/// Ends sessions.
#[derive(Clone)]
pub struct SessionEnding(Connection);

/// Whether the use of a session was recorded.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// It was, durably, and so was the client that joined.
    Joined,
    /// The session ended in the meantime.
    Ended,
}

/// The attribute with the clients of a session. It is a set, so adding one is idempotent and needs no read.
const PARTICIPANTS: &str = "participants";

/// The attribute with the time of its last recorded use.
const USED: &str = "used";

/// The attribute with the clients that a session inherited from earlier ones.
const INHERITED: &str = "inherited";

impl Handle for SessionReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::GetItem, Kind::Session)];
}

impl SessionReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the session of the cookie with this hash, if at `now` it has not expired and was not unused for `idle`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        idle: Lifetime,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreFault> {
        let key = Key { partition: partition(workspace, cookie), sort: None };
        let Some(item) = self.0.read(&self.0.tables.flow, key).await? else { return Ok(None) };
        let participants = all_participants(&item);
        let session = Session { cookie: cookie.encoded(), participants, ..item::read_json(&item, "session")? };
        let used = item::read_number(&item, USED)?.map(Timestamp::from_millis);
        Ok(session.limited(used, idle).alive(now))
    }
}

impl Handle for SessionCreation {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::PutItem, Kind::Session),
        Need::of(Table::Flow, Action::DeleteItem, Kind::Session),
        Need::of(Table::Flow, Action::UpdateItem, Kind::UserSessions),
    ];
}

impl SessionCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Creates `session` under the hash of its cookie, and returns the list of its user's sessions, in which it is first
    /// entered. Its initial clients come from previous sessions.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn begin(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        session: &Session,
    ) -> Result<Vec<ListedSession>, StoreFault> {
        let entry = ListedSession { cookie: *cookie, expires: session.expires };
        let listed = user_sessions::add(&self.0, workspace, session.user(), entry, session.began).await?;
        // DynamoDB has no empty sets, so the attribute is left out.
        let inherited = (!session.participants.is_empty()).then(|| set(&session.participants));
        self.0
            .client
            .put_item()
            .set_item(inherited.map(|inherited| Item::from([(INHERITED.into(), inherited)])))
            .table_name(&self.0.tables.flow)
            .item(PARTITION, item::text(partition(workspace, cookie)))
            .item("v", item::version())
            .item("session", item::json(session)?)
            .item(USED, item::instant(session.used))
            .item(TTL, item::ttl(session.expires))
            .send()
            .await
            .map(|_| listed)
            .map_err(|error| StoreFault::of(&error))
    }

    /// Removes sessions that have ended from the list of their user.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn unlist(
        &self,
        workspace: &WorkspaceId,
        user: UserKey<'_>,
        ended: &[ListedSession],
    ) -> Result<(), StoreFault> {
        user_sessions::remove(&self.0, workspace, user, ended).await
    }

    /// Ends the session with this cookie hash, if there is one, and returns its clients.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end(&self, workspace: &WorkspaceId, cookie: &SecretHash) -> Result<FormerParticipants, StoreFault> {
        let Some(item) = delete(&self.0, partition(workspace, cookie)).await? else {
            return Ok(FormerParticipants::default());
        };
        let (joined, inherited) = (participants(&item, PARTICIPANTS), participants(&item, INHERITED));
        Ok(FormerParticipants { joined, inherited })
    }
}

impl Handle for SessionJoining {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::UpdateItem, Kind::Session)];
}

impl SessionJoining {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Records a use of `session`, unless it has ended: an ended session is not created again.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn record(
        &self,
        workspace: &WorkspaceId,
        session: &Session,
        usage: &SessionUse,
    ) -> Result<Joining, StoreFault> {
        let update = self.0.client.update_item();
        let update = match &usage.joining {
            None => update.update_expression("SET #used = :now"),
            Some(joining) => update
                .update_expression("SET #used = :now ADD #participants :joining")
                .expression_attribute_names("#participants", PARTICIPANTS)
                .expression_attribute_values(":joining", set(std::slice::from_ref(joining))),
        };
        let updated = update
            .table_name(&self.0.tables.flow)
            .key(PARTITION, item::text(key::partition(Kind::Session, workspace, &session.cookie)))
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#used", USED)
            .expression_attribute_values(":now", item::instant(usage.at))
            .send()
            .await;
        match updated {
            Ok(_) => Ok(Joining::Joined),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Joining::Ended)
            }
            Err(error) => Err(StoreFault::of(&error)),
        }
    }
}

impl Handle for SessionEnding {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::DeleteItem, Kind::Session)];
}

impl SessionEnding {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Ends the session of `approved`, if it has not ended already, and returns its clients.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end(
        &self,
        workspace: &WorkspaceId,
        approved: &ApprovedLogout,
    ) -> Result<Vec<Participant>, StoreFault> {
        self.end_own(workspace, approved.session()).await
    }

    /// Ends `session` at the demand of its user, if it has not ended already, and returns its clients.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end_own(&self, workspace: &WorkspaceId, session: &Session) -> Result<Vec<Participant>, StoreFault> {
        let deleted = delete(&self.0, key::partition(Kind::Session, workspace, &session.cookie)).await?;
        Ok(deleted.as_ref().map(all_participants).unwrap_or_default())
    }
}

/// Deletes a session and returns it as it was.
async fn delete(connection: &Connection, partition: String) -> Result<Option<Item>, StoreFault> {
    let deleted = connection
        .client
        .delete_item()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition))
        .return_values(ReturnValue::AllOld)
        .send()
        .await
        .map_err(|error| StoreFault::of(&error))?;
    Ok(deleted.attributes)
}

fn set(participants: &[Participant]) -> AttributeValue {
    AttributeValue::Ss(participants.iter().map(Participant::encoded).collect())
}

/// All clients of a session, including inherited ones.
fn all_participants(item: &Item) -> Vec<Participant> {
    [PARTICIPANTS, INHERITED].into_iter().flat_map(|attribute| participants(item, attribute)).collect()
}

/// The clients in `attribute`. Values that cannot be parsed are skipped, since they name no client to notify.
fn participants(item: &Item, attribute: &str) -> Vec<Participant> {
    let values = item.get(attribute).and_then(|value| value.as_ss().ok());
    values.into_iter().flatten().filter_map(|value| Participant::parse(value)).collect()
}

fn partition(workspace: &WorkspaceId, cookie: &SecretHash) -> String {
    key::partition(Kind::Session, workspace, &cookie.encoded())
}
