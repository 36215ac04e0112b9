//! What is known of a user, for mapped claims and for rules about who may use what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::users::claim_form::{CLAIMS, Form};
use crate::users::user_claims::{ChosenClaims, Profile, Trust};

/// The attributes of a user: claims of OpenID Connect by their names, and attributes of the pool by theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Map<String, Value>);

/// Whether the attribute `name` is one that decides, such as groups, roles and what a pool defines beside the standard
/// claims. The others describe the user.
#[must_use]
pub fn decides(name: &str) -> bool {
    CLAIMS.iter().find(|(known, _)| *known == name).is_none_or(|(_, form)| matches!(form, Form::Names))
}

/// Whether `name` is one of the claims that sources assert about users.
#[must_use]
pub fn is_user_claim(name: &str) -> bool {
    CLAIMS.iter().any(|(known, _)| *known == name)
}

impl Attributes {
    /// Those of `all` that decide.
    #[must_use]
    pub fn deciding(all: &Map<String, Value>) -> Self {
        Self(all.iter().filter(|(name, _)| decides(name)).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The claims of `profile`, and `own`.
    #[must_use]
    pub fn of(profile: &Profile, own: Self) -> Self {
        let Self(mut all) = own;
        all.extend(profile.claims().map(|(name, value)| (name.clone(), value.clone())));
        Self(all)
    }

    /// Those named in `names`.
    #[must_use]
    pub fn selected(&self, names: &BTreeSet<String>) -> Self {
        let chosen = self.0.iter().filter(|(name, _)| names.contains(*name));
        Self(chosen.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// These, as of when a code was issued, with the `current` ones in place of those that decide. `None` if the server
    /// itself does not know the current ones.
    #[must_use]
    pub fn renewed(self, current: Option<Self>) -> Self {
        let Some(Self(current)) = current else { return self };
        let mut renewed = self.0;
        renewed.retain(|name, _| !decides(name));
        renewed.extend(current.into_iter().filter(|(name, _)| decides(name)));
        Self(renewed)
    }

    /// These, where only what a source with this trust may call verified is (OpenID Connect Core §5.7).
    #[must_use]
    pub fn judged(&self, email_domain: Option<String>, trust: Option<Trust<'_>>) -> Self {
        Self(ChosenClaims { claims: self.0.clone(), email_domain }.judged(trust))
    }

    /// The attribute `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them.
    #[must_use]
    pub const fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(all: Value) -> Attributes {
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_decides_is_current_and_what_describes_is_as_of_the_code() {
        let then = attributes(json!({"name": "Ada", "groups": ["admins"], "department": "it", "staff": true}));
        let current = attributes(json!({"name": "Ada L.", "groups": ["users"], "department": "hr"}));
        let renewed = then.clone().renewed(Some(current));
        assert_eq!(renewed, attributes(json!({"name": "Ada", "groups": ["users"], "department": "hr"})));
        assert_eq!(then.clone().renewed(None), then);
        assert_eq!(then.clone().renewed(Some(Attributes::default())), attributes(json!({"name": "Ada"})));
    }

    #[test]
    fn groups_roles_and_attributes_of_a_pool_decide() {
        for (name, expected) in
            [("groups", true), ("roles", true), ("department", true), ("email", false), ("address", false)]
        {
            assert_eq!(decides(name), expected, "{name}");
        }
        assert!(is_user_claim("groups") && is_user_claim("email") && !is_user_claim("department"));
    }

    #[test]
    fn only_what_is_named_is_selected() {
        let all = attributes(json!({"name": "Ada", "department": "it"}));
        assert_eq!(
            all.selected(&["department".to_owned(), "x".to_owned()].into()),
            attributes(json!({"department": "it"}))
        );
        assert!(all.selected(&BTreeSet::new()).is_empty());
    }
}
