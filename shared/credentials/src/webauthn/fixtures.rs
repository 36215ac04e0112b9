//! An authenticator and a browser that do as a test tells them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use protocol::syntax::encoding::base64url;
use protocol::types::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Authenticated, AuthenticationCeremony, AuthenticationResponse, Challenge, Credential, RegistrationCeremony,
    RegistrationResponse, RelyingParty, UserHandle, UserVerification, WebauthnRefusal,
};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const ORIGIN: &str = "https://login.example.com";

/// User present, user verified, backup eligible, credential included.
pub(super) const REGISTERED: u8 = 0x01 | 0x04 | 0x08 | 0x40;
/// User present, user verified, backup eligible.
pub(super) const USED: u8 = 0x01 | 0x04 | 0x08;

pub(super) fn relying_party() -> RelyingParty {
    RelyingParty::new("login.example.com", &[ORIGIN]).unwrap()
}

pub(super) fn user() -> UserHandle {
    UserHandle::new([5; 64])
}

pub(super) fn registration() -> RegistrationCeremony {
    relying_party().begin_registration(Challenge::new([1; 32]), user(), UserVerification::Required, NOW)
}

pub(super) fn authentication() -> AuthenticationCeremony {
    relying_party().begin_authentication(Challenge::new([2; 32]), UserVerification::Required, NOW)
}

/// The client data of an honest browser.
pub(super) fn client_data(kind: &str, challenge: u8) -> Value {
    json!({ "type": kind, "challenge": base64url(&[challenge; 32]), "origin": ORIGIN, "crossOrigin": false })
}

/// What an authenticator makes of a registration or an authentication. Tests change parts of it.
pub(super) struct Authenticator {
    pub(super) key: EcdsaKeyPair,
    pub(super) rp_id: &'static str,
    pub(super) flags: u8,
    pub(super) sign_count: u32,
    pub(super) id: Vec<u8>,
    /// The COSE key.
    pub(super) public_key: Vec<u8>,
    /// What follows in the authenticator data.
    pub(super) extensions: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) user_handle: Option<UserHandle>,
}

impl Authenticator {
    pub(super) fn registering() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let public_key = es256(&key.public_key().as_ref()[1..33], &key.public_key().as_ref()[33..]);
        Self {
            key,
            rp_id: "login.example.com",
            flags: REGISTERED,
            sign_count: 7,
            id: vec![9; 32],
            public_key,
            extensions: Vec::new(),
            client_data: client_data("webauthn.create", 1).to_string().into(),
            user_handle: Some(user()),
        }
    }

    /// The same in use.
    pub(super) fn used(self) -> Self {
        let client_data = client_data("webauthn.get", 2).to_string().into();
        Self { flags: USED, sign_count: 8, client_data, ..self }
    }

    pub(super) fn data(&self) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id).to_vec();
        data.push(self.flags);
        data.extend(self.sign_count.to_be_bytes());
        if self.flags & 0x40 != 0 {
            data.extend([3; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend([self.id.as_slice(), &self.public_key].concat());
        }
        data.extend(&self.extensions);
        data
    }

    pub(super) fn signature(&self, data: &[u8]) -> Vec<u8> {
        let message = [data, &Sha256::digest(&self.client_data)].concat();
        self.key.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec()
    }

    /// What the browser sends after a registration, with this attestation.
    pub(super) fn attested(&self, format: &str, statement: &[u8]) -> Value {
        let data = self.data();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [
            &[0xa3, 0x63, b'f', b'm', b't', 0x60 + u8::try_from(format.len()).unwrap()],
            format.as_bytes(),
            &[0x67],
            b"attStmt",
            statement,
            &[0x68],
            b"authData",
            &[0x59],
            &length,
            &data,
        ]
        .concat();
        self.registered(&object)
    }

    pub(super) fn registered(&self, attestation_object: &[u8]) -> Value {
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": base64url(&self.client_data),
                "attestationObject": base64url(attestation_object),
                "transports": ["internal", "hybrid", "carrier-pigeon"],
                "publicKeyAlgorithm": -7,
            },
        })
    }

    /// What the browser sends after an authentication.
    pub(super) fn asserted(&self) -> Value {
        let data = self.data();
        self.asserted_with(&data, &self.signature(&data))
    }

    pub(super) fn asserted_with(&self, data: &[u8], signature: &[u8]) -> Value {
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&self.client_data),
                "authenticatorData": base64url(data),
                "signature": base64url(signature),
                "userHandle": self.user_handle.as_ref().map(UserHandle::encoded),
            },
        })
    }

    /// Registers without attestation.
    pub(super) fn register(&self) -> Result<Credential, WebauthnRefusal> {
        register(&self.attested("none", &[0xa0]))
    }

    /// Authenticates as a user who is not known before.
    pub(super) fn authenticate(&self, credential: &Credential) -> Result<Authenticated, WebauthnRefusal> {
        authenticate(&self.asserted(), credential)
    }
}

/// A COSE key for ES256.
pub(super) fn es256(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat()
}

pub(super) fn register(response: &Value) -> Result<Credential, WebauthnRefusal> {
    let response = RegistrationResponse::parse(response.to_string().as_bytes())?;
    relying_party().register(&registration(), &response, NOW)
}

pub(super) fn authenticate(response: &Value, credential: &Credential) -> Result<Authenticated, WebauthnRefusal> {
    let response = AuthenticationResponse::parse(response.to_string().as_bytes())?;
    relying_party().authenticate(&authentication(), &response, credential, NOW)
}
