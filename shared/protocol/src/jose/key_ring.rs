//! The key ring: which key signs, which keys are published and in what order, and how keys change roles.
//!
//! A key is published as `Next` before it signs, becomes `Current`, and stays published as `Retired` until the last
//! token that it signed has expired. There is at most one current key.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::jose::jwk::{Algorithm, PublicJwk};
pub use crate::jose::ring_key::{KeyLocation, KeyRole, RingKey};
use crate::types::time::{Lifetime, Timestamp};

/// How long a key must have been published before it signs: longer than verifiers cache our keys. API Gateway's JWT
/// authorizer caches them for two hours.
pub const PUBLISHED_BEFORE_USE: Lifetime = Lifetime::seconds(2 * 3600 + 300);

/// The signing keys of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// The keys, with their roles.
    pub keys: Vec<RingKey>,
}

/// Why a key cannot change its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RingError {
    /// The ring has no such key.
    #[error("the ring has no key of this name")]
    Unknown,
    /// The key is already in the ring.
    #[error("the ring has this key already")]
    Present,
    /// There is no next key.
    #[error("the ring has no next key: add one, and wait until every verifier has seen it")]
    NoNext,
    /// The next key has not been published for long enough.
    #[error(
        "the next key has not been published for long enough: verifiers may keep our keys for two hours, and would \
         refuse its tokens. Wait until {} seconds after the epoch, or insist with --now", .0.seconds()
    )]
    TooEarly(Timestamp),
    /// The current key is in use.
    #[error("the key is the current one: rotate first")]
    InUse,
    /// Tokens that the key signed may still be in use.
    #[error("tokens of this key may be in use until {} seconds after the epoch: wait, or revoke the key", .0.seconds())]
    TokensAlive(Timestamp),
}

impl KeyRing {
    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.role == KeyRole::Current)
    }

    /// The keys that may sign, in the order in which they are tried: the current one, then the next ones with the same
    /// algorithm, which clients rely on.
    #[must_use]
    pub fn signing(&self) -> Vec<&RingKey> {
        let Some(current) = self.current() else { return Vec::new() };
        let next = self.keys.iter().filter(|key| key.role == KeyRole::Next && key.jwk.alg == current.jwk.alg);
        std::iter::once(current).chain(next).collect()
    }

    /// The keys that verifiers may trust, the current one first.
    #[must_use]
    pub fn published(&self) -> Vec<&PublicJwk> {
        let mut keys: Vec<&RingKey> = self.keys.iter().filter(|key| key.role != KeyRole::Revoked).collect();
        keys.sort_by_key(|key| key.role);
        keys.into_iter().map(|key| &key.jwk).collect()
    }

    /// The algorithms of the published keys.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for key in self.published() {
            if !algorithms.contains(&key.alg) {
                algorithms.push(key.alg);
            }
        }
        algorithms
    }

    /// The JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.published().into_iter().map(PublicJwk::published).collect::<Vec<_>>() })
    }

    /// Adds a key as a next key, so that verifiers learn of it before it signs. The first key of a ring becomes the
    /// current one at once, because no verifier has cached anything yet.
    ///
    /// # Errors
    ///
    /// [`RingError::Present`].
    pub fn add(&mut self, jwk: PublicJwk, location: KeyLocation, now: Timestamp) -> Result<(), RingError> {
        if self.keys.iter().any(|key| key.jwk.thumbprint() == jwk.thumbprint()) {
            return Err(RingError::Present);
        }
        let role = if self.current().is_some() { KeyRole::Next } else { KeyRole::Current };
        self.keys.push(RingKey { jwk, role, location, since: now });
        Ok(())
    }

    /// Makes the oldest next key the current one and retires the current one.
    ///
    /// # Errors
    ///
    /// [`RingError::NoNext`], or [`RingError::TooEarly`] if the key has been published for less than `published`.
    pub fn rotate(&mut self, published: Lifetime, now: Timestamp) -> Result<(), RingError> {
        let next = self.keys.iter_mut().filter(|key| key.role == KeyRole::Next).min_by_key(|key| key.since);
        let next = next.ok_or(RingError::NoNext)?;
        let ready = next.since.plus(published);
        if !now.reached(ready) {
            return Err(RingError::TooEarly(ready));
        }
        let promoted = next.jwk.thumbprint();
        for key in &mut self.keys {
            if key.jwk.thumbprint() == promoted {
                (key.role, key.since) = (KeyRole::Current, now);
            } else if key.role == KeyRole::Current {
                (key.role, key.since) = (KeyRole::Retired, now);
            }
        }
        Ok(())
    }

    /// Revokes the key named `kid`, and with it every token that it signed. If it was the current one, the oldest next
    /// key becomes current.
    ///
    /// # Errors
    ///
    /// [`RingError::Unknown`], or [`RingError::NoNext`] if no key would be left to sign with.
    pub fn revoke(&mut self, kid: &str, now: Timestamp) -> Result<(), RingError> {
        let position = self.position(kid)?;
        if self.keys.get(position).is_some_and(|key| key.role == KeyRole::Current) {
            self.rotate(Lifetime::seconds(0), now)?;
        }
        if let Some(key) = self.keys.get_mut(position) {
            (key.role, key.since) = (KeyRole::Revoked, now);
        }
        Ok(())
    }

    /// Removes the key named `kid`, whose tokens live no longer than `longest`.
    ///
    /// # Errors
    ///
    /// [`RingError::Unknown`], [`RingError::InUse`], or [`RingError::TokensAlive`] for a key that was retired too
    /// recently.
    pub fn remove(&mut self, kid: &str, longest: Lifetime, now: Timestamp) -> Result<(), RingError> {
        let position = self.position(kid)?;
        if let Some(key) = self.keys.get(position) {
            let last_expiry = key.since.plus(longest);
            match key.role {
                KeyRole::Current => return Err(RingError::InUse),
                KeyRole::Retired if !now.reached(last_expiry) => {
                    return Err(RingError::TokensAlive(last_expiry));
                }
                KeyRole::Retired | KeyRole::Next | KeyRole::Revoked => {}
            }
        }
        self.keys.remove(position);
        Ok(())
    }

    fn position(&self, kid: &str) -> Result<usize, RingError> {
        self.keys.iter().position(|key| key.jwk.thumbprint() == kid).ok_or(RingError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jose::jwk::KeyMaterial;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn jwk(n: &str) -> PublicJwk {
        PublicJwk { material: KeyMaterial::Rsa { n: n.into(), e: "AQAB".into() }, alg: Algorithm::RS256 }
    }

    fn key(n: &str, role: KeyRole) -> RingKey {
        RingKey { jwk: jwk(n), role, location: KeyLocation::Sealed, since: NOW }
    }

    fn roles(ring: &KeyRing) -> Vec<KeyRole> {
        ring.keys.iter().map(|key| key.role).collect()
    }

    #[test]
    fn sec_disc_03_the_current_key_comes_first_and_only_public_members_are_published() {
        let roles = [KeyRole::Retired, KeyRole::Revoked, KeyRole::Next, KeyRole::Current];
        let mut ring =
            KeyRing { keys: roles.into_iter().zip(["AA", "AQ", "Ag", "Aw"]).map(|(role, n)| key(n, role)).collect() };
        ring.keys[3].location = KeyLocation::Kms("arn:aws:kms:eu-west-1:111122223333:key/mrk-1".into());
        let jwks = ring.jwks();
        let keys = jwks["keys"].as_array().unwrap();
        let moduli: Vec<_> = keys.iter().map(|key| key["n"].as_str().unwrap()).collect();
        assert_eq!(moduli, ["Aw", "Ag", "AA"]);
        for key in keys {
            let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        }
        assert_eq!(keys[0]["kid"], ring.current().unwrap().jwk.thumbprint());
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after_it_has_signed() {
        let mut ring = KeyRing::default();
        ring.add(jwk("AA"), KeyLocation::Wrapped, NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Current], "no verifier knows the workspace yet");
        assert_eq!(ring.add(jwk("AA"), KeyLocation::Sealed, NOW), Err(RingError::Present));
        assert_eq!(ring.rotate(PUBLISHED_BEFORE_USE, NOW), Err(RingError::NoNext));
        ring.add(jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        let ready = NOW.plus(PUBLISHED_BEFORE_USE);
        let early = ready.minus(Lifetime::seconds(1));
        assert_eq!(ring.rotate(PUBLISHED_BEFORE_USE, early), Err(RingError::TooEarly(ready)));
        ring.rotate(PUBLISHED_BEFORE_USE, ready).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Retired, KeyRole::Current]);

        let (first, second) = (jwk("AA").thumbprint(), jwk("AQ").thumbprint());
        let hour = Lifetime::seconds(3600);
        assert_eq!(ring.remove(&second, hour, ready), Err(RingError::InUse));
        assert_eq!(ring.remove("nobody", hour, ready), Err(RingError::Unknown));
        assert_eq!(ring.remove(&first, hour, ready), Err(RingError::TokensAlive(ready.plus(hour))));
        ring.remove(&first, hour, ready.plus(hour)).unwrap();
        assert_eq!(ring.published(), [&jwk("AQ")]);
    }

    #[test]
    fn a_revoked_key_is_no_longer_trusted_and_a_key_must_remain_to_sign() {
        let mut ring = KeyRing { keys: vec![key("AA", KeyRole::Current)] };
        let first = jwk("AA").thumbprint();
        assert_eq!(ring.revoke(&first, NOW), Err(RingError::NoNext));
        ring.add(jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        ring.revoke(&first, NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Revoked, KeyRole::Current]);
        assert_eq!(ring.published(), [&jwk("AQ")]);
    }

    #[test]
    fn the_next_key_takes_over_only_with_the_same_algorithm() {
        let mut ring = KeyRing { keys: vec![key("Aw", KeyRole::Next), key("AA", KeyRole::Current)] };
        ring.keys.push(key("AQ", KeyRole::Next));
        ring.keys[2].jwk.alg = Algorithm::PS256;
        let order: Vec<_> = ring.signing().into_iter().map(|key| key.jwk.clone()).collect();
        assert_eq!(order, [jwk("AA"), jwk("Aw")]);
        assert!(KeyRing::default().signing().is_empty());
    }

    #[test]
    fn the_next_key_is_the_oldest_and_any_key_but_the_current_can_be_removed_when_its_tokens_have_ended() {
        let since = |n, role, seconds| RingKey { since: Timestamp::from_seconds(seconds), ..key(n, role) };
        let mut ring = KeyRing {
            keys: vec![
                since("AA", KeyRole::Next, 20),
                since("AQ", KeyRole::Next, 10),
                since("Ag", KeyRole::Current, 0),
            ],
        };
        ring.rotate(Lifetime::seconds(0), NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Next, KeyRole::Current, KeyRole::Retired]);
        assert_eq!(ring.keys.iter().map(|key| key.since.seconds()).collect::<Vec<_>>(), [20, 1_000_000, 1_000_000]);
        ring.remove(&jwk("AA").thumbprint(), Lifetime::seconds(3600), NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Current, KeyRole::Retired]);
        ring.revoke(&jwk("Ag").thumbprint(), NOW).unwrap();
        assert_eq!(ring.revoke("nobody", NOW), Err(RingError::Unknown));
        ring.remove(&jwk("Ag").thumbprint(), Lifetime::seconds(3600), NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Current]);
    }

    #[test]
    fn each_algorithm_of_the_published_keys_is_listed_once() {
        let with = |n, role, alg| RingKey { jwk: PublicJwk { alg, ..jwk(n) }, ..key(n, role) };
        let ring = KeyRing {
            keys: vec![
                with("AA", KeyRole::Retired, Algorithm::PS256),
                with("AQ", KeyRole::Current, Algorithm::RS256),
                with("Ag", KeyRole::Next, Algorithm::RS256),
                with("Aw", KeyRole::Revoked, Algorithm::ES256),
            ],
        };
        assert_eq!(ring.algorithms(), [Algorithm::RS256, Algorithm::PS256]);
    }

    #[test]
    fn a_key_is_published_for_longer_than_verifiers_cache_it() {
        assert_eq!(PUBLISHED_BEFORE_USE, Lifetime::seconds(7500), "API Gateway caches keys for 7200 seconds");
    }

    #[test]
    fn a_ring_of_the_first_release_is_still_readable() {
        let text = r#"{"keys":[{"jwk":{"kty":"RSA","n":"AA","e":"AQAB","alg":"RS256"},"role":"current"}]}"#;
        let ring: KeyRing = serde_json::from_str(text).unwrap();
        assert_eq!((&ring.keys[0].location, ring.keys[0].since), (&KeyLocation::Sealed, Timestamp::from_millis(0)));
    }

    proptest! {
        #[test]
        fn a_ring_with_keys_always_has_exactly_one_current_key(
            steps in prop::collection::vec((0..4_u8, 0..4_u8, 0..20_000_u32), 1..30),
        ) {
            let mut ring = KeyRing::default();
            let mut now = NOW;
            ring.add(jwk("AA"), KeyLocation::Sealed, now).unwrap();
            for (step, key, later) in steps {
                now = now.plus(Lifetime::seconds(later));
                let named = jwk(["AA", "AQ", "Ag", "Aw"][usize::from(key)]);
                let _ = match step {
                    0 => ring.add(named, KeyLocation::Wrapped, now),
                    1 => ring.rotate(PUBLISHED_BEFORE_USE, now),
                    2 => ring.revoke(&named.thumbprint(), now),
                    _ => ring.remove(&named.thumbprint(), Lifetime::seconds(3600), now),
                };
                prop_assert_eq!(ring.keys.iter().filter(|key| key.role == KeyRole::Current).count(), 1);
            }
        }
    }
}
