//! A function as in the documentation of `lambda_http`, using the library's own conversions of events and responses. It
//! responds with the request it received; `tests/functions/lambda_http.rs` drives it.
#![expect(clippy::panic, reason = "the test observes how the runtime reports a panic")]

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
