//! Sends requests, with limits on time, size and content.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use protocol::clients::external_url::{OutboundUrl, Reach};
use protocol::jose::external_jwk::ExternalJwks;
use protocol::syntax::json::{strict, strict_array, strict_list};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{Accepted, Claims, document, is_json, is_jwt};
use crate::fault::FetchFault;
use crate::network::{Connector, Network, SystemNetwork};

/// The maximum duration of a request as a whole (fault F-UP-1).
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// Sends requests.
pub struct Fetcher {
    client: OnceLock<HttpClient>,
    network: Arc<dyn Network>,
    reach: Reach,
}

type HttpClient = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// A request to be sent.
pub struct Outgoing<'a> {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// A form, already encoded.
    pub form: Option<String>,
    /// The expected content of the response.
    pub accepted: Accepted,
}

impl<'a> Outgoing<'a> {
    /// A GET of `url`.
    #[must_use]
    pub const fn get(url: &'a str) -> Self {
        Self { method: Method::GET, url, authorization: None, form: None, accepted: Accepted::Json }
    }
}

impl Fetcher {
    /// A fetcher whose requests reach as far as `reach`, over the network of the operating system.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self::over(Arc::new(SystemNetwork), reach)
    }

    /// A fetcher over `network`.
    #[must_use]
    pub fn over(network: Arc<dyn Network>, reach: Reach) -> Self {
        Self { client: OnceLock::new(), network, reach }
    }

    /// How far its requests may reach.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// Sends `outgoing` and reads the JSON object of a 200.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn json<T: DeserializeOwned>(&self, outgoing: Outgoing<'_>) -> Result<T, FetchFault> {
        strict(&self.written_in_json(outgoing).await?).ok_or(FetchFault::Unreadable)
    }

    /// Sends `outgoing` and reads the claims of a 200, in JSON or in a JWT.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn claims(&self, outgoing: Outgoing<'_>) -> Result<Claims, FetchFault> {
        let outgoing = Outgoing { accepted: Accepted::Claims, ..outgoing };
        let (headers, body) = self.document(outgoing).await?;
        let content_type = headers.get(header::CONTENT_TYPE);
        if is_jwt(content_type) {
            let jwt = std::str::from_utf8(&body).map_err(|_| FetchFault::Unreadable)?;
            return Ok(Claims::Signed(jwt.trim_ascii().to_owned()));
        }
        let plain = is_json(content_type).then(|| strict(&body)).flatten();
        plain.map(Claims::Plain).ok_or(FetchFault::Unreadable)
    }

    /// Sends `outgoing` and reads the JSON array of a 200.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn array(&self, outgoing: Outgoing<'_>) -> Result<Vec<Value>, FetchFault> {
        strict_array(&self.written_in_json(outgoing).await?).ok_or(FetchFault::Unreadable)
    }

    /// Reads a JSON array of strings from `url`.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn list(&self, url: &str) -> Result<Vec<String>, FetchFault> {
        strict_list(&self.written_in_json(Outgoing::get(url)).await?).ok_or(FetchFault::Unreadable)
    }

    /// Reads the keys published at `url`.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn keys(&self, url: &str) -> Result<ExternalJwks, FetchFault> {
        let outgoing = Outgoing { accepted: Accepted::Keys, ..Outgoing::get(url) };
        ExternalJwks::parse(&self.written_in_json(outgoing).await?).ok_or(FetchFault::Unreadable)
    }

    /// Sends `outgoing` and expects only a 200 or 204. The body is not read.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn deliver(&self, outgoing: Outgoing<'_>) -> Result<(), FetchFault> {
        let outgoing = Outgoing { accepted: Accepted::Anything, ..outgoing };
        self.in_time(async {
            match self.answer(&outgoing).await?.status() {
                StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
                status => Err(FetchFault::Status(status.as_u16())),
            }
        })
        .await
    }

    async fn written_in_json(&self, outgoing: Outgoing<'_>) -> Result<Bytes, FetchFault> {
        let (headers, body) = self.document(outgoing).await?;
        if is_json(headers.get(header::CONTENT_TYPE)) { Ok(body) } else { Err(FetchFault::Unreadable) }
    }

    async fn document(&self, outgoing: Outgoing<'_>) -> Result<(HeaderMap, Bytes), FetchFault> {
        self.in_time(async { document(self.answer(&outgoing).await?).await }).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, FetchFault>>) -> Result<T, FetchFault> {
        let late = |_| FetchFault::Unreachable("it took too long".into());
        tokio::time::timeout(REQUEST_TIMEOUT, work).await.map_err(late)?
    }

    async fn answer(&self, outgoing: &Outgoing<'_>) -> Result<http::Response<Incoming>, FetchFault> {
        let url = OutboundUrl::parse(outgoing.url, self.reach).map_err(|_| FetchFault::Forbidden)?;
        let request = request(outgoing, &url)?;
        self.client()?.request(request).await.map_err(|error| unreachable(&error))
    }

    /// The client, created on first use: parsing the trusted roots takes a while, and most starts do not need it.
    fn client(&self) -> Result<&HttpClient, FetchFault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| FetchFault::Unreachable(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector { network: Arc::clone(&self.network), reach: self.reach });
        // No connection is kept: a function may be frozen between two requests, and each connection must go to an address
        // that has just been checked (fault F-LAM-3).
        let client = || Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(self.client.get_or_init(client))
    }
}

fn request(outgoing: &Outgoing<'_>, url: &OutboundUrl) -> Result<http::Request<Full<Bytes>>, FetchFault> {
    let mut builder = http::Request::builder()
        .method(&outgoing.method)
        .uri(url.as_str())
        .header(header::ACCEPT, outgoing.accepted.field())
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        .header(header::USER_AGENT, HeaderValue::from_static("postern"));
    if let Some(authorization) = outgoing.authorization {
        builder = builder.header(header::AUTHORIZATION, authorization);
    }
    if outgoing.form.is_some() {
        builder = builder.header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    let body = Full::new(Bytes::from(outgoing.form.clone().unwrap_or_default()));
    builder.body(body).map_err(|_| FetchFault::Forbidden)
}

/// The fault for a failed request, with its causes, for the log.
fn unreachable(error: &dyn std::error::Error) -> FetchFault {
    let causes = std::iter::successors(Some(error), |error| error.source());
    FetchFault::Unreachable(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
