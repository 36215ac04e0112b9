//! The Lambda adapter for queue consumers: converts an SQS event to [`Message`]s, and reports those to be redelivered
//! in the response (`ReportBatchItemFailures`).

use std::future::Future;

use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use serde::{Deserialize, Serialize};

use crate::lambda::Error;

/// A message, as delivered to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message body.
    pub body: String,
    /// The receipt handle of this delivery.
    pub receipt: String,
    /// How often it has been delivered, including this time.
    pub tries: u32,
}

/// The outcome of handling a message.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is finished.
    Done,
    /// It has to be redelivered.
    Again,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    receipt_handle: String,
    body: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: String,
}

/// The response to a batch: the messages to be redelivered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// Handles batches until Lambda stops the process.
///
/// # Errors
///
/// An error that the runtime cannot recover from.
pub async fn serve<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Message) -> F,
    F: Future<Output = Handled>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| {
        Box::pin(answer(event.payload, handler)).await
    }))
    .await
}

/// Handles one batch.
///
/// # Errors
///
/// An error if the event is not from SQS: the whole batch is redelivered, and ends up in the dead-letter queue.
pub async fn answer<H, F>(event: serde_json::Value, handler: &H) -> Result<Answer, Error>
where
    H: Fn(Message) -> F,
    F: Future<Output = Handled>,
{
    // The unreadable event is not quoted in the log.
    let event: Event = serde_json::from_value(event).map_err(|_| "the event is not an SQS event")?;
    let mut batch_item_failures = Vec::new();
    for record in event.records {
        let tries = record.attributes.approximate_receive_count.parse().unwrap_or(1);
        let message = Message { body: record.body, receipt: record.receipt_handle, tries };
        if handler(message).await == Handled::Again {
            batch_item_failures.push(Failure { item_identifier: record.message_id });
        }
    }
    Ok(Answer { batch_item_failures })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn batch(event: Value) -> Result<Value, String> {
        let handler = async |message: Message| {
            assert_eq!(message.receipt, format!("receipt of {}", message.body));
            if message.tries > 2 { Handled::Again } else { Handled::Done }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(answer(event, &handler)).map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    fn record(id: &str, tries: &str) -> Value {
        json!({
            "messageId": id, "receiptHandle": format!("receipt of body {id}"), "body": format!("body {id}"),
            "attributes": {"ApproximateReceiveCount": tries, "SentTimestamp": "1", "SenderId": "x"},
            "messageAttributes": {}, "md5OfBody": "x", "eventSource": "aws:sqs", "eventSourceARN": "x", "awsRegion": "x",
        })
    }

    #[test]
    fn only_failed_messages_are_reported() {
        let records = [record("a", "1"), record("b", "3"), record("c", "2")];
        assert_eq!(batch(json!({ "Records": records })), Ok(json!({"batchItemFailures": [{"itemIdentifier": "b"}]})));
        assert_eq!(batch(json!({ "Records": [] })), Ok(json!({"batchItemFailures": []})));
    }

    #[test]
    fn a_foreign_event_fails_as_a_whole() {
        for event in [json!({}), json!({"Records": [{"body": "canary"}]}), json!("canary")] {
            let error = batch(event).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
