//! Signing under a load above the KMS quota: `cargo bench --bench kms_overload`.
//!
//! Requests for two signatures each arrive at random, at half the quota, then at twice the quota, then at half again.
//! As in Lambda, each request goes to an idle execution environment or to a new one, and every environment has its own
//! `Signers`. The KMS stub throttles either like a continuously refilled token bucket or per second. Idle environments
//! are picked at random, or the most recently used one first.
//!
//! Time is simulated, so the figures depend neither on the machine nor on the profile: `--profile dev` avoids the
//! release build. Each case runs with several loads; the mean and the worst are printed. See docs/benchmarks.md for an
//! interpretation.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints, and panics when an expectation fails"
)]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bootstrap::{Environment, KeyBackend, MailBackend, MailTransport, QueueBackend, Runtime};
use keystore::{Signers, SigningTask};
use protocol::jose::key_ring::KeyRing;
use protocol::syntax::encoding::base64url_decoded;
use protocol::types::id::{RegionLabel, WorkspaceId};
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use serde_json::{Value, json};
use signing::{Kms, KmsSettings, Signer, SystemEntropy};
use tests::kms::SEALING_KEY;
use tests::{FakeKms, FixedClock, Laptop};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};
use web::Clock;
use web::config::PublicUrl;

/// The quota in signatures per second.
const QUOTA: f64 = 1000.0;
/// The duration of each phase in seconds, and its load as a multiple of the quota.
const PHASES: [(f64, f64); 3] = [(2.0, 0.5), (8.0, 2.0), (3.0, 0.5)];
/// Signatures per request.
const SIGNATURES: u32 = 2;
/// The interval in seconds by which recovery is judged, and the steps in which it is moved.
const STRETCH: f64 = 0.25;
const STEP: f64 = 0.025;
/// The seeds of the loads.
const SEEDS: [u64; 4] = [7, 1007, 2007, 3007];

/// A deterministic pseudorandom sequence (`SplitMix64`).
struct Random(Cell<u64>);

impl Random {
    /// Returns the next number between 0 and 1.
    fn next(&self) -> f64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut bits = self.0.get();
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns between 0.7 and 1.5 times `milliseconds`.
    fn about(&self, milliseconds: f64) -> Duration {
        Duration::from_secs_f64(milliseconds / 1000.0 * (0.7 + 0.8 * self.next()))
    }
}

/// How the KMS stub enforces the quota.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counting {
    /// A token bucket with the capacity of 50 ms, refilled continuously.
    Continuous,
    /// The whole quota for each second.
    PerSecond,
}

/// Which idle environment is picked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Routing {
    Random,
    LastUsed,
}

/// The KMS stub behind a quota.
#[derive(Clone)]
struct Wire {
    kms: FakeKms,
    counting: Counting,
    began: Instant,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The time of each call.
    calls: Vec<f64>,
    left: f64,
    at: f64,
    noise: u64,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire")
    }
}

impl Wire {
    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Waits for a while, and returns whether the quota admits a call.
    fn admits(&self) -> bool {
        let (now, mut state) = (self.now(), self.state.lock().unwrap());
        let earlier = std::mem::replace(&mut state.at, now);
        state.left = match self.counting {
            Counting::Continuous => (state.left + (now - earlier) * QUOTA).min(QUOTA / 20.0),
            Counting::PerSecond if now.floor() > earlier.floor() => QUOTA,
            Counting::PerSecond => state.left,
        };
        let admitted = state.left >= 1.0;
        if admitted {
            state.left -= 1.0;
        }
        admitted
    }

    /// The latency of KMS: about twelve milliseconds.
    fn latency(&self) -> Duration {
        let mut state = self.state.lock().unwrap();
        let random = Random(Cell::new(state.noise));
        let latency = random.about(12.0);
        state.noise = random.0.get();
        latency
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let now = self.now();
        self.state.lock().unwrap().calls.push(now);
        let latency = self.latency();
        sleep(latency / 3).await;
        let (status, body) = if self.admits() {
            let target = request.headers().get("x-amz-target").unwrap();
            self.kms.respond(target, request.body().bytes().unwrap())
        } else {
            (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}).to_string())
        };
        sleep(latency * 2 / 3).await;
        Ok(tests::wire::response(status, body))
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The outcome of a request.
struct Outcome {
    arrived: f64,
    answered: f64,
    /// The `kid` of its signatures, if it succeeded.
    kid: Option<String>,
}

/// The state shared by all requests.
struct World {
    wire: Wire,
    laptop: Laptop,
    workspace: WorkspaceId,
    routing: Routing,
    random: Random,
    idle: RefCell<Vec<Signers>>,
    environments: Cell<u32>,
    outcomes: RefCell<Vec<Outcome>>,
}

impl World {
    async fn new(counting: Counting, routing: Routing, seed: u64) -> Self {
        let (laptop, kms) = Laptop::in_aws(|file| file.replace("\"RS256\"", "\"ES256\"")).await;
        let wire = Wire { kms, counting, began: Instant::now(), state: Arc::default() };
        Self {
            wire,
            laptop,
            workspace: WorkspaceId::parse("default", "demo").unwrap(),
            routing,
            random: Random(Cell::new(seed)),
            idle: RefCell::default(),
            environments: Cell::new(0),
            outcomes: RefCell::default(),
        }
    }

    /// Returns an environment for a request: an idle one or a new one.
    fn environment(&self) -> Signers {
        let mut idle = self.idle.borrow_mut();
        if self.routing == Routing::Random && !idle.is_empty() {
            let (last, picked) = (idle.len() - 1, (self.random.next() * idle.len() as f64) as usize);
            idle.swap(picked.min(last), last);
        }
        idle.pop().unwrap_or_else(|| self.new_environment())
    }

    fn new_environment(&self) -> Signers {
        self.environments.set(self.environments.get() + 1);
        let settings = KmsSettings {
            region: "eu-west-1".into(),
            access_key_id: "local".into(),
            secret_access_key: Secret::new("local".into()),
            session_token: None,
            endpoint: Some("http://localhost".into()),
        };
        let keys = KeyBackend::Aws {
            kms: Kms::through(SharedHttpClient::new(self.wire.clone()), settings),
            sealing_key: SEALING_KEY.into(),
            signing_keys: Vec::new(),
        };
        let environment = Environment {
            public_url: PublicUrl::parse("http://localhost:9000").unwrap(),
            region: RegionLabel::parse("local").unwrap(),
            keys,
            queue: QueueBackend::Nowhere,
            mail: MailBackend { queue: QueueBackend::Nowhere, transport: MailTransport::Laptop(Arc::default()) },
        };
        let (connection, clock) = (self.laptop.connection.clone(), Arc::new(FixedClock::new()));
        Runtime::new(connection, environment, clock, Arc::new(SystemEntropy)).signers().unwrap()
    }

    /// The simulated time as functions see it.
    fn timestamp(&self) -> Timestamp {
        let elapsed = u64::try_from(self.wire.began.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(self.laptop.clock.now().millis() + elapsed)
    }

    /// A code exchange as its function experiences it: reading, signing twice, writing.
    async fn request(&self) {
        let (arrived, signers) = (self.wire.now(), self.environment());
        sleep(self.random.about(8.0)).await;
        let claims = json!({"sub": "somebody"});
        let work = async |signer: &Signer| {
            tokio::try_join!(signer.sign("at+jwt", &claims), signer.sign("JWT", &claims)).map(|(token, _)| token)
        };
        let (workspace, now) = (&self.workspace, self.timestamp());
        let task = SigningTask { workspace, algorithm: None, signatures: SIGNATURES, now };
        let signed = signers.sign(task, work).await;
        sleep(self.random.about(if signed.is_ok() { 6.0 } else { 2.0 })).await;
        let (answered, kid) = (self.wire.now(), signed.ok().map(|token| kid(&token)));
        self.outcomes.borrow_mut().push(Outcome { arrived, answered, kid });
        self.idle.borrow_mut().push(signers);
    }

    /// The arrival times of requests in seconds.
    fn arrivals(&self) -> Vec<f64> {
        let (mut arrivals, mut end) = (Vec::new(), 0.0);
        for (length, load) in PHASES {
            let mut at = end;
            end += length;
            loop {
                at += -(1.0 - self.random.next()).ln() * f64::from(SIGNATURES) / (load * QUOTA);
                if at >= end {
                    break;
                }
                arrivals.push(at);
            }
        }
        arrivals
    }

    fn figures(&self, current: &str) -> Figures {
        let (outcomes, state) = (self.outcomes.borrow(), self.wire.state.lock().unwrap());
        let (from, fell) = (PHASES[0].0, PHASES[0].0 + PHASES[1].0);
        let counted = |from: f64| {
            let within = |at: f64| from <= at && at < fell;
            let signed = outcomes.iter().filter(|outcome| outcome.kid.is_some() && within(outcome.answered)).count();
            let calls = state.calls.iter().filter(|at| within(**at)).count();
            (calls as f64, (signed * SIGNATURES as usize) as f64)
        };
        let ((calls, signatures), (later_calls, later_signatures)) = (counted(from), counted(from + 1.0));
        let takeovers = outcomes.iter().filter(|outcome| outcome.kid.as_deref().is_some_and(|kid| kid != current));
        Figures {
            environments: f64::from(self.environments.get()),
            calls: calls / signatures,
            later: later_calls / later_signatures,
            goodput: signatures / (QUOTA * PHASES[1].0) * 100.0,
            takeovers: takeovers.count() as f64,
            recovery: recovery(&outcomes, fell),
        }
    }
}

/// The figures of one run.
struct Figures {
    environments: f64,
    calls: f64,
    later: f64,
    goodput: f64,
    takeovers: f64,
    recovery: f64,
}

fn report(counting: Counting, routing: Routing, runs: &[Figures]) {
    let all = |figure: fn(&Figures) -> f64| runs.iter().map(figure);
    let mean = |figure| all(figure).sum::<f64>() / runs.len() as f64;
    let most = |figure| all(figure).fold(f64::MIN, f64::max);
    println!(
        "{:<11} {:<9} {:>12.0} {:>6.3} to {:.3} {:>8.3} {:>6.1} % from {:.1} % {:>9.0} {:>7.2} s to {:.2} s",
        format!("{counting:?}"),
        format!("{routing:?}"),
        mean(|run| run.environments),
        mean(|run| run.calls),
        most(|run| run.calls),
        mean(|run| run.later),
        mean(|run| run.goodput),
        all(|run| run.goodput).fold(f64::MAX, f64::min),
        most(|run| run.takeovers),
        mean(|run| run.recovery),
        most(|run| run.recovery),
    );
}

/// How long after the end of the overload the last request was refused within an interval in which more than 5 % were.
fn recovery(outcomes: &[Outcome], fell: f64) -> f64 {
    let steps = ((PHASES[2].0 - STRETCH) / STEP) as u32;
    let refused = |step: u32| {
        let from = fell + f64::from(step) * STEP;
        let arrived: Vec<_> =
            outcomes.iter().filter(|outcome| from <= outcome.arrived && outcome.arrived < from + STRETCH).collect();
        let refused: Vec<f64> =
            arrived.iter().filter(|outcome| outcome.kid.is_none()).map(|outcome| outcome.answered).collect();
        (refused.len() * 20 > arrived.len()).then_some(refused)
    };
    let last = (0..=steps).rev().find_map(refused).unwrap_or_default();
    last.into_iter().fold(0.0, |latest, answered| f64::max(latest, answered - fell))
}

fn kid(token: &str) -> String {
    let header = base64url_decoded(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().into()
}

async fn run(counting: Counting, routing: Routing, seed: u64) -> Figures {
    let world = Rc::new(World::new(counting, routing, seed).await);
    let ring: KeyRing = world.laptop.with_keys(async |keys| keys.ring(&world.workspace).await.unwrap().ring).await;
    let current = ring.current().unwrap().jwk.thumbprint();
    for at in world.arrivals() {
        sleep_until(world.wire.began + Duration::from_secs_f64(at)).await;
        let world = Rc::clone(&world);
        tokio::task::spawn_local(async move { world.request().await });
    }
    sleep(Duration::from_secs(5)).await;
    world.figures(&current)
}

fn main() {
    println!(
        "{:<11} {:<9} {:>12} {:>15} {:>8} {:>20} {:>9} {:>19}",
        "counting", "routing", "environments", "calls/sig", "later", "goodput", "takeovers", "recovery"
    );
    for counting in [Counting::Continuous, Counting::PerSecond] {
        for routing in [Routing::Random, Routing::LastUsed] {
            let runs = SEEDS.map(|seed| {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
                LocalSet::new().block_on(&runtime, run(counting, routing, seed))
            });
            report(counting, routing, &runs);
        }
    }
}
