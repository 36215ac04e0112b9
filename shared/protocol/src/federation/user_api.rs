//! Who the user is, by the API of a provider without OpenID Connect.
//!
//! Nothing here is signed. It comes over TLS from a URL that is configured, for an access token that was issued to us for a
//! code of this login.

use serde_json::{Map, Value};

use crate::federation::id_token::UpstreamIdentity;
use crate::federation::openid::UpstreamError;
use crate::types::id::WorkspaceId;
use crate::types::time::Timestamp;
use crate::users::user_claims::{ClaimsReading, Identity, SourceClaims, derived_subject};
use crate::workspace::upstream_provider::UpstreamProvider;
use crate::workspace::user_api::UserApi;

/// The longest access token, in bytes.
const MAX_ACCESS_TOKEN_BYTES: usize = 8 * 1024;

/// What the API says.
pub struct ApiAnswers<'a> {
    /// Of the user.
    pub user: &'a Map<String, Value>,
    /// Of their addresses, where it is asked for them.
    pub emails: Option<&'a [Value]>,
}

/// The access token in a token response (RFC 6749 §5.1, RFC 6750 §2.1). GitHub refuses a code with status 200.
///
/// # Errors
///
/// [`UpstreamError::TokenResponse`] names the member that is wrong.
pub fn access_token(response: &Map<String, Value>) -> Result<&str, UpstreamError> {
    if response.get("error").is_some_and(|error| !error.is_null()) {
        return Err(UpstreamError::TokenResponse("error"));
    }
    let text = |name| response.get(name).and_then(Value::as_str);
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(UpstreamError::TokenResponse("token_type"));
    }
    let fits = |token: &&str| {
        (1..=MAX_ACCESS_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    text("access_token").filter(fits).ok_or(UpstreamError::TokenResponse("access_token"))
}

/// Whether a login that has to be as recent as `earliest` can be shown to be: such a provider never says when it was.
///
/// # Errors
///
/// [`UpstreamError::TooOld`] (catalogue row SEC-UP-21).
pub const fn recent(earliest: Option<Timestamp>) -> Result<(), UpstreamError> {
    if earliest.is_none() { Ok(()) } else { Err(UpstreamError::TooOld) }
}

/// Who the user is.
///
/// # Errors
///
/// [`UpstreamError::UserApi`] if nothing identifies them.
pub fn identity(
    workspace: &WorkspaceId,
    provider: &UpstreamProvider,
    api: &UserApi,
    answers: &ApiAnswers<'_>,
) -> Result<UpstreamIdentity, UpstreamError> {
    let sub = answers.user.get(&api.subject).and_then(subject).ok_or(UpstreamError::UserApi("subject"))?;
    let mut said = answers.user.clone();
    if let Some(emails) = answers.emails {
        // The address that a user shows to others is not one that was checked.
        said.retain(|name, _| name != "email" && name != "email_verified");
        let verified =
            primary_address(emails).map(|address| [("email", address.into()), ("email_verified", true.into())]);
        said.extend(verified.into_iter().flatten().map(|(name, value): (&str, Value)| (name.to_owned(), value)));
    }
    let ClaimsReading { claims, dropped } = SourceClaims::read(&provider.map.applied(&said, &provider.id));
    let subject = derived_subject(workspace, provider.id.as_str(), &[&provider.issuer, &sub]);
    let subject = subject.ok_or(UpstreamError::UserApi("subject"))?;
    let (source, issuer) = (provider.id.clone(), Some(provider.issuer.clone()));
    Ok(UpstreamIdentity { identity: Identity { subject, source, issuer, claims }, dropped })
}

/// What identifies a user: a whole number, or a text as `sub` may be (OpenID Connect Core §2).
fn subject(value: &Value) -> Option<String> {
    if let Some(number) = value.as_u64() {
        return (number > 0).then(|| number.to_string());
    }
    let fits = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    value.as_str().filter(fits).map(Into::into)
}

/// The one address that is the user's primary one, if it is verified.
fn primary_address(emails: &[Value]) -> Option<&str> {
    let is = |email: &Value, name: &str| email.get(name).and_then(Value::as_bool) == Some(true);
    let mut primary = emails.iter().filter(|email| is(email, "primary"));
    let only = primary.next().filter(|_| primary.next().is_none())?;
    if is(only, "verified") { only.get("email")?.as_str() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{changed, workspace_id};

    fn provider(change: &Value) -> UpstreamProvider {
        let base = json!({
            "id": "github", "title": "GitHub", "issuer": "https://github.com/login/oauth", "client_id": "us",
            "map": {"preferred_username": "login"}, "verified_email_domains": ["*"],
            "oauth": {
                "authorization_endpoint": "https://github.com/a", "token_endpoint": "https://github.com/t",
                "user_endpoint": "https://api.github.com/user",
            },
        });
        serde_json::from_value(changed(base, change)).unwrap()
    }

    /// Subject and claims.
    fn known(user: &Value, emails: Option<&Value>) -> Result<(String, Value), UpstreamError> {
        let provider = provider(&json!({}));
        let (api, emails) =
            (provider.oauth.clone().unwrap(), emails.map(|emails| emails.as_array().unwrap().as_slice()));
        let answers = ApiAnswers { user: user.as_object().unwrap(), emails };
        let said = identity(&workspace_id(), &provider, &api, &answers)?;
        Ok((said.identity.subject.as_str().to_owned(), json!(said.identity.claims)))
    }

    #[test]
    fn sec_up_07_a_user_is_known_by_a_number_that_stays_and_never_by_a_name() {
        let subject = |user: &Value| known(user, None).map(|(subject, _)| subject);
        let ada = subject(&json!({"id": 7, "login": "ada", "email": "ada@corp.example"})).unwrap();
        assert_eq!(subject(&json!({"id": 7, "login": "ada-2"})).unwrap(), ada, "renamed");
        assert_ne!(subject(&json!({"id": 8, "login": "ada", "email": "ada@corp.example"})).unwrap(), ada, "taken over");
        let missing = [json!({}), json!({"id": null, "login": "ada"}), json!({"id": ""}), json!({"id": 0})];
        let odd =
            [json!(-7), json!(7.5), json!(true), json!([7]), json!({"id": 7}), json!("a b"), json!("x".repeat(256))];
        for user in missing.into_iter().chain(odd.map(|id| json!({ "id": id }))) {
            assert_eq!(subject(&user), Err(UpstreamError::UserApi("subject")), "{user}");
        }
    }

    #[test]
    fn sec_up_17_only_the_verified_primary_address_counts() {
        let user = json!({"id": 7, "login": "ada", "email": "ceo@corp.example", "email_verified": true});
        let told = |emails: Value| known(&user, Some(&emails)).unwrap().1;
        let one =
            |primary: Value, verified: Value| json!({"email": "a@x.example", "primary": primary, "verified": verified});
        let none = json!({"preferred_username": "ada"});
        let ada = json!({"preferred_username": "ada", "email": "a@x.example", "email_verified": true});
        assert_eq!(told(json!([one(json!(false), json!(true)), one(json!(true), json!(true))])), ada);
        for unusable in [
            json!([]),
            json!([one(json!(true), json!(false))]),
            json!([one(json!(false), json!(true))]),
            json!([one(json!("true"), json!(true))]),
            json!([one(json!(true), json!("true"))]),
            json!([one(json!(true), json!(true)), one(json!(true), json!(true))]),
            json!([{"email": ["a@x.example"], "primary": true, "verified": true}]),
            json!([{"email": "nobody", "primary": true, "verified": true}]),
            json!(["a@x.example", 7, null]),
        ] {
            assert_eq!(told(unusable.clone()), none, "{unusable}");
        }
    }

    #[test]
    fn a_token_response_has_a_bearer_token_and_no_error() {
        let read = |change: &Value| {
            let response = changed(json!({"access_token": "at", "token_type": "bearer", "scope": "x"}), change);
            access_token(response.as_object().unwrap()).map(str::to_owned)
        };
        assert_eq!(read(&json!({})), Ok("at".to_owned()));
        assert_eq!(read(&json!({"token_type": "Bearer"})), Ok("at".to_owned()));
        let table = [
            (json!({"error": "bad_verification_code"}), "error"),
            (json!({"error": 7}), "error"),
            (json!({"token_type": null}), "token_type"),
            (json!({"token_type": "mac"}), "token_type"),
            (json!({"access_token": null}), "access_token"),
            (json!({"access_token": ""}), "access_token"),
            (json!({"access_token": ["at"]}), "access_token"),
            (json!({"access_token": "a\r\nb"}), "access_token"),
            (json!({"access_token": "a".repeat(8193)}), "access_token"),
        ];
        for (change, member) in table {
            assert_eq!(read(&change), Err(UpstreamError::TokenResponse(member)), "{change}");
        }
    }

    #[test]
    fn sec_up_21_a_login_without_a_time_is_never_recent_enough() {
        assert_eq!(recent(None), Ok(()));
        assert_eq!(recent(Some(Timestamp::from_seconds(1))), Err(UpstreamError::TooOld));
    }
}
