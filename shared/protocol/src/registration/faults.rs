//! Finds all errors in the metadata of a client, for authors of workspace files. Registration stops at the first
//! one.

use crate::clients::redirect_uri::RedirectUris;
use crate::registration::authentication_method::AuthenticationMethod;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::{Field, RegistrationError};
use crate::types::id::Issuer;
use crate::workspace::settings::Settings;

impl ClientMetadata {
    /// All errors for which [`ClientMetadata::register`] refuses the client; empty if it does not.
    #[must_use]
    pub fn faults(&self, settings: &Settings, issuer: &Issuer) -> Vec<RegistrationError> {
        let confidential = self.token_endpoint_auth_method != AuthenticationMethod::None;
        let mut faults = self.authentication_fields().faults(settings, settings.reach(issuer));
        faults.extend(self.unknown(settings));
        faults.extend(self.inconsistencies(confidential));
        let bound = self.lifetimes.or(settings.lifetimes).out_of_bounds();
        faults.extend(bound.map(RegistrationError::Lifetime));
        faults.extend(self.unusable_uris(issuer));
        // Loopback addresses can be recognized only if all URIs are usable.
        let redirect_uris = self.redirect_uris(issuer).ok();
        faults.extend(redirect_uris.and_then(|uris| self.loopback_consent(&uris).err()));
        faults.extend(self.backchannel_logout(issuer).err());
        faults.extend(self.challenge(confidential, settings.pkce).err());
        faults.extend(self.subject_type(issuer).err());
        faults
    }

    /// Each redirect URI that cannot be used, after login and after logout.
    fn unusable_uris(&self, issuer: &Issuer) -> Vec<RegistrationError> {
        let rules = self.uri_rules(issuer);
        let lists = [
            (Field::RedirectUris, &self.redirect_uris),
            (Field::PostLogoutRedirectUris, &self.post_logout_redirect_uris),
        ];
        let one_by_one = lists.into_iter().flat_map(|(field, uris)| {
            uris.iter().enumerate().filter_map(move |(position, uri)| {
                let registered = RedirectUris::register(std::slice::from_ref(uri), rules);
                registered.err().map(|error| RegistrationError::uris(field, error.at(position)))
            })
        });
        let unusable: Vec<RegistrationError> = one_by_one.collect();
        if unusable.is_empty() {
            // The list as a whole is invalid.
            return self
                .redirect_uris(issuer)
                .err()
                .into_iter()
                .chain(self.post_logout_redirect_uris(issuer).err())
                .collect();
        }
        unusable
    }
}
