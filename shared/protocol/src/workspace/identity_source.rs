//! Identity sources: who knows the users of a workspace.

use crate::types::id::{Subject, WorkspaceId};
use crate::users::status::UserStatus;
use crate::workspace::sandbox::Sandbox;
use crate::workspace::upstream_provider::UpstreamProvider;

/// An identity source, as the settings of its workspace configure it.
#[derive(Clone, Copy)]
pub enum IdentitySource<'w> {
    /// Users that stand in the settings themselves.
    Sandbox(&'w Sandbox),
    /// An OpenID provider. Its users exist for as long as it is configured: whether one was deleted there, only their
    /// next login can tell.
    Upstream(&'w UpstreamProvider),
}

impl IdentitySource<'_> {
    /// What the settings alone say of `subject`.
    #[must_use]
    pub fn status(&self, workspace: &WorkspaceId, subject: &Subject) -> UserStatus {
        match self {
            Self::Sandbox(sandbox) if sandbox.identity_of(workspace, subject).is_none() => UserStatus::Gone,
            Self::Sandbox(_) | Self::Upstream(_) => UserStatus::Active,
        }
    }
}
