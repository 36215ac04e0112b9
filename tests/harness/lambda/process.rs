//! A function as a process, and the runtime API stub that feeds it.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as Rotation, mpsc, oneshot, watch};
use web::Response;

use super::{Environment, Event, VISIBILITY_TIMEOUT};

/// A running function.
pub struct Process {
    name: String,
    child: Child,
    events: mpsc::UnboundedSender<Invocation>,
    output: Output,
    polled: watch::Receiver<bool>,
}

struct Invocation {
    event: String,
    answer: oneshot::Sender<Result<Value, Value>>,
}

impl Process {
    /// Starts the function `name` with `environment` and the variables that Lambda adds.
    pub async fn start(name: &str, environment: &Environment) -> Self {
        Self::start_file(&binary(name), environment).await
    }

    /// Starts the binary `file` with `environment` and the variables that Lambda adds.
    pub async fn start_file(file: &Path, environment: &Environment) -> Self {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, queue) = mpsc::unbounded_channel();
        let mut child = Command::new(file)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_FUNCTION_NAME", &name)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::of(&mut child);
        let (ready, polled) = watch::channel(false);
        let host = Host { queue: Rotation::new(queue), waiting: Mutex::default(), ready };
        tokio::spawn(runtime_api(listener, Arc::new(host)));
        Self { name, child, events, output, polled }
    }

    /// Sends an event and waits for the raw response.
    ///
    /// # Errors
    ///
    /// The error that the process reported to the runtime API.
    pub async fn outcome(&self, event: Event) -> Result<Value, Value> {
        let (answer, answered) = oneshot::channel();
        self.events.send(Invocation { event: event.0.to_string(), answer }).unwrap();
        match tokio::time::timeout(VISIBILITY_TIMEOUT, answered).await {
            Ok(Ok(outcome)) => outcome,
            _ => panic!("{} does not respond: {}", self.name, self.output.text()),
        }
    }

    /// Sends an event and waits for the response.
    pub async fn invoke(&self, event: Event) -> Response {
        let outcome = self.outcome(event).await;
        response(&outcome.unwrap_or_else(|error| panic!("{} failed: {error}", self.name)))
    }

    /// Waits until the process polls for work for the first time.
    pub async fn polled(&self) {
        let mut polled = self.polled.clone();
        let waited = tokio::time::timeout(VISIBILITY_TIMEOUT, polled.wait_for(|polled| *polled)).await;
        assert!(matches!(waited, Ok(Ok(_))), "{} does not start: {}", self.name, self.output.text());
    }

    /// Returns the peak memory of the process in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Returns the CPU time used by the threads of the process, as counted by the kernel's scheduler.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = |task: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            text.split_whitespace().next().unwrap().parse::<u64>().unwrap()
        };
        Duration::from_nanos(tasks.map(spent).sum())
    }

    /// Waits until the process exits on its own, and returns its output.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    break status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let status = tokio::time::timeout(VISIBILITY_TIMEOUT, ended).await.unwrap();
        (status, self.stop())
    }

    /// Stops the process and returns its output.
    #[must_use]
    pub fn stop(mut self) -> String {
        self.end();
        self.output.read_to_end();
        self.output.text()
    }

    fn end(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Captured standard output and standard error of a process.
struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Output {
    fn of(child: &mut Child) -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let pipes: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        let readers = pipes.map(|pipe| {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines() {
                    lines.lock().unwrap().push(line.unwrap());
                }
            })
        });
        Self { lines, readers: readers.into() }
    }

    fn read_to_end(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
    }

    fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}

/// The runtime API stub of one process.
struct Host {
    queue: Rotation<mpsc::UnboundedReceiver<Invocation>>,
    /// Receives the response to the event in flight.
    waiting: Mutex<Option<oneshot::Sender<Result<Value, Value>>>>,
    /// Whether the process has polled for work, so initialization is over.
    ready: watch::Sender<bool>,
}

async fn runtime_api(listener: TcpListener, host: Arc<Host>) {
    while let Ok((stream, _)) = listener.accept().await {
        let host = Arc::clone(&host);
        let service = service_fn(move |request| answer(Arc::clone(&host), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(host: Arc<Host>, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path == "/2018-06-01/runtime/invocation/next" {
        return Ok(host.next().await);
    }
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let waiting = host.waiting.lock().unwrap().take();
    if let Some(waiting) = waiting {
        // The receiver is gone if its test has ended.
        let _ = waiting.send(if path.ends_with("/response") { Ok(value) } else { Err(value) });
    }
    Ok(http::Response::builder().status(StatusCode::ACCEPTED).body(Full::default()).unwrap())
}

impl Host {
    async fn next(&self) -> http::Response<Full<Bytes>> {
        self.ready.send_replace(true);
        let Some(invocation) = self.queue.lock().await.recv().await else { return std::future::pending().await };
        *self.waiting.lock().unwrap() = Some(invocation.answer);
        http::Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:test")
            .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
            .body(Full::from(invocation.event))
            .unwrap()
    }
}

/// Converts a response in payload format 2.0 to an HTTP response, as API Gateway does.
fn response(answer: &Value) -> Response {
    let known = ["statusCode", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded"];
    assert!(answer.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{answer}");
    assert!(
        answer["multiValueHeaders"].as_object().is_none_or(serde_json::Map::is_empty),
        "payload 2.0 has none: {answer}"
    );
    assert_eq!(answer["isBase64Encoded"], false, "response bodies are always text: {answer}");
    let mut response = Response::new(Bytes::from(answer["body"].as_str().unwrap().to_owned()));
    let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in answer["headers"].as_object().unwrap() {
        assert_ne!(name, "set-cookie", "cookies belong in the `cookies` list");
        let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
        response.headers_mut().append(HeaderName::try_from(name.as_str()).unwrap(), value);
    }
    for cookie in answer["cookies"].as_array().unwrap() {
        let cookie = HeaderValue::from_str(cookie.as_str().unwrap()).unwrap();
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

/// Returns the path of the binary of the function `name`, building all binaries once.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(built).join(name)
}

/// Builds all binaries with the profile of the running test and returns their folder. `POSTERN_BINARIES` can name a
/// folder of prebuilt binaries instead, such as the ones to be deployed.
fn built() -> PathBuf {
    if let Some(folder) = std::env::var_os("POSTERN_BINARIES") {
        return folder.into();
    }
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .unwrap();
    assert!(status.success(), "the functions do not build");
    folder.into()
}
