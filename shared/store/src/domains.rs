//! The domains of workspaces, each an item under its own name, so that it is one workspace's at a time.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use protocol::types::domain::Domain;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

use crate::cache::Cache;
use crate::configuration::{ALONE, find};
use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Kind, PARTITION, SORT};
use crate::need::{Action, Handle, Need, Table};

/// The attribute with the workspace.
const WORKSPACE: &str = "workspace";

/// May read which workspace has a domain, through a cache that is at most thirty seconds old.
pub struct DomainReading {
    connection: Connection,
    domains: Cache<Domain, WorkspaceId>,
}

impl Handle for DomainReading {
    const NEEDS: &'static [Need] = &[Need::of(Table::Config, Action::GetItem, Kind::Domain)];
}

impl DomainReading {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), domains: Cache::new() }
    }

    /// The workspace that `domain` belongs to, if it belongs to one. Whether the workspace still has it is for its settings
    /// to say.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn workspace(&self, domain: &Domain, now: Timestamp) -> Result<Option<WorkspaceId>, StoreFault> {
        if let Some(fresh) = self.domains.fresh(domain, now) {
            return Ok(Some(fresh.as_ref().clone()));
        }
        if self.domains.is_absent(domain, now) {
            return Ok(None);
        }
        let Some(item) = find(&self.connection, key::regional(Kind::Domain, domain.as_str())).await? else {
            self.domains.remember_absent(domain.clone(), now);
            return Ok(None);
        };
        let id = item::read_text(&item, WORKSPACE)?.parse().map_err(|_| StoreFault::Unreadable("domain"))?;
        Ok(Some(self.domains.remember(domain.clone(), id, now).as_ref().clone()))
    }
}

/// Makes `domain` belong to `workspace`; `false` if it belongs to another one.
///
/// # Errors
///
/// [`StoreFault`].
pub(crate) async fn claim(
    connection: &Connection,
    domain: &Domain,
    workspace: &WorkspaceId,
) -> Result<bool, StoreFault> {
    let put = connection
        .client
        .put_item()
        .table_name(&connection.tables.config)
        .item(PARTITION, item::text(key::regional(Kind::Domain, domain.as_str())))
        .item(SORT, item::text(ALONE))
        .item("v", item::version())
        .item(WORKSPACE, item::text(workspace.to_string()))
        .condition_expression("attribute_not_exists(#workspace) OR #workspace = :workspace")
        .expression_attribute_names("#workspace", WORKSPACE)
        .expression_attribute_values(":workspace", item::text(workspace.to_string()));
    match put.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(StoreFault::of(&error)),
        },
    }
}

/// Makes `domain` free again if it still belongs to `workspace`.
///
/// # Errors
///
/// [`StoreFault`].
pub(crate) async fn release(
    connection: &Connection,
    domain: &Domain,
    workspace: &WorkspaceId,
) -> Result<(), StoreFault> {
    let delete = connection
        .client
        .delete_item()
        .table_name(&connection.tables.config)
        .key(PARTITION, item::text(key::regional(Kind::Domain, domain.as_str())))
        .key(SORT, item::text(ALONE))
        .condition_expression("#workspace = :workspace")
        .expression_attribute_names("#workspace", WORKSPACE)
        .expression_attribute_values(":workspace", item::text(workspace.to_string()));
    match delete.send().await {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(StoreFault::of(&error)),
        },
    }
}
