//! What can be wrong with a stored hash.

use thiserror::Error;

/// Why a text is not a hash that can be verified. It never has anything of the hash itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HashFault {
    /// The form is that of no known algorithm.
    #[error("the hash is of an unknown algorithm")]
    UnknownAlgorithm,
    /// This part cannot be read.
    #[error("the {0} of the hash is malformed")]
    Malformed(&'static str),
    /// Verifying it would take more time or memory than a login may: an imported hash must not become a denial of service.
    #[error("the {parameter} of the hash is {value}; at most {limit} is accepted")]
    TooExpensive {
        /// The parameter, by its name in the hash.
        parameter: &'static str,
        /// What the hash has.
        value: u64,
        /// What is accepted.
        limit: u64,
    },
}

impl HashFault {
    /// Refuses a `value` above `limit`.
    pub(crate) fn bound(parameter: &'static str, value: impl Into<u64>, limit: u64) -> Result<(), Self> {
        let value = value.into();
        if value <= limit { Ok(()) } else { Err(Self::TooExpensive { parameter, value, limit }) }
    }
}

/// The hash function failed. The caller must not continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the password could not be hashed")]
pub struct HashingFault;
