//! The account page, on which users see and end what they have allowed, as the client of the logins for it.
//!
//! As with the [device page](super::device_page), the client exists in no file and no store, and its interactions never become
//! grants.

use serde_json::json;

use crate::authorization::request::{AuthorizationRequest, RequestTerms};
use crate::clients::client::Client;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::device_page;
use crate::types::id::Issuer;
use crate::types::time::{Lifetime, OWN_CLOCK_SKEW, Timestamp};
use crate::users::session::Session;
use crate::workspace::settings::Settings;

/// The path of the page below the issuer.
pub const PATH: &str = "/account";

/// How long after a login something can be ended or withdrawn without another one.
const RECENT: Lifetime = Lifetime::seconds(600);

/// The `state` of a request for a login that changes something, by which the page knows why its user comes back.
pub const AGAIN: &str = "again";

/// How recent a login has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Any session will do, to look.
    AnySession,
    /// Recent enough to change something (catalogue row SEC-SESS-10).
    Recent,
}

impl Freshness {
    /// Whether the login behind `session` is recent enough at `now`. It is the login here that counts: not every provider says
    /// when its user last authenticated, and what the page changes takes access away and gives none.
    #[must_use]
    pub fn is_met_by(self, session: &Session, now: Timestamp) -> bool {
        match self {
            Self::AnySession => true,
            Self::Recent => (now.minus(RECENT)..=now.plus(OWN_CLOCK_SKEW)).contains(&session.began),
        }
    }
}

/// The page of the workspace with this issuer, as a client. `None` if its URL cannot be a redirect URI, which does not
/// happen for a public URL that the configuration accepts.
#[must_use]
pub fn account_page(settings: &Settings, issuer: &Issuer) -> Option<Client> {
    let metadata = json!({
        "client_id": "account-page", "client_name": "your account", "client_name#de": "Ihrem Konto",
        "client_name#fr": "votre compte", "client_name#es": "su cuenta", "client_name#ja": "アカウント",
        "client_name#ar": "حسابك", "token_endpoint_auth_method": "none",
        "redirect_uris": [issuer.url(PATH)], "trusted": true,
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).ok()?;
    let client = metadata.register(settings, issuer).ok()?;
    Some(Client { must_push: false, ..client })
}

/// The authorization request of that client: to log its user in.
#[must_use]
pub fn request(page: &Client, freshness: Freshness) -> Option<AuthorizationRequest> {
    let state = match freshness {
        Freshness::AnySession => None,
        Freshness::Recent => Some(AGAIN.to_owned()),
    };
    let request = device_page::request(page)?;
    Some(AuthorizationRequest { terms: RequestTerms { state, ..request.terms }, ..request })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, ago, issuer, later, session, settings, workspace_id};
    use crate::types::language::Language;

    #[test]
    fn the_account_page_is_a_client_wherever_the_server_runs() {
        let pushing = settings(&json!({"require_pushed_authorization_requests": true, "pkce": "all"}));
        for issuer in [issuer(), Issuer::new("http://localhost:9000", &workspace_id())] {
            let page = account_page(&pushing, &issuer).unwrap();
            let asked = request(&page, Freshness::Recent).unwrap();
            assert_eq!(asked.redirect_uri.as_str(), issuer.url("/account"));
            assert_eq!((asked.terms.state.as_deref(), page.must_push), (Some(AGAIN), false));
            assert_eq!(request(&page, Freshness::AnySession).unwrap().terms.state, None);
            assert_eq!(page.name_in(Language::German), "Ihrem Konto");
        }
    }

    #[test]
    fn sec_sess_10_a_change_needs_a_login_of_the_last_ten_minutes() {
        let began = [(later(6), false), (later(5), true), (NOW, true), (ago(600), true), (ago(601), false)];
        for (began, recent) in began {
            let session = Session { began, ..session() };
            assert_eq!(Freshness::Recent.is_met_by(&session, NOW), recent, "{began:?}");
            assert!(Freshness::AnySession.is_met_by(&session, NOW));
        }
    }
}
