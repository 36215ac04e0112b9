//! A hyper API that requires an access token with the scope `offers.read`.
//!
//! `cargo run -p postern-resource --example hyper -- ISSUER AUDIENCE` listens on loopback, port 8080. For the demo of
//! `postern dev`, the arguments are `http://localhost:9000/default/demo http://localhost:9000/demo/api`.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_resource::{HttpsJwks, Refusal, Validator};
use tokio::net::TcpListener;

/// The realm of the API in its challenges.
const REALM: &str = "offers";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (issuer, audience) = (arguments.next().ok_or("which issuer?")?, arguments.next().ok_or("which audience?")?);
    let validator = Arc::new(Validator::discovering(issuer, audience));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let validator = Arc::clone(&validator);
        let service = service_fn(move |request| {
            let validator = Arc::clone(&validator);
            async move { Ok::<_, hyper::Error>(answer(&validator, &request).await.map(|body| Full::new(Bytes::from(body)))) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(validator: &Validator<HttpsJwks>, request: &Request<Incoming>) -> Response<String> {
    offers(validator, request).await.unwrap_or_else(|refusal| refusal.response(REALM))
}

async fn offers(validator: &Validator<HttpsJwks>, request: &Request<Incoming>) -> Result<Response<String>, Refusal> {
    let token = validator.authenticate(request.headers(), request.uri().query()).await?.require_scope("offers.read")?;
    Ok(Response::new(format!("offers for {}\n", token.subject())))
}
