//! What a conditional write needs in addition to the decision that it commits.

use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;

/// The random name of one write attempt. It is stored with the item, so that a retry by the SDK recognizes its own
/// earlier write if the response was lost (fault F-DDB-3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteAttempt(String);

impl WriteAttempt {
    /// The attempt with the unique name `random`.
    #[must_use]
    pub fn new(random: String) -> Self {
        Self(random)
    }

    /// The name as stored.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// The context of one conditional write.
#[derive(Clone, Debug)]
pub struct WriteContext<'a> {
    /// The workspace of the item.
    pub workspace: &'a WorkspaceId,
    /// The name of this attempt.
    pub attempt: WriteAttempt,
    /// The time of the write, which may be later than that of the decision.
    pub now: Timestamp,
}
