//! The functions as Lambda runs them: the real binaries as processes, fed with events by a runtime API of our own, over
//! the embedded engine on a port. Everything stays on loopback; every process ends with its owner.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern::data::Data;
use postern::engine::local_settings;
use postern::provision::Provisioning;
use postern::workspace_file::{DEMO, Reading};
use protocol::encoding::base64url;
use serde_json::{Value, json};
use signing::{Sealer, SystemEntropy};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as Turn, mpsc, oneshot};
use web::config::PublicUrl;
use web::route;
use web::{Clock as _, Response, SystemClock};

use crate::browser::{form, location};
use crate::laptop::encoded;

/// The names of the functions.
pub const FUNCTIONS: [&str; 7] = ["authorize", "login", "callback", "token", "userinfo", "revoke", "metadata"];

/// How long a process may take for anything, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(1);

/// The environment of a process.
pub type Environment = BTreeMap<String, String>;

/// What surrounds the functions: provisioned tables behind a port.
pub struct Account {
    /// The environment that each function is started with.
    pub environment: Environment,
    public_url: PublicUrl,
    database: dynoxide::Database,
}

impl Account {
    /// The demo's workspaces, each file's text changed by `change` first, as reached at `public_url`.
    pub async fn new(public_url: &str, change: impl Fn(String) -> String) -> Self {
        let data = Data::memory(&SystemEntropy).unwrap();
        let (connection, sealer) = (data.engine.connection(), Sealer::new(&data.sealing_key).unwrap());
        let public_url = PublicUrl::parse(public_url).unwrap();
        let reading = Reading { public_url: &public_url, sealer: &sealer, entropy: &SystemEntropy };
        let files: Vec<_> =
            DEMO.iter().map(|(name, text)| reading.text(name, &change((*text).into())).unwrap()).collect();
        let now = SystemClock.now();
        let provisioning = Provisioning { connection: &connection, sealer: &sealer, entropy: &SystemEntropy, now };
        provisioning.provision(&files).await.unwrap();
        let database = data.engine.database().clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
        let environment = environment(public_url.as_str(), &store, &base64url(data.sealing_key.expose()));
        Self { environment, public_url, database }
    }

    /// The engine, for tests that look behind the store's back.
    #[must_use]
    pub const fn database(&self) -> &dynoxide::Database {
        &self.database
    }

    /// Starts a function.
    pub async fn start(&self, name: &str) -> Process {
        Process::start(name, &self.environment).await
    }

    /// Starts every function.
    pub async fn start_all(&self) -> Fleet {
        let mut processes = BTreeMap::new();
        for name in FUNCTIONS {
            processes.insert(name, self.start(name).await);
        }
        Fleet { processes, public_url: self.public_url.clone() }
    }
}

fn environment(public_url: &str, store: &str, sealing_key: &str) -> Environment {
    let tables = local_settings().tables;
    [
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0"),
        ("PUBLIC_URL", public_url),
        ("REGION_LABEL", "eu"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDCANARYACCESSKEY"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret-access-key"),
        ("CONFIG_TABLE", &tables.config),
        ("USERS_TABLE", &tables.users),
        ("FLOW_TABLE", &tables.flow),
        ("SEALING_KEY", sealing_key),
        ("AWS_ENDPOINT_URL_DYNAMODB", store),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// An event as an API Gateway HTTP API sends it (payload 2.0).
#[derive(Clone, Debug)]
pub struct Event(Value);

impl Event {
    /// A request for `target`, a path with perhaps a query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self(json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "accept": "*/*", "content-length": "0", "host": "auth.example", "user-agent": "tests",
                "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e", "x-forwarded-for": "192.0.2.1",
                "x-forwarded-port": "443", "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012", "apiId": "r3pmxmplak", "domainName": "auth.example",
                "domainPrefix": "auth", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default",
                "time": "10/Mar/2020:05:16:23 +0000", "timeEpoch": 1_583_817_383_220_u64,
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "tests",
                },
            },
            "isBase64Encoded": false,
        }))
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = value.into();
        self
    }

    /// With these cookies, which API Gateway takes out of the headers.
    #[must_use]
    pub fn cookies(mut self, cookies: &BTreeMap<String, String>) -> Self {
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            self.0["cookies"] = cookies.into();
        }
        self
    }

    /// With this form as its body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut event = self.header("content-type", "application/x-www-form-urlencoded");
        event.0["body"] = encoded(fields).into();
        event
    }

    /// With its body in base64, as API Gateway sends what it takes for binary.
    #[must_use]
    pub fn in_base64(mut self) -> Self {
        self.0["body"] = STANDARD.encode(self.0["body"].as_str().unwrap_or_default()).into();
        self.0["isBase64Encoded"] = true.into();
        self
    }

    /// Sent to this stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        self.0["requestContext"]["stage"] = stage.into();
        self
    }

    /// With `value` for the member that the JSON pointer's last name stands for.
    #[must_use]
    pub fn with(mut self, parent: &str, name: &str, value: Value) -> Self {
        self.0.pointer_mut(parent).unwrap()[name] = value;
        self
    }
}

/// A running function.
pub struct Process {
    name: String,
    child: Child,
    events: mpsc::UnboundedSender<Invocation>,
    output: Output,
}

struct Invocation {
    event: String,
    answer: oneshot::Sender<Result<Value, Value>>,
}

impl Process {
    /// Starts the function `name` with nothing but `environment` and what Lambda adds.
    pub async fn start(name: &str, environment: &Environment) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, queue) = mpsc::unbounded_channel();
        let mut child = Command::new(binary(name))
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::of(&mut child);
        tokio::spawn(runtime_api(listener, Arc::new(Host { queue: Turn::new(queue), waiting: Mutex::default() })));
        Self { name: name.into(), child, events, output }
    }

    /// Sends an event and waits for the answer, as the process wrote it; `Err` is what it reported as its failure.
    ///
    /// # Errors
    ///
    /// The process could not answer, and said so.
    pub async fn outcome(&self, event: Event) -> Result<Value, Value> {
        let (answer, answered) = oneshot::channel();
        self.events.send(Invocation { event: event.0.to_string(), answer }).unwrap();
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(outcome)) => outcome,
            _ => panic!("{} does not answer: {}", self.name, self.output.text()),
        }
    }

    /// Sends an event and waits for the answer.
    pub async fn invoke(&self, event: Event) -> Response {
        let outcome = self.outcome(event).await;
        response(&outcome.unwrap_or_else(|error| panic!("{} failed: {error}", self.name)))
    }

    /// Waits until the process has ended of itself, and returns its output.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    break status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let status = tokio::time::timeout(PATIENCE, ended).await.unwrap();
        (status, self.stop())
    }

    /// Ends the process and returns everything that it wrote.
    #[must_use]
    pub fn stop(mut self) -> String {
        self.end();
        self.output.read_to_end();
        self.output.text()
    }

    fn end(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a process writes, whatever it writes it to.
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

/// Lambda's side of the runtime API, for one process.
struct Host {
    queue: Turn<mpsc::UnboundedReceiver<Invocation>>,
    /// Who waits for the answer to the one event that the process is busy with.
    waiting: Mutex<Option<oneshot::Sender<Result<Value, Value>>>>,
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
        // Nobody waits for the answer of a test that has ended.
        let _ = waiting.send(if path.ends_with("/response") { Ok(value) } else { Err(value) });
    }
    Ok(http::Response::builder().status(StatusCode::ACCEPTED).body(Full::default()).unwrap())
}

impl Host {
    async fn next(&self) -> http::Response<Full<Bytes>> {
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

/// An answer in the form of payload 2.0 as the response that API Gateway makes of it.
fn response(answer: &Value) -> Response {
    let known = ["statusCode", "headers", "cookies", "body", "isBase64Encoded"];
    assert!(answer.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{answer}");
    assert_eq!(answer["isBase64Encoded"], false, "every body of ours is text: {answer}");
    let mut response = Response::new(Bytes::from(answer["body"].as_str().unwrap().to_owned()));
    let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in answer["headers"].as_object().unwrap() {
        assert_ne!(name, "set-cookie", "cookies have a list of their own");
        let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
        response.headers_mut().append(HeaderName::try_from(name.as_str()).unwrap(), value);
    }
    for cookie in answer["cookies"].as_array().unwrap() {
        let cookie = HeaderValue::from_str(cookie.as_str().unwrap()).unwrap();
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

/// Every function, and the front door that knows which event goes to which.
pub struct Fleet {
    /// The processes by name.
    pub processes: BTreeMap<&'static str, Process>,
    public_url: PublicUrl,
}

impl Fleet {
    /// The URL of `path` below the issuer of the workspace `demo`.
    #[must_use]
    pub fn demo_url(&self, path: &str) -> String {
        format!("{}/default/demo{path}", self.public_url.as_str())
    }

    /// The path and query of a URL of ours, as an event has them.
    #[must_use]
    pub fn target<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(self.public_url.origin()).unwrap()
    }

    /// Sends an event for `url` where the table of routes says.
    pub async fn send(&self, method: &str, url: &str, dress: impl FnOnce(Event) -> Event) -> Response {
        let target = self.target(url);
        let path = target.split('?').next().unwrap().strip_prefix(self.public_url.base_path()).unwrap();
        let name = format!("{:?}", route::find(path).unwrap().route.function).to_lowercase();
        self.processes[name.as_str()].invoke(dress(Event::new(method, target))).await
    }

    /// Sends a form to `path` below the issuer of `demo`, as a client's back channel does.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send("POST", &self.demo_url(path), |event| event.form(fields)).await
    }

    /// Asks userinfo with `token`.
    pub async fn userinfo(&self, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        self.send("GET", &self.demo_url("/userinfo"), |event| event.header("authorization", &bearer)).await
    }

    /// Ends all processes and returns what each wrote.
    #[must_use]
    pub fn stop(self) -> BTreeMap<&'static str, String> {
        self.processes.into_iter().map(|(name, process)| (name, process.stop())).collect()
    }
}

/// A person at a browser in front of a fleet.
pub struct Visitor<'f> {
    fleet: &'f Fleet,
    /// The cookies, by name.
    pub cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` that came.
    pub set: Vec<String>,
    /// Every URL that was opened or led to.
    pub seen: Vec<String>,
}

impl<'f> Visitor<'f> {
    /// A fresh browser.
    #[must_use]
    pub const fn new(fleet: &'f Fleet) -> Self {
        Self { fleet, cookies: BTreeMap::new(), set: Vec::new(), seen: Vec::new() }
    }

    /// Sends a request and keeps what cookies come back.
    pub async fn send(&mut self, method: &str, url: &str, dress: impl FnOnce(Event) -> Event) -> Response {
        let cookies = self.cookies.clone();
        let response = self.fleet.send(method, url, |event| dress(event.cookies(&cookies))).await;
        self.seen.push(url.into());
        self.seen.extend(location(&response));
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.set.push(cookie.into());
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        response
    }

    /// Opens `url` and follows redirects of ours.
    pub async fn open(&mut self, url: &str) -> Response {
        let response = self.send("GET", url, |event| event).await;
        self.follow(response).await
    }

    /// Opens an authorization request and follows redirects of ours.
    pub async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Response {
        let url = format!("{}?{}", self.fleet.demo_url("/oauth2/authorize"), encoded(parameters));
        self.open(&url).await
    }

    /// Sends the form of `page` with `more` and follows redirects of ours.
    pub async fn submit(&mut self, page: &Response, more: &[(&str, &str)]) -> Response {
        let form = form(page);
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = hidden.chain(more.iter().copied()).collect();
        let dress = |event: Event| event.form(&fields).header("sec-fetch-site", "same-origin");
        let response = self.send("POST", &form.action, dress).await;
        self.follow(response).await
    }

    async fn follow(&mut self, mut response: Response) -> Response {
        let ours = format!("{}/default/", self.fleet.public_url.as_str());
        while let Some(url) = location(&response).filter(|url| url.starts_with(&ours)) {
            response = self.send("GET", &url, |event| event).await;
        }
        response
    }
}

/// The binary of the function `name`; all are built first, once, which is nothing to do if they are there.
fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(built).join(name)
}

/// Builds all binaries with the profile of this very test, and returns their folder.
fn built() -> PathBuf {
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
