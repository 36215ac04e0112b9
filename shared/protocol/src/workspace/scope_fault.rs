//! Scopes that are well-formed but cannot be as their workspace defines them.

use thiserror::Error;

use crate::types::scope::{OF_POWER, OF_USERS, OFFLINE_ACCESS, OPENID};
use crate::types::scope_template::ScopeTemplate;
use crate::workspace::settings::{ScopeDefinition, Settings};

/// What is wrong with the definition of a scope, as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeFault {
    /// Two definitions have one name.
    #[error("\"{0}\" occurs twice: define each scope once")]
    Doubled(String),
    /// A template without a fixed first segment.
    #[error("\"{0}\" begins with its parameter: begin with a name, such as accounts{1}*")]
    NoRoot(String, String),
    /// Two templates that some request could mean alike.
    #[error("\"{0}\" and \"{1}\" could mean the same scope: change one of them")]
    Ambiguous(String, String),
    /// A scope for a resource that the workspace does not have.
    #[error("{0} is for {1}, which is not one of the resources: add it there, or remove resource")]
    UnknownResource(String, String),
    /// A scope of the server itself that is for another resource.
    #[error("{0} is for the server itself: remove resource")]
    OwnScope(String),
    /// A scope that every request has, although only some may.
    #[error("{0} cannot be added to every request: a client asks for it by name")]
    Unasked(String),
    /// A template that every request has, although nobody names its parameter.
    #[error("{0} is a template, and only a request names its parameter: remove implicit")]
    ImplicitTemplate(String),
    /// The scope of every login, for some users only.
    #[error("{0} is what every login consists of: write allowed_users for clients instead")]
    LoginUsers(String),
    /// A scope that is granted without asking, and for which users are asked.
    #[error("{0} is granted without asking (implicit_grant), so it cannot be {1} as well")]
    GrantedUnasked(String, &'static str),
    /// A scope that no user can grant, and that users grant.
    #[error("{0} is for clients themselves (machines_only), so {1} means nothing: remove one of them")]
    GrantedByNobody(String, &'static str),
    /// A scope of users for clients themselves.
    #[error("{0} is about a user, so it cannot be machines_only")]
    UserScope(String),
    /// A scope of power that users could grant.
    #[error("{0} reaches every token of the workspace and is for clients themselves in any case: remove {1}")]
    PowerScope(String, &'static str),
}

/// All faults of the scopes of `settings`, each with its position and its setting.
pub(super) fn all(settings: &Settings) -> impl Iterator<Item = (usize, &'static str, ScopeFault)> {
    settings.scopes.iter().enumerate().flat_map(|(position, scope)| {
        let earlier = settings.scopes.get(..position).unwrap_or_default();
        let of_name = of_name(settings, earlier, scope).map(|fault| ("name", fault));
        let of_resource = of_resource(settings, scope).map(|fault| ("resource", fault));
        of_name
            .into_iter()
            .chain(of_resource)
            .chain(of_flags(settings, scope))
            .map(move |(name, fault)| (position, name, fault))
    })
}

fn of_name(settings: &Settings, earlier: &[ScopeDefinition], scope: &ScopeDefinition) -> Option<ScopeFault> {
    let (name, separator) = (scope.name.as_str(), settings.scope_separator);
    if earlier.iter().any(|earlier| earlier.name == name) {
        return Some(ScopeFault::Doubled(name.into()));
    }
    let template = ScopeTemplate::of(name, separator)?;
    if !template.has_root() {
        return Some(ScopeFault::NoRoot(name.into(), separator.into()));
    }
    let overlaps = |other: &&ScopeDefinition| {
        ScopeTemplate::of(&other.name, separator).is_some_and(|other| other.overlaps(&template))
    };
    let other = earlier.iter().find(overlaps)?;
    Some(ScopeFault::Ambiguous(other.name.clone(), name.into()))
}

fn of_resource(settings: &Settings, scope: &ScopeDefinition) -> Option<ScopeFault> {
    let resource = scope.resource.as_deref()?;
    if OF_USERS.iter().chain(&OF_POWER).any(|own| *own == scope.name) {
        return Some(ScopeFault::OwnScope(scope.name.clone()));
    }
    settings.resource(resource).is_none().then(|| ScopeFault::UnknownResource(scope.name.clone(), resource.into()))
}

fn of_flags(settings: &Settings, scope: &ScopeDefinition) -> impl Iterator<Item = (&'static str, ScopeFault)> {
    let name = || scope.name.clone();
    let is_template = ScopeTemplate::of(&scope.name, settings.scope_separator).is_some();
    let of_users = [
        ("implicit", scope.implicit),
        ("implicit_grant", scope.implicit_grant),
        ("transient", scope.transient),
        ("required", scope.required),
        ("allowed_users", scope.allowed_users.is_some()),
    ];
    let is_power = OF_POWER.contains(&scope.name.as_str());
    let contradictions = of_users.into_iter().filter(|(_, set)| *set).filter_map(move |(flag, _)| {
        let fault = match (is_power, scope.machines_only) {
            (true, _) => ScopeFault::PowerScope(name(), flag),
            (false, true) => ScopeFault::GrantedByNobody(name(), flag),
            (false, false) => return None,
        };
        Some((flag, fault))
    });
    let unasked = [("transient", scope.transient), ("sensitive", scope.sensitive)];
    let unasked = unasked.into_iter().filter(|(_, set)| *set && scope.implicit_grant);
    let unasked = unasked.map(move |(flag, _)| (flag, ScopeFault::GrantedUnasked(name(), flag)));
    let asks = [OPENID, OFFLINE_ACCESS].contains(&scope.name.as_str());
    let implicit = [(asks, ScopeFault::Unasked(name())), (is_template, ScopeFault::ImplicitTemplate(name()))];
    let implicit =
        implicit.into_iter().filter(|(wrong, _)| *wrong && scope.implicit).map(|(_, fault)| ("implicit", fault));
    let about_user = scope.machines_only && OF_USERS.contains(&scope.name.as_str());
    let about_user = about_user.then(|| ("machines_only", ScopeFault::UserScope(name())));
    let of_login = scope.name == OPENID && scope.allowed_users.is_some();
    let of_login = of_login.then(|| ("allowed_users", ScopeFault::LoginUsers(name())));
    contradictions.chain(unasked).chain(implicit).chain(about_user).chain(of_login)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::settings;

    fn faults(scopes: &Value) -> Vec<String> {
        let titled = |scope: &Value| {
            let mut scope = scope.clone();
            scope["title"] = "T".into();
            scope
        };
        let scopes: Vec<Value> = scopes.as_array().unwrap().iter().map(titled).collect();
        let settings = settings(&json!({ "scopes": scopes }));
        all(&settings).map(|(position, name, fault)| format!("{position}.{name}: {fault}")).collect()
    }

    #[test]
    fn sec_adm_14_scopes_that_contradict_themselves_or_each_other_are_named() {
        let table = [
            (json!([{"name": "a"}, {"name": "a.*"}, {"name": "a.b"}, {"name": "b.*"}, {"name": "a.*.c"}]), vec![]),
            (json!([{"name": "a"}, {"name": "a"}]), vec!["1.name: \"a\" occurs twice: define each scope once"]),
            (
                json!([{"name": "*"}]),
                vec!["0.name: \"*\" begins with its parameter: begin with a name, such as accounts.*"],
            ),
            (
                json!([{"name": "a.*.c"}, {"name": "a.b.*"}]),
                vec!["1.name: \"a.*.c\" and \"a.b.*\" could mean the same scope: change one of them"],
            ),
        ];
        for (scopes, expected) in table {
            assert_eq!(faults(&scopes), expected, "{scopes}");
        }
    }

    #[test]
    fn sec_adm_14_flags_of_a_scope_that_contradict_each_other_are_named() {
        let table = [
            (
                json!([{"name": "openid", "implicit": true}, {"name": "a.*", "implicit": true}]),
                vec![
                    "0.implicit: openid cannot be added to every request: a client asks for it by name",
                    "1.implicit: a.* is a template, and only a request names its parameter: remove implicit",
                ],
            ),
            (
                json!([{"name": "a", "implicit_grant": true, "transient": true, "sensitive": true}]),
                vec![
                    "0.transient: a is granted without asking (implicit_grant), so it cannot be transient as well",
                    "0.sensitive: a is granted without asking (implicit_grant), so it cannot be sensitive as well",
                ],
            ),
            (json!([{"name": "a", "machines_only": true, "sensitive": true}]), vec![]),
            (
                json!([{"name": "a", "machines_only": true, "implicit": true}, {"name": "email", "machines_only": true}]),
                vec![
                    "0.implicit: a is for clients themselves (machines_only), so implicit means nothing: remove one of them",
                    "1.machines_only: email is about a user, so it cannot be machines_only",
                ],
            ),
            (
                json!([{"name": "revoke_tokens", "implicit_grant": true}]),
                vec![
                    "0.implicit_grant: revoke_tokens reaches every token of the workspace and is for clients themselves in any case: \
                     remove implicit_grant",
                ],
            ),
            (json!([{"name": "email", "implicit": true, "implicit_grant": true}]), vec![]),
            (
                json!([{"name": "a", "resource": "https://A.example/"}, {"name": "b", "resource": "https://api.example"}]),
                vec![],
            ),
            (
                json!([{"name": "a", "resource": "https://c.example"}, {"name": "email", "resource": "https://a.example"}]),
                vec![
                    "0.resource: a is for https://c.example, which is not one of the resources: add it there, or remove resource",
                    "1.resource: email is for the server itself: remove resource",
                ],
            ),
        ];
        for (scopes, expected) in table {
            assert_eq!(faults(&scopes), expected, "{scopes}");
        }
    }
}
