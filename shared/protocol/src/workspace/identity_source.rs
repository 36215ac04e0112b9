//! The identity sources of a workspace.

use crate::types::id::WorkspaceId;
use crate::users::attributes::Attributes;
use crate::users::status::UserStatus;
use crate::users::user_claims::Trust;
use crate::users::user_key::UserKey;
use crate::workspace::pool::Pool;
use crate::workspace::sandbox::Sandbox;
use crate::workspace::upstream_provider::UpstreamProvider;

/// An identity source, as the settings of its workspace configure it.
#[derive(Clone, Copy)]
pub enum IdentitySource<'w> {
    /// Users listed in the settings themselves.
    Sandbox(&'w Sandbox),
    /// Users with records of their own.
    Pool(&'w Pool),
    /// An OpenID provider. The users of its issuer exist as long as it is configured: a deletion at the provider is
    /// noticed only at the next login.
    Upstream(&'w UpstreamProvider),
}

impl<'w> IdentitySource<'w> {
    /// How far it is trusted.
    #[must_use]
    pub const fn trust(&self) -> Trust<'w> {
        match self {
            Self::Sandbox(_) | Self::Pool(_) => Trust::Everything,
            Self::Upstream(provider) => Trust::Limited {
                email_domains: &provider.verified_email_domains,
                phone_numbers: provider.verified_phone_numbers,
            },
        }
    }

    /// What the settings know of `user` and decides; `None` where the settings have no users.
    #[must_use]
    pub fn deciding(&self, workspace: &WorkspaceId, user: UserKey<'_>) -> Option<Attributes> {
        match self {
            Self::Sandbox(sandbox) => {
                let identity = sandbox.identity_of(workspace, user.subject)?;
                Some(Attributes::of(&identity.claims.judged(Trust::Everything), Attributes::default()))
            }
            Self::Pool(_) | Self::Upstream(_) => None,
        }
    }

    /// The status of `user` according to the settings; `None` if only the user's record can say.
    #[must_use]
    pub fn status(&self, workspace: &WorkspaceId, user: UserKey<'_>) -> Option<UserStatus> {
        let known = match self {
            Self::Sandbox(sandbox) => user.issuer.is_none() && sandbox.identity_of(workspace, user.subject).is_some(),
            Self::Pool(_) if user.issuer.is_none() => return None,
            Self::Pool(_) => false,
            Self::Upstream(provider) => user.issuer.is_some_and(|issuer| provider.issues(issuer)),
        };
        Some(if known { UserStatus::Active } else { UserStatus::Gone })
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
        let pool: Pool = serde_json::from_value(json!({"identifiers": ["email"]})).unwrap();
        let (sandbox, provider) = (IdentitySource::Sandbox(&sandbox), IdentitySource::Upstream(&provider));
        let pool = IdentitySource::Pool(&pool);
        let (theirs, other) = (Some("https://p.example"), Some("https://p.example/"));
        let table = [
            (sandbox, None, &alice, Some(UserStatus::Active)),
            (sandbox, None, &bob, Some(UserStatus::Gone)),
            (sandbox, theirs, &alice, Some(UserStatus::Gone)),
            (provider, theirs, &bob, Some(UserStatus::Active)),
            (provider, other, &bob, Some(UserStatus::Gone)),
            (provider, None, &bob, Some(UserStatus::Gone)),
            (pool, None, &bob, None),
            (pool, theirs, &bob, Some(UserStatus::Gone)),
        ];
        for (known_by, issuer, subject, expected) in table {
            let status = known_by.status(&workspace_id(), UserKey { source: &source, issuer, subject });
            assert_eq!(status, expected, "{issuer:?} {subject}");
        }
    }
}
