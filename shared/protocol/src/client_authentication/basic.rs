//! HTTP Basic as clients send it (RFC 6749 §2.3.1, RFC 7617).

use crate::syntax::authorization::scheme_and_credentials;
use crate::syntax::encoding::{base64_decoded, form_decoded};
use crate::types::id::ClientId;

/// Id and secret in HTTP Basic, and what they mean.
///
/// RFC 6749 §2.3.1 requires clients to form-encode both, and many do not. So the decoded form counts, and if it does
/// not match, also the text as sent, unless the two forms name different clients: a request concerns one client,
/// whichever way it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BasicPair {
    /// The client.
    pub(super) id: ClientId,
    /// The secret, decoded unless that is impossible.
    pub(super) secret: String,
    /// The secret as sent, if it may be meant literally.
    pub(super) raw: Option<String>,
}

impl BasicPair {
    /// `None` if neither form has an id that a client can have.
    pub(super) fn read(id: &str, secret: &str) -> Option<Self> {
        let parsed = |id: &str| ClientId::parse(id).ok();
        let decoded = form_decoded(id.as_bytes()).and_then(|id| parsed(&id)).zip(form_decoded(secret.as_bytes()));
        match (decoded, parsed(id)) {
            (Some((id, decoded)), Some(raw)) if id == raw && decoded != secret => {
                Some(Self { id, secret: decoded, raw: Some(secret.into()) })
            }
            (Some((id, secret)), _) => Some(Self { id, secret, raw: None }),
            (None, Some(id)) => Some(Self { id, secret: secret.into(), raw: None }),
            (None, None) => None,
        }
    }
}

/// The two halves of the header's value, not form-decoded.
pub(super) fn basic_pair(header: &str) -> Option<(String, String)> {
    let (scheme, token) = scheme_and_credentials(header)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(base64_decoded(token)?).ok().filter(|decoded| !decoded.contains('\0'))?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.into(), secret.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(header: &str) -> Option<(String, String)> {
        basic_pair(header)
    }

    fn encoded(text: &str) -> String {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    }

    #[test]
    fn sec_param_10_and_11_basic_is_read_strictly() {
        assert_eq!(pair("Basic YTpi"), Some(("a".into(), "b".into())));
        assert_eq!(pair("bAsIc   YTpi"), Some(("a".into(), "b".into())));
        for bad in [
            "Basic\tYTpi",
            "Basic \tYTpi",
            "Basic  ",
            "Basic YTpi ",
            "BasicYTpi",
            "Basic",
            "Bearer YTpi",
            "Basic YTpi\n",
        ] {
            assert_eq!(pair(bad), None, "{bad:?}");
        }
        assert_eq!(pair(&encoded("nocolon")), None);
        assert_eq!(pair(&encoded("a\0:b")), None);
        assert_eq!(pair(&encoded("a:b%3Ac:d")), Some(("a".into(), "b%3Ac:d".into())), "decoded later");
    }

    #[test]
    fn sec_param_10_basic_is_decoded_and_used_literally_only_if_both_forms_name_one_client() {
        let table = [
            ("a:b", Some(("a", "b", None))),
            ("a:b%3Ac%2B%25%C3%A9:d", Some(("a", "b:c+%\u{e9}:d", Some("b%3Ac%2B%25%C3%A9:d")))),
            ("a:b+c", Some(("a", "b c", Some("b+c")))),
            ("a:50%", Some(("a", "50%", None))),
            ("a:%00", Some(("a", "%00", None))),
            ("https%3A%2F%2Fa.example:b%2B", Some(("https://a.example", "b+", None))),
            ("%61:b%2B", Some(("a", "b+", None))),
            ("%zz:b%2B", Some(("%zz", "b%2B", None))),
            ("a+b:c", Some(("a+b", "c", None))),
            ("a%20b:c", Some(("a%20b", "c", None))),
            ("a b:c", None),
            (":c", None),
        ];
        for (sent, expected) in table {
            let (id, secret) = pair(&encoded(sent)).unwrap();
            let expected = expected.map(|(id, secret, raw): (&str, &str, Option<&str>)| BasicPair {
                id: ClientId::parse(id).unwrap(),
                secret: secret.into(),
                raw: raw.map(Into::into),
            });
            assert_eq!(BasicPair::read(&id, &secret), expected, "{sent}");
        }
    }
}
