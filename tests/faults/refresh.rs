//! Refresh tokens under arbitrary interleavings of faults and concurrent clients.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use proptest::prelude::*;
use tests::browser::{answered, body, exchange, json, request};
use tests::{Browser, Laptop, Pkce, Trouble, expect};
use web::Response;

use crate::given::NATIVE;

/// The grace period of the demo in seconds.
const GRACE: u64 = 60;

async fn first(laptop: &Laptop) -> String {
    let pkce = Pkce::new("faults");
    let mut asked = request("demo-trusted", NATIVE, &pkce);
    asked.retain(|(name, _)| *name != "scope");
    asked.push(("scope", "openid offline_access"));
    let answer = Browser::new(laptop).log_in(&asked).await;
    let code = answered(&answer, "code").unwrap();
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    token(&laptop.form("/oauth2/token", &fields, &[]).await)
}

async fn refresh(laptop: &Laptop, token: &str) -> Response {
    let fields = [("grant_type", "refresh_token"), ("client_id", "demo-trusted"), ("refresh_token", token)];
    laptop.form("/oauth2/token", &fields, &[]).await
}

fn token(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", body(response));
    json(response)["refresh_token"].as_str().unwrap().into()
}

/// Injects `trouble` into the next write to a grant, or into every write.
fn troubled(laptop: &Laptop, trouble: Trouble, always: bool) {
    let met = AtomicBool::new(false);
    laptop.wire.plan(move |call, _| {
        let hit = call.name == "UpdateItem" && call.kind == "grant" && (always || !met.swap(true, Ordering::SeqCst));
        if hit { trouble } else { Trouble::None }
    });
}

#[tokio::test]
async fn f_ddb_03_a_refresh_with_a_lost_response_is_recognized_on_retry() {
    for trouble in [Trouble::Before, Trouble::After, Trouble::Throttled] {
        let laptop = Laptop::demo().await;
        let first = first(&laptop).await;
        troubled(&laptop, trouble, false);
        let second = token(&refresh(&laptop, &first).await);
        assert!(second.contains(".2."), "{trouble:?}: {second}");
        assert_eq!(token(&refresh(&laptop, &first).await), second, "{trouble:?}");
    }
}

#[tokio::test]
async fn f_ddb_03_and_f_lam_01_a_refresh_without_a_response_can_be_retried() {
    for trouble in [Trouble::Before, Trouble::After, Trouble::Throttled, Trouble::Denied] {
        let laptop = Laptop::demo().await;
        let first = first(&laptop).await;
        troubled(&laptop, trouble, true);
        expect::refused(&refresh(&laptop, &first).await, 503, "temporarily_unavailable", "never invalid_grant");
        laptop.wire.calm();
        let second = token(&refresh(&laptop, &first).await);
        assert!(second.contains(".2."), "{trouble:?}: {second}");
        assert!(token(&refresh(&laptop, &second).await).contains(".3."));
    }
}

#[tokio::test]
async fn f_ddb_07_a_reuse_whose_revocation_fails_is_a_503_not_a_refusal() {
    let laptop = Laptop::demo().await;
    let first = first(&laptop).await;
    let second = token(&refresh(&laptop, &first).await);
    laptop.clock.advance(GRACE.try_into().unwrap());
    troubled(&laptop, Trouble::Before, true);
    expect::refused(&refresh(&laptop, &first).await, 503, "temporarily_unavailable", "the grant is not revoked yet");
    laptop.wire.calm();
    expect::refused(&refresh(&laptop, &first).await, 400, "invalid_grant", "");
    expect::refused(&refresh(&laptop, &second).await, 400, "invalid_grant", "");
}

/// One event of a generated history.
#[derive(Clone, Debug)]
enum Event {
    /// Concurrent requests, each with the token issued that many tokens ago.
    Refresh(Vec<usize>),
    /// The same, while the store fails on the next write to a grant, or on all of them.
    Troubled(Vec<usize>, Fault, bool),
    /// Time passes, in seconds.
    Wait(u32),
    /// The client revokes the newest token it received.
    Revoke,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Before,
    After,
    Throttled,
}

fn event() -> impl Strategy<Value = Event> {
    let requests = || proptest::collection::vec(prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => 2..5_usize], 1..5);
    let fault = prop_oneof![Just(Fault::Before), Just(Fault::After), Just(Fault::Throttled)];
    prop_oneof![
        6 => requests().prop_map(Event::Refresh),
        4 => (requests(), fault, any::<bool>()).prop_map(|(who, fault, always)| Event::Troubled(who, fault, always)),
        3 => (0..90_u32).prop_map(Event::Wait),
        1 => Just(Event::Revoke),
    ]
}

/// The properties that all responses for one grant must satisfy.
struct Observed {
    /// The token of each generation that was ever issued.
    tokens: BTreeMap<u32, String>,
    /// The latest time by which each generation had been issued.
    seen: BTreeMap<u32, u64>,
    /// No token may be issued any more.
    over: bool,
}

fn generation(token: &str) -> u32 {
    token.split('.').nth(2).unwrap().parse().unwrap()
}

impl Observed {
    fn new(first: String, now: u64) -> Self {
        Self { tokens: BTreeMap::from([(1, first)]), seen: BTreeMap::from([(1, now)]), over: false }
    }

    fn newest(&self) -> u32 {
        *self.tokens.keys().next_back().unwrap()
    }

    /// The token that was issued `back` tokens ago.
    fn held(&self, back: usize) -> String {
        self.tokens.values().rev().nth(back).unwrap_or(&self.tokens[&1]).clone()
    }

    /// Records the response to a request that presented `presented`.
    fn answered(&mut self, presented: &str, response: &Response, now: u64) {
        if response.status() != 200 {
            return;
        }
        assert!(!self.over, "a token was issued after revocation");
        let (from, token) = (generation(presented), token(response));
        let to = generation(&token);
        assert!(to == from + 1, "a token yields only its direct successor: {from} {to}");
        let known = self.tokens.entry(to).or_insert_with(|| token.clone());
        assert_eq!(*known, token, "each generation has one token");
        self.seen.entry(to).or_insert(now);
        if let Some(replaced) = self.seen.get(&to) {
            assert!(now < replaced + GRACE, "a rotated token yields its successor during the grace period only");
        }
    }
}

async fn play(laptop: &Laptop, events: Vec<Event>) {
    laptop.wire.calm();
    let mut observed = Observed::new(first(laptop).await, 0);
    let mut now = 0;
    for event in events {
        match event {
            Event::Wait(seconds) => {
                laptop.clock.advance(seconds);
                now += u64::from(seconds);
            }
            Event::Revoke => {
                let token = observed.held(0);
                let response =
                    laptop.form("/oauth2/revoke", &[("client_id", "demo-trusted"), ("token", &token)], &[]).await;
                assert_eq!(response.status(), 200);
                observed.over = true;
            }
            Event::Refresh(who) => together(laptop, &mut observed, &who, now).await,
            Event::Troubled(who, fault, always) => {
                let trouble = match fault {
                    Fault::Before => Trouble::Before,
                    Fault::After => Trouble::After,
                    Fault::Throttled => Trouble::Throttled,
                };
                troubled(laptop, trouble, always);
                together(laptop, &mut observed, &who, now).await;
                laptop.wire.calm();
            }
        }
    }
    the_end(laptop, observed, now).await;
}

/// Sends all requests concurrently. A token older than the predecessor revokes the grant, unless the store was
/// unavailable.
async fn together(laptop: &Laptop, observed: &mut Observed, who: &[usize], now: u64) {
    let presented: Vec<String> = who.iter().map(|back| observed.held(*back)).collect();
    let answers = join_all(presented.iter().map(|token| refresh(laptop, token))).await;
    for (token, response) in presented.iter().zip(&answers) {
        assert!([200, 400, 503].contains(&response.status().as_u16()), "{}", body(response));
        observed.answered(token, response, now);
    }
    let newest = observed.newest();
    let reused = |(token, response): (&String, &Response)| generation(token) + 1 < newest && response.status() == 400;
    observed.over |= presented.iter().zip(&answers).any(reused);
}

/// Either the newest issued token still works, or the grant is revoked for every token.
async fn the_end(laptop: &Laptop, mut observed: Observed, now: u64) {
    let newest = observed.held(0);
    let response = refresh(laptop, &newest).await;
    observed.answered(&newest, &response, now);
    if response.status() != 200 {
        for token in observed.tokens.values() {
            expect::refused(&refresh(laptop, token).await, 400, "invalid_grant", "a revoked grant stays revoked");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Invariants 1, 6 and 7 of the design for refresh tokens (catalogue I2).
    #[test]
    fn sec_rt_07_refresh_tokens_form_a_list_under_any_interleaving(events in proptest::collection::vec(event(), 1..14)) {
        thread_local! {
            static LAPTOP: (tokio::runtime::Runtime, Laptop) = {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
                let es256 = |text: String| text.replace("\"RS256\"", "\"ES256\"");
                let laptop = runtime.block_on(Laptop::with(es256));
                (runtime, laptop)
            };
        }
        LAPTOP.with(|(runtime, laptop)| runtime.block_on(play(laptop, events)));
    }
}
