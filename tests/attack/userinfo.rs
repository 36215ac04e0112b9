//! Section M: the userinfo endpoint, and the rows of section N that concern it.

use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::external_jwk::ExternalJwks;
use signing::verify;
use tests::browser::{answered, body, changed, exchange, json, request};
use tests::expect::{redirected, refused};
use tests::{Browser, Laptop, Pkce};
use web::Response;

use crate::given::{NATIVE, access_token, and_clients, claims, redeemed, trusted_code};

/// A trusted client that is registered for signed userinfo.
const SIGNED: &str = r#"
[[clients]]
client_id = "signed"
client_name = "Signed"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
scope = "openid profile email offers.read"
userinfo_signed_response_alg = "RS256"
"#;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Returns the tokens of the trusted client for `scope`.
async fn tokens(laptop: &Laptop, scope: &str) -> serde_json::Value {
    let pkce = Pkce::new(scope);
    let fields = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some(scope));
    let code = answered(&Browser::new(laptop).log_in(&fields).await, "code").unwrap();
    json(&redeemed(laptop, &code, &pkce).await)
}

/// Returns the tokens of the client that is registered for signed userinfo.
async fn signed_tokens(laptop: &Laptop) -> serde_json::Value {
    let pkce = Pkce::new("signed");
    let code = answered(&Browser::new(laptop).log_in(&request("signed", NATIVE, &pkce)).await, "code").unwrap();
    json(&laptop.form("/oauth2/token", &exchange("signed", NATIVE, &code, &pkce.verifier), &[]).await)
}

async fn asked(laptop: &Laptop, method: &str, authorization: &str, body: &str) -> Response {
    let headers = [("authorization", authorization), FORM];
    laptop.send(method, &laptop.demo_url("/userinfo"), &headers, body.to_owned()).await
}

#[tokio::test]
async fn sec_res_01_a_token_is_accepted_in_the_header_or_a_form_only() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("res 1");
    let token = access_token(&redeemed(&laptop, &trusted_code(&laptop, &pkce).await, &pkce).await);
    let (bearer, in_form, url) =
        (format!("Bearer {token}"), format!("access_token={token}"), laptop.demo_url("/userinfo"));
    let by_get = asked(&laptop, "GET", &bearer, "").await;
    let by_post = asked(&laptop, "POST", &bearer, "").await;
    assert_eq!((by_get.status(), by_post.status()), (http::StatusCode::OK, http::StatusCode::OK));
    assert_eq!(json(&by_get), json(&by_post));
    assert_eq!(by_get.headers()["cache-control"], "no-store");
    let both = asked(&laptop, "POST", &bearer, &in_form).await;
    refused(&both, 400, "invalid_request", "header and form");
    let form = laptop.send("POST", &url, &[FORM], in_form.clone()).await;
    assert_eq!((form.status(), json(&form)), (http::StatusCode::OK, json(&by_get)), "the form alone");
    let twice = laptop.send("POST", &url, &[FORM], format!("{in_form}&{in_form}")).await;
    refused(&twice, 400, "invalid_request", "the form, twice");
    let by_get = laptop.send("GET", &url, &[FORM], in_form.clone()).await;
    refused(&by_get, 401, "invalid_token", "the body of a GET is ignored");
    let empty = laptop.send("GET", &format!("{url}?access_token="), &[("authorization", &bearer)], "").await;
    assert_eq!(empty.status(), 200, "without a value it is treated as omitted: {}", body(&empty));
    let query = laptop.send("GET", &format!("{url}?{in_form}"), &[], "").await;
    refused(&query, 400, "invalid_request", "the query alone");
    let query = laptop.send("GET", &format!("{url}?{in_form}"), &[("authorization", &bearer)], "").await;
    refused(&query, 400, "invalid_request", "header and query");
    for answer in [both, twice, by_get, query] {
        assert!(!body(&answer).contains(&token) && !body(&answer).contains("alice"));
    }
}

#[tokio::test]
async fn sec_res_02_and_03_only_a_valid_access_token_for_userinfo_is_accepted() {
    let laptop = Laptop::demo().await;
    let all = tokens(&laptop, "openid email").await;
    let (access, id) = (all["access_token"].as_str().unwrap(), all["id_token"].as_str().unwrap());
    let elsewhere = tokens(&laptop, "email offers.read").await;
    let elsewhere = elsewhere["access_token"].as_str().unwrap();
    let (head, rest) = access.split_once('.').unwrap();
    let forged = format!("{head}.{}", rest.replacen('e', "f", 1));
    for (case, token) in [("an ID token", id), ("forged", &forged), ("nonsense", "x")] {
        let answer = asked(&laptop, "GET", &format!("Bearer {token}"), "").await;
        refused(&answer, 401, "invalid_token", case);
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""), "{case}");
    }
    let without = asked(&laptop, "GET", &format!("Bearer {elsewhere}"), "").await;
    refused(&without, 403, "insufficient_scope", "a token without openid, for an API");
    let bearer = format!("Bearer {access}");
    let other_workspace = laptop.send("GET", "/default/partner/userinfo", &[("authorization", &bearer)], "").await;
    refused(&other_workspace, 401, "invalid_token", "another workspace's");
    let nothing = laptop.send("GET", &laptop.demo_url("/userinfo"), &[], "").await;
    refused(&nothing, 401, "invalid_token", "nothing");
    let challenge = nothing.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{challenge}");
    refused(&asked(&laptop, "GET", "Bearer a b", "").await, 400, "invalid_request", "malformed");
    assert_eq!(asked(&laptop, "GET", &bearer, "").await.status(), 200);
    laptop.clock.advance(3600);
    refused(&asked(&laptop, "GET", &bearer, "").await, 401, "invalid_token", "expired");
}

#[tokio::test]
async fn sec_res_04_userinfo_returns_only_claims_covered_by_scope_for_the_id_token_subject() {
    let laptop = Laptop::demo().await;
    for (scope, names) in [("openid", "sub"), ("openid email", "email email_verified sub")] {
        let all = tokens(&laptop, scope).await;
        let answer =
            json(&asked(&laptop, "GET", &format!("Bearer {}", all["access_token"].as_str().unwrap()), "").await);
        assert_eq!(answer.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" "), names);
        assert_eq!(answer["sub"], claims(all["id_token"].as_str().unwrap())["sub"]);
    }
}

#[tokio::test]
async fn sec_oidc_06_signed_userinfo_uses_the_registered_algorithm_and_is_not_an_id_token() {
    let laptop = Laptop::with(and_clients(SIGNED)).await;
    let all = signed_tokens(&laptop).await;
    let answer = asked(&laptop, "POST", &format!("Bearer {}", all["access_token"].as_str().unwrap()), "").await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (http::StatusCode::OK, &"application/jwt".parse().unwrap())
    );
    let (token, jwks) = (body(&answer), laptop.send("GET", &laptop.demo_url("/.well-known/jwks.json"), &[], "").await);
    let jwks: ExternalJwks = serde_json::from_value(json(&jwks)).unwrap();
    let header = verify::header(&token, verify::MAX_JWT_BYTES).unwrap();
    assert_eq!(header.alg, ExternalAlgorithm::RS256);
    let verified =
        verify::claims((&token, &header), &jwks.candidates(header.alg, header.kid.as_deref()), |_| true).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&verified).unwrap();
    assert_eq!((&told["iss"], &told["aud"]), (&laptop.issuer().into(), &"signed".into()));
    assert_eq!(
        (&told["sub"], &told["email"]),
        (&claims(all["id_token"].as_str().unwrap())["sub"], &"alice@example.com".into())
    );

    let pkce = Pkce::new("hint");
    let fields = [request("signed", NATIVE, &pkce), vec![("id_token_hint", token.as_str())]].concat();
    redirected(&laptop, &Browser::new(&laptop).authorize(&fields).await, NATIVE, "invalid_request", "as a hint");
    refused(&asked(&laptop, "GET", &format!("Bearer {token}"), "").await, 401, "invalid_token", "as an access token");
}

#[tokio::test]
async fn sec_oidc_06_userinfo_fails_if_it_cannot_be_signed() {
    let (laptop, kms) = Laptop::in_aws(and_clients(SIGNED)).await;
    let all = signed_tokens(&laptop).await;
    let bearer = format!("Bearer {}", all["access_token"].as_str().unwrap());
    assert_eq!(asked(&laptop, "GET", &bearer, "").await.headers()["content-type"], "application/jwt");
    kms.plan(|_, _| tests::KmsTrouble::Refused("AccessDeniedException"));
    refused(&asked(&laptop, "GET", &bearer, "").await, 503, "temporarily_unavailable", "no key");
}
