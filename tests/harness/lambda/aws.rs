//! DynamoDB, KMS and SQS stubs behind one TLS port, for functions that run as processes.

use std::convert::Infallible;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern::dev::engine::Engine;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::kms::{FakeKms, SERVICE};
use crate::sqs::{self, FakeSqs};

/// The services behind the port.
type Services = (Engine, FakeKms, FakeSqs);

/// The endpoints and their certificate.
pub(super) struct Served {
    /// The endpoint of all services except KMS.
    pub(super) endpoint: String,
    /// The endpoint of KMS, under another host name as in AWS, so that connections of one service are never reused for
    /// the other.
    pub(super) kms: String,
    /// The CA bundle that makes clients trust the endpoints.
    pub(super) ca_bundle: String,
    /// The number of connections opened so far.
    pub(super) connections: Arc<AtomicUsize>,
}

/// Starts serving.
pub(super) async fn serve(services: Services) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = std::env::temp_dir().join(format!("postern-tests-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    certificate(&folder);
    let chain = CertificateDer::pem_file_iter(folder.join("certificate.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), services, Arc::clone(&connections)));
    Served {
        endpoint: format!("https://localhost:{port}"),
        kms: format!("https://127.0.0.1:{port}"),
        ca_bundle: folder.join("certificate.pem").display().to_string(),
        connections,
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, services: Services, connections: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        // Without this, each handshake takes 40 ms longer, which a benchmark would attribute to the function.
        let _ = stream.set_nodelay(true);
        let (tls, services) = (tls.clone(), services.clone());
        tokio::spawn(async move {
            // A client that rejects the certificate disconnects.
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| answer(services.clone(), request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    (engine, kms, queue): Services,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let target = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let (status, body) = if target.starts_with(SERVICE) {
        let (status, body) = kms.respond(&target, &body);
        (status, Bytes::from(body))
    } else if target.starts_with(sqs::SERVICE) {
        let (status, body) = queue.respond(&target, &body);
        (status, Bytes::from(body))
    } else {
        let (status, body) = engine.respond(&target, &body);
        (status, Bytes::from(body))
    };
    let response = http::Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::new(body)).unwrap())
}

/// Generates a certificate and key for `localhost` and its address.
fn certificate(folder: &Path) {
    // A CA certificate would not be accepted as a server certificate.
    let settings = "[req]\ndistinguished_name = name\n[name]\n[extensions]\nbasicConstraints = critical, CA:FALSE\n\
                    subjectAltName = DNS:localhost, IP:127.0.0.1\n";
    std::fs::write(folder.join("settings"), settings).unwrap();
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-extensions", "extensions", "-config"])
        .arg(folder.join("settings"))
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "openssl failed to create the certificate of the stub");
}
