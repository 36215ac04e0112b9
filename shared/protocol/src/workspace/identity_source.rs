//! The identity sources of a workspace.

use crate::types::id::WorkspaceId;
use crate::users::status::UserStatus;
use crate::users::user_claims::Trust;
use crate::users::user_key::UserKey;
use crate::workspace::sandbox::Sandbox;
use crate::workspace::upstream_provider::UpstreamProvider;

/// An identity source, as the settings of its workspace configure it.
#[derive(Clone, Copy)]
pub enum IdentitySource<'w> {
    /// Users listed in the settings themselves.
    Sandbox(&'w Sandbox),
    /// An OpenID provider. The users of its issuer exist as long as it is configured: a deletion at the provider is
    /// noticed only at the next login.
    Upstream(&'w UpstreamProvider),
}

impl<'w> IdentitySource<'w> {
    /// How far it is trusted.
    #[must_use]
    pub const fn trust(&self) -> Trust<'w> {
        match self {
            Self::Sandbox(_) => Trust::Everything,
            Self::Upstream(provider) => Trust::Limited {
                email_domains: &provider.verified_email_domains,
                phone_numbers: provider.verified_phone_numbers,
            },
        }
    }

    /// The status of `user` according to the settings.
    #[must_use]
    pub fn status(&self, workspace: &WorkspaceId, user: UserKey<'_>) -> UserStatus {
        let known = match self {
            Self::Sandbox(sandbox) => user.issuer.is_none() && sandbox.identity_of(workspace, user.subject).is_some(),
            Self::Upstream(provider) => user.issuer.is_some_and(|issuer| provider.issues(issuer)),
        };
        if known { UserStatus::Active } else { UserStatus::Gone }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{source_id, subject, workspace_id};

    #[test]
    fn sec_up_18_and_20_a_sandbox_has_its_own_users_and_a_provider_those_of_its_issuer() {
        let sandbox: Sandbox =
            serde_json::from_value(json!({"users": [{"username": "alice", "password": "alice"}]})).unwrap();
        let alice = sandbox.authenticate(&workspace_id(), "alice", &crate::types::secret::Secret::new("alice".into()));
        let (alice, bob, source) = (alice.unwrap().subject, subject("bob"), source_id("any"));
        let provider = json!({"id": "partner", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let provider: UpstreamProvider = serde_json::from_value(provider).unwrap();
        let (sandbox, provider) = (IdentitySource::Sandbox(&sandbox), IdentitySource::Upstream(&provider));
        let (theirs, other) = (Some("https://p.example"), Some("https://p.example/"));
        let table = [
            (sandbox, None, &alice, UserStatus::Active),
            (sandbox, None, &bob, UserStatus::Gone),
            (sandbox, theirs, &alice, UserStatus::Gone),
            (provider, theirs, &bob, UserStatus::Active),
            (provider, other, &bob, UserStatus::Gone),
            (provider, None, &bob, UserStatus::Gone),
        ];
        for (known_by, issuer, subject, expected) in table {
            let status = known_by.status(&workspace_id(), UserKey { source: &source, issuer, subject });
            assert_eq!(status, expected, "{issuer:?} {subject}");
        }
    }
}
