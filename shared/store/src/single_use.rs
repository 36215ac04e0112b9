//! Single-use marks: the attempt that creates the mark was the first.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::types::commit::Committed;
use protocol::types::time::Timestamp;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::grants::{attest, is};
use crate::item;
use crate::key::{PARTITION, TTL};
use crate::write_attempt::WriteAttempt;

/// A mark in the flow table.
pub(crate) struct Mark {
    /// Its key.
    pub(crate) partition: String,
    /// Until when the marked value could have been used.
    pub(crate) until: Timestamp,
}

/// Creates `mark` and returns the proof that this attempt was the first, or an earlier one whose response was lost;
/// `None` if another attempt was.
pub(crate) async fn first(
    connection: &Connection,
    mark: Mark,
    attempt: &WriteAttempt,
) -> Result<Option<Committed>, StoreFault> {
    let outcome = connection
        .client
        .put_item()
        .table_name(&connection.tables.flow)
        .item(PARTITION, item::text(mark.partition))
        .item("v", item::version())
        .item("spent_by", item::text(attempt.name()))
        .item("expires", item::instant(mark.until))
        .item(TTL, item::ttl(mark.until))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = outcome else { return Ok(Some(attest())) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            let ours = failed.item().is_some_and(|item| is(item, "spent_by", attempt.name()));
            Ok(ours.then(attest))
        }
        _ => Err(StoreFault::of(&error)),
    }
}
