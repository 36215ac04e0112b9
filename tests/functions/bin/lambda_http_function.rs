//! A function as the documentation of `lambda_http` has it, with the library's own conversions of events and responses.
//! It answers with the request as it sees it; `tests/functions/lambda_http.rs` feeds it.
#![expect(clippy::panic, reason = "what the runtime makes of a panic is to be seen")]

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    web::log::init(web::log::Format::Json);
    lambda_http::run(service_fn(async |request: Request| Ok::<_, Error>(response(&request)))).await
}

fn response(request: &Request) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{} {}", request.method(), request.uri())));
    match request.uri().path() {
        "/panic" => panic!("the handler panicked"),
        "/vary" => {
            for value in ["accept", "origin"] {
                response.headers_mut().append(header::VARY, HeaderValue::from_static(value));
            }
        }
        "/latin-1" => {
            response.headers_mut().extend(HeaderValue::from_bytes(b"\xe9").map(|value| (header::ETAG, value)));
        }
        _ => (),
    }
    response
}
