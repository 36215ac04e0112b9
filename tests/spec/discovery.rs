//! Everything in the metadata works, and nothing that works is left out (RFC 8414 §2, OpenID Connect Discovery §3). A
//! member without a proof here fails the test, so a new member needs a new proof.

use std::collections::BTreeSet;

use administration::workspace_file::Loader;
use postern::dev::demo_workspaces::DEMO;
use protocol::logout::logout_token::LogoutNotice;
use protocol::users::user_claims::ClaimName;
use serde_json::{Value, json};
use signing::{Purpose, Sealer, SystemEntropy};
use tests::browser::{answered, body, changed, exchange, form, json as parsed, location, request};
use tests::{Browser, Laptop, Pkce};
use web::Clock as _;
use web::config::PublicUrl;
use web::route;

use crate::flow::NATIVE;

/// Candidate values, to be compared with those advertised.
const RESPONSE_TYPES: [&str; 8] =
    ["code", "token", "id_token", "none", "code id_token", "code token", "id_token token", "code id_token token"];
const RESPONSE_MODES: [&str; 8] =
    ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"];
const GRANT_TYPES: [&str; 8] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "implicit",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
];
const AUTHENTICATION_METHODS: [&str; 7] = [
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];
const AUTHENTICATION_ALGORITHMS: [&str; 17] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256",
    "none", "HS384", "HS512", "ES256K", "Ed448",
];
const PROMPTS: [&str; 5] = ["none", "login", "consent", "select_account", "create"];
const DISPLAYS: [&str; 5] = ["page", "popup", "touch", "wap", "hologram"];
const METHODS: [&str; 3] = ["S256", "plain", "S512"];

async fn document(laptop: &Laptop, url: &str) -> Value {
    let response = laptop.send("GET", url, &[], "").await;
    assert_eq!(response.status(), 200, "{url}");
    parsed(&response)
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

/// Asserts that `advertised` has exactly those `candidates` for which `works` returns true.
async fn exactly(advertised: &Value, candidates: &[&'static str], works: impl AsyncFn(&'static str) -> bool) {
    let advertised = list(advertised);
    for candidate in candidates {
        assert_eq!(works(candidate).await, advertised.contains(candidate), "{candidate}: {advertised:?}");
    }
    let unknown: Vec<_> = advertised.iter().filter(|one| !candidates.contains(one)).collect();
    assert!(unknown.is_empty(), "advertised, but not tested: {unknown:?}");
}

/// Whether an authorization request with this change leads to anything but an error.
async fn authorizes(laptop: &Laptop, name: &'static str, value: &'static str) -> bool {
    let pkce = Pkce::new("discovery");
    let asked = request("demo-trusted", NATIVE, &pkce);
    let answer = Browser::new(laptop).authorize(&changed(&asked, name, Some(value))).await;
    let error = answered(&answer, "error").or_else(|| location(&answer).filter(|at| at.contains("error=")));
    // Without a session, `login_required` says nothing about the parameter.
    error.is_none_or(|error| error == "login_required")
        && !body(&answer).contains("error&quot;")
        && answer.status() != 400
}

/// Whether a client can be registered with this method.
fn registers(method: &str) -> bool {
    let of_web = "token_endpoint_auth_method = \"client_secret_basic\"";
    let text = DEMO[0].1.replacen(of_web, &format!("token_endpoint_auth_method = \"{method}\""), 1);
    // A known method may still lack a key or secret; only an unknown one causes this error.
    !misread(&text).contains("token_endpoint_auth_method is \"")
}

/// Whether a client can be registered with this signing algorithm; `attack/clients.rs` tests each one in use.
fn registers_algorithm(algorithm: &str) -> bool {
    let of_demo = "token_endpoint_auth_signing_alg = \"ES256\"";
    let text = DEMO[0].1.replacen(of_demo, &format!("token_endpoint_auth_signing_alg = \"{algorithm}\""), 1);
    // A known algorithm may still lack a matching key.
    !misread(&text).contains("token_endpoint_auth_signing_alg is ")
}

/// Returns the parse error of a workspace file.
fn misread(text: &str) -> String {
    let sealer = Sealer::derived(&protocol::types::secret::Secret::new([1; 32]), Purpose::UpstreamSecret).unwrap();
    let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
    let (upstream_secrets, client_secrets) = (&sealer, &sealer);
    let loader = Loader { public_url: &public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
    loader.text("x.toml", text).err().map(|error| error.to_string()).unwrap_or_default()
}

/// A workspace whose user alice has every supported claim.
fn with_all_claims(text: &str) -> String {
    let Some(of_alice) = text.lines().find(|line| line.contains("name = \"Alice Example\"")) else {
        return text.into();
    };
    let all = ClaimName::all().map(|name| match name.as_str() {
        "address" => "address = { formatted = \"1 Example Street\" }".to_owned(),
        "updated_at" => "updated_at = 1764028800".to_owned(),
        "birthdate" => "birthdate = \"1980-01-31\"".to_owned(),
        "zoneinfo" => "zoneinfo = \"Europe/Paris\"".to_owned(),
        "locale" => "locale = \"en\"".to_owned(),
        "email" => "email = \"alice@example.com\"".to_owned(),
        "phone_number" => "phone_number = \"+1 555 0100\"".to_owned(),
        verified @ ("email_verified" | "phone_number_verified") => format!("{verified} = true"),
        names @ ("groups" | "roles") => format!("{names} = [\"staff\"]"),
        text => format!("{text} = \"https://alice.example/\""),
    });
    text.replacen(of_alice, &format!("claims = {{ {} }}", all.collect::<Vec<_>>().join(", ")), 1)
}

/// Logs alice in and returns the tokens.
async fn tokens(laptop: &Laptop) -> Value {
    // No scope of the demo covers these.
    let claims = r#"{"userinfo":{"address":null,"groups":null,"roles":null}}"#;
    tokens_for(laptop, &[("scope", "openid profile email phone"), ("claims", claims)]).await
}

/// Logs alice in with additional parameters and returns the tokens.
async fn tokens_for(laptop: &Laptop, parameters: &[(&str, &str)]) -> Value {
    let pkce = Pkce::new("discovery");
    let asked = parameters
        .iter()
        .fold(request("demo-trusted", NATIVE, &pkce), |asked, (name, value)| changed(&asked, name, Some(*value)));
    let answer = Browser::new(laptop).log_in(&asked).await;
    let code = answered(&answer, "code").unwrap();
    parsed(&laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await)
}

/// Returns the userinfo claims for these tokens.
async fn told_of(laptop: &Laptop, tokens: &Value) -> Value {
    parsed(&laptop.userinfo(tokens["access_token"].as_str().unwrap()).await)
}

fn part(token: &str, at: usize) -> Value {
    let bytes = protocol::syntax::encoding::base64url_decoded(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn endpoint(laptop: &Laptop, url: &str) {
    let path = url.strip_prefix("http://localhost:9000").unwrap();
    let route = route::find(path).unwrap_or_else(|| panic!("{path} leads nowhere"));
    for method in route.route.methods {
        let answer = laptop.send(method, url, &[], "").await;
        assert!(answer.status() != 404 && answer.status() != 405, "{method} {url}: {}", answer.status());
    }
}

const SERVICE: &str = "Basic ZGVtby1zZXJ2aWNlOmRlbW8tc2VydmljZS1zZWNyZXQ=";

async fn proved(laptop: &Laptop, name: &str, value: &Value) {
    match name {
        "issuer" => assert_eq!(value, laptop.issuer().as_str()),
        "jwks_uri"
        | "authorization_endpoint"
        | "token_endpoint"
        | "userinfo_endpoint"
        | "introspection_endpoint"
        | "revocation_endpoint"
        | "end_session_endpoint" => endpoint(laptop, value.as_str().unwrap()).await,
        "scopes_supported" => {
            for scope in list(value) {
                let known = DEMO[0].1.contains(&format!("name = \"{scope}\""));
                assert!(known, "{scope}");
            }
        }
        "response_types_supported" => {
            exactly(value, &RESPONSE_TYPES, async |one| authorizes(laptop, "response_type", one).await).await;
        }
        "response_modes_supported" => {
            exactly(value, &RESPONSE_MODES, async |one| authorizes(laptop, "response_mode", one).await).await;
        }
        "prompt_values_supported" => {
            exactly(value, &PROMPTS, async |one| authorizes(laptop, "prompt", one).await).await;
        }
        "display_values_supported" => {
            exactly(value, &DISPLAYS, async |one| authorizes(laptop, "display", one).await).await;
        }
        "code_challenge_methods_supported" => {
            exactly(value, &METHODS, async |one| authorizes(laptop, "code_challenge_method", one).await).await;
        }
        "grant_types_supported" => {
            let known = async |one| {
                let fields =
                    [("grant_type", one), ("client_id", "demo-trusted"), ("code", "x"), ("refresh_token", "x")];
                parsed(&laptop.form("/oauth2/token", &fields, &[]).await)["error"] != "unsupported_grant_type"
            };
            exactly(value, &GRANT_TYPES, known).await;
        }
        _ => registrable(laptop, name, value).await,
    }
}

/// Proves the members about client registration.
async fn registrable(laptop: &Laptop, name: &str, value: &Value) {
    match name {
        "token_endpoint_auth_methods_supported" | "revocation_endpoint_auth_methods_supported" => {
            exactly(value, &AUTHENTICATION_METHODS, async |one| registers(one)).await;
        }
        "introspection_endpoint_auth_methods_supported" => {
            exactly(value, &AUTHENTICATION_METHODS, async |one| one != "none" && registers(one)).await;
        }
        "subject_types_supported" => {
            let with = |kind: &str| {
                let client = "client_id = \"demo-web\"";
                misread(&DEMO[0].1.replacen(client, &format!("{client}\nsubject_type = \"{kind}\""), 1)).is_empty()
            };
            exactly(value, &["public", "pairwise", "ephemeral"], async |one| with(one)).await;
        }
        "token_endpoint_auth_signing_alg_values_supported"
        | "introspection_endpoint_auth_signing_alg_values_supported"
        | "revocation_endpoint_auth_signing_alg_values_supported" => {
            exactly(value, &AUTHENTICATION_ALGORITHMS, async |one| registers_algorithm(one)).await;
        }
        // `attack/userinfo.rs` tests the signed response itself; here a client may register each algorithm of the key
        // ring.
        "userinfo_signing_alg_values_supported" => {
            let named = "userinfo_signed_response_alg = ";
            let with = |alg: &str| {
                let client = "client_id = \"demo-web\"";
                misread(&DEMO[0].1.replacen(client, &format!("{client}\n{named}\"{alg}\""), 1)).is_empty()
            };
            exactly(value, &["RS256", "PS256", "ES256", "HS256", "none"], async |one| with(one)).await;
        }
        _ => shown(laptop, name, value).await,
    }
}

/// Proves the members about tokens and claims.
async fn shown(laptop: &Laptop, name: &str, value: &Value) {
    match name {
        "id_token_signing_alg_values_supported" => {
            let header = part(tokens(laptop).await["id_token"].as_str().unwrap(), 0);
            assert_eq!(list(value), [header["alg"].as_str().unwrap()]);
        }
        "acr_values_supported" => {
            let id_token = part(tokens(laptop).await["id_token"].as_str().unwrap(), 1);
            assert_eq!(list(value), [id_token["acr"].as_str().unwrap()]);
        }
        "introspection_signing_alg_values_supported" => {
            let headers = [("authorization", SERVICE), ("accept", "application/token-introspection+jwt")];
            let signed = body(&laptop.form("/oauth2/introspect", &[("token", "x")], &headers).await);
            assert_eq!(list(value), [part(&signed, 0)["alg"].as_str().unwrap()]);
        }
        "claims_supported" => {
            let laptop = Laptop::with(|text| with_all_claims(&text)).await;
            let tokens = tokens(&laptop).await;
            let user = told_of(&laptop, &tokens).await;
            let id_token = part(tokens["id_token"].as_str().unwrap(), 1);
            let told = id_token.as_object().unwrap().keys().chain(user.as_object().unwrap().keys());
            assert_eq!(list(value).into_iter().collect::<BTreeSet<_>>(), told.map(String::as_str).collect());
        }
        "claim_types_supported" => {
            assert_eq!(value, &json!(["normal"]));
            let user = told_of(laptop, &tokens(laptop).await).await;
            // Neither aggregated nor distributed claims (OpenID Connect Core §5.6.2).
            assert!(user.get("_claim_names").is_none() && user.get("_claim_sources").is_none());
        }
        "authorization_response_iss_parameter_supported" => {
            assert_eq!(value, true);
            let answer = Browser::new(laptop).log_in(&request("demo-trusted", NATIVE, &Pkce::new("iss"))).await;
            assert_eq!(answered(&answer, "iss"), Some(laptop.issuer()));
        }
        "ui_locales_supported" => {
            let pkce = Pkce::new("locales");
            for tag in list(value) {
                let asked = changed(&request("demo-trusted", NATIVE, &pkce), "ui_locales", Some(tag));
                let page = Browser::new(laptop).authorize(&asked).await;
                assert!(body(&page).contains(&format!("<html lang=\"{tag}\"")), "{tag}");
            }
        }
        _ => understood(laptop, name, value).await,
    }
}

/// Proves the members about further request parameters.
async fn understood(laptop: &Laptop, name: &str, value: &Value) {
    match name {
        "request_parameter_supported" => assert_eq!(value, authorizes(laptop, "request", "e30.e30.").await),
        "request_object_signing_alg_values_supported" => {
            // None, not even unsigned ones.
            assert_eq!(value, &json!([]));
            assert!(!authorizes(laptop, "request", "e30.e30.").await);
        }
        "pushed_authorization_request_endpoint" => {
            let pkce = Pkce::new("pushed");
            let path = value.as_str().unwrap().strip_prefix(&laptop.issuer()).unwrap();
            let pushed = laptop.form(path, &request("demo-trusted", NATIVE, &pkce), &[]).await;
            let uri = parsed(&pushed)["request_uri"].as_str().unwrap().to_owned();
            let fields = [("client_id", "demo-trusted"), ("request_uri", uri.as_str())];
            assert!(answered(&Browser::new(laptop).log_in(&fields).await, "code").is_some());
        }
        "device_authorization_endpoint" => {
            let path = value.as_str().unwrap().strip_prefix(&laptop.issuer()).unwrap();
            let codes = laptop.form(path, &[("client_id", "demo-device"), ("scope", "openid")], &[]).await;
            let code = parsed(&codes)["device_code"].as_str().unwrap().to_owned();
            let grant = "urn:ietf:params:oauth:grant-type:device_code";
            let fields = [("grant_type", grant), ("client_id", "demo-device"), ("device_code", code.as_str())];
            let poll = laptop.form("/oauth2/token", &fields, &[]).await;
            assert_eq!(parsed(&poll)["error"], "authorization_pending");
        }
        "require_pushed_authorization_requests" => {
            let plain = Browser::new(laptop).log_in(&request("demo-trusted", NATIVE, &Pkce::new("plain"))).await;
            assert_eq!(value, answered(&plain, "code").is_none());
        }
        "request_uri_parameter_supported" => {
            assert_eq!(value, authorizes(laptop, "request_uri", "https://client.example/request").await);
        }
        "claims_parameter_supported" => {
            let asking = [("scope", "openid"), ("claims", r#"{"id_token":{"locale":null}}"#)];
            let id_token = part(tokens_for(laptop, &asking).await["id_token"].as_str().unwrap(), 1);
            assert_eq!(value, id_token["locale"] == "en");
        }
        _ => after_a_logout(name, value).await,
    }
}

/// Proves the members about logout.
async fn after_a_logout(name: &str, value: &Value) {
    match name {
        "backchannel_logout_supported" | "backchannel_logout_session_supported" => {
            let (client, pkce) = ("client_id = \"demo-trusted\"", Pkce::new("told"));
            let told = format!("{client}\nbackchannel_logout_uri = \"https://client.example/backchannel-logout\"");
            let laptop = Laptop::with(|text| text.replacen(client, &told, 1)).await;
            let mut browser = Browser::new(&laptop);
            browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
            let asking = form(&browser.get(&laptop.demo_url("/oidc/logout")).await);
            let fields = [("confirmation", asking.hidden[0].1.as_str()), ("decision", "sign-out")];
            browser.post(&asking.action, &fields).await;
            let messages = laptop.queue.receive(laptop.clock.now());
            let sids: Vec<_> = messages.iter().filter_map(|message| LogoutNotice::parse(&message.body)).collect();
            assert_eq!(value, sids.len() == 1 && !sids[0].participant.sid.is_empty());
        }
        other => panic!("{other} is advertised without a proof here: {value}"),
    }
}

#[tokio::test]
async fn sec_disc_02_and_sec_cli_16_exactly_the_advertised_features_work() {
    let laptop = Laptop::demo().await;
    let document = document(&laptop, &laptop.demo_url("/.well-known/openid-configuration")).await;
    for (name, value) in document.as_object().unwrap() {
        proved(&laptop, name, value).await;
    }
    // Clients assume a default for members that are absent.
    for required in ["issuer", "request_uri_parameter_supported", "claims_parameter_supported", "jwks_uri"] {
        assert!(document.get(required).is_some(), "{required}");
    }
}

#[tokio::test]
async fn sec_disc_01_all_three_well_known_urls_serve_the_same_document_with_the_exact_issuer() {
    let laptop = Laptop::demo().await;
    let forms = [
        "/default/demo/.well-known/openid-configuration",
        "/.well-known/openid-configuration/default/demo",
        "/.well-known/oauth-authorization-server/default/demo",
    ];
    let first = document(&laptop, forms[0]).await;
    assert_eq!(first["issuer"], json!("http://localhost:9000/default/demo"));
    for form in forms {
        assert_eq!(document(&laptop, form).await, first, "{form}");
    }
    for (name, value) in first.as_object().unwrap() {
        let url = name.ends_with("_endpoint") || name.ends_with("_uri");
        assert!(!url || value.as_str().unwrap().starts_with(&format!("{}/", laptop.issuer())), "{name}: {value}");
    }
    for other in ["/default/partner", "/default/nobody"] {
        let path = format!("{other}/.well-known/openid-configuration");
        let found = laptop.send("GET", &path, &[], "").await;
        let issuer = (found.status() == 200).then(|| parsed(&found)["issuer"].clone());
        assert_eq!(issuer, (other == "/default/partner").then(|| json!("http://localhost:9000/default/partner")));
    }
}
