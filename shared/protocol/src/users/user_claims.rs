//! A user's claims: those that an identity source asserts, and those that are passed on.

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::syntax::encoding;
use crate::types::email::{self, EmailDomains};
use crate::types::id::{IdentitySourceId, Subject, WorkspaceId};
use crate::users::claim_form::{CLAIMS, says_nothing};
use crate::users::user_key::UserKey;

/// A user, as known to one identity source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The subject identifier, unique within the workspace and never reassigned.
    pub subject: Subject,
    /// The identity source that authenticated them.
    pub source: IdentitySourceId,
    /// Its issuer, if it is an upstream provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Their claims, by the names of OpenID Connect Core §5.1.
    pub claims: SourceClaims,
}

impl Identity {
    /// The user that this identity belongs to.
    #[must_use]
    pub fn user(&self) -> UserKey<'_> {
        UserKey { source: &self.source, issuer: self.issuer.as_deref(), subject: &self.subject }
    }
}

/// The claims that an identity source asserts about a user, each in the form of OpenID Connect Core §5.1.
///
/// It is not for clients: whether the source is trusted with an address or a number is judged when it is read, by the
/// current settings ([`SourceClaims::judged`]). Records of former versions are read by the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SourceClaims(Map<String, Value>);

/// Claims about a user, for clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile(Map<String, Value>);

/// How far a source is trusted.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'s> {
    /// Fully: the operator wrote its claims.
    Everything,
    /// Its verified flags for addresses and numbers count as far as the settings allow.
    Limited {
        /// The domains whose addresses it may call verified.
        email_domains: &'s EmailDomains,
        /// Whether it may call phone numbers verified.
        phone_numbers: bool,
    },
}

/// Claims that make sense only together: a value, and whether it is verified.
pub(crate) const VERIFIABLE: [(&str, &str); 2] = [(EMAIL, EMAIL_VERIFIED), ("phone_number", PHONE_NUMBER_VERIFIED)];

/// The claims that make up a name.
const NAMES: [&str; 3] = ["name", "given_name", "family_name"];

const EMAIL: &str = "email";
const EMAIL_VERIFIED: &str = "email_verified";
const PHONE_NUMBER_VERIFIED: &str = "phone_number_verified";

/// The result of reading a source's claims.
#[derive(Debug, PartialEq, Eq)]
pub struct ClaimsReading {
    /// The claims that fit.
    pub claims: SourceClaims,
    /// The claims that do not fit and were dropped.
    pub dropped: Vec<ClaimName>,
}

/// The name of a claim that a profile may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ClaimName(&'static str);

/// Names of claims.
pub type ClaimNames = BTreeSet<ClaimName>;

impl ClaimName {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        CLAIMS.into_iter().map(|(name, _)| Self(name))
    }

    /// The claim of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|known| known.0 == name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom("no such claim"))
    }
}

impl SourceClaims {
    /// Reads the claims of a source. `null` and empty strings count as absent, and unknown names are ignored.
    #[must_use]
    pub fn read(said: &Map<String, Value>) -> ClaimsReading {
        let (mut claims, mut dropped) = (Map::new(), Vec::new());
        for (name, form) in CLAIMS {
            match said.get(name).filter(|value| !says_nothing(value)).map(|value| form.fitted(value)) {
                Some(Some(value)) => drop(claims.insert(name.into(), value)),
                Some(None) => dropped.push(ClaimName(name)),
                None => {}
            }
        }
        for (value, verified) in VERIFIABLE {
            if !claims.contains_key(value) {
                claims.remove(verified);
            }
        }
        ClaimsReading { claims: Self(claims), dropped }
    }

    /// Merges a provider's ID token claims, `self`, with its userinfo response, which is newer and takes precedence. An
    /// address or number and its verified flag come from the same response: one response does not verify the value of
    /// the other.
    #[must_use]
    pub fn with_userinfo(&self, userinfo: &Self) -> Self {
        let mut both = self.0.clone();
        both.extend(userinfo.0.clone());
        for (value, verified) in VERIFIABLE {
            let answer = match (self.0.get(value), userinfo.0.get(value)) {
                (Some(one), Some(other)) if one == other && !userinfo.0.contains_key(verified) => &self.0,
                (_, Some(_)) => &userinfo.0,
                (_, None) => &self.0,
            };
            for name in [value, verified] {
                both.remove(name);
                both.extend(answer.get(name).map(|said| (name.to_owned(), said.clone())));
            }
        }
        Self(both)
    }

    /// The claims for clients. Addresses and numbers get a verified flag: true if the source asserts it and is trusted
    /// to do so (OpenID Connect Core §5.7).
    #[must_use]
    pub fn judged(self, trust: Trust<'_>) -> Profile {
        let mut claims = self.0;
        let Trust::Limited { email_domains, phone_numbers } = trust else { return Profile(claims) };
        for (name, verified) in VERIFIABLE {
            let Some(value) = claims.get(name) else { continue };
            let trusted = match name {
                EMAIL => value.as_str().is_some_and(|address| email_domains.cover(address)),
                _ => phone_numbers,
            };
            let claimed = claims.get(verified) == Some(&Value::Bool(true));
            claims.insert(verified.into(), (claimed && trusted).into());
        }
        Profile(claims)
    }

    /// The claims, with the name that `posted` says if these have none: a name comes from one answer.
    #[must_use]
    pub fn named_by(self, posted: Self) -> Self {
        if NAMES.into_iter().any(|name| self.0.contains_key(name)) {
            return self;
        }
        let Self(mut claims) = self;
        claims.extend(posted.0.into_iter().filter(|(claim, _)| NAMES.contains(&claim.as_str())));
        Self(claims)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The claim `name` as asserted by the source.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The name to show to the user: their name, or the next best claim.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        ["name", "preferred_username", EMAIL].iter().find_map(|claim| self.0.get(*claim)?.as_str())
    }
}

impl<'de> Deserialize<'de> for SourceClaims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|said| Self::read(&said).claims)
    }
}

/// Claims chosen for ID tokens, with what is needed to evaluate their verified flags when one is issued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenClaims {
    /// The claims, with their values when they were chosen.
    pub claims: Map<String, Value>,
    /// The domain of the address whose `email_verified` is true.
    pub email_domain: Option<String>,
}

impl ChosenClaims {
    /// The claims as of now: only a source that is still trusted can verify them. Without `trust`, nothing is verified.
    #[must_use]
    pub fn judged(self, trust: Option<Trust<'_>>) -> Map<String, Value> {
        let (email, phone) = match trust {
            Some(Trust::Everything) => (true, true),
            Some(Trust::Limited { email_domains, phone_numbers }) => {
                (self.email_domain.as_ref().is_some_and(|domain| email_domains.have(domain)), phone_numbers)
            }
            None => (false, false),
        };
        let mut claims = self.claims;
        for (name, trusted) in [(EMAIL_VERIFIED, email), (PHONE_NUMBER_VERIFIED, phone)] {
            if let Some(verified) = claims.get_mut(name).filter(|_| !trusted) {
                *verified = false.into();
            }
        }
        claims
    }
}

impl Profile {
    /// The claims with these names that are known and fit into `limit` bytes.
    #[must_use]
    pub fn selected(&self, names: &ClaimNames, limit: usize) -> Map<String, Value> {
        let (mut selected, mut left) = (Map::new(), limit);
        for name in names {
            let Some(value) = self.claim(name.as_str()) else { continue };
            if let Some(rest) = left.checked_sub(size(name.as_str(), value)) {
                left = rest;
                selected.insert(name.as_str().into(), value.clone());
            }
        }
        selected
    }

    /// The same claims, for ID tokens that are issued later.
    #[must_use]
    pub fn chosen(&self, names: &ClaimNames, limit: usize) -> ChosenClaims {
        let claims = self.selected(names, limit);
        let verified = claims.get(EMAIL_VERIFIED) == Some(&Value::Bool(true));
        let address = self.claim(EMAIL).and_then(Value::as_str).filter(|_| verified);
        ChosenClaims { claims, email_domain: address.and_then(email::domain) }
    }

    /// The claim `name`.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All claims.
    pub fn claims(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }
}

/// The number of bytes of a token that a claim takes.
#[must_use]
pub(crate) fn size(name: &str, value: &Value) -> usize {
    name.len() + value.to_string().len()
}

/// The subject of the user whom `source` knows by `names`. The same user of the same source always has the same
/// subject, and a source cannot produce the subject of another's user (OpenID Connect Core §2).
#[must_use]
pub fn derived_subject(workspace: &WorkspaceId, source: &str, names: &[&str]) -> Option<Subject> {
    let mut digest = Sha256::new();
    let workspace = workspace.to_string();
    for part in [workspace.as_str(), source].iter().chain(names) {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    Subject::parse(&encoding::base64url(digest.get(..16)?)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{claim_names, workspace_id};

    fn said(claims: &Value) -> SourceClaims {
        SourceClaims::read(claims.as_object().unwrap()).claims
    }

    fn profile(claims: &Value) -> Profile {
        said(claims).judged(Trust::Everything)
    }

    #[test]
    fn a_claim_has_one_of_the_names_of_a_profile() {
        assert_eq!(ClaimName::all().count(), 21);
        for name in ClaimName::all() {
            assert_eq!(ClaimName::parse(name.as_str()), Some(name));
            assert_eq!(serde_json::from_value::<ClaimName>(json!(name)).unwrap(), name);
        }
        for reserved in ["sub", "aud", "iss", "exp", "sid", "acr", "department", "Email", ""] {
            assert_eq!(ClaimName::parse(reserved), None, "{reserved}");
            assert!(serde_json::from_value::<ClaimName>(json!(reserved)).is_err(), "{reserved}");
        }
    }

    #[test]
    fn selected_claims_fit_into_the_limit() {
        let known = profile(&json!({"email": "a@b.example", "locale": "de", "name": "Alice"}));
        let selected = |names: &[&str], limit| {
            known.selected(&claim_names(names), limit).keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(selected(&["email", "locale", "phone_number"], 1000), "email locale");
        // `email` takes 5 and 13 bytes, `locale` 6 and 4, `name` 4 and 7.
        assert_eq!(selected(&["email", "locale", "name"], 39), "email locale name");
        assert_eq!(selected(&["email", "locale", "name"], 38), "email locale");
        assert_eq!(selected(&["email", "locale", "name"], 17), "locale");
        assert_eq!(selected(&["email", "locale", "name"], 9), "");
    }

    #[test]
    fn sec_up_19_verified_flags_follow_the_current_settings() {
        let domains: EmailDomains = serde_json::from_value(json!(["corp.example"])).unwrap();
        let judged = |claims: &Value, phone_numbers| {
            let profile = said(claims).judged(Trust::Limited { email_domains: &domains, phone_numbers });
            (profile.claim("email_verified").cloned(), profile.claim("phone_number_verified").cloned())
        };
        let table = [
            (json!({"email": "a@corp.example", "email_verified": true}), Some(true)),
            (json!({"email": "a@corp.example", "email_verified": "true"}), Some(true)),
            (json!({"email": "a@corp.example", "email_verified": false}), Some(false)),
            (json!({"email": "a@corp.example", "email_verified": "yes"}), Some(false)),
            (json!({"email": "a@corp.example"}), Some(false)),
            (json!({"email": "a@other.example", "email_verified": true}), Some(false)),
            (json!({"email": "a@corp.example@other.example", "email_verified": true}), Some(false)),
            (json!({"email_verified": true}), None),
            (json!({"email": ["a@corp.example"], "email_verified": true}), None),
        ];
        for (claims, expected) in table {
            assert_eq!(judged(&claims, true), (expected.map(Value::Bool), None), "{claims}");
        }
        let number = |verified: Value| json!({"phone_number": "+1 555 0100", "phone_number_verified": verified});
        for (verified, trusted, expected) in [
            (json!(true), true, true),
            (json!(true), false, false),
            (json!(false), true, false),
            (json!(7), true, false),
        ] {
            let told = judged(&number(verified.clone()), trusted);
            assert_eq!(told, (None, Some(Value::Bool(expected))), "{verified} {trusted}");
        }
        let everything =
            profile(&json!({"email": "a@other.example", "email_verified": true, "phone_number": "+1 555"}));
        let told = ("email_verified", "phone_number_verified");
        assert_eq!((everything.claim(told.0), everything.claim(told.1)), (Some(&json!(true)), None));
    }

    #[test]
    fn sec_up_17_and_19_an_address_and_its_verified_flag_come_from_one_response() {
        let both = |id_token: &Value, userinfo: &Value| said(id_token).with_userinfo(&said(userinfo));
        let (ada, ceo) = ("ada@corp.example", "ceo@corp.example");
        let yes = |address: &str| json!({"email": address, "email_verified": true});
        let table = [
            (yes(ada), json!({"email": ceo}), json!({"email": ceo})),
            (json!({"email": ceo}), json!({"email_verified": true}), json!({"email": ceo})),
            (json!({"email_verified": true}), json!({"email": ceo}), json!({"email": ceo})),
            (yes(ada), json!({}), yes(ada)),
            (json!({}), yes(ada), yes(ada)),
            (json!({"email": ada}), yes(ada), yes(ada)),
            (yes(ada), json!({"email": ada}), yes(ada)),
            (yes(ada), json!({"email": ada, "email_verified": false}), json!({"email": ada, "email_verified": false})),
            (yes(ada), json!({"email": null, "email_verified": true}), yes(ada)),
            (
                json!({"phone_number": "+1 555", "phone_number_verified": true, "name": "Ada", "locale": "en"}),
                json!({"phone_number": "+1 666", "name": null, "locale": "de"}),
                json!({"phone_number": "+1 666", "name": "Ada", "locale": "de"}),
            ),
        ];
        for (id_token, userinfo, expected) in table {
            assert_eq!(both(&id_token, &userinfo), said(&expected), "{id_token} {userinfo}");
        }
    }

    #[test]
    fn sec_up_24_malformed_claims_are_dropped_by_name() {
        let claims = json!({
            "name": 7, "email": ["x"], "email_verified": true, "picture": "javascript:alert(1)", "locale": "en_GB",
            "nickname": null, "middle_name": "", "department": ["admin"], "sub": "root", "updated_at": "x",
        });
        let ClaimsReading { claims, dropped } = SourceClaims::read(claims.as_object().unwrap());
        assert_eq!(claims, SourceClaims(json!({"locale": "en-GB"}).as_object().unwrap().clone()));
        let names: Vec<&str> = dropped.iter().map(|name| name.as_str()).collect();
        assert_eq!(names, ["name", "picture", "updated_at", "email"], "by name, and nothing that says nothing");
    }

    #[test]
    fn claims_of_earlier_records_are_read_by_the_same_rules() {
        let former = json!({"name": ["Ada"], "email": "a@corp.example", "email_verified": true, "phone_number": 1});
        let read: SourceClaims = serde_json::from_value(former).unwrap();
        assert_eq!(read, said(&json!({"email": "a@corp.example", "email_verified": true})));
        assert_eq!(serde_json::from_value::<SourceClaims>(json!(read)).unwrap(), read);
    }

    #[test]
    fn sec_up_19_claims_chosen_for_id_tokens_are_evaluated_again() {
        let (domains, none): (EmailDomains, EmailDomains) =
            (serde_json::from_value(json!(["corp.example"])).unwrap(), EmailDomains::default());
        let trust = |email_domains, phone_numbers| Some(Trust::Limited { email_domains, phone_numbers });
        let claims = json!({
            "email": "a@Corp.example", "email_verified": true, "phone_number": "+1 555", "phone_number_verified": true,
        });
        let names = claim_names(&["email_verified", "phone_number_verified"]);
        let chosen =
            said(&claims).judged(Trust::Limited { email_domains: &domains, phone_numbers: true }).chosen(&names, 99);
        assert_eq!(chosen.email_domain.as_deref(), Some("corp.example"), "the address itself was not asked for");
        let table = [
            (trust(&domains, true), true, true),
            (trust(&none, true), false, true),
            (trust(&domains, false), true, false),
            (Some(Trust::Everything), true, true),
            (None, false, false),
        ];
        for (trust, email, phone) in table {
            let expected = json!({"email_verified": email, "phone_number_verified": phone});
            assert_eq!(Value::Object(chosen.clone().judged(trust)), expected, "{trust:?}");
        }
        let former = ChosenClaims { email_domain: None, ..chosen };
        assert_eq!(former.judged(trust(&domains, true))["email_verified"], false, "nobody knows whose domain it was");
        let unverified = said(&claims).judged(Trust::Limited { email_domains: &none, phone_numbers: true });
        assert_eq!(unverified.chosen(&names, 99).email_domain, None);
    }

    #[test]
    fn the_display_name_is_the_name_or_the_next_best_claim() {
        let addressed = |claims: Value| said(&claims).display_name().map(str::to_owned);
        let all = json!({"name": "Alice", "preferred_username": "al", "email": "a@b.example"});
        assert_eq!(addressed(all).as_deref(), Some("Alice"));
        assert_eq!(addressed(json!({"preferred_username": "al", "email": "a@b.example"})).as_deref(), Some("al"));
        assert_eq!(addressed(json!({"name": 1, "email": "a@b.example"})).as_deref(), Some("a@b.example"));
        assert_eq!(addressed(json!({"nickname": "al"})), None);
    }

    #[test]
    fn the_subject_of_a_user_never_changes() {
        let subject = derived_subject(&workspace_id(), "sandbox", &["alice"]).unwrap();
        assert_eq!(subject.as_str(), "gxzVSB6H26GOlSG-q9VzAQ", "existing users would become strangers");
    }
}
