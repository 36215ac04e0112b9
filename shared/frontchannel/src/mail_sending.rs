//! Mail to users: sealed before it is queued, so that nobody who reads the queue learns anything (design invariant 5).

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use delivery::Outbox;
use keystore::DataKeys;
use protocol::authorization::error::PageError;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::mail::{Mail, SealedMail};
use signing::{Entropy, Purpose, Sealer};
use web::unavailable;

/// Seals and queues mail, and opens the links that were in it.
pub struct MailSending {
    keys: DataKeys<Sealer>,
    outbox: Outbox,
    entropy: Arc<dyn Entropy>,
}

impl MailSending {
    /// Takes the key and the queue.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if one of them is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        let (keys, outbox) = (runtime.sealer(Purpose::Mail)?, runtime.outbox()?);
        Ok(Self { keys, outbox, entropy: Arc::clone(&runtime.entropy) })
    }

    /// Queues `mail`. Once it returns, the message will be sent, unless it is for nobody.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`]; it may have been queued.
    pub async fn send(&self, workspace: &WorkspaceId, mail: &Mail, now: Timestamp) -> Result<(), PageError> {
        let sealed = self.seal(workspace, mail.encoded().expose().clone(), now).await?;
        let message = SealedMail { workspace: workspace.clone(), sealed };
        Ok(self.outbox.enqueue(&message, now).await.map_err(unavailable)?)
    }

    /// Seals what a link carries.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn seal(&self, workspace: &WorkspaceId, plain: Vec<u8>, now: Timestamp) -> Result<String, PageError> {
        let keys = self.keys.keys(now).await.map_err(unavailable)?;
        Ok(keys.seal(workspace, plain, &*self.entropy).map_err(unavailable)?)
    }

    /// Opens what a link carries; `None` if it was not made here, for this workspace.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn open(
        &self,
        workspace: &WorkspaceId,
        sealed: &str,
        now: Timestamp,
    ) -> Result<Option<Secret<Vec<u8>>>, PageError> {
        Ok(self.keys.keys(now).await.map_err(unavailable)?.open(workspace, sealed))
    }
}
