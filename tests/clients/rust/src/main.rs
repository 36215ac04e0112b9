//! Clients built with the crates `openidconnect` and `oauth2` as documented, run through scenarios.
//!
//! `ISSUER=… postern-client-tests CRATE SCENARIO`; see `../programs.mjs` for how the user is simulated.

mod oauth;
mod openid;

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use oauth2::{HttpRequest, HttpResponse};
use ureq::Agent;
use url::Url;

type Outcome = Result<(), Box<dyn Error>>;

/// A client as registered in the demo workspace.
#[derive(Clone, Copy)]
struct Registered {
    id: &'static str,
    secret: Option<&'static str>,
    redirect_uri: &'static str,
}

const PUBLIC: Registered =
    Registered { id: "demo-native", secret: None, redirect_uri: "http://127.0.0.1:51004/callback" };

const CONFIDENTIAL: Registered =
    Registered { id: "demo-web", secret: Some("demo-web-secret"), redirect_uri: "https://client.example/cb" };

/// A service without users; nothing redirects to it.
const SERVICE: Registered =
    Registered { id: "demo-service", secret: Some("demo-service-secret"), redirect_uri: "http://127.0.0.1/" };

const ORDERS: &str = "https://orders.example/api";

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let issuer = std::env::var("ISSUER")?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["openidconnect", "public"] => openid::logs_in(&issuer, PUBLIC),
        ["openidconnect", "confidential"] => openid::logs_in(&issuer, CONFIDENTIAL),
        ["openidconnect", "refused"] => openid::is_refused(&issuer),
        ["openidconnect", "revoked"] => openid::revokes(&issuer),
        ["openidconnect", "refreshed"] => openid::refreshes(&issuer),
        ["openidconnect", "service"] => openid::serves(&issuer),
        ["oauth2", "public"] => oauth::logs_in(&issuer, PUBLIC),
        ["oauth2", "confidential"] => oauth::logs_in(&issuer, CONFIDENTIAL),
        ["oauth2", "refused"] => oauth::is_refused(&issuer),
        ["oauth2", "revoked"] => oauth::revokes(&issuer),
        ["oauth2", "refreshed"] => oauth::refreshes(&issuer),
        ["oauth2", "service"] => oauth::serves(&issuer),
        _ => Err("usage: CRATE SCENARIO".into()),
    }
}

/// The redirect with which the user returned.
struct Callback(Url);

impl Callback {
    /// Sends the user to `url`, to `open` or `deny` it, and waits for the redirect back.
    fn of(wish: &str, url: &Url) -> Result<Self, Box<dyn Error>> {
        let mut out = std::io::stdout();
        writeln!(out, "{wish} {url}")?;
        out.flush()?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(Self(line.trim().parse()?))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The code, if the state is the one sent.
    fn code(&self, state: &oauth2::CsrfToken) -> Result<oauth2::AuthorizationCode, Box<dyn Error>> {
        ensure(self.parameter("state").as_deref() == Some(state.secret()), "another state")?;
        Ok(oauth2::AuthorizationCode::new(self.parameter("code").ok_or("no code")?))
    }
}

/// The HTTP transport of both crates: it follows no redirects and returns the response whatever its status.
///
/// The crates revoke over TLS only, which the local server does not speak, so `https` URLs of loopback are called
/// without TLS.
fn transport() -> impl Fn(HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    move |mut request| {
        let plain = request.uri().to_string().replacen("https://localhost:", "http://localhost:", 1);
        *request.uri_mut() = plain.parse().map_err(|_| ureq::Error::BadUri(plain))?;
        let (parts, mut body) = agent.run(request)?.into_parts();
        Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
    }
}

/// The status of a request to `url` with this token.
fn status(url: &str, token: &oauth2::AccessToken) -> Result<u16, Box<dyn Error>> {
    let mut request = HttpRequest::new(Vec::new());
    *request.uri_mut() = url.parse()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", token.secret()).parse()?);
    Ok(transport()(request)?.status().as_u16())
}

fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
