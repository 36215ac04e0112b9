//! Refresh tokens (catalogue section F): theft, replay, lost responses and concurrent use.

use futures::future::join_all;
use serde_json::Value;
use tests::browser::{answered, body, exchange, json as parsed, request};
use tests::{Browser, Laptop, Pkce, expect};
use web::Response;

use crate::given::{NATIVE, WEB, and_clients, basic, claims};

const SCOPE: &str = "openid profile email offline_access";

fn token_error(response: &Response, status: u16, error: &str) {
    expect::refused(response, status, error, "");
}

/// Logs alice in at `client` with `offline_access` and returns the token response.
async fn offline(laptop: &Laptop, client: &str, redirect_uri: &str, headers: &[(&str, &str)]) -> Value {
    let pkce = Pkce::new("refresh");
    let mut asked = request(client, redirect_uri, &pkce);
    asked.retain(|(name, _)| *name != "scope");
    asked.push(("scope", SCOPE));
    let answer = Browser::new(laptop).log_in(&asked).await;
    let code = answered(&answer, "code").unwrap_or_else(|| panic!("no code: {}", body(&answer)));
    let mut fields = exchange(client, redirect_uri, &code, &pkce.verifier);
    if !headers.is_empty() {
        fields.retain(|(name, _)| *name != "client_id");
    }
    let response = laptop.form("/oauth2/token", &fields, headers).await;
    assert_eq!(response.status(), 200, "{}", body(&response));
    parsed(&response)
}

/// Returns the first refresh token of the trusted client, which is public and uses rotation.
async fn first(laptop: &Laptop) -> String {
    offline(laptop, "demo-trusted", NATIVE, &[]).await["refresh_token"].as_str().unwrap().into()
}

async fn refresh(laptop: &Laptop, token: &str, more: &[(&str, &str)]) -> Response {
    let mut fields = vec![("grant_type", "refresh_token"), ("client_id", "demo-trusted"), ("refresh_token", token)];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    laptop.form("/oauth2/token", &fields, &[]).await
}

/// Returns the successor token in a response.
fn successor(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", body(response));
    parsed(response)["refresh_token"].as_str().unwrap().into()
}

#[tokio::test]
async fn sec_rt_01_no_character_of_a_refresh_token_can_be_changed() {
    let laptop = Laptop::demo().await;
    let token = first(&laptop).await;
    let mut forged: Vec<String> = (0..token.len())
        .step_by(3)
        .map(|at| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    forged.extend([token[..token.len() - 1].into(), format!("{token}A"), token.replacen(".1.", ".2.", 1)]);
    for forged in forged {
        let response = refresh(&laptop, &forged, &[]).await;
        token_error(&response, 400, "invalid_grant");
    }
    successor(&refresh(&laptop, &token, &[]).await);
}

#[tokio::test]
async fn sec_rt_01_knowing_the_grant_id_is_not_enough_to_revoke_it() {
    let laptop = Laptop::demo().await;
    let first = first(&laptop).await;
    let second = successor(&refresh(&laptop, &first, &[]).await);
    laptop.clock.advance(3600);
    // The right grant and an earlier generation, but a made-up secret: not reuse, because it was never issued.
    let (head, _) = first.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", protocol::syntax::encoding::base64url(&[7; 32]));
    token_error(&refresh(&laptop, &forged, &[]).await, 400, "invalid_grant");
    successor(&refresh(&laptop, &second, &[]).await);
}

#[tokio::test]
async fn sec_rt_02_a_refresh_token_is_bound_to_its_client() {
    let laptop = Laptop::demo().await;
    let header = basic("demo-web:demo-web-secret");
    let web = offline(&laptop, "demo-web", WEB, &[("authorization", &header)]).await;
    let token = web["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    token_error(&refresh(&laptop, token, &[]).await, 400, "invalid_grant");
    token_error(&refresh(&laptop, token, &[("client_id", "demo-web")]).await, 401, "invalid_client");
    token_error(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_request");
    let wrong = basic("demo-web:wrong");
    token_error(&laptop.form("/oauth2/token", &fields, &[("authorization", &wrong)]).await, 401, "invalid_client");
    let good = laptop.form("/oauth2/token", &fields, &[("authorization", &header)]).await;
    assert_eq!(good.status(), 200, "{}", body(&good));
    assert!(parsed(&good)["refresh_token"].is_null(), "a confidential client's token is not rotated");
    let again = laptop.form("/oauth2/token", &fields, &[("authorization", &header)]).await;
    assert_eq!(again.status(), 200, "it can be reused");
}

#[tokio::test]
async fn sec_rt_03_a_refresh_narrows_and_never_widens() {
    let laptop = Laptop::demo().await;
    let token = first(&laptop).await;
    token_error(&refresh(&laptop, &token, &[("scope", "openid phone")]).await, 400, "invalid_scope");
    token_error(&refresh(&laptop, &token, &[("scope", "openid  email")]).await, 400, "invalid_scope");
    let other = [("resource", "https://orders.example/api")];
    token_error(&refresh(&laptop, &token, &other).await, 400, "invalid_target");
    let narrowed = refresh(&laptop, &token, &[("scope", "email")]).await;
    let answer = parsed(&narrowed);
    assert_eq!((answer["scope"].as_str(), answer["id_token"].is_null()), (Some("email"), true));
    let full = parsed(&refresh(&laptop, &successor(&narrowed), &[]).await);
    assert_eq!(full["scope"], SCOPE, "the token keeps the granted scope");
    assert_eq!(claims(full["access_token"].as_str().unwrap())["scope"], SCOPE);
}

#[tokio::test]
async fn sec_rt_04_and_05_reusing_a_rotated_token_revokes_the_grant() {
    let mut laptop = Laptop::demo().await;
    let tokens = offline(&laptop, "demo-trusted", NATIVE, &[]).await;
    let (first, access) = (tokens["refresh_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
    let second = successor(&refresh(&laptop, first, &[]).await);
    assert_eq!(laptop.userinfo(access).await.status(), 200);
    laptop.clock.advance(60);
    token_error(&refresh(&laptop, first, &[]).await, 400, "invalid_grant");
    token_error(&refresh(&laptop, &second, &[]).await, 400, "invalid_grant");
    assert_eq!(laptop.userinfo(access).await.status(), 401, "its access tokens are revoked with it");
    laptop.restart();
    laptop.clock.step_back(3600);
    token_error(&refresh(&laptop, &second, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn sec_rt_06_a_lost_response_can_be_repeated_for_one_generation_only() {
    let laptop = Laptop::demo().await;
    let first = first(&laptop).await;
    let second = successor(&refresh(&laptop, &first, &[]).await);
    laptop.clock.advance(59);
    assert_eq!(successor(&refresh(&laptop, &first, &[]).await), second, "the same successor");
    let third = successor(&refresh(&laptop, &second, &[]).await);
    assert_ne!(third, second);
    token_error(&refresh(&laptop, &first, &[]).await, 400, "invalid_grant");
    token_error(&refresh(&laptop, &third, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn sec_rt_06_without_a_grace_period_reuse_revokes_the_grant_at_once() {
    let laptop = Laptop::with(|text| text.replace("session = 43200", "session = 43200\nrefresh_token_grace = 0")).await;
    let first = first(&laptop).await;
    let second = successor(&refresh(&laptop, &first, &[]).await);
    token_error(&refresh(&laptop, &first, &[]).await, 400, "invalid_grant");
    token_error(&refresh(&laptop, &second, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn sec_rt_07_fifty_concurrent_refreshes_share_one_successor() {
    let laptop = Laptop::demo().await;
    let first = first(&laptop).await;
    let answers = join_all((0..50).map(|_| refresh(&laptop, &first, &[]))).await;
    let successors: Vec<String> = answers.iter().map(successor).collect();
    assert!(successors.iter().all(|one| *one == successors[0]), "{successors:?}");
    let third = successor(&refresh(&laptop, &successors[0], &[]).await);
    assert!(third.contains(".3."), "the generation is 3: {third}");
}

#[tokio::test]
async fn sec_rt_08_rotation_does_not_extend_the_lifetime_and_idle_tokens_expire() {
    let changed = |text: String| {
        text.replace("session = 43200", "session = 43200\nrefresh_token = 1000\nrefresh_token_idle = 300")
    };
    let laptop = Laptop::with(changed).await;
    let mut token = first(&laptop).await;
    for _ in 0..4 {
        laptop.clock.advance(240);
        token = successor(&refresh(&laptop, &token, &[]).await);
    }
    laptop.clock.advance(40);
    token_error(&refresh(&laptop, &token, &[]).await, 400, "invalid_grant");
    let idle = first(&laptop).await;
    laptop.clock.advance(299);
    let next = successor(&refresh(&laptop, &idle, &[]).await);
    laptop.clock.advance(300);
    token_error(&refresh(&laptop, &next, &[]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn sec_rt_11_an_inactive_client_a_deleted_user_or_a_lost_scope_cannot_be_refreshed() {
    let laptop = Laptop::demo().await;
    let token = first(&laptop).await;
    let trusted = |change: &'static str| {
        move |text: String| {
            let (before, after) = text.split_once("client_id = \"demo-trusted\"").map_or((text.as_str(), ""), |at| at);
            if after.is_empty() {
                text.clone()
            } else {
                format!("{before}client_id = \"demo-trusted\"\n{change}{after}")
            }
        }
    };
    laptop.apply(trusted("client_status = \"inactive\"")).await;
    laptop.clock.advance(31);
    token_error(&refresh(&laptop, &token, &[]).await, 401, "invalid_client");
    laptop.apply(|text| text.replace("username = \"alice\"", "username = \"alicia\"")).await;
    laptop.clock.advance(61);
    token_error(&refresh(&laptop, &token, &[]).await, 400, "invalid_grant");
    let fewer = |text: String| {
        let (before, after) = text.split_once("client_id = \"demo-trusted\"").unwrap_or((&text, ""));
        let after = after.replacen("profile email", "profile", 1);
        if after.is_empty() { text.clone() } else { format!("{before}client_id = \"demo-trusted\"{after}") }
    };
    laptop.apply(fewer).await;
    laptop.clock.advance(61);
    let answer = refresh(&laptop, &token, &[]).await;
    assert_eq!(parsed(&answer)["scope"], "openid profile offline_access", "a scope that the client lost is dropped");
}

#[tokio::test]
async fn sec_rt_13_and_15_no_refresh_token_without_offline_access_and_the_grant_type() {
    let online = r#"
[[clients]]
client_id = "online"
client_name = "Online"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
scope = "openid email"
"#;
    let laptop = Laptop::with(and_clients(online)).await;
    let pkce = Pkce::new("online");
    let answer = Browser::new(&laptop).log_in(&request("demo-trusted", NATIVE, &pkce)).await;
    let code = answered(&answer, "code").unwrap();
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let tokens = parsed(&laptop.form("/oauth2/token", &fields, &[]).await);
    assert!(tokens["refresh_token"].is_null(), "not requested: {tokens}");
    let foreign = first(&laptop).await;
    token_error(&refresh(&laptop, &foreign, &[("client_id", "online")]).await, 400, "invalid_grant");
    let mut asked = request("online", NATIVE, &pkce);
    asked.retain(|(name, _)| *name != "scope");
    asked.push(("scope", "openid offline_access"));
    let refused = Browser::new(&laptop).authorize(&asked).await;
    assert_eq!(answered(&refused, "error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn sec_rt_15_a_client_that_lost_the_grant_type_gets_unauthorized_client() {
    let laptop = Laptop::demo().await;
    let token = first(&laptop).await;
    laptop
        .apply(|text| {
            let (before, after) = text.split_once("client_id = \"demo-trusted\"").unwrap_or((&text, ""));
            let after = after.replacen(", \"refresh_token\"", "", 1).replacen(" offline_access", "", 1);
            if after.is_empty() { text.clone() } else { format!("{before}client_id = \"demo-trusted\"{after}") }
        })
        .await;
    laptop.clock.advance(61);
    token_error(&refresh(&laptop, &token, &[]).await, 400, "unauthorized_client");
}

#[tokio::test]
async fn sec_rt_14_a_refreshed_id_token_describes_the_same_login() {
    let laptop = Laptop::demo().await;
    let tokens = offline(&laptop, "demo-trusted", NATIVE, &[]).await;
    laptop.clock.advance(600);
    let fresh = parsed(&refresh(&laptop, tokens["refresh_token"].as_str().unwrap(), &[]).await);
    let id = |answer: &Value| claims(answer["id_token"].as_str().unwrap());
    let (before, after) = (id(&tokens), id(&fresh));
    for claim in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert!(after["nonce"].is_null() && before["nonce"] == "nonce-1");
    assert_eq!(after["iat"].as_u64().unwrap(), before["iat"].as_u64().unwrap() + 600);
}

#[tokio::test]
async fn sec_rt_16_a_refresh_token_is_not_accepted_as_anything_else() {
    let laptop = Laptop::demo().await;
    let token = first(&laptop).await;
    assert_eq!(laptop.userinfo(&token).await.status(), 401);
    let as_code = exchange("demo-trusted", NATIVE, &token, "v");
    token_error(&laptop.form("/oauth2/token", &as_code, &[]).await, 400, "invalid_grant");
    let tokens = offline(&laptop, "demo-trusted", NATIVE, &[]).await;
    for other in ["access_token", "id_token"] {
        let response = refresh(&laptop, tokens[other].as_str().unwrap(), &[]).await;
        token_error(&response, 400, "invalid_grant");
    }
}
