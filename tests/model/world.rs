//! The server, the browsers in front of it, and the model's knowledge of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::scan::ScanRequest;
use futures::future::join_all;
use postern::dev::engine::{Engine, local_settings};
use store::{Connection, ConnectionSettings};
use tests::Laptop;
use tests::laptop::encoded;
use web::{Clock as _, Response};

use crate::cast::{BROWSERS, CLIENTS, TENANTS, workspace_file};
use crate::rules::{Asked, Consent, KEPT, State, Terms};
use crate::sabotage::Sabotage;
use crate::step::FaultKind;
use crate::wire::Wire;

/// The server broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation(pub(crate) String);

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Fails with the message `wrong` unless `holds`.
pub(crate) fn must(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation(wrong())) }
}

/// Yes, no, or undetermined after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Yes,
    No,
    Either,
}

impl Known {
    /// The possible values.
    pub(crate) const fn possible(self) -> &'static [bool] {
        match self {
            Self::Yes => &[true],
            Self::No => &[false],
            Self::Either => &[true, false],
        }
    }

    /// What is known when only `values` explain the observation.
    pub(crate) fn of(values: &BTreeSet<bool>) -> Self {
        match (values.contains(&true), values.contains(&false)) {
            (true, false) => Self::Yes,
            (false, true) => Self::No,
            _ => Self::Either,
        }
    }

    /// The knowledge after something that may have made it `value`.
    pub(crate) fn perhaps(self, value: bool) -> Self {
        let values = self.possible().iter().copied().chain([value]).collect();
        Self::of(&values)
    }
}

/// A user's session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) place: usize,
    pub(crate) user: usize,
    pub(crate) cookie: String,
    pub(crate) auth_time: u64,
    pub(crate) expires: u64,
    pub(crate) alive: Known,
}

/// A pending authorization request.
#[derive(Debug)]
pub(crate) struct Interaction {
    pub(crate) place: usize,
    pub(crate) asked: Asked,
    pub(crate) nonce: String,
    pub(crate) seed: String,
    pub(crate) expires: u64,
    /// Name and value of the cookie that binds it to its browser.
    pub(crate) cookie: (String, String),
    pub(crate) finished: Known,
    /// The resulting grant, if one was observed.
    pub(crate) grant: Option<usize>,
    /// The times at which an unobserved grant may have been created.
    pub(crate) unseen: Vec<u64>,
}

/// A page with a form, shown by a browser.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) browser: usize,
    pub(crate) interaction: usize,
    pub(crate) form: Form,
    /// The user that a consent page was shown to.
    pub(crate) shown_to: Option<usize>,
}

/// A form: its target and its one hidden field.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) field: &'static str,
    pub(crate) sealed: String,
}

/// A grant or a client credentials token, with everything issued for it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) place: usize,
    pub(crate) terms: Terms,
    /// The session of the user; none for client credentials.
    pub(crate) session: Option<usize>,
    /// Whether the session may be another: one whose creation was lost with a response, or of a concurrent submission.
    pub(crate) vague: bool,
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) seed: String,
    pub(crate) nonce: String,
    pub(crate) states: BTreeSet<State>,
    /// Refresh tokens by generation, and the generation the client holds.
    pub(crate) refresh: BTreeMap<u32, String>,
    pub(crate) held: u32,
    pub(crate) access: Vec<AccessToken>,
    pub(crate) id_token: Option<String>,
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) text: String,
    pub(crate) scope: u8,
    pub(crate) expires: u64,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn get(url: String) -> Self {
        Self { method: "GET", url, headers: vec![("accept", "text/html".into())], body: String::new() }
    }

    pub(crate) fn form(url: String, fields: &[(&str, &str)]) -> Self {
        let headers = vec![("content-type", "application/x-www-form-urlencoded".into())];
        Self { method: "POST", url, headers, body: encoded(fields) }
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The result of a request.
pub(crate) struct Answer {
    /// The response; `None` if the function crashed.
    pub(crate) response: Option<Response>,
    /// Whether one of its store calls failed.
    pub(crate) hit: bool,
}

/// Counters of what was played.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) answers: BTreeMap<String, usize>,
}

/// The world of one game.
pub(crate) struct World {
    pub(crate) laptop: Laptop,
    pub(crate) wire: Wire,
    pub(crate) jars: [BTreeMap<String, String>; BROWSERS],
    pub(crate) pages: Vec<Page>,
    pub(crate) interactions: Vec<Interaction>,
    pub(crate) sessions: Vec<Session>,
    /// Possibly remembered consents, by place, user and client.
    pub(crate) consents: BTreeMap<(usize, usize, usize), BTreeSet<Consent>>,
    pub(crate) grants: Vec<Grant>,
    /// The place and user of each `sub`, and the `sub` of a user for a client.
    pub(crate) subjects: BTreeMap<String, (usize, usize)>,
    pub(crate) subject_of: BTreeMap<(usize, usize, usize), String>,
    /// The session of each `sid`.
    pub(crate) sids: BTreeMap<String, usize>,
    pub(crate) tally: Tally,
    latest: u64,
}

impl World {
    pub(crate) async fn new(sabotage: Option<Sabotage>) -> Self {
        let laptop = Laptop::with(|file| workspace_file(&file)).await;
        let wire = Wire::new(Engine::new(laptop.database().clone()), sabotage);
        let mut world = Self {
            laptop,
            wire,
            jars: Default::default(),
            pages: Vec::new(),
            interactions: Vec::new(),
            sessions: Vec::new(),
            consents: BTreeMap::new(),
            grants: Vec::new(),
            subjects: BTreeMap::new(),
            subject_of: BTreeMap::new(),
            sids: BTreeMap::new(),
            tally: Tally::default(),
            latest: 0,
        };
        world.restart();
        world
    }

    /// Restarts all functions. The SDK counts its retries per region, so each restart uses a new one.
    pub(crate) fn restart(&mut self) {
        static STARTS: AtomicU64 = AtomicU64::new(0);
        let region = format!("model-{}", STARTS.fetch_add(1, Ordering::Relaxed));
        let settings = ConnectionSettings { region: region.clone(), ..local_settings() };
        self.laptop.start_over(Connection::through(SharedHttpClient::new(self.wire.clone()), settings), &region);
    }

    pub(crate) fn now(&self) -> u64 {
        self.laptop.clock.now().millis()
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.laptop.clock.advance_millis(millis);
        self.latest = self.latest.max(self.now());
    }

    /// Sets the clock back, but not to before what the store has already deleted.
    pub(crate) fn step_back(&mut self, seconds: u32) {
        let earliest = self.latest.saturating_sub(KEPT - 600_000);
        if self.now().saturating_sub(u64::from(seconds) * 1000) >= earliest {
            self.laptop.clock.step_back(seconds);
        }
    }

    /// Deletes expired items from the store, selected by the bits of `mask`.
    pub(crate) fn collect(&self, mask: u8) {
        let (table_name, database) = (local_settings().tables.flow, self.laptop.database());
        let scan = ScanRequest { table_name: table_name.clone(), ..ScanRequest::default() };
        let items = database.scan(scan).unwrap().items.unwrap_or_default();
        let chosen = items.into_iter().enumerate().filter(|(index, _)| mask & (1 << (index % 8)) != 0);
        for (_, item) in chosen {
            let item = serde_json::to_value(item).unwrap();
            let ends = item["ttl"]["N"].as_str().and_then(|ttl| ttl.parse::<u64>().ok());
            if ends.is_some_and(|ends| ends * 1000 < self.now()) {
                let key = serde_json::json!({"TableName": table_name, "Key": {"pk": item["pk"]}});
                let delete: DeleteItemRequest = serde_json::from_value(key).unwrap();
                database.delete_item(delete).unwrap();
            }
        }
    }

    /// Sends requests concurrently and waits for all of them.
    pub(crate) async fn send(&mut self, requests: &[Sent]) -> Result<Vec<Answer>, Violation> {
        let (laptop, wire) = (&self.laptop, &self.wire);
        let sent = requests.iter().map(|request| async move {
            let headers: Vec<(&str, &str)> =
                request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let work = laptop.send(request.method, &request.url, &headers, request.body.clone());
            let (response, hit) = wire.request(work).await;
            Answer { response, hit }
        });
        let answers = join_all(sent).await;
        for (request, answer) in requests.iter().zip(&answers) {
            self.tally.requests += 1;
            let path = request.url.split('?').next().unwrap_or_default().rsplit("/demo").next().unwrap_or_default();
            let status = answer.response.as_ref().map_or(0, |response| response.status().as_u16());
            *self.tally.answers.entry(format!("{path} {status}")).or_default() += 1;
            must(status != 500, || format!("{path}: 500"))?;
            must(status != 503 || answer.hit || request.url.contains("/oauth2/token"), || {
                format!("{path}: 503 without a fault")
            })?;
        }
        Ok(answers)
    }

    /// The faults injected, and the number of store calls.
    pub(crate) fn faults(&self) -> (BTreeMap<FaultKind, usize>, usize) {
        self.wire.faults()
    }
}

/// The URL of `path` below the issuer of `place`.
pub(crate) fn url(place: usize, path: &str) -> String {
    format!("http://localhost:9000/{}/demo{path}", TENANTS[place])
}

/// The name of the session cookie of `place`.
pub(crate) fn session_cookie(place: usize) -> String {
    format!("session.{}.demo", TENANTS[place])
}

/// Adds the credentials of `client`: a form field or a header.
pub(crate) fn credentials(request: Sent, client: usize, right: bool) -> Sent {
    let client = &CLIENTS[client];
    match client.secret {
        Some(secret) => request.with("authorization", basic(client.id, if right { secret } else { "wrong" })),
        None if right => request,
        None => request.with("authorization", basic(client.id, "a public client has none")),
    }
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}

/// Decodes the claims of a JWT without verifying its signature.
pub(crate) fn claims(jwt: &str) -> Option<serde_json::Value> {
    let payload = protocol::syntax::encoding::base64url_decoded(jwt.split('.').nth(1)?)?;
    serde_json::from_slice(&payload).ok()
}
