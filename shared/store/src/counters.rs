//! Counters of unauthenticated requests and wrong user codes, one item per time window (catalogue rows SEC-PAR-08,
//! SEC-DOS-03).

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use protocol::types::id::WorkspaceId;
use protocol::types::rate_limit::CounterKey;

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::item;
use crate::key::{self, Kind, PARTITION, TTL};
use crate::need::{Action, Handle, Need, Table};

/// May count requests.
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

    /// Counts one more, and returns the total in the window of `key`. A retry after a write whose response was lost counts
    /// twice, which errs on the safe side.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn count(&self, workspace: &WorkspaceId, key: &CounterKey) -> Result<u64, StoreFault> {
        let updated = self
            .update(workspace, key)
            .update_expression("SET v = :v, #ttl = :ttl ADD counted :one")
            // A later version may count differently (fault F-LAM-6).
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

    /// Undoes one count that turned out not to matter. A retry after a write whose response was lost undoes two, but the
    /// counter never falls below zero.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn take_back(&self, workspace: &WorkspaceId, key: &CounterKey) -> Result<(), StoreFault> {
        let outcome = self
            .update(workspace, key)
            .update_expression("SET counted = counted - :one")
            .condition_expression("v = :v AND counted >= :one")
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":one", item::number(1))
            .send()
            .await;
        let Err(error) = outcome else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(StoreFault::of(&error)),
        }
    }

    /// Records the attempt `guess`, and returns the number of different attempts in the window of `key`; `None` if more
    /// than `most` others were already recorded. Recording the same attempt again has no effect.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn try_guess(
        &self,
        workspace: &WorkspaceId,
        key: &CounterKey,
        guess: &str,
        most: u64,
    ) -> Result<Option<u64>, StoreFault> {
        let outcome = self
            .update(workspace, key)
            .update_expression("SET v = :v, #ttl = :ttl ADD tried :guesses")
            .condition_expression(
                "attribute_not_exists(v) OR (v = :v AND (attribute_not_exists(tried) OR size(tried) <= :most \
                 OR contains(tried, :guess)))",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":ttl", item::ttl(key.ends()))
            .expression_attribute_values(":guesses", AttributeValue::Ss(vec![guess.into()]))
            .expression_attribute_values(":guess", item::text(guess))
            .expression_attribute_values(":most", item::number(most))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let updated = match outcome {
            Ok(updated) => updated,
            Err(error) => return refused(&error),
        };
        let tried = updated.attributes.as_ref().and_then(|attributes| attributes.get("tried")?.as_ss().ok());
        let tried = tried.ok_or(StoreFault::Unreadable("tried"))?;
        Ok(Some(u64::try_from(tried.len()).unwrap_or(u64::MAX)))
    }

    /// Removes the attempt `guess`, because it was right. Repeating this has no effect.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn take_back_guess(
        &self,
        workspace: &WorkspaceId,
        key: &CounterKey,
        guess: &str,
    ) -> Result<(), StoreFault> {
        self.update(workspace, key)
            .update_expression("SET v = :v, #ttl = :ttl DELETE tried :guesses")
            .condition_expression("attribute_not_exists(v) OR v = :v")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":v", item::version())
            .expression_attribute_values(":ttl", item::ttl(key.ends()))
            .expression_attribute_values(":guesses", AttributeValue::Ss(vec![guess.into()]))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreFault::of(&error))
    }

    fn update(&self, workspace: &WorkspaceId, key: &CounterKey) -> UpdateItemFluentBuilder {
        let update = self.0.client.update_item().table_name(&self.0.tables.flow);
        update.key(PARTITION, item::text(key::partition(Kind::Counter, workspace, key.id())))
    }
}

/// One guess too many, or an item of a later version.
fn refused(error: &SdkError<UpdateItemError>) -> Result<Option<u64>, StoreFault> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            let old = failed.item().cloned().ok_or(StoreFault::Unreadable("tried"))?;
            item::known(old).map(|_| None)
        }
        _ => Err(StoreFault::of(error)),
    }
}
