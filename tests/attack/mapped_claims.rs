//! Claims of the workspace's own: rows TOK-07, RES-04 and AUTHZ-14 as far as they are about these.

use serde_json::{Value, json};
use tests::browser::{answered, body, changed, exchange, json as parsed, request};
use tests::{Browser, Laptop, Pkce, Provider};
use web::Response;

use crate::given::{NATIVE, basic, claims, is_demo};

/// Longer than functions cache configuration.
const STALE: u32 = 31;

const CLAIMS: &str = r#"
[[scopes]]
name = "staff"
title = "See what you may do here"

[[claims]]
name = "roles"
from = "user.roles"
in = ["access_token", "introspection"]
scopes = ["staff"]

[[claims]]
name = "https://demo.example/family"
from = "user.family_name"
in = ["id_token", "userinfo"]
scopes = ["staff"]

[[claims]]
name = "tier"
from = "client.metadata.tier"
in = ["access_token"]

[[claims]]
name = "idp"
from = "source.id"
in = ["introspection"]

"#;

/// The demo with claims of its own, where alice has `roles`.
fn with_claims(roles: &str) -> impl Fn(String) -> String + '_ {
    move |text| {
        if !is_demo(&text) {
            return text;
        }
        let roles = format!("locale = \"en\", roles = {roles}");
        let text = text.replace("locale = \"en\"", &roles);
        let text = text.replace("# Test users.", &format!("{CLAIMS}# Test users."));
        let text = text.replace("phone offers.read", "phone staff offers.read");
        text.replace(
            "client_name = \"Demo (service)\"",
            "client_name = \"Demo (service)\"\nmetadata = { tier = \"gold\" }",
        )
    }
}

/// What a login for `scope` yields: the token response.
async fn tokens(laptop: &Laptop, scope: &str) -> Value {
    let pkce = Pkce::new("mapped");
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some(scope));
    let response = Browser::new(laptop).log_in(&asked).await;
    let code = answered(&response, "code").unwrap_or_else(|| panic!("no code: {}", body(&response)));
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    parsed(&laptop.form("/oauth2/token", &fields, &[]).await)
}

async fn refreshed(laptop: &Laptop, tokens: &Value, more: &[(&str, &str)]) -> Response {
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", "demo-trusted"), ("refresh_token", token)];
    laptop.form("/oauth2/token", &[&fields[..], more].concat(), &[]).await
}

fn of(tokens: &Value, name: &str) -> Value {
    claims(tokens[name].as_str().unwrap())
}

/// The answer of introspection to the service of the demo, which may ask about every token.
async fn introspected(laptop: &Laptop, tokens: &Value) -> Value {
    let service = [("authorization", basic("demo-service:demo-service-secret"))];
    let own =
        laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[(service[0].0, &service[0].1)]).await;
    let bearer = format!("Bearer {}", parsed(&own)["access_token"].as_str().unwrap());
    let fields = [("token", tokens["access_token"].as_str().unwrap())];
    parsed(&laptop.form("/oauth2/introspect", &fields, &[("authorization", &bearer)]).await)
}

#[tokio::test]
async fn sec_res_04_and_sec_tok_07_a_claim_is_where_its_workspace_puts_it_and_needs_its_scope() {
    let laptop = Laptop::with(with_claims("[\"editor\", \"admin\"]")).await;
    let family = "https://demo.example/family";
    for (scope, released) in [("openid staff", true), ("openid profile", false)] {
        let tokens = tokens(&laptop, scope).await;
        let userinfo = parsed(&laptop.userinfo(tokens["access_token"].as_str().unwrap()).await);
        let (access, id) = (of(&tokens, "access_token"), of(&tokens, "id_token"));
        let introspected = introspected(&laptop, &tokens).await;
        let when = |value: Value| if released { value } else { Value::Null };
        assert_eq!((&access["roles"], &id["roles"]), (&when(json!(["editor", "admin"])), &Value::Null), "{scope}");
        assert_eq!((&id[family], &userinfo[family]), (&when(json!("Example")), &when(json!("Example"))), "{scope}");
        assert_eq!((&access[family], &introspected[family]), (&Value::Null, &Value::Null), "{scope}");
        assert_eq!(introspected["roles"], when(json!(["editor", "admin"])), "{scope}");
        assert_eq!((&introspected["idp"], &access["idp"]), (&json!("sandbox"), &Value::Null), "{scope}");
        assert_eq!((&introspected["sub"], &userinfo["sub"]), (&access["sub"], &access["sub"]));
    }
}

#[tokio::test]
async fn sec_rt_12_groups_and_roles_are_renewed_with_each_refresh() {
    let laptop = Laptop::with(with_claims("[\"admin\"]")).await;
    let first = tokens(&laptop, "openid staff offline_access").await;
    assert_eq!(of(&first, "access_token")["roles"], json!(["admin"]));
    laptop.apply(with_claims("[\"guest\"]")).await;
    laptop.clock.advance(STALE);
    let second = parsed(&refreshed(&laptop, &first, &[]).await);
    assert_eq!(of(&second, "access_token")["roles"], json!(["guest"]));
    assert_eq!(introspected(&laptop, &second).await["roles"], json!(["guest"]));
    let narrowed = parsed(&refreshed(&laptop, &second, &[("scope", "openid")]).await);
    assert_eq!(of(&narrowed, "access_token")["roles"], Value::Null, "a refresh for fewer scopes has fewer claims");
    laptop.apply(with_claims("[]")).await;
    laptop.clock.advance(STALE);
    let third = parsed(&refreshed(&laptop, &narrowed, &[]).await);
    assert_eq!(of(&third, "access_token").get("roles").filter(|roles| **roles != json!([])), None);
}

#[tokio::test]
async fn a_clients_own_token_has_claims_about_the_client_and_none_about_users() {
    let laptop = Laptop::with(with_claims("[\"admin\"]")).await;
    let headers = [("authorization", basic("demo-service:demo-service-secret"))];
    let own =
        laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[(headers[0].0, &headers[0].1)]).await;
    let access = of(&parsed(&own), "access_token");
    assert_eq!(
        (&access["tier"], &access["roles"], &access["gty"]),
        (&json!("gold"), &Value::Null, &json!("client_credentials"))
    );
}

#[tokio::test]
async fn sec_up_17_groups_of_a_provider_reach_tokens_with_the_name_of_their_source() {
    let provider = Provider::start().await;
    let file = |text: String| {
        let text = provider.registered(&tests::provider::without_sandbox(&text), "map = { groups = \"groups\" }");
        let claim =
            "\n[[claims]]\nname = \"groups\"\nfrom = \"user.groups\"\nin = [\"access_token\", \"introspection\"]\n";
        if is_demo(&text) { text + claim } else { text }
    };
    let (laptop, pkce) = (Laptop::with(file).await, Pkce::new("mapped"));
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid offline_access"));
    let mut browser = Browser::new(&laptop);
    let said = json!({"groups": ["admins", "staff"]});
    let response = provider.log_in((&laptop, &mut browser), &asked, (&said, &json!({}))).await;
    let code = answered(&response, "code").unwrap_or_else(|| panic!("no code: {}", body(&response)));
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let first = parsed(&laptop.form("/oauth2/token", &fields, &[]).await);
    let expected = json!(["partner:admins", "partner:staff"]);
    assert_eq!(of(&first, "access_token")["groups"], expected);
    let second = parsed(&refreshed(&laptop, &first, &[]).await);
    assert_eq!(of(&second, "access_token")["groups"], expected, "as the provider said at the login");
    assert_eq!(introspected(&laptop, &second).await["groups"], expected);
}
