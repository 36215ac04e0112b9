//! An OpenID provider on loopback. It says what a test wants it to say.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
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

/// A provider. It serves until the test ends.
pub struct Provider {
    /// Its issuer.
    pub issuer: String,
    says: Arc<Mutex<Says>>,
}

/// What the provider says.
struct Says {
    key: ClientKey,
    metadata: Value,
    id_token: Value,
    userinfo: Value,
    exchanges: usize,
}

/// A login at the provider that the browser has not come back from.
pub struct Away {
    asked: Parameters,
}

impl Away {
    /// The parameter `name` of the authorization request to the provider.
    #[must_use]
    pub fn asked(&self, name: &'static str) -> Option<&str> {
        self.asked.one(name).unwrap()
    }
}

impl Provider {
    /// A provider whose only user is `user-1`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
        });
        let key = ClientKey::new(Algorithm::ES256);
        let says = Says { key, metadata, id_token: json!({}), userinfo: json!({"sub": "user-1"}), exchanges: 0 };
        let says = Arc::new(Mutex::new(says));
        let answering = Arc::clone(&says);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let says = Arc::clone(&answering);
                let service = service_fn(move |request| {
                    let answer = says.lock().unwrap().answer(request.uri().path());
                    async { Ok::<_, Infallible>(answer) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { issuer, says }
    }

    /// The workspace file `file`; in the demo's, this provider is `partner`, with `settings`.
    #[must_use]
    pub fn registered(&self, file: &str, settings: &str) -> String {
        file.replace("issuer = \"{public_url}/default/partner\"", &format!("issuer = \"{}\"", self.issuer))
            .replace("verified_email_domains = [\"partner.example\"]", settings)
    }

    /// Changes its metadata.
    pub fn publishes(&self, change: &Value) {
        change_members(&mut self.says.lock().unwrap().metadata, change);
    }

    /// Changes its key, which keeps its `kid`.
    pub fn signs_with(&self, key: ClientKey) {
        self.says.lock().unwrap().key = key;
    }

    /// How often a code was exchanged since the last time that this was asked.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        std::mem::take(&mut self.says.lock().unwrap().exchanges)
    }

    /// Goes to the provider with an authorization request for a client of `laptop`.
    pub async fn leave(&self, browser: &mut Browser<'_>, parameters: &[(&str, &str)]) -> Away {
        let login = browser.authorize(parameters).await;
        let response = press(browser, &login).await;
        self.followed(&response)
    }

    /// The login that a redirect to the provider begins.
    #[must_use]
    pub fn followed(&self, response: &Response) -> Away {
        let location = location(response).unwrap_or_else(|| panic!("{} {}", response.status(), body(response)));
        assert!(location.starts_with(&self.issuer), "{location}");
        Away { asked: Parameters::parse(location.split_once('?').unwrap().1.as_bytes()).unwrap() }
    }

    /// Comes back from the provider, which says `id_token`, beside what every ID token has, and `userinfo` of its user. A
    /// null leaves a claim out of the ID token.
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

    /// What the provider says from now on, for `away`: an ID token and userinfo, as [`Provider::come_back`] has them.
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

    /// Goes to the provider and comes back.
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

/// Presses the provider's button on the login page.
pub async fn press(browser: &mut Browser<'_>, login: &Response) -> Response {
    let html = body(login);
    let link = html.split('"').find(|part| part.contains("/login/upstream/partner?interaction="));
    browser.get(link.unwrap_or_else(|| panic!("no button: {} {html}", login.status()))).await
}

impl Says {
    fn answer(&mut self, path: &str) -> http::Response<Full<Bytes>> {
        let said = match path {
            "/.well-known/openid-configuration" => self.metadata.clone(),
            "/jwks" => json!({"keys": [self.key.jwk("k1")]}),
            "/token" => {
                self.exchanges += 1;
                let id_token = Assertion { header: json!({"kid": "k1"}), claims: self.id_token.clone() };
                json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token.signed(&self.key)})
            }
            "/userinfo" => self.userinfo.clone(),
            other => panic!("nobody asks a provider for {other}"),
        };
        let response = http::Response::builder().header("content-type", "application/json");
        response.body(Full::from(said.to_string())).unwrap()
    }
}

/// Sets members of `object`; a null removes one.
fn change_members(object: &mut Value, change: &Value) {
    let members = object.as_object_mut().unwrap();
    members.extend(change.as_object().unwrap().clone());
    members.retain(|name, value| !value.is_null() || change.get(name).is_none());
}
