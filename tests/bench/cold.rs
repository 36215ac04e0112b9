//! How each function starts: `cargo bench --bench cold`.
//!
//! Every function runs as in Lambda, as a process of its own behind the runtime API, and asks for everything over TLS
//! from what stands in for DynamoDB and KMS. For each start it prints the time from the start of the process to its first
//! poll for work, the time of the first event and of warm ones, and the peak of memory; and the size of the binary, also
//! compressed. `POSTERN_FLOOR` may name a binary that does nothing, to compare with. Figures are of this machine; the
//! speed of a processor in Lambda depends on the memory that a function is given.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a benchmark prints, reads its environment, and stops when something is not as it must be"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tests::Pkce;
use tests::browser::{answered, exchange, json, request};
use tests::lambda::{Account, Environment, Event, FUNCTIONS, Fleet, Process, Visitor, binary};

const URL: &str = "https://auth.example";
const NATIVE: &str = "http://127.0.0.1:51004/callback";
const WARM: usize = 60;

/// What one start came to.
struct Start {
    init: Duration,
    first: Duration,
    warm: Duration,
    ticks: u64,
    peak_kib: u64,
}

fn main() {
    let starts = std::env::var("POSTERN_STARTS").ok().and_then(|text| text.parse().ok()).unwrap_or(15);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        println!(
            "{:<10} {:>8} {:>9} {:>8} {:>8} {:>8} {:>10} {:>7}   ({starts} starts, medians)",
            "function", "init ms", "first ms", "warm us", "cpu us", "peak MB", "binary MB", "zip MB"
        );
        let account = Account::in_aws(URL).await;
        if let Some(floor) = std::env::var_os("POSTERN_FLOOR").map(PathBuf::from) {
            let event = Event::new("GET", "/");
            report("floor", &floor, starts, async || {
                measured(&floor, &account.environment, Events::same(&event)).await
            })
            .await;
        }
        let fleet = account.start_all().await;
        for name in FUNCTIONS {
            let path = binary(name);
            report(name, &path, starts, async || {
                measured(&path, &account.environment, Events::of(&fleet, name).await).await
            })
            .await;
        }
    });
}

/// What is sent to a function: a first event, and further ones of the same kind.
struct Events {
    first: Event,
    further: Vec<Event>,
}

impl Events {
    fn same(event: &Event) -> Self {
        Self { first: event.clone(), further: vec![event.clone(); WARM] }
    }

    /// Events that make the function do its real work.
    async fn of(fleet: &Fleet, name: &str) -> Self {
        let pkce = Pkce::new("bench");
        let demo = |path: &str| format!("/default/demo{path}");
        match name {
            "authorize" => {
                let query = tests::laptop::encoded(&request("demo-native", NATIVE, &pkce));
                Self::same(&Event::new("GET", &demo("/oauth2/authorize")).query(&query))
            }
            "token" => Self::exchanges(fleet, &pkce).await,
            "userinfo" => {
                let exchange = Self::exchanges(fleet, &pkce).await.first;
                let tokens = json(&fleet.processes["token"].invoke(exchange).await);
                let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
                Self::same(&Event::new("GET", &demo("/userinfo")).header("authorization", &bearer))
            }
            "revoke" => {
                let fields = [("token", "unknown"), ("client_id", "demo-native")];
                Self::same(&Event::new("POST", &demo("/oauth2/revoke")).form(&fields))
            }
            "metadata" => Self::same(&Event::new("GET", &demo("/.well-known/jwks.json"))),
            // Nothing that can be resumed: the workspace is read, and the seal is looked at.
            "login" => Self::same(&Event::new("GET", &demo("/login")).query("interaction=AAAA")),
            _ => Self::same(&Event::new("GET", &demo("/login/upstream/partner")).query("interaction=AAAA")),
        }
    }

    /// Exchanges of codes, each with two signatures by KMS.
    async fn exchanges(fleet: &Fleet, pkce: &Pkce) -> Self {
        let mut visitor = Visitor::new(fleet);
        let parameters = request("demo-trusted", NATIVE, pkce);
        let login = visitor.authorize(&parameters).await;
        let mut answer = visitor.submit(&login, &[("username", "alice"), ("password", "alice")]).await;
        let mut all = Vec::with_capacity(WARM + 1);
        while all.len() <= WARM {
            let code = answered(&answer, "code").expect("a code");
            let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
            all.push(Event::new("POST", "/default/demo/oauth2/token").form(&fields));
            answer = visitor.authorize(&parameters).await;
        }
        Self { first: all.swap_remove(0), further: all }
    }
}

async fn measured(binary: &Path, environment: &Environment, events: Events) -> Start {
    let began = Instant::now();
    let process = Process::start_file(binary, environment).await;
    process.polled().await;
    let init = began.elapsed();
    let began = Instant::now();
    process.outcome(events.first).await.expect("an answer");
    let first = began.elapsed();
    let (mut warm, before) = (Vec::with_capacity(WARM), process.processor_ticks());
    for event in events.further {
        let began = Instant::now();
        process.outcome(event).await.expect("an answer");
        warm.push(began.elapsed());
    }
    let ticks = process.processor_ticks() - before;
    Start { init, first, warm: median(warm), ticks, peak_kib: process.peak_kib() }
}

async fn report(name: &str, path: &Path, starts: usize, start: impl AsyncFn() -> Start) {
    let mut all = Vec::with_capacity(starts);
    for _ in 0..starts {
        all.push(start().await);
    }
    let of = |pick: fn(&Start) -> Duration| median(all.iter().map(pick).collect()).as_secs_f64() * 1000.0;
    let peak = all.iter().map(|start| start.peak_kib).max().unwrap_or_default() as f64 / 1024.0;
    // Ticks are hundredths of a second, so only the sum over all starts says something.
    let processor = all.iter().map(|start| start.ticks).sum::<u64>() as f64 * 10_000.0 / (starts * WARM) as f64;
    let size = std::fs::metadata(path).unwrap().len() as f64 / 1e6;
    println!(
        "{name:<10} {:>8.2} {:>9.2} {:>8.0} {processor:>8.0} {peak:>8.1} {size:>10.2} {:>7.2}",
        of(|start| start.init),
        of(|start| start.first),
        of(|start| start.warm) * 1000.0,
        zipped(path) as f64 / 1e6
    );
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The size of the binary in a zip file, as it is deployed.
fn zipped(path: &Path) -> u64 {
    let script = "import io,sys,zipfile\nb=io.BytesIO()\nz=zipfile.ZipFile(b,'w',zipfile.ZIP_DEFLATED,compresslevel=9)\n\
                  z.write(sys.argv[1],'bootstrap')\nz.close()\nprint(len(b.getvalue()))";
    let output = std::process::Command::new("python3").args(["-c", script]).arg(path).output().expect("python3");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a size")
}
