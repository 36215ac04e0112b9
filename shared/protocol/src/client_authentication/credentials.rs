//! Client authentication: exactly one credential, by the one registered method (OAuth 2.1 §2.4).

use std::borrow::Cow;
use std::sync::Arc;

use thiserror::Error;

use crate::client_authentication::assertion::{ASSERTION_TYPE, AssertedClient, AssertionFault, ClientAssertion};
use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::client_authentication::basic::{BasicPair, basic_pair};
use crate::clients::client::{Authentication, Client, ClientSecret, SecretMethod};
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::types::id::ClientId;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;

/// The credentials of a request.
pub struct Credentials {
    client_id: ClientId,
    proof: Proof,
}

enum Proof {
    None,
    Secret(SentSecret),
    Assertion(ClientAssertion),
}

/// A secret as it was sent.
struct SentSecret {
    method: SecretMethod,
    secret: Secret<String>,
    /// The same text without form decoding, if that makes a difference.
    raw: Option<Secret<String>>,
}

/// The progress of client authentication.
pub enum ClientProof {
    /// The client has authenticated.
    Proved(AuthenticatedClient),
    /// The client sent an assertion, whose signature and claims have yet to be verified.
    Asserted(Box<AssertedClient>),
}

/// Why a client is not authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthenticationError {
    /// The parameters are malformed or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// Neither `client_id` nor any credential.
    #[error("client_id is missing")]
    Missing,
    /// More than one credential, or different client ids.
    #[error("send exactly one credential, and the same client_id everywhere")]
    Several,
    /// An incomplete assertion, or one of an unsupported type (RFC 7521 §4.2).
    #[error("send client_assertion together with client_assertion_type={ASSERTION_TYPE}")]
    AssertionType,
    /// An `Authorization` header that is not a well-formed Basic one.
    #[error("the Authorization header is not well-formed HTTP Basic")]
    Malformed,
    /// The client is refused. [`RefusalCause::told`] is the cause as stated in the response.
    #[error("{}", .0.told())]
    Refused(#[source] RefusalCause),
    /// The store, a key or the keys of the client are unavailable.
    #[error("the client could not be authenticated at the moment: try again")]
    Unavailable,
}

/// Why a client is refused. For the log; the response says less (catalogue row SEC-CLI-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefusalCause {
    /// A `client_id` that no client can have.
    #[error("the client_id is malformed")]
    MalformedId,
    /// Nothing is registered under the `client_id`.
    #[error("no client is registered under this client_id")]
    Unknown,
    /// The client is registered as inactive.
    #[error("the client is inactive")]
    Inactive,
    /// Another method than the registered one.
    #[error("the client presented {presented} and is registered for {registered}")]
    Method {
        /// The presented method.
        presented: &'static str,
        /// The registered method.
        registered: &'static str,
    },
    /// A secret that is not one of the registered ones, or has expired.
    #[error("the secret is not a registered one, or has expired")]
    Secret,
    /// An assertion that is malformed.
    #[error("the assertion is malformed")]
    MalformedAssertion,
    /// An assertion that is not accepted.
    #[error("the assertion is not accepted: {0}")]
    Assertion(AssertionFault),
}

impl RefusalCause {
    /// What the response says. An unknown client, an inactive one and wrong credentials look the same.
    ///
    /// A registered method is not secret: the authorization endpoint reveals which clients exist, and without the
    /// credentials the method is useless. Details of an assertion's claims are disclosed only if its signature is
    /// valid.
    #[must_use]
    pub fn told(&self) -> Cow<'static, str> {
        match self {
            Self::Method { presented, registered } => Cow::Owned(format!(
                "the client sent {presented} and is registered for {registered}: change its settings, or \
                 token_endpoint_auth_method here"
            )),
            Self::Assertion(
                fault @ (AssertionFault::Claim(_) | AssertionFault::Audience(_) | AssertionFault::Lifetime),
            ) => Cow::Owned(format!("the assertion is not accepted: {fault}")),
            Self::MalformedId
            | Self::Unknown
            | Self::Inactive
            | Self::Secret
            | Self::MalformedAssertion
            | Self::Assertion(AssertionFault::Jwt(_) | AssertionFault::Inactive | AssertionFault::Replayed) => {
                Cow::Borrowed("the client is unknown, or did not authenticate as it is registered to")
            }
        }
    }
}

impl ClientAuthenticationError {
    /// The status and `error` code (RFC 6749 §5.2).
    #[must_use]
    pub const fn response(self) -> (u16, &'static str) {
        match self {
            Self::Parameters(_) | Self::Missing | Self::Several | Self::AssertionType => (400, "invalid_request"),
            Self::Malformed | Self::Refused(_) => (401, "invalid_client"),
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

impl Credentials {
    /// Parses the one credential of a request, in its `Authorization` headers or its body.
    ///
    /// # Errors
    ///
    /// [`ClientAuthenticationError`] if there is none, more than one, or one that is malformed.
    pub fn parse(authorization: &[&str], body: &Parameters) -> Result<Self, ClientAuthenticationError> {
        let client_id = body.one("client_id")?;
        let secret = body.one("client_secret")?;
        let assertion = body.one("client_assertion")?.or(body.one("client_assertion_type")?).is_some();
        match (authorization, secret, assertion) {
            ([], None, false) => Self::new(client_id.ok_or(ClientAuthenticationError::Missing)?, Proof::None),
            ([], Some(secret), false) => {
                let client_id = client_id.ok_or(ClientAuthenticationError::Missing)?;
                let (method, secret) = (SecretMethod::Post, Secret::new(secret.into()));
                Self::new(client_id, Proof::Secret(SentSecret { method, secret, raw: None }))
            }
            ([], None, true) => Self::asserted(body, client_id),
            ([header], None, false) => Self::basic(header, client_id),
            ([_, _, ..], None, false) => Err(ClientAuthenticationError::Malformed),
            _ => Err(ClientAuthenticationError::Several),
        }
    }

    /// The claimed client, not authenticated yet.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Whether there are no credentials beyond the `client_id`.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        matches!(self.proof, Proof::None)
    }

    fn new(client_id: &str, proof: Proof) -> Result<Self, ClientAuthenticationError> {
        let client_id = ClientId::parse(client_id).map_err(|_| refused(RefusalCause::MalformedId))?;
        Ok(Self { client_id, proof })
    }

    /// An assertion, which names its client; an accompanying `client_id` must be the same (RFC 7521 §4.2).
    fn asserted(body: &Parameters, body_id: Option<&str>) -> Result<Self, ClientAuthenticationError> {
        let (assertion, kind) = (body.one("client_assertion")?, body.one("client_assertion_type")?);
        let assertion = assertion.ok_or(ClientAuthenticationError::AssertionType)?;
        if kind != Some(ASSERTION_TYPE) {
            return Err(ClientAuthenticationError::AssertionType);
        }
        let assertion = ClientAssertion::parse(assertion).ok_or(refused(RefusalCause::MalformedAssertion))?;
        if body_id.is_some_and(|body_id| body_id != assertion.client_id().as_str()) {
            return Err(ClientAuthenticationError::Several);
        }
        Ok(Self { client_id: assertion.client_id().clone(), proof: Proof::Assertion(assertion) })
    }

    /// HTTP Basic, whose two halves are form-encoded (RFC 6749 §2.3.1).
    fn basic(header: &str, body_id: Option<&str>) -> Result<Self, ClientAuthenticationError> {
        let (id, secret) = basic_pair(header).ok_or(ClientAuthenticationError::Malformed)?;
        let BasicPair { id, secret, raw } = BasicPair::read(&id, &secret).ok_or(refused(RefusalCause::MalformedId))?;
        if body_id.is_some_and(|body_id| body_id != id.as_str()) {
            return Err(ClientAuthenticationError::Several);
        }
        let sent = SentSecret { method: SecretMethod::Basic, secret: Secret::new(secret), raw: raw.map(Secret::new) };
        Ok(Self { client_id: id, proof: Proof::Secret(sent) })
    }
}

/// Checks `credentials` against `client`, the registration found under their `client_id`.
///
/// An unknown client with a secret costs the same comparison as a known one, and gets the same response.
///
/// # Errors
///
/// [`ClientAuthenticationError::Refused`], whatever the reason.
pub fn authenticate(
    credentials: Credentials,
    client: Option<Arc<Client>>,
    now: Timestamp,
) -> Result<ClientProof, ClientAuthenticationError> {
    let Credentials { client_id, proof } = credentials;
    let presented = proof.method();
    let registered = client.as_ref().map(|client| &client.authentication);
    let proved = match (&proof, registered) {
        (Proof::None, Some(Authentication::None)) => true,
        (Proof::Secret(sent), Some(Authentication::Secret(secrets))) => {
            sent.matches_any(&secrets.known, now) & secrets.take(sent.method)
        }
        (Proof::Secret(sent), _) => {
            let unlike = ClientSecret { hash: SecretHash::of(&Secret::new(String::new())), expires: None };
            let _ = sent.matches_any(&[unlike], now);
            false
        }
        (Proof::None | Proof::Assertion(_), _) => false,
    };
    let client = client.filter(|client| client.id == client_id).ok_or(refused(RefusalCause::Unknown))?;
    let registered = client.authentication.method();
    // The registered method of an inactive client is not disclosed.
    let method = RefusalCause::Method { presented, registered };
    let other_method = refused(if client.is_usable() { method } else { RefusalCause::Inactive });
    match proof {
        // Whether the client is active is decided once the assertion has been verified.
        Proof::Assertion(assertion) => {
            assertion.of(client).map(Box::new).map(ClientProof::Asserted).ok_or(other_method)
        }
        Proof::None if client.authentication.is_confidential() => Err(other_method),
        Proof::Secret(SentSecret { method, .. }) if !takes_secret(&client.authentication, method) => Err(other_method),
        _ if !proved => Err(refused(RefusalCause::Secret)),
        _ if !client.is_usable() => Err(refused(RefusalCause::Inactive)),
        Proof::None | Proof::Secret(_) => Ok(ClientProof::Proved(AuthenticatedClient::proved(client))),
    }
}

pub(super) const fn refused(cause: RefusalCause) -> ClientAuthenticationError {
    ClientAuthenticationError::Refused(cause)
}

impl Proof {
    /// The name of the method (RFC 7591 §2). Which kind of assertion it is becomes known only by its verification.
    const fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret(sent) => sent.method.name(),
            Self::Assertion(_) => "a client assertion",
        }
    }
}

fn takes_secret(authentication: &Authentication, method: SecretMethod) -> bool {
    matches!(authentication, Authentication::Secret(secrets) if secrets.take(method))
}

impl SentSecret {
    /// Whether the secret, in either form, is one of those that are valid at `now`. All are compared, so that the time
    /// does not depend on the match.
    fn matches_any(&self, secrets: &[ClientSecret], now: Timestamp) -> bool {
        let forms = std::iter::once(&self.secret).chain(&self.raw);
        forms.fold(false, |matched, form| is_any(form, secrets, now) | matched)
    }
}

fn is_any(secret: &Secret<String>, secrets: &[ClientSecret], now: Timestamp) -> bool {
    let presented = SecretHash::of(secret);
    let valid =
        |known: &ClientSecret| known.hash.matches(&presented) & !known.expires.is_some_and(|end| now.reached(end));
    secrets.iter().fold(false, |matched, known| valid(known) | matched)
}
