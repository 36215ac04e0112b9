//! Password credentials as Keycloak exports them: two JSON texts, `credentialData` and `secretData`.

use serde::Deserialize;

use super::argon2id::Argon2Hash;
use super::fault::HashFault;
use super::pbkdf2::{Digest, Pbkdf2Hash};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    hash_iterations: u32,
    algorithm: String,
    #[serde(default)]
    additional_parameters: Argon2Parameters,
}

/// Lists of one text each.
#[derive(Default, Deserialize)]
struct Argon2Parameters {
    #[serde(default)]
    r#type: [String; 1],
    #[serde(default)]
    version: [String; 1],
    #[serde(default)]
    memory: [String; 1],
    #[serde(default)]
    parallelism: [String; 1],
}

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

/// A hash of Keycloak.
pub(super) enum KeycloakHash {
    Argon2(Argon2Hash),
    Pbkdf2(Pbkdf2Hash),
}

/// Reads what Keycloak keeps with a credential of type `password`.
pub(super) fn read(credential_data: &str, secret_data: &str) -> Result<KeycloakHash, HashFault> {
    let data: CredentialData =
        serde_json::from_str(credential_data).map_err(|_| HashFault::Malformed("credentialData"))?;
    let secret: SecretData = serde_json::from_str(secret_data).map_err(|_| HashFault::Malformed("secretData"))?;
    if data.algorithm == "argon2" {
        return Argon2Hash::parse(&data.phc(&secret)?).map(KeycloakHash::Argon2);
    }
    let digest = Digest::named(&data.algorithm).ok_or(HashFault::UnknownAlgorithm)?;
    Pbkdf2Hash::new(digest, data.hash_iterations, &secret.salt, &secret.value).map(KeycloakHash::Pbkdf2)
}

impl CredentialData {
    /// The PHC string of an Argon2 hash.
    fn phc(&self, secret: &SecretData) -> Result<String, HashFault> {
        let Argon2Parameters { r#type: [kind], version: [version], memory: [memory], parallelism: [lanes] } =
            &self.additional_parameters;
        let version = match version.as_str() {
            "1.3" => 19,
            "1.0" => 16,
            _ => return Err(HashFault::Malformed("version")),
        };
        let (passes, SecretData { salt, value }) = (self.hash_iterations, secret);
        Ok(format!("$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}${salt}${value}"))
    }
}
