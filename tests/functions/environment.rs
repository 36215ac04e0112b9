//! What a function requires of its environment, and how it reports what is missing.

use tests::lambda::{Account, Environment, Event, FUNCTIONS, Process, RECEIVERS};

use crate::flow::URL;

const REQUIRED: [&str; 8] = [
    "PUBLIC_URL",
    "REGION_LABEL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "CONFIG_TABLE",
    "USERS_TABLE",
    "FLOW_TABLE",
];

const SEALING: [&str; 13] = [
    "authorize",
    "login",
    "enroll",
    "callback",
    "par",
    "device",
    "token",
    "userinfo",
    "introspect",
    "revoke",
    "logout",
    "notify",
    "mail",
];

const QUEUEING: [(&str, &str); 5] = [
    ("logout", "LOGOUT_QUEUE_URL"),
    ("notify", "LOGOUT_QUEUE_URL"),
    ("mail", "MAIL_QUEUE_URL"),
    ("enroll", "LOGOUT_QUEUE_URL"),
    ("enroll", "MAIL_QUEUE_URL"),
];

/// Returns the output of the function `name` that fails to start.
async fn stopped(name: &str, environment: &Environment, case: &str) -> String {
    let (status, output) = Process::start(name, environment).await.ended().await;
    assert!(!status.success(), "{name}, {case}: {output}");
    assert!(!output.contains("panicked"), "{name}, {case}: {output}");
    for secret in ["AWS_SECRET_ACCESS_KEY", "SEALING_KEY"].iter().filter_map(|name| environment.get(*name)) {
        assert!(!output.contains(secret), "{name}, {case}: a secret is in its output");
    }
    output
}

#[tokio::test]
async fn a_missing_variable_stops_the_process_and_is_named() {
    let account = Account::new(URL, |file| file).await;
    for name in FUNCTIONS.into_iter().chain(RECEIVERS) {
        let sealing = SEALING.contains(&name).then_some("SEALING_KEY");
        let queueing = QUEUEING.into_iter().filter(|(queueing, _)| *queueing == name).map(|(_, variable)| variable);
        for variable in REQUIRED.into_iter().chain(sealing).chain(queueing) {
            let mut environment = account.environment.clone();
            environment.remove(variable).unwrap();
            let output = stopped(name, &environment, variable).await;
            assert!(output.contains(variable), "{name}, {variable}: {output}");
        }
    }
}

#[tokio::test]
async fn an_invalid_variable_stops_the_process_and_is_named() {
    let account = Account::new(URL, |file| file).await;
    let table = [
        ("PUBLIC_URL", "http://auth.example"),
        ("PUBLIC_URL", "https://auth.example/"),
        ("PUBLIC_URL", ""),
        ("REGION_LABEL", "EU.1"),
        ("REGION_LABEL", ""),
        ("SEALING_KEY", "c2hvcnQ"),
        ("SEALING_KEY", "not base64url, and 32 bytes long"),
    ];
    for (variable, unusable) in table {
        let mut environment = account.environment.clone();
        environment.insert(variable.into(), unusable.into());
        let output = stopped("token", &environment, unusable).await;
        assert!(output.contains(variable), "{variable}={unusable}: {output}");
    }
}

#[tokio::test]
async fn a_function_that_does_not_seal_needs_no_sealing_key() {
    let account = Account::new(URL, |file| file).await;
    let mut environment = account.environment.clone();
    environment.remove("SEALING_KEY").unwrap();
    for (name, method, path, status) in [("metadata", "GET", "/default/demo/.well-known/jwks.json", 200)] {
        let process = Process::start(name, &environment).await;
        assert_eq!(process.invoke(Event::new(method, path)).await.status(), status, "{name}");
    }
}

/// The store's port is closed: every function still starts, and responds with 503.
#[tokio::test]
async fn f_ddb_02_a_store_that_refuses_connections_is_a_503() {
    let account = Account::new(URL, |file| file).await;
    let mut environment = account.environment.clone();
    environment.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), "http://127.0.0.1:9".into());
    for (name, method, path) in [
        ("metadata", "GET", "/default/demo/.well-known/jwks.json"),
        ("token", "POST", "/default/demo/oauth2/token"),
        ("userinfo", "GET", "/default/demo/userinfo"),
        ("introspect", "POST", "/default/demo/oauth2/introspect"),
        ("revoke", "POST", "/default/demo/oauth2/revoke"),
        ("par", "POST", "/default/demo/par"),
        ("device", "POST", "/default/demo/device/authorization"),
    ] {
        let response = Process::start(name, &environment).await.invoke(Event::new(method, path)).await;
        tests::expect::refused(&response, 503, "temporarily_unavailable", name);
    }
    let authorize = Process::start("authorize", &environment).await;
    let page = authorize.invoke(Event::new("GET", "/default/demo/oauth2/authorize?client_id=demo-spa")).await;
    tests::expect::page(&page, 503, "authorize");
    assert!(page.headers().contains_key("retry-after"));
}
