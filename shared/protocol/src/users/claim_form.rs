//! The type and form of each claim that a source may assert about a user (OpenID Connect Core §5.1), in one table; and
//! groups and roles, which no standard defines for ID tokens (RFC 9068 §2.2.3.1 has the names).
//!
//! A value of another form is converted if it has a single certain interpretation, listed in docs/configuration.md, and
//! dropped otherwise: strictly typed clients would fail on it (catalogue row SEC-UP-24).

use serde_json::{Map, Value};

use crate::clients::external_url::{ExternalUrl, Reach};
use crate::types::calendar;

/// The type and form of a claim.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A name, or other text of one line.
    Text,
    /// An `https` URL.
    Url,
    /// `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`.
    Birthdate,
    /// The name of a time zone, such as `Europe/Paris`.
    TimeZone,
    /// A language tag (BCP 47).
    Locale,
    /// A number of seconds since the epoch.
    Time,
    /// An address with one `@` or more.
    Email,
    /// A number, preferably in the form of E.164.
    Phone,
    /// `true` or `false`.
    Boolean,
    /// An object with the members of §5.1.1.
    Address,
    /// A list of names.
    Names,
}

/// The claims that a source may assert. Any other is dropped, whatever its source.
///
/// The reserved names of a token, such as `sub` or `aud`, are not among them, so no source can set them.
pub(crate) const CLAIMS: [(&str, Form); 21] = [
    ("name", Form::Text),
    ("given_name", Form::Text),
    ("family_name", Form::Text),
    ("middle_name", Form::Text),
    ("nickname", Form::Text),
    ("preferred_username", Form::Text),
    ("profile", Form::Url),
    ("picture", Form::Url),
    ("website", Form::Url),
    ("gender", Form::Text),
    ("birthdate", Form::Birthdate),
    ("zoneinfo", Form::TimeZone),
    ("locale", Form::Locale),
    ("updated_at", Form::Time),
    ("email", Form::Email),
    ("email_verified", Form::Boolean),
    ("phone_number", Form::Phone),
    ("phone_number_verified", Form::Boolean),
    ("address", Form::Address),
    ("groups", Form::Names),
    ("roles", Form::Names),
];

/// The members of an address (§5.1.1).
const ADDRESS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// The maximum length of a text, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// The most names in a list. Microsoft Entra puts no more groups into a token.
const MAX_NAMES: usize = 200;

/// The longest name in a list, and all of them together, in bytes.
const MAX_NAME_BYTES: usize = 256;
const MAX_NAMES_BYTES: usize = 16 * 1024;

/// A number from here on is in milliseconds: as seconds, it would lie after the year 5000.
const FIRST_MILLIS: f64 = 1e11;

impl Form {
    /// Returns `value` in this form, converted if it has a single certain interpretation; `None` if it does not fit.
    pub(crate) fn fitted(self, value: &Value) -> Option<Value> {
        let matching = |fits: fn(&str) -> bool| line(value).filter(|text| fits(text)).map(Value::from);
        match self {
            Self::Text => matching(|_| true),
            // URLs have their own bound.
            Self::Url => value.as_str().filter(|url| ExternalUrl::parse(url, Reach::Internet).is_ok()).map(Value::from),
            Self::Birthdate => matching(calendar::is_birthdate),
            Self::TimeZone => matching(is_time_zone),
            Self::Email => matching(is_email),
            Self::Phone => matching(is_phone),
            Self::Locale => line(value).and_then(locale).map(Value::from),
            Self::Time => seconds(value).map(Value::from),
            Self::Boolean => boolean(value).map(Value::from),
            Self::Address => value.as_object().and_then(address),
            Self::Names => names(value),
        }
    }
}

/// Whether this is how sources express an absent claim: `null` or an empty string (§5.3.2).
pub(crate) fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A text of one line, without control characters.
fn line(value: &Value) -> Option<&str> {
    let fits =
        |text: &&str| !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES && !text.contains(char::is_control);
    value.as_str().filter(fits)
}

fn is_time_zone(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    begins && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
}

/// Whether this can be an address (RFC 5322 §3.4.1). A single interpretation is required only of verified addresses
/// ([`EmailDomains`](crate::types::email::EmailDomains)).
fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) && !text.contains(char::is_whitespace)
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = text.split(";ext=").next().unwrap_or_default();
    let known = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.()/ ".contains(&byte));
    let extension = text.strip_prefix(number).and_then(|rest| rest.strip_prefix(";ext=")).unwrap_or_default();
    (2..=40).contains(&digits) && known(number) && known(extension)
}

/// A language tag, with hyphens in place of the underscores that some sources write (§5.1).
fn locale(text: &str) -> Option<String> {
    let tag = text.replace('_', "-");
    let is_subtag =
        |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let begins = tag.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (begins && tag.split('-').all(is_subtag)).then_some(tag)
}

/// Whole seconds since the epoch, from a number of seconds or milliseconds, or from a date and time with its offset (RFC
/// 3339).
fn seconds(value: &Value) -> Option<u64> {
    if let Some(text) = value.as_str() {
        return calendar::seconds_of(text);
    }
    let number = value.as_f64()?;
    let seconds = if number >= FIRST_MILLIS { number / 1000.0 } else { number };
    let since_epoch = core::time::Duration::try_from_secs_f64(seconds).ok()?;
    (seconds < FIRST_MILLIS).then_some(since_epoch.as_secs())
}

/// `true` or `false`, also as a string: Cognito and Apple document `email_verified` in that form.
fn boolean(value: &Value) -> Option<bool> {
    match value.as_str() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => None,
        None => value.as_bool(),
    }
}

/// The members of an address that fit, if any does. Its lines may be separated (§5.1.1).
fn address(members: &Map<String, Value>) -> Option<Value> {
    let lines = |text: &&str| {
        let visible = |letter: char| !letter.is_control() || matches!(letter, '\r' | '\n');
        !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES && text.chars().all(visible)
    };
    let member = |name: &str| Some((name.to_owned(), members.get(name)?.as_str().filter(lines)?.into()));
    let fitting: Map<String, Value> = ADDRESS.iter().filter_map(|name| member(name)).collect();
    (!fitting.is_empty()).then_some(Value::Object(fitting))
}

/// A list of names, each of them once. A single one may come alone, as AD FS and Keycloak send it. A list that is too long
/// does not fit: half of someone's groups would say something that is not so.
fn names(value: &Value) -> Option<Value> {
    let said = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let name = |value| line(value).filter(|name| name.len() <= MAX_NAME_BYTES);
    let all: Vec<&str> = said.iter().map(name).collect::<Option<_>>()?;
    let fits = all.len() <= MAX_NAMES && all.iter().map(|name| name.len()).sum::<usize>() <= MAX_NAMES_BYTES;
    let first = |(at, name): &(usize, &&str)| all.iter().position(|other| other == *name) == Some(*at);
    fits.then(|| all.iter().enumerate().filter(first).map(|(_, name)| *name).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(name: &str) -> Option<Form> {
        CLAIMS.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    fn fitted(name: &str, value: &Value) -> Option<Value> {
        form(name).unwrap().fitted(value)
    }

    #[test]
    fn sec_up_24_each_claim_has_the_type_and_form_of_openid_connect() {
        let kept = [
            ("name", json!("Ada \u{c5}ngstr\u{f6}m \u{5d0}")),
            ("gender", json!("female")),
            ("picture", json!("https://corp.example/ada.png?size=1")),
            ("profile", json!("https://social.example/@ada")),
            ("website", json!(format!("https://a.example/{}", "x".repeat(2030)))),
            ("birthdate", json!("1980-02-29")),
            ("birthdate", json!("0000-12-31")),
            ("birthdate", json!("1980")),
            ("zoneinfo", json!("America/Argentina/Buenos_Aires")),
            ("zoneinfo", json!("Etc/GMT+1")),
            ("locale", json!("en-GB")),
            ("locale", json!("zh-Hant-TW")),
            ("updated_at", json!(1_790_000_000)),
            ("email", json!("ada+tag@corp.example")),
            ("email", json!("\"a@b\"@corp.example")),
            ("email_verified", json!(false)),
            ("phone_number", json!("+1 (604) 555-1234;ext=5678")),
            ("phone_number", json!("110")),
            ("address", json!({"formatted": "1 High St\r\nOxford", "country": "UK"})),
        ];
        for (name, value) in kept {
            assert_eq!(fitted(name, &value), Some(value.clone()), "{name}={value}");
        }
    }

    #[test]
    fn unambiguous_values_are_converted() {
        let table = [
            ("locale", json!("en_US"), json!("en-US")),
            ("updated_at", json!("2026-01-02T03:04:05.678Z"), json!(1_767_323_045)),
            ("updated_at", json!("2026-01-02T04:04:05+01:00"), json!(1_767_323_045)),
            ("updated_at", json!(1_767_323_045_678_u64), json!(1_767_323_045)),
            ("updated_at", json!(1_767_323_045.9), json!(1_767_323_045)),
            ("email_verified", json!("true"), json!(true)),
            ("phone_number_verified", json!("false"), json!(false)),
            ("address", json!({"country": "UK", "region": 7, "locality": "", "x": "y"}), json!({"country": "UK"})),
        ];
        for (name, value, expected) in table {
            assert_eq!(fitted(name, &value), Some(expected), "{name}={value}");
        }
    }

    #[test]
    fn sec_up_24_malformed_values_are_dropped() {
        let dropped = [
            (
                "name",
                vec![json!(7), json!(["Ada"]), json!({}), json!(true), json!("a\r\nb"), json!("\u{0}"), json!(" ")],
            ),
            ("name", vec![json!("a".repeat(1025))]),
            ("website", vec![json!(format!("https://a.example/{}", "x".repeat(2031)))]),
            ("picture", vec![json!("javascript:alert(1)"), json!("http://corp.example/"), json!("/ada.png"), json!(1)]),
            ("birthdate", vec![json!(19_800_101), json!("01/02/1980"), json!("1980-13-01"), json!("1980-02-30")]),
            ("birthdate", vec![json!("1980-1-1"), json!("80"), json!("1980-01-01T00:00:00Z"), json!("1979-02-29")]),
            ("zoneinfo", vec![json!(7), json!("+01:00"), json!("Europe Paris")]),
            ("locale", vec![json!(["en"]), json!({"language": "en"}), json!("en_US.UTF-8"), json!("english language")]),
            (
                "updated_at",
                vec![json!("x"), json!("1790000000"), json!(-1), json!("2026-01-02"), json!(1e15), json!(true)],
            ),
            ("updated_at", vec![json!("2026-01-02T03:04:05"), json!("2026-01-02T03:04:05+25:00")]),
            ("email", vec![json!(["x"]), json!("x"), json!("@x"), json!("x@"), json!("a b@x"), json!(1)]),
            ("email_verified", vec![json!("True"), json!("yes"), json!(1), json!("1"), json!([true])]),
            (
                "phone_number",
                vec![json!(15_550_100), json!("call me"), json!("1"), json!("+1;x=2"), json!("javascript:1")],
            ),
            (
                "address",
                vec![json!("1 High St"), json!({}), json!({"country": 1}), json!([]), json!({"groups": "admin"})],
            ),
        ];
        for (name, values) in dropped {
            for value in values {
                assert_eq!(fitted(name, &value), None, "{name}={value}");
            }
        }
        assert!(form("department").is_none() && form("sub").is_none());
    }

    #[test]
    fn groups_are_a_bounded_list_of_names() {
        let many =
            |count: usize, length: usize| json!((0..count).map(|at| format!("{at:0length$}")).collect::<Vec<_>>());
        let kept = [
            (json!([]), json!([])),
            (json!(["a", "b"]), json!(["a", "b"])),
            (json!(["b", "a", "b"]), json!(["b", "a"])),
            (json!("a"), json!(["a"])),
            (many(200, 36), many(200, 36)),
            (many(64, 256), many(64, 256)),
        ];
        for (said, expected) in kept {
            assert_eq!(fitted("groups", &said), Some(expected), "{said}");
        }
        let dropped = [json!(7), json!({"a": 1}), json!(["a", 7]), json!(["a", null]), json!([["a"]]), json!(["a\nb"])];
        for said in dropped.into_iter().chain([json!([""]), many(201, 3), many(1, 257), many(65, 256)]) {
            assert_eq!(fitted("roles", &said), None, "{said}");
        }
    }

    #[test]
    fn valid_values_are_unchanged() {
        for (name, value) in [("locale", json!("en_US")), ("updated_at", json!(1_767_323_045_678_u64))] {
            let once = fitted(name, &value).unwrap();
            assert_eq!(fitted(name, &once), Some(once.clone()), "{name}");
        }
    }

    #[test]
    fn null_and_empty_strings_count_as_absent() {
        assert!(says_nothing(&json!(null)) && says_nothing(&json!("")) && says_nothing(&json!(" ")));
        assert!(!says_nothing(&json!(false)) && !says_nothing(&json!(0)) && !says_nothing(&json!("x")));
    }
}
