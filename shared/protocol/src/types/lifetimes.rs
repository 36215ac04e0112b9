//! Lifetimes of codes, tokens, interactions and sessions.

use serde::{Deserialize, Serialize};

use crate::types::time::Lifetime;

/// Lifetimes, each in seconds (design decision 4). Unknown names are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// An authorization code: at most 60 s (FAPI 2.0 §5.3.2.1).
    pub authorization_code: Lifetime,
    /// A pushed authorization request, until the browser brings its `request_uri` (RFC 9126 §2.2).
    pub pushed_request: Lifetime,
    /// A device request: the time to open a browser, type its code and log in (RFC 8628 §3.2).
    pub device_request: Lifetime,
    /// An access token: ten minutes, because an API that validates it by itself goes on accepting it after its grant was
    /// revoked.
    pub access_token: Lifetime,
    /// An ID token.
    pub id_token: Lifetime,
    /// All refresh tokens of one grant together: rotation does not extend it.
    pub refresh_token: Lifetime,
    /// A refresh token that stays unused.
    pub refresh_token_idle: Lifetime,
    /// How long a replaced refresh token still yields its successor, in case a response was lost; may be 0.
    pub refresh_token_grace: Lifetime,
    /// The time for logging in and consenting.
    pub interaction: Lifetime,
    /// A single sign-on session, from the login.
    pub session: Lifetime,
    /// A single sign-on session that is not used (NIST SP 800-63B-4 §2.2.3).
    pub session_idle: Lifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Lifetime::seconds(60),
            pushed_request: Lifetime::seconds(60),
            device_request: Lifetime::seconds(600),
            access_token: Lifetime::seconds(600),
            id_token: Lifetime::seconds(3600),
            refresh_token: Lifetime::seconds(30 * 86_400),
            refresh_token_idle: Lifetime::seconds(15 * 86_400),
            refresh_token_grace: Lifetime::seconds(60),
            interaction: Lifetime::seconds(1800),
            session: Lifetime::seconds(12 * 3600),
            session_idle: Lifetime::seconds(3600),
        }
    }
}

/// Lifetimes of a client; those that are not set are those of the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnLifetimes {
    /// An authorization code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<Lifetime>,
    /// A pushed authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_request: Option<Lifetime>,
    /// A device request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_request: Option<Lifetime>,
    /// An access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Lifetime>,
    /// An ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Lifetime>,
    /// All refresh tokens of one grant together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Lifetime>,
    /// A refresh token that stays unused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_idle: Option<Lifetime>,
    /// How long a replaced refresh token still yields its successor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_grace: Option<Lifetime>,
    /// The time for logging in and consenting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Lifetime>,
}

impl OwnLifetimes {
    /// These lifetimes, completed with those of `workspace`.
    #[must_use]
    pub fn or(self, workspace: Lifetimes) -> Lifetimes {
        Lifetimes {
            authorization_code: self.authorization_code.unwrap_or(workspace.authorization_code),
            pushed_request: self.pushed_request.unwrap_or(workspace.pushed_request),
            device_request: self.device_request.unwrap_or(workspace.device_request),
            access_token: self.access_token.unwrap_or(workspace.access_token),
            id_token: self.id_token.unwrap_or(workspace.id_token),
            refresh_token: self.refresh_token.unwrap_or(workspace.refresh_token),
            refresh_token_idle: self.refresh_token_idle.unwrap_or(workspace.refresh_token_idle),
            refresh_token_grace: self.refresh_token_grace.unwrap_or(workspace.refresh_token_grace),
            interaction: self.interaction.unwrap_or(workspace.interaction),
            session: workspace.session,
            session_idle: workspace.session_idle,
        }
    }
}

/// A lifetime that is out of its bounds, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeBound {
    /// Its name among [`Lifetimes`].
    pub name: &'static str,
    /// Its value.
    pub value: u32,
    /// The minimum.
    pub least: u32,
    /// The maximum.
    pub most: u32,
}

impl Lifetimes {
    /// The first lifetime that is out of its bounds: a code lives at most a minute, a pushed request and a device request at
    /// most ten, a token at most a day, a refresh token at most a year, an interaction at most an hour, and everything at
    /// least a second; a replaced refresh token yields its successor for at most five minutes, or not at all.
    #[must_use]
    pub fn out_of_bounds(&self) -> Option<LifetimeBound> {
        [
            ("authorization_code", self.authorization_code, 1, 60),
            ("pushed_request", self.pushed_request, 5, 600),
            ("device_request", self.device_request, 60, 600),
            ("access_token", self.access_token, 1, 86_400),
            ("id_token", self.id_token, 1, 86_400),
            ("refresh_token", self.refresh_token, 1, 365 * 86_400),
            ("refresh_token_idle", self.refresh_token_idle, 1, 365 * 86_400),
            ("refresh_token_grace", self.refresh_token_grace, 0, 300),
            ("interaction", self.interaction, 1, 3600),
            ("session", self.session, 1, 365 * 86_400),
            ("session_idle", self.session_idle, 1, 365 * 86_400),
        ]
        .into_iter()
        .map(|(name, lifetime, least, most)| LifetimeBound { name, value: lifetime.as_seconds(), least, most })
        .find(|bound| !(bound.least..=bound.most).contains(&bound.value))
    }

    /// Whether every lifetime is within its bounds.
    #[must_use]
    pub fn are_bounded(&self) -> bool {
        self.out_of_bounds().is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_lifetime_has_its_bounds() {
        let year = 365 * 86_400;
        let table = [
            ("authorization_code", 1, 60),
            ("pushed_request", 5, 600),
            ("device_request", 60, 600),
            ("access_token", 1, 86_400),
            ("id_token", 1, 86_400),
            ("refresh_token", 1, year),
            ("refresh_token_idle", 1, year),
            ("refresh_token_grace", 0, 300),
            ("interaction", 1, 3600),
            ("session", 1, year),
            ("session_idle", 1, year),
        ];
        for (name, least, most) in table {
            let with = |value: u32| serde_json::from_value::<Lifetimes>(json!({ name: value })).unwrap();
            for good in [least, most] {
                assert!(with(good).are_bounded(), "{name}: {good}");
            }
            let outside = [least.checked_sub(1), Some(most + 1)];
            for value in outside.into_iter().flatten() {
                assert_eq!(with(value).out_of_bounds(), Some(LifetimeBound { name, value, least, most }));
                assert!(!with(value).are_bounded(), "{name}: {value}");
            }
        }
        assert!(serde_json::from_value::<Lifetimes>(json!({"acess_token": 1})).is_err());
    }

    #[test]
    fn the_defaults_are_those_of_design_decision_4() {
        let seconds = |lifetime: Lifetime| lifetime.as_seconds();
        let default = Lifetimes::default();
        assert!(default.are_bounded());
        assert_eq!((seconds(default.authorization_code), seconds(default.interaction)), (60, 1800));
        assert_eq!((seconds(default.pushed_request), seconds(default.device_request)), (60, 600));
        assert_eq!((seconds(default.access_token), seconds(default.id_token)), (600, 3600));
        assert_eq!((seconds(default.refresh_token), seconds(default.refresh_token_idle)), (2_592_000, 1_296_000));
        assert_eq!((seconds(default.refresh_token_grace), seconds(default.session)), (60, 43_200));
        assert_eq!(seconds(default.session_idle), 3600);
    }

    #[test]
    fn a_client_overrides_the_lifetimes_that_it_names() {
        let own = json!({
            "authorization_code": 1, "pushed_request": 8, "device_request": 9, "access_token": 2, "id_token": 3, "refresh_token": 4, "refresh_token_idle": 5,
            "refresh_token_grace": 6, "interaction": 7,
        });
        let merged = serde_json::from_value::<OwnLifetimes>(own.clone()).unwrap().or(Lifetimes::default());
        let merged = serde_json::to_value(merged).unwrap();
        for (name, value) in own.as_object().unwrap() {
            assert_eq!(&merged[name], value, "{name}");
        }
        assert_eq!((&merged["session"], &merged["session_idle"]), (&json!(43_200), &json!(3600)));
        assert_eq!(OwnLifetimes::default().or(Lifetimes::default()), Lifetimes::default());
        assert_eq!(serde_json::to_value(OwnLifetimes::default()).unwrap(), json!({}));
    }
}
