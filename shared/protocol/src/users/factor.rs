//! Authentication factors, and the `acr`, `amr` and `auth_time` that follow from them (OpenID Connect Core §2, RFC
//! 8176).

use serde::{Deserialize, Serialize};

use crate::types::time::Timestamp;

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
}

/// A factor that the user presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// The method.
    #[serde(rename = "m")]
    pub method: Method,
    /// When it was presented.
    #[serde(rename = "t")]
    pub at: Timestamp,
}

/// An authentication context class (`acr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationClass {
    /// One factor, checked here or at an upstream provider.
    SingleFactor,
}

impl AuthenticationClass {
    /// Every class that a login here can have.
    pub const ALL: [Self; 1] = [Self::SingleFactor];

    /// The name in `acr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleFactor => "urn:postern:acr:single-factor",
        }
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

    /// When the user last authenticated.
    #[must_use]
    pub fn auth_time(&self) -> Timestamp {
        self.others.iter().fold(self.first.at, |latest, factor| latest.max(factor.at))
    }

    /// The class that the factors amount to.
    #[must_use]
    pub fn class(&self) -> AuthenticationClass {
        // All of today's methods, alone or combined, are a single factor: something that the user knows.
        match self.first.method {
            Method::Password | Method::Federated => AuthenticationClass::SingleFactor,
        }
    }

    /// The names of the methods, without duplicates.
    #[must_use]
    pub fn amr(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for factor in self.factors() {
            if !names.iter().any(|name| name == factor.method.as_str()) {
                names.push(factor.method.as_str().into());
            }
        }
        names
    }
}

/// The stored form. `auth_time`, `amr` and `acr` are what versions without a list of factors read and write; during a
/// deployment both versions must be able to read a session.
#[derive(Serialize, Deserialize)]
struct Stored {
    auth_time: Timestamp,
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
        Ok(Self::by(Factor { method, at: stored.auth_time }))
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
        Factor { method, at: Timestamp::from_seconds(seconds) }
    }

    #[test]
    fn a_single_factor_determines_time_method_and_class() {
        for (method, name) in [(Method::Password, "pwd"), (Method::Federated, "fed")] {
            let login = Authentication::by(factor(method, 7));
            assert_eq!(login.auth_time(), Timestamp::from_seconds(7));
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
        assert_eq!(several.auth_time(), Timestamp::from_seconds(9));
        assert_eq!(several.amr(), ["pwd", "fed"]);
        assert_eq!(several.factors().count(), 3);
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
    fn sessions_stored_by_earlier_versions_are_read() {
        let at = Timestamp::from_seconds(7);
        let former = |amr: &[&str]| serde_json::json!({ "auth_time": at, "amr": amr, "acr": "x" });
        for (name, method) in [("pwd", Method::Password), ("fed", Method::Federated)] {
            let read: Authentication = serde_json::from_value(former(&[name])).unwrap();
            assert_eq!(read, Authentication::by(Factor { method, at }));
        }
        for unknown in [&[][..], &["otp"]] {
            assert!(serde_json::from_value::<Authentication>(former(unknown)).is_err(), "{unknown:?}");
        }
    }
}
