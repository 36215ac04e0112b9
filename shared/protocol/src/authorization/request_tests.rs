//! Tests of the parsing of an authorization request.

use proptest::prelude::*;
use serde_json::json;

use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::pkce::PkceError;
use crate::authorization::refusal::{Redirected, Refusal};
use crate::authorization::request::{AuthorizationRequest, Prompt, RequestTerms, client_id};
use crate::authorization::response::ResponseMode;
use crate::clients::client::Client;
use crate::clients::request_channel::RequestChannel;
use crate::clients::resource_indicator::InvalidTarget;
use crate::fixtures::{
    CHALLENGE, REDIRECT_URI, claim_names, client, confidential_client, parameters, query, registered, request, scopes,
    secret_hash, subject,
};
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::syntax::quoted::Quoted;
use crate::types::id::ClientId;
use crate::types::scope::MalformedScope;

fn parsed(client: &Client, query: &str) -> Result<AuthorizationRequest, Refusal> {
    AuthorizationRequest::parse(&parameters(query), client, RequestChannel::Browser)
}

fn terms(changes: &[(&str, &str)]) -> RequestTerms {
    request(&client(&json!({})), changes).terms
}

/// Returns the redirected error of a request that cannot be served.
fn redirected(client: &Client, query: &str) -> Redirected {
    match parsed(client, query) {
        Err(Refusal::Redirect(redirected)) => *redirected,
        Err(Refusal::Page(error)) => panic!("{query}: {error:?}"),
        Ok(_) | Err(Refusal::Stranded(_)) => panic!("{query}: accepted"),
    }
}

fn error(changes: &[(&str, &str)]) -> RedirectError {
    redirected(&client(&json!({})), &query(changes)).error
}

fn page(client: &Client, query: &str) -> PageError {
    match parsed(client, query) {
        Err(Refusal::Page(error)) => error,
        Err(Refusal::Redirect(redirected)) => panic!("{query}: {redirected:?}"),
        Ok(_) | Err(Refusal::Stranded(_)) => panic!("{query}: accepted"),
    }
}

#[test]
fn a_request_without_a_usable_client_id_has_no_client() {
    let table = [
        ("client_id=app", Ok("app")),
        ("", Err(PageError::MissingClientId)),
        ("client_id=", Err(PageError::MissingClientId)),
        ("client_id=a%20b", Err(PageError::UnknownClient)),
        ("client_id=app&client_id=app", Err(PageError::Parameters(ParameterError::Repeated("client_id")))),
    ];
    for (query, expected) in table {
        let found = client_id(&parameters(query));
        assert_eq!(found.as_ref().map(ClientId::as_str).map_err(|error| *error), expected, "{query}");
    }
}

#[test]
fn nothing_is_redirected_before_the_redirect_uri_is_verified() {
    let one = client(&json!({}));
    let two = client(&json!({"redirect_uris": [REDIRECT_URI, "https://app.example/other"]}));
    let plain = |changes: &[(&str, &str)]| {
        query(&[&[("scope", "read"), ("redirect_uri", ""), ("response_type", "token")], changes].concat())
    };
    let repeated = format!("{}&redirect_uri={REDIRECT_URI}", query(&[]));
    let table = [
        (
            &one,
            query(&[("redirect_uri", "https://evil.example/cb")]),
            PageError::UnregisteredRedirectUri(Quoted::of("https://evil.example/cb")),
        ),
        (&one, repeated, PageError::Parameters(ParameterError::Repeated("redirect_uri"))),
        (&one, query(&[("redirect_uri", "")]), PageError::MissingRedirectUri),
        (&one, plain(&[("scope", "read openid")]), PageError::MissingRedirectUri),
        (&two, plain(&[]), PageError::MissingRedirectUri),
    ];
    for (client, query, expected) in table {
        assert_eq!(page(client, &query), expected, "{query}");
    }
    assert_eq!(redirected(&one, &plain(&[])).error, RedirectError::UnsupportedResponseType);
}

#[test]
fn an_omitted_redirect_uri_is_remembered_as_omitted() {
    let client = client(&json!({}));
    let omitted = request(&client, &[("redirect_uri", ""), ("scope", "read")]);
    assert_eq!((omitted.redirect_uri.as_str(), omitted.terms.redirect_uri_sent), (REDIRECT_URI, false));
    assert!(request(&client, &[]).terms.redirect_uri_sent);
}

#[test]
fn an_error_goes_back_in_the_requested_mode_and_with_the_state() {
    let client = client(&json!({}));
    let sent = |query: &str| {
        let Redirected { destination, error } = redirected(&client, query);
        (error, destination.response_mode, destination.state)
    };
    let state = Some("xyz".to_owned());
    let bad = ("response_type", "token");
    let table = [
        (query(&[bad]), RedirectError::UnsupportedResponseType, ResponseMode::Query, state.clone()),
        (
            query(&[bad, ("response_mode", "fragment")]),
            RedirectError::UnsupportedResponseType,
            ResponseMode::Fragment,
            state.clone(),
        ),
        (
            query(&[("response_mode", "web_message")]),
            RedirectError::UnsupportedResponseMode,
            ResponseMode::Query,
            state.clone(),
        ),
        (
            format!("{}&response_mode=fragment&response_mode=fragment", query(&[])),
            RedirectError::Parameters(ParameterError::Repeated("response_mode")),
            ResponseMode::Query,
            state,
        ),
        (query(&[("state", &"s".repeat(4097))]), too_long("state", 4097, 4096), ResponseMode::Query, None),
        (
            format!("{}&state=xyz", query(&[])),
            RedirectError::Parameters(ParameterError::Repeated("state")),
            ResponseMode::Query,
            None,
        ),
    ];
    for (query, error, mode, state) in table {
        assert_eq!(sent(&query), (error, mode, state), "{query}");
    }
}

fn too_long(name: &'static str, length: usize, limit: usize) -> RedirectError {
    RedirectError::TooLong { name, length, limit }
}

#[test]
fn each_parameter_has_a_bound() {
    let long = |length: usize| "x".repeat(length);
    for (name, limit) in [("state", 4096), ("nonce", 512), ("login_hint", 320), ("id_token_hint", 8192)] {
        assert_eq!(error(&[(name, &long(limit + 1))]), too_long(name, limit + 1, limit));
        let request = request(&client(&json!({})), &[(name, &long(limit))]);
        let kept = match name {
            "state" => request.terms.state,
            "nonce" => request.terms.nonce,
            "login_hint" => request.terms.login_hint,
            _ => request.id_token_hint.map(|hint| hint.expose().clone()),
        };
        assert_eq!(kept, Some(long(limit)), "{name}");
    }
    for name in ["acr_values", "ui_locales"] {
        assert_eq!(error(&[(name, &vec!["x"; 21].join(" "))]), RedirectError::TooMany(name));
        terms(&[(name, &vec!["x"; 20].join(" "))]);
    }
    let claims = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    assert_eq!(error(&[("claims", &claims(8193))]), too_long("claims", 8193, 8192));
    terms(&[("claims", &claims(8192))]);
}

#[test]
fn a_repeated_parameter_is_refused_wherever_it_is_read() {
    for name in [
        "response_type",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "claims",
        "acr_values",
        "ui_locales",
        "display",
        "request",
        "request_uri",
        "registration",
    ] {
        let twice = format!("{}&{name}=a&{name}=a", query(&[(name, "")]));
        let expected = RedirectError::Parameters(ParameterError::Repeated(name));
        assert_eq!(redirected(&client(&json!({})), &twice).error, expected, "{name}");
    }
}

#[test]
fn unsupported_features_are_refused_with_their_own_error() {
    let table = [
        (("request", "e30.e30."), RedirectError::RequestNotSupported),
        (("request_uri", "urn:x"), RedirectError::RequestUriNotSupported),
        (("registration", "{}"), RedirectError::RegistrationNotSupported),
        (("response_type", ""), RedirectError::MissingResponseType),
        (("response_type", "token"), RedirectError::UnsupportedResponseType),
        (("response_type", "code id_token"), RedirectError::UnsupportedResponseType),
        (("response_type", "CODE"), RedirectError::UnsupportedResponseType),
        (("display", "hologram"), RedirectError::InvalidDisplay),
    ];
    for (change, expected) in table {
        assert_eq!(error(&[change]), expected, "{change:?}");
    }
    for display in ["page", "popup", "touch", "wap"] {
        terms(&[("display", display)]);
    }
}

#[test]
fn a_client_without_the_code_grant_is_not_authorized() {
    let machine = confidential_client(&json!({"grant_types": ["client_credentials"], "scope": "read"}));
    assert_eq!(redirected(&machine, &query(&[])).error, RedirectError::UnauthorizedClient);
}

#[test]
fn the_challenge_is_s256_and_required_unless_registered_otherwise() {
    let public = client(&json!({}));
    let preset = client(&json!({"code_challenge_method": "S256"}));
    let secret = json!({
        "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [secret_hash("s").encoded()],
    });
    let optional = registered(&secret, &json!({"pkce": "public"})).unwrap();
    let (none, method) = (("code_challenge", ""), "code_challenge_method");
    let refused = [
        (&public, vec![none], RedirectError::MissingChallenge),
        (&public, vec![none, (method, "")], RedirectError::MissingChallenge),
        (&optional, vec![none], RedirectError::MissingChallenge),
        (&public, vec![(method, "")], RedirectError::UnsupportedChallengeMethod),
        (&public, vec![(method, "plain")], RedirectError::UnsupportedChallengeMethod),
        (&preset, vec![(method, "plain")], RedirectError::UnsupportedChallengeMethod),
        (&optional, vec![(method, "s256")], RedirectError::UnsupportedChallengeMethod),
        (&public, vec![("code_challenge", "short")], RedirectError::Challenge(PkceError::MalformedChallenge)),
    ];
    for (client, changes, expected) in refused {
        assert_eq!(redirected(client, &query(&changes)).error, expected, "{changes:?}");
    }
    let challenge =
        |client: &Client, changes: &[(&str, &str)]| request(client, changes).terms.code_challenge.map(String::from);
    assert_eq!(challenge(&public, &[]).as_deref(), Some(CHALLENGE));
    assert_eq!(challenge(&preset, &[(method, "")]).as_deref(), Some(CHALLENGE));
    assert_eq!(challenge(&optional, &[none, (method, "")]), None);
}

#[test]
fn scopes_are_registered_ones_and_offline_access_is_never_implied() {
    assert_eq!(terms(&[]).scope, scopes("openid read"));
    assert_eq!(terms(&[("scope", "")]).scope, scopes("openid profile email read write"));
    assert_eq!(terms(&[("scope", "offline_access")]).scope, scopes("offline_access"));
    for scope in ["openid  read", "openid\tread"] {
        assert_eq!(error(&[("scope", scope)]), RedirectError::MalformedScope(MalformedScope), "{scope}");
    }
    for (scope, unknown) in [("openid introspect_tokens", "introspect_tokens"), ("OPENID", "OPENID")] {
        assert_eq!(error(&[("scope", scope)]), RedirectError::UnknownScope(Quoted::of(unknown)), "{scope}");
    }
}

#[test]
fn sec_authz_18_a_client_requests_instances_of_its_templates() {
    let workspace = json!({"scopes": [
        {"name": "openid", "title": "O"}, {"name": "tenant", "title": "T", "implicit": true},
        {"name": "accounts.*", "title": "A"}, {"name": "users.*", "title": "U"},
    ]});
    let change = |unknown: &str| json!({"scope": "openid tenant accounts.*", "unknown_scopes": unknown});
    let (refusing, ignoring) =
        (registered(&change("refused"), &workspace).unwrap(), registered(&change("ignored"), &workspace).unwrap());
    let granted = |client: &Client, scope: &str| {
        parsed(client, &query(&[("scope", scope)])).ok().map(|request| request.terms.scope.joined())
    };
    assert_eq!(
        granted(&refusing, "openid accounts.1 accounts.2").as_deref(),
        Some("openid accounts.1 accounts.2 tenant")
    );
    assert_eq!(granted(&refusing, "tenant accounts.1").as_deref(), Some("tenant accounts.1"));
    assert_eq!(granted(&refusing, "").as_deref(), Some("openid tenant"));
    assert_eq!(granted(&ignoring, "accounts.1 users.1 accounts.1.read").as_deref(), Some("accounts.1 tenant"));
    for client in [&refusing, &ignoring] {
        let error = redirected(client, &query(&[("scope", "openid accounts.*")])).error;
        assert_eq!(error, RedirectError::ScopeTemplate(Quoted::of("accounts.*")));
        assert!(error.to_string().contains("with a value in place of the asterisk"), "{error}");
    }
    for unknown in ["users.1", "users.*", "accounts.1.read", "accounts."] {
        let error = redirected(&refusing, &query(&[("scope", unknown)])).error;
        assert_eq!(error, RedirectError::UnknownScope(Quoted::of(unknown)));
    }
}

#[test]
fn implicit_scopes_may_not_exceed_the_limit_of_a_request() {
    let workspace = json!({"scopes": [
        {"name": "tenant", "title": "T", "implicit": true}, {"name": "a.*", "title": "A"},
    ]});
    let client =
        registered(&json!({"scope": "tenant a.*", "grant_types": ["authorization_code"]}), &workspace).unwrap();
    let many = |count: usize| (0..count).map(|n| format!("a.{n}")).collect::<Vec<_>>().join(" ");
    assert!(parsed(&client, &query(&[("scope", &many(99))])).is_ok());
    let error = redirected(&client, &query(&[("scope", &many(100))])).error;
    assert_eq!(error, RedirectError::MalformedScope(MalformedScope));
}

#[test]
fn sec_param_18_unknown_scopes_are_ignored_only_where_that_is_configured_and_something_is_left() {
    let ignoring = client(&json!({"scope": "openid email offline_access read", "unknown_scopes": "ignored"}));
    let by_workspace = registered(&json!({}), &json!({"unknown_scopes": "ignored"})).unwrap();
    let refusing = registered(&json!({"unknown_scopes": "refused"}), &json!({"unknown_scopes": "ignored"})).unwrap();
    let granted = |client: &Client, scope: &str| {
        let request = parsed(client, &query(&[("scope", scope)])).ok()?;
        Some((request.terms.scope.joined(), request.ignored_scope.joined()))
    };
    let some = |known: &str, ignored: &str| Some((known.to_owned(), ignored.to_owned()));
    assert_eq!(granted(&ignoring, "openid groups read write"), some("openid read", "groups write"));
    assert_eq!(granted(&ignoring, "groups read"), some("read", "groups"));
    assert_eq!(granted(&by_workspace, "openid groups"), some("openid", "groups"));
    assert_eq!(granted(&refusing, "openid groups"), None);
    assert_eq!(granted(&ignoring, "openid read"), some("openid read", ""));
    let unknown = |scope| RedirectError::UnknownScope(Quoted::of(scope));
    assert_eq!(redirected(&ignoring, &query(&[("scope", "groups write")])).error, unknown("groups"), "nothing is left");
    let malformed = redirected(&ignoring, &query(&[("scope", "openid  groups")])).error;
    assert_eq!(malformed, RedirectError::MalformedScope(MalformedScope));
    let no_openid =
        client(&json!({"scope": "read", "unknown_scopes": "ignored", "grant_types": ["authorization_code"]}));
    let error = redirected(&no_openid, &query(&[("scope", "openid read")])).error;
    assert_eq!(error, unknown("openid"), "the client would wait for an ID token");
}

#[test]
fn sec_pkce_01_a_client_that_is_exempt_sends_a_nonce_with_openid_instead() {
    let exempt = confidential_client(&json!({"require_pkce": false}));
    let lenient = confidential_client(&json!({"require_pkce": false, "require_nonce": false}));
    let (none, method) = (("code_challenge", ""), ("code_challenge_method", ""));
    let good = [
        (&exempt, vec![none, method, ("nonce", "n")]),
        (&exempt, vec![none, method, ("scope", "read")]),
        (&exempt, vec![]),
        (&lenient, vec![none, method]),
    ];
    for (client, changes) in good {
        assert!(parsed(client, &query(&changes)).is_ok(), "{changes:?}");
    }
    let bad = [
        (&exempt, vec![none, method], RedirectError::MissingNonce),
        (&exempt, vec![none, method, ("nonce", ""), ("scope", "")], RedirectError::MissingNonce),
        (&exempt, vec![none, ("nonce", "n")], RedirectError::MissingChallenge),
        (&exempt, vec![("code_challenge_method", "plain")], RedirectError::UnsupportedChallengeMethod),
        (&lenient, vec![("code_challenge", "short")], RedirectError::Challenge(PkceError::MalformedChallenge)),
    ];
    for (client, changes, expected) in bad {
        assert_eq!(redirected(client, &query(&changes)).error, expected, "{changes:?}");
    }
}

#[test]
fn resources_are_the_default_and_registered_ones() {
    let resources = |value| terms(&[("resource", value)]).resource.iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(resources("https://a.example"), ["https://a.example"]);
    assert_eq!(resources("https://api.example"), ["https://api.example"]);
    assert!(resources("").is_empty());
    let unknown = InvalidTarget::Unknown(Quoted::of("https://b.example"));
    assert_eq!(error(&[("resource", "https://b.example")]), RedirectError::InvalidTarget(unknown));
    for resource in ["https://a.example#x", "a.example"] {
        let malformed = InvalidTarget::Malformed(Quoted::of(resource));
        assert_eq!(error(&[("resource", resource)]), RedirectError::InvalidTarget(malformed));
    }
}

#[test]
fn the_claims_parameter_belongs_to_openid_connect() {
    let claims = r#"{"userinfo":{"email":null},"id_token":{"sub":{"value":"alice"}}}"#;
    let asked = terms(&[("claims", claims)]);
    assert_eq!(asked.claims.names(), claim_names(&["email"]));
    assert_eq!(asked.expected_subject, Some(subject("alice")));
    let ignored = terms(&[("claims", claims), ("scope", "read")]);
    assert!(ignored.claims.is_empty() && ignored.expected_subject.is_none());
    assert_eq!(error(&[("claims", "[]")]), RedirectError::InvalidClaims);
    assert_eq!(error(&[("claims", "[]"), ("scope", "read")]), RedirectError::InvalidClaims);
    let demanding = |class: &str| format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{class}"}}}}}}"#);
    assert_eq!(error(&[("claims", &demanding("urn:other"))]), RedirectError::UnmetAuthenticationRequirements);
    assert!(
        terms(&[("claims", &demanding("urn:postern:acr:single-factor"))])
            .claims
            .are_met_by("urn:postern:acr:single-factor")
    );
}

#[test]
fn claims_requested_by_name_exclude_those_of_requested_scopes() {
    let claims = r#"{"userinfo":{"email":null,"name":null},"id_token":{"email":null,"phone_number":null}}"#;
    let by_name = |scope| terms(&[("claims", claims), ("scope", scope)]).claims_by_name();
    assert_eq!(by_name("openid"), claim_names(&["email", "name", "phone_number"]));
    assert_eq!(by_name("openid email"), claim_names(&["name", "phone_number"]));
    assert_eq!(by_name("openid profile email"), claim_names(&["phone_number"]));
}

#[test]
fn prompt_is_none_alone_or_a_list_of_pages() {
    let pages = |login, account, consent| Prompt::Pages { login, account, consent };
    let table = [
        ("", Prompt::AsNeeded),
        ("none", Prompt::Nothing),
        ("login", pages(true, false, false)),
        ("select_account", pages(false, true, false)),
        ("consent", pages(false, false, true)),
        ("consent login select_account", pages(true, true, true)),
        ("login login", pages(true, false, false)),
    ];
    for (value, expected) in table {
        assert_eq!(terms(&[("prompt", value)]).prompt, expected, "{value}");
    }
    for value in ["none login", "login none", "create", "LOGIN", "login  consent", " login"] {
        assert_eq!(error(&[("prompt", value)]), RedirectError::InvalidPrompt, "{value}");
    }
}

#[test]
fn max_age_is_a_number_of_seconds() {
    for (value, expected) in [("", None), ("0", Some(0)), ("60", Some(60)), ("4294967295", Some(u32::MAX))] {
        assert_eq!(terms(&[("max_age", value)]).max_age, expected, "{value}");
    }
    for value in ["-1", "+1", "1.5", "4294967296", "1e3", " 1", "x"] {
        assert_eq!(error(&[("max_age", value)]), RedirectError::InvalidMaxAge, "{value}");
    }
}

#[test]
fn an_accepted_request_responds_at_its_redirect_uri() {
    let request = request(&client(&json!({})), &[("response_mode", "fragment")]);
    let destination = request.destination();
    assert_eq!(destination.redirect_uri.as_str(), REDIRECT_URI);
    assert_eq!((destination.response_mode, destination.state.as_deref()), (ResponseMode::Fragment, Some("xyz")));
    let refused = request.refuse(RedirectError::AccessDenied);
    assert_eq!(refused.error, RedirectError::AccessDenied);
    assert_eq!(refused.destination.response_mode, ResponseMode::Fragment);
    assert_eq!(request.terms.client_id.as_str(), "app");
}

#[test]
fn a_page_error_is_refused_on_a_page() {
    assert!(matches!(Refusal::from(PageError::NotFound), Refusal::Page(PageError::NotFound)));
}

proptest! {
    #[test]
    fn no_request_panics_and_none_leaves_for_an_unregistered_uri(
        redirect_uri in "(https://app.example/cb|https://evil.example|[!-~]{0,20})",
        query in "([a-z_]{1,12}=[!-~]{0,12}&){0,6}",
    ) {
        let client = client(&json!({}));
        let encoded = format!("{query}redirect_uri={}", crate::syntax::encoding::encode_uri_component(&redirect_uri));
        let Ok(parameters) = Parameters::parse(encoded.as_bytes()) else { return Ok(()) };
        let destination = match AuthorizationRequest::parse(&parameters, &client, RequestChannel::Browser) {
            Ok(request) => Some(request.destination()),
            Err(Refusal::Redirect(redirected)) => Some(redirected.destination),
            Err(Refusal::Page(_) | Refusal::Stranded(_)) => None,
        };
        prop_assert!(destination.is_none_or(|destination| destination.redirect_uri.as_str() == REDIRECT_URI));
    }
}
