//! Quoted strings in headers.

/// `text` as a quoted string (RFC 9110 §5.6.4).
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
