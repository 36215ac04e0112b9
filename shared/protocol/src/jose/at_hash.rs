//! `at_hash`: the digest that binds an ID token to its access token (OpenID Connect Core §3.1.3.6).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::syntax::encoding;

/// Whether ID tokens carry `at_hash`. It is optional in the code flow (§3.1.3.6); with it, the ID token can be signed
/// only after the access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtHash {
    /// Both tokens are signed at the same time.
    #[default]
    Omitted,
    /// The ID token is signed after its access token.
    Included,
}

/// The `at_hash` of an ID token issued here (§3.1.3.6): all signing algorithms of this server use SHA-256. For external
/// algorithms see [`ExternalAlgorithm::left_half`].
///
/// [`ExternalAlgorithm::left_half`]: crate::jose::external_algorithm::ExternalAlgorithm::left_half
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
