//! The HTTP server of a laptop: HTTP/1.1, on loopback only.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
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
use web::request::MAX_BODY_BYTES;
use web::{Deadline, Request};

use crate::dev::app::App;
use crate::dev::engine::Engine;

/// How long a client may take to send its headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest request to the engine: the limit that DynamoDB has.
const MAX_STORE_CALL_BYTES: usize = 16 * 1024 * 1024;

/// How long requests in progress may take when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);

/// Why the server cannot listen, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Another process listens on the port.
    #[error("port {0} is in use. Stop what listens there, or choose another with --port.")]
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

    /// The port that is listened on.
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
async fn accept<S>(listeners: Listeners, service: S, stop: impl Future<Output = ()>)
where
    S: Service<http::Request<Incoming>, Response = http::Response<Full<Bytes>>, Error = hyper::Error> + Clone + 'static,
{
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok(stream) = stream else {
            // Most likely out of file descriptors: let some connections close first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Only an optimisation for small responses, so a failure does not matter.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::task::spawn_local(async move {
            // The client closed the connection early; there is nothing to do.
            let _ = connection.await;
        });
    }
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, graceful.shutdown()).await;
}

/// Serves `app` until `stop` resolves. Must run inside a `LocalSet`.
pub async fn serve(app: Rc<App>, listeners: Listeners, entropy: &'static dyn Entropy, stop: impl Future<Output = ()>) {
    accept(listeners, service_fn(move |request| answer(Rc::clone(&app), request, entropy)), stop).await;
}

/// Serves the engine to DynamoDB tools until `stop` resolves. Must run inside a `LocalSet`.
pub async fn serve_engine(engine: Engine, listeners: Listeners, stop: impl Future<Output = ()>) {
    accept(listeners, service_fn(move |request| call(engine.clone(), request)), stop).await;
}

/// Answers a DynamoDB tool. Requests from browsers are refused: no web site may read the tables of its visitors.
async fn call(engine: Engine, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let headers = request.headers();
    let from_browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    let (status, body) = if from_browser {
        (403, b"{\"message\":\"this port is not for browsers\"}".to_vec())
    } else {
        let body = Limited::new(request.into_body(), MAX_STORE_CALL_BYTES).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        engine.respond(&target, &body)
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
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => match error.downcast::<hyper::Error>() {
            Ok(broken) => return Err(*broken),
            // Over the limit: substitute a body that every function refuses for its size.
            Err(_) => Bytes::from(vec![0; MAX_BODY_BYTES + 1]),
        },
    };
    let request = Request {
        method: parts.method,
        path: app.clean_path(parts.uri.path()).into(),
        query: parts.uri.query().unwrap_or_default().into(),
        headers: parts.headers,
        body,
        address: String::new(),
        trace_id: random::<12>(entropy).map(|id| base64url(&id)).unwrap_or_default(),
        deadline: Deadline::NONE,
    };
    let mut response = app.handle(&request).await;
    if !app.is_secure() {
        // The header must not be sent over plain HTTP (RFC 6797 §7.2).
        response.headers_mut().remove(header::STRICT_TRANSPORT_SECURITY);
    }
    Ok(response.map(Full::new))
}
