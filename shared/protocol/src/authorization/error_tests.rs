//! Tests of the errors of the front channel: each has its status or code, and says what to do.

use crate::authorization::error::RedirectError;
use crate::authorization::pkce::PkceError;
use crate::authorization::upstream_refusal::UpstreamRefusal;
use crate::clients::resource_indicator::InvalidTarget;
use crate::syntax::parameters::ParameterError;
use crate::syntax::quoted::Quoted;
use crate::types::scope::MalformedScope;

#[test]
fn each_redirect_error_has_its_registered_code() {
    let table = [
        (RedirectError::Parameters(ParameterError::Encoding), "invalid_request"),
        (RedirectError::TooLong { name: "state", length: 4097, limit: 4096 }, "invalid_request"),
        (RedirectError::TooMany("acr_values"), "invalid_request"),
        (RedirectError::Upstream(UpstreamRefusal::ServerError), "server_error"),
        (RedirectError::TooLarge { sealed: 7000, limit: 6700, state: 4096 }, "invalid_request"),
        (RedirectError::MissingResponseType, "invalid_request"),
        (RedirectError::UnsupportedResponseMode, "invalid_request"),
        (RedirectError::MissingChallenge, "invalid_request"),
        (RedirectError::MissingNonce, "invalid_request"),
        (RedirectError::UnsupportedChallengeMethod, "invalid_request"),
        (RedirectError::Challenge(PkceError::MalformedChallenge), "invalid_request"),
        (RedirectError::InvalidPrompt, "invalid_request"),
        (RedirectError::InvalidDisplay, "invalid_request"),
        (RedirectError::InvalidMaxAge, "invalid_request"),
        (RedirectError::InvalidClaims, "invalid_request"),
        (RedirectError::InvalidIdTokenHint, "invalid_request"),
        (RedirectError::MustBePushed, "invalid_request"),
        (RedirectError::UnsupportedResponseType, "unsupported_response_type"),
        (RedirectError::MalformedScope(MalformedScope), "invalid_scope"),
        (RedirectError::UnknownScope(Quoted::of("x")), "invalid_scope"),
        (RedirectError::ScopeTemplate(Quoted::of("x.*")), "invalid_scope"),
        (RedirectError::MisdirectedScope(Quoted::of("x")), "invalid_scope"),
        (RedirectError::InvalidTarget(InvalidTarget::TooMany), "invalid_target"),
        (RedirectError::UnauthorizedClient, "unauthorized_client"),
        (RedirectError::UnmetAuthenticationRequirements, "unmet_authentication_requirements"),
        (RedirectError::RequestNotSupported, "request_not_supported"),
        (RedirectError::RequestUriNotSupported, "request_uri_not_supported"),
        (RedirectError::RegistrationNotSupported, "registration_not_supported"),
        (RedirectError::LoginRequired, "login_required"),
        (RedirectError::ConsentRequired, "consent_required"),
        (RedirectError::AccessDenied, "access_denied"),
        (RedirectError::TemporarilyUnavailable, "temporarily_unavailable"),
    ];
    for (error, code) in table {
        assert_eq!(error.code(), code, "{error:?}");
        // RFC 6749 §4.1.2.1 limits error_description to these characters.
        let description = error.to_string();
        assert!(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'),
            "{description}"
        );
    }
}
