//! The device authorization request, and the user's decision on it (RFC 8628 §3.1, §3.3).
//!
//! The request is stored under a keyed digest of its user code, and its content is sealed with a key derived from the same
//! code, so the store reveals neither. The decision applies only to the client that is stored with the request.

use serde::{Deserialize, Serialize};

use crate::authorization::consent::{ConsentEpoch, Withheld};
use crate::authorization::decision::User;
use crate::authorization::device_error::DeviceError;
use crate::authorization::error::PageError;
use crate::authorization::requested_scope::requested;
use crate::clients::client::Client;
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::syntax::parameters::Parameters;
use crate::types::id::{ClientId, DeviceRequestId, GrantId, Subject};
use crate::types::scope::{OPENID, Scopes};
use crate::types::secret::SecretHash;
use crate::types::time::Timestamp;
use crate::users::session::Session;

/// The minimum number of seconds between two polls (RFC 8628 §3.2).
pub const INTERVAL: u32 = 5;

/// The maximum length of the `User-Agent` kept for the confirmation page.
const MAX_USER_AGENT_CHARACTERS: usize = 160;

/// The content of a device request, and its sender. Sealed in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAsk {
    /// The client.
    pub client_id: ClientId,
    /// The requested scopes.
    pub scope: Scopes,
    /// The requested resources (RFC 8707).
    pub resource: Resources,
    /// The address of the sender.
    pub address: String,
    /// The sender's `User-Agent`, shortened.
    pub user_agent: String,
}

/// A device request as it is stored.
pub struct DeviceRequest {
    /// Its id, a keyed digest of the user code.
    pub id: DeviceRequestId,
    /// The id of the grant to which it may lead.
    pub grant: GrantId,
    /// The client that made it.
    pub client_id: ClientId,
    /// The digest of the device code.
    pub code: SecretHash,
    /// A [`DeviceAsk`], sealed.
    pub sealed: String,
    /// When it was received.
    pub began: Timestamp,
    /// When it expires.
    pub expires: Timestamp,
    /// The minimum number of seconds between two polls. It grows with each poll that is too fast.
    pub interval: u32,
    /// The user's decision, if there is one.
    pub decision: Option<DeviceDecision>,
}

/// How a device request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceDecision {
    /// The user allowed it, and a grant exists.
    Allowed,
    /// The user denied it.
    Denied,
    /// Several users entered its code, so the code is in the wrong hands (catalogue row SEC-DEV-11).
    Invalidated,
}

impl DeviceDecision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Denied, Self::Invalidated];

    /// Its name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Invalidated => "invalidated",
        }
    }
}

impl DeviceAsk {
    /// Parses the request of `client` that came from `address` with this `User-Agent`.
    ///
    /// # Errors
    ///
    /// [`DeviceError`]: the client may not use this grant type, or may not request these scopes or resources.
    pub fn parse(
        parameters: &Parameters,
        client: &Client,
        address: &str,
        user_agent: &str,
    ) -> Result<Self, DeviceError> {
        if !client.grants.contains(&GrantType::DeviceCode) {
            return Err(DeviceError::UnauthorizedClient);
        }
        let resource = Resources::parse(parameters)?;
        client.targets.allow(&resource)?;
        let scope = requested(parameters, client, &resource).map_err(DeviceError::Refused)?;
        let user_agent = user_agent.chars().filter(|character| !character.is_control());
        Ok(Self {
            client_id: client.id.clone(),
            scope,
            resource,
            address: address.into(),
            user_agent: user_agent.take(MAX_USER_AGENT_CHARACTERS).collect(),
        })
    }

    /// Checks the request against the client's current registration.
    ///
    /// # Errors
    ///
    /// [`PageError`] if the client may no longer request this.
    pub fn check(&self, client: &Client) -> Result<(), PageError> {
        if !client.is_usable() || client.id != self.client_id {
            return Err(PageError::UnknownClient);
        }
        let may = client.grants.contains(&GrantType::DeviceCode) && client.scope.allow_all(&self.scope);
        if may && client.targets.allow(&self.resource).is_ok() { Ok(()) } else { Err(PageError::StaleInteraction) }
    }

    /// The requested scopes that `user` may have; `None` if the user may not use the client, or nothing that it requests
    /// (catalogue row SEC-DEV-08).
    #[must_use]
    pub fn offered(&self, client: &Client, user: User<'_>) -> Option<Scopes> {
        let offered = client.allowed_scopes(&self.scope, user.facts());
        let is_empty = offered.is_empty() && !self.scope.is_empty();
        (!is_empty && client.allows(user.facts(), &self.resource)).then_some(offered)
    }
}

/// The next step after the user pressed "Allow".
pub enum DeviceStep {
    /// The user is not one of those who may use the client, or nothing that it requests.
    NotAllowed,
    /// A grant may be created.
    Approved(Box<ApprovedDevice>),
    /// Everything was withheld, which is a denial.
    Denied,
}

/// Proof that a device may get tokens, and for what. Only [`allow`] creates it.
pub struct ApprovedDevice {
    asked: DeviceAsk,
    session: Session,
    client_subject: Subject,
    scope: Scopes,
    consent: ConsentEpoch,
}

impl ApprovedDevice {
    /// The same, resting on a consent of this epoch, which was just recorded.
    #[must_use]
    pub fn consented(self, epoch: ConsentEpoch) -> Self {
        Self { consent: epoch, ..self }
    }

    /// The epoch of the consent that it rests on.
    #[must_use]
    pub const fn consent(&self) -> ConsentEpoch {
        self.consent
    }

    /// The requested content.
    #[must_use]
    pub const fn asked(&self) -> &DeviceAsk {
        &self.asked
    }

    /// The session of the approving user.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The `sub` that the client sees.
    #[must_use]
    pub const fn client_subject(&self) -> &Subject {
        &self.client_subject
    }

    /// The granted scopes: those requested, or fewer.
    #[must_use]
    pub const fn scope(&self) -> &Scopes {
        &self.scope
    }
}

/// Decides what happens after `user` pressed "Allow" and withheld `withheld`. The consent applies to `client`, which is the
/// one stored with the request, and is never remembered or skipped (RFC 8628 §5.4).
///
/// # Errors
///
/// [`PageError`] if the client may no longer request this.
pub fn allow(
    asked: DeviceAsk,
    client: &Client,
    user: User<'_>,
    withheld: Withheld<'_>,
) -> Result<DeviceStep, PageError> {
    asked.check(client)?;
    let Some(offered) = asked.offered(client, user) else { return Ok(DeviceStep::NotAllowed) };
    let scope = offered.filtered(|scope| scope == OPENID || !withheld.scopes.contains(&scope));
    if scope.is_empty() && !asked.scope.is_empty() {
        return Ok(DeviceStep::Denied);
    }
    let (session, client_subject) = (user.session.clone(), user.client_subject.clone());
    Ok(DeviceStep::Approved(Box::new(ApprovedDevice {
        asked,
        session,
        client_subject,
        scope,
        consent: ConsentEpoch::default(),
    })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{client, parameters, session, subject};
    use crate::users::attributes::Attributes;

    fn device_client(change: &serde_json::Value) -> Client {
        let base = json!({
            "grant_types": ["refresh_token", "urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": null,
        });
        client(&crate::fixtures::changed(base, change))
    }

    fn asked(query: &str, client: &Client) -> Result<DeviceAsk, String> {
        let asked = DeviceAsk::parse(&parameters(query), client, "192.0.2.1", "tv/1.0");
        asked.map_err(|error| error.response().1.to_owned())
    }

    #[test]
    fn sec_dev_08_a_device_may_ask_for_what_its_client_is_registered_for() {
        let device = device_client(&json!({}));
        assert_eq!(asked("scope=openid%20read", &device).unwrap().scope.joined(), "openid read");
        assert_eq!(asked("", &device).unwrap().scope.joined(), "openid profile email read write");
        assert_eq!(asked("scope=openid%20nothing", &device).unwrap_err(), "invalid_scope");
        assert_eq!(asked("resource=https%3A%2F%2Fevil.example", &device).unwrap_err(), "invalid_target");
        assert_eq!(asked("scope=openid", &client(&json!({}))).unwrap_err(), "unauthorized_client");
    }

    #[test]
    fn the_user_agent_is_shortened_and_has_no_controls() {
        let agent = format!("tv\r\n{}", "x".repeat(500));
        let asked = DeviceAsk::parse(&parameters(""), &device_client(&json!({})), "", &agent).unwrap();
        assert_eq!(asked.user_agent, format!("tv{}", "x".repeat(158)));
    }

    #[test]
    fn sec_dev_05_what_is_allowed_is_for_the_client_of_the_request_and_never_more_than_it_asked_for() {
        let (device, session, sub) = (device_client(&json!({})), session(), subject("alice"));
        let attributes = &Attributes::default();
        let user = User { session: &session, client_subject: &sub, attributes };
        let ask = || asked("scope=openid%20read", &device).unwrap();
        let granted = |withheld: &[&str]| match allow(ask(), &device, user, Withheld { scopes: withheld, claims: &[] })
        {
            Ok(DeviceStep::Approved(approved)) => approved.scope().joined(),
            Ok(DeviceStep::Denied) => "denied".into(),
            Ok(DeviceStep::NotAllowed) => "not allowed".into(),
            Err(error) => error.to_string(),
        };
        assert_eq!(granted(&[]), "openid read");
        assert_eq!(granted(&["read", "write"]), "openid");
        assert_eq!(granted(&["openid"]), "openid read");
        let read = || asked("scope=read", &device).unwrap();
        let all = Withheld { scopes: &["read"], claims: &[] };
        assert!(matches!(allow(read(), &device, user, all), Ok(DeviceStep::Denied)));
        let for_staff = device_client(&json!({"allowed_users": {"groups": ["staff"]}}));
        assert!(matches!(allow(read(), &for_staff, user, all), Ok(DeviceStep::NotAllowed)));
        for (change, expected) in [
            (json!({"client_id": "other"}), PageError::UnknownClient),
            (json!({"client_status": "inactive"}), PageError::UnknownClient),
            (json!({"scope": "openid"}), PageError::StaleInteraction),
            (
                json!({"grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"],
                       "scope": "openid read"}),
                PageError::StaleInteraction,
            ),
        ] {
            let scope = change.get("scope").cloned().unwrap_or(json!("openid read"));
            let changed = device_client(&crate::fixtures::changed(change.clone(), &json!({ "scope": scope })));
            let refused = allow(ask(), &changed, user, Withheld { scopes: &[], claims: &[] });
            assert_eq!(refused.err(), Some(expected), "{change}");
        }
    }
}
