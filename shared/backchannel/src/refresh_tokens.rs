//! Derives refresh tokens: `token` issues them, and `revoke` recognizes those that the store no longer knows.

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

/// The key from which refresh tokens are derived, and the region that they name.
pub struct RefreshTokens {
    keys: DataKeys<Deriver>,
    region: RegionLabel,
}

/// Derives the refresh tokens of one workspace.
pub struct WorkspaceRefreshTokens<'a> {
    keys: Arc<Deriver>,
    region: &'a RegionLabel,
    workspace: &'a WorkspaceId,
}

/// A derived refresh token.
pub struct Derived {
    /// The token.
    pub token: Secret<String>,
    /// What the store records about it.
    pub issue: RefreshIssue,
}

impl RefreshTokens {
    /// Takes the handles for deriving refresh tokens.
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

    /// Opens the key during the start of a function. The first request that needs it retries what fails here.
    pub async fn warm(&self, now: Timestamp) {
        if let Err(fault) = self.keys.keys(now).await {
            tracing::warn!(fault = %fault, "the key for refresh tokens could not be opened during the start");
        }
    }
}

impl WorkspaceRefreshTokens<'_> {
    /// The key version from which new tokens are derived.
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

    /// Whether `token` was really issued for its grant, with any generation and key version. Such a token cannot be
    /// forged.
    #[must_use]
    pub fn is_genuine(&self, token: &RefreshToken) -> bool {
        let of = |version| self.derive(&token.grant, token.generation, version);
        self.keys.versions().filter_map(of).any(|derived| derived.issue.hash.matches(&token.hash))
    }
}
