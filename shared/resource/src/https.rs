//! Fetches keys over HTTPS.
//!
//! The URL is the issuer's or comes from its discovery document, never from a token. Only `https`, no redirects, one
//! second to connect, three seconds in total, 64 KiB. During development, an issuer on loopback may use plain `http`.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::json::Object;
use crate::jwks::MAX_JWKS_BYTES;
use crate::source::{JwksFault, JwksSource};
use crate::validator::Validator;

/// The connection timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The timeout for fetching the keys as a whole.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Keys that are fetched over HTTPS.
#[derive(Debug)]
pub struct HttpsJwks {
    place: Place,
    client: OnceLock<HttpClient>,
}

#[derive(Debug)]
enum Place {
    Issuer(String),
    Document(String),
}

impl Validator<HttpsJwks> {
    /// A validator for the tokens that `issuer` issues for `audience`, whose keys are found by discovery.
    ///
    /// The issuer is not contacted before the first token arrives, so an API starts even if its issuer is unreachable.
    ///
    /// ```
    /// # use postern_resource::Validator;
    /// let validator = Validator::discovering("https://auth.example/default/shop", "https://api.example");
    /// ```
    pub fn discovering(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self::new(issuer.clone(), audience, HttpsJwks::of_issuer(issuer))
    }
}

impl HttpsJwks {
    /// Uses the keys that the discovery document of `issuer` refers to (OpenID Connect Discovery §4). The document is
    /// fetched again with the keys, so the issuer may move them.
    #[must_use]
    pub fn of_issuer(issuer: impl Into<String>) -> Self {
        Self { place: Place::Issuer(issuer.into()), client: OnceLock::new() }
    }

    /// Uses the keys at this URL.
    #[must_use]
    pub fn at(jwks_uri: impl Into<String>) -> Self {
        Self { place: Place::Document(jwks_uri.into()), client: OnceLock::new() }
    }

    async fn keys(&self) -> Result<Vec<u8>, JwksFault> {
        match &self.place {
            Place::Document(url) => self.get(url, is_loopback(url)).await,
            Place::Issuer(issuer) => {
                let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let document = self.get(&url, is_loopback(issuer)).await?;
                self.get(&jwks_uri(&document, issuer)?, is_loopback(issuer)).await
            }
        }
    }

    async fn get(&self, url: &str, plain: bool) -> Result<Vec<u8>, JwksFault> {
        let uri = permitted(url, plain)?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, application/jwk-set+json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("postern-resource"));
        let response = self.client()?.request(request).await.map_err(|error| unreachable(&error))?;
        if response.status() != StatusCode::OK {
            return Err(JwksFault::Status(response.status().as_u16()));
        }
        if !is_json(&response) {
            return Err(JwksFault::Unreadable);
        }
        match Limited::new(response.into_body(), MAX_JWKS_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes().to_vec()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(JwksFault::TooLarge),
            Err(error) => Err(unreachable(&*error)),
        }
    }

    /// The client, created on first use: parsing the trusted roots takes a while.
    fn client(&self) -> Result<&HttpClient, JwksFault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| unreachable(&error))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(self.client.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl JwksSource for HttpsJwks {
    async fn fetch(&self) -> Result<Vec<u8>, JwksFault> {
        let keys = tokio::time::timeout(REQUEST_TIMEOUT, self.keys()).await;
        keys.unwrap_or_else(|_| Err(JwksFault::Unreachable("it took too long".to_owned())))
    }
}

/// Returns the `jwks_uri` of a discovery document, which must be that of `issuer` (RFC 8414 §3.3).
fn jwks_uri(document: &[u8], issuer: &str) -> Result<String, JwksFault> {
    let document = Object::parse(document).ok_or(JwksFault::Unreadable)?;
    let text = |name| document.text(name).ok().flatten().ok_or(JwksFault::Unreadable);
    if text("issuer")? != issuer {
        return Err(JwksFault::OtherIssuer);
    }
    text("jwks_uri").map(str::to_owned)
}

/// The URL, if it may be called: over TLS, or `plain` on loopback.
fn permitted(url: &str, plain: bool) -> Result<Uri, JwksFault> {
    let uri: Uri = url.parse().map_err(|_| JwksFault::Forbidden)?;
    let is_permitted = uri.scheme_str() == Some("https") || (plain && is_loopback(url));
    if is_permitted && !url.contains('@') { Ok(uri) } else { Err(JwksFault::Forbidden) }
}

/// Whether `url` is plain `http` to this machine itself.
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    uri.scheme_str() == Some("http") && matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn is_json<B>(response: &Response<B>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/jwk-set+json"].iter().any(|known| known.eq_ignore_ascii_case(kind))
}

fn unreachable(error: &(dyn std::error::Error + 'static)) -> JwksFault {
    // The inner cause distinguishes a refused connection from an unknown certificate.
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    JwksFault::Unreachable(causes.collect::<Vec<_>>().join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_ssrf_01_tls_is_required_except_on_loopback_for_an_issuer_on_loopback() {
        let table = [
            ("https://auth.example/jwks", true, true),
            ("http://auth.example/jwks", false, false),
            ("http://localhost:9000/jwks", false, true),
            ("http://127.0.0.1/jwks", false, true),
            ("http://[::1]:1/jwks", false, true),
            ("http://localhost.evil.example/jwks", false, false),
            ("http://169.254.169.254/jwks", false, false),
            ("https://u@auth.example/jwks", false, false),
            ("file:///etc/passwd", false, false),
            ("auth.example", false, false),
        ];
        for (url, of_a_deployed_issuer, of_one_on_loopback) in table {
            assert_eq!(permitted(url, false).is_ok(), of_a_deployed_issuer, "{url}");
            assert_eq!(permitted(url, true).is_ok(), of_one_on_loopback, "{url}");
        }
    }

    #[test]
    fn a_discovery_document_must_name_its_issuer_exactly() {
        let document = br#"{"issuer":"https://auth.example/a","jwks_uri":"https://auth.example/a/jwks"}"#;
        assert_eq!(jwks_uri(document, "https://auth.example/a").unwrap(), "https://auth.example/a/jwks");
        for other in ["https://auth.example/a/", "https://auth.example/A", "https://AUTH.example/a", ""] {
            assert_eq!(jwks_uri(document, other), Err(JwksFault::OtherIssuer), "{other}");
        }
        for bad in [&b"[]"[..], b"{}", br#"{"issuer":"i"}"#, br#"{"issuer":"i","jwks_uri":7}"#] {
            assert_eq!(jwks_uri(bad, "i"), Err(JwksFault::Unreadable), "{}", String::from_utf8_lossy(bad));
        }
    }
}
