//! The `user` parameter of Sign in with Apple: the name that the user gave there, beside the code and not signed.
//!
//! The browser brings it, so it is worth what a user says of themselves. Only the name is read, never the e-mail address, by
//! which applications find accounts.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::syntax::json::strict;
use crate::users::user_claims::SourceClaims;

/// The maximum length of the parameter, in bytes.
const MAX_USER_BYTES: usize = 4096;

/// What is read of it. Apple sends it with the first login of a user only.
#[derive(Deserialize)]
struct User {
    name: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(rename = "firstName")]
    first: Option<Value>,
    #[serde(rename = "lastName")]
    last: Option<Value>,
}

/// The claims `given_name`, `family_name` and `name` of a `user` parameter, each in its form (OpenID Connect Core §5.1).
/// What cannot be read is left out.
#[must_use]
pub fn posted_name(user: &str) -> SourceClaims {
    let parsed =
        Some(user).filter(|user| user.len() <= MAX_USER_BYTES).and_then(|user| strict::<User>(user.as_bytes()));
    let Some(Name { first, last }) = parsed.and_then(|user| user.name) else { return SourceClaims::default() };
    let said = |parts: [(&str, Option<Value>); 2]| -> Map<String, Value> {
        parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    };
    let mut parts = said([("given_name", first), ("family_name", last)]);
    let read = SourceClaims::read(&parts).claims;
    let whole: Vec<&str> =
        ["given_name", "family_name"].into_iter().filter_map(|name| read.claim(name)?.as_str()).collect();
    parts.insert("name".into(), whole.join(" ").into());
    SourceClaims::read(&parts).claims
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(user: &Value) -> Value {
        serde_json::to_value(posted_name(&user.to_string())).unwrap()
    }

    #[test]
    fn sec_up_17_and_24_only_a_name_is_read_and_in_its_form() {
        let ada = json!({"firstName": "Ada", "lastName": "Lovelace"});
        let whole = json!({"given_name": "Ada", "family_name": "Lovelace", "name": "Ada Lovelace"});
        let table = [
            (json!({"name": ada, "email": "root@corp.example", "email_verified": true, "sub": "x"}), whole),
            (json!({"name": {"firstName": "Ada"}}), json!({"given_name": "Ada", "name": "Ada"})),
            (json!({"name": {"firstName": null, "lastName": "L"}}), json!({"family_name": "L", "name": "L"})),
            (json!({"name": {"firstName": ["Ada"], "lastName": "L"}}), json!({"family_name": "L", "name": "L"})),
            (json!({"name": {"firstName": "A\r\nB", "lastName": " "}}), json!({})),
            (json!({"name": {"firstName": "a".repeat(1025)}}), json!({})),
            (json!({"name": {}}), json!({})),
            (json!({"name": "Ada"}), json!({})),
            (json!({"email": "root@corp.example"}), json!({})),
            (json!([]), json!({})),
        ];
        for (user, expected) in table {
            assert_eq!(told(&user), expected, "{user}");
        }
    }

    #[test]
    fn a_name_with_two_readings_or_without_end_is_left_out() {
        let long = json!({"name": {"firstName": "Ada"}, "x": "y".repeat(MAX_USER_BYTES)}).to_string();
        for user in ["", "Ada", r#"{"name":{"firstName":"A","firstName":"B"}}"#, &long] {
            assert_eq!(posted_name(user), SourceClaims::default(), "{user}");
        }
        let both = json!({"name": {"firstName": "a".repeat(600), "lastName": "b".repeat(600)}});
        assert_eq!(posted_name(&both.to_string()).claim("name"), None, "together they are too long for one line");
    }
}
