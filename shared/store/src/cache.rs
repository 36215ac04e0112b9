//! A small cache for configuration, which may be up to thirty seconds old (design section 4).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::types::time::{Lifetime, Timestamp};

const TIME_TO_LIVE: Lifetime = Lifetime::seconds(30);

/// At this size the cache is cleared, so that requests cannot make it grow without bound.
const MAX_ENTRIES: usize = 1000;

/// Values by key, each with the time at which it was read. Misses are not cached.
pub(crate) struct Cache<K, V>(Mutex<HashMap<K, (Timestamp, Arc<V>)>>);

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// The value under `key`, if it was read less than thirty seconds ago and not in the future: after the clock is set
    /// back, every entry is stale (catalogue row SEC-TIME-04).
    pub(crate) fn fresh(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, value) = entries.get(key)?;
        let young = *read <= now && !now.reached(read.plus(TIME_TO_LIVE));
        young.then(|| Arc::clone(value))
    }

    /// Caches `value`, read at `now`.
    pub(crate) fn remember(&self, key: K, value: V, now: Timestamp) -> Arc<V> {
        let value = Arc::new(value);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (now, Arc::clone(&value)));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_time_04_an_entry_is_fresh_for_thirty_seconds_and_never_from_the_future() {
        let cache = Cache::new();
        let at = Timestamp::from_seconds;
        cache.remember("k", 1, at(100));
        assert!(cache.fresh(&"k", at(100)).is_some());
        assert!(cache.fresh(&"k", at(129)).is_some());
        assert!(cache.fresh(&"k", at(130)).is_none());
        assert!(cache.fresh(&"k", at(99)).is_none());
        assert!(cache.fresh(&"other", at(100)).is_none());
    }

    #[test]
    fn the_cache_has_a_maximum_size() {
        let cache = Cache::new();
        for key in 0..MAX_ENTRIES * 3 {
            cache.remember(key, (), Timestamp::from_seconds(1));
        }
        assert!(cache.0.lock().unwrap().len() <= MAX_ENTRIES);
    }
}
