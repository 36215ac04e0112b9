//! Everything for which a client cannot be registered, for those who correct a file. Registering stops at the first.

use crate::clients::external_url::Reach;
use crate::clients::redirect_uri::RedirectUris;
use crate::registration::authentication_method::AuthenticationMethod;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::{Field, RegistrationError};
use crate::types::id::Issuer;
use crate::types::scope::Scopes;
use crate::workspace::settings::Settings;

impl ClientMetadata {
    /// Everything for which [`ClientMetadata::register`] refuses the client; empty if it does not.
    #[must_use]
    pub fn faults(&self, settings: &Settings, issuer: &Issuer) -> Vec<RegistrationError> {
        let confidential = self.token_endpoint_auth_method != AuthenticationMethod::None;
        let mut faults = self.authentication_fields().faults(settings, Reach::of(issuer.as_str()));
        faults.extend(unknown_scopes(Field::Scope, &self.scope, settings));
        faults.extend(unknown_scopes(Field::ClientCredentialsScope, &self.client_credentials_scope, settings));
        faults.extend(self.unknown_resources(settings));
        faults.extend(self.inconsistencies(confidential));
        let bound = self.lifetimes.or(settings.lifetimes).out_of_bounds();
        faults.extend(bound.map(RegistrationError::Lifetime));
        faults.extend(self.unusable_uris(issuer));
        faults.extend(self.backchannel_logout(issuer).err());
        faults.extend(self.subject_type(issuer).err());
        faults
    }

    fn unknown_resources(&self, settings: &Settings) -> impl Iterator<Item = RegistrationError> {
        let unknown = self.resources.iter().enumerate().filter(|(_, resource)| !settings.has_resource(resource));
        unknown.map(|(position, resource)| RegistrationError::UnknownResource {
            at: Field::Resources.at(position),
            resource: resource.clone(),
        })
    }

    /// Each redirect URI that cannot be used, after login and after logout.
    fn unusable_uris(&self, issuer: &Issuer) -> Vec<RegistrationError> {
        let lists = [
            (Field::RedirectUris, &self.redirect_uris),
            (Field::PostLogoutRedirectUris, &self.post_logout_redirect_uris),
        ];
        let one_by_one = lists.into_iter().flat_map(|(field, uris)| {
            uris.iter().enumerate().filter_map(move |(position, uri)| {
                let registered = RedirectUris::register(std::slice::from_ref(uri), self.application_type, issuer);
                registered.err().map(|error| RegistrationError::uris(field, error.at(position)))
            })
        });
        let unusable: Vec<RegistrationError> = one_by_one.collect();
        if unusable.is_empty() {
            // What is left is wrong with a list as a whole.
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

fn unknown_scopes(field: Field, scopes: &Scopes, settings: &Settings) -> Vec<RegistrationError> {
    let known = settings.scope_names();
    let unknown = scopes.iter().enumerate().filter(|(_, scope)| !known.contains(scope));
    unknown
        .map(|(position, scope)| RegistrationError::UnknownScope { at: field.at(position), scope: scope.into() })
        .collect()
}
