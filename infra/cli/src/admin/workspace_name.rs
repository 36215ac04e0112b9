//! The name of a workspace on the command line.

use protocol::types::id::WorkspaceId;

use super::error::AdminError;

/// The workspace that `argument` names, as TENANT/WORKSPACE.
pub(super) fn parse(argument: Option<&str>) -> Result<WorkspaceId, AdminError> {
    argument.and_then(|name| name.parse().ok()).ok_or(AdminError::Workspace)
}
