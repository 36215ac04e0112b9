//! Fixtures: prepared requests, and checks of their responses.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use postern::dev::engine::local_settings;
use store::{Connection, ConnectionSettings};
use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect;
use tests::laptop::encoded;
use tests::{Browser, Laptop, Operation, Pkce};
use web::{Deadline, Response};

pub(crate) const NATIVE: &str = "http://127.0.0.1:51004/callback";
pub(crate) const SPA: &str = "http://localhost:9000/demo/callback";

/// Names of internal causes that must never appear in a response.
const CAUSES: [&str; 9] =
    ["ynamo", "injected", "Throttl", "AccessDenied", "postern-", "default/demo#", "connection", "reset", "readable"];

/// A request whose prerequisites have been met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Authorize with a session, for a client that needs no consent.
    SingleSignOn,
    /// Authorize with a session and remembered consent.
    Remembered,
    /// Authorize without a session.
    Arrive,
    /// The login form, followed by consent.
    SignIn,
    /// The login form of a client that needs no consent.
    SignInAtOnce,
    /// The consent form: allow.
    Allow,
    /// The consent form: deny.
    Deny,
    /// The code exchange.
    Exchange,
    /// Revocation of an access token.
    Revoke,
    /// Userinfo.
    Userinfo,
    /// A logout requested by a client with an ID token of the session as hint.
    LogOut,
    /// The discovery document.
    Discovery,
    /// The JWKS.
    Jwks,
}

pub(crate) const STEPS: [Step; 13] = [
    Step::SingleSignOn,
    Step::Remembered,
    Step::Arrive,
    Step::SignIn,
    Step::SignInAtOnce,
    Step::Allow,
    Step::Deny,
    Step::Exchange,
    Step::Revoke,
    Step::Userinfo,
    Step::LogOut,
    Step::Discovery,
    Step::Jwks,
];

/// A request that can be sent repeatedly.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// The code, if the step has one.
    pub(crate) code: String,
    /// The access token, if the step has one.
    pub(crate) token: String,
}

impl Ready {
    fn get(url: String) -> Self {
        let (headers, body, code, token) = (Vec::new(), String::new(), String::new(), String::new());
        Self { method: "GET", url, headers, body, code, token }
    }

    fn post(url: String, body: String) -> Self {
        let headers = vec![("content-type", "application/x-www-form-urlencoded".into())];
        Self { method: "POST", headers, body, ..Self::get(url) }
    }

    fn by(mut self, browser: &Browser<'_>) -> Self {
        let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.headers.push(("cookie", cookies.join("; ")));
        self.headers.push(("accept", "text/html".into()));
        self
    }

    /// Sends the request.
    pub(crate) async fn send(&self, laptop: &Laptop) -> Response {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        laptop.send(self.method, &self.url, &headers, self.body.clone()).await
    }

    /// Sends the request in an invocation that ends at `deadline`.
    pub(crate) async fn send_by(&self, laptop: &Laptop, deadline: Deadline) -> Response {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        laptop.send_by(self.method, &self.url, (&headers, self.body.clone()), deadline).await
    }

    /// The key of the grant that the code belongs to.
    pub(crate) fn grant(&self) -> String {
        format!("grant#default/demo#{}", self.code.split('.').nth(1).unwrap())
    }
}

impl Step {
    /// Performs all previous steps and prepares the request.
    pub(crate) async fn ready(self, laptop: &Laptop) -> Ready {
        let (pkce, mut browser) = (Pkce::new("faults"), Browser::new(laptop));
        let authorize = |parameters: &[(&str, &str)]| {
            Ready::get(format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(parameters)))
        };
        let (trusted, spa) = (request("demo-trusted", NATIVE, &pkce), request("demo-spa", SPA, &pkce));
        match self {
            Self::Arrive => authorize(&spa).by(&browser),
            Self::SingleSignOn => {
                browser.log_in(&trusted).await;
                authorize(&trusted).by(&browser)
            }
            Self::Remembered => {
                browser.log_in(&spa).await;
                authorize(&spa).by(&browser)
            }
            Self::SignIn | Self::SignInAtOnce => {
                // A scope that no earlier step has consented to.
                let more = changed(&spa, "scope", Some("openid phone offers.read"));
                let page = browser.authorize(if self == Self::SignIn { &more } else { &trusted }).await;
                filled(&page, &[("username", "alice"), ("password", "alice")]).by(&browser)
            }
            Self::Allow | Self::Deny => {
                let page = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
                let page = browser.sign_in(&page, "alice", "alice").await;
                let decision = if self == Self::Allow { "allow" } else { "deny" };
                filled(&page, &[("decision", decision)]).by(&browser)
            }
            Self::Exchange => coded(laptop, &mut browser, &pkce).await,
            Self::Revoke | Self::Userinfo => Box::pin(self.bearing(laptop, &mut browser, &pkce)).await,
            Self::LogOut => Box::pin(hinting(laptop, &mut browser, &pkce)).await,
            Self::Discovery => Ready::get(laptop.demo_url("/.well-known/openid-configuration")),
            Self::Jwks => Ready::get(laptop.demo_url("/.well-known/jwks.json")),
        }
    }

    async fn bearing(self, laptop: &Laptop, browser: &mut Browser<'_>, pkce: &Pkce) -> Ready {
        let exchanged = coded(laptop, browser, pkce).await;
        let token = json(&exchanged.send(laptop).await)["access_token"].as_str().unwrap().to_owned();
        let ready = if self == Self::Revoke {
            let fields = encoded(&[("token", &token), ("client_id", "demo-trusted")]);
            Ready::post(laptop.demo_url("/oauth2/revoke"), fields)
        } else {
            let mut ready = Ready::get(laptop.demo_url("/userinfo"));
            ready.headers.push(("authorization", format!("Bearer {token}")));
            ready
        };
        Ready { code: exchanged.code, token, ..ready }
    }

    /// Whether the response is the regular successful one.
    pub(crate) fn succeeded(self, answer: &Response) -> bool {
        let status = answer.status().as_u16();
        let to = |path: &str| location(answer).is_some_and(|url| url.contains(path));
        match self {
            Self::SingleSignOn | Self::Remembered | Self::Allow | Self::SignInAtOnce => {
                status == 303 && answered(answer, "code").is_some()
            }
            Self::Deny => status == 303 && answered(answer, "error").as_deref() == Some("access_denied"),
            Self::Arrive => status == 303 && to("/default/demo/login?"),
            Self::SignIn => {
                status == 303 && to("/default/demo/login/consent?") && answer.headers().contains_key("set-cookie")
            }
            Self::Exchange => status == 200 && json(answer)["access_token"].is_string(),
            Self::Userinfo => status == 200 && json(answer)["sub"].is_string(),
            Self::Revoke => status == 200,
            Self::LogOut => status == 200 && body(answer).contains("You are signed out"),
            Self::Discovery => status == 200 && json(answer)["issuer"].is_string(),
            Self::Jwks => status == 200 && json(answer)["keys"].is_array(),
        }
    }

    /// Whether the effect of the step may happen only once.
    pub(crate) const fn happens_once(self) -> bool {
        matches!(self, Self::SignInAtOnce | Self::Allow | Self::Deny | Self::Exchange)
    }

    /// Whether `call` is the write that commits the step.
    pub(crate) fn commits(self, call: &Operation) -> bool {
        self.happens_once() && call.is_write() && call.kind == "grant"
    }

    const fn is_front(self) -> bool {
        matches!(
            self,
            Self::SingleSignOn
                | Self::Remembered
                | Self::Arrive
                | Self::SignIn
                | Self::SignInAtOnce
                | Self::Allow
                | Self::Deny
                | Self::LogOut
        )
    }

    /// Asserts that the response reports an infrastructure fault, is not a protocol error, and reveals no cause
    /// (invariant 6).
    pub(crate) fn unavailable(self, laptop: &Laptop, answer: &Response, case: &str) {
        if !self.is_front() {
            expect::refused(answer, 503, "temporarily_unavailable", case);
        } else if location(answer).is_some() {
            let client = if matches!(self, Self::Remembered | Self::Arrive | Self::SignIn) { SPA } else { NATIVE };
            expect::redirected(laptop, answer, client, "temporarily_unavailable", case);
            assert_eq!(answered(answer, "state").as_deref(), Some("state-1"), "{case}");
        } else {
            expect::page(answer, 503, case);
            assert!(answer.headers().contains_key("retry-after"), "{case}");
        }
        let all = format!("{:?} {}", answer.headers(), body(answer));
        for cause in CAUSES {
            assert!(!all.contains(cause), "{case}: {cause} is in {all}");
        }
    }

    /// Asserts that the response is that of a repeated step: a used code is refused, and a form gets the same response
    /// again, because a browser that still has the cookie never received the first one.
    pub(crate) fn over(self, answer: &Response, case: &str) {
        if self == Self::Exchange {
            expect::refused(answer, 400, "invalid_grant", case);
        } else {
            assert!(self.succeeded(answer), "{case}: {} {}", answer.status(), body(answer));
        }
    }
}

fn filled(page: &Response, more: &[(&str, &str)]) -> Ready {
    let form = form(page);
    let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = hidden.chain(more.iter().copied()).collect();
    let mut ready = Ready::post(form.action.clone(), encoded(&fields));
    ready.headers.push(("sec-fetch-site", "same-origin".into()));
    ready
}

/// A logout with an ID token of the session as hint.
async fn hinting(laptop: &Laptop, browser: &mut Browser<'_>, pkce: &Pkce) -> Ready {
    let tokens = json(&coded(laptop, browser, pkce).await.send(laptop).await);
    let hint = encoded(&[("id_token_hint", tokens["id_token"].as_str().unwrap())]);
    Ready::get(format!("{}?{hint}", laptop.demo_url("/oidc/logout"))).by(browser)
}

async fn coded(laptop: &Laptop, browser: &mut Browser<'_>, pkce: &Pkce) -> Ready {
    let redirected = browser.log_in(&request("demo-trusted", NATIVE, pkce)).await;
    let code = answered(&redirected, "code").unwrap();
    let fields = encoded(&exchange("demo-trusted", NATIVE, &code, &pkce.verifier));
    Ready { code, ..Ready::post(laptop.demo_url("/oauth2/token"), fields) }
}

/// Returns the status of userinfo for `token`.
pub(crate) async fn userinfo(laptop: &Laptop, token: &str) -> u16 {
    laptop.userinfo(token).await.status().as_u16()
}

/// Restarts all functions as in fresh execution environments: with empty caches, and with the SDK's full retry quota,
/// which it counts per region.
pub(crate) fn cold(laptop: &mut Laptop) {
    through(laptop, SharedHttpClient::new(laptop.wire.clone()));
}

/// Restarts all functions over `http`.
pub(crate) fn through(laptop: &mut Laptop, http: SharedHttpClient) {
    static STARTS: AtomicU64 = AtomicU64::new(0);
    let region = format!("test-{}", STARTS.fetch_add(1, Ordering::Relaxed));
    let connection = Connection::through(http, ConnectionSettings { region: region.clone(), ..local_settings() });
    laptop.start_over(connection, &region);
}
