//! Client credentials, introspection, revocation and resources: which tokens are issued, and who may learn about them
//! (catalogue sections H and M).

use administration::workspace_file::{FileError, Loader, WorkspaceFile};
use serde_json::Value;
use tests::browser::{answered, body, changed, exchange, json as parsed, request};
use tests::{Browser, Laptop, Pkce, expect};
use web::Response;

use crate::given::{NATIVE, WEB, and_clients, basic, claims, is_demo};

const ORDERS: &str = "https://orders.example/api";

fn service() -> String {
    basic("demo-service:demo-service-secret")
}

fn web_client() -> String {
    basic("demo-web:demo-web-secret")
}

/// Requests a client credentials token.
async fn own(laptop: &Laptop, header: &str, more: &[(&str, &str)]) -> Response {
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend_from_slice(more);
    laptop.form("/oauth2/token", &fields, &[("authorization", header)]).await
}

fn token(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", body(response));
    parsed(response)["access_token"].as_str().unwrap().into()
}

/// Alice's tokens at a client of the demo.
async fn tokens(
    laptop: &Laptop,
    (client, redirect_uri): (&str, &str),
    header: Option<&str>,
    more: &[(&str, &str)],
) -> Value {
    let pkce = Pkce::new("tokens");
    let asked = request(client, redirect_uri, &pkce);
    let mut asked = changed(&asked, "scope", Some("openid email offline_access"));
    asked.extend_from_slice(more);
    let answer = Browser::new(laptop).log_in(&asked).await;
    let code = answered(&answer, "code").unwrap_or_else(|| panic!("no code: {:?}", answer.headers()));
    let fields = exchange(client, redirect_uri, &code, &pkce.verifier);
    let headers: Vec<(&str, &str)> = header.map(|header| ("authorization", header)).into_iter().collect();
    let response = laptop.form("/oauth2/token", &fields, &headers).await;
    assert_eq!(response.status(), 200, "{}", body(&response));
    parsed(&response)
}

async fn public(laptop: &Laptop) -> Value {
    tokens(laptop, ("demo-trusted", NATIVE), None, &[]).await
}

async fn confidential(laptop: &Laptop) -> Value {
    tokens(laptop, ("demo-web", WEB), Some(&web_client()), &[]).await
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name}: {answer}"))
}

/// Introspects `token` with `header` as credentials.
async fn introspected(laptop: &Laptop, token: &str, header: &str) -> Value {
    let response = laptop.form("/oauth2/introspect", &[("token", token)], &[("authorization", header)]).await;
    assert_eq!(response.status(), 200, "{}", body(&response));
    assert_eq!(response.headers()["cache-control"], "no-store");
    parsed(&response)
}

async fn is_active(laptop: &Laptop, token: &str, header: &str) -> bool {
    let said = introspected(laptop, token, header).await;
    let active = said["active"].as_bool().unwrap();
    assert!(active || said == serde_json::json!({"active": false}), "an inactive token is nothing else: {said}");
    active
}

async fn revoke(laptop: &Laptop, token: &str, header: &str) -> Response {
    laptop.form("/oauth2/revoke", &[("token", token)], &[("authorization", header)]).await
}

#[tokio::test]
async fn sec_tok_08_and_sec_rt_15_a_client_credentials_token_represents_only_the_client() {
    let laptop = Laptop::demo().await;
    let before = laptop.dump();
    let response = own(&laptop, &service(), &[]).await;
    let (answer, token) = (parsed(&response), token(&response));
    assert!(answer["id_token"].is_null() && answer["refresh_token"].is_null(), "{answer}");
    let claims = claims(&token);
    assert_eq!((text(&claims, "sub"), text(&claims, "client_id")), ("demo-service", "demo-service"));
    assert_eq!(claims["gty"], "client_credentials", "sec_cli_14: distinguishes it from a user's token");
    for of_user in ["auth_time", "acr", "amr", "email", "sid"] {
        assert!(claims[of_user].is_null(), "{of_user}: {claims}");
    }
    expect::refused(&laptop.userinfo(&token).await, 403, "insufficient_scope", "it has no user");
    assert_eq!(laptop.dump(), before, "nothing is written");
    expect::refused(&own(&laptop, &web_client(), &[]).await, 400, "unauthorized_client", "not registered for it");
    let public =
        laptop.form("/oauth2/token", &[("grant_type", "client_credentials"), ("client_id", "demo-trusted")], &[]);
    expect::refused(&public.await, 400, "unauthorized_client", "sec_cli_07: a public client");
    expect::refused(&own(&laptop, &basic("demo-service:x"), &[]).await, 401, "invalid_client", "authenticated first");
}

#[tokio::test]
async fn sec_tok_08_a_client_credentials_token_has_only_the_clients_own_scopes() {
    let laptop = Laptop::demo().await;
    let narrowed = parsed(&own(&laptop, &service(), &[("scope", "offers.read")]).await);
    assert_eq!(narrowed["scope"], "offers.read");
    for more in ["openid", "email", "offline_access", "offers.read admin", "offers.read  offers.read"] {
        expect::refused(&own(&laptop, &service(), &[("scope", more)]).await, 400, "invalid_scope", more);
    }
    let authorize = [("response_type", "code"), ("client_id", "demo-service"), ("redirect_uri", NATIVE)];
    expect::page(&Browser::new(&laptop).authorize(&authorize).await, 400, "it has no redirect URI");
}

#[tokio::test]
async fn sec_tok_03_a_token_is_valid_for_the_requested_resource_only() {
    let laptop = Laptop::demo().await;
    let audience = |token: &str| claims(token)["aud"].clone();
    let api = "http://localhost:9000/demo/api";
    let plain = token(&own(&laptop, &service(), &[("scope", "offers.read")]).await);
    assert_eq!(audience(&plain), serde_json::json!([api]));
    let orders = token(&own(&laptop, &service(), &[("scope", "offers.read"), ("resource", ORDERS)]).await);
    assert_eq!(audience(&orders), serde_json::json!([ORDERS]));
    let both = [("scope", "offers.read"), ("resource", ORDERS), ("resource", api)];
    assert_eq!(audience(&token(&own(&laptop, &service(), &both).await)), serde_json::json!([ORDERS, api]));
    for bad in ["https://elsewhere.example", "orders", "https://orders.example/api#x", "https://orders.example/api/"] {
        expect::refused(&own(&laptop, &service(), &[("resource", bad)]).await, 400, "invalid_target", bad);
    }
    let offers = laptop.send("GET", "/demo/api/offers", &[("authorization", &format!("Bearer {orders}"))], "").await;
    assert_eq!(offers.status(), 401, "an API rejects tokens for another resource");
}

#[tokio::test]
async fn sec_tok_03_and_04_a_grant_for_one_resource_does_not_cover_another() {
    let laptop = Laptop::demo().await;
    let header = web_client();
    let granted = tokens(&laptop, ("demo-web", WEB), Some(&header), &[("resource", ORDERS)]).await;
    assert_eq!(claims(text(&granted, "access_token"))["aud"], serde_json::json!([ORDERS]));
    let refresh = async |resource: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&granted, "refresh_token")),
            ("resource", resource),
        ];
        laptop.form("/oauth2/token", &fields, &[("authorization", &header)]).await
    };
    assert_eq!(refresh(ORDERS).await.status(), 200);
    expect::refused(&refresh("http://localhost:9000/demo/api").await, 400, "invalid_target", "not granted");
    let pkce = Pkce::new("resource");
    let mut asked = request("demo-trusted", NATIVE, &pkce);
    asked.push(("resource", ORDERS));
    let refused = Browser::new(&laptop).authorize(&asked).await;
    expect::redirected(&laptop, &refused, NATIVE, "invalid_target", "not this client's");
}

#[tokio::test]
async fn sec_res_05_introspection_reveals_a_token_only_to_its_client_and_audience() {
    let laptop = Laptop::demo().await;
    let (of_web, of_trusted) = (confidential(&laptop).await, public(&laptop).await);
    for name in ["access_token", "refresh_token"] {
        let (own, foreign) = (text(&of_web, name), text(&of_trusted, name));
        assert!(is_active(&laptop, own, &web_client()).await, "{name}");
        assert!(!is_active(&laptop, foreign, &web_client()).await, "{name}: another client's");
        assert!(is_active(&laptop, foreign, &service()).await, "{name}: introspect_tokens");
    }
    let said = introspected(&laptop, text(&of_web, "access_token"), &web_client()).await;
    let claims = claims(text(&of_web, "access_token"));
    for name in ["iss", "sub", "aud", "client_id", "scope", "exp", "iat", "jti", "acr", "amr", "auth_time"] {
        assert_eq!(said[name], claims[name], "{name}");
    }
    assert_eq!(said["token_type"], "Bearer");
    assert!(!is_active(&laptop, text(&of_web, "id_token"), &web_client()).await, "an ID token is not an access token");
    for nonsense in
        ["x", "a.b.c", "a.b.c.d", "local.AAAAAAAAAAAAAAAAAAAAAA.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        assert!(!is_active(&laptop, nonsense, &service()).await, "{nonsense}");
    }
}

#[tokio::test]
async fn sec_res_05_and_sec_cli_07_and_08_a_public_client_and_a_downgraded_one_are_refused() {
    let laptop = Laptop::demo().await;
    let of_trusted = public(&laptop).await;
    let token = text(&of_trusted, "access_token");
    let fields = |client| [("token", token), ("client_id", client)];
    expect::refused(
        &laptop.form("/oauth2/introspect", &fields("demo-trusted"), &[]).await,
        401,
        "invalid_client",
        "public",
    );
    expect::refused(
        &laptop.form("/oauth2/introspect", &fields("demo-web"), &[]).await,
        401,
        "invalid_client",
        "downgraded",
    );
    expect::refused(
        &laptop.form("/oauth2/introspect", &[("token", token)], &[]).await,
        400,
        "invalid_request",
        "nobody",
    );
    let by_itself = introspected(&laptop, token, &format!("Bearer {token}")).await;
    assert_eq!(by_itself["active"], true, "its own token, presented as Bearer");
}

#[tokio::test]
async fn sec_res_05_a_bearer_token_with_the_scope_introspects_if_issued_for_this_server() {
    let laptop = Laptop::demo().await;
    let foreign = public(&laptop).await;
    let foreign = text(&foreign, "access_token");
    let wide = token(&own(&laptop, &service(), &[("scope", "introspect_tokens")]).await);
    let issuer = laptop.issuer();
    let narrow = token(&own(&laptop, &service(), &[("scope", "offers.read"), ("resource", &issuer)]).await);
    assert!(is_active(&laptop, foreign, &format!("Bearer {wide}")).await);
    assert!(!is_active(&laptop, foreign, &format!("Bearer {narrow}")).await);
    assert!(is_active(&laptop, &narrow, &format!("Bearer {narrow}")).await, "its own");
    let elsewhere = [("scope", "introspect_tokens"), ("resource", ORDERS)];
    let elsewhere = format!("Bearer {}", token(&own(&laptop, &service(), &elsewhere).await));
    let refused = laptop.form("/oauth2/introspect", &[("token", foreign)], &[("authorization", &elsewhere)]).await;
    expect::refused(&refused, 401, "invalid_token", "the scope in a token for an API");
    assert_eq!(revoke(&laptop, &wide, &service()).await.status(), 200);
    let header = format!("Bearer {wide}");
    let refused = laptop.form("/oauth2/introspect", &[("token", foreign)], &[("authorization", &header)]).await;
    expect::refused(&refused, 401, "invalid_token", "a revoked token authorizes nothing");
}

/// Two APIs, each with a client that may introspect, one of which may also revoke.
const APIS: &str = r#"
[[clients]]
client_id = "orders-api"
client_name = "Orders"
client_secret = "orders-api-secret"
grant_types = ["client_credentials"]
introspection_audiences = ["https://orders.example/api"]

[[clients]]
client_id = "offers-api"
client_name = "Offers"
client_secret = "offers-api-secret"
grant_types = ["client_credentials"]
introspection_audiences = ["http://localhost:9000/demo/api"]

[[clients]]
client_id = "orders-guard"
client_name = "Orders guard"
client_secret = "orders-guard-secret"
grant_types = ["client_credentials"]
revocation_audiences = ["https://orders.example/api"]
"#;

#[tokio::test]
async fn sec_res_13_an_access_token_for_another_api_is_not_a_credential_here() {
    let laptop = Laptop::demo().await;
    let (header, issuer) = (web_client(), laptop.issuer());
    let other = confidential(&laptop).await;
    let for_orders = tokens(&laptop, ("demo-web", WEB), Some(&header), &[("resource", ORDERS)]).await;
    let both = [("resource", ORDERS), ("resource", issuer.as_str())];
    let for_both = tokens(&laptop, ("demo-web", WEB), Some(&header), &both).await;
    for held in [&for_orders, &for_both] {
        let held = text(held, "access_token");
        let bearer = format!("Bearer {held}");
        for token in [held, text(&other, "access_token"), text(&other, "refresh_token")] {
            for path in ["/oauth2/revoke", "/oauth2/introspect"] {
                let answer = laptop.form(path, &[("token", token)], &[("authorization", &bearer)]).await;
                expect::refused(&answer, 401, "invalid_token", path);
            }
            assert!(is_active(&laptop, token, &web_client()).await, "the grant lives");
        }
    }
    let orders_alone = laptop.userinfo(text(&for_orders, "access_token")).await;
    expect::refused(&orders_alone, 401, "invalid_token", "the token is for another API, not userinfo");
    assert_eq!(
        laptop.userinfo(text(&for_both, "access_token")).await.status(),
        200,
        "the token names userinfo as well"
    );
    let plain = public(&laptop).await;
    assert_eq!(laptop.userinfo(text(&plain, "access_token")).await.status(), 200, "an ordinary login");
    let bearer = format!("Bearer {}", text(&plain, "access_token"));
    assert_eq!(revoke(&laptop, text(&plain, "refresh_token"), &bearer).await.status(), 200);
    assert!(!is_active(&laptop, text(&plain, "access_token"), &service()).await, "it still ends its own grant");
}

#[tokio::test]
async fn sec_res_13_after_a_login_for_an_api_userinfo_needs_its_own_token() {
    let laptop = Laptop::demo().await;
    let (header, issuer) = (web_client(), laptop.issuer());
    let both = [("resource", ORDERS), ("resource", issuer.as_str())];
    let granted = tokens(&laptop, ("demo-web", WEB), Some(&header), &both).await;
    let narrowed = async |resource: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&granted, "refresh_token")),
            ("resource", resource),
        ];
        token(&laptop.form("/oauth2/token", &fields, &[("authorization", &header)]).await)
    };
    let (for_orders, for_us) = (narrowed(ORDERS).await, narrowed(&issuer).await);
    assert_eq!(claims(&for_orders)["aud"], serde_json::json!([ORDERS]));
    assert_eq!(claims(&for_us)["aud"], serde_json::json!([issuer]));
    assert_eq!(
        (laptop.userinfo(&for_orders).await.status(), laptop.userinfo(&for_us).await.status()),
        (401.try_into().unwrap(), 200.try_into().unwrap())
    );
}

#[tokio::test]
async fn sec_res_14_an_api_introspects_tokens_for_itself_only() {
    let laptop = Laptop::with(and_clients(APIS)).await;
    let (orders, offers) = (basic("orders-api:orders-api-secret"), basic("offers-api:offers-api-secret"));
    let for_orders = tokens(&laptop, ("demo-web", WEB), Some(&web_client()), &[("resource", ORDERS)]).await;
    let for_offers = public(&laptop).await;
    for (granted, its_api, another) in [(&for_orders, &orders, &offers), (&for_offers, &offers, &orders)] {
        let access = text(granted, "access_token");
        assert!(is_active(&laptop, access, its_api).await, "its API");
        assert!(!is_active(&laptop, access, another).await, "another API");
        assert!(is_active(&laptop, access, &service()).await, "introspect_tokens");
        assert!(!is_active(&laptop, text(granted, "refresh_token"), its_api).await, "no API receives a refresh token");
    }
    assert!(is_active(&laptop, text(&for_orders, "access_token"), &web_client()).await, "its own client");
    assert!(!is_active(&laptop, text(&for_offers, "access_token"), &web_client()).await, "another client");
}

#[tokio::test]
async fn sec_res_14_an_api_revokes_grants_only_if_registered_for_it() {
    let laptop = Laptop::with(and_clients(APIS)).await;
    let guard = basic("orders-guard:orders-guard-secret");
    let for_orders = tokens(&laptop, ("demo-web", WEB), Some(&web_client()), &[("resource", ORDERS)]).await;
    let (for_offers, access) = (public(&laptop).await, text(&for_orders, "access_token"));
    assert_eq!(revoke(&laptop, access, &basic("orders-api:orders-api-secret")).await.status(), 200);
    assert!(
        is_active(&laptop, access, &service()).await,
        "permission to introspect does not imply permission to revoke"
    );
    assert_eq!(revoke(&laptop, text(&for_offers, "access_token"), &guard).await.status(), 200);
    assert!(is_active(&laptop, text(&for_offers, "access_token"), &service()).await, "not for this API");
    assert_eq!(revoke(&laptop, access, &guard).await.status(), 200);
    assert!(!is_active(&laptop, access, &service()).await);
}

#[tokio::test]
async fn sec_adm_13_users_cannot_grant_workspace_wide_scopes() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("power");
    for power in ["introspect_tokens", "openid revoke_tokens"] {
        let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some(power));
        expect::redirected(&laptop, &Browser::new(&laptop).authorize(&asked).await, NATIVE, "invalid_scope", power);
    }
    let in_store = postern::dev::demo_workspaces::DEMO[0]
        .1
        .replace("scope = \"openid profile", "scope = \"introspect_tokens openid profile");
    let refused = loaded(&in_store).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("introspect_tokens reaches every token of the workspace"), "{refused}");
}

#[tokio::test]
async fn sec_res_06_introspection_reports_every_way_a_token_ends_and_nothing_else() {
    let laptop = Laptop::demo().await;
    let other = async |change: fn(String) -> String| {
        let laptop = Laptop::demo().await;
        let granted = confidential(&laptop).await;
        laptop.apply(change).await;
        laptop.clock.advance(61);
        for name in ["access_token", "refresh_token"] {
            assert!(!is_active(&laptop, text(&granted, name), &service()).await, "{name}");
        }
    };
    other(|text| text.replace("username = \"alice\"", "username = \"alicia\"")).await;
    other(|text| text.replace("client_id = \"demo-web\"", "client_id = \"demo-web\"\nclient_status = \"inactive\""))
        .await;
    let granted = confidential(&laptop).await;
    laptop.clock.advance(3600);
    assert!(!is_active(&laptop, text(&granted, "access_token"), &web_client()).await, "it has expired");
    assert!(is_active(&laptop, text(&granted, "refresh_token"), &web_client()).await);
    laptop.clock.advance(15 * 86_400);
    assert!(!is_active(&laptop, text(&granted, "refresh_token"), &web_client()).await, "idle for too long");
}

#[tokio::test]
async fn sec_res_09_revoking_any_token_of_a_grant_revokes_the_grant() {
    let laptop = Laptop::demo().await;
    for name in ["access_token", "refresh_token"] {
        let granted = confidential(&laptop).await;
        assert_eq!(revoke(&laptop, text(&granted, name), &web_client()).await.status(), 200);
        for dead in ["access_token", "refresh_token"] {
            assert!(!is_active(&laptop, text(&granted, dead), &service()).await, "{name} {dead}");
        }
        let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&granted, "refresh_token"))];
        let refused = laptop.form("/oauth2/token", &fields, &[("authorization", &web_client())]).await;
        expect::refused(&refused, 400, "invalid_grant", name);
        assert_eq!(laptop.userinfo(text(&granted, "access_token")).await.status(), 401);
    }
}

#[tokio::test]
async fn sec_res_08_and_11_a_client_cannot_revoke_foreign_tokens_and_a_public_client_can_revoke_its_own() {
    let laptop = Laptop::demo().await;
    let (of_web, of_trusted) = (confidential(&laptop).await, public(&laptop).await);
    for name in ["access_token", "refresh_token"] {
        assert_eq!(revoke(&laptop, text(&of_trusted, name), &web_client()).await.status(), 200, "no effect, no error");
        assert!(is_active(&laptop, text(&of_trusted, name), &service()).await);
        let bearer = format!("Bearer {}", text(&of_trusted, "access_token"));
        assert_eq!(revoke(&laptop, text(&of_web, name), &bearer).await.status(), 200);
        assert!(is_active(&laptop, text(&of_web, name), &service()).await);
    }
    let fields = [("token", text(&of_trusted, "refresh_token")), ("client_id", "demo-trusted")];
    assert_eq!(laptop.form("/oauth2/revoke", &fields, &[]).await.status(), 200);
    assert!(!is_active(&laptop, text(&of_trusted, "access_token"), &service()).await);
    assert_eq!(revoke(&laptop, text(&of_web, "access_token"), &service()).await.status(), 200, "revoke_tokens");
    assert!(!is_active(&laptop, text(&of_web, "refresh_token"), &service()).await);
}

#[tokio::test]
async fn sec_res_09_a_client_credentials_token_can_be_revoked_although_it_has_no_grant() {
    let laptop = Laptop::demo().await;
    let (first, second) = (token(&own(&laptop, &service(), &[]).await), token(&own(&laptop, &service(), &[]).await));
    assert!(is_active(&laptop, &first, &service()).await);
    assert_eq!(revoke(&laptop, &first, &service()).await.status(), 200);
    assert!(!is_active(&laptop, &first, &service()).await);
    assert!(is_active(&laptop, &second, &service()).await, "tokens are revoked independently");
}

#[tokio::test]
async fn sec_res_15_revoking_a_long_rotated_refresh_token_revokes_the_grant() {
    let laptop = Laptop::demo().await;
    let granted = public(&laptop).await;
    let first = text(&granted, "refresh_token").to_owned();
    let mut newest = first.clone();
    for _ in 0..3 {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", newest.as_str()), ("client_id", "demo-trusted")];
        newest = text(&parsed(&laptop.form("/oauth2/token", &fields, &[]).await), "refresh_token").to_owned();
        laptop.clock.advance(1);
    }
    let ended = async |token: &str, client: &str| {
        let answer = laptop.form("/oauth2/revoke", &[("token", token), ("client_id", client)], &[]).await;
        assert_eq!((answer.status().as_u16(), body(&answer).as_str()), (200, ""));
        !is_active(&laptop, &newest, &service()).await
    };
    let (head, secret) = first.rsplit_once('.').unwrap();
    let made_up = format!("{head}.{}{}", if secret.starts_with('A') { "B" } else { "A" }, &secret[1..]);
    assert!(!ended(&made_up, "demo-trusted").await, "a made-up secret");
    assert!(!ended(&first.replacen("local.", "elsewhere.", 1), "demo-trusted").await, "of another region");
    assert!(!ended(&first.replacen(".1.", ".2.", 1), "demo-trusted").await, "of another generation");
    assert!(!ended(&first, "demo-native").await, "another client's");
    assert!(ended(&first, "demo-trusted").await);
    assert!(!is_active(&laptop, text(&granted, "access_token"), &service()).await);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", newest.as_str()), ("client_id", "demo-trusted")];
    expect::refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "the family is revoked");
}

#[tokio::test]
async fn sec_res_10_token_type_hint_changes_nothing() {
    let laptop = Laptop::demo().await;
    let granted = confidential(&laptop).await;
    for hint in ["foo", "refresh_token", "access_token", ""] {
        for name in ["access_token", "refresh_token"] {
            let fields = [("token", text(&granted, name)), ("token_type_hint", hint)];
            let response = laptop.form("/oauth2/introspect", &fields, &[("authorization", &web_client())]).await;
            assert_eq!(parsed(&response)["active"], true, "{hint} {name}");
        }
    }
}

#[tokio::test]
async fn sec_jwt_06_a_signed_introspection_response_has_its_own_type_and_audience() {
    let laptop = Laptop::demo().await;
    let granted = confidential(&laptop).await;
    let headers = [("authorization", web_client()), ("accept", "application/token-introspection+jwt".into())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (token, active) in [(text(&granted, "access_token"), true), ("nonsense", false)] {
        let response = laptop.form("/oauth2/introspect", &[("token", token)], &headers).await;
        assert_eq!(response.headers()["content-type"], "application/token-introspection+jwt");
        let signed = body(&response);
        let said = claims(&signed);
        assert_eq!((text(&said, "iss"), text(&said, "aud")), (laptop.issuer().as_str(), "demo-web"));
        assert_eq!(said["token_introspection"]["active"], active);
        assert!(said["iat"].is_u64() && said["exp"].is_null() && said["sub"].is_null(), "not an access token: {said}");
        let header = protocol::syntax::encoding::base64url_decoded(signed.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["typ"], "token-introspection+jwt");
        assert_eq!(laptop.userinfo(&signed).await.status(), 401, "it is not accepted as an access token");
        assert!(!is_active(&laptop, &signed, &service()).await);
    }
}

/// Parses a workspace file.
fn loaded(file: &str) -> Result<WorkspaceFile, FileError> {
    let root = protocol::types::secret::Secret::new([1; 32]);
    let sealer = signing::Sealer::derived(&root, signing::Purpose::UpstreamSecret).unwrap();
    let public_url = web::config::PublicUrl::parse("http://localhost:9000").unwrap();
    let loader = Loader {
        public_url: &public_url,
        upstream_secrets: &sealer,
        client_secrets: &sealer,
        entropy: &signing::SystemEntropy,
    };
    loader.text("x.toml", file)
}

#[tokio::test]
async fn contradictory_grant_types_and_resources_are_refused_at_registration() {
    for (more, expected) in [
        ("grant_types = []", "at least one"),
        ("grant_types = [\"authorization_code\"]\nscope = \"openid offline_access\"", "offline_access"),
        ("grant_types = [\"client_credentials\"]\nscope = \"openid\"", "public client"),
        ("scope = \"openid\"\nresources = [\"https://elsewhere.example\"]", "elsewhere"),
        ("scope = \"openid\"\nclient_credentials_scope = \"offers.read\"", "client_credentials"),
    ] {
        let client = format!(
            "[[clients]]\nclient_id = \"odd\"\nclient_name = \"Odd\"\ntoken_endpoint_auth_method = \"none\"\n\
             redirect_uris = [\"https://odd.example/cb\"]\n{more}\n"
        );
        let file = and_clients(&client)(postern::dev::demo_workspaces::DEMO[0].1.into());
        assert!(is_demo(&file));
        let error = loaded(&file).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{more}: {error}");
    }
}

#[tokio::test]
async fn sec_tok_05_an_access_token_has_every_claim_of_rfc_9068_and_expires() {
    let laptop = Laptop::demo().await;
    let granted = public(&laptop).await;
    let token = text(&granted, "access_token");
    let header = protocol::syntax::encoding::base64url_decoded(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("RS256")));
    let claims = claims(token);
    for required in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "auth_time", "acr", "amr"] {
        assert!(!claims[required].is_null(), "{required}: {claims}");
    }
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!((life, granted["expires_in"].as_u64()), (600, Some(600)));
    for foreign in ["nonce", "email", "at_hash", "gty", "cnf"] {
        assert!(claims[foreign].is_null(), "{foreign}: {claims}");
    }
}

#[tokio::test]
async fn sec_tok_01_every_token_response_is_json_and_not_cacheable() {
    let laptop = Laptop::demo().await;
    let url = laptop.demo_url("/oauth2/token");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answers = [
        own(&laptop, &service(), &[]).await,
        own(&laptop, &basic("demo-service:x"), &[]).await,
        laptop.form("/oauth2/token", &[("grant_type", "password")], &[]).await,
        laptop.send("GET", &url, &[], "").await,
        laptop.send("POST", &url, &[("content-type", "application/json")], "{}").await,
        laptop.send("POST", &url, &[form], "a".repeat(70_000)).await,
    ];
    laptop.wire.plan(|_, _| tests::Trouble::Denied);
    laptop.clock.advance(31);
    let unavailable = own(&laptop, &service(), &[]).await;
    let statuses: Vec<u16> = answers.iter().chain([&unavailable]).map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [200, 401, 400, 405, 400, 413, 503]);
    for answer in answers.iter().chain([&unavailable]) {
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(parsed(answer).is_object());
    }
}

#[tokio::test]
async fn sec_tok_11_every_invalid_refresh_token_gets_the_same_response() {
    let laptop = Laptop::demo().await;
    let (live, revoked) = (public(&laptop).await, public(&laptop).await);
    let (live, revoked) = (text(&live, "refresh_token"), text(&revoked, "refresh_token"));
    assert_eq!(
        laptop.form("/oauth2/revoke", &[("token", revoked), ("client_id", "demo-trusted")], &[]).await.status(),
        200
    );
    let refresh = async |token: &str, client: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client)];
        laptop.form("/oauth2/token", &fields, &[]).await
    };
    let unknown = live.replacen("local.", "local.AAAA", 1);
    let mut answers = vec![
        refresh("nonsense", "demo-trusted").await,
        refresh(&unknown[..live.len()], "demo-trusted").await,
        refresh(live, "demo-native").await,
        refresh(revoked, "demo-trusted").await,
    ];
    laptop.clock.advance(31 * 86_400);
    answers.push(refresh(live, "demo-trusted").await);
    for answer in &answers {
        expect::refused(answer, 400, "invalid_grant", "");
        assert_eq!(body(answer), body(&answers[0]));
    }
}

#[tokio::test]
async fn sec_res_01_a_token_in_the_query_is_not_accepted() {
    let laptop = Laptop::demo().await;
    let granted = public(&laptop).await;
    let token = text(&granted, "access_token");
    let (url, bearer) = (laptop.demo_url("/userinfo"), format!("Bearer {token}"));
    let in_the_query = laptop.send("GET", &format!("{url}?access_token={token}"), &[], "").await;
    expect::refused(&in_the_query, 400, "invalid_request", "in the query");
    let both = laptop.send("GET", &format!("{url}?access_token={token}"), &[("authorization", &bearer)], "").await;
    expect::refused(&both, 400, "invalid_request", "twice");
    assert_eq!(laptop.send("POST", &url, &[("authorization", &bearer)], "").await.status(), 200);
}

#[tokio::test]
async fn sec_res_02_and_03_userinfo_reports_what_is_wrong_with_a_token() {
    let laptop = Laptop::demo().await;
    let granted = public(&laptop).await;
    let challenge = |response: &Response| response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let none = laptop.send("GET", &laptop.demo_url("/userinfo"), &[], "").await;
    assert_eq!(none.status(), 401);
    assert!(!challenge(&none).contains("error="), "{}", challenge(&none));
    let own = token(&own(&laptop, &service(), &[("scope", "offers.read")]).await);
    for (token, status, error) in [
        ("x.y.z", 401, "invalid_token"),
        (text(&granted, "id_token"), 401, "invalid_token"),
        (own.as_str(), 403, "insufficient_scope"),
    ] {
        let response = laptop.userinfo(token).await;
        expect::refused(&response, status, error, token);
        assert!(challenge(&response).contains(&format!("error=\"{error}\"")), "{}", challenge(&response));
    }
    laptop.clock.advance(3600);
    expect::refused(&laptop.userinfo(text(&granted, "access_token")).await, 401, "invalid_token", "expired");
}

#[tokio::test]
async fn sec_res_12_revocation_and_introspection_reject_get() {
    let laptop = Laptop::demo().await;
    let granted = confidential(&laptop).await;
    let token = text(&granted, "access_token");
    for path in ["/oauth2/revoke", "/oauth2/introspect"] {
        let url = format!("{}?token={token}&callback=x", laptop.demo_url(path));
        let response = laptop.send("GET", &url, &[("authorization", &web_client())], "").await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"POST".parse().unwrap()),
            "{path}"
        );
        let posted = laptop.send("POST", &url, &[("content-type", "application/x-www-form-urlencoded")], "").await;
        expect::refused(&posted, 400, "invalid_request", path);
    }
    assert!(is_active(&laptop, token, &web_client()).await);
}
