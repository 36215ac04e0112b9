//! The `claims` parameter: claims requested by name (OpenID Connect Core §5.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::syntax::json::strict_object_within;
use crate::types::id::Subject;
use crate::users::user_claims::{ClaimName, ClaimNames};

/// The maximum nesting depth of the parameter (catalogue row SEC-PARAM-17).
const MAX_DEPTH: u8 = 8;

/// The requested claims. Unsupported claims are ignored, and so are those that every token contains, such as `aud`:
/// none of them is a [`ClaimName`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaims {
    /// Claims requested of the userinfo endpoint.
    #[serde(rename = "u", default, skip_serializing_if = "ClaimNames::is_empty")]
    pub userinfo: ClaimNames,
    /// Claims requested in the ID token.
    #[serde(rename = "i", default, skip_serializing_if = "ClaimNames::is_empty")]
    pub id_token: ClaimNames,
    /// The authentication context classes of which the login must have one, if any is required (§5.5.1.1).
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    acr: Option<Vec<String>>,
}

/// The parsed parameter.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// The requested claims.
    pub requested: RequestedClaims,
    /// The expected user, if it requests a value of `sub`.
    pub subject: Option<Subject>,
}

/// The parameter does not have the form of §5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("malformed claims")]
pub struct MalformedClaims;

impl RequestedClaims {
    /// Whether nothing is requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every requested claim.
    #[must_use]
    pub fn names(&self) -> ClaimNames {
        self.userinfo.union(&self.id_token).copied().collect()
    }

    /// These claims, restricted to those that `keep` accepts.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(ClaimName) -> bool) -> Self {
        let kept = |names: &ClaimNames| names.iter().copied().filter(|name| keep(*name)).collect();
        Self { userinfo: kept(&self.userinfo), id_token: kept(&self.id_token), acr: self.acr.clone() }
    }

    /// Whether a login of the class `acr` satisfies the request.
    #[must_use]
    pub fn are_met_by(&self, acr: &str) -> bool {
        self.acr.as_ref().is_none_or(|classes| classes.iter().any(|class| class == acr))
    }
}

impl ClaimsRequest {
    /// Parses the parameter.
    ///
    /// # Errors
    ///
    /// [`MalformedClaims`]: not JSON, a repeated member, nested too deep, or a member of the wrong type.
    pub fn parse(text: &str) -> Result<Self, MalformedClaims> {
        let Some(Value::Object(request)) = strict_object_within(text.as_bytes(), MAX_DEPTH) else {
            return Err(MalformedClaims);
        };
        let (userinfo, id_token) = (members(&request, "userinfo")?, members(&request, "id_token")?);
        let requested = RequestedClaims {
            userinfo: userinfo.iter().filter_map(|asked| ClaimName::parse(asked.name)).collect(),
            id_token: id_token.iter().filter_map(|asked| ClaimName::parse(asked.name)).collect(),
            acr: essential_acr(&id_token)?,
        };
        let mut subjects =
            userinfo.iter().chain(&id_token).filter(|asked| asked.name == "sub" && !asked.values.is_empty());
        let subject = subjects.next().map(subject).transpose()?;
        let unanimous = subjects.all(|other| self::subject(other).ok() == subject);
        if unanimous { Ok(Self { requested, subject }) } else { Err(MalformedClaims) }
    }
}

/// A requested claim.
struct Asked<'r> {
    name: &'r str,
    essential: bool,
    values: Vec<&'r Value>,
}

fn members<'r>(request: &'r Map<String, Value>, place: &str) -> Result<Vec<Asked<'r>>, MalformedClaims> {
    match request.get(place) {
        None => Ok(Vec::new()),
        Some(Value::Object(members)) => members.iter().map(|(name, member)| asked(name, member)).collect(),
        Some(_) => Err(MalformedClaims),
    }
}

fn asked<'r>(name: &'r str, member: &'r Value) -> Result<Asked<'r>, MalformedClaims> {
    if member.is_null() {
        return Ok(Asked { name, essential: false, values: Vec::new() });
    }
    let member = member.as_object().ok_or(MalformedClaims)?;
    let essential = match member.get("essential") {
        None => false,
        Some(essential) => essential.as_bool().ok_or(MalformedClaims)?,
    };
    let mut values: Vec<&Value> = member.get("value").into_iter().collect();
    if let Some(list) = member.get("values") {
        values.extend(list.as_array().filter(|list| !list.is_empty()).ok_or(MalformedClaims)?);
    }
    Ok(Asked { name, essential, values })
}

fn essential_acr(id_token: &[Asked<'_>]) -> Result<Option<Vec<String>>, MalformedClaims> {
    let Some(acr) = id_token.iter().find(|asked| asked.name == "acr") else { return Ok(None) };
    let classes: Option<Vec<String>> = acr.values.iter().map(|value| value.as_str().map(Into::into)).collect();
    let classes = classes.ok_or(MalformedClaims)?;
    // Without a value, any class satisfies the request, and every ID token has one.
    Ok(Some(classes).filter(|classes| acr.essential && !classes.is_empty()))
}

fn subject(asked: &Asked<'_>) -> Result<Subject, MalformedClaims> {
    match asked.values.as_slice() {
        [Value::String(subject)] => Subject::parse(subject).map_err(|_| MalformedClaims),
        _ => Err(MalformedClaims),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &ClaimNames) -> Vec<&'static str> {
        names.iter().map(|name| name.as_str()).collect()
    }

    #[test]
    fn sec_tok_07_requested_claims_are_read_and_reserved_or_unknown_ones_are_ignored() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo": {"email": null, "given_name": {"essential": true}, "http://example.info/claims/groups": null},
                "id_token": {"auth_time": {"essential": true}, "locale": {"value": "de"}, "aud": {"value": "x"}, "exp": null,
                             "email#de": null},
                "others": [1]}"#,
        )
        .unwrap();
        assert_eq!(names(&request.requested.userinfo), ["email", "given_name"]);
        assert_eq!(names(&request.requested.id_token), ["locale"]);
        assert_eq!(names(&request.requested.names()), ["email", "given_name", "locale"]);
        assert!(request.requested.are_met_by("any") && request.subject.is_none());
        assert!(!request.requested.is_empty() && ClaimsRequest::parse("{}").unwrap().requested.is_empty());
    }

    #[test]
    fn sec_authz_25_and_sec_param_13_malformed_claims_are_refused() {
        for bad in [
            "",
            "x",
            "[]",
            "null",
            "1",
            "\"x\"",
            "{\"id_token\":[]}",
            "{\"userinfo\":null}",
            r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":"x"}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":[]}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":[1]}}}"#,
            r#"{"id_token":{"email":1}}"#,
            r#"{"id_token":{"email":null,"email":null}}"#,
            r#"{"id_token":{},"id_token":{}}"#,
            r#"{"x":[[[[[[[[1]]]]]]]]}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(bad), Err(MalformedClaims), "{bad}");
        }
        assert!(ClaimsRequest::parse(r#"{"x":[[[[[[[1]]]]]]]}"#).is_ok(), "eight deep");
    }

    #[test]
    fn an_essential_class_is_required_and_a_voluntary_one_is_not() {
        let met = |acr: &str, by: &str| {
            ClaimsRequest::parse(&format!(r#"{{"id_token":{{"acr":{acr}}}}}"#)).unwrap().requested.are_met_by(by)
        };
        assert!(met(r#"{"values":["a"]}"#, "b") && met(r#"{"essential":true}"#, "b") && met("null", "b"));
        assert!(met(r#"{"essential":true,"values":["a","b"]}"#, "b") && met(r#"{"essential":true,"value":"b"}"#, "b"));
        assert!(!met(r#"{"essential":true,"value":"a"}"#, "b"));
    }
}
