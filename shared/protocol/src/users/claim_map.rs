//! Which of a provider's claims become which of ours.
//!
//! Our claims are those of [`ClaimName`], so nothing can be mapped to `sub`, `iss`, `aud` or `acr`, and what is mapped has
//! the type and form of the claim that it becomes, or is dropped like any other (catalogue rows SEC-UP-17 and SEC-UP-24).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::types::id::IdentitySourceId;
use crate::users::claim_form::{CLAIMS, Form, says_nothing};
use crate::users::user_claims::{ClaimName, VERIFIABLE};

/// The most members of a path.
const MAX_PATH: usize = 8;

/// The longest name of a member, and the longest prefix, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// Our claims, and where each of them comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimMap(BTreeMap<ClaimName, ClaimOrigin>);

/// Where one of our claims comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Value")]
pub enum ClaimOrigin {
    /// Their claim of this name.
    Path(ClaimPath),
    /// Their list of names, each with something before it.
    Prefixed(PrefixedNames),
    /// Whatever they say, this.
    Constant(ConstantClaim),
}

/// A value that says nothing about where a claim comes from.
#[derive(Debug, Error)]
#[error(
    "use the name of their claim, a list of names that leads to it, {{ path = …, prefix = \"…\" }}, or {{ value = … }}"
)]
pub struct NoClaimOrigin;

impl TryFrom<Value> for ClaimOrigin {
    type Error = NoClaimOrigin;

    fn try_from(value: Value) -> Result<Self, NoClaimOrigin> {
        // Only an object is one of the tables: a list would otherwise be read as the fields of one.
        let parsed = match value.as_object().map(|table| table.contains_key("value")) {
            None => serde_json::from_value(value).map(Self::Path),
            Some(true) => serde_json::from_value(value).map(Self::Constant),
            Some(false) => serde_json::from_value(value).map(Self::Prefixed),
        };
        parsed.map_err(|_| NoClaimOrigin)
    }
}

/// The way to a claim of theirs. Dots in a name have no meaning, because providers use URLs as names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimPath {
    /// The claim of this name.
    Name(String),
    /// The member of a member.
    Names(Vec<String>),
}

/// A list of names, and what is put before each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixedNames {
    path: ClaimPath,
    prefix: String,
}

/// A claim that is the same for each user of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantClaim {
    value: Value,
}

impl ClaimMap {
    /// Whether nothing is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What `source` said, in our claims.
    ///
    /// A claim that is mapped comes from there and from nowhere else, so an address that is mapped is not verified by a
    /// flag for another one. Groups and roles come by mapping only, and each has the id of the source before it: two
    /// sources that say `admin` do not mean the same (catalogue row SEC-UP-17).
    #[must_use]
    pub fn applied(&self, said: &Map<String, Value>, source: &IdentitySourceId) -> Map<String, Value> {
        let kept = said.iter().filter(|(name, _)| !self.replaces(name));
        let mut claims: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        for (claim, origin) in &self.0 {
            let value = origin.value(said).filter(|value| !says_nothing(value));
            claims.extend(value.map(|value| (claim.as_str().to_owned(), origin.named(*claim, value, source))));
        }
        claims
    }

    fn replaces(&self, name: &str) -> bool {
        let maps = |name: &str| self.0.keys().any(|claim| claim.as_str() == name);
        let verifies_mapped = VERIFIABLE.iter().any(|(value, verified)| *verified == name && maps(value));
        maps(name) || verifies_mapped || is_list_of_names(name)
    }

    /// What cannot work: our claim, and what to do.
    pub fn faults(&self) -> impl Iterator<Item = (ClaimName, String)> {
        self.0.iter().filter_map(|(claim, origin)| Some((*claim, origin.fault(*claim)?)))
    }
}

impl ClaimOrigin {
    fn value(&self, said: &Map<String, Value>) -> Option<Value> {
        match self {
            Self::Path(path) | Self::Prefixed(PrefixedNames { path, .. }) => path.of(said).cloned(),
            Self::Constant(constant) => Some(constant.value.clone()),
        }
    }

    /// `value`, in which the names of groups and roles have their prefix.
    fn named(&self, claim: ClaimName, value: Value, source: &IdentitySourceId) -> Value {
        let prefix = match self {
            Self::Path(_) if is_list_of_names(claim.as_str()) => format!("{source}:"),
            Self::Prefixed(PrefixedNames { prefix, .. }) => prefix.clone(),
            Self::Path(_) | Self::Constant(_) => return value,
        };
        let prefixed = |value: &Value| value.as_str().map(|name| Value::from(format!("{prefix}{name}")));
        if let Some(names) = value.as_array() {
            return names.iter().map(|name| prefixed(name).unwrap_or_else(|| name.clone())).collect();
        }
        prefixed(&value).unwrap_or(value)
    }

    fn fault(&self, claim: ClaimName) -> Option<String> {
        let fits = |name: &String| (1..=MAX_NAME_BYTES).contains(&name.len());
        let leads_somewhere = |path: &ClaimPath| match path {
            ClaimPath::Name(name) => fits(name),
            ClaimPath::Names(names) => (1..=MAX_PATH).contains(&names.len()) && names.iter().all(fits),
        };
        let bad_path = || {
            format!(
                "a path has 1 to {MAX_PATH} names of at most {MAX_NAME_BYTES} bytes each, and none of them is empty"
            )
        };
        match self {
            Self::Path(path) => (!leads_somewhere(path)).then(bad_path),
            Self::Prefixed(_) if !is_list_of_names(claim.as_str()) => {
                Some("prefix is for groups and roles: write the path alone".into())
            }
            Self::Prefixed(PrefixedNames { path, prefix }) => {
                (!leads_somewhere(path) || prefix.len() > MAX_NAME_BYTES).then(bad_path)
            }
            Self::Constant(ConstantClaim { value }) => {
                let form = CLAIMS.iter().find(|(name, _)| *name == claim.as_str()).map(|(_, form)| *form);
                let is_exact = form.and_then(|form| form.fitted(value)).as_ref() == Some(value);
                (!is_exact).then(|| format!("value has another type or form than {} has", claim.as_str()))
            }
        }
    }
}

impl ClaimPath {
    fn of<'s>(&self, said: &'s Map<String, Value>) -> Option<&'s Value> {
        match self {
            Self::Name(name) => said.get(name),
            Self::Names(names) => {
                let (first, rest) = names.split_first()?;
                rest.iter().try_fold(said.get(first)?, |value, name| value.as_object()?.get(name))
            }
        }
    }
}

/// Whether this claim is a list of names, which mean something within their source only.
fn is_list_of_names(claim: &str) -> bool {
    CLAIMS.iter().any(|(name, form)| *name == claim && matches!(form, Form::Names))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::source_id;
    use crate::users::user_claims::SourceClaims;

    fn map(text: &Value) -> ClaimMap {
        serde_json::from_value(text.clone()).unwrap()
    }

    /// What becomes of `said` by `by`.
    fn told(by: &Value, said: &Value) -> Value {
        let claims = map(by).applied(said.as_object().unwrap(), &source_id("corp"));
        json!(SourceClaims::read(&claims).claims)
    }

    #[test]
    fn sec_up_17_claims_come_from_where_they_are_mapped_and_from_nowhere_else() {
        let table = [
            (json!({}), json!({"name": "Ada", "department": "X"}), json!({"name": "Ada"})),
            (json!({"name": "displayName"}), json!({"name": "Eve", "displayName": "Ada"}), json!({"name": "Ada"})),
            (json!({"name": "displayName"}), json!({"name": "Eve"}), json!({})),
            (json!({"name": ["user", "name"]}), json!({"user": {"name": "Ada"}}), json!({"name": "Ada"})),
            (json!({"name": ["user", "name"]}), json!({"user": "Ada", "user.name": "Eve"}), json!({})),
            (
                json!({"name": "user.name"}),
                json!({"user": {"name": "Eve"}, "user.name": "Ada"}),
                json!({"name": "Ada"}),
            ),
            (json!({"name": "n"}), json!({"n": 7}), json!({})),
            (json!({"name": "n"}), json!({"n": null}), json!({})),
            (json!({"locale": {"value": "de"}}), json!({"locale": "en"}), json!({"locale": "de"})),
            (json!({"picture": ["p", "url"]}), json!({"p": {"url": "javascript:alert(1)"}}), json!({})),
        ];
        for (by, said, expected) in table {
            assert_eq!(told(&by, &said), expected, "{by} {said}");
        }
    }

    #[test]
    fn sec_up_17_a_mapped_address_is_not_verified_by_the_flag_of_another() {
        let said = json!({"email": "ada@corp.example", "email_verified": true, "mail": "ceo@corp.example", "ok": true});
        let table = [
            (json!({}), json!({"email": "ada@corp.example", "email_verified": true})),
            (json!({"email": "mail"}), json!({"email": "ceo@corp.example"})),
            (
                json!({"email": "mail", "email_verified": "ok"}),
                json!({"email": "ceo@corp.example", "email_verified": true}),
            ),
            (
                json!({"email": "mail", "email_verified": {"value": false}}),
                json!({"email": "ceo@corp.example", "email_verified": false}),
            ),
            (json!({"phone_number": "phone"}), json!({"email": "ada@corp.example", "email_verified": true})),
        ];
        for (by, expected) in table {
            assert_eq!(told(&by, &said), expected, "{by}");
        }
    }

    #[test]
    fn sec_up_17_groups_and_roles_come_by_mapping_only_with_the_name_of_their_source() {
        let said = json!({"groups": ["admin", "staff"], "roles": "admin", "realm_access": {"roles": ["a", "a", "b"]}});
        let table = [
            (json!({}), json!({})),
            (json!({"groups": "groups"}), json!({"groups": ["corp:admin", "corp:staff"]})),
            (json!({"roles": "roles"}), json!({"roles": ["corp:admin"]})),
            (json!({"roles": ["realm_access", "roles"]}), json!({"roles": ["corp:a", "corp:b"]})),
            (json!({"groups": {"path": "groups", "prefix": ""}}), json!({"groups": ["admin", "staff"]})),
            (json!({"groups": {"path": ["realm_access", "roles"], "prefix": "r/"}}), json!({"groups": ["r/a", "r/b"]})),
            (json!({"groups": {"value": ["partners"]}}), json!({"groups": ["partners"]})),
            (json!({"groups": "realm_access"}), json!({})),
        ];
        for (by, expected) in table {
            assert_eq!(told(&by, &said), expected, "{by}");
        }
    }

    #[test]
    fn sec_up_17_the_claims_of_the_protocol_cannot_be_mapped() {
        for reserved in ["sub", "iss", "aud", "exp", "acr", "amr", "sid", "nonce", "tenant", "department"] {
            assert!(serde_json::from_value::<ClaimMap>(json!({reserved: "x"})).is_err(), "{reserved}");
        }
        for odd in [json!(7), json!({"path": "x"}), json!({"value": 1, "path": "x"}), json!([7]), json!({})] {
            assert!(serde_json::from_value::<ClaimMap>(json!({"name": odd})).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_cannot_work_is_named_with_its_claim() {
        let table = [
            (json!({"name": "x", "groups": {"path": "x", "prefix": ""}, "locale": {"value": "de"}}), None),
            (json!({"name": ""}), Some("name: a path has")),
            (json!({"name": []}), Some("name: a path has")),
            (json!({"name": vec!["x"; 9]}), Some("name: a path has")),
            (json!({"name": {"path": "x", "prefix": "y"}}), Some("name: prefix is for groups and roles")),
            (json!({"locale": {"value": "de_DE"}}), Some("locale: value has another type or form")),
            (json!({"email_verified": {"value": "true"}}), Some("email_verified: value has")),
            (json!({"groups": {"value": "staff"}}), Some("groups: value has")),
        ];
        for (by, expected) in table {
            let found = map(&by).faults().map(|(claim, reason)| format!("{}: {reason}", claim.as_str())).next();
            assert_eq!(found.is_some(), expected.is_some(), "{by}: {found:?}");
            assert!(found.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{by}");
        }
    }
}
