//! Registration: a new credential (WebAuthn Level 3 §7.1).

use protocol::syntax::encoding::base64url_decoded;
use protocol::syntax::json;
use protocol::types::time::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::authenticator_data::AuthenticatorData;
use super::cbor::{self, Value};
use super::ceremony::RegistrationCeremony;
use super::client_data::{self, Kind};
use super::credential::{Credential, CredentialId};
use super::public_key::PublicKey;
use super::refusal::WebauthnRefusal;
use super::relying_party::RelyingParty;

/// The longest answer that is read.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// How an authenticator is reached, as far as it is remembered (WebAuthn Level 3 §5.8.4).
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// The answer of a browser to a registration: what `PublicKeyCredential.toJSON` makes.
pub struct RegistrationResponse {
    id: CredentialId,
    client_data: Vec<u8>,
    attestation: Vec<u8>,
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    raw_id: String,
    r#type: String,
    response: AttestationResponse,
}

#[derive(Deserialize)]
struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    attestation: String,
    #[serde(default)]
    transports: Vec<String>,
}

impl RegistrationResponse {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// [`WebauthnRefusal::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WebauthnRefusal> {
        Self::read(bytes).ok_or(WebauthnRefusal::Malformed("response"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let json: Json = json::strict(bytes.get(..bytes.len().min(MAX_RESPONSE_BYTES + 1))?)
            .filter(|_| bytes.len() <= MAX_RESPONSE_BYTES)?;
        let AttestationResponse { client_data, attestation, transports } = json.response;
        let known = TRANSPORTS.iter().filter(|known| transports.iter().any(|transport| transport == *known));
        (json.r#type == "public-key").then_some(())?;
        Some(Self {
            id: CredentialId::parse(&json.raw_id)?,
            client_data: base64url_decoded(&client_data)?,
            attestation: base64url_decoded(&attestation)?,
            transports: known.map(|transport| (*transport).to_owned()).collect(),
        })
    }
}

impl RelyingParty {
    /// Checks the `response` to a registration, and returns the credential that it makes.
    ///
    /// The write that stores the credential has to fail if anybody has one with this id (§7.1 step 26), and has to end the ceremony.
    ///
    /// # Errors
    ///
    /// [`WebauthnRefusal`].
    pub fn register(
        &self,
        ceremony: &RegistrationCeremony,
        response: &RegistrationResponse,
        now: Timestamp,
    ) -> Result<Credential, WebauthnRefusal> {
        self.resume(&ceremony.rp_id, ceremony.expires, now)?;
        client_data::check(&response.client_data, Kind::Registration, &ceremony.challenge, self)?;
        let object = Attestation::parse(&response.attestation)?;
        let data = AuthenticatorData::parse(object.authenticator_data)?;
        self.check(&data, ceremony.verification)?;
        let attested = data.attested.ok_or(WebauthnRefusal::Malformed("authenticator data"))?;
        if attested.id != response.id {
            return Err(WebauthnRefusal::Credential);
        }
        let public_key = PublicKey::parse(attested.public_key, self.offered())?;
        object.accept(&public_key, &response.client_data)?;
        Ok(Credential {
            id: attested.id,
            user: ceremony.user.clone(),
            public_key,
            sign_count: data.sign_count,
            user_verified: data.flags.user_verified(),
            backup_eligible: data.flags.backup_eligible(),
            backed_up: data.flags.backed_up(),
            aaguid: attested.aaguid,
            transports: response.transports.clone(),
        })
    }
}

/// An attestation object (WebAuthn Level 3 §6.5).
struct Attestation<'a> {
    format: &'a str,
    statement: Value<'a>,
    authenticator_data: &'a [u8],
}

impl<'a> Attestation<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, WebauthnRefusal> {
        Self::read(bytes).ok_or(WebauthnRefusal::Malformed("attestation object"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let object = cbor::read_all(bytes)?;
        Some(Self {
            format: object.member("fmt")?.text()?,
            statement: object.member("attStmt")?.clone(),
            authenticator_data: object.member("authData")?.bytes()?,
        })
    }

    /// Accepts no attestation (§8.7), and one that a credential makes of itself (§8.2).
    fn accept(&self, key: &PublicKey, client_data: &[u8]) -> Result<(), WebauthnRefusal> {
        let statement = &self.statement;
        match (self.format, statement.members()) {
            ("none", Some(0)) => Ok(()),
            ("packed", Some(2)) => {
                let algorithm = statement.member("alg").and_then(Value::integer);
                let signature = statement.member("sig").and_then(Value::bytes);
                let signature = signature.filter(|_| algorithm == Some(key.algorithm().number()));
                let signature = signature.ok_or(WebauthnRefusal::Attestation)?;
                let message = signed(self.authenticator_data, client_data);
                key.verify(&message, signature).map_err(|_| WebauthnRefusal::Attestation)
            }
            _ => Err(WebauthnRefusal::Attestation),
        }
    }
}

/// What an authenticator signs: its data and the digest of the client data, each as it was received.
pub(super) fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, &Sha256::digest(client_data)].concat()
}
