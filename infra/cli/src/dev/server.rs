//! The local HTTP server: HTTP/1.1, on loopback only.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use protocol::syntax::encoding::base64url;
use signing::Entropy;
use signing::entropy::random;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use web::request::MAX_BODY_BYTES;
use web::route::{self, CrossOrigin};
use web::{Deadline, Request, json};

use crate::dev::app::App;
use crate::dev::engine::Engine;
use crate::dev::host::{HostNames, sole_authority};

/// The limits of a server (catalogue row SEC-DOS-11).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time limit for a client to send its headers, and for idle connections.
    headers: Duration,
    /// The time limit for sending the body.
    body: Duration,
    /// The maximum number of connections. Others wait to be accepted.
    connections: usize,
}

impl Limits {
    /// The limits of a laptop: enough for every browser, tool and benchmark, and below the number of files that a
    /// process may open.
    pub const LAPTOP: Self = Self { headers: Duration::from_secs(10), body: Duration::from_secs(10), connections: 256 };
}

/// The maximum size of a request to the engine: the limit of DynamoDB.
const MAX_STORE_CALL_BYTES: usize = 16 * 1024 * 1024;

/// The response to a request for a foreign host name.
const OTHER_NAME: &str = "reach this server as localhost, or start it with --public-url and the URL that you use";

/// How long requests in progress may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Why the server cannot listen, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Another process listens on the port.
    #[error("port {0} is in use. Stop the program that uses it, or choose another port with --port.")]
    InUse(u16),
    /// Any other failure.
    #[error("cannot listen on port {0}: {1}")]
    Other(u16, std::io::Error),
}

/// The sockets of a server: `127.0.0.1`, and `::1` where the machine has it, because browsers try both for localhost.
pub struct Listeners {
    four: TcpListener,
    six: Option<TcpListener>,
    port: u16,
}

impl Listeners {
    /// Listens on `port`, or on a free one if it is 0.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    pub async fn bind(port: u16) -> Result<Self, ListenError> {
        let explain = |error: std::io::Error| {
            if error.kind() == ErrorKind::AddrInUse {
                ListenError::InUse(port)
            } else {
                ListenError::Other(port, error)
            }
        };
        let four = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(explain)?;
        let port = four.local_addr().map_err(explain)?.port();
        let six = match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(ListenError::InUse(port)),
            Err(_) => None,
        };
        Ok(Self { four, six, port })
    }

    /// The listening port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    async fn accept(&self) -> std::io::Result<TcpStream> {
        let (stream, _) = match &self.six {
            None => self.four.accept().await?,
            Some(six) => tokio::select! {
                accepted = self.four.accept() => accepted?,
                accepted = six.accept() => accepted?,
            },
        };
        Ok(stream)
    }
}

/// Serves connections with `service` until `stop` resolves, then lets requests in progress finish. Must run inside a
/// `LocalSet`.
async fn accept<S>(listeners: Listeners, limits: Limits, service: S, stop: impl Future<Output = ()>)
where
    S: Service<http::Request<Incoming>, Response = http::Response<Full<Bytes>>, Error = hyper::Error> + Clone + 'static,
{
    let graceful = GracefulShutdown::new();
    let free = Arc::new(Semaphore::new(limits.connections));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = next(&listeners, &free) => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, place)) = accepted else {
            // Most likely out of file descriptors: wait until some connections have closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Only an optimization for small responses, so a failure does not matter.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::task::spawn_local(async move {
            // The client closed the connection early; there is nothing to do.
            let _ = connection.await;
            drop(place);
        });
    }
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, graceful.shutdown()).await;
}

/// Accepts the next connection once a slot is free.
async fn next(listeners: &Listeners, free: &Arc<Semaphore>) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(free).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((listeners.accept().await?, place))
}

/// Serves `app` until `stop` resolves. Must run inside a `LocalSet`.
pub async fn serve(app: Rc<App>, listeners: Listeners, entropy: &'static dyn Entropy, stop: impl Future<Output = ()>) {
    let limits = Limits::LAPTOP;
    let service = service_fn(move |request| answer(Rc::clone(&app), request, entropy));
    accept(listeners, limits, service, stop).await;
}

/// Serves connections with `service` until `stop` resolves. Must run inside a `LocalSet`.
pub async fn serve_with<S>(listeners: Listeners, service: S, stop: impl Future<Output = ()>)
where
    S: Service<http::Request<Incoming>, Response = http::Response<Full<Bytes>>, Error = hyper::Error> + Clone + 'static,
{
    accept(listeners, Limits::LAPTOP, service, stop).await;
}

/// Serves the engine to DynamoDB tools until `stop` resolves. Must run inside a `LocalSet`.
pub async fn serve_engine(engine: Engine, listeners: Listeners, stop: impl Future<Output = ()>) {
    accept(listeners, Limits::LAPTOP, service_fn(move |request| call(engine.clone(), request)), stop).await;
}

/// A request body, as far as it has been read.
enum Body {
    /// All of it.
    Whole(Bytes),
    /// It exceeds every limit.
    TooLarge,
    /// The client took too long.
    Late,
}

/// Reads a body of at most `max` bytes.
async fn read(body: Incoming, max: usize, limits: Limits) -> Result<Body, hyper::Error> {
    match tokio::time::timeout(limits.body, Limited::new(body, max).collect()).await {
        Err(_late) => Ok(Body::Late),
        Ok(Ok(body)) => Ok(Body::Whole(body.to_bytes())),
        Ok(Err(error)) => error.downcast::<hyper::Error>().map_or(Ok(Body::TooLarge), |broken| Err(*broken)),
    }
}

/// Responds to a DynamoDB tool. Requests from browsers are refused: no web site may read the tables of its visitors.
async fn call(engine: Engine, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let from_browser = parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site");
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let (status, body) = if from_browser {
        (403, b"{\"message\":\"this port is not for browsers\"}".to_vec())
    } else if HostNames::LOOPBACK.include(&parts) {
        match read(body, MAX_STORE_CALL_BYTES, Limits::LAPTOP).await? {
            Body::Whole(body) => engine.respond(target, &body),
            Body::TooLarge => engine.respond(target, &[]),
            Body::Late => (408, b"{\"message\":\"the request took too long to arrive\"}".to_vec()),
        }
    } else {
        (421, b"{\"message\":\"call this port localhost, 127.0.0.1 or [::1]\"}".to_vec())
    };
    let mut response = http::Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
    let json = http::HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

async fn answer(
    app: Rc<App>,
    request: http::Request<Incoming>,
    entropy: &dyn Entropy,
) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let is_called_right = app.names().include(&parts);
    let other = if is_called_right { None } else { sole_authority(&parts) };
    let (body, is_late) = match read(body, MAX_BODY_BYTES, Limits::LAPTOP).await? {
        Body::Whole(body) => (body, false),
        // Substitute a body that every function refuses for its size.
        Body::TooLarge => (Bytes::from(vec![0; MAX_BODY_BYTES + 1]), false),
        Body::Late => (Bytes::new(), true),
    };
    let request = Request {
        method: parts.method,
        domain: other.and_then(|other| app.domain(other.as_str())),
        path: parts.uri.path().into(),
        query: parts.uri.query().unwrap_or_default().into(),
        headers: parts.headers,
        body,
        address: String::new(),
        trace_id: random::<12>(entropy).map(|id| base64url(&id)).unwrap_or_default(),
        deadline: Deadline::NONE,
    };
    let mut response = if is_late {
        json::error(&request, 408, "invalid_request", "the request took too long to arrive")
    } else if is_called_right || is_public(&request.path) || app.has_domain(&request).await {
        app.handle(&request).await
    } else {
        json::error(&request, 421, "invalid_request", OTHER_NAME)
    };
    if !app.is_secure() {
        // The header must not be sent over plain HTTP (RFC 6797 §7.2).
        response.headers_mut().remove(header::STRICT_TRANSPORT_SECURITY);
    }
    Ok(response.map(Full::new))
}

/// Public documents are served under any name, for APIs in containers that know this machine by another one.
fn is_public(path: &str) -> bool {
    route::find(path).is_some_and(|matched| matched.route.cross_origin == CrossOrigin::Public)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::LocalSet;

    use super::*;

    const LIMITS: Limits =
        Limits { headers: Duration::from_millis(300), body: Duration::from_millis(300), connections: 4 };

    /// Responds with the kind of body that arrived.
    async fn kind(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
        Ok(http::Response::new(Full::from(match read(request.into_body(), 10, LIMITS).await? {
            Body::Whole(_) => "whole",
            Body::TooLarge => "too large",
            Body::Late => "late",
        })))
    }

    /// Sends `text` on a new connection, and reads until the server closes it.
    async fn answered(port: u16, text: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn sec_dos_11_a_half_sent_request_is_dropped_and_others_are_served() {
        let listeners = Listeners::bind(0).await.unwrap();
        let port = listeners.port();
        let upload = |length: usize, body: &str| {
            format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}")
        };
        let half_sent = (0..20).map(|_| async { answered(port, &upload(10, "12345")).await });
        let headers_only = async { answered(port, "POST / HTTP/1.1\r\nhost: local").await };
        let others = async {
            let whole = answered(port, &upload(5, "12345")).await;
            (whole, answered(port, &upload(11, "12345678901")).await)
        };
        let test = async { tokio::join!(futures::future::join_all(half_sent), headers_only, others) };
        let local = LocalSet::new();
        let server = accept(listeners, LIMITS, service_fn(kind), std::future::pending());
        let (half_sent, headers_only, (whole, too_large)) = local
            .run_until(async {
                tokio::select! {
                    outcome = test => outcome,
                    () = server => panic!("the server stopped"),
                }
            })
            .await;
        assert_eq!(half_sent.iter().filter(|answer| answer.ends_with("late")).count(), 20, "{half_sent:?}");
        assert!(!headers_only.contains("whole"), "{headers_only}");
        assert!(whole.ends_with("whole") && too_large.ends_with("too large"), "{whole} {too_large}");
    }
}
