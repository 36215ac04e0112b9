//! The form of URIs that may be registered. Parsing happens here, once, and only to refuse.

use url::Url;

use crate::clients::unusable_uri::UriFault;
use crate::types::id::LOOPBACK_HOSTS;

/// Names of the parameters that an authorization response adds (RFC 6749 §4.1.2, RFC 9207 §2).
pub(super) const RESPONSE_PARAMETERS: [&str; 8] =
    ["code", "state", "iss", "error", "error_description", "error_uri", "response", "session_state"];

/// Checks the rules that apply to URIs of every scheme.
pub(super) fn check_characters(uri: &str) -> Result<(), UriFault> {
    if uri.len() > 2048 {
        return Err(UriFault::TooLong);
    }
    if !uri.is_ascii() {
        return Err(UriFault::NotAscii);
    }
    if uri.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || b"\"<>\\^`{|}".contains(&byte)) {
        return Err(UriFault::Characters);
    }
    if uri.contains('#') {
        return Err(UriFault::Fragment);
    }
    if !uri.split('%').skip(1).all(begins_with_two_hex_digits) {
        return Err(UriFault::Escape);
    }
    Ok(())
}

fn begins_with_two_hex_digits(text: &str) -> bool {
    text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

/// Refuses every spelling that a WHATWG parser would rewrite.
pub(super) fn check_url(uri: &str, rest: &str) -> Result<(), UriFault> {
    let authority = rest.strip_prefix("//").ok_or(UriFault::NoAuthority)?;
    let host = authority.split(['/', '?']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(UriFault::UserInfo);
    }
    if !host.starts_with('[') && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)) {
        return Err(UriFault::Host);
    }
    let parsed = Url::parse(uri).map_err(|_| UriFault::NotAUrl)?;
    let canonical = parsed.as_str();
    if canonical != uri && canonical.strip_suffix('/') != Some(uri) {
        return Err(UriFault::NotCanonical);
    }
    check_query(&parsed)
}

/// Refuses a query with a parameter that the response adds.
pub(super) fn check_query(parsed: &Url) -> Result<(), UriFault> {
    if parsed.query_pairs().any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
        return Err(UriFault::ResponseParameter);
    }
    Ok(())
}

/// Whether `uri` is below `origin`.
pub(super) fn has_origin(uri: &str, origin: &str) -> bool {
    uri.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// The parts before and after the port of a loopback address.
pub(super) fn loopback_parts(uri: &str) -> Option<(String, String)> {
    LOOPBACK_HOSTS.iter().find_map(|host| {
        let before = format!("http://{host}");
        let rest = uri.strip_prefix(&before)?;
        let (port, after) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        is_port_or_none(port).then(|| (before, after.into()))
    })
}

/// Nothing, or a colon and 1 to 65535 without sign or leading zero.
pub(super) fn is_port_or_none(text: &str) -> bool {
    let is_port = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u16>().is_ok()
    };
    text.is_empty() || text.strip_prefix(':').is_some_and(is_port)
}
