//! The HTTP client through which a function calls AWS, and the roots that it trusts.

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use web::ConfigError;

/// The root certificates of Amazon Trust Services, which sign the endpoints of AWS. Parsing these five takes a tenth of
/// the time of the operating system's bundle, and no other CA is trusted for AWS.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// The client for endpoints of AWS, or for those in `endpoints`, which are plain HTTP in a rehearsal. It trusts Amazon's
/// roots, or the certificates in the file `ca_bundle`.
///
/// # Errors
///
/// [`ConfigError`] if the file cannot be used.
pub(crate) fn client(endpoints: &[&Option<String>], ca_bundle: Option<&str>) -> Result<SharedHttpClient, ConfigError> {
    let builder = aws_smithy_http_client::Builder::new();
    let plain = |endpoint: &&Option<String>| endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    if endpoints.iter().all(plain) {
        return Ok(builder.build_http());
    }
    let unusable = |_| ConfigError::Unusable("AWS_CA_BUNDLE", "must be a file of certificates in PEM form");
    let roots = match ca_bundle {
        None => AMAZON_ROOTS.to_vec(),
        Some(file) => std::fs::read(file).map_err(unusable)?,
    };
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|_| ConfigError::Unusable("AWS_CA_BUNDLE", "contains no usable certificate"))?;
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https())
}
