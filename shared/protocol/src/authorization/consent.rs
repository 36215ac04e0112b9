//! Remembered consent.

use serde::{Deserialize, Serialize};

use crate::types::scope::Scopes;
use crate::types::time::Timestamp;
use crate::users::user_claims::{ClaimName, ClaimNames};
use crate::users::userinfo;

/// What one user has consented to for one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes.
    pub scope: Scopes,
    /// The claims that were requested by name.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    pub claims: ClaimNames,
    /// When the user last consented.
    pub given: Timestamp,
}

impl Consent {
    /// The consent to remember after the user granted `granted` and withheld `withheld`. What is withheld now is also
    /// removed from what they consented to `before`.
    #[must_use]
    pub fn after(before: Option<Self>, granted: Granted<'_>, withheld: Withheld<'_>, now: Timestamp) -> Self {
        let (scope, claims) = before.map(|before| (before.scope, before.claims)).unwrap_or_default();
        let kept = claims.into_iter().filter(|claim| !withheld.has(*claim));
        Self {
            scope: scope.filtered(|scope| !withheld.scopes.contains(&scope)).union(granted.scope),
            claims: kept.chain(granted.claims.iter().copied()).collect(),
            given: now,
        }
    }

    /// Whether this covers a request for `scope` and `claims`. A consented scope covers its standard claims.
    #[must_use]
    pub fn covers(&self, scope: &Scopes, claims: &ClaimNames) -> bool {
        let covered = |claim: &ClaimName| self.claims.contains(claim) || userinfo::covers(&self.scope, *claim);
        scope.within(&self.scope) && claims.iter().all(covered)
    }
}

/// What a user has just granted.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// Scopes.
    pub scope: &'a Scopes,
    /// Claims requested by name.
    pub claims: &'a ClaimNames,
}

/// What a user withholds on the consent page.
#[derive(Clone, Copy, Default)]
pub struct Withheld<'a> {
    /// Scopes.
    pub scopes: &'a [&'a str],
    /// Claims requested by name.
    pub claims: &'a [&'a str],
}

impl Withheld<'_> {
    /// Whether `claim` is withheld, by its name or by a scope that includes it.
    #[must_use]
    pub fn has(&self, claim: ClaimName) -> bool {
        self.claims.contains(&claim.as_str()) || self.scopes.iter().any(|scope| userinfo::scope_covers(scope, claim))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, ago, claim_names, scopes};

    fn consent(scope: &str, claims: &[&str]) -> Consent {
        Consent { scope: scopes(scope), claims: claim_names(claims), given: ago(1000) }
    }

    #[test]
    fn a_consent_covers_its_scopes_its_claims_and_the_claims_of_its_scopes() {
        let table = [
            ("openid read", &[][..], true),
            ("", &[], true),
            ("openid write", &[], false),
            ("openid", &["name"], true),
            ("openid", &["email", "email_verified"], true),
            ("openid", &["name", "phone_number"], false),
        ];
        let given = consent("openid read email", &["name"]);
        for (scope, claims, expected) in table {
            assert_eq!(given.covers(&scopes(scope), &claim_names(claims)), expected, "{scope} {claims:?}");
        }
    }

    #[test]
    fn what_is_withheld_is_no_longer_remembered() {
        let granted = Granted { scope: &scopes("openid write"), claims: &claim_names(&["locale"]) };
        let before = consent("read email", &["name", "phone_number"]);
        let after = |before, withheld| Consent::after(before, granted, withheld, NOW);
        let table = [
            (Withheld::default(), "read email openid write", &["locale", "name", "phone_number"][..]),
            (Withheld { scopes: &["read"], claims: &[] }, "email openid write", &["locale", "name", "phone_number"]),
            (Withheld { scopes: &[], claims: &["name"] }, "read email openid write", &["locale", "phone_number"]),
            (Withheld { scopes: &["phone"], claims: &[] }, "read email openid write", &["locale", "name"]),
        ];
        for (withheld, scope, claims) in table {
            let expected = Consent { scope: scopes(scope), claims: claim_names(claims), given: NOW };
            assert_eq!(after(Some(before.clone()), withheld), expected);
        }
        let first = Consent { scope: scopes("openid write"), claims: claim_names(&["locale"]), given: NOW };
        assert_eq!(after(None, Withheld::default()), first);
    }

    #[test]
    fn a_claim_is_withheld_by_its_name_or_by_a_scope_that_has_it() {
        let name = ClaimName::parse("email").unwrap();
        assert!(Withheld { scopes: &[], claims: &["email"] }.has(name));
        assert!(Withheld { scopes: &["read", "email"], claims: &[] }.has(name));
        assert!(!Withheld { scopes: &["profile"], claims: &["name"] }.has(name));
    }
}
