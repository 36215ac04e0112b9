//! Whether a client's metadata agree with the workspace and with each other.

use crate::clients::client::Authentication;
use crate::clients::grant_type::GrantType;
use crate::clients::private_use_scheme::check_exception;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::{Field, RegistrationError};
use crate::types::scope::{OF_POWER, OF_USERS, OFFLINE_ACCESS};
use crate::workspace::settings::Settings;

impl ClientMetadata {
    /// Checks that the workspace defines every scope and resource, and that every excepted scheme can be one.
    pub(super) fn known(&self, settings: &Settings) -> Result<(), RegistrationError> {
        let known = settings.scope_names();
        let lists = [(Field::Scope, &self.scope), (Field::ClientCredentialsScope, &self.client_credentials_scope)];
        for (field, scopes) in lists {
            if let Some((position, scope)) = scopes.iter().enumerate().find(|(_, scope)| !known.contains(scope)) {
                return Err(RegistrationError::UnknownScope { at: field.at(position), scope: scope.into() });
            }
        }
        let mut schemes = self.private_use_schemes.iter().enumerate();
        if let Some((position, fault)) = schemes.find_map(|(at, scheme)| Some((at, check_exception(scheme).err()?))) {
            return Err(RegistrationError::PrivateUseScheme(Field::PrivateUseSchemes.at(position), fault));
        }
        for (field, resources) in self.resource_lists() {
            let unknown = resources.iter().enumerate().find(|(_, resource)| settings.resource(resource).is_none());
            if let Some((position, resource)) = unknown {
                let (at, resource) = (field.at(position), resource.clone());
                return Err(RegistrationError::UnknownResource { at, resource });
            }
        }
        Ok(())
    }

    fn resource_lists(&self) -> [(Field, &[String]); 3] {
        [
            (Field::Resources, &self.resources),
            (Field::IntrospectionAudiences, &self.introspection_audiences),
            (Field::RevocationAudiences, &self.revocation_audiences),
        ]
    }

    /// Checks that the grant types are consistent with each other and with the other settings.
    pub(super) fn consistent(&self, authentication: &Authentication) -> Result<(), RegistrationError> {
        let may = |grant| self.grant_types.contains(&grant);
        let is_api = !self.introspection_audiences.is_empty() || !self.revocation_audiences.is_empty();
        let of_user = self.client_credentials_scope.iter().position(|scope| OF_USERS.contains(&scope));
        if self.grant_types.is_empty() {
            Err(RegistrationError::NoGrantType)
        } else if may(GrantType::RefreshToken) && !may(GrantType::AuthorizationCode) {
            Err(RegistrationError::RefreshWithoutCode)
        } else if self.scope.contains(OFFLINE_ACCESS) && !may(GrantType::RefreshToken) {
            Err(RegistrationError::OfflineAccessWithoutRefresh)
        } else if may(GrantType::ClientCredentials) && !authentication.is_confidential() {
            Err(RegistrationError::PublicClientCredentials)
        } else if is_api && !authentication.is_confidential() {
            Err(RegistrationError::PublicApi)
        } else if !self.client_credentials_scope.is_empty() && !may(GrantType::ClientCredentials) {
            Err(RegistrationError::ClientScopeWithoutGrant)
        } else if let Some(position) = of_user {
            Err(RegistrationError::UserScope(Field::ClientCredentialsScope.at(position)))
        } else {
            Ok(())
        }
    }

    /// Checks that the client asks no user for a scope of power. A file that does is refused; from the store such a scope
    /// is read as absent.
    ///
    /// # Errors
    ///
    /// [`RegistrationError::PowerScope`].
    pub fn asks_for_no_power(&self) -> Result<(), RegistrationError> {
        match self.scope.iter().enumerate().find(|(_, scope)| OF_POWER.contains(scope)) {
            None => Ok(()),
            Some((position, scope)) => {
                Err(RegistrationError::PowerScope { at: Field::Scope.at(position), scope: scope.into() })
            }
        }
    }
}
