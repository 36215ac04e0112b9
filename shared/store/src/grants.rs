//! Grants: one item from the code to the last token, changed by one conditional write at a time (design section 4).

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::tokens::grant::{Grant, GrantState, GrantTerms, RefreshState};
use protocol::types::commit::Committed;
use protocol::types::id::{GrantId, WorkspaceId};
use protocol::types::secret::SecretHash;
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};
use crate::write_attempt::WriteAttempt;

/// A grant that is about to be created, with its code.
pub struct NewGrant {
    /// Its id, taken over from the interaction.
    pub id: GrantId,
    /// The terms of the grant.
    pub terms: GrantTerms,
    /// The digest of the code.
    pub code: SecretHash,
    /// When the code expires.
    pub code_expires: Timestamp,
    /// When the interaction expires. Until then this item prevents it from being finished again.
    pub interaction_expires: Timestamp,
}

/// Whether a grant was created.
#[must_use]
pub enum Creation {
    /// It was, by this attempt.
    Created(Committed),
    /// An item with this id already exists: the interaction was finished before.
    AlreadyFinished,
}

/// How an interaction was finished.
pub enum Finish {
    /// The user denied the request.
    Denied,
    /// With a grant.
    Granted(Box<Grant>),
}

/// May create grants, and read those that finished interactions.
#[derive(Clone)]
pub struct GrantCreation(Connection);

/// May find grants.
#[derive(Clone)]
pub struct GrantReading(Connection);

/// May revoke grants.
#[derive(Clone)]
pub struct GrantRevocation(Connection);

impl Handle for GrantCreation {
    const NEEDS: &'static [Need] =
        &[Need::of(Table::Flow, Action::PutItem, Kind::Grant), Need::of(Table::Flow, Action::GetItem, Kind::Grant)];
}

impl GrantCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Creates `grant` unless its id is taken.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the grant was created.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        grant: NewGrant,
        attempt: &WriteAttempt,
    ) -> Result<Creation, StoreFault> {
        // The item must outlive the interaction, or the interaction could be finished twice.
        let expires = grant.code_expires.max(grant.interaction_expires);
        let put = self.put(workspace, &grant.id, expires, attempt);
        let put = put
            .item("terms", item::json(&grant.terms)?)
            .item("code", item::text(grant.code.encoded()))
            .item("code_expires", item::instant(grant.code_expires));
        creation(put.send().await, attempt)
    }

    /// Records that the user denied the request, so that the interaction cannot be finished with a grant.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn deny(
        &self,
        workspace: &WorkspaceId,
        id: &GrantId,
        expires: Timestamp,
        attempt: &WriteAttempt,
    ) -> Result<Creation, StoreFault> {
        creation(self.put(workspace, id, expires, attempt).send().await, attempt)
    }

    /// Whether an item with this id exists: if so, the interaction was finished before.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn exists(&self, workspace: &WorkspaceId, id: &GrantId) -> Result<bool, StoreFault> {
        Ok(find_item(&self.0, workspace, id).await?.is_some())
    }

    /// How the interaction `id` was finished, if it was.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn finish(&self, workspace: &WorkspaceId, id: &GrantId) -> Result<Option<Finish>, StoreFault> {
        let Some(item) = find_item(&self.0, workspace, id).await? else { return Ok(None) };
        Ok(Some(read(id, &item)?.map_or(Finish::Denied, |grant| Finish::Granted(Box::new(grant)))))
    }

    fn put(
        &self,
        workspace: &WorkspaceId,
        id: &GrantId,
        expires: Timestamp,
        attempt: &WriteAttempt,
    ) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
        self.0
            .client
            .put_item()
            .table_name(&self.0.tables.flow)
            .item(PARTITION, item::text(partition(workspace, id)))
            .item("v", item::version())
            .item("created_by", item::text(attempt.name()))
            .item("expires", item::instant(expires))
            .item(TTL, item::ttl(expires))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

impl Handle for GrantReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::GetItem, Kind::Grant)];
}

impl GrantReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds a grant, with a strongly consistent read.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(&self, workspace: &WorkspaceId, id: &GrantId) -> Result<Option<Grant>, StoreFault> {
        find(&self.0, workspace, id).await
    }

    /// Whether the client credentials token `id`, which has no grant, was revoked.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn is_revoked(&self, workspace: &WorkspaceId, id: &GrantId) -> Result<bool, StoreFault> {
        Ok(find_item(&self.0, workspace, id).await?.is_some_and(|item| item.contains_key("revoked")))
    }
}

impl Handle for GrantRevocation {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::UpdateItem, Kind::Grant)];
}

impl GrantRevocation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Revokes a grant with all its tokens. Does nothing if the grant no longer exists.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the grant was revoked.
    pub async fn revoke(&self, workspace: &WorkspaceId, id: &GrantId, now: Timestamp) -> Result<(), StoreFault> {
        revoke(&self.0, workspace, id, now).await
    }

    /// Revokes the client credentials token `id`, which has no grant. The item that records it is kept until the token
    /// expires.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the token was revoked.
    pub async fn revoke_client_token(
        &self,
        workspace: &WorkspaceId,
        id: &GrantId,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreFault> {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        update
            .key(PARTITION, item::text(partition(workspace, id)))
            .update_expression("SET v = :v, revoked = if_not_exists(revoked, :now), expires = :expires, #ttl = :ttl")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":now", item::instant(now))
            .expression_attribute_values(":expires", item::instant(expires))
            .expression_attribute_values(":ttl", item::ttl(expires))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}

pub(crate) fn partition(workspace: &WorkspaceId, id: &GrantId) -> String {
    key::partition(Kind::Grant, workspace, id.as_str())
}

/// The proof of a commit.
#[expect(clippy::disallowed_methods, reason = "called only after a conditional write that succeeded")]
pub(crate) const fn attest() -> Committed {
    Committed::attest()
}

/// The outcome of a conditional put.
fn creation<T>(outcome: Result<T, SdkError<PutItemError>>, attempt: &WriteAttempt) -> Result<Creation, StoreFault> {
    let Err(error) = outcome else { return Ok(Creation::Created(attest())) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            let ours = failed.item().is_some_and(|item| is(item, "created_by", attempt.name()));
            Ok(if ours { Creation::Created(attest()) } else { Creation::AlreadyFinished })
        }
        _ => Err(StoreFault::of(&error)),
    }
}

/// Whether the text attribute `name` is `value`.
pub(crate) fn is(item: &Item, name: &str, value: &str) -> bool {
    item.get(name).and_then(|stored| stored.as_s().ok()).is_some_and(|stored| stored == value)
}

async fn find_item(connection: &Connection, workspace: &WorkspaceId, id: &GrantId) -> Result<Option<Item>, StoreFault> {
    let key = Key { partition: partition(workspace, id), sort: None };
    connection.read(&connection.tables.flow, key).await
}

pub(crate) async fn find(
    connection: &Connection,
    workspace: &WorkspaceId,
    id: &GrantId,
) -> Result<Option<Grant>, StoreFault> {
    let Some(item) = find_item(connection, workspace, id).await? else { return Ok(None) };
    read(id, &item)
}

fn read(id: &GrantId, item: &Item) -> Result<Option<Grant>, StoreFault> {
    if !item.contains_key("terms") {
        // A denied interaction: there is nothing to redeem.
        return Ok(None);
    }
    Ok(Some(Grant {
        id: id.clone(),
        terms: item::read_json(item, "terms")?,
        state: state(item)?,
        expires: item::read_instant(item, "expires")?,
    }))
}

/// Flags decide whether a grant is redeemed or revoked, not times, so clock changes have no effect (catalogue row
/// SEC-TIME-04).
fn state(item: &Item) -> Result<GrantState, StoreFault> {
    let code = SecretHash::parse(item::read_text(item, "code")?).ok_or(StoreFault::Unreadable("code"))?;
    if item.contains_key("revoked") {
        return Ok(GrantState::Revoked { code });
    }
    Ok(match item::read_number(item, "redeemed")? {
        Some(at) => {
            let at = Timestamp::from_millis(at);
            GrantState::Redeemed { code, at, sender: sender(item)?, refresh: refresh_state(item)? }
        }
        None => GrantState::Issued { code, code_expires: item::read_instant(item, "code_expires")? },
    })
}

/// The sender of a redeemed code. Grants that were redeemed by earlier releases do not record it.
pub(crate) fn sender(item: &Item) -> Result<Option<SecretHash>, StoreFault> {
    if !item.contains_key("redeemed_from") {
        return Ok(None);
    }
    let sender = SecretHash::parse(item::read_text(item, "redeemed_from")?);
    sender.map(Some).ok_or(StoreFault::Unreadable("redeemed_from"))
}

/// The refresh state, if the grant has refresh tokens.
fn refresh_state(item: &Item) -> Result<Option<RefreshState>, StoreFault> {
    let Some(generation) = item::read_number(item, "refresh_generation")? else { return Ok(None) };
    let digest = |name| SecretHash::parse(item::read_text(item, name)?).ok_or(StoreFault::Unreadable(name));
    let version = item::read_number(item, "refresh_version")?.ok_or(StoreFault::Unreadable("refresh_version"))?;
    let previous = match item::read_number(item, "refreshed")? {
        Some(replaced) => Some((digest("refresh_previous")?, Timestamp::from_millis(replaced))),
        None => None,
    };
    Ok(Some(RefreshState {
        generation: u32::try_from(generation).map_err(|_| StoreFault::Unreadable("refresh_generation"))?,
        current: digest("refresh")?,
        version: u8::try_from(version).map_err(|_| StoreFault::Unreadable("refresh_version"))?,
        previous,
        until: item::read_instant(item, "refresh_until")?,
        idle_until: item::read_instant(item, "refresh_idle_until")?,
    }))
}

pub(crate) async fn revoke(
    connection: &Connection,
    workspace: &WorkspaceId,
    id: &GrantId,
    now: Timestamp,
) -> Result<(), StoreFault> {
    let outcome = connection
        .client
        .update_item()
        .table_name(&connection.tables.flow)
        .key(PARTITION, item::text(partition(workspace, id)))
        .update_expression("SET revoked = if_not_exists(revoked, :now)")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":now", item::instant(now))
        .send()
        .await;
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(StoreFault::of(&error)),
        },
    }
}
