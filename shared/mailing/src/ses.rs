//! Amazon SES, API version 2.

use std::time::Duration;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use aws_sdk_sesv2::{Client, Config};
use protocol::types::secret::Secret;

use crate::letter::Letter;
use crate::outcome::{MailFault, Sent};

const CHARSET: &str = "UTF-8";

/// Where SES is, and the credentials.
pub struct SesSettings {
    /// The region.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<String>,
    /// The session token that belongs to them.
    pub session_token: Option<String>,
    /// An endpoint that replaces that of the region.
    pub endpoint: Option<String>,
}

/// A connection to SES. Only handles made from it can use it.
pub struct Ses(Client);

impl Ses {
    /// A connection over `http`. Nothing is sent yet.
    #[must_use]
    pub fn through(http: SharedHttpClient, settings: &SesSettings) -> Self {
        let secret = settings.secret_access_key.expose().clone();
        let (id, token) = (settings.access_key_id.clone(), settings.session_token.clone());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(Credentials::new(id, secret, token, None, "environment"))
            .http_client(http)
            // The queue repeats what fails, later; a call whose answer was lost may have sent the message.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts());
        config.set_endpoint_url(settings.endpoint.clone());
        Self(Client::from_conf(config.build()))
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Result<Sent, MailFault> {
        let content = content(letter).map_err(|error| MailFault(error.to_string()))?;
        let mut email = self
            .0
            .send_email()
            .from_email_address(letter.sender())
            .destination(Destination::builder().to_addresses(letter.to.as_str()).build())
            .content(content);
        if let Some(reply_to) = &letter.reply_to {
            email = email.reply_to_addresses(reply_to.as_str());
        }
        match email.send().await {
            Ok(_) => Ok(Sent::Accepted),
            Err(error) => outcome(&error),
        }
    }
}

/// SES assembles the message from its parts, so that nothing in them can become a header or a part of its own.
fn content(letter: &Letter) -> Result<EmailContent, BuildError> {
    let part = |text: &str| Content::builder().data(text).charset(CHARSET).build();
    let body = Body::builder().text(part(&letter.text)?).html(part(&letter.html)?).build();
    // Answers of machines, such as "out of office", are not wanted (RFC 3834 §5).
    let automatic = MessageHeader::builder().name("Auto-Submitted").value("auto-generated").build()?;
    let message = Message::builder().subject(part(&letter.subject)?).body(body).headers(automatic).build();
    Ok(EmailContent::builder().simple(message).build())
}

/// What SES rejects for what it is, it will reject again. All else may pass: throttling, a paused account, a domain that is not
/// verified yet.
fn outcome(error: &SdkError<SendEmailError>) -> Result<Sent, MailFault> {
    match error.as_service_error() {
        Some(SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_)) => Ok(Sent::Rejected),
        _ => Err(fault(error)),
    }
}

/// The kind of failure and the service's error code. It contains nothing of the message.
fn fault(error: &SdkError<SendEmailError>) -> MailFault {
    MailFault(match error {
        SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
        SdkError::TimeoutError(_) => "no response in time".into(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
        SdkError::DispatchFailure(_) => "no connection".into(),
        SdkError::ResponseError(_) => "an unreadable response".into(),
        SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
    })
}

/// Nobody is waiting, and the function has ten seconds.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(7))
        .operation_timeout(Duration::from_secs(7))
        .build()
}
