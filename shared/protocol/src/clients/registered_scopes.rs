//! The scopes that a client is registered for, with what its workspace says of each.

use crate::clients::allowed_users::{AllowedUsers, UserFacts};
use crate::types::scope::Scopes;
use crate::types::scope_template::{ScopeSeparator, ScopeTemplate};

/// What the workspace says of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRule {
    /// Whether every request of a user's login has it, named or not.
    pub implicit: bool,
    /// Whether users are asked for it.
    pub consent: ScopeConsent,
    /// Who may have it, if not everybody.
    pub allowed_users: Option<AllowedUsers>,
}

/// Whether users are asked for a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeConsent {
    /// Once: their answer is remembered.
    #[default]
    Remembered,
    /// Each time.
    Transient,
    /// Never: it is granted with the login.
    Implied,
}

/// The scopes that a client is registered for. A template (`accounts.*`) stands for its instances, not for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredScopes {
    names: Scopes,
    rules: Vec<ScopeRule>,
    separator: ScopeSeparator,
}

impl RegisteredScopes {
    /// The scopes `names`, each with what `rule` says of it.
    #[must_use]
    pub fn new(names: Scopes, separator: ScopeSeparator, rule: impl Fn(&str) -> ScopeRule) -> Self {
        let rules = names.iter().map(rule).collect();
        Self { names, rules, separator }
    }

    /// Whether the client may request `scope`.
    #[must_use]
    pub fn allow(&self, scope: &str) -> bool {
        self.rule(scope).is_some()
    }

    /// Whether the client may request all of `scopes`.
    #[must_use]
    pub fn allow_all(&self, scopes: &Scopes) -> bool {
        self.first_refused(scopes).is_none()
    }

    /// The first of `scopes` that the client may not request.
    #[must_use]
    pub fn first_refused<'s>(&self, scopes: &'s Scopes) -> Option<&'s str> {
        scopes.iter().find(|scope| !self.allow(scope))
    }

    /// Whether `name` is a template that the client is registered for.
    #[must_use]
    pub fn has_template(&self, name: &str) -> bool {
        self.template(name).is_some() && self.names.contains(name)
    }

    /// The scopes for a request that names none: all that are no templates.
    #[must_use]
    pub fn by_default(&self) -> Scopes {
        self.names.filtered(|name| self.template(name).is_none())
    }

    /// The scopes that every request has.
    #[must_use]
    pub fn implicit(&self) -> Scopes {
        self.names.filtered(|name| self.rule(name).is_some_and(|rule| rule.implicit))
    }

    /// Those of `scopes` that users are asked for in this way.
    #[must_use]
    pub fn asked(&self, scopes: &Scopes, consent: ScopeConsent) -> Scopes {
        scopes.filtered(|scope| self.rule(scope).map(|rule| rule.consent).unwrap_or_default() == consent)
    }

    /// Whether `user` may have `scope`, if the client may request it.
    #[must_use]
    pub fn allow_user(&self, scope: &str, user: UserFacts<'_>) -> bool {
        let rule = self.rule(scope).and_then(|rule| rule.allowed_users.as_ref());
        rule.is_none_or(|allowed| allowed.allows(user))
    }

    /// The rules about users.
    pub fn user_rules(&self) -> impl Iterator<Item = &AllowedUsers> {
        self.rules.iter().filter_map(|rule| rule.allowed_users.as_ref())
    }

    /// The names, templates included.
    #[must_use]
    pub const fn names(&self) -> &Scopes {
        &self.names
    }

    /// What the workspace says of `scope`, if the client may request it: of the scope itself, else of its template.
    fn rule(&self, scope: &str) -> Option<&ScopeRule> {
        if self.template(scope).is_some() {
            return None;
        }
        self.rules.get(self.separator.definition(self.names.iter(), scope)?)
    }

    fn template<'s>(&self, name: &'s str) -> Option<ScopeTemplate<'s>> {
        ScopeTemplate::of(name, self.separator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::scopes;

    fn registered(names: &str) -> RegisteredScopes {
        RegisteredScopes::new(scopes(names), ScopeSeparator::default(), |name| ScopeRule {
            implicit: name == "openid",
            consent: match name {
                "once" | "many.*" => ScopeConsent::Transient,
                "free" => ScopeConsent::Implied,
                _ => ScopeConsent::Remembered,
            },
            allowed_users: None,
        })
    }

    #[test]
    fn sec_authz_18_a_template_allows_its_instances_and_nothing_else() {
        let client = registered("openid accounts.*");
        for (scope, allowed) in [
            ("openid", true),
            ("accounts.42", true),
            ("accounts.*", false),
            ("accounts.", false),
            ("accounts.4*", false),
            ("accounts.42.write", false),
            ("accounts", false),
            ("users.42", false),
            ("*", false),
        ] {
            assert_eq!(client.allow(scope), allowed, "{scope}");
        }
        assert_eq!(client.first_refused(&scopes("openid accounts.1 users.2 x")), Some("users.2"));
        assert!(client.allow_all(&scopes("accounts.1 accounts.2")) && client.allow_all(&scopes("")));
        assert!(client.has_template("accounts.*") && !client.has_template("users.*") && !client.has_template("openid"));
    }

    #[test]
    fn a_client_can_be_registered_for_a_single_instance() {
        let client = registered("accounts.42");
        assert!(client.allow("accounts.42") && !client.allow("accounts.43") && !client.allow("accounts.*"));
    }

    #[test]
    fn a_request_without_scopes_has_no_instances() {
        let client = registered("openid read accounts.*");
        assert_eq!(client.by_default(), scopes("openid read"));
        assert_eq!(client.implicit(), scopes("openid"));
        assert_eq!(client.names(), &scopes("openid read accounts.*"));
    }

    #[test]
    fn an_instance_is_asked_for_as_its_template_says() {
        let client = registered("read once free many.*");
        let all = scopes("read once free many.1");
        assert_eq!(client.asked(&all, ScopeConsent::Transient), scopes("once many.1"));
        assert_eq!(client.asked(&all, ScopeConsent::Implied), scopes("free"));
        assert_eq!(client.asked(&scopes("gone"), ScopeConsent::Remembered), scopes("gone"), "asking is the safe side");
    }

    proptest! {
        #[test]
        fn sec_authz_18_what_is_allowed_is_registered_by_name_or_as_an_instance(
            names in proptest::collection::vec("[ab*.]{1,5}", 1..5),
            scope in "[ab*.]{1,6}",
        ) {
            let client = registered(&names.join(" "));
            let by_name = names.contains(&scope) && !scope.split('.').any(|segment| segment == "*");
            let as_instance = names.iter().any(|name| {
                let (name, scope): (Vec<_>, Vec<_>) = (name.split('.').collect(), scope.split('.').collect());
                let fits = |(pattern, segment): (&&str, &&str)| {
                    if *pattern == "*" { !segment.is_empty() && !segment.contains('*') } else { pattern == segment }
                };
                let is_template = name.contains(&"*");
                is_template && name.len() == scope.len() && name.iter().zip(&scope).all(fits)
            });
            prop_assert_eq!(client.allow(&scope), by_name || as_instance);
        }
    }
}
