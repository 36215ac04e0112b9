//! What a conditional write needs in addition to the decision that it commits.

use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

/// The random name of one attempt to write. It is stored with the item, so that a retry of the SDK recognises its own
/// earlier write when the response was lost (fault F-DDB-3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteAttempt(String);

impl WriteAttempt {
    /// The attempt named `random`, which no other attempt is named.
    #[must_use]
    pub fn new(random: String) -> Self {
        Self(random)
    }

    /// The name as stored.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// One conditional write: where, under which name, and when.
#[derive(Clone, Debug)]
pub struct WriteContext<'a> {
    /// The workspace of the item.
    pub workspace: &'a WorkspaceId,
    /// The name of this attempt.
    pub attempt: WriteAttempt,
    /// The time of the write, which may be later than that of the decision.
    pub now: Timestamp,
}
