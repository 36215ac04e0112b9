//! The claims of the userinfo endpoint (OpenID Connect Core §5.3, §5.4).

use serde_json::{Map, Value};

use crate::id::{ClientId, Issuer, Subject};
use crate::identity::Profile;
use crate::scope::Scopes;

/// Which claims each standard scope asks for (§5.4).
const CLAIMS_OF_SCOPE: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("address", &["address"]),
];

/// What a client that was granted `scope` may know of the user.
#[must_use]
pub fn claims(subject: &Subject, profile: &Profile, scope: &Scopes) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), subject.as_str().into());
    for (name, of_scope) in CLAIMS_OF_SCOPE {
        if scope.contains(name) {
            let known = of_scope.iter().filter_map(|claim| Some(((*claim).into(), profile.claim(claim)?.clone())));
            claims.extend(known);
        }
    }
    claims
}

/// The same claims for a client that has them signed: they name who says so, and to whom (§5.3.2).
#[must_use]
pub fn signed_claims(mut claims: Map<String, Value>, issuer: &Issuer, client: &ClientId) -> Map<String, Value> {
    claims.insert("iss".into(), issuer.as_str().into());
    claims.insert("aud".into(), client.as_str().into());
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_res_04_claims_follow_the_granted_scopes() {
        let profile = serde_json::json!({"name": "Alice", "email": "a@example.com", "phone_number": "+1"});
        let profile = Profile::accepted(profile.as_object().unwrap().clone());
        let subject = Subject::parse("s").unwrap();
        let names = |scope: &str| {
            let claims = claims(&subject, &profile, &Scopes::parse(scope).unwrap());
            claims.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("openid"), "sub");
        assert_eq!(names("openid email"), "email sub");
        assert_eq!(names("openid profile phone"), "name phone_number sub");
    }
}
