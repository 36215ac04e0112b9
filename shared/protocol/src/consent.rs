//! What a user has allowed a client before.

use serde::{Deserialize, Serialize};

use crate::scope::Scopes;
use crate::time::Timestamp;

/// A remembered consent of one user to one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes that were allowed.
    pub scope: Scopes,
    /// When the user last allowed something.
    pub given: Timestamp,
}
