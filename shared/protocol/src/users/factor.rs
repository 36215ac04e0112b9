//! Authentication factors, and the `acr`, `amr` and `auth_time` that follow from them (OpenID Connect Core §2, RFC
//! 8176).

use serde::{Deserialize, Serialize};

use crate::types::external_time::ExternalClock;
use crate::types::time::{OWN_CLOCK_SKEW, Timestamp, unstated_as_epoch};

/// An authentication method, by its registered name (RFC 8176 §2) or by the name that federations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// A password, checked here.
    #[serde(rename = "pwd")]
    Password,
    /// A login at an upstream provider.
    #[serde(rename = "fed")]
    Federated,
}

impl Method {
    /// The name in `amr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Federated => "fed",
        }
    }

    /// Whether `at`, by the clock of the party that checked the factor, is between `since` and `now` by the local
    /// clock.
    ///
    /// A provider's clock is given leeway in both directions: one that is behind must not lead back to the login page.
    fn is_between(self, at: Timestamp, since: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Password => since <= at && at <= now.plus(OWN_CLOCK_SKEW),
            Self::Federated => ExternalClock::is_since(at, since) && ExternalClock::at(now).has_reached(at),
        }
    }
}

/// A factor that the user presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// The method.
    #[serde(rename = "m")]
    pub method: Method,
    /// When it was presented, if known: a provider need not say. It is never made up.
    #[serde(rename = "t", with = "unstated_as_epoch")]
    pub at: Option<Timestamp>,
    /// Its authentication context class: a login elsewhere may have taken several factors.
    #[serde(rename = "c", default, skip_serializing_if = "AuthenticationClass::is_single")]
    pub class: AuthenticationClass,
}

/// An authentication context class (`acr`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AuthenticationClass {
    /// One factor, checked here or at an upstream provider.
    #[default]
    #[serde(rename = "s")]
    SingleFactor,
    /// Several factors, according to a provider that is trusted to state it.
    #[serde(rename = "m")]
    MultiFactor,
}

impl AuthenticationClass {
    /// Every class that a login here can have.
    pub const ALL: [Self; 2] = [Self::SingleFactor, Self::MultiFactor];

    /// The name in `acr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleFactor => "urn:postern:acr:single-factor",
            Self::MultiFactor => "urn:postern:acr:multi-factor",
        }
    }

    /// The lowest class of this server among `acr_values`; `None` if there is none, so that they are left to others.
    #[must_use]
    pub fn least_of(acr_values: &str) -> Option<Self> {
        let named =
            acr_values.split(' ').filter_map(|value| Self::ALL.into_iter().find(|class| class.as_str() == value));
        named.min()
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_single(&self) -> bool {
        matches!(self, Self::SingleFactor)
    }
}

/// The factors of a session, at least one. `auth_time`, `acr` and `amr` are derived from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Authentication {
    first: Factor,
    others: Vec<Factor>,
}

impl Authentication {
    /// An authentication with one factor.
    #[must_use]
    pub const fn by(factor: Factor) -> Self {
        Self { first: factor, others: Vec::new() }
    }

    /// The factors, in the order in which they were presented.
    pub fn factors(&self) -> impl Iterator<Item = &Factor> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// When the user last authenticated, if that is known.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.others.iter().fold(self.first.at, |latest, factor| latest.max(factor.at))
    }

    /// Whether the user authenticated between `since` and `now`. A time in the future dates from before a clock step
    /// backwards and proves nothing; neither does an unknown one.
    #[must_use]
    pub fn is_between(&self, since: Timestamp, now: Timestamp) -> bool {
        self.factors().any(|factor| factor.at.is_some_and(|at| factor.method.is_between(at, since, now)))
    }

    /// The class of the factors together.
    #[must_use]
    pub fn class(&self) -> AuthenticationClass {
        // Methods of one class do not add up: each is something that the user knows.
        self.others.iter().fold(self.first.class, |highest, factor| highest.max(factor.class))
    }

    /// The names of the methods, without duplicates, and `mfa` for several factors (RFC 8176 §2).
    #[must_use]
    pub fn amr(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let of_class = (self.class() == AuthenticationClass::MultiFactor).then_some("mfa");
        for name in self.factors().map(|factor| factor.method.as_str()).chain(of_class) {
            if !names.iter().any(|known| known == name) {
                names.push(name.into());
            }
        }
        names
    }
}

/// The stored form. `auth_time`, `amr` and `acr` are read and written by versions without a list of factors; during a
/// deployment both versions must be able to read a session.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(with = "unstated_as_epoch")]
    auth_time: Option<Timestamp>,
    amr: Vec<String>,
    #[serde(default)]
    acr: String,
    #[serde(default)]
    factors: Vec<Factor>,
}

impl TryFrom<Stored> for Authentication {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let mut factors = stored.factors.into_iter();
        if let Some(first) = factors.next() {
            return Ok(Self { first, others: factors.collect() });
        }
        let method = match stored.amr.first().map(String::as_str) {
            Some("pwd") => Method::Password,
            Some("fed") => Method::Federated,
            Some(_) | None => return Err("a session without a known factor"),
        };
        Ok(Self::by(Factor { method, at: stored.auth_time, class: AuthenticationClass::default() }))
    }
}

impl From<Authentication> for Stored {
    fn from(authentication: Authentication) -> Self {
        Self {
            auth_time: authentication.auth_time(),
            amr: authentication.amr(),
            acr: authentication.class().as_str().into(),
            factors: authentication.factors().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn factor(method: Method, seconds: u64) -> Factor {
        Factor { method, at: Some(Timestamp::from_seconds(seconds)), class: AuthenticationClass::SingleFactor }
    }

    #[test]
    fn a_single_factor_determines_time_method_and_class() {
        for (method, name) in [(Method::Password, "pwd"), (Method::Federated, "fed")] {
            let login = Authentication::by(factor(method, 7));
            assert_eq!(login.auth_time(), Some(Timestamp::from_seconds(7)));
            assert_eq!(login.amr(), [name]);
            assert_eq!(login.class().as_str(), "urn:postern:acr:single-factor");
        }
    }

    #[test]
    fn the_time_is_that_of_the_latest_factor_and_methods_are_deduplicated() {
        let several = Authentication {
            first: factor(Method::Password, 7),
            others: vec![factor(Method::Federated, 9), factor(Method::Password, 8)],
        };
        assert_eq!(several.auth_time(), Some(Timestamp::from_seconds(9)));
        assert_eq!(several.amr(), ["pwd", "fed"]);
        assert_eq!(several.factors().count(), 3);
    }

    #[test]
    fn the_least_class_among_acr_values_is_enough() {
        let (single, multi) = (AuthenticationClass::SingleFactor, AuthenticationClass::MultiFactor);
        let table = [
            (multi.as_str().to_owned(), Some(multi)),
            (format!("{} {}", multi.as_str(), single.as_str()), Some(single)),
            (format!("silver {}", multi.as_str()), Some(multi)),
            ("silver 9".into(), None),
            (String::new(), None),
        ];
        for (acr_values, least) in table {
            assert_eq!(AuthenticationClass::least_of(&acr_values), least, "{acr_values}");
        }
        assert!(single < multi);
    }

    #[test]
    fn stored_factors_round_trip_and_earlier_versions_can_read_them() {
        let several = Authentication { first: factor(Method::Password, 7), others: vec![factor(Method::Federated, 9)] };
        let stored = serde_json::to_value(&several).unwrap();
        assert_eq!(stored["amr"], serde_json::json!(["pwd", "fed"]));
        assert_eq!(stored["acr"], "urn:postern:acr:single-factor");
        assert_eq!(stored["auth_time"], serde_json::json!(Timestamp::from_seconds(9)));
        assert_eq!(serde_json::from_value::<Authentication>(stored).unwrap(), several);
    }

    #[test]
    fn sec_up_21_an_unknown_time_is_stored_as_long_ago_and_read_as_unknown() {
        let silent = Authentication::by(Factor {
            method: Method::Federated,
            at: None,
            class: AuthenticationClass::SingleFactor,
        });
        let stored = serde_json::to_value(&silent).unwrap();
        assert_eq!((&stored["auth_time"], &stored["factors"][0]["t"]), (&serde_json::json!(0), &serde_json::json!(0)));
        assert_eq!(serde_json::from_value::<Authentication>(stored).unwrap(), silent);
        assert_eq!(silent.auth_time(), None);
        let (epoch, end) = (Timestamp::from_seconds(0), Timestamp::from_seconds(u64::MAX));
        assert!(!silent.is_between(epoch, end), "not even since the epoch");
    }

    #[test]
    fn leeway_applies_to_the_clock_of_the_party_that_checked_the_factor() {
        let at = |method, seconds| Authentication::by(factor(method, seconds));
        let (since, now) = (Timestamp::from_seconds(1000), Timestamp::from_seconds(2000));
        let table = [
            (Method::Password, [999, 1000, 2005, 2006], [false, true, true, false]),
            (Method::Federated, [989, 990, 2010, 2011], [false, true, true, false]),
        ];
        for (method, times, expected) in table {
            assert_eq!(times.map(|seconds| at(method, seconds).is_between(since, now)), expected, "{method:?}");
        }
    }

    #[test]
    fn several_factors_elsewhere_are_a_distinct_class_and_survive_the_store() {
        let strong = Factor { class: AuthenticationClass::MultiFactor, ..factor(Method::Federated, 7) };
        let authentication = Authentication::by(strong);
        assert_eq!(authentication.class().as_str(), "urn:postern:acr:multi-factor");
        assert_eq!(authentication.amr(), ["fed", "mfa"]);
        let stored = serde_json::to_value(&authentication).unwrap();
        assert_eq!(serde_json::from_value::<Authentication>(stored).unwrap(), authentication);
        let weak = serde_json::to_value(Authentication::by(factor(Method::Federated, 7))).unwrap();
        assert_eq!(weak["factors"], serde_json::json!([{"m": "fed", "t": weak["auth_time"]}]));
    }

    #[test]
    fn sessions_stored_by_earlier_versions_are_read() {
        let at = Some(Timestamp::from_seconds(7));
        let former = |amr: &[&str]| serde_json::json!({ "auth_time": at, "amr": amr, "acr": "x" });
        for (name, method) in [("pwd", Method::Password), ("fed", Method::Federated)] {
            let read: Authentication = serde_json::from_value(former(&[name])).unwrap();
            assert_eq!(read, Authentication::by(Factor { method, at, class: AuthenticationClass::SingleFactor }));
        }
        for unknown in [&[][..], &["otp"]] {
            assert!(serde_json::from_value::<Authentication>(former(unknown)).is_err(), "{unknown:?}");
        }
    }
}
