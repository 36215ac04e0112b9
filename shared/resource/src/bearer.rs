//! The bearer token of a request (RFC 6750 §2).

use http::{HeaderMap, header};

use crate::refusal::Refusal;

/// Extracts the single token of a request from the `Authorization` header.
///
/// A token in the query would end up in logs and browser histories, so such a request is refused even if the header has
/// a token too (RFC 9700 §4.3.2).
pub(crate) fn token<'r>(headers: &'r HeaderMap, query: Option<&str>) -> Result<&'r str, Refusal> {
    let mut pairs = query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='));
    // A parameter without a value is treated as omitted (RFC 6749 §3.1).
    if pairs.any(|(name, value)| name == "access_token" && !value.is_empty()) {
        return Err(Refusal::Malformed);
    }
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (header, None) = (all.next().ok_or(Refusal::Missing)?, all.next()) else { return Err(Refusal::Malformed) };
    let (scheme, token) = header.to_str().ok().and_then(scheme_and_credentials).ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token68) {
        return Err(Refusal::Malformed);
    }
    Ok(token)
}

/// The scheme and the credentials, separated by one or more spaces (RFC 9110 §11.4).
fn scheme_and_credentials(value: &str) -> Option<(&str, &str)> {
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_token);
    is_scheme.then(|| (scheme, credentials.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Case<'c> = (&'c [&'c [u8]], Option<&'c str>, Result<&'c str, Refusal>);

    #[test]
    fn sec_res_01_and_sec_param_10_a_token_is_accepted_in_one_header_only() {
        let table: [Case<'_>; 19] = [
            (&[b"Bearer a.b.c"], None, Ok("a.b.c")),
            (&[b"bearer a.b.c"], Some("x=1&access_tokens=2"), Ok("a.b.c")),
            (&[], None, Err(Refusal::Missing)),
            (&[b"Basic YTpi"], None, Err(Refusal::Missing)),
            (&[b"DPoP a.b.c"], None, Err(Refusal::Missing)),
            (&[], Some("access_token=a.b.c"), Err(Refusal::Malformed)),
            (&[b"Bearer a.b.c"], Some("access_token"), Ok("a.b.c")),
            (&[], Some("access_token="), Err(Refusal::Missing)),
            (&[b"Bearer a.b.c"], Some("x=1&access_token=a.b.c"), Err(Refusal::Malformed)),
            (&[b"Bearer a", b"Bearer a"], None, Err(Refusal::Malformed)),
            (&[b"Bearer a", b"Basic YTpi"], None, Err(Refusal::Malformed)),
            (&[b"Bearer"], None, Err(Refusal::Malformed)),
            (&[b"Bearer "], None, Err(Refusal::Malformed)),
            (&[b"Bearer  a.b.c"], None, Ok("a.b.c")),
            (&[b"Bearer  "], None, Err(Refusal::Malformed)),
            (&[b"Bearer \ta"], None, Err(Refusal::Malformed)),
            (&[b"Bearer\ta"], None, Err(Refusal::Malformed)),
            (&[b"Bearer a,Bearer b"], None, Err(Refusal::Malformed)),
            (&[b"Bearer \xe9"], None, Err(Refusal::Malformed)),
        ];
        for (values, query, expected) in table {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
            }
            assert_eq!(token(&headers, query), expected, "{headers:?} {query:?}");
        }
    }
}
