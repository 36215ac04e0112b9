//! The port behind which signing happens, and the form of what is signed (RFC 7515 §3.1).

use std::sync::Arc;

use protocol::encoding::base64url;
use protocol::jwk::PublicJwk;
use serde::Serialize;

use crate::fault::SigningFault;
use crate::local::LocalKey;

/// What signs: the key that is current.
#[derive(Clone)]
pub enum Signer {
    /// A key in this process.
    Local(Arc<LocalKey>),
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'static str,
    kid: &'a str,
}

impl Signer {
    /// Signs `claims` as a compact JWS of type `typ`.
    ///
    /// # Errors
    ///
    /// [`SigningFault`].
    #[expect(clippy::unused_async, reason = "KMS answers over the network; callers are written for it")]
    pub async fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, SigningFault> {
        let jwk = self.jwk();
        let header = Header { typ, alg: jwk.alg.as_str(), kid: &jwk.thumbprint() };
        let header = serde_json::to_vec(&header).map_err(|_| SigningFault::Claims)?;
        let claims = serde_json::to_vec(claims).map_err(|_| SigningFault::Claims)?;
        let mut token = format!("{}.{}", base64url(&header), base64url(&claims));
        let signature = match self {
            Self::Local(key) => key.sign(token.as_bytes())?,
        };
        token.push('.');
        token.push_str(&base64url(&signature));
        Ok(token)
    }

    /// The public half of the key.
    #[must_use]
    pub fn jwk(&self) -> &PublicJwk {
        match self {
            Self::Local(key) => key.jwk(),
        }
    }
}
