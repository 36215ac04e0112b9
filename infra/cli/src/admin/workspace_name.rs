//! The name of a workspace on the command line.

use protocol::types::id::WorkspaceId;

use super::error::AdminError;

/// The workspace that `argument` names, as TENANT/WORKSPACE.
pub(super) fn parse(argument: Option<&str>) -> Result<WorkspaceId, AdminError> {
    let (tenant, name) = argument.and_then(|name| name.split_once('/')).ok_or(AdminError::Workspace)?;
    WorkspaceId::parse(tenant, name).map_err(|_| AdminError::Workspace)
}
