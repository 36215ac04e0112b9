//! Validates access tokens for an API.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::bearer;
use crate::cache::{CachedKeys, NoKey};
use crate::clock::{Clock, SystemClock};
use crate::compact::Compact;
use crate::refusal::{InvalidToken, Refusal};
use crate::source::JwksSource;
use crate::step_up::StepUp;
use crate::token::{AccessToken, Expected};

/// The maximum leeway; a larger clock skew should be fixed at its source.
const MAX_LEEWAY: Duration = Duration::from_mins(1);

/// The default leeway.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(5);

/// Validates the access tokens of one issuer for one API.
///
/// Create one when the API starts and share it: it caches the issuer's keys.
pub struct Validator<S> {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    clock: Box<dyn Clock>,
    keys: CachedKeys<S>,
}

impl<S: JwksSource> Validator<S> {
    /// A validator for the tokens that `issuer` issues for `audience`, whose keys come from `source`.
    ///
    /// Both are compared byte for byte: `issuer` with the `iss` of tokens, `audience` with each of their `aud`
    /// values.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, source: S) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway: DEFAULT_LEEWAY,
            clock: Box::new(SystemClock),
            keys: CachedKeys::new(source),
        }
    }

    /// Accepts only these algorithms. By default all three are accepted.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Sets the permitted clock skew between issuer and API: five seconds by default, at most one minute.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Reads the time from `clock` instead of the system clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The audience that tokens must be for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Extracts the bearer token of a request and validates it. `query` is the URL's query, which must not contain a
    /// token.
    ///
    /// # Errors
    ///
    /// [`Refusal`], which can build the response.
    pub async fn authenticate(&self, headers: &HeaderMap, query: Option<&str>) -> Result<AccessToken, Refusal> {
        self.accept(bearer::token(headers, query)?).await
    }

    /// Returns `token` if its user authenticated as `demanded`, by the clock and with the leeway of this validator (RFC 9470).
    ///
    /// # Errors
    ///
    /// [`Refusal::InsufficientAuthentication`].
    pub fn require_authentication(&self, token: AccessToken, demanded: &StepUp) -> Result<AccessToken, Refusal> {
        let acr = token.claim("acr").and_then(Value::as_str);
        let auth_time = token.claim("auth_time").and_then(Value::as_u64);
        let recent = demanded.is_met_at(auth_time, self.clock.now(), self.leeway);
        if demanded.accepts(acr) && recent { Ok(token) } else { Err(demanded.clone().into()) }
    }

    /// Validates a token: its form, its header, its claims, and then its signature (RFC 9068 §4).
    ///
    /// Claims are checked before the key is looked up, so that a token that is invalid anyway causes no fetch.
    ///
    /// # Errors
    ///
    /// [`Refusal::Invalid`] if the token is invalid, [`Refusal::Unavailable`] if it cannot be validated.
    pub async fn accept(&self, token: &str) -> Result<AccessToken, Refusal> {
        let now = self.clock.now();
        let compact = Compact::parse(token)?;
        if !self.algorithms.contains(&compact.algorithm) {
            return Err(InvalidToken::Algorithm.into());
        }
        let token = AccessToken::parse(compact.claims, compact.algorithm)?;
        self.expected(now).met_by(&token)?;
        let key = self.keys.find(&compact.kid, now).await?;
        if key.algorithm() != compact.algorithm {
            return Err(InvalidToken::Algorithm.into());
        }
        if key.verifies(compact.message, &compact.signature) { Ok(token) } else { Err(InvalidToken::Signature.into()) }
    }

    fn expected(&self, now: Duration) -> Expected<'_> {
        Expected { issuer: &self.issuer, audience: &self.audience, now, leeway: self.leeway }
    }
}

impl From<NoKey> for Refusal {
    fn from(reason: NoKey) -> Self {
        match reason {
            NoKey::Unknown => InvalidToken::Key.into(),
            NoKey::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}
