//! Pushed authorization requests (RFC 9126): the client sends its request directly to this server, and the browser carries
//! only a reference to it.
//!
//! The reference is 256 random bits. The request is stored under their hash and sealed with a key derived from them, so the
//! store reveals nothing about it, and writing it needs no data key.

use crate::authorization::error::PageError;
use crate::syntax::encoding::{base64url, base64url_array, encode_uri_component};
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::types::id::{ClientId, GrantId};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;

/// The prefix of every `request_uri` issued here (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Parameters of a pushed request that identify or authenticate the client, and are not part of the authorization request.
const OF_CLIENT: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The reference to a pushed request.
pub struct RequestUri(Secret<[u8; 32]>);

impl RequestUri {
    /// The reference consisting of `random`.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(random))
    }

    /// Whether a `request_uri` is a reference rather than the URL of a request object, which is not supported.
    #[must_use]
    pub fn is_ours(uri: &str) -> bool {
        uri.starts_with(PREFIX)
    }

    /// Parses the `request_uri` of an authorization request; `None` if it cannot have been issued here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        base64url_array(text.strip_prefix(PREFIX)?).map(Self::new)
    }

    /// The URI, for the client.
    #[must_use]
    pub fn uri(&self) -> Secret<String> {
        Secret::new(format!("{PREFIX}{}", base64url(self.0.expose())))
    }

    /// Its digest, under which the request is stored.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.uri())
    }

    /// The secret from which the sealing key of the request is derived.
    #[must_use]
    pub const fn root(&self) -> &Secret<[u8; 32]> {
        &self.0
    }
}

/// The `request_uri` of an authorization request.
///
/// # Errors
///
/// [`PageError`] if it is repeated.
pub fn request_uri(parameters: &Parameters) -> Result<Option<&str>, ParameterError> {
    parameters.one("request_uri")
}

/// The stored content of a request that `client` pushed: its parameters without the client's credentials.
#[must_use]
pub fn content(client: &ClientId, body: &Parameters) -> String {
    format!("client_id={}&{}", encode_uri_component(client.as_str()), body.encoded_without(&OF_CLIENT))
}

/// The parameters of a pushed request with this content, if `client` pushed it. Only the `client_id` is compared with the
/// browser's request; every other parameter there is ignored (RFC 9126 §4).
///
/// # Errors
///
/// [`PageError::UnknownRequestUri`] if another client pushed it.
pub fn parameters_for(client: &ClientId, content: &[u8]) -> Result<Parameters, PageError> {
    let parameters = Parameters::parse(content)?;
    if parameters.one("client_id")? == Some(client.as_str()) {
        Ok(parameters)
    } else {
        Err(PageError::UnknownRequestUri)
    }
}

/// A pushed request, as stored.
pub struct PushedRequest {
    /// The id of the resulting interaction and grant: a request leads to at most one grant.
    pub id: GrantId,
    /// Its content, sealed.
    pub sealed: String,
    /// When it was pushed.
    pub pushed: Timestamp,
    /// When its reference expires.
    pub expires: Timestamp,
    /// The hash of the cookie of the browser that presented the reference first.
    pub browser: Option<String>,
}

impl PushedRequest {
    /// The request, if its reference has not expired at `now`.
    ///
    /// # Errors
    ///
    /// [`PageError::UnknownRequestUri`].
    pub fn unexpired(self, now: Timestamp) -> Result<Self, PageError> {
        if now.reached(self.expires) { Err(PageError::UnknownRequestUri) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, ago, client_id, grant_id, later, parameters};

    #[test]
    fn sec_par_04_a_request_uri_carries_256_bits_and_has_one_spelling() {
        let reference = RequestUri::new([7; 32]);
        let uri = reference.uri();
        assert_eq!(uri.expose().len(), PREFIX.len() + 43);
        assert!(RequestUri::parse(uri.expose()).is_some_and(|parsed| parsed.hash().matches(&reference.hash())));
        let other = RequestUri::new([8; 32]);
        assert!(!other.hash().matches(&reference.hash()));
        for bad in [
            String::new(),
            "https://client.example/request.jwt".into(),
            PREFIX.into(),
            format!("{}A", uri.expose()),
            uri.expose().to_uppercase(),
            uri.expose().replace("urn:", ""),
        ] {
            assert!(RequestUri::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_not_stored_and_the_client_always_is() {
        let body = "client_id=app&client_secret=s&scope=openid%20read&client_assertion=a.b.c&client_assertion_type=t\
                    &state=a%26b&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example";
        let expected = "client_id=app&scope=openid%20read&state=a%26b&resource=https%3A%2F%2Fa.example\
                        &resource=https%3A%2F%2Fb.example";
        assert_eq!(content(&client_id("app"), &parameters(body)), expected);
        let unnamed = body.replace("client_id=app&", "");
        assert_eq!(content(&client_id("app"), &parameters(&unnamed)), expected);
    }

    #[test]
    fn sec_par_04_a_pushed_request_is_for_its_client_until_it_expires() {
        let content = content(&client_id("app"), &parameters("state=x"));
        let state = |client: &str| {
            let parameters = parameters_for(&client_id(client), content.as_bytes())?;
            Ok(parameters.one("state")?.map(str::to_owned))
        };
        assert_eq!(state("app"), Ok(Some("x".into())));
        assert_eq!(state("other"), Err(PageError::UnknownRequestUri));
        let request =
            |expires| PushedRequest { id: grant_id(), sealed: String::new(), pushed: ago(10), expires, browser: None };
        assert!(request(later(1)).unexpired(NOW).is_ok());
        assert_eq!(request(NOW).unexpired(NOW).err(), Some(PageError::UnknownRequestUri));
    }
}
