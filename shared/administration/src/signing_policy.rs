//! Which keys a workspace file requests for its workspace.

use protocol::jose::jwk::Algorithm;
use serde::Deserialize;

/// Which keys a workspace signs with. The keys are in its key ring, so this is not stored with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningPolicy {
    /// The algorithm of the workspace's own keys.
    pub algorithm: Algorithm,
    /// Whether there is an RS256 key as well if its own keys have another algorithm.
    pub rs256_key: Rs256Key,
}

/// Whether a workspace that signs with another algorithm has an RS256 key beside its own, for clients that request
/// RS256. OpenID Connect Discovery §3 requires RS256 of every provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rs256Key {
    /// There is one.
    #[default]
    Beside,
    /// There is none.
    None,
}

impl SigningPolicy {
    /// Whether the workspace has RS256 keys beside its own.
    #[must_use]
    pub fn has_rs256_beside(self) -> bool {
        self.rs256_key == Rs256Key::Beside && self.algorithm != Algorithm::RS256
    }

    /// Why nothing can be signed with `wanted` for a client, and what to do about it.
    #[must_use]
    pub(crate) fn refusal(self, wanted: Algorithm) -> Option<String> {
        if wanted == self.algorithm || (wanted == Algorithm::RS256 && self.has_rs256_beside()) {
            return None;
        }
        let (wanted, signing) = (wanted.as_str(), self.algorithm.as_str());
        let reason = format!("is {wanted}, but the workspace signs with {signing}");
        Some(match (self.has_rs256_beside(), wanted) {
            (true, _) => format!("{reason}, or RS256 where a client asks for it: choose one of them"),
            (false, "RS256") => format!("{reason} only: choose that, or set rs256_key = \"beside\" for the workspace"),
            (false, _) => format!("{reason}: choose that"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_ask_for_the_workspaces_algorithm_and_for_rs256_where_there_is_a_key() {
        use Algorithm::{ES256, PS256, RS256};
        let table = [
            (RS256, Rs256Key::Beside, vec![RS256]),
            (RS256, Rs256Key::None, vec![RS256]),
            (ES256, Rs256Key::Beside, vec![RS256, ES256]),
            (ES256, Rs256Key::None, vec![ES256]),
            (PS256, Rs256Key::Beside, vec![RS256, PS256]),
            (PS256, Rs256Key::None, vec![PS256]),
        ];
        for (algorithm, rs256_key, expected) in table {
            let policy = SigningPolicy { algorithm, rs256_key };
            let taken: Vec<_> =
                [RS256, PS256, ES256].into_iter().filter(|wanted| policy.refusal(*wanted).is_none()).collect();
            assert_eq!(taken, expected, "{policy:?}");
            assert_eq!(policy.has_rs256_beside(), expected.len() == 2, "{policy:?}");
        }
    }
}
