//! The key ring: which key signs, which keys are published and in what order, and how keys change roles.
//!
//! A key is published as `Next` before it signs, becomes `Current`, and stays published as `Retired` until the last
//! token that it signed has expired. There is at most one current key.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::jose::jwk::{Algorithm, PublicJwk};
pub use crate::jose::ring_key::{KeyLocation, KeyRole, RingKey};
use crate::types::time::{Lifetime, Timestamp};

/// How long a key must have been published before it signs: longer than verifiers cache the JWKS. API Gateway's JWT
/// authorizer caches it for two hours.
pub const PUBLISHED_BEFORE_USE: Lifetime = Lifetime::seconds(2 * 3600 + 300);

/// The signing keys of a workspace: two series, each with a current key of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// The workspace's own keys, with their roles.
    pub keys: Vec<RingKey>,
    /// RS256 keys beside them, for clients that request RS256 (OpenID Connect Discovery §3). Earlier versions ignore them
    /// and keep signing with the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<RingKey>,
}

/// One of the two series of keys in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySeries {
    /// The workspace's own keys.
    Own,
    /// The RS256 keys beside them.
    Beside,
}

/// The algorithms of a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningAlgorithms {
    /// Those of the workspace's own keys.
    pub own: Vec<Algorithm>,
    /// All that a client may request.
    pub for_clients: Vec<Algorithm>,
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
    /// A key for the RS256 keys beside the workspace's own has another algorithm.
    #[error("the key beside those of the workspace signs RS256: add one of that algorithm, or leave out --beside")]
    NotRs256,
    /// There is no next key.
    #[error("the ring has no next key: add one, and wait until every verifier has seen it")]
    NoNext,
    /// The next key has not been published for long enough.
    #[error(
        "the next key has not been published for long enough: verifiers may cache the JWKS for two hours, and would \
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
        current(&self.keys)
    }

    /// The RS256 key beside it, which signs for clients that request RS256.
    #[must_use]
    pub fn current_beside(&self) -> Option<&RingKey> {
        current(&self.beside)
    }

    /// The keys that may sign, in the order in which they are tried: the current one, then the next ones with the same
    /// algorithm, on which clients rely. They are the workspace's own, or those of the series that signs `wanted`; none if
    /// neither series does.
    #[must_use]
    pub fn signing(&self, wanted: Option<Algorithm>) -> Vec<&RingKey> {
        let signs = |keys: &Vec<&RingKey>| keys.first().is_some_and(|key| wanted.is_none_or(|alg| key.jwk.alg == alg));
        let own = candidates(&self.keys);
        if wanted.is_none() || signs(&own) {
            return own;
        }
        Some(candidates(&self.beside)).filter(signs).unwrap_or_default()
    }

    /// The published keys: the workspace's own, the current one first, then those beside them.
    #[must_use]
    pub fn published(&self) -> Vec<&PublicJwk> {
        published(&self.keys).chain(published(&self.beside)).collect()
    }

    /// The algorithms of the published keys. That of the keys beside the workspace's own counts only while one of them
    /// signs.
    #[must_use]
    pub fn algorithms(&self) -> SigningAlgorithms {
        let mut own = Vec::new();
        for key in published(&self.keys) {
            if !own.contains(&key.alg) {
                own.push(key.alg);
            }
        }
        let mut for_clients = own.clone();
        for_clients.extend(self.current_beside().map(|key| key.jwk.alg).filter(|alg| !own.contains(alg)));
        SigningAlgorithms { own, for_clients }
    }

    /// The JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.published().into_iter().map(PublicJwk::published).collect::<Vec<_>>() })
    }

    /// Whether the ring has this key, in any role.
    #[must_use]
    pub fn has(&self, jwk: &PublicJwk) -> bool {
        self.all().any(|key| key.jwk.thumbprint() == jwk.thumbprint())
    }

    /// All keys, of both series and in all roles.
    pub fn all(&self) -> impl Iterator<Item = &RingKey> {
        self.keys.iter().chain(&self.beside)
    }

    /// Adds a key as a next key, so that verifiers learn of it before it signs. The first key of a series becomes the
    /// current one immediately: no verifier has cached anything of a new ring, and tokens signed by the first key beside
    /// the workspace's own go only to clients that have just been registered for it.
    ///
    /// # Errors
    ///
    /// [`RingError::Present`], or [`RingError::NotRs256`].
    pub fn add(
        &mut self,
        series: KeySeries,
        jwk: PublicJwk,
        location: KeyLocation,
        now: Timestamp,
    ) -> Result<(), RingError> {
        if self.has(&jwk) {
            return Err(RingError::Present);
        }
        if series == KeySeries::Beside && jwk.alg != Algorithm::RS256 {
            return Err(RingError::NotRs256);
        }
        let keys = self.series(series);
        let role = if current(keys).is_some() { KeyRole::Next } else { KeyRole::Current };
        keys.push(RingKey { jwk, role, location, since: now });
        Ok(())
    }

    /// Makes the oldest next key the current one and retires the current one. An RS256 key that is replaced by a key of
    /// another algorithm keeps signing beside it, if no other key does: clients that request RS256 already know it.
    ///
    /// # Errors
    ///
    /// [`RingError::NoNext`], or [`RingError::TooEarly`] if the key has been published for less than `waited`.
    pub fn rotate(&mut self, series: KeySeries, waited: Lifetime, now: Timestamp) -> Result<(), RingError> {
        let former = self.current().map(|key| key.jwk.clone());
        promote(self.series(series), waited, now)?;
        let algorithm = self.current().map(|key| key.jwk.alg);
        let stays = |jwk: &PublicJwk| jwk.alg == Algorithm::RS256 && algorithm != Some(Algorithm::RS256);
        let Some(former) = former.filter(|jwk| stays(jwk) && self.current_beside().is_none()) else { return Ok(()) };
        if let Some(position) = self.keys.iter().position(|key| key.jwk == former) {
            let key = self.keys.remove(position);
            self.beside.push(RingKey { role: KeyRole::Current, ..key });
        }
        Ok(())
    }

    /// Retires the keys beside the workspace's own: clients can no longer request RS256.
    pub fn retire_beside(&mut self, now: Timestamp) {
        let active = |key: &&mut RingKey| matches!(key.role, KeyRole::Current | KeyRole::Next);
        for key in self.beside.iter_mut().filter(active) {
            (key.role, key.since) = (KeyRole::Retired, now);
        }
    }

    /// Revokes the key named `kid`, and with it every token that it signed. If it was the current one, the oldest next
    /// key of its series becomes current.
    ///
    /// # Errors
    ///
    /// [`RingError::Unknown`], or [`RingError::NoNext`] if no key would be left to sign with.
    pub fn revoke(&mut self, kid: &str, now: Timestamp) -> Result<(), RingError> {
        let (series, position) = self.position(kid)?;
        let keys = self.series(series);
        if keys.get(position).is_some_and(|key| key.role == KeyRole::Current) {
            promote(keys, Lifetime::seconds(0), now)?;
        }
        if let Some(key) = keys.get_mut(position) {
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
        let (series, position) = self.position(kid)?;
        let keys = self.series(series);
        if let Some(key) = keys.get(position) {
            let last_expiry = key.since.plus(longest);
            match key.role {
                KeyRole::Current => return Err(RingError::InUse),
                KeyRole::Retired if !now.reached(last_expiry) => {
                    return Err(RingError::TokensAlive(last_expiry));
                }
                KeyRole::Retired | KeyRole::Next | KeyRole::Revoked => {}
            }
        }
        keys.remove(position);
        Ok(())
    }

    const fn series(&mut self, series: KeySeries) -> &mut Vec<RingKey> {
        match series {
            KeySeries::Own => &mut self.keys,
            KeySeries::Beside => &mut self.beside,
        }
    }

    fn position(&self, kid: &str) -> Result<(KeySeries, usize), RingError> {
        let within = |keys: &[RingKey]| keys.iter().position(|key| key.jwk.thumbprint() == kid);
        let own = within(&self.keys).map(|position| (KeySeries::Own, position));
        let found = own.or_else(|| within(&self.beside).map(|position| (KeySeries::Beside, position)));
        found.ok_or(RingError::Unknown)
    }
}

fn current(keys: &[RingKey]) -> Option<&RingKey> {
    keys.iter().find(|key| key.role == KeyRole::Current)
}

/// The current key, then the next ones with its algorithm.
fn candidates(keys: &[RingKey]) -> Vec<&RingKey> {
    let Some(current) = current(keys) else { return Vec::new() };
    let next = keys.iter().filter(|key| key.role == KeyRole::Next && key.jwk.alg == current.jwk.alg);
    std::iter::once(current).chain(next).collect()
}

fn published(keys: &[RingKey]) -> impl Iterator<Item = &PublicJwk> {
    let mut keys: Vec<&RingKey> = keys.iter().filter(|key| key.role != KeyRole::Revoked).collect();
    keys.sort_by_key(|key| key.role);
    keys.into_iter().map(|key| &key.jwk)
}

/// Makes the oldest next key the current one, if it has been published for `waited`, and retires the current one.
fn promote(keys: &mut [RingKey], waited: Lifetime, now: Timestamp) -> Result<(), RingError> {
    let next = keys.iter().filter(|key| key.role == KeyRole::Next).min_by_key(|key| key.since);
    let next = next.ok_or(RingError::NoNext)?;
    let ready = next.since.plus(waited);
    if !now.reached(ready) {
        return Err(RingError::TooEarly(ready));
    }
    let promoted = next.jwk.thumbprint();
    for key in keys {
        if key.jwk.thumbprint() == promoted {
            (key.role, key.since) = (KeyRole::Current, now);
        } else if key.role == KeyRole::Current {
            (key.role, key.since) = (KeyRole::Retired, now);
        }
    }
    Ok(())
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

    fn own(keys: Vec<RingKey>) -> KeyRing {
        KeyRing { keys, beside: Vec::new() }
    }

    fn roles(ring: &KeyRing) -> Vec<KeyRole> {
        ring.keys.iter().map(|key| key.role).collect()
    }

    #[test]
    fn sec_disc_03_the_current_key_comes_first_and_only_public_members_are_published() {
        let roles = [KeyRole::Retired, KeyRole::Revoked, KeyRole::Next, KeyRole::Current];
        let mut ring = own(roles.into_iter().zip(["AA", "AQ", "Ag", "Aw"]).map(|(role, n)| key(n, role)).collect());
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
        ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Wrapped, NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Current], "no verifier knows the workspace yet");
        assert_eq!(ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Sealed, NOW), Err(RingError::Present));
        assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, NOW), Err(RingError::NoNext));
        ring.add(KeySeries::Own, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        let ready = NOW.plus(PUBLISHED_BEFORE_USE);
        let early = ready.minus(Lifetime::seconds(1));
        assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, early), Err(RingError::TooEarly(ready)));
        ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, ready).unwrap();
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
        let mut ring = own(vec![key("AA", KeyRole::Current)]);
        let first = jwk("AA").thumbprint();
        assert_eq!(ring.revoke(&first, NOW), Err(RingError::NoNext));
        ring.add(KeySeries::Own, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        ring.revoke(&first, NOW).unwrap();
        assert_eq!(roles(&ring), [KeyRole::Revoked, KeyRole::Current]);
        assert_eq!(ring.published(), [&jwk("AQ")]);
    }

    #[test]
    fn the_next_key_takes_over_only_with_the_same_algorithm() {
        let mut ring = own(vec![key("Aw", KeyRole::Next), key("AA", KeyRole::Current)]);
        ring.keys.push(key("AQ", KeyRole::Next));
        ring.keys[2].jwk.alg = Algorithm::PS256;
        let order: Vec<_> = ring.signing(None).into_iter().map(|key| key.jwk.clone()).collect();
        assert_eq!(order, [jwk("AA"), jwk("Aw")]);
        assert!(KeyRing::default().signing(None).is_empty());
    }

    #[test]
    fn the_next_key_is_the_oldest_and_any_key_but_the_current_can_be_removed_when_its_tokens_have_ended() {
        let since = |n, role, seconds| RingKey { since: Timestamp::from_seconds(seconds), ..key(n, role) };
        let mut ring =
            own(vec![since("AA", KeyRole::Next, 20), since("AQ", KeyRole::Next, 10), since("Ag", KeyRole::Current, 0)]);
        ring.rotate(KeySeries::Own, Lifetime::seconds(0), NOW).unwrap();
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
        let ring = own(vec![
            with("AA", KeyRole::Retired, Algorithm::PS256),
            with("AQ", KeyRole::Current, Algorithm::RS256),
            with("Ag", KeyRole::Next, Algorithm::RS256),
            with("Aw", KeyRole::Revoked, Algorithm::ES256),
        ]);
        assert_eq!(ring.algorithms().own, [Algorithm::RS256, Algorithm::PS256]);
        assert_eq!(ring.algorithms().for_clients, ring.algorithms().own);
    }

    fn elliptic(x: &str) -> PublicJwk {
        let material = KeyMaterial::Ec { crv: crate::jose::jwk::Curve::P256, x: x.into(), y: x.into() };
        PublicJwk { material, alg: Algorithm::ES256 }
    }

    /// A ring that signs ES256, with one RS256 key beside its own.
    fn es256_with_rs256() -> KeyRing {
        let mut ring = KeyRing::default();
        ring.add(KeySeries::Own, elliptic("AA"), KeyLocation::Sealed, NOW).unwrap();
        ring.add(KeySeries::Beside, jwk("AA"), KeyLocation::Wrapped, NOW).unwrap();
        ring
    }

    #[test]
    fn a_key_beside_signs_only_for_clients_that_request_its_algorithm() {
        let ring = es256_with_rs256();
        let signs = |ring: &KeyRing, wanted| ring.signing(wanted).into_iter().map(|key| key.jwk.clone()).collect();
        let table: [(_, Vec<PublicJwk>); 4] = [
            (None, vec![elliptic("AA")]),
            (Some(Algorithm::ES256), vec![elliptic("AA")]),
            (Some(Algorithm::RS256), vec![jwk("AA")]),
            (Some(Algorithm::PS256), vec![]),
        ];
        for (wanted, expected) in table {
            let found: Vec<_> = signs(&ring, wanted);
            assert_eq!(found, expected, "{wanted:?}");
        }
        assert_eq!(ring.published(), [&elliptic("AA"), &jwk("AA")], "the workspace's own come first");
        let algorithms = ring.algorithms();
        assert_eq!(algorithms.own, [Algorithm::ES256]);
        assert_eq!(algorithms.for_clients, [Algorithm::ES256, Algorithm::RS256]);

        let mut ring = own(vec![key("AA", KeyRole::Current)]);
        assert_eq!(ring.add(KeySeries::Beside, elliptic("AA"), KeyLocation::Sealed, NOW), Err(RingError::NotRs256));
        assert_eq!(ring.add(KeySeries::Beside, jwk("AA"), KeyLocation::Sealed, NOW), Err(RingError::Present));
        ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        let found: Vec<_> = signs(&ring, Some(Algorithm::RS256));
        assert_eq!(found, [jwk("AA")], "the workspace's own key has precedence");
        assert_eq!(ring.algorithms().for_clients, [Algorithm::RS256], "listed once");
    }

    #[test]
    fn the_keys_beside_have_their_own_current_and_next_key() {
        let mut ring = es256_with_rs256();
        let (first, second) = (jwk("AA").thumbprint(), jwk("AQ").thumbprint());
        assert_eq!(ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, NOW), Err(RingError::NoNext));
        assert_eq!(ring.revoke(&first, NOW), Err(RingError::NoNext));
        ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        let order: Vec<_> = ring.signing(Some(Algorithm::RS256)).into_iter().map(|key| key.jwk.thumbprint()).collect();
        assert_eq!(order, [first.clone(), second.clone()], "the next one takes over");
        let ready = NOW.plus(PUBLISHED_BEFORE_USE);
        assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, ready), Err(RingError::NoNext));
        assert_eq!(ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, NOW), Err(RingError::TooEarly(ready)));
        ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, ready).unwrap();
        assert_eq!(ring.current_beside().unwrap().jwk, jwk("AQ"));
        assert_eq!(ring.current().unwrap().jwk, elliptic("AA"));
        let hour = Lifetime::seconds(3600);
        assert_eq!(ring.remove(&first, hour, ready), Err(RingError::TokensAlive(ready.plus(hour))));
        assert_eq!(ring.remove(&second, hour, ready), Err(RingError::InUse));
        ring.remove(&first, hour, ready.plus(hour)).unwrap();
        ring.add(KeySeries::Beside, jwk("Ag"), KeyLocation::Sealed, NOW).unwrap();
        ring.revoke(&second, ready).unwrap();
        assert_eq!(ring.current_beside().unwrap().jwk, jwk("Ag"));
        assert_eq!(ring.published(), [&elliptic("AA"), &jwk("Ag")]);
    }

    #[test]
    fn a_replaced_rs256_key_keeps_signing_for_clients_that_request_rs256() {
        let later = NOW.plus(PUBLISHED_BEFORE_USE);
        let mut ring = own(vec![key("AA", KeyRole::Current)]);
        ring.add(KeySeries::Own, elliptic("AA"), KeyLocation::Sealed, NOW).unwrap();
        let switched = |mut ring: KeyRing| {
            ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, later).unwrap();
            ring
        };
        let after = switched(ring.clone());
        assert_eq!((&after.keys[0].jwk, roles(&after)), (&elliptic("AA"), vec![KeyRole::Current]));
        assert_eq!(after.current_beside().unwrap().jwk, jwk("AA"));
        let mut retired = after;
        retired.retire_beside(later);
        assert_eq!((retired.beside[0].role, retired.beside[0].since), (KeyRole::Retired, later));
        assert_eq!(retired.algorithms().for_clients, [Algorithm::ES256], "it signs no more");
        assert_eq!(retired.published(), [&elliptic("AA"), &jwk("AA")], "what it signed is still good");

        ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
        let after = switched(ring.clone());
        assert_eq!(
            (roles(&after), after.current_beside().unwrap().jwk.clone()),
            (vec![KeyRole::Retired, KeyRole::Current], jwk("AQ"),)
        );
        let mut revoked = own(ring.keys);
        revoked.revoke(&jwk("AA").thumbprint(), later).unwrap();
        assert_eq!((roles(&revoked), revoked.beside.len()), (vec![KeyRole::Revoked, KeyRole::Current], 0));
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
        assert!(ring.beside.is_empty() && !serde_json::to_string(&ring).unwrap().contains("beside"));
    }

    #[test]
    fn an_earlier_version_reads_a_ring_with_a_key_beside_as_one_without() {
        #[derive(Deserialize)]
        struct Earlier {
            keys: Vec<RingKey>,
        }
        let ring = es256_with_rs256();
        let text = serde_json::to_string(&ring).unwrap();
        assert_eq!(serde_json::from_str::<Earlier>(&text).unwrap().keys, ring.keys);
        assert_eq!(serde_json::from_str::<KeyRing>(&text).unwrap(), ring);
    }

    proptest! {
        #[test]
        fn a_ring_with_keys_always_has_exactly_one_current_key(
            steps in prop::collection::vec((0..4_u8, 0..4_u8, 0..20_000_u32), 1..30),
        ) {
            let mut ring = KeyRing::default();
            let mut now = NOW;
            ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Sealed, now).unwrap();
            for (step, key, later) in steps {
                now = now.plus(Lifetime::seconds(later));
                let named = jwk(["AA", "AQ", "Ag", "Aw"][usize::from(key)]);
                let _ = match step {
                    0 => ring.add(KeySeries::Own, named, KeyLocation::Wrapped, now),
                    1 => ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, now),
                    2 => ring.revoke(&named.thumbprint(), now),
                    _ => ring.remove(&named.thumbprint(), Lifetime::seconds(3600), now),
                };
                prop_assert_eq!(ring.keys.iter().filter(|key| key.role == KeyRole::Current).count(), 1);
            }
        }
    }
}
