//! A user's claims, as asserted by an identity source.

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::syntax::encoding;
use crate::types::email::EmailDomains;
use crate::types::id::{IdentitySourceId, Subject, WorkspaceId};

/// A user, as known to one identity source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The subject identifier, unique within the workspace and never reassigned.
    pub subject: Subject,
    /// The identity source that authenticated them.
    pub source: IdentitySourceId,
    /// Their claims, by the names of OpenID Connect Core §5.1.
    pub claims: Profile,
}

/// Claims about a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Value>);

/// The claims that a profile may contain. Everything else is dropped, whatever its source.
///
/// The reserved names of a token, such as `sub` or `aud`, are not among them, so no source can set them.
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

/// The name of a claim that a profile may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ClaimName(&'static str);

/// Names of claims.
pub type ClaimNames = BTreeSet<ClaimName>;

impl ClaimName {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ACCEPTED.into_iter().map(Self)
    }

    /// The claim of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|known| known.0 == name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The text on the consent page for a claim that is requested by name.
    #[must_use]
    pub fn in_words(self) -> String {
        match self.0 {
            "email" => "See your e-mail address".into(),
            "email_verified" => "Know whether your e-mail address is confirmed".into(),
            "phone_number_verified" => "Know whether your phone number is confirmed".into(),
            "preferred_username" => "See your user name".into(),
            "profile" => "See the address of your profile page".into(),
            "birthdate" => "See your date of birth".into(),
            "zoneinfo" => "See your time zone".into(),
            "locale" => "See your language".into(),
            "updated_at" => "Know when you last changed your details".into(),
            name => format!("See your {}", name.replace('_', " ")),
        }
    }
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom("no such claim"))
    }
}

impl Profile {
    /// The claims with these names that are known and fit into `limit` bytes.
    #[must_use]
    pub fn selected(&self, names: &ClaimNames, limit: usize) -> Map<String, Value> {
        let (mut selected, mut left) = (Map::new(), limit);
        for name in names {
            let Some(value) = self.claim(name.as_str()) else { continue };
            if let Some(rest) = left.checked_sub(size(name.as_str(), value)) {
                left = rest;
                selected.insert(name.as_str().into(), value.clone());
            }
        }
        selected
    }

    /// The accepted claims among `claims`.
    #[must_use]
    pub fn accepted(claims: Map<String, Value>) -> Self {
        Self(claims.into_iter().filter(|(name, _)| ACCEPTED.contains(&name.as_str())).collect())
    }

    /// The same, with the e-mail address marked as verified only if the source says so and is trusted for the domain
    /// (OpenID Connect Core §5.7).
    #[must_use]
    pub fn vouched_for(mut self, domains: &EmailDomains) -> Self {
        let claimed = self.0.remove("email_verified") == Some(Value::Bool(true));
        if let Some(email) = self.0.get("email") {
            let verified = claimed && email.as_str().is_some_and(|address| domains.cover(address));
            self.0.insert("email_verified".into(), verified.into());
        }
        self
    }

    /// The claim `name`.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The name to show to the user: their name, or the next best claim.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        ["name", "preferred_username", "email"].iter().find_map(|claim| self.0.get(*claim)?.as_str())
    }
}

/// How many bytes of a token a claim counts for.
#[must_use]
pub(crate) fn size(name: &str, value: &Value) -> usize {
    name.len() + value.to_string().len()
}

/// The subject of the user whom `source` knows by `names`. The same user of the same source always has the same
/// subject, and a source cannot produce the subject of another's user (OpenID Connect Core §2).
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{claim_names, workspace_id};

    fn profile(claims: &Value) -> Profile {
        Profile::accepted(claims.as_object().unwrap().clone())
    }

    #[test]
    fn a_claim_has_one_of_the_names_of_a_profile() {
        assert_eq!(ClaimName::all().count(), 19);
        for name in ClaimName::all() {
            assert_eq!(ClaimName::parse(name.as_str()), Some(name));
            assert_eq!(serde_json::from_value::<ClaimName>(json!(name)).unwrap(), name);
        }
        for reserved in ["sub", "aud", "iss", "exp", "sid", "acr", "groups", "Email", ""] {
            assert_eq!(ClaimName::parse(reserved), None, "{reserved}");
            assert!(serde_json::from_value::<ClaimName>(json!(reserved)).is_err(), "{reserved}");
        }
    }

    #[test]
    fn each_claim_has_a_text_for_the_consent_page() {
        let table = [
            ("email", "See your e-mail address"),
            ("email_verified", "Know whether your e-mail address is confirmed"),
            ("phone_number_verified", "Know whether your phone number is confirmed"),
            ("preferred_username", "See your user name"),
            ("profile", "See the address of your profile page"),
            ("birthdate", "See your date of birth"),
            ("zoneinfo", "See your time zone"),
            ("locale", "See your language"),
            ("updated_at", "Know when you last changed your details"),
            ("given_name", "See your given name"),
            ("phone_number", "See your phone number"),
        ];
        for (name, words) in table {
            assert_eq!(ClaimName::parse(name).unwrap().in_words(), words);
        }
    }

    #[test]
    fn selected_claims_fit_into_the_limit() {
        let known = profile(&json!({"email": "a@b.example", "locale": "de", "name": "Alice"}));
        let selected = |names: &[&str], limit| {
            known.selected(&claim_names(names), limit).keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(selected(&["email", "locale", "phone_number"], 1000), "email locale");
        // `email` takes 5 and 13 bytes, `locale` 6 and 4, `name` 4 and 7.
        assert_eq!(selected(&["email", "locale", "name"], 39), "email locale name");
        assert_eq!(selected(&["email", "locale", "name"], 38), "email locale");
        assert_eq!(selected(&["email", "locale", "name"], 17), "locale");
        assert_eq!(selected(&["email", "locale", "name"], 9), "");
    }

    #[test]
    fn an_address_is_verified_only_if_the_source_says_so_and_is_trusted_for_the_domain() {
        let domains: EmailDomains = serde_json::from_value(json!(["corp.example"])).unwrap();
        let verified = |claims: Value| profile(&claims).vouched_for(&domains).claim("email_verified").cloned();
        let table = [
            (json!({"email": "a@corp.example", "email_verified": true}), Some(json!(true))),
            (json!({"email": "a@corp.example", "email_verified": false}), Some(json!(false))),
            (json!({"email": "a@other.example", "email_verified": true}), Some(json!(false))),
            (json!({"email": "a@corp.example"}), Some(json!(false))),
            (json!({"email_verified": true}), None),
        ];
        for (claims, expected) in table {
            assert_eq!(verified(claims.clone()), expected, "{claims}");
        }
    }

    #[test]
    fn the_display_name_is_the_name_or_the_next_best_claim() {
        let addressed = |claims: Value| profile(&claims).display_name().map(str::to_owned);
        let all = json!({"name": "Alice", "preferred_username": "al", "email": "a@b.example"});
        assert_eq!(addressed(all).as_deref(), Some("Alice"));
        assert_eq!(addressed(json!({"preferred_username": "al", "email": "a@b.example"})).as_deref(), Some("al"));
        assert_eq!(addressed(json!({"name": 1, "email": "a@b.example"})).as_deref(), Some("a@b.example"));
        assert_eq!(addressed(json!({"nickname": "al"})), None);
    }

    #[test]
    fn the_subject_of_a_user_never_changes() {
        let subject = derived_subject(&workspace_id(), "sandbox", &["alice"]).unwrap();
        assert_eq!(subject.as_str(), "gxzVSB6H26GOlSG-q9VzAQ", "existing users would become strangers");
    }
}
