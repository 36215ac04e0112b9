//! Errors of the token endpoint.

use thiserror::Error;

use crate::authorization::pkce::PkceError;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::clients::grant_type::DEVICE_CODE;
use crate::clients::resource_indicator::InvalidTarget;
use crate::syntax::form_fault::FormFault;
use crate::syntax::parameters::ParameterError;
use crate::syntax::quoted::Quoted;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::scope::MalformedScope;

/// Why no tokens are issued.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The form cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// The client did not authenticate.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// No `grant_type`.
    #[error("grant_type is missing: use authorization_code, refresh_token, client_credentials or {DEVICE_CODE}")]
    MissingGrantType,
    /// A shorthand seen in an article: `authorization_code=` for `code=`, and no `grant_type`.
    #[error(
        "grant_type is missing: send grant_type=authorization_code with code, redirect_uri, client_id and code_verifier; \
         the code goes into the parameter code"
    )]
    Shorthand,
    /// An unsupported grant type.
    #[error("grant_type must be authorization_code, refresh_token, client_credentials or {DEVICE_CODE}")]
    UnsupportedGrantType,
    /// The device grant, which the workspace does not offer.
    #[error("device_authorization is off in this workspace")]
    DeviceGrantOff,
    /// No `device_code`.
    #[error("device_code is missing")]
    MissingDeviceCode,
    /// Unknown, or issued to another client: one response for both.
    #[error("the device_code is unknown, or was issued to another client")]
    Device(#[source] DeviceFault),
    /// The user has not decided yet (RFC 8628 §3.5).
    #[error("the user has not decided yet: ask again")]
    AuthorizationPending,
    /// The user has not decided yet, and this poll came too early. Contains the longer interval to store, unless it has reached
    /// its maximum.
    #[error("the user has not decided yet, and this was too early: wait 5 seconds longer each time")]
    SlowDown(Option<u32>),
    /// The user denied the request, or several users entered its code.
    #[error("the user denied the request")]
    DeviceDenied,
    /// The device code has expired.
    #[error("the device_code has expired: begin again")]
    ExpiredToken,
    /// No `code`.
    #[error("code is missing")]
    MissingCode,
    /// Unknown, issued to another client, expired, used or revoked: one response for all.
    #[error("the code is unknown, expired, already used, or was issued to another client")]
    Code(#[source] CodeFault),
    /// No `refresh_token`.
    #[error("refresh_token is missing")]
    MissingRefreshToken,
    /// Unknown, issued to another client, expired, revoked or replaced: one response for all.
    #[error("the refresh token is unknown, expired, revoked or replaced, or was issued to another client")]
    Refresh(#[source] RefreshFault),
    /// A grant type that this client is not registered for.
    #[error("the client is not registered for this grant_type")]
    UnauthorizedClient,
    /// A scope outside the grammar.
    #[error(transparent)]
    MalformedScope(#[from] MalformedScope),
    /// A scope that was not granted (RFC 6749 §6).
    #[error("the scope {0} was not granted")]
    ScopeNotGranted(Quoted),
    /// A scope that the client may not have in its own tokens.
    #[error("the scope {0} is not in the client_credentials_scope of this client")]
    UnknownScope(Quoted),
    /// A scope that is for another resource than those of the request.
    #[error("the scope {0} is for another resource than the requested ones: add its resource, or leave the scope out")]
    MisdirectedScope(Quoted),
    /// A resource that is malformed, was not granted, or that the client may not use.
    #[error(transparent)]
    InvalidTarget(#[from] InvalidTarget),
    /// The code or refresh token was issued in another region.
    #[error("this was issued in region {0}: present it there, or begin again here")]
    OtherRegion(RegionLabel),
    /// A redirect URI other than that of the authorization request.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    /// No verifier, although the code is bound to a challenge.
    #[error("code_verifier is missing: the code is bound to a code_challenge")]
    MissingVerifier,
    /// A malformed verifier, or one of another challenge.
    #[error(transparent)]
    Verifier(PkceError),
    /// A verifier for a code without a challenge (OAuth 2.1 §3.2.4).
    #[error("code_verifier was sent for a code that was issued without a code_challenge")]
    UnexpectedVerifier,
    /// The store or a key is unavailable.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

/// What exactly is wrong with a code. It is logged, and never part of the response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeFault {
    /// There is no such grant, or it has another code.
    #[error("unknown")]
    Unknown,
    /// It was issued to another client.
    #[error("of another client")]
    OtherClient,
    /// It has expired.
    #[error("expired")]
    Expired,
    /// Its grant was revoked.
    #[error("revoked")]
    Revoked,
    /// The user no longer exists, or their identity source was removed.
    #[error("of a user who is gone")]
    UserGone,
    /// The user is no longer one of those who may use the client.
    #[error("of a user who may not use the client")]
    UserNotAllowed,
    /// The same sender redeemed it a moment ago, and this is a retry.
    #[error("lost the race")]
    LostRace,
    /// It was redeemed before and is now used again with the right verifier: the grant has to be revoked.
    #[error("replayed")]
    Replayed(GrantId),
}

/// What exactly is wrong with a device code. It is logged, and never part of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeviceFault {
    /// There is no such request, or it has another code.
    #[error("unknown")]
    Unknown,
    /// It was issued to another client.
    #[error("of another client")]
    OtherClient,
}

/// What exactly is wrong with a refresh token. It is logged, and never part of the response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RefreshFault {
    /// There is no such grant, or the token does not belong to it.
    #[error("unknown")]
    Unknown,
    /// It was issued to another client.
    #[error("of another client")]
    OtherClient,
    /// The refresh tokens of the grant have reached their maximum lifetime.
    #[error("expired")]
    Expired,
    /// It was not used for too long.
    #[error("idle for too long")]
    Idle,
    /// Its grant was revoked.
    #[error("revoked")]
    Revoked,
    /// The user no longer exists, or their identity source was removed.
    #[error("of a user who is gone")]
    UserGone,
    /// The user is no longer one of those who may use the client.
    #[error("of a user who may not use the client")]
    UserNotAllowed,
    /// A concurrent request replaced it, and there is no grace period.
    #[error("lost the race")]
    LostRace,
    /// It was replaced before: it or its successor was stolen, and the grant has to be revoked.
    #[error("reused")]
    Reused(GrantId),
}

impl From<ParameterError> for TokenError {
    fn from(error: ParameterError) -> Self {
        Self::Form(error.into())
    }
}

impl TokenError {
    /// The status and `error` code of the response (RFC 6749 §5.2, design decisions 1 and 2).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Client(error) => error.response(),
            Self::Form(fault) => fault.response(),
            Self::MissingGrantType
            | Self::Shorthand
            | Self::MissingCode
            | Self::MissingDeviceCode
            | Self::MissingRefreshToken
            | Self::UnexpectedVerifier => (400, "invalid_request"),
            Self::UnsupportedGrantType | Self::DeviceGrantOff => (400, "unsupported_grant_type"),
            Self::AuthorizationPending => (400, "authorization_pending"),
            Self::SlowDown(_) => (400, "slow_down"),
            Self::DeviceDenied => (400, "access_denied"),
            Self::ExpiredToken => (400, "expired_token"),
            Self::UnauthorizedClient => (400, "unauthorized_client"),
            Self::MalformedScope(_) | Self::ScopeNotGranted(_) | Self::UnknownScope(_) | Self::MisdirectedScope(_) => {
                (400, "invalid_scope")
            }
            Self::InvalidTarget(_) => (400, "invalid_target"),
            Self::Code(_)
            | Self::Device(_)
            | Self::Refresh(_)
            | Self::OtherRegion(_)
            | Self::RedirectUri
            | Self::MissingVerifier
            | Self::Verifier(_) => (400, "invalid_grant"),
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

impl RefreshFault {
    /// The grant to revoke, if this is a reuse.
    #[must_use]
    pub const fn reused_grant(&self) -> Option<&GrantId> {
        if let Self::Reused(grant) = self { Some(grant) } else { None }
    }
}

impl CodeFault {
    /// The grant to revoke, if this is a replay.
    #[must_use]
    pub const fn replayed_grant(&self) -> Option<&GrantId> {
        if let Self::Replayed(grant) = self { Some(grant) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_authentication::credentials::RefusalCause;
    use crate::fixtures::{grant_id, region};

    #[test]
    fn each_error_has_its_status_and_code() {
        let invalid_request = (400, "invalid_request");
        let invalid_grant = (400, "invalid_grant");
        let table = [
            (TokenError::from(ParameterError::Encoding), invalid_request),
            (TokenError::Client(ClientAuthenticationError::Missing), invalid_request),
            (TokenError::Client(ClientAuthenticationError::Refused(RefusalCause::Unknown)), (401, "invalid_client")),
            (TokenError::Client(ClientAuthenticationError::Unavailable), (503, "temporarily_unavailable")),
            (TokenError::from(FormFault::TooLarge), (413, "invalid_request")),
            (TokenError::MissingGrantType, invalid_request),
            (TokenError::Shorthand, invalid_request),
            (TokenError::UnsupportedGrantType, (400, "unsupported_grant_type")),
            (TokenError::MissingCode, invalid_request),
            (TokenError::Code(CodeFault::Unknown), invalid_grant),
            (TokenError::MissingRefreshToken, invalid_request),
            (TokenError::Refresh(RefreshFault::Idle), invalid_grant),
            (TokenError::UnauthorizedClient, (400, "unauthorized_client")),
            (TokenError::MalformedScope(MalformedScope), (400, "invalid_scope")),
            (TokenError::ScopeNotGranted(Quoted::of("x")), (400, "invalid_scope")),
            (TokenError::UnknownScope(Quoted::of("x")), (400, "invalid_scope")),
            (TokenError::MisdirectedScope(Quoted::of("x")), (400, "invalid_scope")),
            (TokenError::from(InvalidTarget::TooMany), (400, "invalid_target")),
            (TokenError::OtherRegion(region()), invalid_grant),
            (TokenError::RedirectUri, invalid_grant),
            (TokenError::MissingVerifier, invalid_grant),
            (TokenError::Verifier(PkceError::Mismatch), invalid_grant),
            (TokenError::UnexpectedVerifier, invalid_request),
            (TokenError::Unavailable, (503, "temporarily_unavailable")),
        ];
        for (error, expected) in table {
            assert_eq!(error.response(), expected, "{error:?}");
        }
    }

    #[test]
    fn the_response_does_not_reveal_why_a_code_or_token_is_invalid() {
        let codes = [
            CodeFault::Unknown,
            CodeFault::OtherClient,
            CodeFault::Expired,
            CodeFault::Revoked,
            CodeFault::UserGone,
            CodeFault::LostRace,
            CodeFault::Replayed(grant_id()),
        ];
        let said = TokenError::Code(CodeFault::Unknown).to_string();
        assert!(codes.into_iter().all(|fault| TokenError::Code(fault).to_string() == said));
        let tokens = [
            RefreshFault::Unknown,
            RefreshFault::OtherClient,
            RefreshFault::Expired,
            RefreshFault::Idle,
            RefreshFault::Revoked,
            RefreshFault::UserGone,
            RefreshFault::LostRace,
            RefreshFault::Reused(grant_id()),
        ];
        let said = TokenError::Refresh(RefreshFault::Unknown).to_string();
        assert!(tokens.into_iter().all(|fault| TokenError::Refresh(fault).to_string() == said));
    }

    #[test]
    fn only_a_replay_or_a_reuse_names_a_grant_to_revoke() {
        assert_eq!(CodeFault::Replayed(grant_id()).replayed_grant(), Some(&grant_id()));
        assert_eq!(CodeFault::LostRace.replayed_grant(), None);
        assert_eq!(RefreshFault::Reused(grant_id()).reused_grant(), Some(&grant_id()));
        assert_eq!(RefreshFault::LostRace.reused_grant(), None);
    }
}
