//! Section E: authorization codes.

use std::collections::BTreeSet;

use dynoxide::actions::delete_item::DeleteItemRequest;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::browser::{answered, body, changed, exchange, json as parsed, location, request};
use tests::expect::{page, redirected, refused};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Operation, Pkce, Trouble};
use web::Response;

use crate::given::{NATIVE, SPA, WEB, access_token, basic, claims, is_demo, redeemed, tampered, trusted_code};

/// Of any number of concurrent redemptions of one code exactly one wins, and its tokens stay valid.
#[tokio::test]
async fn sec_code_07_and_13_one_of_fifty_concurrent_redemptions_wins() {
    let laptop = Laptop::demo().await;
    let mut browser = Browser::new(&laptop);
    for round in 0..40 {
        let pkce = Pkce::new(&format!("race {round}"));
        let response = browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
        let code = answered(&response, "code").unwrap();
        let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
        let answers = join_all((0..50).map(|_| laptop.form("/oauth2/token", &fields, &[]))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
        assert_eq!(won.len(), 1, "round {round}");
        for answer in lost {
            refused(answer, 400, "invalid_grant", "lost the race");
        }
        let userinfo = laptop.userinfo(&access_token(won[0])).await;
        assert_eq!(userinfo.status(), 200, "the winner's tokens stay valid");
    }
}

/// Collects every string in the store, including parts of composite values.
fn kept(laptop: &Laptop) -> BTreeSet<String> {
    let everything = laptop.dump().into_values().flatten().collect::<Vec<_>>().join(" ");
    let parts = everything.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-._~".contains(letter));
    parts.filter(|part| part.len() >= 16).map(str::to_owned).collect()
}

#[tokio::test]
async fn sec_code_01_and_sec_store_01_and_sec_sess_02_no_stored_value_is_accepted_as_a_credential() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 1"));
    let mut browser = Browser::new(&laptop);
    let used = answered(&browser.log_in(&request("demo-spa", SPA, &pkce)).await, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &used, &pkce.verifier), &[]).await;
    let tokens = parsed(&tokens);
    let fresh = answered(&browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await, "code").unwrap();
    let everything = laptop.dump().into_values().flatten().collect::<String>();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let mut secrets = vec![used.clone(), fresh.clone(), text("access_token"), text("id_token"), pkce.verifier.clone()];
    secrets.extend(browser.cookies.values().cloned());
    secrets.extend([&used, &fresh].map(|code| code.rsplit('.').next().unwrap().to_owned()));
    secrets.push("demo-web-secret".into());
    for secret in &secrets {
        assert!(!everything.contains(secret.as_str()), "{secret} is in the store");
    }
    let grant = fresh.split('.').nth(1).unwrap();
    let silent = encoded(&changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("none")));
    let silent = format!("{}?{silent}", laptop.demo_url("/oauth2/authorize"));
    let before = laptop.dump();
    for found in kept(&laptop) {
        for code in [found.clone(), format!("local.{grant}.{found}")] {
            refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", &code);
        }
        assert_ne!(laptop.userinfo(&found).await.status(), 200, "{found} is a token");
        let cookie = format!("session.default.demo={found}; browser.default.demo={found}");
        let response = laptop.send("GET", &silent, &[("cookie", &cookie)], "").await;
        redirected(&laptop, &response, NATIVE, "login_required", &found);
        let secret = basic(&format!("demo-web:{found}"));
        let answer = laptop.form("/oauth2/revoke", &[("token", "x")], &[("authorization", &secret)]).await;
        refused(&answer, 401, "invalid_client", &found);
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(redeemed(&laptop, &fresh, &pkce).await.status(), 200, "the code itself is accepted");
}

#[tokio::test]
async fn sec_code_02_and_sec_time_01_a_code_lives_less_than_sixty_seconds() {
    let laptop = Laptop::demo().await;
    for (millis, good) in [(0, true), (59_000, true), (59_999, true), (60_000, false), (61_000, false)] {
        let pkce = Pkce::new(&format!("code 2 {millis}"));
        let code = trusted_code(&laptop, &pkce).await;
        laptop.clock.advance_millis(millis);
        let before = laptop.dump();
        let answer = redeemed(&laptop, &code, &pkce).await;
        if good {
            assert_eq!(answer.status(), 200, "{millis}: {}", body(&answer));
        } else {
            refused(&answer, 400, "invalid_grant", &millis.to_string());
            assert_eq!(laptop.dump(), before, "{millis}");
        }
    }
}

#[tokio::test]
async fn sec_code_03_and_sec_time_06_expiry_does_not_depend_on_dynamodb_ttl() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("code 3");
    let set = |name: &'static str, value: u64| {
        tampered(&laptop, move |item| item[name] = json!({"N": value.to_string()}));
    };
    let now = web::Clock::now(&*laptop.clock);
    let code = trusted_code(&laptop, &pkce).await;
    set("ttl", 1);
    assert_eq!(redeemed(&laptop, &code, &pkce).await.status(), 200, "a row that is past its TTL");
    let code = trusted_code(&laptop, &pkce).await;
    set("ttl", 9_999_999_999);
    set("code_expires", now.millis());
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "an expired row without TTL");
    let code = trusted_code(&laptop, &pkce).await;
    let ttl = |name: &str| {
        let flow = laptop.dump().into_iter().find(|(table, _)| table.contains("flow")).unwrap().1;
        let id = code.split('.').nth(1).unwrap().to_owned();
        let item: Value = serde_json::from_str(flow.iter().find(|item| item.contains(&id)).unwrap()).unwrap();
        item[name]["N"].as_str().unwrap().parse::<u64>().unwrap()
    };
    assert!(ttl("ttl") >= ttl("code_expires") / 1000 + 3600, "the TTL is at least an hour after expiry");
    for (table, items) in laptop.dump() {
        for item in items.iter().filter(|item| item.contains(code.split('.').nth(1).unwrap())) {
            let item: Value = serde_json::from_str(item).unwrap();
            let delete = json!({"TableName": table, "Key": {"pk": item["pk"]}});
            let delete: DeleteItemRequest = serde_json::from_value(delete).unwrap();
            laptop.database().delete_item(delete).unwrap();
        }
    }
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "a row deleted early");
}

#[tokio::test]
async fn sec_code_04_a_code_is_valid_for_its_client_only() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 4"));
    let code = trusted_code(&laptop, &pkce).await;
    let before = laptop.dump();
    let fields = exchange("demo-native", NATIVE, &code, &pkce.verifier);
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "another public client");
    let secret = basic("demo-web:demo-web-secret");
    let fields = exchange("demo-web", NATIVE, &code, &pkce.verifier);
    let answer = laptop.form("/oauth2/token", &fields, &[("authorization", &secret)]).await;
    refused(&answer, 400, "invalid_grant", "a confidential client");
    for client in ["demo", "nobody"] {
        let fields = exchange(client, NATIVE, &code, &pkce.verifier);
        refused(&laptop.form("/oauth2/token", &fields, &[]).await, 401, "invalid_client", client);
    }
    assert_eq!(laptop.dump(), before, "the code is not used up");
    assert_eq!(redeemed(&laptop, &code, &pkce).await.status(), 200);
}

/// Both workspaces have a client `demo-trusted` with the same redirect URI.
#[tokio::test]
async fn sec_code_05_and_sec_adm_06_a_code_is_valid_in_its_workspace_only() {
    let twin = "\n[[clients]]\nclient_id = \"demo-trusted\"\nclient_name = \"Twin\"\napplication_type = \"native\"\n\
                token_endpoint_auth_method = \"none\"\ntrusted = true\n\
                redirect_uris = [\"http://127.0.0.1/callback\"]\nscope = \"openid profile email\"\n";
    let laptop = Laptop::with(|text| if is_demo(&text) { text } else { format!("{text}{twin}") }).await;
    let pkce = Pkce::new("code 5");
    let code = trusted_code(&laptop, &pkce).await;
    let before = laptop.dump();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let fields = encoded(&exchange("demo-trusted", NATIVE, &code, &pkce.verifier));
    let elsewhere = laptop.send("POST", "/default/partner/oauth2/token", &form, fields).await;
    refused(&elsewhere, 400, "invalid_grant", "redeemed in the other workspace");
    assert_eq!(laptop.dump(), before);
    let token = access_token(&redeemed(&laptop, &code, &pkce).await);
    let bearer = format!("Bearer {token}");
    let elsewhere = laptop.send("GET", "/default/partner/userinfo", &[("authorization", &bearer)], "").await;
    refused(&elsewhere, 401, "invalid_token", "its token");
    let revoke = encoded(&[("token", &token), ("client_id", "demo-trusted")]);
    let elsewhere = laptop.send("POST", "/default/partner/oauth2/revoke", &form, revoke).await;
    assert_eq!(elsewhere.status(), 200, "an unknown token in this workspace");
    assert_eq!(laptop.userinfo(&token).await.status(), 200, "the foreign revocation had no effect");
}

#[tokio::test]
async fn sec_code_06_and_17_every_invalid_code_gets_the_same_response() {
    let laptop = Laptop::demo().await;
    let (pkce, other) = (Pkce::new("code 17"), Pkce::new("code 17 other"));
    let expired = trusted_code(&laptop, &pkce).await;
    laptop.clock.advance(60);
    let used = trusted_code(&laptop, &pkce).await;
    let token = access_token(&redeemed(&laptop, &used, &pkce).await);
    let revoked = trusted_code(&laptop, &pkce).await;
    let of_revoked = access_token(&redeemed(&laptop, &revoked, &pkce).await);
    let revoke = [("token", of_revoked.as_str()), ("client_id", "demo-trusted")];
    assert_eq!(laptop.form("/oauth2/revoke", &revoke, &[]).await.status(), 200);
    let of_another = crate::given::code(&laptop, "demo-native", NATIVE, &pkce).await;
    let good = trusted_code(&laptop, &other).await;
    let (id, secret) = good.strip_prefix("local.").unwrap().split_once('.').unwrap();
    let before = laptop.dump();
    let bad = [
        expired.clone(),
        used,
        revoked,
        of_another,
        format!("local.{}.{secret}", expired.split('.').nth(1).unwrap()),
        format!("local.{id}.{}", "A".repeat(43)),
        format!("local.{}.{secret}", "A".repeat(22)),
        format!("local.{id}"),
        format!("LOCAL.{id}.{secret}"),
        format!("{good}."),
        id.to_owned(),
        "urn:ietf:params:oauth:request_uri:x".into(),
        token,
        "x".into(),
        "a".repeat(5000),
    ];
    let expected = redeemed(&laptop, &expired, &pkce).await;
    for code in bad {
        let answer = redeemed(&laptop, &code, &pkce).await;
        refused(&answer, 400, "invalid_grant", &code);
        assert_eq!((answer.headers(), body(&answer)), (expected.headers(), body(&expected)), "{code}");
    }
    let elsewhere = redeemed(&laptop, &good.replacen("local", "elsewhere", 1), &other).await;
    refused(&elsewhere, 400, "invalid_grant", "of another region, which the response may name");
    assert_eq!(laptop.dump(), before);
    assert_eq!(redeemed(&laptop, &good, &other).await.status(), 200);
}

#[tokio::test]
async fn sec_code_09_and_12_a_replay_revokes_the_whole_grant_however_late() {
    let laptop = Laptop::demo().await;
    for millis in [500, 1000, 30_000, 86_400_000] {
        let pkce = Pkce::new(&format!("code 9 {millis}"));
        let code = trusted_code(&laptop, &pkce).await;
        let token = access_token(&redeemed(&laptop, &code, &pkce).await);
        assert_eq!(laptop.userinfo(&token).await.status(), 200, "{millis}");
        laptop.clock.advance_millis(millis);
        refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", &millis.to_string());
        refused(&laptop.userinfo(&token).await, 401, "invalid_token", &millis.to_string());
        let flow = laptop.dump().into_iter().find(|(table, _)| table.contains("flow")).unwrap().1;
        let grant = flow.iter().find(|item| item.contains(code.split('.').nth(1).unwrap())).unwrap();
        assert!(grant.contains("\"revoked\""), "{millis}: {grant}");
        refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "replayed again");
    }
}

#[tokio::test]
async fn sec_code_10_a_replay_without_valid_credentials_and_verifier_revokes_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 10"));
    let code = crate::given::code(&laptop, "demo-web", WEB, &pkce).await;
    let secret = basic("demo-web:demo-web-secret");
    let with = [("authorization", secret.as_str())];
    let good = exchange("demo-web", WEB, &code, &pkce.verifier);
    let token = access_token(&laptop.form("/oauth2/token", &good, &with).await);
    laptop.clock.advance(2);
    let before = laptop.dump();
    let wrong = basic("demo-web:wrong");
    let wrong = [("authorization", wrong.as_str())];
    let verifier = "v".repeat(43);
    let other = changed(&good, "client_id", Some("demo-trusted"));
    let table = [
        ("another verifier", changed(&good, "code_verifier", Some(&verifier)), &with[..], 400, "invalid_grant"),
        ("no verifier", changed(&good, "code_verifier", None), &with[..], 400, "invalid_grant"),
        ("another address", changed(&good, "redirect_uri", Some("https://x.example")), &with[..], 400, "invalid_grant"),
        ("no secret", good.clone(), &[], 401, "invalid_client"),
        ("a wrong secret", good.clone(), &wrong[..], 401, "invalid_client"),
        ("another client", other, &[], 400, "invalid_grant"),
    ];
    for (case, fields, headers, status, error) in table {
        refused(&laptop.form("/oauth2/token", &fields, headers).await, status, error, case);
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(laptop.userinfo(&token).await.status(), 200, "the tokens are still valid");
}

#[tokio::test]
async fn sec_code_11_a_lost_store_response_never_leads_to_a_second_grant() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 11"));
    let code = trusted_code(&laptop, &pkce).await;
    let lost_once = std::sync::atomic::AtomicBool::new(false);
    laptop.wire.plan(move |call, _| {
        let redemption = call.name == "UpdateItem" && !lost_once.swap(true, std::sync::atomic::Ordering::SeqCst);
        if redemption { Trouble::After } else { Trouble::None }
    });
    let answer = redeemed(&laptop, &code, &pkce).await;
    let lost = laptop.wire.calls();
    assert!(lost.iter().any(Operation::is_write), "{lost:?}");
    laptop.wire.calm();
    if answer.status() == 200 {
        assert_eq!(laptop.userinfo(&access_token(&answer)).await.status(), 200, "the retry recognized its own write");
    } else {
        refused(&answer, 503, "temporarily_unavailable", "the outcome is unknown");
    }
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "the client's retry");
}

#[tokio::test]
async fn sec_code_13_a_second_use_within_half_a_second_counts_as_a_retry() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 13"));
    let code = trusted_code(&laptop, &pkce).await;
    let token = access_token(&redeemed(&laptop, &code, &pkce).await);
    for millis in [0, 499] {
        laptop.clock.advance_millis(millis);
        let before = laptop.dump();
        refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", &millis.to_string());
        assert_eq!(laptop.dump(), before, "{millis}");
        assert_eq!(laptop.userinfo(&token).await.status(), 200, "{millis}");
    }
    laptop.clock.advance_millis(1);
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "half a second later");
    refused(&laptop.userinfo(&token).await, 401, "invalid_token", "half a second later");
}

/// A thief with the code and the verifier must be told apart from the client that retries.
#[tokio::test]
async fn sec_code_13_a_second_sender_revokes_the_grant_at_once_in_either_order() {
    for (first, second) in [("198.51.100.66", "192.0.2.1"), ("192.0.2.1", "198.51.100.66")] {
        let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 13 two senders"));
        let code = trusted_code(&laptop, &pkce).await;
        laptop.come_from(first);
        let token = access_token(&redeemed(&laptop, &code, &pkce).await);
        refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "the first sender retries");
        assert_eq!(laptop.userinfo(&token).await.status(), 200, "a retry revokes nothing");
        laptop.come_from(second);
        refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", second);
        refused(&laptop.userinfo(&token).await, 401, "invalid_token", "the first sender's token is revoked");
    }
}

#[tokio::test]
async fn sec_code_13_another_user_agent_at_the_same_address_is_another_sender() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 13 two programs"));
    let code = trusted_code(&laptop, &pkce).await;
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let send = async |agent| laptop.form("/oauth2/token", &fields, &[("user-agent", agent)]).await;
    let token = access_token(&send("app/1").await);
    refused(&send("app/1").await, 400, "invalid_grant", "the same user agent again");
    assert_eq!(laptop.userinfo(&token).await.status(), 200);
    refused(&send("curl/8").await, 400, "invalid_grant", "another");
    refused(&laptop.userinfo(&token).await, 401, "invalid_token", "another");
}

#[tokio::test]
async fn sec_code_13_without_a_retry_window_every_second_use_revokes_the_grant() {
    let file = |text: String| format!("authorization_code_retry_window_ms = 0\n{text}");
    let (laptop, pkce) = (Laptop::with(file).await, Pkce::new("code 13 no window"));
    let code = trusted_code(&laptop, &pkce).await;
    let token = access_token(&redeemed(&laptop, &code, &pkce).await);
    refused(&redeemed(&laptop, &code, &pkce).await, 400, "invalid_grant", "at once");
    refused(&laptop.userinfo(&token).await, 401, "invalid_token", "at once");

    let code = trusted_code(&laptop, &pkce).await;
    let answers = join_all((0..2).map(|_| redeemed(&laptop, &code, &pkce))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!((won.len(), lost.len()), (1, 1), "at most one response carries tokens");
    refused(
        &laptop.userinfo(&access_token(won[0])).await,
        401,
        "invalid_token",
        "both concurrent uses revoke the grant",
    );
}

/// Both requests read the code as unused; one of them loses the conditional write.
#[tokio::test]
async fn sec_code_13_two_concurrent_senders_revoke_the_grant() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 13 race"));
    let code = trusted_code(&laptop, &pkce).await;
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let send = async |agent| laptop.form("/oauth2/token", &fields, &[("user-agent", agent)]).await;
    let answers = join_all(["app/1", "curl/8"].map(send)).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!((won.len(), lost.len()), (1, 1));
    refused(lost[0], 400, "invalid_grant", "the loser");
    refused(&laptop.userinfo(&access_token(won[0])).await, 401, "invalid_token", "either sender could be the thief");
}

/// The stored sender fingerprint reveals nothing without the code.
#[tokio::test]
async fn sec_code_13_no_address_is_stored() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 13 address"));
    let code = trusted_code(&laptop, &pkce).await;
    laptop.come_from("198.51.100.66");
    assert_eq!(redeemed(&laptop, &code, &pkce).await.status(), 200);
    let dump = format!("{:?}", laptop.dump());
    assert!(dump.contains("redeemed_from") && !dump.contains("198.51.100.66"));
}

#[tokio::test]
async fn sec_code_15_a_code_is_bound_to_the_user_who_logged_in_not_to_the_current_session() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 15"));
    let mut browser = Browser::new(&laptop);
    let baseline = request("demo-trusted", NATIVE, &pkce);
    let code = answered(&browser.log_in(&baseline).await, "code").unwrap();
    let logged_in = web::Clock::now(&*laptop.clock).seconds();
    laptop.clock.advance(10);
    let again = changed(&changed(&baseline, "prompt", Some("login")), "nonce", Some("nonce-2"));
    let login = browser.authorize(&again).await;
    assert!(answered(&browser.sign_in(&login, "bob", "bob").await, "code").is_some());
    let tokens = redeemed(&laptop, &code, &pkce).await;
    let id_token = claims(parsed(&tokens)["id_token"].as_str().unwrap());
    assert_eq!((&id_token["nonce"], &id_token["auth_time"]), (&json!("nonce-1"), &json!(logged_in)));
    assert_eq!(parsed(&laptop.userinfo(&access_token(&tokens)).await)["name"], "Alice Example");
}

/// Runs a flow that logs to standard error and prints its secrets to standard output.
#[expect(clippy::print_stdout, reason = "the parent test reads the secrets from standard output")]
async fn logged_flow() {
    web::log::init(web::log::Format::Json);
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("code 16"));
    let mut browser = Browser::new(&laptop);
    let fields = changed(&request("demo-trusted", NATIVE, &pkce), "state", Some("state-that-nobody-logs"));
    let login = browser.authorize(&fields).await;
    let interaction = tests::browser::form(&login).hidden[0].1.clone();
    page(&Browser::new(&laptop).sign_in(&login, "alice", "alice").await, 400, "another browser");
    let _ = browser.sign_in(&login, "alice", "password-that-nobody-logs").await;
    let code = answered(&browser.sign_in(&login, "alice", "alice").await, "code").unwrap();
    let url = format!("{}?code={code}&client_secret=secret-that-nobody-logs", laptop.demo_url("/oauth2/token"));
    let _ = laptop.send("POST", &url, &[], "").await;
    let _ = redeemed(&laptop, &code, &Pkce::new("wrong")).await;
    let tokens = redeemed(&laptop, &code, &pkce).await;
    laptop.clock.advance(2);
    let _ = redeemed(&laptop, &code, &pkce).await;
    let _ = laptop.userinfo(&access_token(&tokens)).await;
    let refresh_tokens = logged_reuse(&laptop, &mut browser).await;
    let callback = format!("{}?code=upstream-code-that-nobody-logs&state=x", laptop.demo_url("/callback/partner"));
    let _ = browser.get(&callback).await;
    let text = |name: &str| parsed(&tokens)[name].as_str().unwrap().to_owned();
    let mut secrets = vec![code, pkce.verifier, pkce.challenge, Pkce::new("wrong").verifier, interaction];
    secrets.extend([text("access_token"), text("id_token")]);
    secrets.extend(refresh_tokens);
    secrets.extend(browser.cookies.into_values());
    secrets.extend(["state", "password", "secret", "upstream-code"].map(|what| format!("{what}-that-nobody-logs")));
    for secret in secrets {
        println!("\nsecret {secret}");
    }
}

/// Reuses a refresh token after its grace period, and returns it with its successor.
async fn logged_reuse(laptop: &Laptop, browser: &mut Browser<'_>) -> [String; 2] {
    let pkce = Pkce::new("reuse");
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid offline_access"));
    let code = answered(&browser.log_in(&asked).await, "code").unwrap();
    let first = parsed(&redeemed(laptop, &code, &pkce).await)["refresh_token"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "refresh_token"), ("client_id", "demo-trusted"), ("refresh_token", &first)];
    let second =
        parsed(&laptop.form("/oauth2/token", &fields, &[]).await)["refresh_token"].as_str().unwrap().to_owned();
    laptop.clock.advance(60);
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "reused");
    [first, second]
}

/// The logs of a whole process are examined, so the flow runs in a process of its own.
#[tokio::test]
async fn sec_code_16_and_sec_rt_17_and_sec_log_01_no_log_line_contains_a_secret() {
    if std::env::args().any(|argument| argument == "--nocapture") {
        return logged_flow().await;
    }
    let name = "code::sec_code_16_and_sec_rt_17_and_sec_log_01_no_log_line_contains_a_secret";
    let process = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .output()
        .unwrap();
    let (told, logged) = (String::from_utf8(process.stdout).unwrap(), String::from_utf8(process.stderr).unwrap());
    assert!(process.status.success(), "{told} {logged}");
    assert!(logged.contains("a code was redeemed") && logged.contains("was replayed"), "{logged}");
    let alert = logged.lines().find(|line| line.contains("a refresh token was reused")).unwrap();
    assert!(alert.contains("\"grant.id\"") && alert.contains("\"client.id\":\"demo-trusted\""), "{alert}");
    let secrets: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("secret ")).collect();
    assert!(secrets.len() >= 12, "{told}");
    for secret in secrets {
        assert!(!logged.contains(secret), "{secret} was logged: {logged}");
    }
}

/// Tutorials often abbreviate the token request; a developer who copies one learns which parameters are missing.
#[tokio::test]
async fn sec_tok_02_an_abbreviated_token_request_is_answered_with_what_is_missing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("shorthand"));
    let code = trusted_code(&laptop, &pkce).await;
    let before = laptop.dump();
    let shorthand = [
        ("authorization_code", code.as_str()),
        ("client_id", "demo-trusted"),
        ("redirect_uri", NATIVE),
        ("code_verifier", pkce.verifier.as_str()),
    ];
    let answer = laptop.form("/oauth2/token", &shorthand, &[]).await;
    refused(&answer, 400, "invalid_request", "shorthand");
    let description = parsed(&answer)["error_description"].as_str().unwrap().to_owned();
    assert!(description.contains("grant_type") && description.contains("code"), "{description}");
    for (name, named) in [("grant_type", "grant_type"), ("code", "code"), ("client_id", "client_id")] {
        let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
        let answer: Response = laptop.form("/oauth2/token", &changed(&fields, name, None), &[]).await;
        refused(&answer, 400, "invalid_request", name);
        assert!(parsed(&answer)["error_description"].as_str().unwrap().contains(named), "{}", body(&answer));
    }
    assert_eq!(laptop.dump(), before);
    assert_eq!(location(&answer), None);
}
