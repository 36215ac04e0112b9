//! Requests that we make ourselves, to upstream providers.
//!
//! Only `https`, no redirects, three seconds, 64 KiB; what was wrong with an answer goes to the log and not to whoever
//! caused the request. On a laptop, where we ourselves are reached over plain `http`, loopback hosts may be as well.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// How long a request may take, with everything (fault F-UP-1).
const PATIENCE: Duration = Duration::from_secs(3);

/// The largest answer that is read.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Makes requests.
pub struct Fetcher {
    client: OnceLock<HttpClient>,
    plain_loopback: bool,
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why there is no answer that could be used.
#[derive(Debug, Error)]
pub enum FetchFault {
    /// The URL is not one that may be asked.
    #[error("the URL may not be asked")]
    Forbidden,
    /// Nobody answered, or not in time, or too much.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer says no.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The answer is not the JSON that it must be.
    #[error("the answer is not the expected JSON")]
    Unreadable,
}

/// What is sent.
pub struct Outgoing<'a> {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// A form, already encoded.
    pub form: Option<String>,
}

impl Fetcher {
    /// A fetcher for a server that is reached over TLS, or is not because it runs on a laptop.
    #[must_use]
    pub const fn new(public_url_is_secure: bool) -> Self {
        Self { client: OnceLock::new(), plain_loopback: !public_url_is_secure }
    }

    /// The client, made when it is first needed: reading the trusted roots takes a while, and most starts need none.
    fn client(&self) -> Result<&HttpClient, FetchFault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| FetchFault::Unreachable(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(self.client.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Sends `outgoing` and reads the JSON of a 200.
    ///
    /// # Errors
    ///
    /// [`FetchFault`].
    pub async fn json<T: DeserializeOwned>(&self, outgoing: Outgoing<'_>) -> Result<T, FetchFault> {
        let uri = self.permitted(outgoing.url)?;
        let request = request(&outgoing, uri)?;
        let body = tokio::time::timeout(PATIENCE, self.body(request))
            .await
            .map_err(|_| FetchFault::Unreachable("it took too long".into()))??;
        serde_json::from_slice(&body).map_err(|_| FetchFault::Unreadable)
    }

    fn permitted(&self, url: &str) -> Result<Uri, FetchFault> {
        let uri: Uri = url.parse().map_err(|_| FetchFault::Forbidden)?;
        let loopback = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let permitted = match uri.scheme_str() {
            Some("https") => !loopback || self.plain_loopback,
            Some("http") => loopback && self.plain_loopback,
            _ => false,
        };
        if permitted && !url.contains('@') { Ok(uri) } else { Err(FetchFault::Forbidden) }
    }

    async fn body(&self, request: http::Request<Full<Bytes>>) -> Result<Bytes, FetchFault> {
        let unreachable = |error: &dyn std::fmt::Display| FetchFault::Unreachable(error.to_string());
        let response = self.client()?.request(request).await.map_err(|error| unreachable(&error))?;
        if response.status() != http::StatusCode::OK {
            return Err(FetchFault::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| unreachable(&error))
    }
}

fn request(outgoing: &Outgoing<'_>, uri: Uri) -> Result<http::Request<Full<Bytes>>, FetchFault> {
    let mut builder = http::Request::builder()
        .method(&outgoing.method)
        .uri(uri)
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_ssrf_01_only_tls_is_spoken_save_to_loopback_on_a_laptop() {
        let (deployed, laptop) = (Fetcher::new(true), Fetcher::new(false));
        let table = [
            ("https://idp.example/x", true, true),
            ("http://idp.example/x", false, false),
            ("http://localhost:9000/x", false, true),
            ("http://169.254.169.254/x", false, false),
            ("https://127.0.0.1:9001/x", false, true),
            ("https://u@idp.example/x", false, false),
            ("file:///etc/passwd", false, false),
            ("idp.example", false, false),
        ];
        for (url, when_deployed, on_laptop) in table {
            assert_eq!(deployed.permitted(url).is_ok(), when_deployed, "{url}");
            assert_eq!(laptop.permitted(url).is_ok(), on_laptop, "{url}");
        }
    }
}
