//! Caches the issuer's keys, and limits how often they are fetched.
//!
//! Untrusted senders choose the `kid` of their tokens, so they must not control how often the issuer is contacted; and
//! a brief outage of the issuer must not affect an API that has its keys.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::jwks::{Key, KeySet};
use crate::source::{JwksFault, JwksSource};

/// After this time the keys are fetched again: a withdrawn key is refused after this time at the latest.
pub(crate) const RELOAD_AFTER: Duration = Duration::from_mins(5);

/// Keys that could not be refreshed for this long are no longer trusted. API Gateway caches keys for the same time.
pub(crate) const USABLE_FOR: Duration = Duration::from_hours(2);

/// The minimum time between two fetches, whatever `kid`s tokens contain.
pub(crate) const MIN_RELOAD_INTERVAL: Duration = Duration::from_mins(1);

/// The same while there are no usable keys and every request is refused.
pub(crate) const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The issuer has no key with this `kid`.
    Unknown,
    /// The keys could not be fetched.
    Unavailable(JwksFault),
}

/// The keys of an issuer.
pub(crate) struct CachedKeys<S> {
    source: S,
    state: RwLock<State>,
    /// Held by the request that is fetching the keys.
    flight: Mutex<()>,
}

#[derive(Default)]
struct State {
    read: Option<(KeySet, Duration)>,
    asked: Option<Duration>,
    /// The error of the last fetch.
    fault: Option<JwksFault>,
}

impl<S: JwksSource> CachedKeys<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, state: RwLock::default(), flight: Mutex::new(()) }
    }

    /// The key named `kid`. The keys are fetched only if that is necessary and permitted.
    pub(crate) async fn find(&self, kid: &str, now: Duration) -> Result<Arc<Key>, NoKey> {
        let (found, is_fresh) = self.known(kid, now);
        let flight = match found {
            Some(key) if is_fresh => return Ok(key),
            Some(key) => match self.flight.try_lock() {
                Ok(flight) => flight,
                // A fetch is in flight; use the known key meanwhile.
                Err(_) => return Ok(key),
            },
            None => self.flight.lock().await,
        };
        // A request that had to wait finds that the keys have just been fetched.
        if self.state().may_ask(now) {
            self.ask(now).await;
        }
        drop(flight);
        self.state().find(kid, now)
    }

    fn known(&self, kid: &str, now: Duration) -> (Option<Arc<Key>>, bool) {
        let state = self.state();
        (state.find(kid, now).ok(), state.is_fresh(now))
    }

    async fn ask(&self, now: Duration) {
        // If the request is cancelled during the fetch, this timestamp remains and the cooldown applies.
        self.state_to_change().began(now);
        let answer = self.source.fetch().await.and_then(|document| KeySet::parse(&document));
        if let Err(fault) = &answer {
            tracing::warn!(fault = %fault, "the keys of the issuer could not be fetched");
        }
        self.state_to_change().answered(answer, now);
    }

    // State changes assign whole fields, so the state left by a panicked thread is still consistent.

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_to_change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn began(&mut self, now: Duration) {
        self.asked = Some(now);
        self.fault = Some(JwksFault::Interrupted);
    }

    fn answered(&mut self, answer: Result<KeySet, JwksFault>, now: Duration) {
        match answer {
            Ok(set) => (self.read, self.fault) = (Some((set, now)), None),
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// Finds the key named `kid`. Only a successful fetch can prove that a key does not exist.
    fn find(&self, kid: &str, now: Duration) -> Result<Arc<Key>, NoKey> {
        let usable = self.read.as_ref().filter(|(_, read)| is_within(*read, now, USABLE_FOR));
        match (usable.and_then(|(set, _)| set.find(kid)), &self.fault) {
            (Some(key), _) => Ok(key),
            (None, Some(fault)) => Err(NoKey::Unavailable(fault.clone())),
            (None, None) if usable.is_none() => Err(NoKey::Unavailable(JwksFault::Interrupted)),
            (None, None) => Err(NoKey::Unknown),
        }
    }

    fn is_fresh(&self, now: Duration) -> bool {
        self.read.as_ref().is_some_and(|(_, read)| is_within(*read, now, RELOAD_AFTER))
    }

    fn may_ask(&self, now: Duration) -> bool {
        let has_keys = self.read.as_ref().is_some_and(|(_, read)| is_within(*read, now, USABLE_FOR));
        let cooldown = if has_keys { MIN_RELOAD_INTERVAL } else { MIN_RETRY_INTERVAL };
        !self.asked.is_some_and(|asked| is_within(asked, now, cooldown))
    }
}

/// Whether `then` and `now` are less than `limit` apart. After a clock step backwards, everything counts as old.
fn is_within(then: Duration, now: Duration, limit: Duration) -> bool {
    then.abs_diff(now) < limit
}
