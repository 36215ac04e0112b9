//! The listener of a laptop: HTTP/1.1 on loopback, nothing else.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use protocol::encoding::base64url;
use signing::Entropy;
use signing::entropy::random;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use web::Request;
use web::request::LARGEST_BODY;

use crate::app::App;

/// How long a client may take to send its headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// How long requests may take that are under way when the server stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// Why the server cannot listen, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("port {0} is in use. Stop what listens there, or choose another with --port.")]
    InUse(u16),
    /// Something else.
    #[error("cannot listen on port {0}: {1}")]
    Other(u16, std::io::Error),
}

/// The sockets of a server: on `127.0.0.1`, and on `::1` where the machine has it, because browsers try both for localhost.
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
        let explained = |error: std::io::Error| {
            if error.kind() == ErrorKind::AddrInUse {
                ListenError::InUse(port)
            } else {
                ListenError::Other(port, error)
            }
        };
        let four = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(explained)?;
        let port = four.local_addr().map_err(explained)?.port();
        let six = match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(ListenError::InUse(port)),
            Err(_) => None,
        };
        Ok(Self { four, six, port })
    }

    /// The port.
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

/// Serves `app` until `stop` resolves, then lets requests finish that are under way. It has to run inside a `LocalSet`.
pub async fn serve(app: Rc<App>, listeners: Listeners, entropy: &'static dyn Entropy, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok(stream) = stream else { continue };
        // Small answers go out at once; that it cannot be set is no reason not to answer.
        let _ = stream.set_nodelay(true);
        let app = Rc::clone(&app);
        let service = service_fn(move |request| answer(Rc::clone(&app), request, entropy));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_PATIENCE)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::task::spawn_local(async move {
            // A connection that ends early concerns nobody but the one who ended it.
            let _ = connection.await;
        });
    }
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}

async fn answer(
    app: Rc<App>,
    request: http::Request<Incoming>,
    entropy: &dyn Entropy,
) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => match error.downcast::<hyper::Error>() {
            Ok(broken) => return Err(*broken),
            // Larger than the bound: a body that every function refuses for its size.
            Err(_) => Bytes::from(vec![0; LARGEST_BODY + 1]),
        },
    };
    let request = Request {
        method: parts.method,
        path: parts.uri.path().into(),
        query: parts.uri.query().unwrap_or_default().into(),
        headers: parts.headers,
        body,
        trace_id: random::<12>(entropy).map(|id| base64url(&id)).unwrap_or_default(),
    };
    let mut response = app.handle(&request).await;
    if !app.is_secure() {
        // Over plain http the header must not be sent (RFC 6797 §7.2).
        response.headers_mut().remove(http::header::STRICT_TRANSPORT_SECURITY);
    }
    Ok(response.map(Full::new))
}
