//! Section D: PKCE.

use tests::browser::{answered, body, changed, exchange, json, request};
use tests::expect::{redirected, refused};
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, WEB, basic, code, redeemed, tampered, trusted_code};

const CLIENTS: [(&str, &str); 4] = [
    ("demo-trusted", NATIVE),
    ("demo-native", NATIVE),
    ("demo-web", WEB),
    ("demo-spa", "http://localhost:9000/demo/callback"),
];

#[tokio::test]
async fn sec_pkce_01_and_02_and_03_every_client_must_send_a_good_s256_challenge() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 1"));
    let challenge = pkce.challenge.as_str();
    let (cut, long) = (&challenge[..42], format!("{challenge}A"));
    let canonical = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let odd = [
        format!("{challenge}="),
        canonical.replace('-', "+"),
        canonical.replace('-', "/"),
        canonical.replace('-', "."),
        canonical.replace('-', "~"),
        canonical.replace("cM", "cN"),
        "a".repeat(128),
    ];
    let mut table = vec![
        ("code_challenge", None),
        ("code_challenge", Some("")),
        ("code_challenge", Some(cut)),
        ("code_challenge", Some(&long)),
    ];
    table.extend(odd.iter().map(|odd| ("code_challenge", Some(odd.as_str()))));
    let methods = [None, Some("plain"), Some("s256"), Some("S512"), Some("S256 "), Some("none"), Some("S256,plain")];
    table.extend(methods.map(|method| ("code_challenge_method", method)));
    let before = laptop.dump();
    for (client, redirect_uri) in CLIENTS {
        for (name, value) in &table {
            let fields = changed(&request(client, redirect_uri, &pkce), name, *value);
            let response = Browser::new(&laptop).authorize(&fields).await;
            redirected(&laptop, &response, redirect_uri, "invalid_request", &format!("{client} {name}={value:?}"));
        }
    }
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_pkce_04_and_05_and_sec_code_08_only_the_right_verifier_redeems_and_a_wrong_one_does_not_consume_the_code()
{
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 4"));
    let code = trusted_code(&laptop, &pkce).await;
    let other = Pkce::new("of another code");
    let before = laptop.dump();
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let mut wrong: Vec<Option<String>> = vec![None, Some(String::new()), Some(pkce.challenge.clone())];
    wrong.extend([1, 42, 43, 128, 129, 10_000].map(|length| Some("a".repeat(length))));
    let spoiled = [" ", "+", "/", "=", "%", "\u{e9}", "\n"].map(|odd| format!("{}{odd}", &pkce.verifier[..42]));
    wrong.extend(spoiled.map(Some));
    wrong.extend([Some(other.verifier), Some(pkce.verifier.to_lowercase()), Some(format!("{}A", pkce.verifier))]);
    for verifier in &wrong {
        let answer = laptop.form("/oauth2/token", &changed(&fields, "code_verifier", verifier.as_deref()), &[]).await;
        refused(&answer, 400, "invalid_grant", &format!("{verifier:?}"));
    }
    let nul = tests::laptop::encoded(&changed(&fields, "code_verifier", None)) + "&code_verifier=%00";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = laptop.send("POST", &laptop.demo_url("/oauth2/token"), &form, nul).await;
    refused(&answer, 400, "invalid_request", "NUL is never allowed");
    assert_eq!(laptop.dump(), before, "failures leave the row unchanged");
    assert_eq!(redeemed(&laptop, &code, &pkce).await.status(), 200);
}

#[tokio::test]
async fn sec_pkce_04_the_shortest_and_the_longest_verifier_with_all_characters_redeem() {
    let laptop = Laptop::demo().await;
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for verifier in [&alphabet[23..], &format!("{alphabet}{}", &alphabet[..62])] {
        assert!(matches!(verifier.len(), 43 | 128));
        let challenge = protocol::syntax::encoding::base64url(&<sha2::Sha256 as sha2::Digest>::digest(verifier));
        let pkce = Pkce { verifier: verifier.into(), challenge };
        let code = trusted_code(&laptop, &pkce).await;
        assert_eq!(redeemed(&laptop, &code, &pkce).await.status(), 200, "{verifier}");
    }
}

#[tokio::test]
async fn sec_pkce_05_a_verifier_does_not_redeem_another_code() {
    let laptop = Laptop::demo().await;
    let (one, two) = (Pkce::new("one"), Pkce::new("two"));
    let (first, second) = (trusted_code(&laptop, &one).await, trusted_code(&laptop, &two).await);
    refused(&redeemed(&laptop, &first, &two).await, 400, "invalid_grant", "the other's verifier");
    assert_eq!(redeemed(&laptop, &first, &one).await.status(), 200);
    refused(&redeemed(&laptop, &second, &one).await, 400, "invalid_grant", "an already used verifier");
    assert_eq!(redeemed(&laptop, &second, &two).await.status(), 200);
}

/// A confidential client that is registered without PKCE and does not use it.
#[tokio::test]
async fn sec_pkce_06_a_verifier_for_a_code_without_a_challenge_is_refused() {
    let laptop = Laptop::with(|text| text.replace("pkce = \"all\"", "pkce = \"public\"")).await;
    let pkce = Pkce::new("pkce 6");
    let fields = request("demo-web", WEB, &pkce);
    let without = changed(&changed(&fields, "code_challenge", None), "code_challenge_method", None);
    let code = answered(&Browser::new(&laptop).log_in(&without).await, "code").unwrap();
    let authorization = basic("demo-web:demo-web-secret");
    let headers = [("authorization", authorization.as_str())];
    let fields = exchange("demo-web", WEB, &code, &pkce.verifier);
    let before = laptop.dump();
    refused(
        &laptop.form("/oauth2/token", &fields, &headers).await,
        400,
        "invalid_request",
        "a verifier without a challenge",
    );
    assert_eq!(laptop.dump(), before);
    let answer = laptop.form("/oauth2/token", &changed(&fields, "code_verifier", None), &headers).await;
    assert_eq!(answer.status(), 200, "without one, as registered: {}", body(&answer));
    let half = changed(&without, "code_challenge_method", Some("S256"));
    let response = Browser::new(&laptop).authorize(&half).await;
    redirected(&laptop, &response, WEB, "invalid_request", "a method without a challenge");
    let public = request("demo-trusted", NATIVE, &pkce);
    let public = changed(&changed(&public, "code_challenge", None), "code_challenge_method", None);
    redirected(&laptop, &Browser::new(&laptop).authorize(&public).await, NATIVE, "invalid_request", "a public client");
}

fn unbound(laptop: &Laptop) {
    tampered(laptop, |item| {
        let mut terms: serde_json::Value = serde_json::from_str(item["terms"]["S"].as_str().unwrap()).unwrap();
        terms.as_object_mut().unwrap().remove("code_challenge").unwrap();
        item["terms"]["S"] = terms.to_string().into();
    });
}

#[tokio::test]
async fn sec_pkce_06_a_code_that_lost_its_challenge_is_not_redeemed_with_a_verifier() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 6 lost"));
    let code = trusted_code(&laptop, &pkce).await;
    unbound(&laptop);
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_request", "a verifier");
}

/// Clients that require PKCE are never issued a code without a challenge, so such a row must have been tampered with.
#[tokio::test]
async fn sec_pkce_06_a_code_that_lost_its_challenge_is_not_redeemed_by_a_client_that_must_have_one() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 6 never"));
    let code = trusted_code(&laptop, &pkce).await;
    unbound(&laptop);
    let fields = changed(&exchange("demo-trusted", NATIVE, &code, &pkce.verifier), "code_verifier", None);
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "no verifier");
}

#[tokio::test]
async fn sec_pkce_07_and_sec_cli_08_a_verifier_does_not_replace_the_secret_of_a_confidential_client() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 7"));
    let code = code(&laptop, "demo-web", WEB, &pkce).await;
    let fields = exchange("demo-web", WEB, &code, &pkce.verifier);
    let before = laptop.dump();
    let answer = laptop.form("/oauth2/token", &fields, &[]).await;
    refused(&answer, 401, "invalid_client", "no secret");
    let by_post = [fields.clone(), vec![("client_secret", "wrong")]].concat();
    refused(&laptop.form("/oauth2/token", &by_post, &[]).await, 401, "invalid_client", "a wrong secret in the form");
    let wrong = basic("demo-web:wrong");
    let answer = laptop.form("/oauth2/token", &fields, &[("authorization", &wrong)]).await;
    refused(&answer, 401, "invalid_client", "a wrong secret");
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    assert_eq!(laptop.dump(), before, "the code is not consumed");
    let right = basic("demo-web:demo-web-secret");
    assert_eq!(laptop.form("/oauth2/token", &fields, &[("authorization", &right)]).await.status(), 200);
}

#[tokio::test]
async fn sec_pkce_08_the_token_request_cannot_choose_the_method_or_the_challenge() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 8"));
    let code = trusted_code(&laptop, &pkce).await;
    let plain = [("code_challenge_method", "plain"), ("code_challenge", pkce.challenge.as_str())];
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.challenge);
    let answer = laptop.form("/oauth2/token", &[fields, plain.to_vec()].concat(), &[]).await;
    refused(&answer, 400, "invalid_grant", "the challenge as a plain verifier");
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    assert_eq!(laptop.form("/oauth2/token", &[fields, plain.to_vec()].concat(), &[]).await.status(), 200);
}

#[tokio::test]
async fn sec_pkce_09_the_metadata_names_s256_and_nothing_else() {
    let laptop = Laptop::demo().await;
    for path in ["/default/demo", "/default/partner"] {
        let url = format!("{path}/.well-known/openid-configuration");
        let metadata = json(&laptop.send("GET", &url, &[], "").await);
        assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256"]), "{path}");
    }
}

#[tokio::test]
async fn sec_pkce_10_and_sec_code_01_a_code_reveals_nothing_it_is_bound_to() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("pkce 10"));
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(trusted_code(&laptop, &pkce).await);
    }
    for code in &codes {
        let parts: Vec<&str> = code.split('.').collect();
        assert_eq!((parts.len(), parts[0]), (3, "local"), "{code}");
        assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{code}");
        assert_eq!(protocol::syntax::encoding::base64url_decoded(parts[2]).unwrap().len(), 32, "{code}");
        let decoded: Vec<u8> =
            parts[1..].iter().flat_map(|part| protocol::syntax::encoding::base64url_decoded(part).unwrap()).collect();
        let challenge = protocol::syntax::encoding::base64url_decoded(&pkce.challenge).unwrap();
        assert!(!decoded.windows(8).any(|window| challenge.windows(8).any(|known| known == window)), "{code}");
        assert!(!String::from_utf8_lossy(&decoded).contains("demo"), "{code}");
        let others = codes.iter().filter(|other| *other != code).count();
        assert_eq!(others, codes.len() - 1, "no two codes are alike");
    }
}
