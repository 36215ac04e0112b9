//! Used client assertions, each under a digest of its client and `jti`, so that none is accepted twice (RFC 7523 §3,
//! catalogue row SEC-CLI-10).

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use protocol::client_authentication::assertion::AssertionUse;
use protocol::types::commit::Committed;
use protocol::types::id::WorkspaceId;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::grants::{attest, is};
use crate::item;
use crate::key::{self, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};
use crate::write_attempt::WriteAttempt;

/// Whether an assertion was used for the first time.
#[must_use]
pub enum Spending {
    /// It was, by this attempt: now, or in an earlier try whose response was lost.
    Spent(Committed),
    /// It has been used before.
    Replayed,
}

/// May mark assertions as used.
#[derive(Clone)]
pub struct AssertionSpending(Connection);

impl Handle for AssertionSpending {
    const NEEDS: &'static [Need] = &[Need::of(Table::Flow, Action::PutItem, Kind::Assertion)];
}

impl AssertionSpending {
    /// The handle over `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.clone())
    }

    /// Marks an assertion as used.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: it is unknown whether the assertion was used before, so it must not be accepted (fault F-DDB-6).
    pub async fn spend(
        &self,
        workspace: &WorkspaceId,
        assertion: &AssertionUse,
        attempt: &WriteAttempt,
    ) -> Result<Spending, StoreFault> {
        let outcome = self
            .0
            .client
            .put_item()
            .table_name(&self.0.tables.flow)
            .item(PARTITION, item::text(key::partition(Kind::Assertion, workspace, &assertion.mark().encoded())))
            .item("v", item::version())
            .item("spent_by", item::text(attempt.name()))
            .item("expires", item::instant(assertion.until()))
            .item(TTL, item::ttl(assertion.until()))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(Spending::Spent(attest())) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let ours = failed.item().is_some_and(|item| is(item, "spent_by", attempt.name()));
                Ok(if ours { Spending::Spent(attest()) } else { Spending::Replayed })
            }
            _ => Err(StoreFault::of(&error)),
        }
    }
}
