//! A small cache for configuration, which may be up to thirty seconds old (design section 4). Absence is cached for a
//! shorter time: requests for unknown clients cost few reads, and new clients appear quickly (catalogue row
//! SEC-DOS-10).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::types::time::{Lifetime, Timestamp};

const TIME_TO_LIVE: Lifetime = Lifetime::seconds(30);

/// How long the absence of a value is cached.
const ABSENT_FOR: Lifetime = Lifetime::seconds(5);

/// At this size the cache is cleared, so that requests cannot make it grow without bound.
const MAX_ENTRIES: usize = 1000;

/// Values by key, and absent keys. They are separate, so that requests for unknown keys evict nothing.
pub(crate) struct Cache<K, V> {
    values: Mutex<Entries<K, Arc<V>>>,
    absent: Mutex<Entries<K, ()>>,
}

/// Entries, each with the time at which it was read.
struct Entries<K, T>(HashMap<K, (Timestamp, T)>);

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Self { values: Mutex::new(Entries(HashMap::new())), absent: Mutex::new(Entries(HashMap::new())) }
    }

    /// The value under `key`, if it was read less than thirty seconds ago.
    pub(crate) fn fresh(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        lock(&self.values).fresh(key, now, TIME_TO_LIVE).map(Arc::clone)
    }

    /// Whether there was no value under `key` a few seconds ago.
    pub(crate) fn is_absent(&self, key: &K, now: Timestamp) -> bool {
        lock(&self.absent).fresh(key, now, ABSENT_FOR).is_some()
    }

    /// Caches `value`, read at `now`.
    pub(crate) fn remember(&self, key: K, value: V, now: Timestamp) -> Arc<V> {
        let value = Arc::new(value);
        lock(&self.values).insert(key, Arc::clone(&value), now);
        value
    }

    /// Caches that at `now` there was no value under `key`.
    pub(crate) fn remember_absent(&self, key: K, now: Timestamp) {
        lock(&self.absent).insert(key, (), now);
    }
}

fn lock<T>(entries: &Mutex<T>) -> MutexGuard<'_, T> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash, T> Entries<K, T> {
    /// The entry under `key`, if it was made less than `lifetime` ago.
    fn fresh(&self, key: &K, now: Timestamp, lifetime: Lifetime) -> Option<&T> {
        let (read, entry) = self.0.get(key)?;
        read.is_younger(lifetime, now).then_some(entry)
    }

    fn insert(&mut self, key: K, entry: T, now: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(key, (now, entry));
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
            cache.remember_absent(key, Timestamp::from_seconds(1));
        }
        assert!(lock(&cache.values).0.len() <= MAX_ENTRIES && lock(&cache.absent).0.len() <= MAX_ENTRIES);
    }

    #[test]
    fn sec_dos_10_absence_is_remembered_for_five_seconds_and_displaces_nothing() {
        let cache = Cache::new();
        let at = Timestamp::from_seconds;
        cache.remember("known", 1, at(100));
        cache.remember_absent("stranger", at(100));
        assert!(cache.is_absent(&"stranger", at(104)) && !cache.is_absent(&"stranger", at(105)));
        assert!(!cache.is_absent(&"stranger", at(99)) && !cache.is_absent(&"known", at(100)));
        assert!(cache.fresh(&"known", at(104)).is_some() && cache.fresh(&"stranger", at(104)).is_none());
    }
}
