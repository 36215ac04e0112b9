//! Remembered consent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clients::resource_indicator::{RequestedApi, RequestedApis};
use crate::types::id::Subject;
use crate::types::scope::Scopes;
use crate::types::time::Timestamp;
use crate::users::user_claims::{ClaimName, ClaimNames};
use crate::users::userinfo;

/// What one user has consented to for one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes of a consent stored before consents were kept per API. They count for the default API, for which nearly
    /// every request was, and are empty in new records.
    scope: Scopes,
    /// The claims that were requested by name.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    claims: ClaimNames,
    /// The scopes for each API (RFC 8707 §2).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    apis: BTreeMap<String, Scopes>,
    /// What the user allowed last where nothing is remembered, because the client could be another one. Only the user is shown it.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    once: Scopes,
    /// When the user last consented.
    given: Timestamp,
    /// The epoch of the user's consents to this client. Stored separately, because withdrawing moves it.
    #[serde(skip)]
    epoch: ConsentEpoch,
}

/// A number that each grant of a user to a client repeats. Withdrawing the consent moves it to the next, and all grants
/// made before end, without being found one by one (catalogue row SEC-AUTHZ-17). It is compared, not ordered by a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsentEpoch(u64);

impl ConsentEpoch {
    /// The epoch with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl Consent {
    /// The consent to remember after the user granted `granted` for `apis` and withheld `withheld`. Withheld scopes are
    /// also removed from the consent given `before` for these APIs. Of more scopes than a set can have, as instances of a
    /// template can be, those granted longest ago are forgotten.
    #[must_use]
    pub fn after(
        before: Option<Self>,
        apis: &RequestedApis<'_>,
        granted: Granted<'_>,
        withheld: Withheld<'_>,
        now: Timestamp,
    ) -> Self {
        let epoch = before.as_ref().map(|before| before.epoch).unwrap_or_default();
        let (mut by_api, claims) = before.map(|before| before.by_api(apis.default)).unwrap_or_default();
        for api in &apis.named {
            let scopes = by_api.entry(api.uri.to_owned()).or_default();
            let granted = granted.scope.filtered(|scope| api.scope.contains(scope));
            let kept = scopes.filtered(|scope| !withheld.scopes.contains(&scope) && !granted.contains(scope));
            *scopes = kept.union(&granted).last_within_limits();
        }
        let kept = claims.into_iter().filter(|claim| !withheld.has(*claim));
        Self {
            scope: Scopes::default(),
            claims: kept.chain(granted.claims.iter().copied()).collect(),
            apis: by_api,
            once: Scopes::default(),
            given: now,
            epoch,
        }
    }

    /// The consent after the user granted `scope` where nothing is remembered: it allows no more than `before`.
    #[must_use]
    pub fn once(before: Option<Self>, scope: &Scopes, now: Timestamp) -> Self {
        Self { once: scope.clone(), given: now, ..before.unwrap_or_else(|| Self::withdrawn(now)) }
    }

    /// A consent that was withdrawn: nothing is allowed.
    #[must_use]
    pub fn withdrawn(now: Timestamp) -> Self {
        Self {
            scope: Scopes::default(),
            claims: ClaimNames::new(),
            apis: BTreeMap::new(),
            once: Scopes::default(),
            given: now,
            epoch: ConsentEpoch::default(),
        }
    }

    /// The consent as it is stored, with its epoch.
    #[must_use]
    pub fn in_epoch(self, epoch: ConsentEpoch) -> Self {
        Self { epoch, ..self }
    }

    /// The epoch of the user's consents to this client.
    #[must_use]
    pub const fn epoch(&self) -> ConsentEpoch {
        self.epoch
    }

    /// Everything that the user has allowed, at whatever API.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.apis.values().fold(self.scope.union(&self.once), |all, scopes| all.union(scopes).last_within_limits())
    }

    /// The claims that were requested by name.
    #[must_use]
    pub const fn claims(&self) -> &ClaimNames {
        &self.claims
    }

    /// When the user last consented.
    #[must_use]
    pub const fn given(&self) -> Timestamp {
        self.given
    }

    /// Whether the user has allowed nothing, or withdrawn it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.scopes().is_empty()
    }

    /// The scopes for each API, with the scopes of old records under `default`, and the claims.
    fn by_api(self, default: &str) -> (BTreeMap<String, Scopes>, ClaimNames) {
        let mut apis = self.apis;
        if !self.scope.is_empty() {
            let scopes = apis.entry(default.to_owned()).or_default();
            *scopes = scopes.union(&self.scope);
        }
        (apis, self.claims)
    }

    /// Whether this covers a request for `claims` and the scopes of each of `apis`: consent for one API says nothing about
    /// another. A consented scope covers its standard claims.
    #[must_use]
    pub fn covers(&self, apis: &RequestedApis<'_>, claims: &ClaimNames) -> bool {
        apis.named.iter().all(|api| api.scope.within(&self.allowed(api.uri, apis.default)))
            && claims.iter().all(|claim| self.covers_claim(apis, *claim))
    }

    fn covers_claim(&self, apis: &RequestedApis<'_>, claim: ClaimName) -> bool {
        let covered = |api: &RequestedApi<'_>| userinfo::covers(&self.allowed(api.uri, apis.default), claim);
        let mut general = apis.named.iter().filter(|api| api.general).peekable();
        self.claims.contains(&claim) || general.peek().is_some() && general.all(covered)
    }

    /// The scopes allowed for `api`.
    fn allowed(&self, api: &str, default: &str) -> Scopes {
        let of_before = if api == default { self.scope.clone() } else { Scopes::default() };
        self.apis.get(api).map_or_else(|| of_before.clone(), |scopes| scopes.union(&of_before))
    }

    /// What this covers of a request of `subject` for `claims` and those of `scope` at each of `apis`.
    #[must_use]
    pub fn covered(
        &self,
        subject: &Subject,
        apis: &RequestedApis<'_>,
        scope: &Scopes,
        claims: &ClaimNames,
    ) -> Option<AllowedBefore> {
        let scope = scope.filtered(|scope| {
            let mut reached = apis.named.iter().filter(|api| api.scope.contains(scope));
            reached.all(|api| self.allowed(api.uri, apis.default).contains(scope))
        });
        let claims: ClaimNames = claims.iter().copied().filter(|claim| self.covers_claim(apis, *claim)).collect();
        let is_nothing = scope.is_empty() && claims.is_empty();
        (!is_nothing).then(|| AllowedBefore { subject: subject.clone(), scope, claims })
    }
}

/// What a user allowed before the question was asked, as far as the request asks for it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedBefore {
    /// The user.
    #[serde(rename = "u")]
    pub subject: Subject,
    /// Scopes.
    #[serde(rename = "o")]
    pub scope: Scopes,
    /// Claims requested by name.
    #[serde(rename = "c", default, skip_serializing_if = "ClaimNames::is_empty")]
    pub claims: ClaimNames,
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
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, ago, claim_names, scopes, subject};

    const DEFAULT: &str = "https://api.example";
    const ORDERS: &str = "https://orders.example";

    /// The APIs `named`, each reached by all of `scope`.
    fn at<'a>(named: &[&'a str], scope: &str) -> RequestedApis<'a> {
        let named = named.iter().map(|uri| RequestedApi { uri, scope: scopes(scope), general: true });
        RequestedApis { named: named.collect(), default: DEFAULT }
    }

    /// A consent for the default API.
    fn consent(scope: &str, claims: &[&str]) -> Consent {
        let apis = [(DEFAULT.to_owned(), scopes(scope))].into();
        let (once, epoch) = (Scopes::default(), ConsentEpoch::default());
        Consent { scope: scopes(""), claims: claim_names(claims), apis, once, given: ago(1000), epoch }
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
            let covered = given.covers(&at(&[DEFAULT], scope), &claim_names(claims));
            assert_eq!(covered, expected, "{scope} {claims:?}");
        }
    }

    #[test]
    fn sec_authz_26_consent_for_one_api_does_not_count_for_another() {
        let (scope, none) = (scopes("openid read"), claim_names(&[]));
        let granted = Granted { scope: &scope, claims: &none };
        let for_orders = Consent::after(None, &at(&[ORDERS], "openid read"), granted, Withheld::default(), NOW);
        let default = at(&[DEFAULT], "openid read");
        let for_both = Consent::after(Some(for_orders.clone()), &default, granted, Withheld::default(), NOW);
        let table = [
            (&for_orders, vec![ORDERS], true),
            (&for_orders, vec![DEFAULT], false),
            (&for_orders, vec![ORDERS, DEFAULT], false),
            (&for_both, vec![ORDERS, DEFAULT], true),
            (&for_both, vec!["https://other.example"], false),
        ];
        for (consent, apis, expected) in table {
            assert_eq!(consent.covers(&at(&apis, "openid read"), &none), expected, "{apis:?}");
        }
        let email = scopes("email");
        let with_email = Granted { scope: &email, claims: &none };
        let with_email = Consent::after(None, &at(&[ORDERS], "email"), with_email, Withheld::default(), NOW);
        let covered = |api| with_email.covers(&at(&[api], ""), &claim_names(&["email"]));
        assert!(covered(ORDERS) && !covered(DEFAULT), "the claims of a scope go with it");
    }

    #[test]
    fn a_consent_in_the_old_format_counts_for_the_default_api_and_is_rewritten() {
        let stored = json!({"scope": "openid read", "claims": ["name"], "given": 1});
        let before: Consent = serde_json::from_value(stored).unwrap();
        let claims = claim_names(&["name"]);
        assert!(before.covers(&at(&[DEFAULT], "openid read"), &claims));
        assert!(!before.covers(&at(&[ORDERS], "openid read"), &claims));
        let none = claim_names(&[]);
        let granted = Granted { scope: &scopes("write"), claims: &none };
        let after = Consent::after(Some(before), &at(&[ORDERS], "write"), granted, Withheld::default(), NOW);
        let expected = json!({
            "scope": "", "claims": ["name"], "apis": {DEFAULT: "openid read", ORDERS: "write"}, "given": NOW.millis(),
        });
        assert_eq!(serde_json::to_value(&after).unwrap(), expected, "an earlier version reads it as covering nothing");
        assert!(after.covers(&at(&[DEFAULT], "openid read"), &claims));
    }

    #[test]
    fn what_was_allowed_before_is_known_for_the_same_apis_only() {
        let given = consent("openid read email", &["locale"]);
        let (scope, claims) = (scopes("openid email write"), claim_names(&["email", "locale", "name"]));
        let covered =
            |apis: &[&str]| given.covered(&subject("alice"), &at(apis, "openid email write"), &scope, &claims);
        let expected = AllowedBefore {
            subject: subject("alice"),
            scope: scopes("openid email"),
            claims: claim_names(&["email", "locale"]),
        };
        assert_eq!(covered(&[DEFAULT]), Some(expected));
        assert_eq!(covered(&[DEFAULT, ORDERS]).map(|before| before.scope), Some(scopes("")));
        assert_eq!(
            given.covered(&subject("alice"), &at(&[DEFAULT], "write"), &scopes("write"), &claim_names(&[])),
            None
        );
    }

    #[test]
    fn sec_authz_17_what_is_allowed_once_is_shown_and_allows_nothing_and_withdrawing_empties_all() {
        let before = consent("read", &["name"]).in_epoch(ConsentEpoch::new(3));
        let once = Consent::once(Some(before.clone()), &scopes("openid write"), NOW);
        assert_eq!((once.scopes(), once.epoch()), (scopes("openid write read"), before.epoch()));
        assert!(!once.covers(&at(&[DEFAULT], "write"), &claim_names(&[])), "it is asked for again");
        assert!(once.covers(&at(&[DEFAULT], "read"), &claim_names(&["name"])), "what was remembered stays");
        let granted = Granted { scope: &scopes("openid"), claims: &claim_names(&[]) };
        let after = Consent::after(Some(once), &at(&[DEFAULT], "openid"), granted, Withheld::default(), NOW);
        assert_eq!((after.scopes(), after.epoch().number()), (scopes("read openid"), 3));
        assert!(Consent::withdrawn(NOW).is_empty() && !after.is_empty() && after.given() == NOW);
        let stored = serde_json::to_value(&after).unwrap();
        assert!(stored.get("epoch").is_none() && stored.get("once").is_none(), "{stored}");
    }

    #[test]
    fn withheld_scopes_are_forgotten() {
        let granted = Granted { scope: &scopes("openid write"), claims: &claim_names(&["locale"]) };
        let before = consent("read email", &["name", "phone_number"]);
        let after = |before, withheld| Consent::after(before, &at(&[DEFAULT], "openid write"), granted, withheld, NOW);
        let table = [
            (Withheld::default(), "read email openid write", &["locale", "name", "phone_number"][..]),
            (Withheld { scopes: &["read"], claims: &[] }, "email openid write", &["locale", "name", "phone_number"]),
            (Withheld { scopes: &[], claims: &["name"] }, "read email openid write", &["locale", "phone_number"]),
            (Withheld { scopes: &["phone"], claims: &[] }, "read email openid write", &["locale", "name"]),
        ];
        for (withheld, scope, claims) in table {
            let expected = Consent { given: NOW, ..consent(scope, claims) };
            assert_eq!(after(Some(before.clone()), withheld), expected);
        }
        let first = Consent { given: NOW, ..consent("openid write", &["locale"]) };
        assert_eq!(after(None, Withheld::default()), first);
        let withheld = Withheld { scopes: &["read"], claims: &[] };
        let elsewhere = Consent::after(Some(before), &at(&[ORDERS], "openid write"), granted, withheld, NOW);
        assert!(elsewhere.covers(&at(&[DEFAULT], "read email"), &claim_names(&[])), "of another API");
    }

    #[test]
    fn sec_authz_26_a_scope_of_one_api_is_allowed_for_that_api_only() {
        let api = |uri, scope, general| RequestedApi { uri, scope: scopes(scope), general };
        let apis = || RequestedApis {
            named: vec![api(DEFAULT, "openid read", true), api(ORDERS, "orders.1", false)],
            default: DEFAULT,
        };
        let (scope, none) = (scopes("openid read orders.1"), claim_names(&[]));
        let granted = Granted { scope: &scope, claims: &none };
        let given = Consent::after(None, &apis(), granted, Withheld::default(), NOW);
        assert!(given.covers(&apis(), &none));
        assert_eq!(given.covered(&subject("alice"), &apis(), &scope, &none).map(|before| before.scope), Some(scope));
        let stored = serde_json::to_value(&given).unwrap();
        assert_eq!(stored["apis"], json!({DEFAULT: "openid read", ORDERS: "orders.1"}));
        assert!(!given.covers(&at(&[ORDERS], "read"), &none) && !given.covers(&at(&[DEFAULT], "orders.1"), &none));
        let email = Consent::after(
            Some(given),
            &at(&[DEFAULT], "email"),
            Granted { scope: &scopes("email"), claims: &none },
            Withheld::default(),
            NOW,
        );
        assert!(email.covers(&apis(), &claim_names(&["email"])), "claims are for where scopes without an API go");
    }

    #[test]
    fn many_instances_displace_those_allowed_first() {
        let many = |from: usize| (from..from + 60).map(|n| format!("accounts.{n}")).collect::<Vec<_>>().join(" ");
        let none = claim_names(&[]);
        let allowed = |before, names: &str| {
            let granted = Granted { scope: &scopes(names), claims: &none };
            Consent::after(before, &at(&[DEFAULT], names), granted, Withheld::default(), NOW)
        };
        let given = allowed(Some(allowed(Some(allowed(None, "openid")), &many(0))), &many(60));
        let read: Consent = serde_json::from_value(serde_json::to_value(&given).unwrap()).unwrap();
        let covers = |scope| read.covers(&at(&[DEFAULT], scope), &none);
        assert!(covers("accounts.119") && covers("accounts.20") && !covers("accounts.19") && !covers("openid"));
        assert!(allowed(Some(given), "accounts.20").covers(&at(&[DEFAULT], "accounts.20 accounts.21"), &none));
    }

    #[test]
    fn a_claim_is_withheld_by_its_name_or_by_a_scope_that_has_it() {
        let name = ClaimName::parse("email").unwrap();
        assert!(Withheld { scopes: &[], claims: &["email"] }.has(name));
        assert!(Withheld { scopes: &["read", "email"], claims: &[] }.has(name));
        assert!(!Withheld { scopes: &["profile"], claims: &["name"] }.has(name));
    }
}
