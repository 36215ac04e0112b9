//! The AWS operations of each step, counted at the DynamoDB and KMS stubs and compared with what `postern cost`
//! assumes.

use std::collections::BTreeMap;

use administration::{NewUser, PoolAdministration};
use credentials::passwords::Password;
use postern::cost::{CODE_EXCHANGE, FIRST_LOGIN, KMS_CALLS_PER_START, OF_POOL, Operations, REFRESH, SINGLE_SIGN_ON};
use protocol::users::identifier::IdentifierKind;
use tests::browser::{answered, changed, exchange, form, json, location, request};
use tests::laptop::encoded;
use tests::{Browser, FakeKms, Laptop, Pkce, Provider};
use web::Response;

use crate::flow::NATIVE;

const SPA: &str = "http://localhost:9000/demo/callback";

/// Longer than functions cache configuration.
const STALE: u32 = 31;

/// A login of `user` at `demo-spa` whose requests are `pause` seconds apart.
struct Visit<'l> {
    laptop: &'l Laptop,
    kms: &'l FakeKms,
    browser: Browser<'l>,
    pkce: Pkce,
    user: &'l str,
    password: &'l str,
    pause: u32,
}

impl<'l> Visit<'l> {
    fn new((laptop, kms): &'l (Laptop, FakeKms), user: &'l str, pause: u32) -> Self {
        Self { laptop, kms, browser: Browser::new(laptop), pkce: Pkce::new("cost"), user, password: user, pause }
    }

    async fn begin(&mut self) -> Response {
        self.laptop.clock.advance(self.pause);
        let (laptop, fields) = (self.laptop, request("demo-spa", SPA, &self.pkce));
        let fields = changed(&fields, "scope", Some("openid profile email offline_access"));
        self.browser.get(&format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields))).await
    }

    async fn follow(&mut self, response: &Response) -> Response {
        self.laptop.clock.advance(self.pause);
        self.browser.get(&location(response).unwrap()).await
    }

    async fn first_login(&mut self) -> String {
        let redirect = self.begin().await;
        let login = self.follow(&redirect).await;
        self.laptop.clock.advance(self.pause);
        let form = form(&login);
        let mut fields: Vec<_> = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("username", self.user), ("password", self.password)]);
        let redirect = self.browser.post(&form.action, &fields).await;
        let consent = self.follow(&redirect).await;
        self.laptop.clock.advance(self.pause);
        let allowed = self.browser.decide(&consent, "allow", &[]).await;
        answered(&allowed, "code").unwrap()
    }

    async fn exchange(&self, code: &str) -> String {
        self.laptop.clock.advance(self.pause);
        let fields = exchange("demo-spa", SPA, code, &self.pkce.verifier);
        let answer = self.laptop.form("/oauth2/token", &fields, &[]).await;
        json(&answer).get("refresh_token").and_then(|token| token.as_str()).unwrap().into()
    }

    async fn refresh(&self, token: &str) {
        self.laptop.clock.advance(self.pause);
        let fields = [("grant_type", "refresh_token"), ("client_id", "demo-spa"), ("refresh_token", token)];
        assert_eq!(self.laptop.form("/oauth2/token", &fields, &[]).await.status(), 200);
    }

    /// Returns the AWS operations since the last call of this function.
    fn asked(&self) -> Operations {
        let (requests, answer_bytes) = self.laptop.answers();
        let calls = self.laptop.wire.calls();
        let writes = calls.iter().filter(|call| call.is_write()).count();
        let signatures = self.kms.calls().iter().filter(|call| call.action == "Sign").count();
        let count = |number: usize| u32::try_from(number).unwrap();
        Operations {
            requests,
            reads: count(calls.len() - writes),
            stale_reads: 0,
            writes: count(writes),
            signatures: count(signatures),
            answer_bytes,
        }
    }

    /// Counts a first login, its code exchange, a refresh, and a single sign-on.
    async fn all(&mut self) -> [Operations; 4] {
        let _ = self.asked();
        let code = self.first_login().await;
        let first = self.asked();
        let refresh_token = self.exchange(&code).await;
        let exchanged = self.asked();
        self.refresh(&refresh_token).await;
        let refreshed = self.asked();
        assert!(answered(&self.begin().await, "code").is_some());
        [first, exchanged, refreshed, self.asked()]
    }
}

/// Counts each step with requests `pause` seconds apart, in a workspace that signs `algorithm`.
async fn counted(pause: u32, algorithm: &str) -> [Operations; 4] {
    let aws = Laptop::in_aws(|file| file.replace("\"RS256\"", &format!("\"{algorithm}\""))).await;
    let _ = Visit::new(&aws, "bob", 0).all().await;
    Visit::new(&aws, "alice", pause).all().await
}

#[tokio::test]
async fn each_step_matches_the_cost_model() {
    matches_the_cost_model("RS256").await;
}

/// An RS256 key beside the workspace's own costs nothing where nobody asks for it.
#[tokio::test]
async fn each_step_matches_the_cost_model_with_an_rs256_key_beside_as_well() {
    for algorithm in ["ES256", "PS256"] {
        matches_the_cost_model(algorithm).await;
    }
}

async fn matches_the_cost_model(algorithm: &str) {
    let (warm, stale) = (counted(0, algorithm).await, counted(STALE, algorithm).await);
    let named = [
        ("a first login", FIRST_LOGIN),
        ("an exchange", CODE_EXCHANGE),
        ("a refresh", REFRESH),
        ("single sign-on", SINGLE_SIGN_ON),
    ];
    for (((name, expected), warm), stale) in named.into_iter().zip(warm).zip(stale) {
        let stale_reads = stale.reads - warm.reads;
        let found = Operations { stale_reads, answer_bytes: expected.answer_bytes, ..warm };
        assert_eq!(found, expected, "{name}");
        assert_eq!((stale.writes, stale.signatures), (warm.writes, warm.signatures), "{name}");
        let allowed = expected.answer_bytes * 2 / 3..=expected.answer_bytes;
        assert!(allowed.contains(&warm.answer_bytes), "{name}: responses of {} bytes", warm.answer_bytes);
    }
}

#[test]
fn each_step_stays_within_the_budget_of_the_design() {
    const { assert!(FIRST_LOGIN.writes <= 4) };
    // The second read is that of the consent, so that what a user withdraws ends at once.
    assert_eq!((CODE_EXCHANGE.reads, CODE_EXCHANGE.writes, CODE_EXCHANGE.signatures), (2, 1, 2));
    assert_eq!((REFRESH.reads, REFRESH.writes, REFRESH.signatures), (2, 1, 2));
    const { assert!(SINGLE_SIGN_ON.reads <= 2) };
    assert_eq!((SINGLE_SIGN_ON.writes, SINGLE_SIGN_ON.signatures), (1, 0));
}

#[tokio::test]
async fn sec_dos_03_nothing_is_written_before_a_login() {
    let aws = Laptop::in_aws(|file| file).await;
    let mut visit = Visit::new(&aws, "alice", 0);
    let redirect = visit.begin().await;
    assert_eq!(visit.follow(&redirect).await.status(), 200);
    assert_eq!(visit.asked().writes, 0);
}

#[tokio::test]
async fn client_credentials_cost_one_signature_and_introspection_one_read() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let header = "Basic ZGVtby1zZXJ2aWNlOmRlbW8tc2VydmljZS1zZWNyZXQ=";
    let own = async || {
        laptop.form("/oauth2/token", &[("grant_type", "client_credentials")], &[("authorization", header)]).await
    };
    let token = json(&own().await)["access_token"].as_str().unwrap().to_owned();
    let (_, _) = (laptop.wire.calls(), kms.calls());
    assert_eq!(own().await.status(), 200);
    let actions: Vec<_> = kms.calls().into_iter().map(|call| call.action).collect();
    assert_eq!((laptop.wire.calls(), actions), (Vec::new(), vec!["Sign".to_owned()]));
    let asked = [("token", token.as_str())];
    let said = laptop.form("/oauth2/introspect", &asked, &[("authorization", header)]).await;
    assert_eq!(json(&said)["active"], true);
    let names: Vec<_> =
        laptop.wire.calls().into_iter().filter(|call| call.kind == "grant").map(|call| call.name).collect();
    assert_eq!(names, ["GetItem"]);
}

#[tokio::test]
async fn a_login_without_consent_costs_one_read_and_one_write() {
    let (laptop, _) = Laptop::in_aws(|file| file).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    let trusted = request("demo-trusted", NATIVE, &pkce);
    assert!(answered(&browser.log_in(&trusted).await, "code").is_some());
    let _ = laptop.wire.calls();
    assert!(answered(&browser.authorize(&trusted).await, "code").is_some());
    let names: Vec<_> = laptop.wire.calls().into_iter().map(|call| call.name).collect();
    assert_eq!(names, ["GetItem", "PutItem"]);
}

/// That a session is in use is recorded when a quarter of the idle limit has passed since the last record.
#[tokio::test]
async fn a_session_in_use_costs_a_write_each_quarter_of_an_hour_at_most() {
    let (laptop, _) = Laptop::in_aws(|file| file).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    let trusted = request("demo-trusted", NATIVE, &pkce);
    assert!(answered(&browser.log_in(&trusted).await, "code").is_some());
    for (seconds, expected) in [(899, &["GetItem", "PutItem"][..]), (1, &["GetItem", "UpdateItem", "PutItem"])] {
        laptop.clock.advance(seconds);
        let _ = laptop.wire.calls();
        assert!(answered(&browser.authorize(&trusted).await, "code").is_some());
        let calls = laptop.wire.calls().into_iter().filter(|call| ["session", "grant"].contains(&call.kind.as_str()));
        assert_eq!(calls.map(|call| call.name).collect::<Vec<_>>(), expected, "{seconds}");
    }
}

/// The push is one write, and a public client's is counted by another. Its reference costs a read, and is bound to its browser by
/// a write; then the login goes on like any other.
#[tokio::test]
async fn a_pushed_request_costs_one_write_and_its_reference_a_read_and_a_write() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    let trusted = request("demo-trusted", NATIVE, &pkce);
    let web = request("demo-web", "https://client.example/cb", &pkce);
    let secret = [("authorization", "Basic ZGVtby13ZWI6ZGVtby13ZWItc2VjcmV0")];
    assert!(answered(&browser.log_in(&trusted).await, "code").is_some());
    laptop.form("/par", &web, &secret).await;
    let (_, _) = (laptop.wire.calls(), kms.calls());
    let calls =
        || laptop.wire.calls().into_iter().map(|call| format!("{} {}", call.name, call.kind)).collect::<Vec<_>>();
    assert_eq!(laptop.form("/par", &web, &secret).await.status(), 201);
    assert_eq!(calls(), ["PutItem pushed-request"]);
    let pushed = json(&laptop.form("/par", &trusted, &[]).await);
    assert_eq!(calls(), ["UpdateItem counter", "PutItem pushed-request"]);
    let fields = [("client_id", "demo-trusted"), ("request_uri", pushed["request_uri"].as_str().unwrap())];
    assert!(answered(&browser.authorize(&fields).await, "code").is_some());
    let sso = ["GetItem session", "PutItem grant"];
    assert_eq!(calls(), [&["GetItem pushed-request", "UpdateItem pushed-request"][..], &sso].concat());
    assert!(kms.calls().is_empty());
}

/// To ask is one write and one that counts it; a poll that waits one read; to enter the code seven writes, six of which count; to
/// allow it four; and the exchange that of a code with one more read.
#[tokio::test]
async fn a_device_costs_one_read_for_each_poll_and_its_grant_is_redeemed_like_a_code() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
    let asked = [("client_id", "demo-device"), ("scope", "openid")];
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let warm = json(&laptop.form("/device/authorization", &asked, &[]).await);
    let entered = browser.post(&laptop.demo_url("/device"), &[("user_code", text(&warm, "user_code"))]).await;
    let page = browser.follow(entered).await;
    browser.decide(&page, "allow", &[]).await;
    let fields = |codes: &serde_json::Value| {
        [
            ("grant_type", grant.into()),
            ("client_id", "demo-device".into()),
            ("device_code", text(codes, "device_code").to_owned()),
        ]
    };
    let poll = async |codes: &serde_json::Value| {
        let fields = fields(codes);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value): &(&str, String)| (*name, value.as_str())).collect();
        laptop.form("/oauth2/token", &fields, &[]).await
    };
    assert_eq!(poll(&warm).await.status(), 200);
    let (_, _) = (laptop.wire.calls(), kms.calls());
    let calls = || {
        let mut all: Vec<_> =
            laptop.wire.calls().into_iter().map(|call| format!("{} {}", call.name, call.kind)).collect();
        all.sort();
        all
    };
    let codes = json(&laptop.form("/device/authorization", &asked, &[]).await);
    assert_eq!(calls(), ["PutItem device-request", "UpdateItem counter"]);
    assert_eq!(poll(&codes).await.status(), 400);
    assert_eq!(calls(), ["GetItem device-request"]);
    let entered = browser.post(&laptop.demo_url("/device"), &[("user_code", text(&codes, "user_code"))]).await;
    let page = browser.follow(entered).await;
    let reads = ["GetItem grant", "GetItem session", "GetItem session"];
    let writes = [&["UpdateItem counter"; 6][..], &["UpdateItem device-request"]].concat();
    assert_eq!(calls(), [&reads[..], &writes].concat());
    browser.decide(&page, "allow", &[]).await;
    let decided = ["PutItem consent", "PutItem grant", "UpdateItem device-request", "UpdateItem device-request"];
    assert_eq!(calls(), [&["GetItem consent"][..], &reads[..2], &decided].concat());
    assert!(kms.calls().is_empty());
    assert_eq!(poll(&codes).await.status(), 200);
    assert_eq!(calls(), ["GetItem consent", "GetItem device-request", "GetItem grant", "UpdateItem grant"]);
}

fn text<'c>(codes: &'c serde_json::Value, name: &str) -> &'c str {
    codes[name].as_str().unwrap()
}

/// The account record and the used-response marker come on top of a password login.
#[tokio::test]
async fn an_upstream_login_also_writes_the_account_and_a_used_response_marker() {
    let provider = Provider::start().await;
    let (laptop, _) = Laptop::in_aws(|file| provider.registered(&file, "")).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    let trusted = request("demo-trusted", NATIVE, &pkce);
    let away = provider.leave(&mut browser, &trusted).await;
    assert!(laptop.wire.calls().iter().all(|call| !call.is_write()));
    let said = serde_json::json!({});
    let back = provider.come_back((&laptop, &mut browser), &away, (&said, &said)).await;
    assert!(answered(&back, "code").is_some());
    let writes: Vec<String> =
        laptop.wire.calls().into_iter().filter(tests::Operation::is_write).map(|call| call.kind).collect();
    assert_eq!(writes, ["upstream-login", "account", "user-sessions", "session", "grant"]);
}

/// A workspace with the user carol in its pool.
async fn with_carol() -> (Laptop, FakeKms) {
    let pool = "\n[pool]\nidentifiers = [\"email\", \"username\"]\n";
    let aws = Laptop::in_aws(|file| if file.contains("workspace = \"demo\"") { file + pool } else { file }).await;
    let now = web::Clock::now(&*aws.0.clock);
    let demo = protocol::types::id::WorkspaceId::parse("default", "demo").unwrap();
    let reading = store::ConfigurationReading::new(&aws.0.connection, "http://localhost:9000");
    let loaded = reading.workspace(&demo, now).await.unwrap().unwrap();
    let users = PoolAdministration::new(&aws.0.connection, &loaded.workspace, &signing::SystemEntropy, now).unwrap();
    let new = NewUser {
        identifiers: vec![
            (IdentifierKind::Email, "carol@example.com".into()),
            (IdentifierKind::Username, "carol".into()),
        ],
        password: Some(Password::parse("violet kettle orbits").unwrap()),
        ..NewUser::default()
    };
    users.create(new).await.unwrap();
    aws
}

/// One read finds the user and the hash of a password; two writes count the attempt, and two forget it.
#[tokio::test]
async fn a_password_of_a_pool_costs_one_read_and_four_writes_more_and_two_in_a_known_browser() {
    let (laptop, _) = with_carol().await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("cost"));
    let trusted = request("demo-trusted", NATIVE, &pkce);
    let page = browser.authorize(&trusted).await;
    let calls = || {
        let calls = laptop.wire.calls().into_iter().map(|call| format!("{} {}", call.name, call.kind));
        calls.filter(|call| !call.ends_with("sealing-key")).collect::<Vec<_>>()
    };
    let _ = calls();
    assert_eq!(browser.sign_in(&page, "carol", "not the password").await.status(), 403);
    assert_eq!(calls(), ["GetItem grant", "GetItem sign-in", "UpdateItem counter", "UpdateItem login-attempts"]);
    assert!(answered(&browser.sign_in(&page, "carol@example.com", "violet kettle orbits").await, "code").is_some());
    let reserved = ["GetItem grant", "GetItem sign-in", "UpdateItem counter", "UpdateItem login-attempts"];
    let mut paid = calls();
    // Both counters are put back at the same time.
    paid[4..6].sort();
    let forgotten = [
        "DeleteItem login-attempts",
        "UpdateItem counter",
        "UpdateItem user-sessions",
        "PutItem session",
        "PutItem grant",
    ];
    assert_eq!(paid, [&reserved[..], &forgotten].concat());
    assert!(answered(&browser.authorize(&trusted).await, "code").is_some());
    assert_eq!(calls(), ["GetItem session", "GetItem user", "PutItem grant"]);
    browser.cookies.retain(|name, _| name.starts_with("known"));
    let page = browser.authorize(&trusted).await;
    let _ = calls();
    assert!(answered(&browser.sign_in(&page, "carol", "violet kettle orbits").await, "code").is_some());
    let known = ["GetItem grant", "GetItem sign-in", "UpdateItem login-attempts", "DeleteItem login-attempts"];
    assert_eq!(calls(), [&known[..], &["UpdateItem user-sessions", "PutItem session", "PutItem grant"]].concat());
}

#[tokio::test]
async fn each_step_of_a_user_of_a_pool_matches_the_cost_model() {
    let aws = with_carol().await;
    let carol = Visit { password: "violet kettle orbits", ..Visit::new(&aws, "carol", 0) };
    let _ = Visit::new(&aws, "alice", 0).all().await;
    let mut carol = carol;
    let [first, exchanged, refreshed, single] = carol.all().await;
    // The key for known browsers is opened once: it is part of the start of a function.
    let key = 1;
    assert_eq!(
        (first.reads, first.writes),
        (FIRST_LOGIN.reads + OF_POOL.first_login_reads + key, FIRST_LOGIN.writes + OF_POOL.first_login_writes)
    );
    for (name, found, expected) in [
        ("an exchange", exchanged, CODE_EXCHANGE),
        ("a refresh", refreshed, REFRESH),
        ("single sign-on", single, SINGLE_SIGN_ON),
    ] {
        assert_eq!((found.reads, found.writes), (expected.reads + OF_POOL.step_reads, expected.writes), "{name}");
    }
}

/// The size of an item as DynamoDB bills it: names and values, and for numbers one byte plus half a byte per digit.
fn billed(item: &str) -> usize {
    let item: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_str(item).unwrap();
    let value = |(kind, value): (&String, &serde_json::Value)| match (kind.as_str(), value) {
        ("N", value) => value.as_str().unwrap().len() / 2 + 2,
        ("SS", value) => value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().len()).sum(),
        (_, value) => value.as_str().unwrap().len(),
    };
    item.iter().map(|(name, of)| name.len() + of.iter().map(value).sum::<usize>()).sum()
}

#[tokio::test]
async fn each_item_of_a_login_fits_into_one_write_unit() {
    let aws = Laptop::in_aws(|file| file).await;
    let _ = Visit::new(&aws, "alice", 0).all().await;
    let tables = aws.0.dump();
    for (table, items) in tables.iter().filter(|(table, _)| !table.ends_with("config")) {
        assert!(!items.is_empty(), "{table}");
        for item in items {
            assert!(billed(item) <= 1024, "{table}: {} bytes: {item}", billed(item));
        }
    }
}

#[tokio::test]
async fn a_cold_start_makes_no_more_kms_calls_than_the_cost_model_assumes() {
    let (mut laptop, kms) = Laptop::in_aws(|file| file).await;
    laptop.restart();
    let _ = kms.calls();
    let aws = (laptop, kms);
    let mut visit = Visit::new(&aws, "alice", 0);
    let code = visit.first_login().await;
    visit.exchange(&code).await;
    let calls = aws.1.calls();
    let functions = ["authorize", "login", "token"].len();
    let starting = calls.iter().filter(|call| call.action != "Sign").count();
    assert!(starting > 0, "{calls:?}");
    assert!(starting <= functions * usize::try_from(KMS_CALLS_PER_START).unwrap(), "{calls:?}");
}

#[tokio::test]
async fn discovery_and_jwks_cost_nothing_when_warm() {
    let laptop = Laptop::demo().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
        let url = laptop.demo_url(path);
        assert_eq!(laptop.send("GET", &url, &[], "").await.status(), 200);
        let _ = laptop.wire.calls();
        assert_eq!(laptop.send("GET", &url, &[], "").await.status(), 200);
        assert_eq!(laptop.wire.calls(), []);
    }
}

/// Claims of the workspace's own are read with what is read anyway: at the token endpoint they cost nothing, and at the
/// authorization endpoint one read of the account of a user who has one. The users of the sandbox have none.
#[tokio::test]
async fn claims_of_the_workspace_cost_nothing_at_the_token_endpoint() {
    let claim = "\n[[claims]]\nname = \"roles\"\nfrom = \"user.roles\"\nin = [\"access_token\", \"id_token\"]\n";
    let plain = counted(0, "RS256").await;
    let aws = Laptop::in_aws(|file| file + claim).await;
    let _ = Visit::new(&aws, "bob", 0).all().await;
    let mapped = Visit::new(&aws, "alice", 0).all().await;
    for (plain, mapped) in plain.iter().zip(&mapped) {
        assert_eq!((plain.reads, plain.writes, plain.signatures), (mapped.reads, mapped.writes, mapped.signatures));
    }
}
