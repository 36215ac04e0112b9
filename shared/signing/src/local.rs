//! Keys that sign in this process: on a laptop, and wrapped keys in AWS.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use protocol::jose::jwk::{Algorithm, Curve, KeyMaterial, PublicJwk};
use protocol::syntax::encoding::base64url;
use protocol::types::secret::Secret;

use crate::fault::SigningFault;

/// A private key with its single algorithm.
pub struct LocalKey {
    pair: Pair,
    jwk: PublicJwk,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl LocalKey {
    /// Generates a key, and returns its PKCS#8 form, which has to be sealed, and the key itself.
    ///
    /// # Errors
    ///
    /// [`SigningFault`] if the provider fails.
    pub fn generate(algorithm: Algorithm) -> Result<(Secret<Vec<u8>>, Self), SigningFault> {
        let pkcs8 = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningFault::Key)?;
                pair.as_der().map_err(|_| SigningFault::Key)?.as_ref().to_vec()
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| SigningFault::Key)?;
                pair.to_pkcs8v1().map_err(|_| SigningFault::Key)?.as_ref().to_vec()
            }
        };
        let key = Self::from_pkcs8(algorithm, &pkcs8)?;
        Ok((Secret::new(pkcs8), key))
    }

    /// Parses a key in PKCS#8 form.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Key`] if it is not a key for this algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, SigningFault> {
        match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| SigningFault::Key)?;
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let material = KeyMaterial::Rsa { n: base64url(&public.n), e: base64url(&public.e) };
                Ok(Self { pair: Pair::Rsa(pair), jwk: PublicJwk { material, alg: algorithm } })
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
                let pair = pair.map_err(|_| SigningFault::Key)?;
                // An uncompressed point: 4, then both coordinates.
                let (x, y) = pair
                    .public_key()
                    .as_ref()
                    .get(1..)
                    .and_then(|point| point.split_at_checked(32))
                    .ok_or(SigningFault::Key)?;
                let material = KeyMaterial::Ec { crv: Curve::P256, x: base64url(x), y: base64url(y) };
                Ok(Self { pair: Pair::Ecdsa(pair), jwk: PublicJwk { material, alg: algorithm } })
            }
        }
    }

    /// The public key.
    #[must_use]
    pub const fn jwk(&self) -> &PublicJwk {
        &self.jwk
    }

    /// Signs `message` and verifies the signature, because a faulty one can reveal an RSA key.
    ///
    /// # Errors
    ///
    /// [`SigningFault`] if the provider fails or the signature does not verify.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFault> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let (padding, verification) = match self.jwk.alg {
                    Algorithm::PS256 => (&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
                    Algorithm::RS256 | Algorithm::ES256 => (&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(|_| SigningFault::Sign)?;
                let public = UnparsedPublicKey::new(verification, pair.public_key().as_ref());
                public.verify(message, &signature).map_err(|_| SigningFault::Unverified)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SigningFault::Sign)?;
                let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
                public.verify(message, signature.as_ref()).map_err(|_| SigningFault::Unverified)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{key, pkcs8};
    use crate::verify;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];

    #[test]
    fn a_signature_verifies_with_the_published_key_and_its_algorithm_only() {
        for algorithm in ALGORITHMS {
            let key = key(algorithm, 0);
            let signature = base64url(&key.sign(b"message").unwrap());
            for verified in ALGORITHMS {
                let jwk = PublicJwk { alg: verified, ..key.jwk().clone() };
                assert_eq!(verify::verifies(&jwk, b"message", &signature), verified == algorithm, "{verified:?}");
            }
            assert!(!verify::verifies(key.jwk(), b"another", &signature));
        }
    }

    #[test]
    fn a_key_is_read_from_the_form_that_it_is_generated_in() {
        let (pkcs8, generated) = LocalKey::generate(Algorithm::ES256).unwrap();
        let read = LocalKey::from_pkcs8(Algorithm::ES256, pkcs8.expose()).unwrap();
        assert_eq!(read.jwk(), generated.jwk());
        assert_eq!(generated.jwk().alg, Algorithm::ES256);
        let (_, another) = LocalKey::generate(Algorithm::ES256).unwrap();
        assert_ne!(another.jwk(), generated.jwk());
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let refused = |algorithm, pkcs8: &[u8]| LocalKey::from_pkcs8(algorithm, pkcs8).err();
        assert_eq!(refused(Algorithm::ES256, pkcs8(Algorithm::RS256, 0)), Some(SigningFault::Key));
        assert_eq!(refused(Algorithm::RS256, pkcs8(Algorithm::ES256, 0)), Some(SigningFault::Key));
        assert_eq!(refused(Algorithm::PS256, b""), Some(SigningFault::Key));
    }
}
