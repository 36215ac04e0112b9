//! Connection setup: a name is resolved once, every resolved address is checked, and the connection goes to one of the
//! checked addresses (catalogue row SEC-SSRF-01).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use protocol::clients::external_url::{Destination, OutboundUrl, Reach};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::address::is_public;

/// The time limit for connecting, over all addresses (catalogue row SEC-SSRF-03).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The maximum number of addresses to try.
const MAX_ADDRESSES: usize = 3;

/// A pending network operation.
pub type Waiting<'n, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'n>>;

/// The network operations that requests need.
pub trait Network: Send + Sync {
    /// Resolves `name`.
    fn addresses<'n>(&'n self, name: &'n str) -> Waiting<'n, Vec<IpAddr>>;

    /// Connects to `address`.
    fn connection(&self, address: SocketAddr) -> Waiting<'_, TcpStream>;
}

/// The network of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemNetwork;

impl Network for SystemNetwork {
    fn addresses<'n>(&'n self, name: &'n str) -> Waiting<'n, Vec<IpAddr>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }

    fn connection(&self, address: SocketAddr) -> Waiting<'_, TcpStream> {
        Box::pin(TcpStream::connect(address))
    }
}

/// Connects to the host of a URL, if that is allowed.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) network: Arc<dyn Network>,
    pub(super) reach: Reach,
}

impl Connector {
    async fn connected(&self, uri: &Uri) -> io::Result<TcpStream> {
        let refused = |_| io::Error::from(io::ErrorKind::PermissionDenied);
        let destination = OutboundUrl::parse(&uri.to_string(), self.reach).map_err(refused)?.destination();
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let addresses = self.network.addresses(host).await?;
        let permitted = |address: &IpAddr| match destination {
            Destination::Internet => is_public(*address),
            Destination::Loopback => address.is_loopback(),
        };
        // A single non-public address indicates a name that is used for an attack.
        if !addresses.iter().all(permitted) {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        self.first(&addresses, port).await
    }

    /// Connects to the first of `addresses` that accepts.
    async fn first(&self, addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
        let tries = addresses.len().clamp(1, MAX_ADDRESSES);
        let patience = CONNECT_TIMEOUT / u32::try_from(tries).unwrap_or(1);
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses.iter().take(tries) {
            let connecting = self.network.connection(SocketAddr::new(*address, port));
            match tokio::time::timeout(patience, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Waiting<'static, Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connected(&uri).await.map(TokioIo::new) })
    }
}
