//! A stub OpenID provider on loopback.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use protocol::jose::jwk::Algorithm;
use protocol::syntax::parameters::Parameters;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web::Response;

use crate::assertion::{Assertion, ClientKey};
use crate::browser::{Browser, body, location};
use crate::laptop::Laptop;

/// The access token that it issues.
pub const ACCESS_TOKEN: &str = "upstream-access-token";

/// A provider that serves until the test ends.
pub struct Provider {
    /// The issuer.
    pub issuer: String,
    says: Arc<Mutex<Says>>,
}

/// The responses that the provider will give.
struct Says {
    key: ClientKey,
    kid: &'static str,
    /// What its key is published with beside the usual members.
    jwk: Value,
    metadata: Value,
    id_token: Value,
    userinfo: Value,
    userinfo_as: Userinfo,
    exchanges: usize,
    /// The last request to the token endpoint.
    exchange: Option<Exchange>,
    /// What the token endpoint answers instead of tokens.
    refusal: Option<(u16, Value)>,
    jwks_read: usize,
    /// The path at which answers do not come.
    stalled: Option<&'static str>,
    /// What is answered at a path instead of what an OpenID provider says there.
    answers: BTreeMap<&'static str, (u16, Value)>,
    /// The `Authorization` headers with which those paths were asked.
    asked: Vec<(String, Option<String>)>,
}

/// How userinfo is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Userinfo {
    /// As JSON.
    Plain,
    /// As a signed JWT.
    Signed,
    /// With this status.
    Refused(u16),
}

/// A request to the token endpoint.
pub struct Exchange {
    /// Its `Authorization` header.
    pub authorization: Option<String>,
    /// Its form.
    pub form: Parameters,
}

/// A login at the provider from which the browser has not returned yet.
pub struct Away {
    asked: Parameters,
}

impl Away {
    /// Returns the parameter `name` of the authorization request to the provider.
    #[must_use]
    pub fn asked(&self, name: &'static str) -> Option<&str> {
        self.asked.one(name).unwrap()
    }
}

impl Provider {
    /// Starts a provider whose only user is `user-1`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
        });
        let key = ClientKey::new(Algorithm::ES256);
        let says = Says {
            key,
            kid: "k1",
            jwk: json!({}),
            metadata,
            id_token: json!({}),
            userinfo: json!({"sub": "user-1"}),
            userinfo_as: Userinfo::Plain,
            exchanges: 0,
            exchange: None,
            refusal: None,
            jwks_read: 0,
            stalled: None,
            answers: BTreeMap::new(),
            asked: Vec::new(),
        };
        let says = Arc::new(Mutex::new(says));
        let answering = Arc::clone(&says);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let says = Arc::clone(&answering);
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let says = Arc::clone(&says);
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        let (answer, stalled) = {
                            let mut says = says.lock().unwrap();
                            (says.answer(&head, &body), says.stalled == Some(head.uri.path()))
                        };
                        if stalled {
                            std::future::pending::<()>().await;
                        }
                        Ok::<_, Infallible>(answer)
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { issuer, says }
    }

    /// Returns the workspace file with this provider as `partner` of the demo, configured with `settings`.
    #[must_use]
    pub fn registered(&self, file: &str, settings: &str) -> String {
        Self::registered_as(&self.issuer, file, settings)
    }

    /// The same with another issuer.
    #[must_use]
    pub fn registered_as(issuer: &str, file: &str, settings: &str) -> String {
        file.replace("issuer = \"{public_url}/default/partner\"", &format!("issuer = \"{issuer}\""))
            .replace("verified_email_domains = [\"partner.example\"]", settings)
    }

    /// How it answers at userinfo from now on.
    pub fn tells(&self, userinfo: Userinfo) {
        self.says.lock().unwrap().userinfo_as = userinfo;
    }

    /// What its token endpoint answers from now on instead of tokens.
    pub fn refuses(&self, status: u16, body: &Value) {
        self.says.lock().unwrap().refusal = Some((status, body.clone()));
    }

    /// What it answers at `path` from now on.
    pub fn answers(&self, path: &'static str, (status, body): (u16, &Value)) {
        self.says.lock().unwrap().answers.insert(path, (status, body.clone()));
    }

    /// Whether it does what is asked at `path` from now on, and does not answer.
    pub fn stalls(&self, path: Option<&'static str>) {
        self.says.lock().unwrap().stalled = path;
    }

    /// The `Authorization` header of each request to a path of [`Provider::answers`] since this was asked.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.says.lock().unwrap().asked)
    }

    /// The last request to its token endpoint.
    #[must_use]
    pub fn last_exchange(&self) -> Exchange {
        self.says.lock().unwrap().exchange.take().unwrap()
    }

    /// How often its keys were read since the last time that this was asked.
    #[must_use]
    pub fn keys_read(&self) -> usize {
        std::mem::take(&mut self.says.lock().unwrap().jwks_read)
    }

    /// Changes its key and the name of it.
    pub fn rotates(&self, key: ClientKey, kid: &'static str) {
        let mut says = self.says.lock().unwrap();
        (says.key, says.kid) = (key, kid);
    }

    /// Publishes its key with these members beside the usual ones.
    pub fn publishes_key_with(&self, members: Value) {
        self.says.lock().unwrap().jwk = members;
    }

    /// Merges `change` into the provider's metadata.
    pub fn publishes(&self, change: &Value) {
        change_members(&mut self.says.lock().unwrap().metadata, change);
    }

    /// Changes its key, which keeps its `kid`.
    pub fn signs_with(&self, key: ClientKey) {
        self.says.lock().unwrap().key = key;
    }

    /// Returns how many codes were exchanged since the last call of this function.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        std::mem::take(&mut self.says.lock().unwrap().exchanges)
    }

    /// Sends an authorization request and goes to the provider.
    pub async fn leave(&self, browser: &mut Browser<'_>, parameters: &[(&str, &str)]) -> Away {
        let login = browser.authorize(parameters).await;
        let response = press(browser, &login).await;
        self.followed(&response)
    }

    /// Parses the authorization request in a redirect to the provider.
    #[must_use]
    pub fn followed(&self, response: &Response) -> Away {
        let location = location(response).unwrap_or_else(|| panic!("{} {}", response.status(), body(response)));
        assert!(location.starts_with(&self.issuer), "{location}");
        Away { asked: Parameters::parse(location.split_once('?').unwrap().1.as_bytes()).unwrap() }
    }

    /// Returns from the provider, whose ID token has the claims `id_token` in addition to the standard ones, and whose
    /// userinfo response is `userinfo`. A null removes a claim from the ID token.
    pub async fn come_back(
        &self,
        (laptop, browser): (&Laptop, &mut Browser<'_>),
        away: &Away,
        said: (&Value, &Value),
    ) -> Response {
        self.will_say(laptop, away, said);
        let state = away.asked("state").unwrap();
        let response = browser.get(&laptop.demo_url(&format!("/callback/partner?code=c&state={state}"))).await;
        browser.follow(response).await
    }

    /// Sets the responses for `away`: ID token and userinfo as in [`Provider::come_back`].
    pub fn will_say(&self, laptop: &Laptop, away: &Away, (id_token, userinfo): (&Value, &Value)) {
        let now = laptop.clock_seconds();
        let mut claims = json!({
            "iss": self.issuer, "sub": "user-1", "aud": "demo", "iat": now, "exp": now + 60,
            "nonce": away.asked("nonce").unwrap(),
        });
        change_members(&mut claims, id_token);
        let mut of_user = json!({"sub": "user-1"});
        of_user.as_object_mut().unwrap().extend(userinfo.as_object().unwrap().clone());
        let mut says = self.says.lock().unwrap();
        (says.id_token, says.userinfo) = (claims, of_user);
    }

    /// Goes to the provider and returns.
    pub async fn log_in(
        &self,
        (laptop, browser): (&Laptop, &mut Browser<'_>),
        parameters: &[(&str, &str)],
        said: (&Value, &Value),
    ) -> Response {
        let away = self.leave(browser, parameters).await;
        self.come_back((laptop, browser), &away, said).await
    }
}

/// The demo without its sandbox, so that the provider is the only source.
#[must_use]
pub fn without_sandbox(text: &str) -> String {
    let Some((before, rest)) = text.split_once("[sandbox]") else { return text.into() };
    let Some((_, after)) = rest.split_once("# Another OpenID provider") else { return text.into() };
    format!("{before}# Another OpenID provider{after}")
}

/// Follows the link to the provider on the login page.
pub async fn press(browser: &mut Browser<'_>, login: &Response) -> Response {
    let html = body(login);
    let link = html.split('"').find(|part| part.contains("/login/upstream/partner?interaction="));
    browser.get(link.unwrap_or_else(|| panic!("no button: {} {html}", login.status()))).await
}

impl Says {
    fn answer(&mut self, head: &http::request::Parts, body: &[u8]) -> http::Response<Full<Bytes>> {
        let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        if let Some((status, said)) = self.answers.get(head.uri.path()).cloned() {
            self.asked.push((head.uri.path().to_owned(), authorization.clone()));
            // GitHub forbids requests without a user agent, and answers others with a form unless they ask for JSON.
            let field = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if field("user-agent").is_empty() || !field("accept").contains("application/json") {
                return response(403, "text/plain", "Request forbidden by administrative rules".to_owned());
            }
            if head.uri.path() == "/token" {
                self.exchanges += 1;
                self.exchange = Some(Exchange { authorization, form: Parameters::parse(body).unwrap() });
            }
            return response(status, "application/json; charset=utf-8", said.to_string());
        }
        let said = match head.uri.path() {
            path if path.ends_with("/.well-known/openid-configuration") => self.metadata.clone(),
            "/jwks" => {
                self.jwks_read += 1;
                let mut jwk = self.key.jwk(self.kid);
                change_members(&mut jwk, &self.jwk);
                json!({"keys": [jwk]})
            }
            "/token" => {
                self.exchanges += 1;
                self.exchange = Some(Exchange { authorization, form: Parameters::parse(body).unwrap() });
                if let Some((status, body)) = &self.refusal {
                    return response(*status, "application/json", body.to_string());
                }
                json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": self.signed(&self.id_token)})
            }
            "/userinfo" => match self.userinfo_as {
                Userinfo::Plain => self.userinfo.clone(),
                Userinfo::Signed => return response(200, "application/jwt", self.signed(&self.userinfo)),
                Userinfo::Refused(status) => return response(status, "text/html", String::new()),
            },
            other => panic!("unexpected request to the provider: {other}"),
        };
        response(200, "application/json", said.to_string())
    }

    fn signed(&self, claims: &Value) -> String {
        Assertion { header: json!({"kid": self.kid}), claims: claims.clone() }.signed(&self.key)
    }
}

fn response(status: u16, kind: &str, body: String) -> http::Response<Full<Bytes>> {
    http::Response::builder().status(status).header("content-type", kind).body(Full::from(body)).unwrap()
}

/// Merges `change` into `object`; null removes a member.
fn change_members(object: &mut Value, change: &Value) {
    let members = object.as_object_mut().unwrap();
    members.extend(change.as_object().unwrap().clone());
    members.retain(|name, value| !value.is_null() || change.get(name).is_none());
}
