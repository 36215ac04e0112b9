//! The `Authorization` header, with any scheme (RFC 9110 §11.4).

/// The scheme and the credentials in the value of an `Authorization` header, separated by one or more spaces; `None` if
/// the value does not begin with a scheme. The credentials are empty if there are none.
#[must_use]
pub fn scheme_and_credentials(value: &str) -> Option<(&str, &str)> {
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_token);
    is_scheme.then(|| (scheme, credentials.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_param_10_one_or_more_spaces_separate_scheme_and_credentials() {
        let table = [
            ("Bearer a.b", Some(("Bearer", "a.b"))),
            ("Bearer   a.b", Some(("Bearer", "a.b"))),
            ("bearer a b ", Some(("bearer", "a b "))),
            ("Bearer", Some(("Bearer", ""))),
            ("Bearer  ", Some(("Bearer", ""))),
            ("Bearer \ta", Some(("Bearer", "\ta"))),
            ("Bearer\ta", None),
            (" Bearer a", None),
            ("Be,arer a", None),
            ("\u{e9} a", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(scheme_and_credentials(value), expected, "{value:?}");
        }
    }
}
