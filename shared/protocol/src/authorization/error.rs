//! Front-channel errors: those shown on an error page, and those sent to the client.

use thiserror::Error;

use crate::authorization::pkce::PkceError;
use crate::authorization::upstream_refusal::UpstreamRefusal;
use crate::clients::resource_indicator::InvalidTarget;
use crate::syntax::form_fault::FormFault;
use crate::syntax::parameters::ParameterError;
use crate::syntax::quoted::Quoted;
use crate::types::scope::MalformedScope;

/// Why the user sees an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The parameters are malformed, or a parameter that determines the response is repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// No `client_id`.
    #[error("the request has no client_id")]
    MissingClientId,
    /// An unknown or inactive client, or one of another workspace.
    #[error("no application is registered under this client_id")]
    UnknownClient,
    /// The redirect URI is required and missing.
    #[error("the request has no redirect_uri, and the application has several or asks for openid")]
    MissingRedirectUri,
    /// The redirect URI is not registered.
    #[error("the redirect_uri {0} is not registered for this application")]
    UnregisteredRedirectUri(Quoted),
    /// A `request_uri` that is unknown, expired, used, or of another application.
    #[error("the request_uri is unknown, has expired or was used, or belongs to another application")]
    UnknownRequestUri,
    /// The post-logout redirect URI is not registered.
    #[error("the post_logout_redirect_uri {0} is not registered for this application")]
    UnregisteredPostLogoutUri(Quoted),
    /// An `id_token_hint` that is not an ID token issued here to the named client.
    #[error("the id_token_hint is not an ID token that was issued here to this application")]
    ForeignHint,
    /// The logout form is malformed, expired or from another workspace.
    #[error("this sign-out page has expired or was not made here")]
    StaleLogout,
    /// The request is too large to travel with the browser.
    #[error("the request is too large")]
    RequestTooLarge,
    /// The sealed interaction is missing, malformed, expired or from another workspace.
    #[error("this sign-in has expired or was not begun here")]
    StaleInteraction,
    /// The interaction was started in another browser.
    #[error("this sign-in was begun in another browser")]
    OtherBrowser,
    /// The interaction has already been completed.
    #[error("this sign-in has already been completed")]
    FinishedInteraction,
    /// The form was sent from another site.
    #[error("this form was not sent from a page of this server")]
    CrossSite,
    /// A POST whose parameters are not all in a form body.
    #[error("a POST request carries all its parameters in its body, as a form")]
    NotAForm,
    /// The form lacks a field that its page sends.
    #[error("the form is incomplete")]
    IncompleteForm,
    /// Unknown identity source.
    #[error("there is no such way to sign in here")]
    UnknownIdentitySource,
    /// The upstream provider's response does not belong to a login that this browser started.
    #[error("this answer does not belong to a sign-in that was begun in this browser")]
    ForeignUpstreamAnswer,
    /// The user turned back at the upstream provider, and can log in another way.
    #[error("you did not sign in with the other provider")]
    UpstreamDenied,
    /// The upstream provider refused, or its response is invalid.
    #[error("the other provider did not confirm who you are")]
    UpstreamRefused,
    /// The upstream provider cannot be reached.
    #[error("the other provider cannot be reached")]
    UpstreamUnreachable,
    /// Unknown page.
    #[error("there is no such page")]
    NotFound,
    /// The page does not support the HTTP method.
    #[error("this page does not take that method")]
    MethodNotAllowed,
    /// The store or a key is unavailable.
    #[error("the service is not available at the moment")]
    Unavailable,
}

impl PageError {
    /// The status of the page.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Parameters(_)
            | Self::MissingClientId
            | Self::UnknownClient
            | Self::MissingRedirectUri
            | Self::UnregisteredRedirectUri(_)
            | Self::UnknownRequestUri
            | Self::UnregisteredPostLogoutUri(_)
            | Self::ForeignHint
            | Self::StaleLogout
            | Self::StaleInteraction
            | Self::OtherBrowser
            | Self::FinishedInteraction
            | Self::IncompleteForm
            | Self::NotAForm
            | Self::UnknownIdentitySource
            | Self::ForeignUpstreamAnswer
            | Self::RequestTooLarge => 400,
            Self::CrossSite | Self::UpstreamDenied => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::UpstreamRefused | Self::UpstreamUnreachable => 502,
            Self::Unavailable => 503,
        }
    }
}

impl From<FormFault> for PageError {
    fn from(fault: FormFault) -> Self {
        match fault {
            FormFault::TooLarge => Self::RequestTooLarge,
            FormFault::Parameters(error) => Self::Parameters(error),
            FormFault::ContentType | FormFault::QueryParameters => Self::NotAForm,
        }
    }
}

/// Why a browser is sent back to the client without a code (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedirectError {
    /// The parameters are malformed or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A parameter exceeds its bound.
    #[error("the parameter {name} is too long: it has {length} bytes, and at most {limit} are taken")]
    TooLong {
        /// Its name.
        name: &'static str,
        /// How many bytes it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A parameter lists too many words.
    #[error("the parameter {0} has more than 20 words")]
    TooMany(&'static str),
    /// Everything together does not fit through the browser while the user logs in.
    #[error(
        "the request is too large to be kept while the user logs in: it has {sealed} bytes when sealed, and the limit is {limit}. \
         The parameter state has {state} bytes: send a shorter one"
    )]
    TooLarge {
        /// How many bytes it has.
        sealed: usize,
        /// How many fit.
        limit: usize,
        /// How many bytes `state` has.
        state: usize,
    },
    /// No `response_type`.
    #[error("response_type is missing: use code")]
    MissingResponseType,
    /// A `response_type` other than `code`.
    #[error("response_type must be code")]
    UnsupportedResponseType,
    /// An unsupported `response_mode`, or `form_post` to a redirect URI that takes no forms.
    #[error("response_mode must be query, fragment, or for an http or https redirect_uri form_post")]
    UnsupportedResponseMode,
    /// No `code_challenge`, although the client must use PKCE.
    #[error("code_challenge is missing: this application must use PKCE with S256")]
    MissingChallenge,
    /// Neither a `code_challenge` nor a `nonce`, from a client that need not use PKCE.
    #[error("nonce is missing: without code_challenge, this application needs one for openid (require_nonce)")]
    MissingNonce,
    /// A `code_challenge_method` other than `S256`, or none, which means `plain`.
    #[error("code_challenge_method must be S256")]
    UnsupportedChallengeMethod,
    /// A malformed challenge.
    #[error(transparent)]
    Challenge(PkceError),
    /// A scope outside the grammar.
    #[error(transparent)]
    MalformedScope(#[from] MalformedScope),
    /// A scope that is not registered for the client.
    #[error("the scope {0} is not registered for this application: add it to its scope, or set unknown_scopes")]
    UnknownScope(Quoted),
    /// A template of dynamic scopes instead of one of its instances.
    #[error("the scope {0} is a template: request an instance, with a value in place of the asterisk")]
    ScopeTemplate(Quoted),
    /// A scope that is for another resource than those of the request.
    #[error("the scope {0} is for another resource than the requested ones: add its resource, or leave the scope out")]
    MisdirectedScope(Quoted),
    /// A resource that is malformed, or not registered for the client (RFC 8707 §2).
    #[error(transparent)]
    InvalidTarget(#[from] InvalidTarget),
    /// The client is not registered for the code flow.
    #[error("this application is not registered for the authorization code grant")]
    UnauthorizedClient,
    /// An unknown `prompt`, or `none` combined with another value.
    #[error("prompt must be none alone, or some of login, consent and select_account")]
    InvalidPrompt,
    /// An unknown `display`.
    #[error("display must be page, popup, touch or wap")]
    InvalidDisplay,
    /// A `max_age` that is not a number of seconds.
    #[error("max_age must be a number of seconds")]
    InvalidMaxAge,
    /// A malformed `claims` parameter, or one that names another user than the `id_token_hint`.
    #[error("claims must be a JSON object as OpenID Connect Core 5.5 has it, and must not contradict id_token_hint")]
    InvalidClaims,
    /// The request requires an authentication context class that no login here has.
    #[error("no login here is of the demanded authentication context class")]
    UnmetAuthenticationRequirements,
    /// An `id_token_hint` that is not an ID token issued here to this client.
    #[error("id_token_hint is not an ID token that was issued here to this application")]
    InvalidIdTokenHint,
    /// A request object, which is not supported.
    #[error("request objects are not supported")]
    RequestNotSupported,
    /// A request by reference, which is not supported.
    #[error("request_uri is not supported")]
    RequestUriNotSupported,
    /// A `registration` parameter, which is not supported.
    #[error("the registration parameter is not supported")]
    RegistrationNotSupported,
    /// The client must push its requests, and the browser brought this one.
    #[error(
        "this application must push its authorization requests: send them to pushed_authorization_request_endpoint first \
         (RFC 9126)"
    )]
    MustBePushed,
    /// `prompt=none` without a session.
    #[error("the user is not logged in")]
    LoginRequired,
    /// `prompt=none`, and the user has to consent.
    #[error("the user has to consent")]
    ConsentRequired,
    /// The user denied the request.
    #[error("the user denied the request")]
    AccessDenied,
    /// The user is not one of those who may use the client, or nothing that it requests.
    #[error("this user may not use the application")]
    UserNotAllowed,
    /// The store or a key is unavailable.
    #[error("the service is not available at the moment: try again")]
    TemporarilyUnavailable,
    /// The upstream provider sent the user back without a code.
    #[error(transparent)]
    Upstream(UpstreamRefusal),
}

impl RedirectError {
    /// The `error` code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parameters(_)
            | Self::TooLong { .. }
            | Self::TooMany(_)
            | Self::TooLarge { .. }
            | Self::MissingResponseType
            | Self::UnsupportedResponseMode
            | Self::MissingChallenge
            | Self::MissingNonce
            | Self::UnsupportedChallengeMethod
            | Self::Challenge(_)
            | Self::InvalidPrompt
            | Self::InvalidDisplay
            | Self::InvalidMaxAge
            | Self::InvalidClaims
            | Self::InvalidIdTokenHint
            | Self::MustBePushed => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::MalformedScope(_) | Self::UnknownScope(_) | Self::ScopeTemplate(_) | Self::MisdirectedScope(_) => {
                "invalid_scope"
            }
            Self::InvalidTarget(_) => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccessDenied | Self::UserNotAllowed => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::Upstream(refusal) => refusal.code(),
        }
    }
}
