//! Single sign-on sessions, under the hash of their cookie.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use protocol::logout::request::ApprovedLogout;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::SecretHash;
use protocol::types::time::Timestamp;
use protocol::users::session::Participant;
use protocol::users::session::Session;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May find sessions.
#[derive(Clone)]
pub struct SessionReading(Connection);

/// May begin sessions, and end the one that a new one replaces.
#[derive(Clone)]
pub struct SessionCreation(Connection);

/// May add a client to a session, so that it is told when the session ends.
#[derive(Clone)]
pub struct SessionJoining(Connection);

/// May end sessions.
#[derive(Clone)]
pub struct SessionEnding(Connection);

/// What became of a client that was to take part in a session.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// It does, durably.
    Joined,
    /// The session has ended in the meantime.
    Ended,
}

/// The attribute with the clients of a session: a set, so that they come one by one, in any order and more than once.
const PARTICIPANTS: &str = "participants";

impl Handle for SessionReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::GetItem, Kind::Session)];
}

impl SessionReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the session of the cookie with this hash, if it is alive at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreFault> {
        let key = Key { partition: partition(workspace, cookie), sort: None };
        let Some(item) = self.0.read(&self.0.tables.flow, key).await? else { return Ok(None) };
        let participants = participants(&item);
        let session = Session { cookie: cookie.encoded(), participants, ..item::read_json(&item, "session")? };
        Ok(session.alive(now))
    }
}

impl Handle for SessionCreation {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::PutItem, Kind::Session),
        Need::of(Table::Flow, Action::DeleteItem, Kind::Session),
    ];
}

impl SessionCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Begins `session` under the hash of its cookie.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn begin(
        &self,
        workspace: &WorkspaceId,
        cookie: &SecretHash,
        session: &Session,
    ) -> Result<(), StoreFault> {
        // A set has members: without any there is no attribute.
        let joined = (!session.participants.is_empty()).then(|| set(&session.participants));
        self.0
            .client
            .put_item()
            .set_item(joined.map(|joined| Item::from([(PARTICIPANTS.into(), joined)])))
            .table_name(&self.0.tables.flow)
            .item(PARTITION, item::text(partition(workspace, cookie)))
            .item("v", item::version())
            .item("session", item::json(session)?)
            .item(TTL, item::ttl(session.expires))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }

    /// Ends the session of the cookie with this hash, if there is one, and returns the clients that took part in it.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end(&self, workspace: &WorkspaceId, cookie: &SecretHash) -> Result<Vec<Participant>, StoreFault> {
        ended(&self.0, partition(workspace, cookie)).await
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

    /// Lets `participant` take part in `session`, unless it has ended: one that has does not come back by this.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn join(
        &self,
        workspace: &WorkspaceId,
        session: &Session,
        participant: &Participant,
    ) -> Result<Joining, StoreFault> {
        let updated = self
            .0
            .client
            .update_item()
            .table_name(&self.0.tables.flow)
            .key(PARTITION, item::text(key::partition(Kind::Session, workspace, &session.cookie)))
            .update_expression("ADD #participants :joining")
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#participants", PARTICIPANTS)
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_values(":joining", set(std::slice::from_ref(participant)))
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

    /// Ends the session of `approved`, if it has not ended already, and returns the clients that took part in it when it
    /// did.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn end(
        &self,
        workspace: &WorkspaceId,
        approved: &ApprovedLogout,
    ) -> Result<Vec<Participant>, StoreFault> {
        ended(&self.0, key::partition(Kind::Session, workspace, &approved.session().cookie)).await
    }
}

async fn ended(connection: &Connection, partition: String) -> Result<Vec<Participant>, StoreFault> {
    let deleted = connection
        .client
        .delete_item()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition))
        .return_values(ReturnValue::AllOld)
        .send()
        .await
        .map_err(|error| StoreFault::of(&error))?;
    Ok(deleted.attributes.as_ref().map(participants).unwrap_or_default())
}

fn set(participants: &[Participant]) -> AttributeValue {
    AttributeValue::Ss(participants.iter().map(Participant::encoded).collect())
}

/// The clients of a session. A word that cannot be read names nobody who could be told.
fn participants(item: &Item) -> Vec<Participant> {
    let words = item.get(PARTICIPANTS).and_then(|value| value.as_ss().ok());
    words.into_iter().flatten().filter_map(|word| Participant::parse(word)).collect()
}

fn partition(workspace: &WorkspaceId, cookie: &SecretHash) -> String {
    key::partition(Kind::Session, workspace, &cookie.encoded())
}
