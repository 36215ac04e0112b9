//! The test vectors of WebAuthn Level 3 §16. `test_vectors.json` has them as the specification does.

use protocol::syntax::encoding::base64url;
use protocol::types::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::authenticator_data::AuthenticatorData;
use super::{
    Algorithm, AuthenticationResponse, Challenge, Credential, CredentialId, PublicKey, RegistrationResponse,
    RelyingParty, UserHandle, UserVerification, WebauthnRefusal, cbor,
};

const NOW: Timestamp = Timestamp::from_seconds(0);

#[derive(Deserialize)]
struct Vector {
    name: String,
    credential_id: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    challenge: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    challenge: String,
    authenticator_data: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    signature: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn text(hex: &str) -> String {
    base64url(&bytes(hex))
}

fn challenge(hex: &str) -> Challenge {
    Challenge::of_bytes(bytes(hex))
}

fn relying_party() -> RelyingParty {
    use Algorithm::{Ed25519, Es256, Es384, Es512, Rs256};
    RelyingParty::new("example.org", &["https://example.org"]).unwrap().offering(&[Es256, Es384, Es512, Ed25519, Rs256])
}

impl Vector {
    fn register(&self) -> Result<Credential, WebauthnRefusal> {
        let Registration { challenge: hex, client_data, attestation_object } = &self.registration;
        let response = json!({
            "rawId": text(&self.credential_id),
            "type": "public-key",
            "response": { "clientDataJSON": text(client_data), "attestationObject": text(attestation_object) },
        });
        let response = RegistrationResponse::parse(response.to_string().as_bytes())?;
        let user = UserHandle::new([0; 64]);
        let ceremony = relying_party().begin_registration(challenge(hex), user, UserVerification::Preferred, NOW);
        relying_party().register(&ceremony, &response, NOW)
    }

    fn authenticate(&self, credential: &Credential) -> Result<bool, WebauthnRefusal> {
        self.authenticate_with(&bytes(&self.authentication.signature), credential)
    }

    fn authenticate_with(&self, signature: &[u8], credential: &Credential) -> Result<bool, WebauthnRefusal> {
        let Authentication { challenge: hex, authenticator_data, client_data, .. } = &self.authentication;
        let response = json!({
            "rawId": text(&self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(client_data),
                "authenticatorData": text(authenticator_data),
                "signature": base64url(signature),
                "userHandle": credential.user.encoded(),
            },
        });
        let response = AuthenticationResponse::parse(response.to_string().as_bytes())?;
        let ceremony = relying_party().begin_authentication(challenge(hex), UserVerification::Preferred, NOW);
        relying_party().authenticate(&ceremony, &response, credential, NOW).map(|done| done.user_verified)
    }

    /// The credential of a registration whose attestation is not accepted.
    fn credential(&self) -> Result<Credential, WebauthnRefusal> {
        let object = bytes(&self.registration.attestation_object);
        let object = cbor::read_all(&object).unwrap();
        let data = AuthenticatorData::parse(object.member("authData").unwrap().bytes().unwrap()).unwrap();
        let attested = data.attested.unwrap();
        Ok(Credential {
            id: CredentialId::parse(&text(&self.credential_id)).unwrap(),
            user: UserHandle::new([0; 64]),
            public_key: PublicKey::parse(attested.public_key, relying_party().offered())?,
            sign_count: data.sign_count,
            user_verified: data.flags.user_verified(),
            backup_eligible: data.flags.backup_eligible(),
            backed_up: data.flags.backed_up(),
            aaguid: attested.aaguid,
            transports: Vec::new(),
        })
    }
}

#[test]
fn the_vectors_of_the_specification() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("test_vectors.json")).unwrap();
    let attested = Err(WebauthnRefusal::Attestation);
    let framed = Err(WebauthnRefusal::CrossOrigin);
    // The verdict on the registration, and on the authentication with the key that it has.
    let expected = [
        ("ES256 Credential with No Attestation", Ok(()), Ok(())),
        ("ES256 Credential with Self Attestation", Ok(()), Ok(())),
        ("ES256 Credential with \"crossOrigin\": true in clientDataJSON", framed, framed),
        ("ES256 Credential with \"topOrigin\" in clientDataJSON", framed, framed),
        ("ES256 Credential with very long credential ID", Ok(()), Ok(())),
        ("Packed Attestation with ES256 Credential", attested, Ok(())),
        ("Packed Attestation with ES384 Credential", attested, Ok(())),
        ("Packed Attestation with ES512 Credential", attested, Ok(())),
        ("Packed Attestation with RS256 Credential", attested, Ok(())),
        ("Packed Attestation with Ed25519 Credential", attested, Ok(())),
        ("Packed Attestation with Ed448 Credential", Err(WebauthnRefusal::Algorithm), Err(WebauthnRefusal::Algorithm)),
        ("TPM Attestation with ES256 Credential", attested, Ok(())),
        ("Android Key Attestation with ES256 Credential", attested, Ok(())),
        ("Apple Anonymous Attestation with ES256 Credential", attested, Ok(())),
        ("FIDO U2F Attestation with ES256 Credential", attested, Ok(())),
    ];
    assert_eq!(vectors.len(), expected.len());
    for (vector, (name, registration, authentication)) in vectors.iter().zip(expected) {
        assert_eq!(vector.name, name);
        assert_eq!(vector.register().map(drop), registration, "{name}");
        let authenticated = vector.credential().and_then(|credential| vector.authenticate(&credential));
        assert_eq!(authenticated.map(drop), authentication, "{name}");
    }
}

#[test]
fn sec_wa_12_a_signature_of_each_algorithm_is_over_exactly_what_was_sent() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("test_vectors.json")).unwrap();
    for name in ["No Attestation", "with ES384", "with ES512", "with RS256", "with Ed25519"] {
        let vector = vectors.iter().find(|vector| vector.name.contains(name)).unwrap();
        let credential = vector.credential().unwrap();
        assert_eq!(vector.authenticate(&credential).map(drop), Ok(()), "{name}");
        let signature = bytes(&vector.authentication.signature);
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut other = signature.clone();
            other[at] ^= 1;
            let refused = vector.authenticate_with(&other, &credential);
            assert_eq!(refused, Err(WebauthnRefusal::Signature), "{name}, byte {at}");
        }
    }
}
