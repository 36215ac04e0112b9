//! The claims of the userinfo endpoint (OpenID Connect Core §5.3, §5.4).

use serde_json::{Map, Value};

use crate::types::id::{ClientId, Issuer, Subject};
use crate::types::scope::Scopes;
use crate::users::user_claims::{ClaimName, ClaimNames, Profile};

/// The claims that each standard scope requests (§5.4), and those of groups and roles, as is common.
const CLAIMS_OF_SCOPE: [(&str, &[&str]); 6] = [
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
    ("groups", &["groups"]),
    ("roles", &["roles"]),
];

/// Whether `scope` includes `claim`.
#[must_use]
pub fn scope_covers(scope: &str, claim: ClaimName) -> bool {
    CLAIMS_OF_SCOPE.iter().any(|(name, claims)| *name == scope && claims.contains(&claim.as_str()))
}

/// Whether one of `scopes` includes `claim`.
#[must_use]
pub fn covers(scopes: &Scopes, claim: ClaimName) -> bool {
    scopes.iter().any(|scope| scope_covers(scope, claim))
}

/// The userinfo claims for a grant of `scope` and of the claims `names`, requested by name.
#[must_use]
pub fn claims(subject: &Subject, profile: &Profile, scope: &Scopes, names: &ClaimNames) -> Map<String, Value> {
    let mut claims = profile.selected(names, usize::MAX);
    claims.insert("sub".into(), subject.as_str().into());
    for (name, of_scope) in CLAIMS_OF_SCOPE {
        if scope.contains(name) {
            let known = of_scope.iter().filter_map(|claim| Some(((*claim).into(), profile.claim(claim)?.clone())));
            claims.extend(known);
        }
    }
    claims
}

/// The claims of a signed response, with `iss` and `aud` (§5.3.2).
#[must_use]
pub fn signed_claims(mut claims: Map<String, Value>, issuer: &Issuer, client: &ClientId) -> Map<String, Value> {
    claims.insert("iss".into(), issuer.as_str().into());
    claims.insert("aud".into(), client.as_str().into());
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::user_claims::{SourceClaims, Trust};

    #[test]
    fn sec_res_04_claims_follow_the_granted_scopes() {
        let profile = serde_json::json!({"name": "Alice", "email": "a@example.com", "phone_number": "+1 555", "groups": ["a"],
            "roles": ["b"]});
        let profile = SourceClaims::read(profile.as_object().unwrap()).claims.judged(Trust::Everything);
        let subject = Subject::parse("s").unwrap();
        let asked = |scope: &str, names: &[&str]| {
            let names = names.iter().filter_map(|name| ClaimName::parse(name)).collect();
            let claims = claims(&subject, &profile, &Scopes::parse(scope).unwrap(), &names);
            claims.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        let names = |scope: &str| asked(scope, &[]);
        assert_eq!(asked("openid", &["email", "locale", "sub", "iss"]), "email sub", "by name, if it is known");
        assert_eq!(names("openid"), "sub");
        assert_eq!(names("openid email"), "email sub");
        assert_eq!(names("openid profile phone"), "name phone_number sub");
        assert_eq!((names("openid groups"), names("openid roles")), ("groups sub".into(), "roles sub".into()));
    }

    #[test]
    fn a_standard_scope_covers_its_own_claims() {
        let name = |name| ClaimName::parse(name).unwrap();
        for (scope, claim) in
            [("profile", "name"), ("email", "email_verified"), ("phone", "phone_number"), ("address", "address")]
        {
            assert!(
                scope_covers(scope, name(claim))
                    && covers(&Scopes::parse(&format!("read {scope}")).unwrap(), name(claim))
            );
        }
        for (scope, claim) in [("profile", "email"), ("email", "name"), ("openid", "name"), ("name", "name")] {
            assert!(
                !scope_covers(scope, name(claim)) && !covers(&Scopes::parse(scope).unwrap(), name(claim)),
                "{scope}"
            );
        }
    }

    #[test]
    fn signed_claims_have_issuer_and_audience() {
        let claims = serde_json::json!({"sub": "s"}).as_object().unwrap().clone();
        let (issuer, client) = (crate::fixtures::issuer(), crate::fixtures::client_id("app"));
        let expected = serde_json::json!({"sub": "s", "iss": issuer.as_str(), "aud": "app"});
        assert_eq!(Value::Object(signed_claims(claims, &issuer, &client)), expected);
    }
}
