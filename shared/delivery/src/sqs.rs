//! The queue in SQS.

use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_sdk_sqs::{Client, Config};
use protocol::types::secret::Secret;
use protocol::types::time::Lifetime;

use crate::fault::DeliveryFault;

/// The largest batch that SQS accepts.
const MAX_BATCH: usize = 10;

/// Where the queue is, and the credentials.
pub struct QueueSettings {
    /// The region of the queue.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<String>,
    /// The session token that belongs to them.
    pub session_token: Option<String>,
    /// An endpoint that replaces that of the region.
    pub endpoint: Option<String>,
    /// The URL of the queue.
    pub url: String,
}

/// A queue in SQS. Only handles made from it can use it.
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue of `settings`, over `http`. Nothing is sent yet.
    #[must_use]
    pub fn through(http: SharedHttpClient, settings: &QueueSettings) -> Self {
        let secret = settings.secret_access_key.expose().clone();
        let (id, token) = (settings.access_key_id.clone(), settings.session_token.clone());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(Credentials::new(id, secret, token, None, "environment"))
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(timeouts());
        config.set_endpoint_url(settings.endpoint.clone());
        Self { client: Client::from_conf(config.build()), url: settings.url.clone() }
    }

    /// Sends one message per body.
    pub(crate) async fn send(&self, bodies: &[String]) -> Result<(), DeliveryFault> {
        for bodies in bodies.chunks(MAX_BATCH) {
            let entries = bodies.iter().enumerate().map(|(number, body)| {
                SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body).build()
            });
            let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|error: BuildError| incomplete(&error))?;
            let batch = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let sent = batch.send().await.map_err(|error| fault(&error))?;
            if let Some(failed) = sent.failed.first() {
                return Err(DeliveryFault(failed.code.clone()));
            }
        }
        Ok(())
    }

    /// Hides the message with this receipt for `pause`.
    pub(crate) async fn hide(&self, receipt: &str, pause: Lifetime) -> Result<(), DeliveryFault> {
        let seconds = i32::try_from(pause.as_seconds()).unwrap_or(i32::MAX);
        let hide = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        hide.visibility_timeout(seconds).send().await.map(|_| ()).map_err(|error| fault(&error))
    }
}

/// Short, because a user is waiting (fault F-DDB-1).
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_millis(2500))
        .build()
}

fn incomplete(error: &BuildError) -> DeliveryFault {
    DeliveryFault(error.to_string())
}

/// The kind of failure and the service's error code. It contains nothing of the request or the
/// response.
fn fault<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> DeliveryFault {
    DeliveryFault(match error {
        SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
        SdkError::TimeoutError(_) => "no response in time".into(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
        SdkError::DispatchFailure(_) => "no connection".into(),
        SdkError::ResponseError(_) => "an unreadable response".into(),
        SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
    })
}
