//! The signing keys, opened once and cached, and the failover to the next one.

use std::cell::Cell;
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

use crate::key_opener::KeyOpener;

/// How long a key that failed to sign is tried last, so that not every user waits for it.
const FAILED_KEY_COOLDOWN: Lifetime = Lifetime::seconds(30);

/// The signers of all workspaces, opened on first use.
pub struct Signers {
    rings: Arc<KeyRingReading>,
    keys: SigningKeyReading,
    opener: KeyOpener,
    opened: Mutex<HashMap<(WorkspaceId, String), Signer>>,
    cooling_down: Mutex<HashMap<String, Timestamp>>,
}

/// What to sign, and with which keys of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct SigningTask<'a> {
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// The required algorithm; `None` for that of the workspace.
    pub algorithm: Option<Algorithm>,
    /// The number of signatures to make.
    pub signatures: u32,
    /// The time.
    pub now: Timestamp,
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
    /// A client is registered for an algorithm for which the workspace has no current key. No other one may be used: the
    /// registration tells clients what to expect (catalogue row SEC-OIDC-06).
    #[error("the workspace has no current key for {}, which a client is registered for", .0.as_str())]
    Algorithm(Algorithm),
}

impl Signers {
    /// Signers for the keys in `rings`, whose private halves are in `keys` or in KMS, and are opened by `opener`.
    #[must_use]
    pub fn new(rings: Arc<KeyRingReading>, keys: SigningKeyReading, opener: KeyOpener) -> Self {
        Self { rings, keys, opener, opened: Mutex::default(), cooling_down: Mutex::default() }
    }

    /// Opens the connection to KMS during the start of a function. If it fails, the first request tries again.
    pub async fn warm(&self) {
        if let Err(fault) = self.opener.warm().await {
            tracing::warn!(fault = %fault, "KMS could not be reached during the start");
        }
    }

    /// The algorithm that `workspace` signs with.
    ///
    /// # Errors
    ///
    /// [`SignerFault`].
    pub async fn algorithm(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<Algorithm, SignerFault> {
        let ring = self.rings.ring(workspace, now).await?.ok_or(SigningFault::Key)?;
        Ok(ring.current().ok_or(SigningFault::Key)?.jwk.alg)
    }

    /// Runs `work`, which makes the signatures of `task`, with the current key for it. If that key cannot sign, the next
    /// one of the same algorithm, which is already published, takes over and is preferred for a while (fault F-KMS-2).
    /// Throttling says nothing about a key, and the next one shares its quota, so a throttled request fails (fault
    /// F-KMS-1).
    ///
    /// # Errors
    ///
    /// [`SignerFault`], for the last key that was tried.
    pub async fn sign<T>(
        &self,
        task: SigningTask<'_>,
        work: impl AsyncFn(&Signer) -> Result<T, SigningFault>,
    ) -> Result<T, SignerFault> {
        let SigningTask { workspace, algorithm, signatures, now } = task;
        // Acquired once per request: the next key reuses the permit of the failed one.
        let admitted = Cell::new(false);
        let work = async |signer: &Signer| {
            if !admitted.replace(true) {
                signer.admit(signatures)?;
            }
            work(signer).await
        };
        let ring = self.rings.ring(workspace, now).await?.ok_or(SigningFault::Key)?;
        let mut candidates = ring.signing(algorithm);
        if let (true, Some(algorithm)) = (candidates.is_empty(), algorithm) {
            return Err(SignerFault::Algorithm(algorithm));
        }
        candidates.sort_by_key(|key| self.is_cooling_down(&key.jwk.thumbprint(), now));
        let mut last = SigningFault::Key;
        for key in candidates {
            match self.sign_with(workspace, key, &work).await {
                Ok(signed) => {
                    if key.role != KeyRole::Current {
                        tracing::error!(%workspace, "the current signing key cannot sign: the next one took over");
                    }
                    return Ok(signed);
                }
                Err(SignerFault::Signing(fault)) if fault != SigningFault::Throttled => {
                    let kid = key.jwk.thumbprint();
                    tracing::error!(%workspace, kid, fault = %fault, "a key could not sign");
                    self.cooling_down
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

    async fn sign_with<T>(
        &self,
        workspace: &WorkspaceId,
        key: &RingKey,
        work: &impl AsyncFn(&Signer) -> Result<T, SigningFault>,
    ) -> Result<T, SignerFault> {
        let signer = self.signer(workspace, key).await?;
        Ok(work(&signer).await?)
    }

    /// Whether the key failed recently.
    fn is_cooling_down(&self, kid: &str, now: Timestamp) -> bool {
        let cooling_down = self.cooling_down.lock().unwrap_or_else(PoisonError::into_inner);
        cooling_down.get(kid).is_some_and(|until| !now.reached(*until))
    }

    /// The signer for `key`, opened if it is not cached.
    async fn signer(&self, workspace: &WorkspaceId, key: &RingKey) -> Result<Signer, SignerFault> {
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
            KeyLocation::Sealed => self.opener.unseal(workspace, &self.stored(workspace, kid).await?)?,
            KeyLocation::Wrapped => {
                let wrapped = base64url_decoded(&self.stored(workspace, kid).await?).ok_or(SigningFault::Key)?;
                self.opener.unwrap(workspace, wrapped).await?
            }
        };
        let local = LocalKey::from_pkcs8(key.jwk.alg, pkcs8.expose())?;
        if local.jwk() == &key.jwk { Ok(Signer::local(local)) } else { Err(SigningFault::Key.into()) }
    }

    /// The sealed or wrapped private half of a key.
    async fn stored(&self, workspace: &WorkspaceId, kid: &str) -> Result<String, SignerFault> {
        Ok(self.keys.sealed(workspace, kid).await?.ok_or(SigningFault::Key)?)
    }
}
