//! What a user has allowed a client before.

use serde::{Deserialize, Serialize};

use crate::types::scope::Scopes;
use crate::types::time::Timestamp;
use crate::users::user_claims::{ClaimName, ClaimNames};
use crate::users::userinfo;

/// A remembered consent of one user to one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes that were allowed.
    pub scope: Scopes,
    /// The claims that were allowed by their own names.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    pub claims: ClaimNames,
    /// When the user last allowed something.
    pub given: Timestamp,
}

impl Consent {
    /// What is remembered once the user has allowed what is `granted` and kept back `withheld`: also of
    /// what they allowed `before`.
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

    /// Whether this covers a request for `scope` and `claims`: a claim also by a scope that has it.
    #[must_use]
    pub fn covers(&self, scope: &Scopes, claims: &ClaimNames) -> bool {
        let knows = |claim: &ClaimName| self.claims.contains(claim) || userinfo::covers(&self.scope, *claim);
        scope.within(&self.scope) && claims.iter().all(knows)
    }
}

/// What a user has just allowed.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// Scopes.
    pub scope: &'a Scopes,
    /// Claims that are asked for by their names.
    pub claims: &'a ClaimNames,
}

/// What a user keeps back on the consent page.
#[derive(Clone, Copy, Default)]
pub struct Withheld<'a> {
    /// Scopes.
    pub scopes: &'a [&'a str],
    /// Claims that are asked for by their names.
    pub claims: &'a [&'a str],
}

impl Withheld<'_> {
    /// Whether the client may not know `claim`: neither by its name nor by a scope was it let.
    #[must_use]
    pub fn has(&self, claim: ClaimName) -> bool {
        self.claims.contains(&claim.as_str()) || self.scopes.iter().any(|scope| userinfo::scope_covers(scope, claim))
    }
}
