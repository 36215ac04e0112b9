//! Events of API Gateway and the cookies in them.

use lambda_http::LambdaEvent;
use lambda_http::lambda_runtime::Context;
use serde_json::Value;
use web::config::PublicUrl;
use web::cookie::Cookie;
use web::{Request, Response};

use crate::fixtures::{PUBLIC_URL, WORKSPACE};

/// Every event is answered.
pub fn event(data: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<Value>(data) else { return };
    let public_url = PublicUrl::parse(PUBLIC_URL).expect("a URL");
    let handler = async |request: Request| {
        let _ = request.parameters();
        let _ = request.origin();
        let _ = request.accepted().prefers("application/jwt", "application/json");
        let _ = Cookie::new("session", &WORKSPACE, &public_url).read(&request);
        Response::new(request.body.clone().into())
    };
    let event = LambdaEvent::new(payload, Context::default());
    let answer = futures_executor::block_on(web::lambda::answer(event, &public_url, &handler));
    assert!(matches!(answer.status_code, 200 | 400), "{}", answer.status_code);
    serde_json::to_vec(&answer).expect("an answer that Lambda takes");
}

/// A cookie is found whatever stands beside it, and is not found twice.
pub fn cookie(data: &[u8]) {
    let public_url = PublicUrl::parse(PUBLIC_URL).expect("a URL");
    let cookie = Cookie::new("session", &WORKSPACE, &public_url);
    let (Ok(foreign), Ok(own)) =
        (http::HeaderValue::from_bytes(data), http::HeaderValue::from_str("__Host-session.default.demo=value"))
    else {
        return;
    };
    let mut headers = http::HeaderMap::new();
    headers.append(http::header::COOKIE, own);
    headers.append(http::header::COOKIE, foreign);
    let planted = data.windows(28).any(|name| name == b"__Host-session.default.demo=");
    let request = Request { headers, ..Request::nameless("") };
    if !planted {
        assert_eq!(cookie.read(&request), Some("value"));
    }
}
