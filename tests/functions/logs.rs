//! The log output of the functions.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::browser::{answered, changed, exchange, form, json, request};
use tests::lambda::{Account, Fleet, Visitor};
use tests::{Assertion, ClientKey, Pkce, asserted};
use web::{Clock as _, SystemClock};

use crate::flow::{NATIVE, URL, logged_in};

const PASSWORD: &str = "canary-correct-horse-battery";

/// Runs a session with every success and many failures. Returns its secrets by description.
async fn run(fleet: &Fleet) -> BTreeMap<String, String> {
    let (pkce, mut visitor) = (Pkce::new("logs"), Visitor::new(fleet));
    let mut parameters = request("demo-native", NATIVE, &pkce);
    parameters = changed(&parameters, "state", Some("canary-state-5f0c"));
    parameters = changed(&parameters, "nonce", Some("canary-nonce-77aa"));
    parameters = changed(&parameters, "login_hint", Some("canary-hint@example.com"));
    let page = visitor.authorize(&parameters).await;
    visitor.submit(&page, &[("username", "canary-mallory"), ("password", "canary-wrong-password")]).await;
    let allowed = logged_in(&mut visitor, &parameters, PASSWORD).await;
    let code = answered(&allowed, "code").unwrap();
    let mut secrets: BTreeMap<String, String> = [
        ("code", code.as_str()),
        ("the secret of the code", code.rsplit('.').next().unwrap()),
        ("verifier", &pkce.verifier),
        ("wrong verifier", &Pkce::new("wrong").verifier),
        ("password", PASSWORD),
        ("wrong password", "canary-wrong-password"),
        ("username", "canary-mallory"),
        ("state", "canary-state-5f0c"),
        ("nonce", "canary-nonce-77aa"),
        ("login_hint", "canary-hint"),
        ("client secret", "demo-web-secret"),
        ("e-mail", "alice@"),
        ("interaction", &form(&page).hidden[0].1),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    secrets.extend(visitor.cookies.iter().map(|(name, value)| (name.clone(), value.clone())));
    secrets.extend(exchanged(fleet, &code, &pkce).await);
    let upstream = fleet.demo_url(&format!("/login/upstream/partner?interaction={}", secrets["interaction"]));
    visitor.send("GET", &upstream, |event| event).await;
    secrets
}

/// Redeems the code incorrectly, correctly and repeatedly, and uses the tokens; returns the secrets involved.
async fn exchanged(fleet: &Fleet, code: &str, pkce: &Pkce) -> Vec<(String, String)> {
    let fields = exchange("demo-native", NATIVE, code, &pkce.verifier);
    let wrong = Pkce::new("wrong");
    fleet.form("/oauth2/token", &changed(&fields, "code_verifier", Some(&wrong.verifier))).await;
    let basic = "Basic ZGVtby13ZWI6ZGVtby13ZWItc2VjcmV0";
    let url = fleet.demo_url("/oauth2/token");
    let other = changed(&fields, "client_id", None);
    fleet.send("POST", &url, |event| event.form(&other).header("authorization", basic)).await;
    let tokens = json(&fleet.form("/oauth2/token", &fields).await);
    fleet.form("/oauth2/token", &fields).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    fleet.userinfo(access_token).await;
    fleet.send("GET", &fleet.demo_url(&format!("/userinfo?access_token={access_token}")), |event| event).await;
    fleet.form("/oauth2/revoke", &[("token", access_token), ("client_id", "demo-native")]).await;
    fleet.userinfo(access_token).await;
    let assertion = asserted_twice(fleet).await;
    let mut secrets = vec![("basic credentials".into(), basic["Basic ".len()..].into()), assertion];
    for name in ["access_token", "id_token"] {
        let signature = tokens[name].as_str().unwrap().rsplit('.').next().unwrap();
        secrets.push((name.into(), signature.into()));
    }
    secrets
}

/// Sends an assertion twice: accepted first, then refused. Returns its signature, which is a secret.
async fn asserted_twice(fleet: &Fleet) -> (String, String) {
    let (issuer, now) = (fleet.demo_url(""), SystemClock.now().seconds());
    let jwt = Assertion::at(&issuer, now, "demo-private-key-jwt", "canary-jti").signed(&ClientKey::of_demo());
    let [assertion, kind] = asserted(&jwt);
    for expected in [200, 401] {
        let answer = fleet.form("/oauth2/revoke", &[("token", "nobodys"), assertion, kind]).await;
        assert_eq!(answer.status(), expected);
    }
    ("assertion".into(), jwt.rsplit('.').next().unwrap().into())
}

#[tokio::test]
async fn sec_log_01_no_log_line_contains_a_secret_and_every_line_is_json() {
    let change = |file: String| {
        let file = file.replace("password = \"alice\"", &format!("password = \"{PASSWORD}\""));
        // The port is closed, so the test needs no network; loopback is allowed in local development mode.
        file.replace("\"{public_url}/default/partner\"\nclient_id", "\"http://127.0.0.1:9\"\nclient_id")
    };
    let account = Account::new("http://localhost:9000", change).await;
    let fleet = account.start_all().await;
    let mut secrets = run(&fleet).await;
    for name in ["SEALING_KEY", "AWS_SECRET_ACCESS_KEY"] {
        secrets.insert(name.into(), account.environment[name].clone());
    }
    let logs = fleet.stop();
    for (function, log) in &logs {
        for line in log.lines() {
            let parsed: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{function}: {line}"));
            assert!(parsed["timestamp"].is_string() && parsed["level"].is_string(), "{function}: {line}");
        }
        for (name, secret) in &secrets {
            assert!(secret.len() > 5 && !log.contains(secret.as_str()), "{function} wrote {name}: {log}");
        }
    }
    for (function, event) in [
        ("login", "a user logged in"),
        ("login", "a login with a password failed"),
        ("login", "a code was issued"),
        ("token", "a code was redeemed"),
        ("token", "a token request was refused"),
        ("revoke", "a token was revoked"),
        ("revoke", "the assertion is not accepted: used before"),
        ("callback", "an upstream provider could not be used"),
    ] {
        assert!(logs[function].contains(event), "{function}: {event}: {}", logs[function]);
    }
}

/// The lines of `log` with this message.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == message).collect()
}

#[tokio::test]
async fn request_log_lines_have_trace_workspace_and_client_and_refusals_their_cause() {
    let account = Account::new(URL, |file| file).await;
    let (token, revoke) = (account.start("token").await, account.start("revoke").await);
    let refusals = [
        ("demo-web", "the secret is not a registered one, or has expired"),
        ("nobody", "no client is registered under this client_id"),
    ];
    let event = |path: &str, client: &str| {
        let fields =
            [("client_id", client), ("client_secret", "wrong"), ("token", "x"), ("grant_type", "client_credentials")];
        tests::lambda::Event::new("POST", &format!("/default/demo/oauth2/{path}")).form(&fields).with(
            "/requestContext",
            "requestId",
            "the-trace".into(),
        )
    };
    for (client, _) in refusals {
        token.invoke(event("token", client)).await;
        revoke.invoke(event("revoke", client)).await;
    }
    for (log, message) in
        [(token.stop(), "a token request was refused"), (revoke.stop(), "a request about a token was refused")]
    {
        let lines = lines(&log, message);
        assert_eq!(lines.len(), refusals.len(), "{log}");
        for (line, (client, cause)) in lines.iter().zip(refusals) {
            let span = &line["span"];
            assert_eq!(span["trace.id"], "the-trace", "{line}");
            assert_eq!(span["workspace"], "default/demo", "{line}");
            assert_eq!(span["client.id"], client, "{line}");
            assert_eq!((&line["error.code"], &line["cause"]), (&"invalid_client".into(), &cause.into()), "{line}");
        }
    }
}

#[tokio::test]
async fn sec_log_03_client_input_cannot_forge_a_log_line() {
    let account = Account::new(URL, |file| file).await;
    let (token, authorize) = (account.start("token").await, account.start("authorize").await);
    let forged = "x\n{\"level\":\"INFO\",\"message\":\"forged\"}\r\u{1b}[31m";
    let fields = [("client_id", forged), ("grant_type", forged), ("code", forged)];
    for parameter in fields {
        let event = tests::lambda::Event::new("POST", "/default/demo/oauth2/token").form(&[parameter]);
        token.invoke(event.with("/requestContext", "requestId", forged.into())).await;
    }
    let event = tests::lambda::Event::new("GET", "/default/demo/oauth2/authorize?client_id=x%0Ay");
    authorize.invoke(event.with("/requestContext", "requestId", forged.into())).await;
    for log in [token.stop(), authorize.stop()] {
        assert!(!log.contains('\u{1b}') && log.lines().count() > 0, "{log}");
        for line in log.lines() {
            let parsed: Value = serde_json::from_str(line).unwrap();
            assert_ne!(parsed["message"], "forged", "{line}");
        }
    }
}
