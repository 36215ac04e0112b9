//! The key ring: which key signs, which ones are published, in what order.

use serde::{Deserialize, Serialize};

use crate::jwk::{Algorithm, PublicJwk};

/// The signing keys of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// The keys, each in its role.
    pub keys: Vec<RingKey>,
}

/// A key in the ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    /// Its public half.
    pub jwk: PublicJwk,
    /// What it is used for at present.
    pub role: KeyRole,
}

/// What a key is used for at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// It signs.
    Current,
    /// It is published, so that every verifier knows it before it signs.
    Next,
    /// It no longer signs, but tokens that it signed are still good.
    Retired,
    /// It is not believed any more.
    Revoked,
}

impl KeyRing {
    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> Option<&PublicJwk> {
        self.keys.iter().find(|key| key.role == KeyRole::Current).map(|key| &key.jwk)
    }

    /// The keys that verifiers may believe, the current one first.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwk::KeyMaterial;

    fn key(n: &str, role: KeyRole) -> RingKey {
        let material = KeyMaterial::Rsa { n: n.into(), e: "AQAB".into() };
        RingKey { jwk: PublicJwk { material, alg: Algorithm::RS256 }, role }
    }

    #[test]
    fn sec_disc_03_the_current_key_comes_first_and_only_public_members_are_published() {
        let roles = [KeyRole::Retired, KeyRole::Revoked, KeyRole::Next, KeyRole::Current];
        let ring =
            KeyRing { keys: roles.into_iter().zip(["AA", "AQ", "Ag", "Aw"]).map(|(role, n)| key(n, role)).collect() };
        let jwks = ring.jwks();
        let keys = jwks["keys"].as_array().unwrap();
        let moduli: Vec<_> = keys.iter().map(|key| key["n"].as_str().unwrap()).collect();
        assert_eq!(moduli, ["Aw", "Ag", "AA"]);
        for key in keys {
            let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        }
        assert_eq!(keys[0]["kid"], ring.current().unwrap().thumbprint());
    }
}
