//! The sandbox identity source: test users listed in the configuration.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::types::id::{IdentitySourceId, Subject, WorkspaceId};
use crate::types::secret::Secret;
use crate::users::user_claims::{Identity, SourceClaims, derived_subject};

/// The name of the sandbox among the identity sources.
pub const SANDBOX: &str = "sandbox";

/// The sandbox identity source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Whether the login page shows the first user and password.
    #[serde(default)]
    pub hint: bool,
    /// The users.
    pub users: Vec<SandboxUser>,
}

/// A user of the sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxUser {
    /// The user name.
    pub username: String,
    /// The password in plaintext: the sandbox is for tests, and its page says so.
    pub password: String,
    /// The user's claims.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl Sandbox {
    /// The identity of the user with this name and password.
    #[must_use]
    pub fn authenticate(&self, workspace: &WorkspaceId, username: &str, password: &Secret<String>) -> Option<Identity> {
        let user = self.users.iter().find(|user| user.username == username)?;
        let matches: bool = user.password.as_bytes().ct_eq(password.expose().as_bytes()).into();
        matches.then(|| identity(workspace, user)).flatten()
    }

    /// The identity of the user whose subject is `subject`.
    #[must_use]
    pub fn identity_of(&self, workspace: &WorkspaceId, subject: &Subject) -> Option<Identity> {
        let is_it = |user: &&SandboxUser| subject_of(workspace, user).as_ref() == Some(subject);
        identity(workspace, self.users.iter().find(is_it)?)
    }
}

fn subject_of(workspace: &WorkspaceId, user: &SandboxUser) -> Option<Subject> {
    derived_subject(workspace, SANDBOX, &[&user.username])
}

fn identity(workspace: &WorkspaceId, user: &SandboxUser) -> Option<Identity> {
    Some(Identity {
        subject: subject_of(workspace, user)?,
        source: IdentitySourceId::parse(SANDBOX).ok()?,
        issuer: None,
        claims: SourceClaims::read(&user.claims).claims,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox() -> Sandbox {
        serde_json::from_value(serde_json::json!({"users": [
            {"username": "alice", "password": "alice", "claims": {"email": "alice@example.com", "sub": "root"}},
            {"username": "bob", "password": "bob"},
        ]}))
        .unwrap()
    }

    #[test]
    fn only_the_right_pair_authenticates() {
        let (sandbox, workspace) = (sandbox(), WorkspaceId::parse("default", "demo").unwrap());
        let attempt = |name: &str, password: &str| {
            sandbox.authenticate(&workspace, name, &Secret::new(password.into())).map(|identity| identity.subject)
        };
        assert!(attempt("alice", "alice").is_some());
        for (name, password) in [("alice", "bob"), ("alice", ""), ("Alice", "alice"), ("carol", "carol"), ("", "")] {
            assert_eq!(attempt(name, password), None, "{name}/{password}");
        }
        assert_ne!(attempt("alice", "alice"), attempt("bob", "bob"));
    }

    #[test]
    fn a_user_is_found_by_their_subject() {
        let (sandbox, workspace) = (sandbox(), WorkspaceId::parse("default", "demo").unwrap());
        let bob = sandbox.authenticate(&workspace, "bob", &Secret::new("bob".into())).unwrap();
        assert_eq!(bob.source.as_str(), SANDBOX);
        assert_eq!(sandbox.identity_of(&workspace, &bob.subject), Some(bob.clone()));
        let partner = WorkspaceId::parse("default", "partner").unwrap();
        assert_eq!(sandbox.identity_of(&partner, &bob.subject), None);
    }

    #[test]
    fn a_subject_is_opaque_and_differs_between_workspaces_and_sources() {
        let demo = WorkspaceId::parse("default", "demo").unwrap();
        let partner = WorkspaceId::parse("default", "partner").unwrap();
        let subject = derived_subject(&demo, SANDBOX, &["alice"]).unwrap();
        assert!(!subject.as_str().contains("alice"));
        assert_ne!(Some(subject.clone()), derived_subject(&partner, SANDBOX, &["alice"]));
        assert_ne!(Some(subject), derived_subject(&demo, "other", &["alice"]));
        assert_ne!(derived_subject(&demo, "x", &["ab", "c"]), derived_subject(&demo, "x", &["a", "bc"]));
    }

    #[test]
    fn sec_tok_07_a_source_cannot_set_reserved_claims() {
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        let identity = sandbox().authenticate(&workspace, "alice", &Secret::new("alice".into())).unwrap();
        assert_eq!(identity.claims.claim("sub"), None);
        assert!(identity.claims.claim("email").is_some());
    }
}
