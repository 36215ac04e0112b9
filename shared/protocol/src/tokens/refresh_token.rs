//! Refresh tokens: `region . grant id . generation . secret`.
//!
//! The secret is derived from grant and generation with a keyed hash (`signing::Deriver`), so the successor of a token
//! is the same each time it is derived, and is never stored.

use crate::syntax::encoding;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::secret::{Secret, SecretHash};

/// A refresh token as a client presents it.
pub struct RefreshToken {
    /// The region that issued it.
    pub region: RegionLabel,
    /// The grant that it belongs to.
    pub grant: GrantId,
    /// Its number among the tokens of the grant, starting at 1.
    pub generation: u32,
    /// The digest of the whole token.
    pub hash: SecretHash,
}

/// Formats the token of this generation of `grant`, with its derived `secret`.
#[must_use]
pub fn written(region: &RegionLabel, grant: &GrantId, generation: u32, secret: &Secret<[u8; 32]>) -> Secret<String> {
    Secret::new(format!("{region}.{grant}.{generation}.{}", encoding::base64url(secret.expose())))
}

impl RefreshToken {
    /// Parses a presented token; `None` if it cannot have been issued here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 128 {
            return None;
        }
        let mut parts = text.split('.');
        let (region, grant, generation, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        encoding::base64url_array::<32>(secret)?;
        let number: u32 = generation.parse().ok()?;
        // There is a single spelling: no sign, no leading zeros.
        if parts.next().is_some() || number == 0 || number.to_string() != generation {
            return None;
        }
        Some(Self {
            region: RegionLabel::parse(region).ok()?,
            grant: GrantId::parse(grant).ok()?,
            generation: number,
            hash: SecretHash::of(&Secret::new(text.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(generation: u32) -> String {
        let region = RegionLabel::parse("eu").unwrap();
        written(&region, &GrantId::from_bytes([7; 16]), generation, &Secret::new([9; 32])).expose().clone()
    }

    #[test]
    fn sec_rt_01_a_token_is_opaque_and_has_a_single_spelling() {
        let text = token(12);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{text}");
        let parsed = RefreshToken::parse(&text).unwrap();
        assert_eq!((parsed.region.as_str(), parsed.generation), ("eu", 12));
        let changed = |from: &str, to: &str| text.replacen(from, to, 1);
        for bad in [
            String::new(),
            token(0),
            text[..text.len() - 1].into(),
            format!("{text}A"),
            format!("{text}.A"),
            format!("{text}="),
            changed(".12.", ".012."),
            changed(".12.", ".+12."),
            changed(".12.", ".-1."),
            changed(".12.", ".99999999999."),
            changed(".12.", "."),
            "a".repeat(5000),
        ] {
            assert!(RefreshToken::parse(&bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = RefreshToken::parse(&text);
        }

        #[test]
        fn refresh_tokens_round_trip(generation in 1_u32..) {
            prop_assert_eq!(RefreshToken::parse(&token(generation)).unwrap().generation, generation);
        }
    }
}
