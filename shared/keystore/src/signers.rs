//! The keys that sign, opened once and kept, and what happens when one of them cannot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::jose::jwk::Algorithm;
use protocol::jose::key_ring::{KeyLocation, KeyRole, RingKey};
use protocol::syntax::encoding::base64url_decoded;
use protocol::types::id::WorkspaceId;
use protocol::types::time::{Lifetime, Timestamp};
use signing::local::LocalKey;
use signing::{Signer, SigningFault};
use store::{KeyRingReading, SigningKeyReading, StoreFault};
use thiserror::Error;

use crate::KeyOpener;

/// How long a key that could not sign is left alone, so that not every user waits for it anew.
const FAILED_KEY_COOLDOWN: Lifetime = Lifetime::seconds(30);

/// The signers of all workspaces that were asked for.
pub struct Signers {
    rings: Arc<KeyRingReading>,
    keys: SigningKeyReading,
    opener: KeyOpener,
    opened: Mutex<HashMap<(WorkspaceId, String), Signer>>,
    resting: Mutex<HashMap<String, Timestamp>>,
}

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum SignerFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The workspace has no key that can sign.
    #[error(transparent)]
    Signing(#[from] SigningFault),
}

impl Signers {
    /// Signers whose keys are named in `rings`, lie in `keys` or in KMS, and are opened by `opener`.
    #[must_use]
    pub fn new(rings: Arc<KeyRingReading>, keys: SigningKeyReading, opener: KeyOpener) -> Self {
        Self { rings, keys, opener, opened: Mutex::default(), resting: Mutex::default() }
    }

    /// Opens the connection to KMS during the start of a function. What fails here is tried again by the first request.
    pub async fn warm(&self) {
        if let Err(fault) = self.opener.warm().await {
            tracing::warn!(fault = %fault, "KMS could not be reached at the start");
        }
    }

    /// The algorithm that is signed with in `workspace`.
    ///
    /// # Errors
    ///
    /// [`SignerFault`].
    pub async fn algorithm(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<Algorithm, SignerFault> {
        let ring = self.rings.ring(workspace, now).await?.ok_or(SigningFault::Key)?;
        Ok(ring.signing().first().ok_or(SigningFault::Key)?.jwk.alg)
    }

    /// Has `work` done with the key that is current in `workspace`. If that key cannot sign, the next one takes over,
    /// which verifiers know already (fault F-KMS-2); and for a while it goes first.
    ///
    /// # Errors
    ///
    /// [`SignerFault`], of the last key that was tried.
    pub async fn sign<T>(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
        work: impl AsyncFn(&Signer) -> Result<T, SigningFault>,
    ) -> Result<T, SignerFault> {
        let ring = self.rings.ring(workspace, now).await?.ok_or(SigningFault::Key)?;
        let mut candidates = ring.signing();
        candidates.sort_by_key(|key| self.rests(&key.jwk.thumbprint(), now));
        let mut last = SigningFault::Key;
        for key in candidates {
            match self.tried(workspace, key, &work).await {
                Ok(signed) => {
                    if key.role != KeyRole::Current {
                        tracing::error!(%workspace, "the current signing key cannot sign: the next one took over");
                    }
                    return Ok(signed);
                }
                Err(SignerFault::Signing(fault)) => {
                    let kid = key.jwk.thumbprint();
                    tracing::error!(%workspace, kid, fault = %fault, "a key could not sign");
                    self.resting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(kid, now.plus(FAILED_KEY_COOLDOWN));
                    last = fault;
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(last.into())
    }

    async fn tried<T>(
        &self,
        workspace: &WorkspaceId,
        key: &RingKey,
        work: &impl AsyncFn(&Signer) -> Result<T, SigningFault>,
    ) -> Result<T, SignerFault> {
        let signer = self.opened(workspace, key).await?;
        Ok(work(&signer).await?)
    }

    fn rests(&self, kid: &str, now: Timestamp) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(kid).is_some_and(|until| !now.reached(*until))
    }

    async fn opened(&self, workspace: &WorkspaceId, key: &RingKey) -> Result<Signer, SignerFault> {
        let name = (workspace.clone(), key.jwk.thumbprint());
        if let Some(signer) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(signer.clone());
        }
        let signer = self.open(workspace, key, &name.1).await?;
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(name, signer.clone());
        Ok(signer)
    }

    async fn open(&self, workspace: &WorkspaceId, key: &RingKey, kid: &str) -> Result<Signer, SignerFault> {
        let pkcs8 = match &key.location {
            KeyLocation::Kms(name) => return Ok(Signer::kms(self.opener.kms()?, name.clone(), key.jwk.clone())),
            KeyLocation::Sealed => self.opener.unseal(workspace, &self.kept(workspace, kid).await?)?,
            KeyLocation::Wrapped => {
                let wrapped = base64url_decoded(&self.kept(workspace, kid).await?).ok_or(SigningFault::Key)?;
                self.opener.unwrap(workspace, wrapped).await?
            }
        };
        let local = LocalKey::from_pkcs8(key.jwk.alg, pkcs8.expose())?;
        if local.jwk() == &key.jwk { Ok(Signer::local(local)) } else { Err(SigningFault::Key.into()) }
    }

    async fn kept(&self, workspace: &WorkspaceId, kid: &str) -> Result<String, SignerFault> {
        Ok(self.keys.sealed(workspace, kid).await?.ok_or(SigningFault::Key)?)
    }
}
