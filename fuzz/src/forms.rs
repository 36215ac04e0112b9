//! Queries and forms.

use protocol::authorization::pushed_request;
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::AuthorizationRequest;
use protocol::client_authentication::credentials::Credentials;
use protocol::clients::request_channel::RequestChannel;
use protocol::clients::resource_indicator::Resources;
use protocol::logout::request::LogoutRequest;
use protocol::syntax::parameters::Parameters;
use protocol::token_status::request::TokenParameter;
use protocol::tokens::request::TokenRequest;
use url::Url;

use crate::fixtures::{CLIENT, REDIRECT_URIS};

/// Whatever is accepted reads as the WHATWG's parser reads it, so that nobody in front of the server sees other
/// parameters than the server does.
pub fn parameters(data: &[u8]) {
    let Ok(parameters) = Parameters::parse(data) else { return };
    let expected: Vec<(String, String)> =
        form_urlencoded::parse(data).into_owned().filter(|(_, value)| !value.is_empty()).collect();
    let mut repeated = false;
    for (name, _) in &expected {
        let values = expected.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        assert!(parameters.all(name).eq(values.clone()), "{name:?} has other values");
        repeated |= values.count() > 1;
    }
    assert_eq!(parameters.check_repeats(&[]).is_err(), repeated);
    if let Ok(resources) = Resources::parse(&parameters) {
        for resource in resources.iter() {
            assert!(parameters.all("resource").any(|sent| sent == resource));
            assert!(Url::parse(resource).is_ok_and(|url| url.fragment().is_none()), "{resource}");
        }
    }
}

/// No request sends a user anywhere but to the registered bytes, whether the browser carries it or the client pushed it.
pub fn authorization_request(data: &[u8]) {
    let Ok(parameters) = Parameters::parse(data) else { return };
    let stored = pushed_request::content(&CLIENT.id, &parameters);
    let brought = pushed_request::parameters_for(&CLIENT.id, stored.as_bytes()).expect("what was pushed is read back");
    for (parameters, channel) in [(&parameters, RequestChannel::Browser), (&brought, RequestChannel::Pushed)] {
        let destination = match AuthorizationRequest::parse(parameters, &CLIENT, channel) {
            Ok(request) => request.destination(),
            Err(Refusal::Redirect(redirected)) => redirected.destination,
            Err(Refusal::Page(_) | Refusal::Stranded(_)) => continue,
        };
        assert!(REDIRECT_URIS.contains(&destination.redirect_uri.as_str()), "{:?}", destination.redirect_uri.as_str());
    }
}

/// The requests of the back channel and of logout: the first line is the `Authorization` header, the rest the form.
pub fn back_channel_request(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (header, body) = text.split_once('\n').unwrap_or(("", text));
    let Ok(parameters) = Parameters::parse(body.as_bytes()) else { return };
    let headers: &[&str] = if header.is_empty() { &[] } else { &[header] };
    if let Ok(credentials) = Credentials::parse(headers, &parameters) {
        let id = credentials.client_id().as_str();
        assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id:?}");
    }
    let _ = TokenRequest::parse(&parameters);
    let _ = TokenParameter::parse(&parameters);
    let _ = LogoutRequest::parse(&parameters);
}
