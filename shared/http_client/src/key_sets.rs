//! Keys published by clients and providers, fetched on demand and cached (catalogue rows SEC-SSRF-05 to 07).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::clients::external_url::OutboundUrl;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::external_jwk::{ExternalJwks, PublishedKey};
use protocol::types::time::{Lifetime, Timestamp};
use thiserror::Error;

use crate::failures::Failures;
use crate::fault::FetchFault;
use crate::fetcher::Fetcher;

/// How long cached keys are used before they are fetched again, whatever the server's cache headers say.
const RELOAD_AFTER: Lifetime = Lifetime::seconds(300);

/// How long cached keys remain usable while they cannot be fetched.
const USABLE_FOR: Lifetime = Lifetime::seconds(24 * 3600);

/// The minimum time between two fetches of one URL with known keys, however many unknown `kid`s are requested.
const MIN_RELOAD_INTERVAL: Lifetime = Lifetime::seconds(60);

/// At this number of URLs, all are forgotten: they are registered or configured, so there are few.
const MAX_URLS: usize = 1000;

/// Published keys, by URL.
pub struct KeySets {
    fetcher: Arc<Fetcher>,
    urls: Mutex<HashMap<String, Arc<PublishedKeys>>>,
}

/// One URL. Only one request at a time fetches it; the others wait.
#[derive(Default)]
struct PublishedKeys {
    /// How often it was fetched. A request that had to wait uses the result instead of fetching again.
    rounds: AtomicU32,
    known: tokio::sync::Mutex<Known>,
}

/// The cache entry of one URL.
#[derive(Default)]
struct Known {
    set: Option<(Timestamp, ExternalJwks)>,
    asked: Option<Timestamp>,
    failures: Failures,
}

/// The keys have been unreachable for too long. This is never the fault of the sender of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the published keys cannot be read")]
pub struct KeySetFault;

impl KeySets {
    /// A cache of the keys that `fetcher` reads.
    #[must_use]
    pub fn new(fetcher: Arc<Fetcher>) -> Self {
        Self { fetcher, urls: Mutex::default() }
    }

    /// The keys at `url` that can verify `alg`, restricted to those named `kid` if it is given.
    ///
    /// # Errors
    ///
    /// [`KeySetFault`].
    pub async fn candidates(
        &self,
        url: &OutboundUrl,
        alg: ExternalAlgorithm,
        kid: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<PublishedKey>, KeySetFault> {
        let published = self.published(url);
        let before = published.rounds.load(Ordering::Acquire);
        let mut known = published.known.lock().await;
        let found = known.set.as_ref().map(|(_, set)| set.published(alg, kid)).unwrap_or_default();
        let wanted = found.is_empty() || !known.is_younger(RELOAD_AFTER, now);
        if wanted && published.rounds.load(Ordering::Acquire) == before && known.may_ask(now) {
            known.asked = Some(now);
            match self.fetcher.keys(url.as_str()).await {
                Ok(set) => known.set = Some((now, set)),
                Err(fault) => {
                    known.failures.failed(now);
                    note(url, &fault);
                }
            }
            published.rounds.fetch_add(1, Ordering::Release);
        }
        let usable = known.set.as_ref().filter(|_| known.is_younger(USABLE_FOR, now));
        usable.map(|(_, set)| set.published(alg, kid)).ok_or(KeySetFault)
    }

    fn published(&self, url: &OutboundUrl) -> Arc<PublishedKeys> {
        let mut all = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_URLS && !all.contains_key(url.as_str()) {
            all.clear();
        }
        Arc::clone(all.entry(url.as_str().into()).or_default())
    }
}

impl Known {
    /// Whether the keys were read less than `age` ago.
    fn is_younger(&self, age: Lifetime, now: Timestamp) -> bool {
        self.set.as_ref().is_some_and(|(read, _)| read.is_younger(age, now))
    }

    /// Whether the URL may be fetched again. Without usable keys their owner is locked out, so failed fetches are retried
    /// sooner than at the reload interval (catalogue row SEC-SSRF-07).
    fn may_ask(&self, now: Timestamp) -> bool {
        if !self.is_younger(USABLE_FOR, now) {
            return self.failures.may_ask(now);
        }
        !self.asked.is_some_and(|asked| asked.is_younger(MIN_RELOAD_INTERVAL, now))
    }
}

fn note(url: &OutboundUrl, fault: &FetchFault) {
    tracing::warn!(fault = %fault, url = url.as_str(), "published keys could not be read");
}
