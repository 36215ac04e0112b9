//! Counters of what somebody who has not authenticated makes us do, one item for each window of time (catalogue rows
//! SEC-PAR-08, SEC-DOS-03).

use aws_sdk_dynamodb::types::ReturnValue;
use protocol::types::id::WorkspaceId;
use protocol::types::rate_limit::CounterKey;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May count.
#[derive(Clone)]
pub struct Counting(Connection);

impl Handle for Counting {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::UpdateItem, Kind::Counter)];
}

impl Counting {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Counts one more, and returns how many that makes in the window of `key`. A retry whose first try took effect counts
    /// twice, which errs on the safe side.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn count(&self, workspace: &WorkspaceId, key: &CounterKey) -> Result<u64, StoreFault> {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        let updated = update
            .key(PARTITION, item::text(key::partition(Kind::Counter, workspace, key.id())))
            .update_expression("SET v = :v, #ttl = :ttl ADD counted :one")
            // A later version may count otherwise (fault F-LAM-6).
            .condition_expression("attribute_not_exists(v) OR v = :v")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":ttl", item::ttl(key.ends()))
            .expression_attribute_values(":one", item::number(1))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| StoreFault::of(&error))?;
        let counted = updated.attributes.map_or(Ok(None), |attributes| item::read_number(&attributes, "counted"))?;
        counted.ok_or(StoreFault::Unreadable("counted"))
    }
}
