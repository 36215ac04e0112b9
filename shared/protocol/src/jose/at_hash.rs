//! `at_hash`: the digest by which an ID token names the access token beside it (OpenID Connect Core §3.1.3.6).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::syntax::encoding;

/// Whether an ID token carries the hash of the access token beside it. In the code flow it may (§3.1.3.6); it then has to
/// wait for the access token's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtHash {
    /// Both tokens are signed at the same time.
    #[default]
    Omitted,
    /// The ID token names its access token.
    Included,
}

/// The left half of the SHA-256 digest of `access_token` (§3.1.3.6): every offered algorithm uses SHA-256.
#[must_use]
pub fn at_hash(access_token: &str) -> String {
    let digest = Sha256::digest(access_token.as_bytes());
    encoding::base64url(digest.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_openid_connect_core_appendix_a_3() {
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
