//! Refresh tokens as they are derived: `token` hands them out, and `revoke` recognises those that the store no longer
//! knows.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use keystore::DataKeys;
use protocol::tokens::refresh_token::{self, RefreshToken};
use protocol::types::id::{GrantId, RegionLabel, WorkspaceId};
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Timestamp;
use signing::{Deriver, Purpose};
use store::RefreshIssue;
use web::{Unavailable, unavailable};

/// The key that refresh tokens are derived with, and the region whose tokens they are.
pub struct RefreshTokens {
    keys: DataKeys<Deriver>,
    region: RegionLabel,
}

/// The refresh tokens of one workspace, ready to be derived.
pub struct WorkspaceRefreshTokens<'a> {
    keys: Arc<Deriver>,
    region: &'a RegionLabel,
    workspace: &'a WorkspaceId,
}

/// A refresh token that was derived.
pub struct Derived {
    /// The token.
    pub token: Secret<String>,
    /// What the store records about it.
    pub issue: RefreshIssue,
}

impl RefreshTokens {
    /// Takes what derives refresh tokens.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if its key is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { keys: runtime.deriver(Purpose::RefreshToken)?, region: runtime.region.clone() })
    }

    /// Opens the key, if it is not open yet.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn of<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        now: Timestamp,
    ) -> Result<WorkspaceRefreshTokens<'a>, Unavailable> {
        let keys = self.keys.keys(now).await.map_err(unavailable)?;
        Ok(WorkspaceRefreshTokens { keys, region: &self.region, workspace })
    }

    /// Opens the key during the start of a function. What fails here is tried again by the first request that needs it.
    pub async fn warm(&self, now: Timestamp) {
        if let Err(fault) = self.keys.keys(now).await {
            tracing::warn!(fault = %fault, "the key for refresh tokens could not be opened at the start");
        }
    }
}

impl WorkspaceRefreshTokens<'_> {
    /// The version of the key that new tokens are derived with.
    #[must_use]
    pub fn current_version(&self) -> u8 {
        self.keys.current()
    }

    /// Derives the refresh token of this generation of `grant` with this key version; `None` if the version no longer
    /// exists.
    #[must_use]
    pub fn derive(&self, grant: &GrantId, generation: u32, version: u8) -> Option<Derived> {
        let secret = self.keys.secret(version, self.workspace, &[grant.as_str(), &generation.to_string()])?;
        let token = refresh_token::written(self.region, grant, generation, &secret);
        let issue = RefreshIssue { hash: SecretHash::of(&token), version };
        Some(Derived { token, issue })
    }

    /// Whether `token` is one that was issued for its grant, of any generation and key version. Such a token cannot be
    /// made up.
    #[must_use]
    pub fn is_genuine(&self, token: &RefreshToken) -> bool {
        let of = |version| self.derive(&token.grant, token.generation, version);
        self.keys.versions().filter_map(of).any(|derived| derived.issue.hash.matches(&token.hash))
    }
}
