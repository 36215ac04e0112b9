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

/// A secret, as it was sent.
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
        /// What came.
        presented: &'static str,
        /// What it is registered for.
        registered: &'static str,
    },
    /// A secret that is not one of the registered ones, or has expired.
    #[error("the secret is not a registered one, or has expired")]
    Secret,
    /// An assertion that cannot be read.
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

const fn refused(cause: RefusalCause) -> ClientAuthenticationError {
    ClientAuthenticationError::Refused(cause)
}

impl Proof {
    /// The name of the method (RFC 7591 §2); which of the two kinds of assertion it is, only its verification can tell.
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
    /// does not depend on which.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::client::{ClientSecrets, SecretMethods};
    use crate::fixtures::NOW;
    use crate::jose::jwt_fault::JwtFault;

    fn encoded(text: &str) -> String {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    }

    #[test]
    fn sec_cli_04_a_secret_in_basic_is_accepted_encoded_or_not_and_nothing_else_is() {
        let secret = "p@ss+w%2Brd:1";
        let table = [
            ("a:p%40ss%2Bw%252Brd%3A1", true),
            ("a:p@ss+w%2Brd:1", true),
            ("a:p@ss%2Bw%252Brd:1", true),
            ("a:p%2540ss%252Bw%25252Brd%253A1", false),
            ("a:p@ss w+rd:1", false),
            ("a:p@ss+w+rd:1", false),
            ("%61:p@ss+w%2Brd:1", false),
        ];
        for (sent, expected) in table {
            let credentials = Credentials::parse(&[&encoded(sent)], &Parameters::parse(b"").unwrap()).unwrap();
            let decided = authenticate(credentials, Some(client(of_secret(secret, SecretMethod::Basic))), NOW);
            assert_eq!(decided.is_ok(), expected, "{sent}");
        }
        let posted = Parameters::parse(b"client_id=a&client_secret=p%2540ss").unwrap();
        let decided = authenticate(
            Credentials::parse(&[], &posted).unwrap(),
            Some(client(of_secret("p@ss", SecretMethod::Post))),
            NOW,
        );
        assert!(decided.is_err(), "a form has one encoding");
    }

    /// The authentication of a client with this secret.
    fn of_secret(secret: &str, registered: SecretMethod) -> Authentication {
        let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new(secret.into())), expires: None }];
        Authentication::Secret(ClientSecrets { known, registered, accepted: SecretMethods::Either })
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
            (vec![], "client_id=a&client_secret=x&client_assertion_type=y", ClientAuthenticationError::Several),
            (vec![], "client_id=a&client_assertion=y", ClientAuthenticationError::AssertionType),
            (vec![], "client_secret=x", ClientAuthenticationError::Missing),
            (vec![], "", ClientAuthenticationError::Missing),
        ];
        for (headers, body, expected) in table {
            let parameters = Parameters::parse(body.as_bytes()).unwrap();
            assert_eq!(Credentials::parse(&headers, &parameters).err(), Some(expected), "{headers:?} {body}");
        }
    }

    #[test]
    fn sec_cli_11_an_assertion_comes_with_its_exact_type_and_alone() {
        let jwt = format!("e30.{}.AA", crate::syntax::encoding::base64url(br#"{"sub":"a"}"#));
        let exact = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let found = |body: &str| {
            let parameters = Parameters::parse(body.as_bytes()).unwrap();
            Credentials::parse(&[], &parameters).map(|credentials| credentials.client_id().as_str().to_owned())
        };
        let good = format!("client_assertion={jwt}&client_assertion_type={exact}");
        assert_eq!(found(&good), Ok("a".into()), "the assertion names its client");
        assert_eq!(found(&format!("{good}&client_id=a")), Ok("a".into()));
        let repeated = |name| ClientAuthenticationError::Parameters(ParameterError::Repeated(name));
        let table = [
            (format!("{good}&client_id=b"), ClientAuthenticationError::Several),
            (format!("{good}&client_secret=x"), ClientAuthenticationError::Several),
            (format!("{good}&client_assertion={jwt}"), repeated("client_assertion")),
            (format!("{good}&client_assertion_type={exact}"), repeated("client_assertion_type")),
            (format!("client_assertion={jwt}"), ClientAuthenticationError::AssertionType),
            (format!("client_assertion_type={exact}"), ClientAuthenticationError::AssertionType),
            (format!("client_assertion=&client_assertion_type={exact}"), ClientAuthenticationError::AssertionType),
            (format!("{good}%20"), ClientAuthenticationError::AssertionType),
            (good.replace("jwt-bearer", "saml2-bearer"), ClientAuthenticationError::AssertionType),
            (good.replace(&jwt, &format!("{jwt}+{jwt}")), refused(RefusalCause::MalformedAssertion)),
            (good.replace(&jwt, "x"), refused(RefusalCause::MalformedAssertion)),
        ];
        for (body, expected) in table {
            assert_eq!(found(&body), Err(expected), "{body}");
        }
    }

    /// A client with this authentication.
    fn client(authentication: Authentication) -> Arc<Client> {
        let metadata = serde_json::json!({
            "client_id": "a", "client_name": "A", "redirect_uris": ["https://a.example/cb"],
            "token_endpoint_auth_method": "none",
        });
        let metadata: crate::registration::client_metadata::ClientMetadata = serde_json::from_value(metadata).unwrap();
        let settings = serde_json::json!({"name": "Demo", "default_audience": "https://api.example"});
        let workspace = crate::types::id::WorkspaceId::parse("default", "demo").unwrap();
        let issuer = crate::types::id::Issuer::new("https://auth.example", &workspace);
        let client = metadata.register(&serde_json::from_value(settings).unwrap(), &issuer).unwrap();
        Arc::new(Client { authentication, ..client })
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let table = [
            (ClientAuthenticationError::Parameters(ParameterError::Encoding), (400, "invalid_request")),
            (ClientAuthenticationError::Missing, (400, "invalid_request")),
            (ClientAuthenticationError::Several, (400, "invalid_request")),
            (ClientAuthenticationError::AssertionType, (400, "invalid_request")),
            (ClientAuthenticationError::Malformed, (401, "invalid_client")),
            (refused(RefusalCause::Unknown), (401, "invalid_client")),
            (ClientAuthenticationError::Unavailable, (503, "temporarily_unavailable")),
        ];
        for (error, expected) in table {
            assert_eq!(error.response(), expected, "{error:?}");
        }
    }

    #[test]
    fn a_malformed_client_id_is_an_unknown_client() {
        let found = |headers: &[&str], body: &str| {
            let credentials = Credentials::parse(headers, &Parameters::parse(body.as_bytes()).unwrap());
            credentials.map(|credentials| credentials.client_id().as_str().to_owned())
        };
        assert_eq!(found(&[], "client_id=a"), Ok("a".into()));
        assert_eq!(found(&["Basic YTpi"], "client_id=a"), Ok("a".into()));
        assert_eq!(found(&[], "client_id=a%20b"), Err(refused(RefusalCause::MalformedId)));
        assert_eq!(found(&["Basic Og=="], ""), Err(refused(RefusalCause::MalformedId)));
        assert_eq!(found(&["Basic x"], ""), Err(ClientAuthenticationError::Malformed));
        assert_eq!(found(&["Bearer x"], ""), Err(ClientAuthenticationError::Malformed));
    }

    #[test]
    fn an_authenticated_client_is_active_and_the_one_that_was_named() {
        let authenticated = |change: serde_json::Value, named: &str| {
            let client = crate::fixtures::client(&change);
            let body = Parameters::parse(format!("client_id={named}").as_bytes()).unwrap();
            let proof = authenticate(Credentials::parse(&[], &body).unwrap(), Some(Arc::new(client)), NOW);
            match proof {
                Ok(ClientProof::Proved(client)) => Some(client.client().id.as_str().to_owned()),
                Ok(ClientProof::Asserted(_)) => panic!("no assertion was sent"),
                Err(_) => None,
            }
        };
        assert_eq!(authenticated(serde_json::json!({}), "app").as_deref(), Some("app"));
        assert_eq!(authenticated(serde_json::json!({"client_status": "inactive"}), "app"), None);
        assert_eq!(authenticated(serde_json::json!({}), "other"), None);
    }

    #[test]
    fn sec_cli_06_each_secret_is_refused_from_its_expiry_on() {
        let secret = |text: &str, expires: Option<u64>| ClientSecret {
            hash: SecretHash::of(&Secret::new(text.into())),
            expires: expires.map(Timestamp::from_seconds),
        };
        let secrets = vec![
            secret("new", None),
            secret("old", Some(100)),
            secret("oldest", Some(50)),
            secret("twice", None),
            secret("twice", None),
        ];
        let table = [
            ("new", 1_000_000, true),
            ("old", 99_999, true),
            ("old", 100_000, false),
            ("oldest", 49_999, true),
            ("oldest", 50_000, false),
            ("other", 0, false),
            ("twice", 0, true),
        ];
        for (presented, now, expected) in table {
            let body = Parameters::parse(format!("client_id=a&client_secret={presented}").as_bytes()).unwrap();
            let credentials = Credentials::parse(&[], &body).unwrap();
            let client = client(Authentication::Secret(ClientSecrets {
                known: secrets.clone(),
                registered: SecretMethod::Post,
                accepted: SecretMethods::Registered,
            }));
            let decided = authenticate(credentials, Some(client), Timestamp::from_millis(now));
            assert_eq!(decided.is_ok(), expected, "{presented} at {now}");
        }
    }

    #[test]
    fn sec_cli_01_either_method_of_sending_a_secret_works_unless_the_workspace_is_strict() {
        let sent = |headers: &[&str], body: &str, registered, accepted| {
            let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new("b".into())), expires: None }];
            let authentication = Authentication::Secret(ClientSecrets { known, registered, accepted });
            let credentials = Credentials::parse(headers, &Parameters::parse(body.as_bytes()).unwrap()).unwrap();
            authenticate(credentials, Some(client(authentication)), NOW).err()
        };
        let (basic, wrong): (&[&str], &[&str]) = (&["Basic YTpi"], &["Basic YTp4"]);
        let post = "client_id=a&client_secret=b";
        let method = |presented, registered| Some(refused(RefusalCause::Method { presented, registered }));
        let (by_basic, by_post) = ("client_secret_basic", "client_secret_post");
        let table = [
            (basic, "", SecretMethod::Basic, SecretMethods::Registered, None),
            (basic, "", SecretMethod::Post, SecretMethods::Either, None),
            (basic, "", SecretMethod::Post, SecretMethods::Registered, method(by_basic, by_post)),
            (&[], post, SecretMethod::Post, SecretMethods::Registered, None),
            (&[], post, SecretMethod::Basic, SecretMethods::Either, None),
            (&[], post, SecretMethod::Basic, SecretMethods::Registered, method(by_post, by_basic)),
            (wrong, "", SecretMethod::Post, SecretMethods::Either, Some(refused(RefusalCause::Secret))),
            (&[], "client_id=a", SecretMethod::Post, SecretMethods::Either, method("none", by_post)),
        ];
        for (headers, body, registered, accepted, expected) in table {
            assert_eq!(sent(headers, body, registered, accepted), expected, "{headers:?} {body} {registered:?}");
        }
        let (credentials, both) = (basic, Parameters::parse(post.as_bytes()).unwrap());
        let both = Credentials::parse(credentials, &both).err();
        assert_eq!(both, Some(ClientAuthenticationError::Several), "one credential, however it may be sent");
    }

    #[test]
    fn sec_cli_03_the_response_reveals_the_method_and_nothing_secret() {
        let method = RefusalCause::Method { presented: "client_secret_basic", registered: "private_key_jwt" };
        let said = refused(method).to_string();
        assert!(
            said.starts_with("the client sent client_secret_basic and is registered for private_key_jwt"),
            "{said}"
        );
        let silent = [
            RefusalCause::MalformedId,
            RefusalCause::Unknown,
            RefusalCause::Inactive,
            RefusalCause::Secret,
            RefusalCause::MalformedAssertion,
            RefusalCause::Assertion(AssertionFault::Jwt(JwtFault::Signature)),
            RefusalCause::Assertion(AssertionFault::Inactive),
            RefusalCause::Assertion(AssertionFault::Replayed),
        ];
        for cause in silent {
            assert_eq!(refused(cause).to_string(), refused(RefusalCause::Unknown).to_string(), "{cause:?}");
        }
        let inactive = Client {
            status: crate::clients::client::Status::Inactive,
            ..client(of_secret("b", SecretMethod::Basic)).as_ref().clone()
        };
        let none = Credentials::parse(&[], &Parameters::parse(b"client_id=a").unwrap()).unwrap();
        let decided = authenticate(none, Some(Arc::new(inactive)), NOW).err();
        assert_eq!(decided, Some(refused(RefusalCause::Inactive)), "its method is not told");
    }

    #[test]
    fn sec_cli_01_and_08_each_client_has_one_method_and_no_other_works() {
        let assertions = Arc::new(crate::clients::client::Assertions {
            key: crate::clients::client::AssertionKey::Secret("sealed".into()),
            audience: crate::clients::client::AssertionAudience::Issuer,
            longest: crate::types::time::Lifetime::seconds(300),
        });
        let secret = |registered| {
            let known = vec![ClientSecret { hash: SecretHash::of(&Secret::new("b".into())), expires: None }];
            Authentication::Secret(ClientSecrets { known, registered, accepted: SecretMethods::Registered })
        };
        let methods = || {
            [
                Authentication::None,
                secret(SecretMethod::Basic),
                secret(SecretMethod::Post),
                Authentication::Assertion(Arc::clone(&assertions)),
            ]
        };
        let jwt = format!("e30.{}.AA", crate::syntax::encoding::base64url(br#"{"sub":"a"}"#));
        let asserted = format!("client_assertion={jwt}&client_assertion_type={ASSERTION_TYPE}");
        let presented: [(&[&str], &str); 4] =
            [(&[], "client_id=a"), (&["Basic YTpi"], ""), (&[], "client_id=a&client_secret=b"), (&[], &asserted)];
        for (at, (headers, body)) in presented.into_iter().enumerate() {
            for (method, authentication) in methods().into_iter().enumerate() {
                let body = Parameters::parse(body.as_bytes()).unwrap();
                let credentials = Credentials::parse(headers, &body).unwrap();
                let name = authentication.method();
                let decided = authenticate(credentials, Some(client(authentication)), Timestamp::from_seconds(1));
                let cause = decided.err().map(|error| std::error::Error::source(&error).map(ToString::to_string));
                match (at == method, cause) {
                    (true, None) => {}
                    (false, Some(Some(cause))) => {
                        assert!(
                            cause.ends_with(&format!("is registered for {name}")),
                            "{name} with credential {at}: {cause}"
                        );
                    }
                    (_, other) => panic!("{name} with credential {at}: {other:?}"),
                }
            }
            let body = Parameters::parse(body.as_bytes()).unwrap();
            let credentials = Credentials::parse(headers, &body).unwrap();
            let decided = authenticate(credentials, None, Timestamp::from_seconds(1));
            assert_eq!(decided.err(), Some(refused(RefusalCause::Unknown)), "an unknown client");
        }
    }
}
