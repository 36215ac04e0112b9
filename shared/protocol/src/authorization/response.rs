//! The authorization response, and how it reaches the client.

use serde::{Deserialize, Serialize};

use crate::authorization::error::RedirectError;
use crate::clients::redirect_uri::RedirectUri;
use crate::types::id::Issuer;

/// How the browser delivers the response (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of the code flow.
    #[default]
    #[serde(rename = "q")]
    Query,
    /// In the fragment of the redirect URI, which servers do not see.
    #[serde(rename = "f")]
    Fragment,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode §2).
    #[serde(rename = "p")]
    FormPost,
}

impl ResponseMode {
    /// The registered names of all modes.
    pub const NAMES: [&str; 3] = ["query", "fragment", "form_post"];

    /// Parses the `response_mode` of a request whose response goes to `redirect_uri`.
    ///
    /// # Errors
    ///
    /// [`RedirectError::UnsupportedResponseMode`], also for `form_post` to a redirect URI that takes no forms.
    pub fn parse(value: Option<&str>, redirect_uri: &RedirectUri) -> Result<Self, RedirectError> {
        match value {
            None | Some("query") => Ok(Self::Query),
            Some("fragment") => Ok(Self::Fragment),
            Some("form_post") if redirect_uri.takes_forms() => Ok(Self::FormPost),
            Some(_) => Err(RedirectError::UnsupportedResponseMode),
        }
    }

    /// Whether this is the default, which need not be stored.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the response goes, and the `state` that it carries.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The redirect URI.
    pub redirect_uri: RedirectUri,
    /// The response mode.
    pub response_mode: ResponseMode,
    /// The `state` of the request, if it had a valid one.
    pub state: Option<String>,
}

/// A response that is ready to be sent.
#[derive(Debug)]
pub enum Answer {
    /// A redirect to this `Location`.
    Redirect(String),
    /// A form for the browser to post.
    Form(AnswerForm),
}

/// A response as a form.
#[derive(Debug)]
pub struct AnswerForm {
    /// The URI to post it to.
    pub redirect_uri: RedirectUri,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
}

impl Destination {
    /// The response of `issuer` with these parameters, plus `state` and `iss` (RFC 9207 §2).
    #[must_use]
    pub fn answer(&self, issuer: &Issuer, parameters: &[(&'static str, &str)]) -> Answer {
        let mut all = parameters.to_vec();
        all.extend(self.state.as_deref().map(|state| ("state", state)));
        all.push(("iss", issuer.as_str()));
        match self.response_mode {
            ResponseMode::Query => Answer::Redirect(self.redirect_uri.location(&all)),
            ResponseMode::Fragment => Answer::Redirect(self.redirect_uri.fragment_location(&all)),
            ResponseMode::FormPost => {
                let fields = all.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
                Answer::Form(AnswerForm { redirect_uri: self.redirect_uri.clone(), fields })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::redirect_uri::{ApplicationType, RedirectUris, UriRules};
    use crate::types::id::WorkspaceId;

    fn redirect_uri(uri: &str) -> RedirectUri {
        let uris = RedirectUris::register(&[uri.into()], UriRules::new(ApplicationType::Native, &issuer())).unwrap();
        uris.only().unwrap()
    }

    fn issuer() -> Issuer {
        Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap())
    }

    #[test]
    fn sec_authz_03_a_mode_is_one_of_three_and_a_form_goes_to_http_only() {
        let (web, private) = (redirect_uri("https://app.example/cb"), redirect_uri("com.example.app:/cb"));
        let table = [
            (None, Some(ResponseMode::Query), Some(ResponseMode::Query)),
            (Some("query"), Some(ResponseMode::Query), Some(ResponseMode::Query)),
            (Some("fragment"), Some(ResponseMode::Fragment), Some(ResponseMode::Fragment)),
            (Some("form_post"), Some(ResponseMode::FormPost), None),
            (Some("FORM_POST"), None, None),
            (Some("web_message"), None, None),
            (Some("form_post.jwt"), None, None),
        ];
        for (mode, at_web, at_private) in table {
            assert_eq!(ResponseMode::parse(mode, &web).ok(), at_web, "{mode:?}");
            assert_eq!(ResponseMode::parse(mode, &private).ok(), at_private, "{mode:?}");
        }
        assert!(ResponseMode::parse(Some("form_post"), &redirect_uri("http://127.0.0.1/cb")).is_ok());
    }

    #[test]
    fn sec_authz_05_every_mode_carries_state_and_iss() {
        let answered = |uri: &str, response_mode| {
            let destination =
                Destination { redirect_uri: redirect_uri(uri), response_mode, state: Some("a b&c".into()) };
            match destination.answer(&issuer(), &[("code", "x")]) {
                Answer::Redirect(location) => location,
                Answer::Form(form) => format!("{:?}", form.fields),
            }
        };
        let carried = "code=x&state=a%20b%26c&iss=https%3A%2F%2Fauth.example%2Fdefault%2Fdemo";
        let uri = "https://app.example/cb?tenant=7";
        assert_eq!(answered(uri, ResponseMode::Query), format!("{uri}&{carried}"));
        assert_eq!(answered(uri, ResponseMode::Fragment), format!("{uri}#{carried}"));
        let form = r#"[("code", "x"), ("state", "a b&c"), ("iss", "https://auth.example/default/demo")]"#;
        assert_eq!(answered(uri, ResponseMode::FormPost), form);
    }

    #[test]
    fn without_a_state_only_the_issuer_is_added() {
        let destination = Destination {
            redirect_uri: redirect_uri("https://app.example/cb"),
            response_mode: ResponseMode::Query,
            state: None,
        };
        let Answer::Redirect(location) = destination.answer(&issuer(), &[("error", "access_denied")]) else {
            panic!("no redirect")
        };
        let expected = "https://app.example/cb?error=access_denied&iss=https%3A%2F%2Fauth.example%2Fdefault%2Fdemo";
        assert_eq!(location, expected);
    }

    #[test]
    fn a_form_is_posted_to_the_redirect_uri() {
        let uri = redirect_uri("https://app.example/cb");
        let destination = Destination { redirect_uri: uri.clone(), response_mode: ResponseMode::FormPost, state: None };
        let Answer::Form(form) = destination.answer(&issuer(), &[]) else { panic!("no form") };
        assert_eq!(form.redirect_uri, uri);
    }
}
