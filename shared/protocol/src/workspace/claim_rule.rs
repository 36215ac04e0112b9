//! Claims that a workspace puts into its tokens beside those of the protocol.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::types::scope::Scopes;
use crate::types::scope_template::ScopeSeparator;

/// A claim: where it comes from, where it is put, and for which scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Its name.
    pub name: String,
    /// Where it comes from, unless it is a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ClaimSource>,
    /// The constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What it is put into.
    #[serde(rename = "in")]
    pub places: Vec<ClaimPlace>,
    /// It is there if at least one of these was granted; always if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// What a claim can be put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimPlace {
    /// The access token, and so the answer of introspection as well.
    AccessToken,
    /// The ID token.
    IdToken,
    /// The answer of userinfo.
    Userinfo,
    /// The answer of introspection alone.
    Introspection,
}

impl ClaimPlace {
    /// Their names.
    pub const NAMES: [&str; 4] = ["access_token", "id_token", "userinfo", "introspection"];
}

/// Where a claim comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClaimSource {
    /// A claim about the user or an attribute of the pool, and perhaps a member of it.
    User(String, Option<String>),
    /// The identity source with which the user logged in.
    Source(SourceField),
    /// The client.
    Client(ClientField),
    /// The metadata of the client that its operator made up.
    ClientMetadata(String),
    /// What was granted.
    Grant(GrantField),
}

/// What a claim can say of an identity source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceField {
    /// Its id.
    Id,
    /// Its issuer, if it is an upstream provider.
    Issuer,
}

/// What a claim can say of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientField {
    /// Its name.
    Name,
    /// Who publishes it.
    OrganizationName,
}

/// What a claim can say of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantField {
    /// The granted scopes, as a list.
    Scope,
    /// When the code was issued, in seconds since the epoch.
    Issued,
}

/// Those that have no parameter.
const FIXED: [ClaimSource; 6] = [
    ClaimSource::Source(SourceField::Id),
    ClaimSource::Source(SourceField::Issuer),
    ClaimSource::Client(ClientField::Name),
    ClaimSource::Client(ClientField::OrganizationName),
    ClaimSource::Grant(GrantField::Scope),
    ClaimSource::Grant(GrantField::Issued),
];

/// A text that names nothing that a claim can come from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "use user.… with a claim or an attribute of the pool, client.metadata.…, client.client_name, client.organization_name, \
     source.id, source.issuer, grant.scope or grant.issued"
)]
pub struct UnknownClaimSource;

impl TryFrom<String> for ClaimSource {
    type Error = UnknownClaimSource;

    fn try_from(text: String) -> Result<Self, UnknownClaimSource> {
        let fixed = FIXED.into_iter().find(|fixed| *fixed.name() == text);
        if let Some(fixed) = fixed {
            return Ok(fixed);
        }
        if let Some(key) = text.strip_prefix("client.metadata.").filter(|key| !key.is_empty()) {
            return Ok(Self::ClientMetadata(key.to_owned()));
        }
        let path = text.strip_prefix("user.").filter(|path| !path.is_empty()).ok_or(UnknownClaimSource)?;
        match path.split_once('.') {
            None => Ok(Self::User(path.to_owned(), None)),
            Some((name, member)) if !name.is_empty() && !member.is_empty() && !member.contains('.') => {
                Ok(Self::User(name.to_owned(), Some(member.to_owned())))
            }
            Some(_) => Err(UnknownClaimSource),
        }
    }
}

impl From<ClaimSource> for String {
    fn from(source: ClaimSource) -> Self {
        source.name().into_owned()
    }
}

impl ClaimSource {
    /// How a file names it.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::User(name, None) => format!("user.{name}").into(),
            Self::User(name, Some(member)) => format!("user.{name}.{member}").into(),
            Self::ClientMetadata(key) => format!("client.metadata.{key}").into(),
            Self::Source(SourceField::Id) => "source.id".into(),
            Self::Source(SourceField::Issuer) => "source.issuer".into(),
            Self::Client(ClientField::Name) => "client.client_name".into(),
            Self::Client(ClientField::OrganizationName) => "client.organization_name".into(),
            Self::Grant(GrantField::Scope) => "grant.scope".into(),
            Self::Grant(GrantField::Issued) => "grant.issued".into(),
        }
    }
}

impl ClaimRule {
    /// Whether the claim is put into `place` where `granted` was granted.
    #[must_use]
    pub fn applies(&self, place: ClaimPlace, granted: &Scopes, separator: ScopeSeparator) -> bool {
        self.places.contains(&place) && self.is_released_by(granted, separator)
    }

    /// Whether the claim is for a grant with `granted`.
    #[must_use]
    pub fn is_released_by(&self, granted: &Scopes, separator: ScopeSeparator) -> bool {
        let names = || self.scopes.iter().map(String::as_str);
        self.scopes.is_empty() || granted.iter().any(|scope| separator.definition(names(), scope).is_some())
    }

    /// The attribute of the user that it needs, if any.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        match &self.from {
            Some(ClaimSource::User(name, _)) => Some(name),
            Some(
                ClaimSource::Source(_)
                | ClaimSource::Client(_)
                | ClaimSource::ClientMetadata(_)
                | ClaimSource::Grant(_),
            )
            | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::scopes;

    fn source(text: &str) -> Option<ClaimSource> {
        ClaimSource::try_from(text.to_owned()).ok()
    }

    #[test]
    fn a_source_round_trips_and_other_texts_are_none() {
        let known = FIXED.map(|source| source.name().into_owned());
        let others =
            ["user.roles", "user.address.country", "client.metadata.tier", "client.metadata.a.b"].map(str::to_owned);
        for text in known.into_iter().chain(others) {
            assert_eq!(String::from(source(&text).unwrap()), text);
        }
        assert_eq!(source("user.address.country"), Some(ClaimSource::User("address".into(), Some("country".into()))));
        for text in [
            "",
            "user",
            "user.",
            "user.a.b.c",
            "user..b",
            "client.metadata.",
            "client.client_secret",
            "roles",
            "source",
        ] {
            assert_eq!(source(text), None, "{text}");
        }
    }

    #[test]
    fn a_claim_is_where_it_is_put_and_with_its_scopes() {
        let rule = |scopes: Value| -> ClaimRule {
            let rule = json!({"name": "a", "from": "user.roles", "in": ["access_token", "userinfo"], "scopes": scopes});
            serde_json::from_value(rule).unwrap()
        };
        let table = [
            (json!([]), "", true),
            (json!(["read", "write"]), "openid write", true),
            (json!(["read", "write"]), "openid", false),
            (json!(["accounts.*"]), "accounts.7", true),
            (json!(["accounts.*"]), "accounts", false),
        ];
        for (of, granted, expected) in table {
            let applies = |place| rule(of.clone()).applies(place, &scopes(granted), ScopeSeparator::default());
            assert_eq!(applies(ClaimPlace::AccessToken), expected, "{of} {granted}");
            assert_eq!(applies(ClaimPlace::Userinfo), expected, "{of} {granted}");
            assert!(!applies(ClaimPlace::IdToken) && !applies(ClaimPlace::Introspection));
        }
        for place in ClaimPlace::NAMES {
            assert_eq!(json!(serde_json::from_value::<ClaimPlace>(json!(place)).unwrap()), place);
        }
    }
}
