//! Why a request of the front channel is refused: on an error page, or at the client.

use thiserror::Error;

use crate::authorization::pkce::PkceError;
use crate::syntax::parameters::ParameterError;

/// Why a person sees an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The parameters as such are broken, or decisive ones are repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// No `client_id`.
    #[error("the request has no client_id")]
    MissingClientId,
    /// No such client, or an inactive one, or one of another workspace.
    #[error("no application is registered under this client_id")]
    UnknownClient,
    /// The redirect URI is required and missing.
    #[error("the request has no redirect_uri, and the application has several or asks for openid")]
    MissingRedirectUri,
    /// The redirect URI is not registered.
    #[error("the redirect_uri is not registered for this application")]
    UnregisteredRedirectUri,
    /// The post-logout redirect URI is not registered.
    #[error("the post_logout_redirect_uri is not registered for this application")]
    UnregisteredPostLogoutUri,
    /// An `id_token_hint` that is not an ID token of ours, or not the named client's.
    #[error("the id_token_hint is not an ID token that was issued here to this application")]
    ForeignHint,
    /// The form of a logout page is broken, of another workspace or expired.
    #[error("this sign-out page has expired or was not made here")]
    StaleLogout,
    /// The request does not fit through the browser.
    #[error("the request is too large")]
    RequestTooLarge,
    /// The sealed interaction is missing, broken, of another workspace or expired.
    #[error("this sign-in has expired or was not begun here")]
    StaleInteraction,
    /// The interaction was begun in another browser.
    #[error("this sign-in was begun in another browser")]
    OtherBrowser,
    /// The interaction has already been completed.
    #[error("this sign-in has already been completed")]
    FinishedInteraction,
    /// A form came from another site.
    #[error("this form was not sent from a page of this server")]
    CrossSite,
    /// A POST whose parameters are not in a form, or not only there.
    #[error("a POST request carries all its parameters in its body, as a form")]
    NotAForm,
    /// A form that lacks what its page would have sent.
    #[error("the form is incomplete")]
    IncompleteForm,
    /// No such identity source.
    #[error("there is no such way to sign in here")]
    UnknownIdentitySource,
    /// The upstream provider's answer does not belong to a login that this browser began.
    #[error("this answer does not belong to a sign-in that was begun in this browser")]
    ForeignUpstreamAnswer,
    /// The upstream provider said no, or something that cannot be believed.
    #[error("the other provider did not confirm who you are")]
    UpstreamRefused,
    /// The upstream provider cannot be reached.
    #[error("the other provider cannot be reached")]
    UpstreamUnreachable,
    /// No such page.
    #[error("there is no such page")]
    NotFound,
    /// The method is not one that the page takes.
    #[error("this page does not take that method")]
    MethodNotAllowed,
    /// The store or a key is out of reach.
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
            | Self::UnregisteredRedirectUri
            | Self::UnregisteredPostLogoutUri
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
            Self::CrossSite => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::UpstreamRefused | Self::UpstreamUnreachable => 502,
            Self::Unavailable => 503,
        }
    }

    /// What the person who reads the page can do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::StaleInteraction | Self::OtherBrowser | Self::FinishedInteraction | Self::ForeignUpstreamAnswer => {
                "Go back to the application and sign in again from there."
            }
            Self::Parameters(_)
            | Self::NotAForm
            | Self::MissingClientId
            | Self::UnknownClient
            | Self::MissingRedirectUri
            | Self::UnregisteredRedirectUri
            | Self::UnregisteredPostLogoutUri
            | Self::ForeignHint => {
                "Nothing is wrong on your side. Whoever runs the application must correct how it is set up."
            }
            Self::StaleLogout => "Go back to the application and sign out again from there.",
            Self::RequestTooLarge => "Nothing is wrong on your side. The application must send a smaller request.",
            Self::CrossSite | Self::IncompleteForm => "Go back, reload the page, and send the form from there.",
            Self::UnknownIdentitySource | Self::UpstreamRefused => {
                "Go back to the application and choose another way to sign in."
            }
            Self::UpstreamUnreachable => "Try again in a moment, or choose another way to sign in.",
            Self::NotFound => "Check the address.",
            Self::MethodNotAllowed => "Open the page from the application.",
            Self::Unavailable => "Nothing was lost. Try again in a moment.",
        }
    }
}

/// Why a browser is sent back to the client without a code (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedirectError {
    /// The parameters as such are broken or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A parameter exceeds its bound.
    #[error("the parameter {0} is too long")]
    TooLong(&'static str),
    /// No `response_type`.
    #[error("response_type is missing: use code")]
    MissingResponseType,
    /// Another `response_type` than `code`.
    #[error("response_type must be code")]
    UnsupportedResponseType,
    /// Another `response_mode` than those that are offered, or a form to where none can be sent.
    #[error("response_mode must be query, fragment, or for an http or https redirect_uri form_post")]
    UnsupportedResponseMode,
    /// No `code_challenge` although the client must send one.
    #[error("code_challenge is missing: this application must use PKCE with S256")]
    MissingChallenge,
    /// Another `code_challenge_method` than `S256`, or none, which means plain.
    #[error("code_challenge_method must be S256")]
    UnsupportedChallengeMethod,
    /// A malformed challenge.
    #[error(transparent)]
    Challenge(PkceError),
    /// A scope outside the grammar, or not registered for the client.
    #[error("scope is malformed or asks for more than the application is registered for")]
    InvalidScope,
    /// A resource that is malformed, or not registered for the client (RFC 8707 §2).
    #[error("resource must be an absolute URI without fragment that this application may ask for")]
    InvalidTarget,
    /// The client is not registered for the code flow.
    #[error("this application is not registered for the authorization code grant")]
    UnauthorizedClient,
    /// A `prompt` that is unknown, or `none` together with another.
    #[error("prompt must be none alone, or some of login, consent and select_account")]
    InvalidPrompt,
    /// A `display` that is not one of the four.
    #[error("display must be page, popup, touch or wap")]
    InvalidDisplay,
    /// A `max_age` that is not a number of seconds.
    #[error("max_age must be a number of seconds")]
    InvalidMaxAge,
    /// A `claims` parameter that is not what it must be, or names another user than the `id_token_hint`.
    #[error("claims must be a JSON object as OpenID Connect Core 5.5 has it, and must not contradict id_token_hint")]
    InvalidClaims,
    /// An authentication context class is demanded that no login here has.
    #[error("no login here is of the demanded authentication context class")]
    UnmetAuthenticationRequirements,
    /// An `id_token_hint` that is not an ID token of ours for this client.
    #[error("id_token_hint is not an ID token that was issued here to this application")]
    InvalidIdTokenHint,
    /// A request object, which is not offered.
    #[error("request objects are not supported")]
    RequestNotSupported,
    /// A request by reference, which is not offered.
    #[error("request_uri is not supported")]
    RequestUriNotSupported,
    /// A registration parameter, which is not offered.
    #[error("the registration parameter is not supported")]
    RegistrationNotSupported,
    /// `prompt=none`, and nobody is logged in.
    #[error("the user is not logged in")]
    LoginRequired,
    /// `prompt=none`, and the user has to be asked.
    #[error("the user has to consent")]
    ConsentRequired,
    /// The user said no.
    #[error("the user denied the request")]
    AccessDenied,
    /// The store or a key is out of reach.
    #[error("the service is not available at the moment: try again")]
    TemporarilyUnavailable,
}

impl RedirectError {
    /// The `error` code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parameters(_)
            | Self::TooLong(_)
            | Self::MissingResponseType
            | Self::UnsupportedResponseMode
            | Self::MissingChallenge
            | Self::UnsupportedChallengeMethod
            | Self::Challenge(_)
            | Self::InvalidPrompt
            | Self::InvalidDisplay
            | Self::InvalidMaxAge
            | Self::InvalidClaims
            | Self::InvalidIdTokenHint => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}
