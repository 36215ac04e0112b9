//! The identity sources of a workspace.

use crate::types::id::{Subject, WorkspaceId};
use crate::users::status::UserStatus;
use crate::workspace::sandbox::Sandbox;
use crate::workspace::upstream_provider::UpstreamProvider;

/// An identity source, as the settings of its workspace configure it.
#[derive(Clone, Copy)]
pub enum IdentitySource<'w> {
    /// Users listed in the settings themselves.
    Sandbox(&'w Sandbox),
    /// An OpenID provider. Its users exist for as long as it is configured: a deletion at the provider is noticed only
    /// at the next login.
    Upstream(&'w UpstreamProvider),
}

impl IdentitySource<'_> {
    /// The status of `subject` according to the settings.
    #[must_use]
    pub fn status(&self, workspace: &WorkspaceId, subject: &Subject) -> UserStatus {
        match self {
            Self::Sandbox(sandbox) if sandbox.identity_of(workspace, subject).is_none() => UserStatus::Gone,
            Self::Sandbox(_) | Self::Upstream(_) => UserStatus::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{subject, workspace_id};

    #[test]
    fn a_sandbox_knows_its_users_and_a_provider_may_have_any() {
        let sandbox: Sandbox =
            serde_json::from_value(json!({"users": [{"username": "alice", "password": "alice"}]})).unwrap();
        let alice = sandbox.authenticate(&workspace_id(), "alice", &crate::types::secret::Secret::new("alice".into()));
        let source = IdentitySource::Sandbox(&sandbox);
        assert_eq!(source.status(&workspace_id(), &alice.unwrap().subject), UserStatus::Active);
        assert_eq!(source.status(&workspace_id(), &subject("bob")), UserStatus::Gone);
        let provider = json!({"id": "partner", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let provider: UpstreamProvider = serde_json::from_value(provider).unwrap();
        assert_eq!(IdentitySource::Upstream(&provider).status(&workspace_id(), &subject("bob")), UserStatus::Active);
    }
}
