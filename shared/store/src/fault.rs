//! What can go wrong below us. None of it is ever the client's fault (design invariant 6).

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// The store did not do what it was asked, or what it holds cannot be read.
#[derive(Debug, Error)]
pub enum StoreFault {
    /// DynamoDB refused, throttled, or did not answer in time.
    #[error("DynamoDB: {0}")]
    Unavailable(String),
    /// An item lacks something that it must have, or was written by a newer version than this one.
    #[error("an item has no readable {0}")]
    Unreadable(&'static str),
}

impl StoreFault {
    /// The fault of a failed call: what kind of failure, and the service's code for it. Nothing that was sent or
    /// received is in it, because that may hold what must not be logged.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self::Unavailable(match error {
            SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
            SdkError::TimeoutError(_) => "no answer in time".into(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
            SdkError::DispatchFailure(_) => "no connection".into(),
            SdkError::ResponseError(_) => "an unreadable answer".into(),
            SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
        })
    }
}
