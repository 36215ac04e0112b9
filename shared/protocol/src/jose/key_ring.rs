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
