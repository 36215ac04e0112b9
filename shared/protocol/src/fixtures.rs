//! Fixtures of the unit tests: one workspace, client, user, session, request and grant, at a fixed time.
//!
//! Each builder takes the values a test varies, so that a test shows only what it is about.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::authorization::code;
use crate::authorization::consent::ConsentEpoch;
use crate::authorization::request::AuthorizationRequest;
use crate::client_authentication::authenticated_client::AuthenticatedClient;
use crate::clients::client::Client;
use crate::clients::request_channel::RequestChannel;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::RegistrationError;
use crate::syntax::encoding::encode_uri_component;
use crate::syntax::parameters::Parameters;
use crate::tokens::code_grant::CodeUse;
use crate::tokens::context::TokenContext;
use crate::tokens::grant::{Grant, GrantState, GrantTerms, LoadedGrant, RefreshState};
use crate::tokens::refresh_token::{self, RefreshToken};
use crate::types::id::{ClientId, GrantId, IdentitySourceId, Issuer, RegionLabel, Subject, WorkspaceId};
use crate::types::retry_window::RetryWindow;
use crate::types::scope::Scopes;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::factor::{Authentication, AuthenticationClass, Factor, Method};
use crate::users::identifier::{Identifier, IdentifierKind};
use crate::users::login_epoch::LoginEpoch;
use crate::users::pool_user::{PoolStatus, PoolUser, Standing};
use crate::users::session::Session;
use crate::users::status::UserStatus;
use crate::users::user_claims::{ClaimName, ClaimNames};
use crate::workspace::settings::Settings;

/// The time.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);

/// The verifier of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Its challenge.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The redirect URI of the client.
pub(crate) const REDIRECT_URI: &str = "https://app.example/cb";

/// The audience of tokens whose request names no resource.
pub(crate) const DEFAULT_AUDIENCE: &str = "https://api.example";

/// `seconds` before now.
pub(crate) const fn ago(seconds: u32) -> Timestamp {
    NOW.minus(Lifetime::seconds(seconds))
}

/// `seconds` from now.
pub(crate) const fn later(seconds: u32) -> Timestamp {
    NOW.plus(Lifetime::seconds(seconds))
}

/// One millisecond before `at`.
pub(crate) const fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis() - 1)
}

pub(crate) fn workspace_id() -> WorkspaceId {
    WorkspaceId::parse("default", "demo").unwrap()
}

/// `https://auth.example/default/demo`.
pub(crate) fn issuer() -> Issuer {
    Issuer::new("https://auth.example", &workspace_id())
}

pub(crate) fn region() -> RegionLabel {
    RegionLabel::parse("eu").unwrap()
}

pub(crate) fn scopes(text: &str) -> Scopes {
    Scopes::try_from(text.to_owned()).unwrap()
}

pub(crate) fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap()
}

pub(crate) fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

pub(crate) fn source_id(text: &str) -> IdentitySourceId {
    IdentitySourceId::parse(text).unwrap()
}

pub(crate) fn claim_names(names: &[&str]) -> ClaimNames {
    names.iter().map(|name| ClaimName::parse(name).unwrap()).collect()
}

pub(crate) fn parameters(encoded: &str) -> Parameters {
    Parameters::parse(encoded.as_bytes()).unwrap()
}

pub(crate) fn secret_hash(secret: &str) -> SecretHash {
    SecretHash::of(&Secret::new(secret.into()))
}

/// `base` with the members of `change`; a `null` removes one.
pub(crate) fn changed(base: Value, change: &Value) -> Value {
    let mut members: Map<String, Value> = serde_json::from_value(base).unwrap();
    members.extend(change.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    members.into()
}

/// The settings of the workspace, with `change`.
pub(crate) fn settings(change: &Value) -> Settings {
    let power = crate::types::scope::OF_POWER;
    let scopes = ["openid", "profile", "email", "offline_access", "read", "write"].into_iter().chain(power);
    let scopes: Vec<Value> = scopes.map(|name| json!({"name": name, "title": name})).collect();
    let base = json!({
        "name": "Demo", "default_audience": DEFAULT_AUDIENCE, "scopes": scopes,
        "resources": ["https://a.example", "https://b.example", issuer().as_str()],
    });
    serde_json::from_value(changed(base, change)).unwrap()
}

/// The metadata of the public client `app` with `change`.
fn app_metadata(change: &Value) -> ClientMetadata {
    let base = json!({
        "client_id": "app", "client_name": "The App", "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email offline_access read write",
        "resources": ["https://a.example"],
    });
    serde_json::from_value(changed(base, change)).unwrap()
}

/// Registers the public client `app` with `change` in a workspace with the settings `of_workspace`.
pub(crate) fn registered(change: &Value, of_workspace: &Value) -> Result<Client, RegistrationError> {
    app_metadata(change).register(&settings(of_workspace), &issuer())
}

/// All errors with which the public client `app` with `change` is refused in a workspace with `of_workspace`.
pub(crate) fn faults(change: &Value, of_workspace: &Value) -> Vec<RegistrationError> {
    app_metadata(change).faults(&settings(of_workspace), &issuer())
}

/// The public client `app`, with `change`.
pub(crate) fn client(change: &Value) -> Client {
    registered(change, &json!({})).unwrap()
}

/// The same client with the secret `hunter2`, with `change`.
pub(crate) fn confidential_client(change: &Value) -> Client {
    let secret = json!({
        "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [secret_hash("hunter2").encoded()],
    });
    client(&changed(secret, change))
}

pub(crate) fn authenticated(client: Client) -> AuthenticatedClient {
    AuthenticatedClient::proved(Arc::new(client))
}

/// A request of `client` at the token endpoint, now.
pub(crate) const fn context(client: &AuthenticatedClient) -> TokenContext<'_> {
    TokenContext { client, now: NOW }
}

/// The query of an authorization request for `openid read`, with `changes`; an empty value leaves a parameter out.
pub(crate) fn query(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("client_id", "app"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid read"),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let encoded = pairs.iter().map(|(name, value)| format!("{name}={}", encode_uri_component(value)));
    encoded.collect::<Vec<_>>().join("&")
}

/// An authorization request of `client` for `openid read`, with `changes`.
pub(crate) fn request(client: &Client, changes: &[(&str, &str)]) -> AuthorizationRequest {
    AuthorizationRequest::parse(&parameters(&query(changes)), client, RequestChannel::Browser).ok().unwrap()
}

/// The session of Alice, who logged in a minute ago.
pub(crate) fn session() -> Session {
    Session {
        sid: "sid-1".into(),
        subject: subject("alice"),
        source: source_id("sandbox"),
        issuer: None,
        display_name: "Alice".into(),
        authentication: logged_in(ago(60)),
        device: None,
        epoch: LoginEpoch::default(),
        began: ago(60),
        used: ago(60),
        expires: later(3600),
        cookie: secret_hash("cookie").encoded(),
        participants: Vec::new(),
    }
}

/// Alice, as a user of the pool.
pub(crate) fn pool_user() -> PoolUser {
    let identifier = |kind, text| Identifier::parse(kind, text).unwrap();
    PoolUser {
        subject: subject("u1"),
        standing: Standing { status: PoolStatus::Active, epoch: LoginEpoch::default() },
        identifiers: vec![
            identifier(IdentifierKind::Email, "alice@example.com"),
            identifier(IdentifierKind::Username, "alice"),
        ],
        email_verified: true,
        attributes: json!({"name": "Alice"}).as_object().unwrap().clone(),
        created: NOW,
        status_changed: NOW,
        details_changed: NOW,
        password_changed: Some(NOW),
        revision: 1,
    }
}

/// A login by password.
pub(crate) const fn logged_in(at: Timestamp) -> Authentication {
    Authentication::by(Factor { method: Method::Password, at: Some(at), class: AuthenticationClass::SingleFactor })
}

pub(crate) fn grant_id() -> GrantId {
    GrantId::from_bytes([7; 16])
}

/// The text of the code of the grant.
pub(crate) fn code() -> String {
    code::issue(&region(), &grant_id(), &[9; 32]).code.expose().clone()
}

/// The text of a refresh token of the grant.
pub(crate) fn refresh_token_text(generation: u32) -> String {
    refresh_token::written(&region(), &grant_id(), generation, &Secret::new([9; 32])).expose().clone()
}

/// A refresh token of the grant, as it is presented.
pub(crate) fn refresh_token(generation: u32) -> RefreshToken {
    RefreshToken::parse(&refresh_token_text(generation)).unwrap()
}

/// The terms that Alice granted to `app` half a minute ago.
pub(crate) fn grant_terms() -> GrantTerms {
    GrantTerms {
        client_id: client_id("app"),
        subject: subject("alice"),
        sub_for_client: None,
        source: source_id("sandbox"),
        issuer: None,
        scope: scopes("openid read offline_access"),
        resource: crate::clients::resource_indicator::Resources::default(),
        claims: ClaimNames::new(),
        id_token_claims: Map::new(),
        email_domain: None,
        attributes: crate::users::attributes::Attributes::default(),
        id_token_scope_claims: Map::new(),
        redirect_uri: REDIRECT_URI.into(),
        redirect_uri_sent: true,
        code_challenge: Some(crate::authorization::pkce::CodeChallenge::parse(CHALLENGE).unwrap()),
        nonce: Some("n-1".into()),
        auth_time: Some(ago(60)),
        acr: "urn:postern:acr:single-factor".into(),
        amr: vec!["pwd".into()],
        sid: "sid-of-app".into(),
        issued: ago(30),
        epoch: LoginEpoch::default(),
        consent: Some(ConsentEpoch::default()),
        origin: crate::tokens::grant::GrantOrigin::Browser,
    }
}

/// The grant in `state`, which expires in a minute.
pub(crate) fn grant(state: GrantState) -> Grant {
    Grant { id: grant_id(), terms: grant_terms(), state, expires: later(60) }
}

/// The state of a grant whose code is valid for another half minute.
pub(crate) fn issued() -> GrantState {
    GrantState::Issued { code: secret_hash(&code()), code_expires: later(30) }
}

/// The first use of the code.
pub(crate) fn code_use() -> CodeUse {
    CodeUse { code: secret_hash(&code()), sender: secret_hash("sender"), retry_window: RetryWindow::default() }
}

/// The state of a grant whose code was redeemed ten seconds ago.
pub(crate) fn redeemed(refresh: Option<RefreshState>) -> GrantState {
    GrantState::Redeemed { code: secret_hash(&code()), at: ago(10), sender: None, refresh }
}

/// Refresh tokens of which the third is current, and the second was replaced ten seconds ago.
pub(crate) fn refresh_state() -> RefreshState {
    RefreshState {
        generation: 3,
        current: refresh_token(3).hash,
        version: 2,
        previous: Some((refresh_token(2).hash, ago(10))),
        until: later(86_400),
        idle_until: later(3600),
    }
}

/// `grant`, whose user is active.
pub(crate) const fn loaded(grant: Grant) -> LoadedGrant {
    LoadedGrant { grant, user: UserStatus::Active }
}
