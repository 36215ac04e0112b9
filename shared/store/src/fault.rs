//! Failures of the store. None is ever the client's fault (design invariant 6).

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// A call failed, or a stored item cannot be read.
#[derive(Debug, Error)]
pub enum StoreFault {
    /// DynamoDB refused, throttled, or did not respond within the time limit.
    #[error("DynamoDB: {0}")]
    Unavailable(String),
    /// An item lacks a required attribute, or was written by a newer version.
    #[error("an item has no readable {0}")]
    Unreadable(&'static str),
}

impl StoreFault {
    /// The fault of a failed call: the kind of failure and the service's error code. It contains nothing of the request
    /// or the response, which may not be loggable.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self::Unavailable(match error {
            SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
            SdkError::TimeoutError(_) => "no response in time".into(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
            SdkError::DispatchFailure(_) => "no connection".into(),
            SdkError::ResponseError(_) => "an unreadable response".into(),
            SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
        })
    }
}
