//! What users prove: answers of authenticators, and hashes and codes as somebody writes them.

use std::sync::LazyLock;

use credentials::one_time::{MailSecret, RecoveryCode, RecoverySet, Totp};
use credentials::passwords::{Password, PasswordHash, PasswordPolicy};
use credentials::webauthn::{
    Algorithm, AuthenticationResponse, Challenge, Credential, CredentialId, RegistrationResponse, RelyingParty,
    UserHandle, UserVerification, WebauthnRefusal,
};
use protocol::syntax::encoding::base64url;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

static RELYING_PARTY: LazyLock<RelyingParty> =
    LazyLock::new(|| RelyingParty::new("example.org", &["https://example.org"]).expect("a relying party"));

/// The client data of an honest browser.
fn client_data(kind: &str) -> String {
    let data = json!({ "type": kind, "challenge": base64url(&[1; 32]), "origin": "https://example.org" });
    base64url(data.to_string().as_bytes())
}

/// The answer of an authenticator whose attestation object is `data`. Whatever is registered is stored as it is, has a key that
/// was offered, and is not registered with a byte behind it.
pub fn attestation(data: &[u8]) {
    let Ok(credential) = register(data) else { return };
    let stored = serde_json::to_string(&credential).expect("JSON");
    let read: Credential = serde_json::from_str(&stored).expect("what was stored");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), stored);
    assert!(Algorithm::OFFERED.contains(&credential.public_key.algorithm()));
    assert!(credential.backup_eligible || !credential.backed_up);
    assert_eq!(register(&[data, &[0]].concat()).err(), Some(WebauthnRefusal::Malformed("attestation object")));
}

fn register(object: &[u8]) -> Result<Credential, WebauthnRefusal> {
    let id = credential_id(object).unwrap_or(&[0; 16]);
    let response = json!({
        "rawId": base64url(id),
        "type": "public-key",
        "response": { "clientDataJSON": client_data("webauthn.create"), "attestationObject": base64url(object) },
    });
    let response = RegistrationResponse::parse(response.to_string().as_bytes())?;
    let user = UserHandle::new([2; 64]);
    let ceremony = RELYING_PARTY.begin_registration(Challenge::new([1; 32]), user, UserVerification::Preferred, NOW);
    RELYING_PARTY.register(&ceremony, &response, NOW)
}

/// The id in the authenticator data, which begins with the digest of the relying party: a browser says the same one.
fn credential_id(object: &[u8]) -> Option<&[u8]> {
    const DIGEST: [u8; 8] = [0xbf, 0xab, 0xc3, 0x74, 0x32, 0x95, 0x8b, 0x06];
    let start = object.windows(DIGEST.len()).position(|window| window == DIGEST)?;
    let length = u16::from_be_bytes([*object.get(start + 53)?, *object.get(start + 54)?]);
    object.get(start + 55..start + 55 + usize::from(length)).filter(|id| (1..=1023).contains(&id.len()))
}

/// What a browser sends after an authentication, and authenticator data with a signature behind them. Nobody here has the key, so
/// nothing is accepted.
pub fn assertion(data: &[u8]) {
    let _ = RegistrationResponse::parse(data);
    let _ = AuthenticationResponse::parse(data);
    let (authenticator_data, signature) = data.split_at(data.len().min(37));
    let response = json!({
        "rawId": base64url(&[3; 32]),
        "type": "public-key",
        "response": {
            "clientDataJSON": client_data("webauthn.get"),
            "authenticatorData": base64url(authenticator_data),
            "signature": base64url(signature),
            "userHandle": base64url(&[2; 64]),
        },
    });
    let response = AuthenticationResponse::parse(response.to_string().as_bytes()).expect("a well-formed answer");
    let ceremony = RELYING_PARTY.begin_authentication(Challenge::new([1; 32]), UserVerification::Preferred, NOW);
    assert!(RELYING_PARTY.authenticate(&ceremony, &response, &CREDENTIAL, NOW).is_err());
}

/// A credential with a key whose private half is nowhere.
static CREDENTIAL: LazyLock<Credential> = LazyLock::new(|| {
    let key = "pQECAyYgASFYIK_voW-XypstI-uGzLZAmNINuQhWBi6yScM6m2cvJt9hIlggkwpWuHovymYzSwNFir-HlxfBLMaO1zKQry4mZHlrkiA";
    serde_json::from_value(json!({
        "id": base64url(&[3; 32]),
        "user": base64url(&[2; 64]),
        "key": key,
        "count": 0,
        "uv": true,
        "be": false,
        "bs": false,
        "aaguid": vec![0; 16],
    }))
    .expect("a credential")
});

/// Hashes of an import, codes that people type, and passwords. What is read is written in one way, and read again.
pub fn proofs(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(hash) = PasswordHash::parse(text) {
        let stored = hash.stored();
        assert_eq!(PasswordHash::parse(&stored).expect("a stored hash").stored(), stored);
    }
    if let Some((credential_data, secret_data)) = text.split_once('\n') {
        if let Ok(hash) = PasswordHash::from_keycloak(credential_data, secret_data) {
            assert!(PasswordHash::parse(&hash.stored()).is_ok());
        }
    }
    if let Ok(set) = RecoverySet::parse(text) {
        assert_eq!(RecoverySet::parse(&set.stored()).expect("a stored set").stored(), set.stored());
    }
    if let Ok(totp) = Totp::parse(&Secret::new(text.into())) {
        assert_eq!(Totp::parse(&totp.stored()).expect("a stored secret").stored().expose(), totp.stored().expose());
        let _ = totp.verify(text, NOW, None);
    }
    if let Some(code) = RecoveryCode::parse(text) {
        let again = RecoveryCode::parse(code.shown().expose()).expect("a shown code");
        assert_eq!(again.shown().expose(), code.shown().expose());
    }
    if let Some(code) = MailSecret::parse_code(text) {
        assert!(MailSecret::parse_code(code.shown().expose()).is_some());
    }
    if let Some(link) = MailSecret::parse_link(text) {
        assert_eq!(link.shown().expose(), text);
    }
    if let Some(id) = CredentialId::parse(text) {
        assert_eq!(id.encoded(), text);
    }
    if let Ok(password) = Password::parse(text) {
        let _ = PasswordPolicy::ALONE.accept(&password, &[]);
    }
}
