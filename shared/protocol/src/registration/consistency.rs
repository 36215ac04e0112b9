//! Whether a client's metadata is consistent with the workspace and with itself.

use crate::clients::grant_type::GrantType;
use crate::clients::policies::PushedRedirectUris;
use crate::clients::private_use_scheme::check_exception;
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::{Field, RegistrationError};
use crate::types::scope::{OF_POWER, OF_USERS, OFFLINE_ACCESS, Scopes};
use crate::workspace::allowed_users_fault;
use crate::workspace::claim_fault::{LISTS, is_constant};
use crate::workspace::claim_rule::{ClaimRule, ClaimSource};
use crate::workspace::settings::Settings;

/// The most values of the operator's own.
const MAX_METADATA: usize = 20;

impl ClientMetadata {
    /// Checks that the workspace defines every scope and resource, and that every excepted scheme is permitted.
    pub(super) fn known(&self, settings: &Settings) -> Result<(), RegistrationError> {
        self.unknown(settings).next().map_or(Ok(()), Err)
    }

    /// Every scope and resource that the workspace does not define, and every excepted scheme that is not permitted.
    pub(super) fn unknown<'a>(&'a self, settings: &'a Settings) -> impl Iterator<Item = RegistrationError> + use<'a> {
        let scopes = unknown_scopes(Field::Scope, &self.scope, settings).chain(unknown_scopes(
            Field::ClientCredentialsScope,
            &self.client_credentials_scope,
            settings,
        ));
        let schemes = self.private_use_schemes.iter().enumerate().filter_map(|(position, scheme)| {
            let fault = check_exception(scheme).err()?;
            Some(RegistrationError::PrivateUseScheme(Field::PrivateUseSchemes.at(position), fault))
        });
        let found = scopes.chain(self.machine_scopes(settings)).chain(schemes).chain(self.unknown_resources(settings));
        let rule = self.allowed_users.as_ref();
        let of_users = rule.and_then(|rule| allowed_users_fault::fault(rule, settings)).map(RegistrationError::from);
        found.chain(self.unfit_metadata(settings)).chain(of_users)
    }

    /// Every value of the operator's own that the claims of the workspace cannot have.
    fn unfit_metadata<'a>(&'a self, settings: &'a Settings) -> impl Iterator<Item = RegistrationError> + use<'a> {
        let too_many = (self.metadata.len() > MAX_METADATA).then_some(RegistrationError::TooMuchMetadata);
        let unfit = self.metadata.iter().filter_map(|(key, value)| {
            if !is_constant(value) {
                return Some(RegistrationError::Metadata(key.clone()));
            }
            let of_list = |rule: &&ClaimRule| {
                rule.from == Some(ClaimSource::ClientMetadata(key.clone())) && LISTS.contains(&rule.name.as_str())
            };
            let rule = settings.claims.iter().find(of_list).filter(|_| !value.is_array())?;
            Some(RegistrationError::MetadataList { key: key.clone(), claim: rule.name.clone() })
        });
        too_many.into_iter().chain(unfit)
    }

    /// Every scope for clients themselves that the client requests of users.
    fn machine_scopes(&self, settings: &Settings) -> impl Iterator<Item = RegistrationError> {
        let machines_only = |scope: &str| settings.scope(scope).is_some_and(|scope| scope.machines_only);
        let found = self.scope.iter().enumerate().filter(move |(_, scope)| machines_only(scope));
        found.map(|(position, scope)| RegistrationError::MachineScope {
            at: Field::Scope.at(position),
            scope: scope.into(),
        })
    }

    fn unknown_resources(&self, settings: &Settings) -> impl Iterator<Item = RegistrationError> {
        let lists = [
            (Field::Resources, &self.resources),
            (Field::IntrospectionAudiences, &self.introspection_audiences),
            (Field::RevocationAudiences, &self.revocation_audiences),
        ];
        lists.into_iter().flat_map(|(field, resources)| {
            let unknown = resources.iter().enumerate().filter(|(_, resource)| settings.resource(resource).is_none());
            unknown.map(move |(position, resource)| RegistrationError::UnknownResource {
                at: field.at(position),
                resource: resource.clone(),
            })
        })
    }

    /// Checks that the grant types are consistent with each other and with the other settings.
    pub(super) fn consistent(&self, confidential: bool) -> Result<(), RegistrationError> {
        self.inconsistencies(confidential).next().map_or(Ok(()), Err)
    }

    /// Contradictions among the grant types, the authentication method and the other settings.
    pub(super) fn inconsistencies(&self, confidential: bool) -> impl Iterator<Item = RegistrationError> {
        let may = |grant| self.grant_types.contains(&grant);
        let is_public_api = |audiences: &[String]| !audiences.is_empty() && !confidential;
        let of_user = self.client_credentials_scope.iter().position(|scope| OF_USERS.contains(&scope));
        let of_user = of_user.map(|position| RegistrationError::UserScope(Field::ClientCredentialsScope.at(position)));
        let found = [
            (self.grant_types.is_empty(), RegistrationError::NoGrantType),
            (
                may(GrantType::RefreshToken) && !may(GrantType::AuthorizationCode) && !may(GrantType::DeviceCode),
                RegistrationError::RefreshWithoutCode,
            ),
            (
                self.scope.contains(OFFLINE_ACCESS) && !may(GrantType::RefreshToken),
                RegistrationError::OfflineAccessWithoutRefresh,
            ),
            (may(GrantType::ClientCredentials) && !confidential, RegistrationError::PublicClientCredentials),
            (
                self.pushed_redirect_uris == Some(PushedRedirectUris::Any) && !confidential,
                RegistrationError::PublicPush,
            ),
            (is_public_api(&self.introspection_audiences), RegistrationError::PublicApi(Field::IntrospectionAudiences)),
            (is_public_api(&self.revocation_audiences), RegistrationError::PublicApi(Field::RevocationAudiences)),
            (
                !self.client_credentials_scope.is_empty() && !may(GrantType::ClientCredentials),
                RegistrationError::ClientScopeWithoutGrant,
            ),
        ];
        found.into_iter().filter_map(|(wrong, error)| wrong.then_some(error)).chain(of_user)
    }

    /// Checks that the client requests no workspace-wide scope of users. A file that does is refused; from the store such
    /// a scope is read as absent.
    ///
    /// # Errors
    ///
    /// [`RegistrationError::PowerScope`].
    pub fn asks_for_no_power(&self) -> Result<(), RegistrationError> {
        self.scopes_of_power().next().map_or(Ok(()), Err)
    }

    /// Every workspace-wide scope that the client requests of users: the errors of [`ClientMetadata::asks_for_no_power`].
    pub fn scopes_of_power(&self) -> impl Iterator<Item = RegistrationError> {
        let of_power = self.scope.iter().enumerate().filter(|(_, scope)| OF_POWER.contains(scope));
        of_power.map(|(position, scope)| RegistrationError::PowerScope {
            at: Field::Scope.at(position),
            scope: scope.into(),
        })
    }
}

fn unknown_scopes<'a>(
    field: Field,
    scopes: &'a Scopes,
    settings: &'a Settings,
) -> impl Iterator<Item = RegistrationError> {
    scopes
        .iter()
        .enumerate()
        .filter(|(_, scope)| settings.scope(scope).is_none())
        .map(move |(position, scope)| RegistrationError::UnknownScope { at: field.at(position), scope: scope.into() })
}
