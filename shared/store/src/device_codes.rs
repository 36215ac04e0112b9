//! Device requests (RFC 8628), each under a keyed digest of its user code. Their content is sealed with a key that is
//! derived from the user code.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::authorization::device_request::{DeviceDecision, DeviceRequest, INTERVAL};
use protocol::types::id::{DeviceRequestId, GrantId, WorkspaceId};
use protocol::types::secret::SecretHash;
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::grants::is;
use crate::item::{self, Item};
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May store device requests.
#[derive(Clone)]
pub struct DeviceRequestCreation(Connection);

/// May find device requests, and slow down their polls.
#[derive(Clone)]
pub struct DevicePolling(Connection);

/// May record users' decisions on device requests.
#[derive(Clone)]
pub struct DeviceDeciding(Connection);

/// The request for a user who entered a user code.
#[must_use]
pub enum Presented {
    /// A request that waits for a decision.
    Waiting(Box<DeviceRequest>),
    /// A request on which this user has already decided.
    Decided(DeviceDecision),
    /// A pending request whose code another user entered before.
    OfAnother(DeviceRequestId),
    /// None: unknown, expired, or decided by another user.
    Nothing,
}

/// The outcome of recording a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Deciding {
    /// It was recorded, by this attempt or an earlier one.
    Decided,
    /// Another decision was recorded first, or the request no longer exists.
    TooLate,
}

impl Handle for DeviceRequestCreation {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::DeviceRequest)];
}

impl DeviceRequestCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Stores `request`, unless its user code is taken. A retry after a write whose response was lost succeeds as well: the
    /// device code shows that the item is the same request.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the request was stored, and its codes are lost.
    pub async fn create(&self, workspace: &WorkspaceId, request: &DeviceRequest) -> Result<bool, StoreFault> {
        let put = self.0.client.put_item().table_name(&self.0.tables.flow);
        let outcome = put
            .item(PARTITION, item::text(partition(workspace, &request.id)))
            .item("v", item::version())
            .item("grant", item::text(request.grant.as_str()))
            .item("client_id", item::json(&request.client_id)?)
            .item("code", item::text(request.code.encoded()))
            .item("sealed", item::text(request.sealed.as_str()))
            .item("began", item::instant(request.began))
            .item("expires", item::instant(request.expires))
            .item(TTL, item::ttl(request.expires))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(failed.item().is_some_and(|item| is(item, "code", &request.code.encoded())))
            }
            _ => Err(StoreFault::of(&error)),
        }
    }
}

impl Handle for DevicePolling {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::GetItem, Kind::DeviceRequest),
        Need::of(Table::Flow, Action::UpdateItem, Kind::DeviceRequest),
    ];
}

impl DevicePolling {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds a request, with a strongly consistent read, expired or not.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        id: &DeviceRequestId,
    ) -> Result<Option<DeviceRequest>, StoreFault> {
        let key = Key { partition: partition(workspace, id), sort: None };
        let Some(item) = self.0.read(&self.0.tables.flow, key).await? else { return Ok(None) };
        read(id, &item).map(Some)
    }

    /// Sets the minimum interval between two polls to `interval` seconds. It never decreases.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn slow_down(
        &self,
        workspace: &WorkspaceId,
        id: &DeviceRequestId,
        interval: u32,
    ) -> Result<(), StoreFault> {
        let outcome = update(&self.0, workspace, id)
            .update_expression("SET poll_interval = :interval")
            .condition_expression(
                "attribute_exists(pk) AND v = :v AND (attribute_not_exists(poll_interval) OR poll_interval < :interval)",
            )
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":interval", item::number(interval.into()))
            .send()
            .await;
        let Err(error) = outcome else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(StoreFault::of(&error)),
        }
    }
}

impl Handle for DeviceDeciding {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::UpdateItem, Kind::DeviceRequest)];
}

impl DeviceDeciding {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the request `id` for the user with this digest, who entered its code. It is bound to the first user who enters
    /// the code.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn present(
        &self,
        workspace: &WorkspaceId,
        id: &DeviceRequestId,
        user: &SecretHash,
        now: Timestamp,
    ) -> Result<Presented, StoreFault> {
        let outcome = update(&self.0, workspace, id)
            .update_expression("SET presenter = :user")
            .condition_expression(
                "attribute_exists(pk) AND v = :v AND attribute_not_exists(decision) AND expires > :now \
                 AND (attribute_not_exists(presenter) OR presenter = :user)",
            )
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":now", item::instant(now))
            .expression_attribute_values(":user", item::text(user.encoded()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let error = match outcome {
            Ok(updated) => {
                let item = updated.attributes.ok_or(StoreFault::Unreadable("device request"))?;
                return Ok(Presented::Waiting(Box::new(read(id, &item)?)));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                Some(item) => refused(id, &item::known(item.clone())?, user, now),
                None => Ok(Presented::Nothing),
            },
            _ => Err(StoreFault::of(&error)),
        }
    }

    /// Records `decision` of the user with this digest, who has entered the code.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the decision was recorded.
    pub async fn decide(
        &self,
        workspace: &WorkspaceId,
        id: &DeviceRequestId,
        user: &SecretHash,
        decision: DeviceDecision,
    ) -> Result<Deciding, StoreFault> {
        let update = update(&self.0, workspace, id)
            .condition_expression("attribute_not_exists(decision) AND presenter = :user")
            .expression_attribute_values(":user", item::text(user.encoded()));
        record(update, decision).await
    }

    /// Ends a request whose code is in the wrong hands, whichever user entered it (catalogue row SEC-DEV-11).
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the request has ended.
    pub async fn invalidate(&self, workspace: &WorkspaceId, id: &DeviceRequestId) -> Result<Deciding, StoreFault> {
        let update = update(&self.0, workspace, id)
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(decision)");
        record(update, DeviceDecision::Invalidated).await
    }
}

async fn record(update: UpdateItemFluentBuilder, decision: DeviceDecision) -> Result<Deciding, StoreFault> {
    let outcome = update
        .update_expression("SET decision = :decision")
        .expression_attribute_values(":decision", item::text(decision.as_str()))
        .send()
        .await;
    let Err(error) = outcome else { return Ok(Deciding::Decided) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            let same = failed.item().is_some_and(|item| is(item, "decision", decision.as_str()));
            Ok(if same { Deciding::Decided } else { Deciding::TooLate })
        }
        _ => Err(StoreFault::of(&error)),
    }
}

/// Interprets an item that does not wait for `user`.
fn refused(id: &DeviceRequestId, item: &Item, user: &SecretHash, now: Timestamp) -> Result<Presented, StoreFault> {
    let request = read(id, item)?;
    let presenter = item.contains_key("presenter").then(|| item::read_text(item, "presenter")).transpose()?;
    let presenter = presenter.map(|text| SecretHash::parse(text).ok_or(StoreFault::Unreadable("presenter")));
    let own = presenter.transpose()?.is_some_and(|presenter| presenter.matches(user));
    Ok(match request.decision {
        Some(decision) if own => Presented::Decided(decision),
        None if !own && !now.reached(request.expires) => Presented::OfAnother(id.clone()),
        Some(_) | None => Presented::Nothing,
    })
}

fn update(connection: &Connection, workspace: &WorkspaceId, id: &DeviceRequestId) -> UpdateItemFluentBuilder {
    let update = connection.client.update_item().table_name(&connection.tables.flow);
    update
        .key(PARTITION, item::text(partition(workspace, id)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

fn read(id: &DeviceRequestId, item: &Item) -> Result<DeviceRequest, StoreFault> {
    Ok(DeviceRequest {
        id: id.clone(),
        grant: GrantId::parse(item::read_text(item, "grant")?).map_err(|_| StoreFault::Unreadable("grant"))?,
        client_id: item::read_json(item, "client_id")?,
        code: SecretHash::parse(item::read_text(item, "code")?).ok_or(StoreFault::Unreadable("code"))?,
        sealed: item::read_text(item, "sealed")?.into(),
        began: item::read_instant(item, "began")?,
        expires: item::read_instant(item, "expires")?,
        interval: match item::read_number(item, "poll_interval")? {
            Some(interval) => u32::try_from(interval).map_err(|_| StoreFault::Unreadable("poll_interval"))?,
            None => INTERVAL,
        },
        decision: decision(item)?,
    })
}

fn decision(item: &Item) -> Result<Option<DeviceDecision>, StoreFault> {
    if !item.contains_key("decision") {
        return Ok(None);
    }
    let name = item::read_text(item, "decision")?;
    let known = DeviceDecision::ALL.into_iter().find(|decision| decision.as_str() == name);
    known.map(Some).ok_or(StoreFault::Unreadable("decision"))
}

fn partition(workspace: &WorkspaceId, id: &DeviceRequestId) -> String {
    key::partition(Kind::DeviceRequest, workspace, id.as_str())
}
