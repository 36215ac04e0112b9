//! Request parameters, parsed once and strictly.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::syntax::encoding::{encode_uri_component, form_decoded};

/// The decoded parameters of a query or form that have a value, in order.
///
/// A parameter without a value is treated as omitted (RFC 6749 §3.1), so it is not included. Query and body are never
/// merged: a value of this type comes from one of them (OAuth 2.1 §3.2).
#[derive(Default)]
pub struct Parameters(Vec<(String, String)>);

/// Why parameters cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// A malformed percent escape, invalid UTF-8, or NUL.
    #[error("a parameter is not valid percent-encoded UTF-8")]
    Encoding,
    /// A parameter of this endpoint was sent more than once (OAuth 2.1 §3.1).
    #[error("the parameter {0} was sent more than once")]
    Repeated(&'static str),
    /// A parameter that no endpoint knows was sent more than once (RFC 6749 §3.1 and §3.2). Its name stays out of the
    /// response.
    #[error("a parameter was sent more than once")]
    RepeatedUnknown,
}

/// Parameters that only some requests read. They are listed so that an error can name them.
const KNOWN: [&str; 31] = [
    "acr_values",
    "claims",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "display",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "logout_hint",
    "max_age",
    "nonce",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
    "ui_locales",
];

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` bytes.
    ///
    /// # Errors
    ///
    /// [`ParameterError::Encoding`] if any name or value does not decode.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParameterError> {
        encoded
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                let name = halves.next().and_then(form_decoded);
                let value = form_decoded(halves.next().unwrap_or_default());
                name.zip(value).ok_or(ParameterError::Encoding)
            })
            .filter(|pair| pair.as_ref().map_or(true, |(_, value)| !value.is_empty()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of `name`, if it has one.
    ///
    /// # Errors
    ///
    /// [`ParameterError::Repeated`] if it has more than one, even if they are equal.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ParameterError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(ParameterError::Repeated(name));
        }
        Ok(value)
    }

    /// Checks that no parameter was sent more than once, whether it is read or not, except those in `repeatable` (RFC 6749
    /// §3.1 and §3.2).
    ///
    /// # Errors
    ///
    /// [`ParameterError::Repeated`] or [`ParameterError::RepeatedUnknown`].
    pub fn without_repeats(self, repeatable: &[&str]) -> Result<Self, ParameterError> {
        self.check_repeats(repeatable).map(|()| self)
    }

    /// The check of [`Self::without_repeats`].
    ///
    /// # Errors
    ///
    /// [`ParameterError::Repeated`] or [`ParameterError::RepeatedUnknown`].
    pub fn check_repeats(&self, repeatable: &[&str]) -> Result<(), ParameterError> {
        let mut seen = BTreeSet::new();
        let names = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !repeatable.contains(name));
        for name in names {
            if !seen.insert(name) {
                let known = KNOWN.into_iter().find(|known| *known == name);
                return Err(known.map_or(ParameterError::RepeatedUnknown, ParameterError::Repeated));
            }
        }
        Ok(())
    }

    /// These parameters, encoded as a form again, without those in `names`.
    #[must_use]
    pub fn encoded_without(&self, names: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let pairs = kept.map(|(name, value)| format!("{}={}", encode_uri_component(name), encode_uri_component(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Every value of `name`, for the few parameters that may repeat.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sec_param_01_a_repeated_parameter_is_refused_even_with_equal_values() {
        let parameters = Parameters::parse(b"a=1&b=2&a=1").unwrap();
        assert_eq!(parameters.one("a"), Err(ParameterError::Repeated("a")));
        assert_eq!(parameters.one("b"), Ok(Some("2")));
    }

    #[test]
    fn sec_param_21_a_parameter_occurs_once_whether_it_is_read_or_not() {
        let table = [
            ("", Ok(())),
            ("a=1&b=1&scope=x", Ok(())),
            ("resource=1&resource=2", Ok(())),
            ("a=1&b=1&a=1", Err(ParameterError::RepeatedUnknown)),
            ("a=&a=&a=1", Ok(())),
            ("%61=1&a=2", Err(ParameterError::RepeatedUnknown)),
            ("=1&=2", Err(ParameterError::RepeatedUnknown)),
            ("scope=1&x=1&scope=2", Err(ParameterError::Repeated("scope"))),
        ];
        for (query, expected) in table {
            let parameters = Parameters::parse(query.as_bytes()).unwrap();
            assert_eq!(parameters.check_repeats(&["resource"]), expected, "{query}");
            assert_eq!(parameters.without_repeats(&["resource"]).map(|_| ()), expected, "{query}");
        }
    }

    #[test]
    fn sec_param_04_an_empty_parameter_is_treated_as_omitted() {
        let parameters = Parameters::parse(b"a=&b&c=1&c=&e=&e=2&f=&f=").unwrap();
        for (name, expected) in [("a", None), ("b", None), ("c", Some("1")), ("d", None), ("e", Some("2")), ("f", None)]
        {
            assert_eq!(parameters.one(name), Ok(expected), "{name}");
            assert_eq!(parameters.all(name).collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>(), "{name}");
        }
        assert_eq!(Parameters::parse(b"%zz=").err(), Some(ParameterError::Encoding));
    }

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        let parameters = Parameters::parse(b"&&a=b=c&=x&").unwrap();
        assert_eq!(parameters.one("a"), Ok(Some("b=c")));
        assert_eq!(parameters.one(""), Ok(Some("x")));
        assert_eq!(Parameters::parse(b"a=%zz").err(), Some(ParameterError::Encoding));
        assert_eq!(Parameters::parse(b"%zz=a").err(), Some(ParameterError::Encoding));
    }

    #[test]
    fn sec_redir_19_a_value_is_decoded_exactly_once() {
        let parameters = Parameters::parse(b"u=https%253A%252F%252Fapp.example").unwrap();
        assert_eq!(parameters.one("u"), Ok(Some("https%3A%2F%2Fapp.example")));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Parameters::parse(&bytes);
        }
    }
}
