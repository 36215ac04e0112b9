//! Authorization codes: `region . grant id . secret`.

use sha2::{Digest as _, Sha256};

use crate::syntax::encoding;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::secret::{Secret, SecretHash};

/// A code as a client presents it.
///
/// It consists of `A–Z a–z 0–9 - . _` only, because some clients do not decode what they read from a redirect.
pub struct AuthorizationCode {
    /// The region that issued it.
    pub region: RegionLabel,
    /// The grant that it belongs to.
    pub grant: GrantId,
    /// The digest of the whole code.
    pub hash: SecretHash,
    code: Secret<String>,
}

/// A newly issued code.
pub struct FreshCode {
    /// The code for the client.
    pub code: Secret<String>,
    /// The hash for the store.
    pub hash: SecretHash,
}

/// Issues the code of `grant` from 256 random bits.
#[must_use]
pub fn issue(region: &RegionLabel, grant: &GrantId, secret: &[u8; 32]) -> FreshCode {
    let code = Secret::new(format!("{region}.{grant}.{}", encoding::base64url(secret)));
    FreshCode { hash: SecretHash::of(&code), code }
}

/// Issues the code of `grant` from the seed of its interaction: the same code each time.
#[must_use]
pub fn derive(region: &RegionLabel, grant: &GrantId, seed: &str) -> FreshCode {
    let digest =
        Sha256::new().chain_update("postern code ").chain_update(seed).chain_update(" ").chain_update(grant.as_str());
    issue(region, grant, &digest.finalize().into())
}

impl AuthorizationCode {
    /// Parses a presented code; `None` if it cannot have been issued here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 128 {
            return None;
        }
        let (region, rest) = text.split_once('.')?;
        let (grant, secret) = rest.split_once('.')?;
        encoding::base64url_array::<32>(secret)?;
        let code = Secret::new(text.to_owned());
        Some(Self {
            region: RegionLabel::parse(region).ok()?,
            grant: GrantId::parse(grant).ok()?,
            hash: SecretHash::of(&code),
            code,
        })
    }

    /// A digest of the sender of the code, to recognize a retry by the same sender. It includes the code, so the
    /// address cannot be guessed from the stored value.
    #[must_use]
    pub fn sender(&self, address: &str, user_agent: &str) -> SecretHash {
        SecretHash::of(&Secret::new(format!("{}\n{address}\n{user_agent}", self.code.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_follows_from_the_seed_and_the_grant() {
        let region = RegionLabel::parse("eu").unwrap();
        let (one, other) = (GrantId::from_bytes([1; 16]), GrantId::from_bytes([2; 16]));
        let code = |grant: &GrantId, seed: &str| derive(&region, grant, seed).code.expose().clone();
        assert_eq!(code(&one, "seed"), code(&one, "seed"));
        assert_ne!(code(&one, "seed"), code(&one, "another"));
        assert_ne!(code(&one, "seed").rsplit('.').next(), code(&other, "seed").rsplit('.').next());
        assert!(AuthorizationCode::parse(&code(&one, "seed")).is_some_and(|parsed| parsed.grant == one));
    }

    #[test]
    fn sec_code_01_a_code_is_opaque_carries_256_bits_and_needs_no_escaping() {
        let grant = GrantId::from_bytes([7; 16]);
        let fresh = issue(&RegionLabel::parse("eu").unwrap(), &grant, &[9; 32]);
        let text = fresh.code.expose();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{text}");
        let parsed = AuthorizationCode::parse(text).unwrap();
        assert_eq!((parsed.grant, parsed.region.as_str()), (grant, "eu"));
        assert!(parsed.hash.matches(&fresh.hash));
    }

    #[test]
    fn a_sender_is_recognized_and_its_digest_is_meaningless_without_the_code() {
        let code = |byte: u8| {
            let fresh = issue(&RegionLabel::parse("eu").unwrap(), &GrantId::from_bytes([7; 16]), &[byte; 32]);
            AuthorizationCode::parse(fresh.code.expose()).unwrap()
        };
        let first = code(9).sender("192.0.2.1", "app/1");
        assert!(first.matches(&code(9).sender("192.0.2.1", "app/1")));
        for other in [
            code(9).sender("192.0.2.2", "app/1"),
            code(9).sender("192.0.2.1", "app/2"),
            code(9).sender("192.0.2.1app/1", ""),
            code(8).sender("192.0.2.1", "app/1"),
            code(9).hash,
        ] {
            assert!(!first.matches(&other));
        }
    }

    #[test]
    fn sec_code_17_a_malformed_code_does_not_parse() {
        let good = issue(&RegionLabel::parse("eu").unwrap(), &GrantId::from_bytes([7; 16]), &[9; 32]);
        let good = good.code.expose();
        for bad in ["", ".", "..", "a.b.c", &good[3..], &good[..good.len() - 1], &format!("{good}A"), &"a".repeat(5000)]
        {
            assert!(AuthorizationCode::parse(bad).is_none(), "{bad:?}");
        }
    }
}
