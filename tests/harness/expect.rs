//! Assertions in the vocabulary of the security catalogue.

use http::StatusCode;
use regex::Regex;
use web::Response;

use crate::browser::{answered, body, form, json, location};
use crate::laptop::Laptop;

/// Asserts an error page: this status, no redirect of any kind, all page headers.
pub fn page(response: &Response, status: u16, case: &str) {
    assert_eq!(response.status().as_u16(), status, "{case}: {}", body(response));
    assert_eq!(location(response), None, "{case}");
    let html = body(response);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{case}");
    assert!(!html.contains("http-equiv") && !html.contains("location"), "{case}: {html}");
    headers(response, case);
}

/// Returns the page without the sentence that quotes an unregistered URI; the rest must not contain it.
pub fn beyond_quotation(response: &Response) -> String {
    let sentence =
        Regex::new(r"redirect_uri <bdi>&#39;[^<>']*?&#39;</bdi> is not registered for this application").unwrap();
    sentence.replace_all(&body(response), "").into_owned()
}

/// Asserts the headers that every page must have.
pub fn headers(response: &Response, case: &str) {
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"] {
        assert!(header("content-security-policy").contains(directive), "{case}: {directive}");
    }
    assert_eq!(header("x-frame-options"), "DENY", "{case}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{case}");
    assert_eq!(header("cache-control"), "no-store", "{case}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{case}");
    assert!(header("strict-transport-security").contains("max-age="), "{case}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{case}");
    assert_eq!(header("access-control-allow-origin"), "", "{case}");
}

/// Asserts an error redirect to the client at `redirect_uri`.
pub fn redirected(laptop: &Laptop, response: &Response, redirect_uri: &str, error: &str, case: &str) {
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{case}: {}", body(response));
    let location = location(response).unwrap_or_else(|| panic!("{case}: no location"));
    assert!(location.starts_with(&format!("{redirect_uri}?")), "{case}: {location}");
    assert_eq!(answered(response, "error").as_deref(), Some(error), "{case}: {location}");
    assert_eq!(answered(response, "iss"), Some(laptop.issuer()), "{case}: {location}");
    assert_eq!(answered(response, "code"), None, "{case}: {location}");
    let description = answered(response, "error_description").unwrap_or_default();
    assert!(is_clean(&description), "{case}: {description:?}");
}

/// Asserts a page that posts an error to the client at `redirect_uri`.
pub fn posted(laptop: &Laptop, response: &Response, redirect_uri: &str, error: &str, case: &str) {
    assert_eq!(response.status(), StatusCode::OK, "{case}: {}", body(response));
    headers(response, case);
    assert_eq!(form(response).action, redirect_uri, "{case}");
    assert_eq!(answered(response, "error").as_deref(), Some(error), "{case}: {}", body(response));
    assert_eq!(answered(response, "iss"), Some(laptop.issuer()), "{case}");
    assert_eq!(answered(response, "code"), None, "{case}");
}

/// Asserts an error response of a back-channel endpoint.
pub fn refused(response: &Response, status: u16, error: &str, case: &str) {
    assert_eq!(response.status().as_u16(), status, "{case}: {}", body(response));
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert!(header("content-type").starts_with("application/json"), "{case}");
    assert_eq!(header("cache-control"), "no-store", "{case}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{case}");
    let answer = json(response);
    assert_eq!(answer["error"], error, "{case}: {answer}");
    assert!(is_clean(answer["error_description"].as_str().unwrap_or_default()), "{case}: {answer}");
    for token in ["access_token", "id_token", "refresh_token"] {
        assert!(answer.get(token).is_none(), "{case}: {answer}");
    }
    if status == 401 {
        assert!(!header("www-authenticate").is_empty(), "{case}");
    }
    if status == 503 {
        assert!(!header("retry-after").is_empty(), "{case}");
    }
}

/// Whether `description` has only the characters that RFC 6749 §5.2 allows.
fn is_clean(description: &str) -> bool {
    description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
