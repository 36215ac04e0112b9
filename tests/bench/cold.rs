//! Cold starts of each function: `cargo bench --bench cold`.
//!
//! Every function runs as in Lambda, as a process behind the runtime API, and talks TLS to stubs of DynamoDB and KMS.
//! For each start the benchmark prints the time from process start to the first poll for work, the time of the first
//! event and of warm events (each also as CPU time), the peak memory, and the size of the binary, raw and compressed.
//! Starts of all functions are interleaved, so a slow phase of the machine affects all of them.
//!
//! `notify` contacts a client on loopback without TLS. A deployed server never contacts loopback, so this function runs
//! against its own workspaces with a local public URL.
//!
//! `POSTERN_BINARIES` can name a folder of functions built elsewhere, such as those to be deployed; `POSTERN_FLOOR` a
//! binary that does nothing, for comparison; `POSTERN_VARIANTS` a folder of other builds, of `token` as made by
//! `tests/bench/levers.py`, or of the function that a file name such as `metadata.before` starts with; `POSTERN_STARTS` the
//! number of starts. The figures are for this machine; in Lambda, CPU speed depends on the memory of the function. See
//! docs/cold-starts.md for an interpretation.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a benchmark prints, reads its environment, and panics when an expectation fails"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::logout::logout_token::LogoutNotice;
use protocol::types::id::{ClientId, Subject, WorkspaceId};
use protocol::users::session::Participant;
use tests::Pkce;
use tests::browser::{answered, exchange, json, request};
use tests::lambda::{Account, Environment, Event, FUNCTIONS, Fleet, Process, RECEIVERS, Visitor, binary};
use tests::receiver::Receiver;

const URL: &str = "https://auth.example";
/// A public URL for which loopback may be contacted.
const NEARBY: &str = "http://localhost:9000";
const NATIVE: &str = "http://127.0.0.1:51004/callback";
const WARM: usize = 60;

/// The measurements of one start.
struct Start {
    init: Spent,
    first: Spent,
    warm: Spent,
    peak_kib: u64,
}

/// Elapsed time and CPU time.
#[derive(Clone, Copy, Default)]
struct Spent {
    time: Duration,
    processor: Duration,
}

/// A build to measure.
struct Build {
    name: String,
    /// The function that it is a build of; `None` for the floor.
    function: Option<&'static str>,
    path: PathBuf,
    starts: Vec<Start>,
}

impl Build {
    fn new(name: &str, function: Option<&'static str>, path: PathBuf) -> Self {
        Self { name: name.into(), function, path, starts: Vec::new() }
    }
}

fn main() {
    let starts = std::env::var("POSTERN_STARTS").ok().and_then(|text| text.parse().ok()).unwrap_or(15);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut subjects = subjects();
        let account = Account::in_aws(URL, |file| file).await;
        let fleet = account.start_all().await;
        let receiver = Receiver::start().await;
        let nearby = Account::in_aws(NEARBY, |file| receiver.registered(file)).await;
        for _ in 0..starts {
            for subject in &mut subjects {
                let events = match subject.function {
                    None => Events::same(&Event::new("GET", "/")),
                    Some(name) => Events::of(&fleet, name).await,
                };
                let account = if subject.function == Some("notify") { &nearby } else { &account };
                subject.starts.push(measured(&subject.path, &account.environment, events).await);
            }
        }
        assert_eq!(receiver.received().len(), starts * (WARM + 1), "each event of notify reaches the client");
        println!("medians of {starts} starts; the second figure of each pair is CPU time");
        println!(
            "{:<18} {:>15} {:>15} {:>13} {:>8} {:>10} {:>7}",
            "", "init ms", "first ms", "warm us", "peak MB", "binary MB", "zip MB"
        );
        subjects.iter().for_each(report);
    });
}

fn subjects() -> Vec<Build> {
    let named = |variable| std::env::var_os(variable).map(PathBuf::from);
    let floor = named("POSTERN_FLOOR").map(|path| Build::new("floor", None, path));
    let functions = FUNCTIONS.into_iter().chain(RECEIVERS).map(|name| Build::new(name, Some(name), binary(name)));
    let mut variants: Vec<PathBuf> = named("POSTERN_VARIANTS")
        .map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    variants.sort();
    let variants = variants.into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let of = FUNCTIONS.into_iter().find(|function| name.starts_with(&format!("{function}.")));
        Build::new(&name, Some(of.unwrap_or("token")), path)
    });
    floor.into_iter().chain(functions).chain(variants).collect()
}

/// The events sent to a function: a first one, and further ones of the same kind.
struct Events {
    first: Event,
    further: Vec<Event>,
}

impl Events {
    fn same(event: &Event) -> Self {
        Self { first: event.clone(), further: vec![event.clone(); WARM] }
    }

    /// Events that make the function do its actual work.
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
                let bearer = format!("Bearer {}", Self::access_token(fleet, &pkce).await);
                Self::same(&Event::new("GET", &demo("/userinfo")).header("authorization", &bearer))
            }
            "introspect" => {
                let program = format!("Basic {}", STANDARD.encode("demo-service:demo-service-secret"));
                let token = Self::access_token(fleet, &pkce).await;
                let event = Event::new("POST", &demo("/oauth2/introspect")).form(&[("token", token.as_str())]);
                Self::same(&event.header("authorization", &program))
            }
            "revoke" => {
                let fields = [("token", "unknown"), ("client_id", "demo-native")];
                Self::same(&Event::new("POST", &demo("/oauth2/revoke")).form(&fields))
            }
            "par" => {
                let fields = request("demo-native", NATIVE, &pkce);
                Self::same(&Event::new("POST", &demo("/par")).form(&fields))
            }
            "device" => {
                let fields = [("client_id", "demo-device"), ("scope", "openid")];
                Self::same(&Event::new("POST", &demo("/device/authorization")).form(&fields))
            }
            "logout" => Self::same(&Event::new("GET", &demo("/oidc/logout")).query("client_id=demo-spa")),
            "notify" => Self::same(&Event::of_queue(&notice().encoded(), 1)),
            "metadata" => Self::same(&Event::new("GET", &demo("/.well-known/jwks.json"))),
            // Nothing to resume: the workspace is read, and the seal is checked.
            "login" => Self::same(&Event::new("GET", &demo("/login")).query("interaction=AAAA")),
            "enroll" => Self::same(&Event::new("GET", &demo("/login/recovery")).query("interaction=AAAA")),
            // Nothing that it could open: the message is put off.
            "mail" => Self::same(&Event::of_queue("{}", 1)),
            _ => Self::same(&Event::new("GET", &demo("/login/upstream/partner")).query("interaction=AAAA")),
        }
    }

    /// An access token of alice.
    async fn access_token(fleet: &Fleet, pkce: &Pkce) -> String {
        let exchange = Self::exchanges(fleet, pkce).await.first;
        let tokens = json(&fleet.processes["token"].invoke(exchange).await);
        tokens["access_token"].as_str().unwrap().into()
    }

    /// Code exchanges, each with two signatures by KMS.
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

/// The end of a session of alice, for a client with back-channel logout.
fn notice() -> LogoutNotice {
    let client_id = ClientId::parse("told").unwrap();
    let participant = Participant { client_id, sub: Subject::parse("alice").unwrap(), sid: "session-1".into() };
    LogoutNotice { workspace: WorkspaceId::parse("default", "demo").unwrap(), participant }
}

async fn measured(binary: &Path, environment: &Environment, events: Events) -> Start {
    let began = Instant::now();
    let process = Process::start_file(binary, environment).await;
    process.polled().await;
    let init = Spent { time: began.elapsed(), processor: process.processor_time() };
    let first = answered_by(&process, events.first).await;
    let (mut times, before) = (Vec::with_capacity(WARM), process.processor_time());
    for event in events.further {
        times.push(answered_by(&process, event).await.time);
    }
    let processor = process.processor_time().saturating_sub(before) / u32::try_from(times.len()).unwrap();
    Start { init, first, warm: Spent { time: median(times), processor }, peak_kib: process.peak_kib() }
}

async fn answered_by(process: &Process, event: Event) -> Spent {
    let (began, before) = (Instant::now(), process.processor_time());
    process.outcome(event).await.expect("an answer");
    Spent { time: began.elapsed(), processor: process.processor_time().saturating_sub(before) }
}

fn report(subject: &Build) {
    let pair = |pick: fn(&Start) -> Spent, scale: f64| {
        let of = |part: fn(Spent) -> Duration| {
            median(subject.starts.iter().map(|start| part(pick(start))).collect()).as_secs_f64() * scale
        };
        (of(|spent| spent.time), of(|spent| spent.processor))
    };
    let (init, first, warm) = (pair(|s| s.init, 1e3), pair(|s| s.first, 1e3), pair(|s| s.warm, 1e6));
    let peak = subject.starts.iter().map(|start| start.peak_kib).max().unwrap_or_default() as f64 / 1024.0;
    let size = std::fs::metadata(&subject.path).unwrap().len() as f64 / 1e6;
    println!(
        "{:<18} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>6.0} {:>6.0} {peak:>8.1} {size:>10.2} {:>7.2}",
        subject.name,
        init.0,
        init.1,
        first.0,
        first.1,
        warm.0,
        warm.1,
        zipped(&subject.path) as f64 / 1e6
    );
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The size of the binary in a zip file, as deployed.
fn zipped(path: &Path) -> u64 {
    let script = "import io,sys,zipfile\nb=io.BytesIO()\nz=zipfile.ZipFile(b,'w',zipfile.ZIP_DEFLATED,compresslevel=9)\n\
                  z.write(sys.argv[1],'bootstrap')\nz.close()\nprint(len(b.getvalue()))";
    let output = std::process::Command::new("python3").args(["-c", script]).arg(path).output().expect("python3");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a size")
}
