//! Maps a provider's error to one for the client (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).

use thiserror::Error;

/// Why a provider sent the user back without a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UpstreamRefusal {
    /// The user denied the request, in one of the ways that providers report.
    #[error("the user or the identity provider denied the request")]
    Denied,
    /// The provider is overloaded or under maintenance.
    #[error("the identity provider is not available at the moment: try again")]
    TemporarilyUnavailable,
    /// The user would have to log in there.
    #[error("the user has to log in at the identity provider")]
    LoginRequired,
    /// The user would have to consent there.
    #[error("the user has to consent at the identity provider")]
    ConsentRequired,
    /// The user would have to do something else there.
    #[error("the user has to do something at the identity provider")]
    InteractionRequired,
    /// The user would have to choose an account there.
    #[error("the user has to choose an account at the identity provider")]
    AccountSelectionRequired,
    /// Any other error: it concerns the provider and this server, and is logged here.
    #[error("the identity provider answered with an error")]
    ServerError,
}

impl UpstreamRefusal {
    /// Reads the `error` of a provider.
    #[must_use]
    pub fn of(error: &str) -> Self {
        match error {
            // The last three are used by Sign in with Apple, LinkedIn and Facebook.
            "access_denied" | "user_cancelled_authorize" | "user_cancelled_login" | "user_denied" => Self::Denied,
            "temporarily_unavailable" => Self::TemporarilyUnavailable,
            "login_required" => Self::LoginRequired,
            "consent_required" => Self::ConsentRequired,
            "interaction_required" => Self::InteractionRequired,
            "account_selection_required" => Self::AccountSelectionRequired,
            _ => Self::ServerError,
        }
    }

    /// The `error` for the client.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ServerError => "server_error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_up_06_each_error_of_a_provider_has_one_for_the_client() {
        let table = [
            ("access_denied", "access_denied"),
            ("user_cancelled_login", "access_denied"),
            ("user_cancelled_authorize", "access_denied"),
            ("user_denied", "access_denied"),
            ("temporarily_unavailable", "temporarily_unavailable"),
            ("login_required", "login_required"),
            ("consent_required", "consent_required"),
            ("interaction_required", "interaction_required"),
            ("account_selection_required", "account_selection_required"),
            ("server_error", "server_error"),
            ("invalid_request", "server_error"),
            ("unauthorized_client", "server_error"),
            ("invalid_scope", "server_error"),
            ("<b>", "server_error"),
        ];
        for (theirs, ours) in table {
            assert_eq!(UpstreamRefusal::of(theirs).code(), ours, "{theirs}");
        }
    }
}
