//! Client authentication: exactly one credential, by the one registered method (OAuth 2.1 §2.4).

use std::sync::Arc;

use thiserror::Error;

use crate::client::{Authentication, Client};
use crate::encoding::{base64_decoded, form_decoded};
use crate::id::ClientId;
use crate::parameters::{ParameterError, Parameters};
use crate::secret::{Secret, SecretHash};

/// What a request presents to say which client it comes from.
pub struct Credentials {
    client_id: ClientId,
    proof: Proof,
}

enum Proof {
    None,
    Basic(Secret<String>),
    Post(Secret<String>),
}

/// A client that has proved who it is, or that is public and has nothing to prove. Only [`authenticate`] makes one.
#[derive(Clone)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }
}

/// Why a client is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// The parameters as such are broken or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// Neither `client_id` nor any credential.
    #[error("client_id is missing")]
    Missing,
    /// More than one credential, or two that name different clients.
    #[error("send exactly one credential, and the same client_id everywhere")]
    Several,
    /// An `Authorization` header that is not a well-formed Basic one.
    #[error("the Authorization header is not well-formed HTTP Basic")]
    Malformed,
    /// Unknown client, inactive client, wrong secret or another method than the registered one: indistinguishable.
    #[error("the client is unknown, or did not authenticate as it is registered to")]
    Refused,
}

impl ClientAuthenticationError {
    /// The status and `error` code (RFC 6749 §5.2).
    #[must_use]
    pub const fn response(self) -> (u16, &'static str) {
        match self {
            Self::Parameters(_) | Self::Missing | Self::Several => (400, "invalid_request"),
            Self::Malformed | Self::Refused => (401, "invalid_client"),
        }
    }
}

impl Credentials {
    /// Finds the one credential of a request in its `Authorization` headers and its body.
    ///
    /// # Errors
    ///
    /// [`ClientAuthenticationError`] if there is none, more than one, or one that is malformed.
    pub fn parse(authorization: &[&str], body: &Parameters) -> Result<Self, ClientAuthenticationError> {
        let client_id = body.one("client_id")?;
        let secret = body.one("client_secret")?;
        let assertion = body.has("client_assertion") || body.has("client_assertion_type");
        match (authorization, secret, assertion) {
            ([], None, false) => Self::new(client_id.ok_or(ClientAuthenticationError::Missing)?, Proof::None),
            ([], Some(secret), false) => {
                let client_id = client_id.ok_or(ClientAuthenticationError::Missing)?;
                Self::new(client_id, Proof::Post(Secret::new(secret.into())))
            }
            // Assertions are not offered yet, so whoever sends one is not authenticated by it.
            ([], None, true) => Err(ClientAuthenticationError::Refused),
            ([header], None, false) => Self::basic(header, client_id),
            ([_, _, ..], None, false) => Err(ClientAuthenticationError::Malformed),
            _ => Err(ClientAuthenticationError::Several),
        }
    }

    /// The client that the request claims to come from.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    fn new(client_id: &str, proof: Proof) -> Result<Self, ClientAuthenticationError> {
        let client_id = ClientId::parse(client_id).map_err(|_| ClientAuthenticationError::Refused)?;
        Ok(Self { client_id, proof })
    }

    /// HTTP Basic, whose two halves are form-encoded (RFC 6749 §2.3.1).
    fn basic(header: &str, body_id: Option<&str>) -> Result<Self, ClientAuthenticationError> {
        let (id, secret) = basic_pair(header).ok_or(ClientAuthenticationError::Malformed)?;
        if body_id.is_some_and(|body_id| body_id != id) {
            return Err(ClientAuthenticationError::Several);
        }
        Self::new(&id, Proof::Basic(Secret::new(secret)))
    }
}

fn basic_pair(header: &str) -> Option<(String, String)> {
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64_decoded(token)?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (id, secret) = decoded.split_at(colon);
    Some((form_decoded(id)?, form_decoded(secret.get(1..)?)?))
}

/// Decides whether `credentials` are those of `client`, which is what the store has under their `client_id`.
///
/// An unknown client costs the same comparison as a known one and gets the same answer.
///
/// # Errors
///
/// [`ClientAuthenticationError::Refused`], for whatever reason.
pub fn authenticate(
    credentials: &Credentials,
    client: Option<Arc<Client>>,
) -> Result<AuthenticatedClient, ClientAuthenticationError> {
    let registered = client.as_ref().map(|client| &client.authentication);
    let proved = match (&credentials.proof, registered) {
        (Proof::None, Some(Authentication::None)) => true,
        (Proof::Basic(secret), Some(Authentication::SecretBasic(hashes)))
        | (Proof::Post(secret), Some(Authentication::SecretPost(hashes))) => matches_any(secret, hashes),
        (Proof::Basic(secret) | Proof::Post(secret), _) => {
            let unlike = SecretHash::of(&Secret::new(String::new()));
            let _ = matches_any(secret, &[unlike]);
            false
        }
        (Proof::None, _) => false,
    };
    client
        .filter(|client| proved && client.is_usable() && client.id == credentials.client_id)
        .map(AuthenticatedClient)
        .ok_or(ClientAuthenticationError::Refused)
}

fn matches_any(secret: &Secret<String>, hashes: &[SecretHash]) -> bool {
    let presented = SecretHash::of(secret);
    hashes.iter().fold(false, |matched, hash| hash.matches(&presented) | matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(header: &str) -> Option<(String, String)> {
        basic_pair(header)
    }

    #[test]
    fn sec_param_10_and_11_basic_is_read_strictly() {
        assert_eq!(pair("Basic YTpi"), Some(("a".into(), "b".into())));
        assert_eq!(pair("bAsIc YTpi"), Some(("a".into(), "b".into())));
        for bad in ["Basic\tYTpi", "Basic  YTpi", "Basic YTpi ", "BasicYTpi", "Basic", "Bearer YTpi", "Basic YTpi\n"] {
            assert_eq!(pair(bad), None, "{bad:?}");
        }
        let encode = |text: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
        };
        assert_eq!(pair(&encode("%zz:b")), None);
        assert_eq!(pair(&encode("nocolon")), None);
        assert_eq!(pair(&encode("a:b%3Ac%2B%25%C3%A9:d")), Some(("a".into(), "b:c+%\u{e9}:d".into())));
    }

    #[test]
    fn sec_cli_02_more_than_one_credential_is_refused() {
        let basic = "Basic YTpi";
        let table = [
            (vec![basic], "client_secret=x", ClientAuthenticationError::Several),
            (vec![basic], "client_assertion=x", ClientAuthenticationError::Several),
            (vec![basic], "client_id=other", ClientAuthenticationError::Several),
            (vec![], "client_id=a&client_secret=x&client_assertion=y", ClientAuthenticationError::Several),
            (vec![basic, basic], "", ClientAuthenticationError::Malformed),
            (vec![], "client_id=a&client_assertion=y", ClientAuthenticationError::Refused),
            (vec![], "client_secret=x", ClientAuthenticationError::Missing),
            (vec![], "", ClientAuthenticationError::Missing),
        ];
        for (headers, body, expected) in table {
            let parameters = Parameters::parse(body.as_bytes()).unwrap();
            assert_eq!(Credentials::parse(&headers, &parameters).err(), Some(expected), "{headers:?} {body}");
        }
    }
}
