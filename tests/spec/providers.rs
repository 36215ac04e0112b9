//! Logging in by stand-ins of providers, each as its public documentation describes it (docs/providers.md).

use serde_json::{Value, json};
use sha2::Digest as _;
use tests::browser::{answered, body, changed, exchange, json as parsed, link, location, request};
use tests::provider::{Exchange, Userinfo, without_sandbox};
use tests::{Browser, ClientKey, Laptop, Pkce, Provider};
use web::Response;

const NATIVE: &str = "http://127.0.0.1:9999/callback";

/// A private key on P-256, as `openssl genpkey` writes it.
const PRIVATE_KEY: &str = "private_key = \"\"\"-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgED3LjXuH9o+XA5wB
ytj04JFXPO8rxKDMQgp/XbR/9AuhRANCAAQepF70M1Pr8GRt3WRNOZ5T0WuEZtQM
DoyyoknkOR48Yr3plE0xTHICidI32CUkEDyOllHjvdHtiPZ63ajrSCuk
-----END PRIVATE KEY-----\"\"\"";

/// A provider that behaves as one of the known ones.
struct StandIn {
    name: &'static str,
    /// What its issuer has after the address.
    path: &'static str,
    /// The same in the `iss` of its ID tokens.
    iss: &'static str,
    settings: String,
    metadata: Value,
    id_token: Value,
    userinfo: Value,
    userinfo_as: Userinfo,
    key: Option<ClientKey>,
    by_form: bool,
    authenticates: fn(&Exchange) -> bool,
    /// The address and whether it is verified, as our client is told.
    email: Value,
    acr: &'static str,
}

impl StandIn {
    fn of(name: &'static str, settings: &str) -> Self {
        Self {
            name,
            path: "",
            iss: "",
            settings: settings.into(),
            metadata: json!({}),
            id_token: json!({}),
            userinfo: json!({}),
            userinfo_as: Userinfo::Plain,
            key: None,
            by_form: false,
            authenticates: by_basic,
            email: json!([null, null]),
            acr: "urn:postern:acr:single-factor",
        }
    }
}

fn by_basic(exchange: &Exchange) -> bool {
    exchange.authorization.as_deref().is_some_and(|header| header.starts_with("Basic "))
        && exchange.form.one("client_secret").unwrap().is_none()
}

fn by_post(exchange: &Exchange) -> bool {
    exchange.authorization.is_none() && exchange.form.one("client_secret").unwrap() == Some("s3cret")
}

/// The claims of a JWT that was made for this request.
fn jwt(exchange: &Exchange, field: &'static str) -> (Value, Value) {
    let jwt = exchange.form.one(field).unwrap().unwrap_or_else(|| panic!("no {field}"));
    let part = |at| {
        let part = jwt.split('.').nth(at).unwrap();
        serde_json::from_slice(&protocol::syntax::encoding::base64url_decoded(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

fn by_apple(exchange: &Exchange) -> bool {
    let (header, claims) = jwt(exchange, "client_secret");
    (&header["kid"], &header["alg"]) == (&json!("KEY1"), &json!("ES256"))
        && (&claims["iss"], &claims["sub"]) == (&json!("TEAM1"), &json!("demo"))
        && exchange.authorization.is_none()
}

/// As Microsoft documents it: the certificate's thumbprint, as OpenSSL computes it, and no `kid`.
fn by_certificate(exchange: &Exchange) -> bool {
    let (header, claims) = jwt(exchange, "client_assertion");
    let thumbprint = "KUjatyh6MAhc6cU6zQsULfrl6_7Jy5qqxsAOznwU3TQ";
    header == json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
        && claims["aud"].as_str().is_some_and(|audience| audience.ends_with("/token"))
        && claims["nbf"] == claims["iat"]
        && (&claims["iss"], &claims["sub"]) == (&json!("demo"), &json!("demo"))
        && exchange.form.one("client_secret").unwrap().is_none()
}

fn by_assertion(exchange: &Exchange) -> bool {
    let (_, claims) = jwt(exchange, "client_assertion");
    (&claims["iss"], &claims["sub"]) == (&json!("demo"), &json!("demo"))
        && claims["jti"].is_string()
        && exchange.form.one("client_secret").unwrap().is_none()
}

/// An RSA key and its certificate, as `openssl req -x509 -newkey rsa:2048` writes them.
fn certified() -> String {
    let (key, certificate) = (include_str!("provider-key.pem"), include_str!("provider-certificate.pem"));
    format!("private_key = \"\"\"{key}\"\"\"\nprivate_key_certificate = \"\"\"{certificate}\"\"\"")
}

const SECRET: &str = "client_secret = \"s3cret\"";

/// What providers say of their user.
fn ada() -> Value {
    json!({"email": "ada@corp.example", "email_verified": true, "name": "Ada"})
}

/// What our client is told of that address where its domain is vouched for.
fn verified() -> Value {
    json!(["ada@corp.example", true])
}

/// A secret, and what vouches for the domain.
fn corp(more: &str) -> String {
    format!("{SECRET}\nverified_email_domains = [\"corp.example\"]\n{more}")
}

fn stand_ins() -> Vec<StandIn> {
    of_consumers().into_iter().chain(of_microsoft()).chain(hosted()).chain(run_by_oneself()).collect()
}

fn of_consumers() -> Vec<StandIn> {
    vec![
        StandIn {
            id_token: ada(),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"], "response_modes_supported": null}),
            key: Some(ClientKey::new(protocol::jose::jwk::Algorithm::RS256)),
            authenticates: by_post,
            email: verified(),
            ..StandIn::of("Google", &corp("preset = \"google\""))
        },
        StandIn {
            id_token: json!({"nonce": null, "locale": "en_US"}),
            userinfo: ada(),
            authenticates: |exchange| by_post(exchange) && exchange.form.one("code_verifier").unwrap().is_none(),
            email: verified(),
            ..StandIn::of("LinkedIn", &corp("preset = \"linkedin\""))
        },
        StandIn {
            id_token: json!({"email": "ada@corp.example", "email_verified": "true", "is_private_email": "false"}),
            metadata: json!({
                "token_endpoint_auth_methods_supported": ["client_secret_post"], "userinfo_endpoint": null,
                "response_modes_supported": ["query", "fragment", "form_post"],
            }),
            by_form: true,
            authenticates: by_apple,
            email: verified(),
            ..StandIn::of(
                "Sign in with Apple",
                &format!(
                    "{PRIVATE_KEY}\nprivate_key_id = \"KEY1\"\nprivate_key_issuer = \"TEAM1\"\npreset = \"apple\"\n\
                     verified_email_domains = [\"corp.example\"]"
                ),
            )
        },
    ]
}

fn of_microsoft() -> Vec<StandIn> {
    let groups: Vec<String> = (0..200).map(|at| format!("01234567-89ab-cdef-0123-{at:012}")).collect();
    vec![
        StandIn {
            path: "/{tenantid}/v2.0",
            iss: "/t-1/v2.0",
            id_token: json!({"tid": "t-1", "email": "ada@corp.example", "groups": groups, "ver": "2.0"}),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}),
            authenticates: by_post,
            email: json!(["ada@corp.example", false]),
            ..StandIn::of("Microsoft Entra", &corp("preset = \"microsoft\"\ntenants = [\"t-1\", \"t-2\"]"))
        },
        StandIn {
            path: "/{tenantid}/v2.0",
            iss: "/t-1/v2.0",
            id_token: json!({"tid": "t-1", "email": "ada@corp.example", "ver": "2.0"}),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}),
            authenticates: by_certificate,
            email: json!(["ada@corp.example", false]),
            ..StandIn::of(
                "Microsoft Entra with a certificate",
                &format!("{}\npreset = \"microsoft\"\ntenants = [\"t-1\"]", certified()),
            )
        },
    ]
}

fn hosted() -> Vec<StandIn> {
    vec![
        StandIn {
            id_token: json!({"amr": ["mfa", "otp", "pwd"], "ver": 1}),
            userinfo: json!({"email": "ada@corp.example", "email_verified": true, "updated_at": 1_700_000_000}),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}),
            email: verified(),
            acr: "urn:postern:acr:multi-factor",
            ..StandIn::of("Okta", &corp("preset = \"okta\""))
        },
        StandIn {
            path: "/",
            iss: "/",
            id_token: json!({"sub": "auth0|1"}),
            userinfo: json!({"sub": "auth0|1", "email": "ada@corp.example", "email_verified": true,
                "updated_at": "2026-01-02T03:04:05.678Z"}),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
            authenticates: by_post,
            email: verified(),
            ..StandIn::of("Auth0", &corp("preset = \"auth0\""))
        },
        StandIn {
            path: "/eu-west-1_abc",
            iss: "/eu-west-1_abc",
            id_token: json!({"token_use": "id", "cognito:username": "ada", "event_id": "x"}),
            userinfo: json!({"email": "ada@corp.example", "email_verified": "true", "username": "ada"}),
            email: verified(),
            ..StandIn::of("Amazon Cognito", &corp("preset = \"cognito\""))
        },
        StandIn {
            userinfo_as: Userinfo::Refused(403),
            id_token: ada(),
            key: Some(ClientKey::Foreign(tests::foreign_key::ForeignKey::new("ES384"))),
            metadata: json!({"id_token_signing_alg_values_supported": ["ES384"]}),
            email: verified(),
            ..StandIn::of("Logto", &corp("userinfo = \"optional\""))
        },
    ]
}

fn run_by_oneself() -> Vec<StandIn> {
    vec![
        StandIn {
            path: "/realms/corp",
            iss: "/realms/corp",
            id_token: json!({"acr": "1", "typ": "ID", "azp": "demo", "session_state": "x"}),
            userinfo: ada(),
            userinfo_as: Userinfo::Signed,
            metadata: json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"]}),
            email: verified(),
            authenticates: by_assertion,
            ..StandIn::of(
                "Keycloak",
                &format!("{PRIVATE_KEY}\npreset = \"keycloak\"\nverified_email_domains = [\"corp.example\"]"),
            )
        },
        StandIn {
            id_token: json!({"sub_legacy": "x", "groups_direct": ["a"], "auth_time": null, "nbf": null}),
            userinfo: ada(),
            email: verified(),
            ..StandIn::of("GitLab", &corp("preset = \"gitlab\""))
        },
        StandIn {
            id_token: json!({"aud": ["demo", "234567890123456789"], "azp": "demo", "amr": ["pwd"]}),
            userinfo: ada(),
            key: Some(ClientKey::ed25519()),
            email: verified(),
            ..StandIn::of("ZITADEL", &corp("trusted_audiences = [\"234567890123456789\"]"))
        },
        StandIn {
            path: "/adfs",
            iss: "/adfs",
            id_token: json!({"upn": "ada@corp.example", "unique_name": "CORP\\ada", "amr": "urn:x", "apptype": "Confidential"}),
            userinfo_as: Userinfo::Refused(401),
            metadata: json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}),
            ..StandIn::of("AD FS", &format!("{SECRET}\nuserinfo = \"unused\""))
        },
    ]
}

/// The answer of our client's request, which ends at the provider and comes back.
async fn logged_in(laptop: &Laptop, provider: &Provider, (stand_in, pkce): (&StandIn, &Pkce)) -> Response {
    let mut browser = Browser::new(laptop);
    let asked = changed(&request("demo-trusted", NATIVE, pkce), "scope", Some("openid profile email"));
    let away = provider.leave(&mut browser, &asked).await;
    let said = [("iss", json!(format!("{}{}", provider.issuer, stand_in.iss)))];
    let mut id_token = stand_in.id_token.clone();
    id_token.as_object_mut().unwrap().extend(said.map(|(name, value)| (name.to_owned(), value)));
    if !stand_in.by_form {
        return provider.come_back((laptop, &mut browser), &away, (&id_token, &stand_in.userinfo)).await;
    }
    assert_eq!(away.asked("response_mode"), Some("form_post"));
    provider.will_say(laptop, &away, (&id_token, &stand_in.userinfo));
    posted_back(laptop, &mut browser, away.asked("state").unwrap()).await
}

/// The answer comes as a form of another site, without the cookies that are `SameSite=Lax`.
async fn posted_back(laptop: &Laptop, browser: &mut Browser<'_>, state: &str) -> Response {
    let target = resent(laptop, (state, &json!({"name": {}}))).await;
    assert_eq!(target, format!("{}?state={state}&code=c", laptop.demo_url("/callback/partner")));
    let response = browser.get(&target).await;
    browser.follow(response).await
}

/// Where a form with this `state` and `user` is sent on to.
async fn resent(laptop: &Laptop, (state, user): (&str, &Value)) -> String {
    let (url, headers) = (
        laptop.demo_url("/callback/partner"),
        [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://appleid.apple.com"),
            ("sec-fetch-site", "cross-site"),
        ],
    );
    let user = protocol::syntax::encoding::encode_uri_component(&user.to_string());
    let again = laptop.send("POST", &url, &headers, format!("state={state}&code=c&user={user}")).await;
    location(&again).unwrap_or_else(|| panic!("{} {}", again.status(), body(&again)))
}

/// What our client is told of the user after a login at which the provider posts `user`, and its ID token says `said`.
async fn told_after(laptop: &Laptop, provider: &Provider, (user, said): (&Value, &Value)) -> Value {
    let (mut browser, pkce) = (Browser::new(laptop), Pkce::new("posted"));
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid profile email"));
    let away = provider.leave(&mut browser, &asked).await;
    provider.will_say(laptop, &away, (said, &json!({})));
    let target = resent(laptop, (away.asked("state").unwrap(), user)).await;
    assert!(!target.contains("Ada"), "a name is not in the address: {target}");
    let response = browser.get(&target).await;
    let code = answered(&browser.follow(response).await, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    let told = parsed(&laptop.userinfo(parsed(&tokens)["access_token"].as_str().unwrap()).await);
    json!([told["name"], told["given_name"], told["email"]])
}

const BY_FORM: &str = "response_mode = \"form_post\"\nuser_parameter = \"name\"";

fn posted_user() -> Value {
    json!({"name": {"firstName": "Ada", "lastName": "Lovelace"}, "email": "root@corp.example"})
}

#[tokio::test]
async fn sec_up_17_a_posted_name_is_kept_for_later_logins_and_a_posted_address_never_counts() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, BY_FORM)).await;
    let (nobody, nothing) = (json!([null, null, null]), json!({}));
    let ada = json!(["Ada Lovelace", "Ada", null]);
    for (user, said, expected) in [
        (nothing.clone(), nothing.clone(), &nobody),
        (posted_user(), nothing.clone(), &ada),
        (nothing.clone(), nothing.clone(), &ada),
        (json!({"name": {"firstName": 7}}), nothing.clone(), &ada),
        (nothing.clone(), json!({"name": "Signed"}), &json!(["Signed", null, null])),
        (nothing.clone(), nothing.clone(), &ada),
        (json!({"name": {"firstName": "Augusta"}}), nothing.clone(), &json!(["Augusta", "Augusta", null])),
    ] {
        assert_eq!(told_after(&laptop, &provider, (&user, &said)).await, *expected, "{user} {said}");
    }
}

#[tokio::test]
async fn a_posted_name_is_ignored_unless_the_provider_is_set_so() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "response_mode = \"form_post\"")).await;
    let told = told_after(&laptop, &provider, (&posted_user(), &json!({}))).await;
    assert_eq!(told, json!([null, null, null]));
}

#[tokio::test]
async fn a_sealed_name_is_of_one_login() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, BY_FORM)).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("swapped"));
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid profile"));
    let away = provider.leave(&mut browser, &asked).await;
    let state = away.asked("state").unwrap();
    provider.will_say(&laptop, &away, (&json!({}), &json!({})));
    let of_another = resent(&laptop, ("another", &posted_user())).await;
    let (_, sealed) = of_another.split_once("&user=").unwrap();
    let url = format!("{}?state={state}&code=c&user={sealed}", laptop.demo_url("/callback/partner"));
    let response = browser.get(&url).await;
    let code = answered(&browser.follow(response).await, "code").expect("a login does not depend on a name");
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    let told = parsed(&laptop.userinfo(parsed(&tokens)["access_token"].as_str().unwrap()).await);
    assert_eq!(told["name"], Value::Null);
}

#[tokio::test]
async fn users_log_in_by_providers_as_they_are() {
    for mut stand_in in stand_ins() {
        let (provider, pkce, name) = (Provider::start().await, Pkce::new(stand_in.name), stand_in.name);
        let issuer = format!("{}{}", provider.issuer, stand_in.path);
        provider.publishes(&json!({ "issuer": issuer }));
        provider.publishes(&stand_in.metadata);
        provider.tells(stand_in.userinfo_as);
        if let Some(key) = stand_in.key.take() {
            provider.signs_with(key);
        }
        let laptop = Laptop::with(|text| Provider::registered_as(&issuer, &text, &stand_in.settings)).await;
        let response = logged_in(&laptop, &provider, (&stand_in, &pkce)).await;
        let code = answered(&response, "code")
            .unwrap_or_else(|| panic!("{name}: {:?} {}", location(&response), body(&response)));
        assert!((stand_in.authenticates)(&provider.last_exchange()), "{name}: how we authenticate");
        let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
        let tokens = parsed(&tokens);
        let userinfo = parsed(&laptop.userinfo(tokens["access_token"].as_str().unwrap()).await);
        assert_eq!(json!([userinfo["email"], userinfo["email_verified"]]), stand_in.email, "{name}: {userinfo}");
        let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let claims = protocol::syntax::encoding::base64url_decoded(&claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["acr"], stand_in.acr, "{name}");
    }
}

/// The demo with a scope for groups, which `demo-trusted` may have in its ID tokens too.
fn with_groups(text: &str) -> String {
    let client = "client_id = \"demo-trusted\"";
    let Some((before, trusted)) = text.split_once(client) else { return text.into() };
    let scope = "[[scopes]]\nname = \"groups\"\ntitle = \"Know your groups\"\n\n[[clients]]";
    let before = before.replacen("[[clients]]", scope, 1);
    let trusted = trusted.replacen("scope = \"openid ", "id_token_claims = \"scopes\"\nscope = \"openid groups ", 1);
    format!("{before}{client}{trusted}")
}

#[tokio::test]
async fn sec_up_17_mapped_groups_of_a_provider_reach_the_client_by_scope() {
    let (provider, pkce) = (Provider::start().await, Pkce::new("groups"));
    let mapping = "map = { groups = [\"realm_access\", \"roles\"], name = \"displayName\" }";
    let laptop = Laptop::with(|text| with_groups(&provider.registered(&text, mapping))).await;
    let told = async |scope: &str, said: &Value| {
        let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some(scope));
        let mut browser = Browser::new(&laptop);
        let response = provider.log_in((&laptop, &mut browser), &asked, (&json!({}), said)).await;
        let code = answered(&response, "code").unwrap_or_else(|| panic!("{}", body(&response)));
        let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
        let tokens = parsed(&tokens);
        let userinfo = parsed(&laptop.userinfo(tokens["access_token"].as_str().unwrap()).await);
        let id_token = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let id_token = protocol::syntax::encoding::base64url_decoded(&id_token).unwrap();
        let id_token: Value = serde_json::from_slice(&id_token).unwrap();
        json!([userinfo["groups"], id_token["groups"], userinfo["name"], id_token["acr"]])
    };
    let said = json!({
        "realm_access": {"roles": ["admin", "staff"]}, "groups": ["root"], "roles": ["root"], "displayName": "Ada",
        "acr": "urn:postern:acr:multi-factor",
    });
    let (names, acr) = (json!(["partner:admin", "partner:staff"]), "urn:postern:acr:single-factor");
    assert_eq!(told("openid groups profile", &said).await, json!([names, names, "Ada", acr]));
    assert_eq!(told("openid profile", &said).await, json!([null, null, "Ada", acr]), "without the scope");
    let odd = json!({"realm_access": {"roles": ["admin", 7]}, "groups": ["root"]});
    assert_eq!(told("openid groups profile", &odd).await, json!([null, null, null, acr]), "of another type");
}

#[tokio::test]
async fn a_tenant_that_is_not_listed_and_an_issuer_with_another_path_are_refused() {
    for iss in ["/t-3/v2.0", "/common/v2.0", "/t-1/v2.0/", "/{tenantid}/v2.0", ""] {
        let (provider, pkce) = (Provider::start().await, Pkce::new("tenant"));
        let issuer = format!("{}/{{tenantid}}/v2.0", provider.issuer);
        provider.publishes(&json!({ "issuer": issuer }));
        let laptop = Laptop::with(|text| Provider::registered_as(&issuer, &text, "tenants = [\"t-1\"]")).await;
        let stand_in = StandIn { iss, ..StandIn::of("Entra", "") };
        let response = logged_in(&laptop, &provider, (&stand_in, &pkce)).await;
        assert_eq!(response.status(), 502, "{iss}");
    }
}

#[tokio::test]
async fn sec_up_05_a_key_that_names_its_issuer_signs_for_that_issuer_only() {
    let table = [
        ("/{tenantid}/v2.0", true),
        ("/t-1/v2.0", true),
        ("/t-2/v2.0", false),
        ("/{tenantid}/v1.0", false),
        ("/{tenantid}", false),
        ("", false),
    ];
    for (of_key, accepted) in table {
        let (provider, pkce) = (Provider::start().await, Pkce::new("key issuer"));
        let issuer = format!("{}/{{tenantid}}/v2.0", provider.issuer);
        provider.publishes(&json!({ "issuer": issuer }));
        provider.publishes_key_with(json!({"issuer": format!("{}{of_key}", provider.issuer)}));
        let tenants = "tenants = [\"t-1\", \"t-2\"]";
        let laptop = Laptop::with(|text| Provider::registered_as(&issuer, &text, tenants)).await;
        let stand_in = StandIn { iss: "/t-1/v2.0", ..StandIn::of("Entra", "") };
        let response = logged_in(&laptop, &provider, (&stand_in, &pkce)).await;
        assert_eq!(answered(&response, "code").is_some(), accepted, "{of_key}: {}", body(&response));
    }
}

#[tokio::test]
async fn keys_are_read_once_and_again_for_a_name_that_is_not_known() {
    let (provider, pkce) = (Provider::start().await, Pkce::new("keys"));
    let laptop = Laptop::with(|text| provider.registered(&text, "")).await;
    let stand_in = StandIn::of("any", "");
    let logs_in = async || answered(&logged_in(&laptop, &provider, (&stand_in, &pkce)).await, "code").is_some();
    for _ in 0..3 {
        assert!(logs_in().await);
    }
    assert_eq!(provider.keys_read(), 1);
    laptop.clock.advance(61);
    provider.rotates(ClientKey::ed25519(), "k2");
    assert!(logs_in().await && logs_in().await);
    assert_eq!(provider.keys_read(), 1, "a new name is looked for at once");
    provider.rotates(ClientKey::ed25519(), "k3");
    assert!(!logs_in().await && !logs_in().await);
    assert_eq!(provider.keys_read(), 0, "and at most once a minute");
    laptop.clock.advance(61);
    assert!(logs_in().await);
}

#[tokio::test]
async fn sec_up_06_a_providers_error_ends_at_the_client_if_there_is_no_other_source() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| without_sandbox(&provider.registered(&text, ""))).await;
    for (theirs, ours) in [
        ("access_denied", "access_denied"),
        ("user_cancelled_login", "access_denied"),
        ("user_cancelled_authorize", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("login_required", "login_required"),
        ("consent_required", "consent_required"),
        ("interaction_required", "interaction_required"),
        ("server_error", "server_error"),
        ("invalid_scope", "server_error"),
    ] {
        let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("refused"));
        let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
        let query = format!("state={}&error={theirs}&error_description=AADSTS90033", away.asked("state").unwrap());
        let response = browser.get(&format!("{}?{query}", laptop.demo_url("/callback/partner"))).await;
        tests::expect::redirected(&laptop, &response, NATIVE, ours, theirs);
        assert!(!location(&response).unwrap().contains("AADSTS"), "{theirs}");
    }
}

/// The provider that answers is the one that the user was sent to: its path, and the issuer that it names.
#[tokio::test]
async fn sec_up_01_and_13_an_answer_at_the_path_of_another_provider_logs_nobody_in() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| {
        let second = format!("[[upstream]]\nid = \"second\"\ntitle = \"Second\"\nissuer = \"{}\"", provider.issuer);
        let before = "# Another OpenID provider";
        provider.registered(&text, "").replacen(before, &format!("{second}\nclient_id = \"demo\"\n\n{before}"), 1)
    })
    .await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("other path"));
    let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
    provider.will_say(&laptop, &away, (&json!({}), &json!({})));
    let state = away.asked("state").unwrap();
    for path in ["second", "nobody"] {
        let response = browser.get(&laptop.demo_url(&format!("/callback/{path}?code=c&state={state}"))).await;
        assert_eq!((response.status().as_u16(), provider.exchanges()), (400, 0), "{path}: {}", body(&response));
    }
    let response = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &json!({}))).await;
    assert!(answered(&response, "code").is_some(), "the login goes on at its own path: {}", body(&response));
}

/// What binds an answer to this login: the verifier is sent, and the ID token has the nonce.
#[tokio::test]
async fn sec_up_02_a_login_is_bound_by_pkce_and_nonce_of_its_own() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "")).await;
    let pkce = Pkce::new("bound");
    let mut sent = std::collections::BTreeSet::new();
    for (nonce, accepted) in [(None, true), (Some(json!("other")), false), (Some(Value::Null), false)] {
        let mut browser = Browser::new(&laptop);
        let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
        assert_eq!(away.asked("code_challenge_method"), Some("S256"));
        let said = nonce.as_ref().map_or(json!({}), |nonce| json!({ "nonce": nonce }));
        let response = provider.come_back((&laptop, &mut browser), &away, (&said, &json!({}))).await;
        assert_eq!(answered(&response, "code").is_some(), accepted, "{nonce:?}: {}", body(&response));
        let verifier = provider.last_exchange().form.one("code_verifier").unwrap().unwrap().to_owned();
        let challenge = protocol::syntax::encoding::base64url(&sha2::Sha256::digest(verifier.as_bytes()));
        assert_eq!(away.asked("code_challenge"), Some(challenge.as_str()));
        for (name, least) in [("state", 22), ("nonce", 22), ("code_challenge", 43)] {
            let value = away.asked(name).unwrap();
            assert!(value.len() >= least && sent.insert(value.to_owned()), "{name} is long and used once: {value}");
        }
    }
}

/// What the user can do something about does not end the login: they see the other sources, and a link back.
#[tokio::test]
async fn sec_up_06_a_providers_error_leaves_the_other_sources() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "")).await;
    let pkce = Pkce::new("another");
    for (theirs, status, says) in [
        ("access_denied", 403, "You did not sign in with the other provider."),
        ("user_cancelled_login", 403, "You did not sign in with the other provider."),
        ("temporarily_unavailable", 502, "The other provider cannot be reached."),
    ] {
        let mut browser = Browser::new(&laptop);
        let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
        let query = format!("state={}&error={theirs}&error_description=<b>AADSTS90033", away.asked("state").unwrap());
        let page = browser.get(&format!("{}?{query}", laptop.demo_url("/callback/partner"))).await;
        assert_eq!(page.status(), status, "{theirs}");
        assert!(body(&page).contains(says) && !body(&page).contains("AADSTS"), "{theirs}: {}", body(&page));
        assert!(body(&page).contains("error=access_denied"), "{theirs}: the link back to the client");
        let again = browser.get(&link(&page, "/login?interaction=")).await;
        let response = browser.sign_in(&again, "alice", "alice").await;
        assert!(answered(&response, "code").is_some(), "{theirs}: {}", body(&response));
    }
    for (theirs, ours) in [("login_required", "login_required"), ("server_error", "server_error")] {
        let mut browser = Browser::new(&laptop);
        let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
        let query = format!("state={}&error={theirs}", away.asked("state").unwrap());
        let response = browser.get(&format!("{}?{query}", laptop.demo_url("/callback/partner"))).await;
        tests::expect::redirected(&laptop, &response, NATIVE, ours, theirs);
    }
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_leaves_a_way_on() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "")).await;
    provider.refuses(400, &json!({"error": "invalid_grant", "error_description": "<b>used</b>"}));
    let stand_in = StandIn::of("any", "");
    let response = logged_in(&laptop, &provider, (&stand_in, &Pkce::new("refuses"))).await;
    assert_eq!(response.status(), 502);
    assert!(
        body(&response).contains("/login?interaction=") && !body(&response).contains("used"),
        "{}",
        body(&response)
    );
}

#[tokio::test]
async fn what_a_client_would_like_of_the_login_is_passed_on() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| provider.registered(&text, "multi_factor_acr = [\"gold\"]")).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("hints"));
    let hints = [
        ("login_hint", "ada@corp.example"),
        ("ui_locales", "de en"),
        ("domain_hint", "corp.example"),
        ("acr_values", "urn:postern:acr:multi-factor silver"),
    ];
    let asked = [request("demo-trusted", NATIVE, &pkce), hints.to_vec()].concat();
    let away = provider.leave(&mut browser, &asked).await;
    for (name, value) in &hints[..3] {
        assert_eq!(away.asked(name), Some(*value), "{name}");
    }
    assert_eq!(away.asked("acr_values"), Some("gold silver"));
    assert_eq!(away.asked("response_mode"), None);
}
