//! Signs JWS in compact form (RFC 7515 §3.1), with a key that is local or in KMS.

use std::sync::Arc;

use protocol::jose::jwk::PublicJwk;
use protocol::syntax::encoding::base64url;
use serde::Serialize;

use crate::fault::SigningFault;
use crate::kms_signing::KmsSigning;
use crate::local::LocalKey;
use crate::verify;

/// A signing key, local or in KMS.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    jwk: PublicJwk,
    backend: Backend,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<LocalKey>),
    Kms { kms: KmsSigning, key: String },
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'static str,
    kid: &'a str,
}

impl Signer {
    /// A key in this process.
    #[must_use]
    pub fn local(key: LocalKey) -> Self {
        let jwk = key.jwk().clone();
        Self { kid: jwk.thumbprint(), jwk, backend: Backend::Local(Arc::new(key)) }
    }

    /// The KMS key `key`, whose public half is `jwk`.
    #[must_use]
    pub fn kms(kms: KmsSigning, key: String, jwk: PublicJwk) -> Self {
        Self { kid: jwk.thumbprint(), jwk, backend: Backend::Kms { kms, key } }
    }

    /// Ensures that all `signatures` of one response may be requested before the first one is (fault F-KMS-1). Only KMS
    /// has a quota.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Throttled`].
    pub fn admit(&self, signatures: u32) -> Result<(), SigningFault> {
        match &self.backend {
            Backend::Local(_) => Ok(()),
            Backend::Kms { kms, .. } => kms.admit(self.jwk.alg, signatures),
        }
    }

    /// Signs `claims` as a compact JWS of type `typ`. A signature that does not verify with the published key is withheld
    /// (catalogue row SEC-JWT-10).
    ///
    /// # Errors
    ///
    /// [`SigningFault`].
    pub async fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, SigningFault> {
        let header = Header { typ, alg: self.jwk.alg.as_str(), kid: &self.kid };
        let header = serde_json::to_vec(&header).map_err(|_| SigningFault::Claims)?;
        let claims = serde_json::to_vec(claims).map_err(|_| SigningFault::Claims)?;
        let mut token = format!("{}.{}", base64url(&header), base64url(&claims));
        let signature = match &self.backend {
            Backend::Local(key) => base64url(&key.sign(token.as_bytes())?),
            Backend::Kms { kms, key } => {
                let signature = base64url(&kms.sign(key, self.jwk.alg, token.as_bytes()).await?);
                if !verify::verifies(&self.jwk, token.as_bytes(), &signature) {
                    return Err(SigningFault::Unverified);
                }
                signature
            }
        };
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The public key.
    #[must_use]
    pub const fn jwk(&self) -> &PublicJwk {
        &self.jwk
    }

    /// The `kid` of the key: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

#[cfg(test)]
mod tests {
    use protocol::jose::jwk::Algorithm;
    use protocol::syntax::encoding::base64url_decoded;
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{key, runtime};

    #[test]
    fn a_token_names_its_type_algorithm_and_key() {
        let signer = Signer::local(key(Algorithm::ES256, 0));
        let token = runtime().block_on(signer.sign("at+jwt", &json!({"sub": "s"}))).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decoded = |part: &str| serde_json::from_slice::<Value>(&base64url_decoded(part).unwrap()).unwrap();
        let kid = key(Algorithm::ES256, 0).jwk().thumbprint();
        assert_eq!(decoded(parts[0]), json!({"typ": "at+jwt", "alg": "ES256", "kid": kid}));
        assert_eq!((decoded(parts[1]), parts.len()), (json!({"sub": "s"}), 3));
        assert_eq!((signer.kid(), signer.jwk()), (kid.as_str(), key(Algorithm::ES256, 0).jwk()));
    }

    #[test]
    fn claims_that_cannot_be_json_are_not_signed() {
        let signer = Signer::local(key(Algorithm::ES256, 0));
        let claims = std::collections::BTreeMap::from([([1], 1)]);
        assert_eq!(runtime().block_on(signer.sign("JWT", &claims)), Err(SigningFault::Claims));
    }
}
