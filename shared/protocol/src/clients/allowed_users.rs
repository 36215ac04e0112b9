//! Who may use an application, a scope or a service.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::id::IdentitySourceId;

/// A rule about users. What it names has to be met, each list by one of its entries. A rule that names nothing allows
/// nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedUsers {
    /// Users in one of these groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Users with one of these roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Users who logged in with one of these identity sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Users whose attributes of the pool have one of these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Vec<Value>>,
}

/// What rules look at.
#[derive(Clone, Copy)]
pub struct UserFacts<'a> {
    /// The identity source of the login.
    pub source: &'a IdentitySourceId,
    /// What is known of the user.
    pub attributes: &'a Map<String, Value>,
}

impl AllowedUsers {
    /// Whether the rule names nothing, and so allows nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `user` is one of those who may.
    #[must_use]
    pub fn allows(&self, user: UserFacts<'_>) -> bool {
        let is_in = |claim: &str, names: &[String]| {
            let known = user.attributes.get(claim).and_then(Value::as_array);
            let has = |name: &String| known.is_some_and(|known| known.iter().any(|known| known == name.as_str()));
            names.is_empty() || names.iter().any(has)
        };
        let from = self.sources.is_empty() || self.sources.iter().any(|source| source == user.source.as_str());
        let fits = |(name, values): (&String, &Vec<Value>)| {
            user.attributes.get(name).is_some_and(|known| values.contains(known))
        };
        !self.is_empty()
            && from
            && is_in("groups", &self.groups)
            && is_in("roles", &self.roles)
            && self.attributes.iter().all(fits)
    }

    /// The attributes that the rule looks at.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let lists = [("groups", &self.groups), ("roles", &self.roles)];
        let lists = lists.into_iter().filter(|(_, names)| !names.is_empty()).map(|(name, _)| name.to_owned());
        lists.chain(self.attributes.keys().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::source_id;

    #[test]
    fn sec_authz_19_a_rule_is_met_as_a_whole_and_each_list_by_one_entry() {
        let known =
            json!({"groups": ["hr", "staff"], "roles": ["editor"], "department": "it", "badge": 7, "staff": true});
        let table = [
            (json!({}), false),
            (json!({"groups": ["hr"]}), true),
            (json!({"groups": ["sales", "staff"]}), true),
            (json!({"groups": ["sales"]}), false),
            (json!({"groups": ["h"]}), false),
            (json!({"groups": ["hr"], "roles": ["editor"]}), true),
            (json!({"groups": ["hr"], "roles": ["admin"]}), false),
            (json!({"sources": ["corp"]}), true),
            (json!({"sources": ["pool"]}), false),
            (json!({"sources": ["corp"], "groups": ["sales"]}), false),
            (json!({"attributes": {"department": ["hr", "it"]}}), true),
            (json!({"attributes": {"department": ["hr"]}}), false),
            (json!({"attributes": {"department": []}}), false),
            (json!({"attributes": {"department": ["it"], "badge": [7], "staff": [true]}}), true),
            (json!({"attributes": {"badge": ["7"]}}), false),
            (json!({"attributes": {"level": [1]}}), false),
        ];
        let source = source_id("corp");
        for (rule, expected) in table {
            let rule: AllowedUsers = serde_json::from_value(rule).unwrap();
            let facts = UserFacts { source: &source, attributes: known.as_object().unwrap() };
            assert_eq!(rule.allows(facts), expected, "{rule:?}");
            let nothing = UserFacts { attributes: &Map::new(), ..facts };
            assert!(!rule.allows(nothing) || rule.names().is_empty() && !rule.sources.is_empty(), "{rule:?}");
        }
        let rule: AllowedUsers = serde_json::from_value(json!({"roles": ["a"], "attributes": {"x": [1]}})).unwrap();
        assert_eq!(rule.names().into_iter().collect::<Vec<_>>(), ["roles", "x"]);
    }
}
