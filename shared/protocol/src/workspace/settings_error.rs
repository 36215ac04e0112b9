//! Settings that are well-formed but cannot work, or must not (catalogue row SEC-ADM-14).

use std::fmt;

use thiserror::Error;

use crate::workspace::allowed_users_fault::{self, AllowedUsersFault};
use crate::workspace::claim_fault::{self, ClaimFault};
use crate::workspace::pool::{POOL, PoolFault};
use crate::workspace::sandbox::{SANDBOX, SandboxUser};
use crate::workspace::scope_fault::{self, ScopeFault};
use crate::workspace::settings::Settings;
use crate::workspace::upstream_provider::UpstreamProvider;

/// What is wrong with the settings of a workspace, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {reason}")]
pub struct SettingsError {
    /// The setting.
    pub place: Place,
    /// What is wrong with it.
    pub reason: SettingsFault,
}

/// A setting in a table or in a list of tables, such as `pool.identifiers` or `upstream[0].id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    position: Option<usize>,
    name: &'static str,
}

/// What is wrong with a setting, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsFault {
    /// A provider is named like a source of this server, whose users it would take over.
    #[error("\"{0}\" is the name of the {0}: choose another")]
    ReservedSource(&'static str),
    /// Two providers have one id, so the second could never be reached.
    #[error("\"{0}\" occurs twice: give each provider an id of its own")]
    DoubledSource(String),
    /// Two providers name one domain, so the second could never be reached by an address.
    #[error("{0} is a domain of another provider: leave it with one of them")]
    DoubledDomain(String),
    /// Two users have one name, so the second could never log in.
    #[error("\"{0}\" occurs twice: give each user a name of their own")]
    DoubledUser(String),
    /// A user has no name.
    #[error("the name is empty: give the user one")]
    NoUsername,
    /// A user has no password, so everybody could log in.
    #[error("the password is empty: everybody could log in as {0}")]
    NoPassword(String),
    /// The pool cannot work.
    #[error(transparent)]
    Pool(#[from] PoolFault),
    /// A scope that cannot be as it is defined.
    #[error(transparent)]
    Scope(#[from] ScopeFault),
    /// A rule about users that cannot work.
    #[error(transparent)]
    AllowedUsers(#[from] AllowedUsersFault),
    /// A claim that cannot be as it is defined.
    #[error(transparent)]
    Claim(#[from] ClaimFault),
}

impl Settings {
    /// Checks the settings in combination.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first setting that cannot work.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.faults().next().map_or(Ok(()), Err)
    }

    /// All settings that cannot work in combination with others.
    pub fn faults(&self) -> impl Iterator<Item = SettingsError> {
        let users = self.sandbox.as_ref().map(|sandbox| sandbox.users.as_slice()).unwrap_or_default();
        let of_providers = self.upstream.iter().enumerate().filter_map(|(position, provider)| {
            let earlier = self.upstream.iter().take(position);
            Some(fault("upstream", position, "id", provider_fault(provider, earlier)?))
        });
        let of_domains = self.upstream.iter().enumerate().filter_map(|(position, provider)| {
            let earlier: Vec<&UpstreamProvider> = self.upstream.iter().take(position).collect();
            let is_taken = |domain: &&str| earlier.iter().any(|earlier| earlier.email_domains.names(domain));
            let domain = provider.email_domains.named().find(is_taken)?;
            Some(fault("upstream", position, "email_domains", SettingsFault::DoubledDomain(domain.into())))
        });
        let of_users = users.iter().enumerate().filter_map(|(position, user)| {
            let (name, reason) = user_fault(user, users.iter().take(position))?;
            Some(fault("sandbox.users", position, name, reason))
        });
        let of_pool = self.pool.iter().flat_map(|pool| {
            pool.faults().map(|(position, name, fault)| {
                let table = if position.is_some() { "pool.attributes" } else { "pool" };
                SettingsError { place: Place { table, position, name }, reason: fault.into() }
            })
        });
        let of_scopes = scope_fault::all(self);
        let of_scopes = of_scopes.map(|(position, name, reason)| fault("scopes", position, name, reason.into()));
        let of_claims = claim_fault::all(self);
        let of_claims = of_claims.map(|(position, name, reason)| fault("claims", position, name, reason.into()));
        let of_users_of_scopes = self.scopes.iter().enumerate().filter_map(|(position, scope)| {
            let reason = allowed_users_fault::fault(scope.allowed_users.as_ref()?, self)?;
            Some(fault("scopes", position, "allowed_users", reason.into()))
        });
        let of_users_of_resources = self.resources.iter().enumerate().filter_map(|(position, resource)| {
            let reason = allowed_users_fault::fault(resource.allowed_users()?, self)?;
            Some(fault("resources", position, "allowed_users", reason.into()))
        });
        let of_rules = of_users_of_scopes.chain(of_users_of_resources);
        of_providers.chain(of_domains).chain(of_users).chain(of_pool).chain(of_scopes).chain(of_claims).chain(of_rules)
    }
}

const fn fault(table: &'static str, position: usize, name: &'static str, reason: SettingsFault) -> SettingsError {
    SettingsError { place: Place { table, position: Some(position), name }, reason }
}

fn provider_fault<'a>(
    provider: &UpstreamProvider,
    mut earlier: impl Iterator<Item = &'a UpstreamProvider>,
) -> Option<SettingsFault> {
    if let Some(reserved) = [SANDBOX, POOL].into_iter().find(|reserved| provider.id.as_str() == *reserved) {
        return Some(SettingsFault::ReservedSource(reserved));
    }
    let is_there = earlier.any(|earlier| earlier.id == provider.id);
    is_there.then(|| SettingsFault::DoubledSource(provider.id.to_string()))
}

fn user_fault<'a>(
    user: &SandboxUser,
    mut earlier: impl Iterator<Item = &'a SandboxUser>,
) -> Option<(&'static str, SettingsFault)> {
    if user.username.is_empty() {
        return Some(("username", SettingsFault::NoUsername));
    }
    if earlier.any(|earlier| earlier.username == user.username) {
        return Some(("username", SettingsFault::DoubledUser(user.username.clone())));
    }
    user.password.is_empty().then(|| ("password", SettingsFault::NoPassword(user.username.clone())))
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, position, name } = self;
        match position {
            Some(position) => write!(formatter, "{table}[{position}].{name}"),
            None => write!(formatter, "{table}.{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::changed;

    fn said(change: &Value) -> Option<String> {
        let mut settings = json!({"name": "Demo", "default_audience": "https://api.example"});
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let settings: Settings = serde_json::from_value(settings).unwrap();
        settings.check().err().map(|error| error.to_string())
    }

    #[test]
    fn sec_adm_14_unusable_settings_are_named_with_their_position_and_value() {
        let provider = |id: &str| json!({"id": id, "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let of = |id: &str, domain: &str| changed(provider(id), &json!({"email_domains": [domain]}));
        let user = |name: &str, password: &str| json!({"username": name, "password": password});
        let table = [
            (json!({"upstream": [provider("a"), provider("b")]}), None),
            (
                json!({"upstream": [provider("a"), provider("sandbox")]}),
                Some("upstream[1].id: \"sandbox\" is the name"),
            ),
            (json!({"upstream": [provider("pool")]}), Some("upstream[0].id: \"pool\" is the name of the pool")),
            (json!({"pool": {"identifiers": ["email"]}}), None),
            (json!({"pool": {"identifiers": []}}), Some("pool.identifiers: it is empty")),
            (
                json!({"pool": {"identifiers": ["email"], "attributes": [{"name": "a"}, {"name": "email"}]}}),
                Some("pool.attributes[1].name: the pool itself sets \"email\""),
            ),
            (json!({"upstream": [provider("a"), provider("a")]}), Some("upstream[1].id: \"a\" occurs twice")),
            (
                json!({"upstream": [of("a", "corp.example"), of("b", "x.example"), of("c", "corp.example")]}),
                Some("upstream[2].email_domains: corp.example is a domain of another provider"),
            ),
            (json!({"upstream": [of("a", "*"), of("b", "*")]}), None),
            (json!({"sandbox": {"users": [user("alice", "x"), user("bob", "x")]}}), None),
            (
                json!({"sandbox": {"users": [user("alice", "x"), user("alice", "y")]}}),
                Some("sandbox.users[1].username: \"alice\" occurs twice"),
            ),
            (json!({"sandbox": {"users": [user("", "x")]}}), Some("sandbox.users[0].username: the name is empty")),
            (
                json!({"sandbox": {"users": [user("alice", "")]}}),
                Some("sandbox.users[0].password: the password is empty: everybody could log in as alice"),
            ),
        ];
        for (change, expected) in table {
            let said = said(&change);
            match expected {
                None => assert_eq!(said, None, "{change}"),
                Some(expected) => assert!(said.clone().unwrap_or_default().starts_with(expected), "{said:?}"),
            }
        }
    }
}
