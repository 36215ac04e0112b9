//! A stub of a client's server on loopback that receives logout notifications.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use protocol::syntax::parameters::Parameters;
use tokio::net::TcpListener;

/// A request that the client's server received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The request line: method and path.
    pub line: String,
    /// The `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Received {
    /// Returns the logout token in the body.
    #[must_use]
    pub fn logout_token(&self) -> String {
        let form = Parameters::parse(self.body.as_bytes()).unwrap();
        form.one("logout_token").unwrap().unwrap().to_owned()
    }
}

/// A client's server.
pub struct Receiver {
    /// The URL that receives notifications.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Starts a server that responds with 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/backchannel-logout", listener.local_addr().unwrap());
        let made = Self { url, received: Arc::default(), answers: Arc::default() };
        let (received, answers) = (Arc::clone(&made.received), Arc::clone(&made.answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (received, answers) = (Arc::clone(&received), Arc::clone(&answers));
                let service = service_fn(move |request| answer(request, Arc::clone(&received), Arc::clone(&answers)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        made
    }

    /// Adds to the demo's workspace file a client `told` that is notified at this server.
    #[must_use]
    pub fn registered(&self, file: String) -> String {
        if !file.contains("workspace = \"demo\"") {
            return file;
        }
        let told = format!(
            "\n[[clients]]\nclient_id = \"told\"\nclient_name = \"Told\"\napplication_type = \"native\"\n\
             token_endpoint_auth_method = \"none\"\ntrusted = true\nredirect_uris = [\"http://127.0.0.1/callback\"]\n\
             post_logout_redirect_uris = [\"https://app.example/bye\"]\nbackchannel_logout_uri = \"{}\"\n\
             scope = \"openid\"\n",
            self.url
        );
        file + &told
    }

    /// Responds with these statuses in turn, and with 200 afterwards.
    pub fn answers(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap() = statuses.iter().copied().collect();
    }

    /// Returns the requests received since the last call of this function.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

async fn answer(
    request: http::Request<hyper::body::Incoming>,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri());
    let content_type = request.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    received.lock().unwrap().push(Received { line, content_type, body });
    let status = answers.lock().unwrap().pop_front().unwrap_or(200);
    let location = (300..400).contains(&status).then_some("/elsewhere");
    let response = http::Response::builder().status(status).header("location", location.unwrap_or_default());
    Ok(response.body(Full::default()).unwrap())
}
