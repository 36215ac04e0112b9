//! Who a user is, as an identity source says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::encoding;
use crate::id::{IdentitySourceId, Subject, WorkspaceId};

/// A user as one identity source knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The subject identifier, unique within the workspace and never reassigned.
    pub subject: Subject,
    /// The identity source that authenticated them.
    pub source: IdentitySourceId,
    /// What it says of them, by the names of OpenID Connect Core §5.1.
    pub claims: Profile,
}

/// Claims about a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Value>);

/// The claims that a profile may hold: nothing else passes, whoever says it.
///
/// The reserved names of a token, such as `sub` or `aud`, are not among them, so no source can set one.
const ACCEPTED: [&str; 19] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
];

impl Profile {
    /// Keeps the accepted claims among `claims`.
    #[must_use]
    pub fn accepted(claims: Map<String, Value>) -> Self {
        Self(claims.into_iter().filter(|(name, _)| ACCEPTED.contains(&name.as_str())).collect())
    }

    /// The claim `name`.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// How to address the user on a page: their name, or another name that they go by.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        ["name", "preferred_username", "email"].iter().find_map(|claim| self.0.get(*claim)?.as_str())
    }
}

/// The subject of whoever `source` knows by `names`: the same user of the same source is always the same subject, and
/// no two sources can name each other's (OpenID Connect Core §2).
#[must_use]
pub fn derived_subject(workspace: &WorkspaceId, source: &str, names: &[&str]) -> Option<Subject> {
    let mut digest = Sha256::new();
    let workspace = workspace.to_string();
    for part in [workspace.as_str(), source].iter().chain(names) {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    Subject::parse(&encoding::base64url(digest.get(..16)?)).ok()
}
