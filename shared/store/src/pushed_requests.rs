//! Pushed authorization requests (RFC 9126), each under the digest of its `request_uri` and sealed with a key that is
//! derived from the `request_uri`.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::authorization::pushed_request::PushedRequest;
use protocol::types::id::{GrantId, WorkspaceId};
use protocol::types::secret::SecretHash;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::grants::is;
use crate::item;
use crate::key::{self, Key, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May store pushed requests.
#[derive(Clone)]
pub struct PushedRequestCreation(Connection);

/// May find pushed requests, and bind them to a browser.
#[derive(Clone)]
pub struct PushedRequestLoading(Connection);

/// Whether a pushed request is bound to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Binding {
    /// To this browser, by this attempt or an earlier one whose response was lost.
    Bound,
    /// To another browser, which came first.
    OtherBrowser,
}

impl Handle for PushedRequestCreation {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::PushedRequest)];
}

impl PushedRequestCreation {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Stores `request` under `reference`, which is random, so nothing is stored there yet. A retry after a write whose
    /// response was lost writes the same item again.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the request was stored, and its reference is lost.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        reference: &SecretHash,
        request: &PushedRequest,
    ) -> Result<(), StoreFault> {
        let put = self.0.client.put_item().table_name(&self.0.tables.flow);
        put.item(PARTITION, item::text(partition(workspace, reference)))
            .item("v", item::version())
            .item("id", item::text(request.id.as_str()))
            .item("sealed", item::text(request.sealed.as_str()))
            .item("pushed", item::instant(request.pushed))
            .item("expires", item::instant(request.expires))
            .item(TTL, item::ttl(request.expires))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }
}

impl Handle for PushedRequestLoading {
    const NEEDS: &'static [Need] = &[
        Need::of(Table::Flow, Action::GetItem, Kind::PushedRequest),
        Need::of(Table::Flow, Action::UpdateItem, Kind::PushedRequest),
    ];
}

impl PushedRequestLoading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Finds the request of `reference`, with a strongly consistent read, expired or not.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        reference: &SecretHash,
    ) -> Result<Option<PushedRequest>, StoreFault> {
        let key = Key { partition: partition(workspace, reference), sort: None };
        let Some(item) = self.0.read(&self.0.tables.flow, key).await? else { return Ok(None) };
        let browser = item.contains_key("browser").then(|| item::read_text(&item, "browser"));
        Ok(Some(PushedRequest {
            id: GrantId::parse(item::read_text(&item, "id")?).map_err(|_| StoreFault::Unreadable("id"))?,
            sealed: item::read_text(&item, "sealed")?.into(),
            pushed: item::read_instant(&item, "pushed")?,
            expires: item::read_instant(&item, "expires")?,
            browser: browser.transpose()?.map(Into::into),
        }))
    }

    /// Binds the request of `reference` to the browser with the hashed cookie `browser`, unless it is bound to another one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the request is bound to this browser.
    pub async fn bind(
        &self,
        workspace: &WorkspaceId,
        reference: &SecretHash,
        browser: &str,
    ) -> Result<Binding, StoreFault> {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        let outcome = update
            .key(PARTITION, item::text(partition(workspace, reference)))
            .update_expression("SET browser = :browser")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(browser)")
            .expression_attribute_values(":browser", item::text(browser))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(Binding::Bound) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let ours = failed.item().is_some_and(|item| is(item, "browser", browser));
                Ok(if ours { Binding::Bound } else { Binding::OtherBrowser })
            }
            _ => Err(StoreFault::of(&error)),
        }
    }
}

fn partition(workspace: &WorkspaceId, reference: &SecretHash) -> String {
    key::partition(Kind::PushedRequest, workspace, &reference.encoded())
}
