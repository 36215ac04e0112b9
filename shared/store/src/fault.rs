//! What can go wrong below us. None of it is ever the client's fault (design invariant 6).

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
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
    /// The fault of a failed call. The SDK's message names the operation and the reason, and no attribute values.
    pub(crate) fn of<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        Self::Unavailable(DisplayErrorContext(error).to_string())
    }
}
