//! Checks that a form was sent by one of the server's own pages (catalogue row SEC-SESS-04).
//!
//! The sealed interaction in a form, which only the browser that began it can use, is the primary protection. This
//! check comes in addition.

use http::HeaderName;

use crate::request::Request;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether `request` was sent by a page of `origin`, as far as the browser's headers tell.
///
/// The pages send no referrer, so browsers send `Origin: null` even for their forms. `Sec-Fetch-Site`, which no page
/// can forge, decides if present. Without it (Safari before 16.4), neither `null` nor a missing `Origin` proves
/// anything, and the sealed form with the cookie it is bound to is sufficient protection.
#[must_use]
pub fn is_from_our_page(request: &Request, origin: &str) -> bool {
    match (request.header(FETCH_SITE).as_slice(), request.origin()) {
        (["same-origin" | "none"] | [], None | Some("null")) => true,
        (["same-origin" | "none"] | [], Some(sender)) => sender == origin,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method, header};

    use super::*;

    #[test]
    fn sec_sess_04_a_cross_site_form_is_recognized() {
        let table = [
            (None, None, true),
            (None, Some("https://auth.example"), true),
            (None, Some("null"), true),
            (Some("cross-site"), Some("null"), false),
            (Some("same-site"), Some("null"), false),
            (None, Some("https://evil.example"), false),
            (Some("same-origin"), Some("null"), true),
            (Some("same-origin"), Some("https://auth.example"), true),
            (Some("none"), None, true),
            (Some("same-origin"), Some("https://evil.example"), false),
            (Some("same-site"), Some("https://auth.example"), false),
            (Some("cross-site"), Some("https://auth.example"), false),
            (Some("cross-site"), None, false),
        ];
        for (site, origin, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [(FETCH_SITE, site), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let request = Request { method: Method::POST, headers, ..Request::nameless("") };
            assert_eq!(is_from_our_page(&request, "https://auth.example"), expected, "{site:?} {origin:?}");
        }
    }
}
