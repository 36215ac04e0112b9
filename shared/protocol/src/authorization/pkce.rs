//! Proof Key for Code Exchange (RFC 7636), with `S256` only.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::syntax::encoding;
use crate::types::secret::Secret;

/// A `code_challenge` made with `S256`.
///
/// `plain` has no representation, so it cannot be stored or compared by mistake (RFC 9700 §2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; 32]);

/// A `code_verifier`, known only to the application that started the flow.
pub struct CodeVerifier(Secret<String>);

/// Proof that a verifier belongs to a challenge. Only [`CodeChallenge::verify`] creates it.
#[derive(Debug)]
pub struct PkceVerified(());

/// Why a challenge or a verifier is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PkceError {
    /// Not the canonical base64url of 32 bytes, as every `S256` challenge is.
    #[error("code_challenge must be 43 characters of base64url: the SHA-256 digest of the verifier")]
    MalformedChallenge,
    /// Not 43 to 128 characters of `A–Z a–z 0–9 - . _ ~`.
    #[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    MalformedVerifier,
    /// The verifier belongs to another challenge.
    #[error("code_verifier does not belong to the code_challenge of this code")]
    Mismatch,
}

impl CodeChallenge {
    /// Parses a challenge (RFC 7636 §4.2).
    ///
    /// # Errors
    ///
    /// [`PkceError::MalformedChallenge`].
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        encoding::base64url_array(text).map(Self).ok_or(PkceError::MalformedChallenge)
    }

    /// Checks `verifier` against this challenge, consuming it (RFC 7636 §4.6).
    ///
    /// # Errors
    ///
    /// [`PkceError::Mismatch`] if the verifier belongs to another challenge.
    pub fn verify(self, verifier: CodeVerifier) -> Result<PkceVerified, PkceError> {
        let CodeVerifier(secret) = verifier;
        let digest = Sha256::digest(secret.expose().as_bytes());
        if bool::from(digest.as_slice().ct_eq(&self.0)) { Ok(PkceVerified(())) } else { Err(PkceError::Mismatch) }
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, PkceError> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        encoding::base64url(&challenge.0)
    }
}

impl CodeVerifier {
    /// Parses a verifier (RFC 7636 §4.1).
    ///
    /// # Errors
    ///
    /// [`PkceError::MalformedVerifier`].
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(Secret::new(text.into())))
        } else {
            Err(PkceError::MalformedVerifier)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn exchange(challenge: &str, verifier: &str) -> Result<(), PkceError> {
        CodeChallenge::parse(challenge)?.verify(CodeVerifier::parse(verifier)?).map(|PkceVerified(())| ())
    }

    #[test]
    fn sec_pkce_04_decides_each_pair_as_the_rfc_says() {
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        let table = [
            ("appendix B", VERIFIER, Ok(())),
            ("the challenge itself, the trick of plain", CHALLENGE, Err(PkceError::Mismatch)),
            ("nothing", "", Err(PkceError::MalformedVerifier)),
            ("42 characters", &short, Err(PkceError::MalformedVerifier)),
            ("129 characters", &long, Err(PkceError::MalformedVerifier)),
        ];
        for (case, verifier, expected) in table {
            assert_eq!(exchange(CHALLENGE, verifier), expected, "{case}");
        }
        for odd in [' ', '+', '/', '=', '%', '\u{e9}', '\0'] {
            let verifier = format!("{}{odd}", "a".repeat(50));
            assert_eq!(exchange(CHALLENGE, &verifier), Err(PkceError::MalformedVerifier), "{odd:?}");
        }
    }

    #[test]
    fn sec_pkce_03_a_challenge_is_canonical_base64url_of_32_bytes() {
        let bad = [
            String::new(),
            CHALLENGE[..42].into(),
            format!("{CHALLENGE}A"),
            "a".repeat(128),
            format!("{CHALLENGE}="),
            CHALLENGE.replace('-', "+"),
            CHALLENGE.replace('-', "."),
            CHALLENGE.replace("cM", "cN"),
        ];
        for challenge in bad {
            assert_eq!(CodeChallenge::parse(&challenge).err(), Some(PkceError::MalformedChallenge), "{challenge}");
        }
    }

    proptest! {
        #[test]
        fn no_other_verifier_matches(verifier in "[A-Za-z0-9._~-]{43,128}") {
            prop_assume!(verifier != VERIFIER);
            prop_assert_eq!(exchange(CHALLENGE, &verifier), Err(PkceError::Mismatch));
        }
    }
}
