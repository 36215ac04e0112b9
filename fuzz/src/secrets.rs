//! Codes, tokens, identifiers and sealed texts, as a stranger presents them.

use std::sync::LazyLock;

use protocol::authorization::code::AuthorizationCode;
use protocol::authorization::pkce::{CodeChallenge, CodeVerifier};
use protocol::authorization::user_code::UserCode;
use protocol::tokens::device_code::DeviceCode;
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::id::{ClientId, GrantId, RegionLabel, WorkspaceId};
use protocol::types::secret::{Secret, SecretHash};
use signing::{Entropy, EntropyFault, Purpose, Sealer};

use crate::fixtures::{WORKSPACE, edited};

/// A workspace for which nothing was sealed.
static OTHER: LazyLock<WorkspaceId> = LazyLock::new(|| WorkspaceId::parse("default", "other").expect("a workspace"));

/// What was sealed.
const PLAIN: &[u8] = b"what was sealed";

static SEALER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::derived(&Secret::new([7; 32]), Purpose::Interaction).expect("a sealer"));

/// Each secret has one spelling.
pub fn secret(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let hash = SecretHash::of(&Secret::new(text.into()));
    if let Some(code) = AuthorizationCode::parse(text) {
        assert!(text.starts_with(&format!("{}.{}.", code.region, code.grant)), "{text:?}");
        assert!(code.hash.matches(&hash));
    }
    if let Some(token) = RefreshToken::parse(text) {
        assert!(text.starts_with(&format!("{}.{}.{}.", token.region, token.grant, token.generation)), "{text:?}");
        assert!(token.hash.matches(&hash));
    }
    if let Some(code) = DeviceCode::parse(text) {
        assert_eq!(code.text().expose(), text);
        assert!(text.starts_with(&format!("{}.{}.", code.region, code.request)), "{text:?}");
        assert!(code.hash.matches(&hash));
    }
    if let Some(code) = UserCode::parse(text) {
        let again = UserCode::parse(&code.shown()).expect("a shown code");
        assert_eq!(again.letters().expose(), code.letters().expose());
    }
    if let Ok(id) = GrantId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(id) = ClientId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Ok(label) = RegionLabel::parse(text) {
        assert_eq!(label.to_string(), text);
    }
    if let Some((tenant, name)) = text.split_once('/') {
        if let Ok(id) = WorkspaceId::parse(tenant, name) {
            assert_eq!((id.tenant(), id.name()), (tenant, name));
        }
    }
    let _ = CodeChallenge::parse(text);
    let _ = CodeVerifier::parse(text);
}

/// The same nonce in every run: a text that was sealed in an earlier one would be found in the corpus, and open.
struct FixedEntropy;

impl Entropy for FixedEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        bytes.fill(7);
        Ok(())
    }
}

static SEALED: LazyLock<String> =
    LazyLock::new(|| SEALER.seal(&WORKSPACE, PLAIN.to_vec(), &FixedEntropy).expect("a sealed text"));

/// Nothing opens but what was sealed, in its one spelling.
pub fn sealed(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        // The fuzzer learns the sealed text from the comparison, so it may well come back.
        assert_eq!(SEALER.open(&WORKSPACE, text).is_some(), text == *SEALED, "forged: {text}");
        assert!(SEALER.open(&OTHER, text).is_none(), "it opens in another workspace");
    }
    let text = edited(&SEALED, data);
    let opened = SEALER.open(&WORKSPACE, &text);
    assert_eq!(opened.is_some(), text == *SEALED, "{text}");
}
