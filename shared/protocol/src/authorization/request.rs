//! The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::authorization::claims_parameter::{ClaimsRequest, RequestedClaims};
use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::login_hints::LoginHints;
use crate::authorization::pkce::CodeChallenge;
use crate::authorization::refusal::{Redirected, Refusal};
use crate::authorization::requested_scope::{ignored, requested};
use crate::authorization::response::{Destination, ResponseMode};
use crate::clients::client::{Client, MethodPolicy, Presence};
use crate::clients::grant_type::GrantType;
use crate::clients::redirect_uri::RedirectUri;
use crate::clients::request_channel::RequestChannel;
use crate::clients::resource_indicator::Resources;
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::syntax::quoted::Quoted;
use crate::types::id::{ClientId, Subject};
use crate::types::scope::{OPENID, Scopes};
use crate::types::secret::Secret;
use crate::types::time::{Lifetime, Timestamp};
use crate::users::factor::AuthenticationClass;
use crate::users::user_claims::ClaimNames;
use crate::users::userinfo;

/// A valid request of a registered client. Whether it is granted is decided later.
pub struct AuthorizationRequest {
    /// Where the response goes.
    pub redirect_uri: RedirectUri,
    /// What it asks for.
    pub terms: RequestTerms,
    /// Requested scopes that are ignored, because the client is not registered for them.
    pub ignored_scope: Scopes,
    /// An ID token that names the expected user. Not verified yet.
    pub id_token_hint: Option<Secret<String>>,
}

/// The content of an authorization request, apart from the destination of the response.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestTerms {
    /// The client.
    #[serde(rename = "c")]
    pub client_id: ClientId,
    /// Whether the request named its redirect URI, so that the token request must repeat it (RFC 6749 §4.1.3).
    #[serde(rename = "u")]
    pub redirect_uri_sent: bool,
    /// The requested scopes.
    #[serde(rename = "o")]
    pub scope: Scopes,
    /// The requested resources (RFC 8707).
    #[serde(rename = "a", default, skip_serializing_if = "Resources::is_empty")]
    pub resource: Resources,
    /// The client's `state`, returned unchanged.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How the response reaches the client.
    #[serde(rename = "r", default, skip_serializing_if = "ResponseMode::is_default")]
    pub response_mode: ResponseMode,
    /// The claims requested by name.
    #[serde(rename = "k", default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// The `nonce` for the ID token.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The challenge; `None` only for a confidential client that need not use PKCE.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// The pages that the user must see.
    #[serde(rename = "p", default)]
    pub prompt: Prompt,
    /// The maximum age of the login, in seconds.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// The login name that the client expects.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Hints for the login.
    #[serde(rename = "j", default, skip_serializing_if = "LoginHints::is_empty")]
    pub hints: LoginHints,
    /// The lowest class of this server that `acr_values` names, which the login must have (RFC 9470 §5). It is a demand, and
    /// stays when the hints are left out.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub least_class: Option<AuthenticationClass>,
    /// The user that the client expects, from `id_token_hint` or `claims`.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub expected_subject: Option<Subject>,
}

/// The maximum length of `state`. Clients that keep their own state in it need much: Amazon Cognito as a relying party
/// sends 2,400 bytes.
const MAX_STATE_BYTES: usize = 4096;

/// The values of `display` (OpenID Connect Core §3.1.2.1).
pub const DISPLAYS: [&str; 4] = ["page", "popup", "touch", "wap"];

/// The `prompt` parameter (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// The pages that are needed.
    #[default]
    #[serde(rename = "a")]
    AsNeeded,
    /// No page: respond at once, whatever the outcome.
    #[serde(rename = "n")]
    Nothing,
    /// These pages, even if they are not needed.
    #[serde(rename = "p")]
    Pages {
        /// The login page.
        #[serde(rename = "l")]
        login: bool,
        /// The account selection page.
        #[serde(rename = "s", default)]
        account: bool,
        /// The consent page.
        #[serde(rename = "c")]
        consent: bool,
    },
}

/// The `client_id` of a request, which is read before anything else.
///
/// # Errors
///
/// [`PageError`] if it is missing, repeated or malformed.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, PageError> {
    let text = parameters.one("client_id")?.ok_or(PageError::MissingClientId)?;
    ClientId::parse(text).map_err(|_| PageError::UnknownClient)
}

impl RequestTerms {
    /// Whether the user has to log in for this request, whatever earlier login there was.
    #[must_use]
    pub const fn prompts_login(&self) -> bool {
        matches!(self.prompt, Prompt::Pages { login: true, .. }) || matches!(self.max_age, Some(0))
    }

    /// The earliest acceptable time of authentication, if there is a limit: after the request was made at `began`, or no
    /// longer ago than `max_age`. A login for the request itself is recent enough, however long the rest takes.
    #[must_use]
    pub fn earliest_login(&self, began: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.prompts_login() {
            return Some(began);
        }
        self.max_age.map(|max_age| began.min(now.minus(Lifetime::seconds(max_age))))
    }

    /// The claims that are requested by name and not covered by a requested scope.
    #[must_use]
    pub fn claims_by_name(&self) -> ClaimNames {
        self.claims.filtered(|claim| !userinfo::covers(&self.scope, claim)).names()
    }
}

impl AuthorizationRequest {
    /// Parses a request of `client` that arrived by `channel`. The redirect URI comes first, because it decides where
    /// errors go.
    ///
    /// # Errors
    ///
    /// [`Refusal::Page`] until the redirect URI is known to be registered, [`Refusal::Redirect`] afterwards.
    pub fn parse(parameters: &Parameters, client: &Client, channel: RequestChannel) -> Result<Self, Refusal> {
        let (redirect_uri, redirect_uri_sent) = redirect_uri(parameters, client, channel)?;
        let mode = parameters.one("response_mode").map_err(RedirectError::Parameters);
        let mode = mode.and_then(|mode| ResponseMode::parse(mode, &redirect_uri));
        // Other errors are sent in the requested mode.
        let response_mode = mode.unwrap_or_default();
        let refuse = |state: Option<String>, error| {
            let destination = Destination { redirect_uri: redirect_uri.clone(), response_mode, state };
            Refusal::Redirect(Box::new(Redirected { destination, error }))
        };
        let state = bounded(parameters, "state", MAX_STATE_BYTES).map_err(|error| refuse(None, error))?;
        mode.map_err(|error| refuse(state.clone(), error))?;
        if client.must_push && channel == RequestChannel::Browser {
            return Err(refuse(state, RedirectError::MustBePushed));
        }
        let unrepeated = parameters.check_repeats(&["resource"]);
        unrepeated.map_err(|error| refuse(state.clone(), error.into()))?;
        let terms = terms(parameters, client, redirect_uri_sent).map_err(|error| refuse(state.clone(), error))?;
        let hint = bounded(parameters, "id_token_hint", 8192).map_err(|error| refuse(state.clone(), error))?;
        let (id_token_hint, ignored_scope) = (hint.map(Secret::new), ignored(parameters, &terms.scope));
        Ok(Self { redirect_uri, terms: RequestTerms { state, response_mode, ..terms }, ignored_scope, id_token_hint })
    }

    /// The request, now that its `id_token_hint` is known to name `hinted`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if `claims` names another user.
    pub fn expecting(mut self, hinted: Subject) -> Result<Self, Refusal> {
        if self.terms.expected_subject.as_ref().is_some_and(|named| *named != hinted) {
            return Err(Refusal::Redirect(Box::new(self.refuse(RedirectError::InvalidClaims))));
        }
        self.terms.expected_subject = Some(hinted);
        Ok(self)
    }

    /// `error`, addressed to the destination of the response.
    #[must_use]
    pub fn refuse(&self, error: RedirectError) -> Redirected {
        Redirected { destination: self.destination(), error }
    }

    /// The destination of the response.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination {
            redirect_uri: self.redirect_uri.clone(),
            response_mode: self.terms.response_mode,
            state: self.terms.state.clone(),
        }
    }
}

fn redirect_uri(
    parameters: &Parameters,
    client: &Client,
    channel: RequestChannel,
) -> Result<(RedirectUri, bool), PageError> {
    match parameters.one("redirect_uri")? {
        Some(uri) => {
            let usable = client.redirect_uri(uri, channel);
            Ok((usable.ok_or_else(|| PageError::UnregisteredRedirectUri(Quoted::of(uri)))?, true))
        }
        // OpenID Connect Core §3.1.2.1 requires the parameter, OAuth only where several are registered.
        None if parameters.all("scope").any(|scope| scope.split(' ').any(|token| token == OPENID)) => {
            Err(PageError::MissingRedirectUri)
        }
        None => Ok((client.redirect_uris.only().ok_or(PageError::MissingRedirectUri)?, false)),
    }
}

fn terms(parameters: &Parameters, client: &Client, redirect_uri_sent: bool) -> Result<RequestTerms, RedirectError> {
    if !client.grants.contains(&GrantType::AuthorizationCode) {
        return Err(RedirectError::UnauthorizedClient);
    }
    refuse_unsupported(parameters)?;
    understand(parameters)?;
    match parameters.one("response_type")? {
        None => return Err(RedirectError::MissingResponseType),
        Some("code") => {}
        Some(_) => return Err(RedirectError::UnsupportedResponseType),
    }
    let (code_challenge, resource) = (code_challenge(parameters, client)?, resource(parameters, client)?);
    let scope = requested(parameters, client, &resource)?;
    let nonce = bounded(parameters, "nonce", 512)?;
    let lacks_nonce = code_challenge.is_none() && nonce.is_none() && scope.contains(OPENID);
    if lacks_nonce && client.challenge.presence == Presence::NonceInstead {
        return Err(RedirectError::MissingNonce);
    }
    let ClaimsRequest { requested, subject } = claims(parameters, &scope)?;
    Ok(RequestTerms {
        client_id: client.id.clone(),
        redirect_uri_sent,
        code_challenge,
        scope,
        resource,
        claims: requested,
        state: None,
        response_mode: ResponseMode::default(),
        nonce,
        prompt: prompt(parameters.one("prompt")?)?,
        max_age: max_age(parameters.one("max_age")?)?,
        login_hint: bounded(parameters, "login_hint", 320)?,
        hints: LoginHints::parse(parameters)?,
        least_class: parameters.one("acr_values")?.and_then(AuthenticationClass::least_of),
        expected_subject: subject,
    })
}

fn refuse_unsupported(parameters: &Parameters) -> Result<(), RedirectError> {
    if parameters.one("request")?.is_some() {
        return Err(RedirectError::RequestNotSupported);
    }
    if parameters.one("request_uri")?.is_some() {
        return Err(RedirectError::RequestUriNotSupported);
    }
    if parameters.one("registration")?.is_some() {
        return Err(RedirectError::RegistrationNotSupported);
    }
    Ok(())
}

/// Checks the parameters that have no effect here, except that a provider may receive them: there is one language, and
/// the pages fit every screen (OpenID Connect Core §15.1).
fn understand(parameters: &Parameters) -> Result<(), RedirectError> {
    for name in ["acr_values", "ui_locales"] {
        if parameters.one(name)?.is_some_and(|list| list.split(' ').count() > 20) {
            return Err(RedirectError::TooMany(name));
        }
    }
    match parameters.one("display")? {
        None => Ok(()),
        Some(display) if DISPLAYS.contains(&display) => Ok(()),
        Some(_) => Err(RedirectError::InvalidDisplay),
    }
}

fn code_challenge(parameters: &Parameters, client: &Client) -> Result<Option<CodeChallenge>, RedirectError> {
    let method = parameters.one("code_challenge_method")?;
    let Some(challenge) = parameters.one("code_challenge")? else {
        return match client.challenge.presence {
            Presence::Required => Err(RedirectError::MissingChallenge),
            Presence::NonceInstead | Presence::Optional if method.is_some() => Err(RedirectError::MissingChallenge),
            Presence::NonceInstead | Presence::Optional => Ok(None),
        };
    };
    match (method, client.challenge.method) {
        (Some("S256"), _) | (None, MethodPolicy::PresetS256) => {}
        (Some(_), _) | (None, MethodPolicy::Named) => {
            return Err(RedirectError::UnsupportedChallengeMethod);
        }
    }
    CodeChallenge::parse(challenge).map(Some).map_err(RedirectError::Challenge)
}

/// The requested resources (RFC 8707 §2.1).
fn resource(parameters: &Parameters, client: &Client) -> Result<Resources, RedirectError> {
    let resources = Resources::parse(parameters)?;
    client.targets.allow(&resources)?;
    Ok(resources)
}

/// The `claims` parameter. It has no effect on requests without `openid` (§5.5).
fn claims(parameters: &Parameters, scope: &Scopes) -> Result<ClaimsRequest, RedirectError> {
    let Some(text) = bounded(parameters, "claims", 8192)? else { return Ok(ClaimsRequest::default()) };
    let request = ClaimsRequest::parse(&text).map_err(|_| RedirectError::InvalidClaims)?;
    if !scope.contains(OPENID) {
        return Ok(ClaimsRequest::default());
    }
    // No login here has another class, so there is no point in asking the user to log in.
    if !AuthenticationClass::ALL.iter().any(|class| request.requested.are_met_by(class.as_str())) {
        return Err(RedirectError::UnmetAuthenticationRequirements);
    }
    Ok(request)
}

fn prompt(value: Option<&str>) -> Result<Prompt, RedirectError> {
    let Some(value) = value else {
        return Ok(Prompt::AsNeeded);
    };
    if value == "none" {
        return Ok(Prompt::Nothing);
    }
    let (mut login, mut account, mut consent) = (false, false, false);
    for token in value.split(' ') {
        match token {
            "login" => login = true,
            "select_account" => account = true,
            "consent" => consent = true,
            _ => return Err(RedirectError::InvalidPrompt),
        }
    }
    Ok(Prompt::Pages { login, account, consent })
}

fn max_age(value: Option<&str>) -> Result<Option<u32>, RedirectError> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        None => Ok(None),
        Some(text) if digits(text) => text.parse().map(Some).map_err(|_| RedirectError::InvalidMaxAge),
        Some(_) => Err(RedirectError::InvalidMaxAge),
    }
}

fn bounded(parameters: &Parameters, name: &'static str, limit: usize) -> Result<Option<String>, RedirectError> {
    match parameters.one(name).map_err(|error: ParameterError| RedirectError::Parameters(error))? {
        Some(value) if value.len() > limit => Err(RedirectError::TooLong { name, length: value.len(), limit }),
        value => Ok(value.map(Into::into)),
    }
}
