//! New secrets of clients, beside those that are in use.

use protocol::registration::authentication_method::{EndingSecret, SecretDigest};
use protocol::registration::client_metadata::ClientMetadata;
use protocol::syntax::encoding::base64url;
use protocol::types::id::{ClientId, WorkspaceId};
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::{Lifetime, Timestamp};
use serde_json::Value;
use signing::entropy::random;
use signing::{Entropy, EntropyFault};
use store::{ApplyError, ConfigurationWriting, Connection, StoreFault};
use thiserror::Error;

/// How many former secrets a client keeps.
const MAX_FORMER: usize = 2;

/// A secret that a client has got.
pub struct NewSecret {
    /// The secret. It is stored as a digest only, so that this is the one place where it can be read.
    pub secret: Secret<String>,
    /// Its digest, for the workspace file.
    pub digests: Vec<SecretDigest>,
    /// When the former secrets end, if there are any.
    pub former_until: Option<Timestamp>,
    /// How many of them there are.
    pub former: usize,
}

/// Why a client did not get a new secret, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The client does not exist.
    #[error("workspace {0} has no client {1}")]
    NoClient(WorkspaceId, ClientId),
    /// The client has no secret that is stored as a digest.
    #[error(
        "client {0} authenticates by {1}, for which there is no secret to rotate: use client_secret_basic or client_secret_post"
    )]
    NoSecret(ClientId, String),
    /// The client cannot be read.
    #[error("client {0} cannot be read: it was written by another version")]
    Unreadable(ClientId),
    /// No random number.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
    /// The store failed, or the client was changed meanwhile.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<StoreFault> for SecretError {
    fn from(fault: StoreFault) -> Self {
        Self::Apply(fault.into())
    }
}

/// Gives clients new secrets.
pub struct SecretRotation<'a> {
    /// The store.
    pub connection: &'a Connection,
    /// Random bytes.
    pub entropy: &'a dyn Entropy,
    /// The current time.
    pub now: Timestamp,
}

impl SecretRotation<'_> {
    /// Gives `client` of `workspace` a new secret. The former ones, at most two, end after `keep`, or when they would anyway if
    /// that is sooner.
    ///
    /// # Errors
    ///
    /// [`SecretError`]. If the client is changed meanwhile, nothing is written.
    pub async fn rotate(
        &self,
        workspace: &WorkspaceId,
        client: &ClientId,
        keep: Lifetime,
    ) -> Result<NewSecret, SecretError> {
        let (writing, now) = (ConfigurationWriting::new(self.connection), self.now);
        let stored = writing.stored_client(workspace, client).await?;
        let stored = stored.ok_or_else(|| SecretError::NoClient(workspace.clone(), client.clone()))?;
        let unreadable = || SecretError::Unreadable(client.clone());
        let mut metadata: ClientMetadata = serde_json::from_str(&stored.metadata).map_err(|_| unreadable())?;
        if metadata.client_secret_sha256.is_empty() {
            let method = serde_json::to_value(metadata.token_endpoint_auth_method).ok();
            let method = method.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(SecretError::NoSecret(client.clone(), method));
        }
        let secret = base64url(&random::<32>(self.entropy)?);
        let digest = SecretHash::of(&Secret::new(secret.clone())).encoded();
        let until = now.plus(keep);
        let former = former(std::mem::take(&mut metadata.client_secret_sha256), until, now);
        let count = former.len();
        let digests: Vec<SecretDigest> = std::iter::once(SecretDigest::Lasting(digest)).chain(former).collect();
        metadata.client_secret_sha256.clone_from(&digests);
        writing.replace_client(workspace, Some(&stored), &metadata).await?;
        let former_until = (count > 0).then_some(until);
        Ok(NewSecret { secret: Secret::new(secret), digests, former_until, former: count })
    }
}

/// The newest of the former secrets that are still good, each with an end.
fn former(secrets: Vec<SecretDigest>, until: Timestamp, now: Timestamp) -> Vec<SecretDigest> {
    let ending = secrets.into_iter().filter_map(|secret| match secret {
        SecretDigest::Lasting(sha256) => Some(EndingSecret { sha256, expires_at: until.seconds() }),
        SecretDigest::Ending(EndingSecret { sha256, expires_at }) => {
            (expires_at > now.seconds()).then(|| EndingSecret { sha256, expires_at: expires_at.min(until.seconds()) })
        }
    });
    ending.filter(|secret| secret.expires_at > now.seconds()).take(MAX_FORMER).map(SecretDigest::Ending).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_secrets_end_and_two_of_them_are_kept() {
        let (now, until) = (Timestamp::from_seconds(1000), Timestamp::from_seconds(2000));
        let lasting = |name: &str| SecretDigest::Lasting(name.into());
        let ending = |name: &str, expires_at| SecretDigest::Ending(EndingSecret { sha256: name.into(), expires_at });
        let kept = |secrets, until| {
            let kept = former(secrets, until, now).into_iter().map(|secret| match secret {
                SecretDigest::Lasting(name) => format!("{name} lasts"),
                SecretDigest::Ending(EndingSecret { sha256, expires_at }) => format!("{sha256} {expires_at}"),
            });
            kept.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(kept(vec![lasting("a")], until), "a 2000");
        assert_eq!(kept(vec![lasting("a"), ending("b", 1500), ending("c", 1800)], until), "a 2000, b 1500");
        assert_eq!(kept(vec![lasting("a"), ending("b", 1000), ending("c", 9000)], until), "a 2000, c 2000");
        assert_eq!(kept(vec![lasting("a"), ending("b", 1500)], now), "", "with no time to keep, all end at once");
    }
}
