//! The settings of a workspace.

use serde::{Deserialize, Serialize};

use crate::clients::allowed_users::AllowedUsers;
use crate::clients::client::SecretMethods;
use crate::clients::external_url::Reach;
use crate::clients::policies::UnknownScopes;
use crate::clients::registered_scopes::{RegisteredScopes, ScopeConsent, ScopeRule};
use crate::clients::resource_indicator::{ScopeResources, is_same_resource};
use crate::jose::at_hash::AtHash;
use crate::types::domain::Domain;
use crate::types::id::{IdentitySourceId, Issuer, WorkspaceId};
use crate::types::language::Language;
use crate::types::lifetimes::Lifetimes;
use crate::types::localized::LocalizedText;
use crate::types::retry_window::RetryWindow;
use crate::types::scope::{OPENID, Scopes};
use crate::types::scope_template::{ScopeSeparator, ScopeTemplate};
use crate::users::factor::AuthenticationClass;
use crate::users::identifier::IdentifierKind;
use crate::workspace::brand::Brand;
use crate::workspace::claim_rule::ClaimRule;
use crate::workspace::identity_source::IdentitySource;
use crate::workspace::mail::MailSettings;
use crate::workspace::pool::{POOL, Pool};
use crate::workspace::sandbox::{SANDBOX, Sandbox};
use crate::workspace::upstream_provider::UpstreamProvider;

/// A workspace: one authorization server with its own issuer, keys, users and clients.
pub struct Workspace {
    /// Its id, from the path.
    pub id: WorkspaceId,
    /// Its issuer.
    pub issuer: Issuer,
    /// Its settings.
    pub settings: Settings,
}

impl Workspace {
    /// The workspace `id` on the server with `public_url`.
    #[must_use]
    pub fn new(id: WorkspaceId, public_url: &str, settings: Settings) -> Self {
        let own = settings.domain.as_ref().map(|domain| Issuer::at(public_url, domain));
        Self { issuer: own.unwrap_or_else(|| Issuer::new(public_url, &id)), id, settings }
    }

    /// The identity source `id`, if the workspace has it.
    #[must_use]
    pub fn identity_source(&self, id: &IdentitySourceId) -> Option<IdentitySource<'_>> {
        match id.as_str() {
            SANDBOX => self.settings.sandbox.as_ref().map(IdentitySource::Sandbox),
            POOL => self.settings.pool.as_ref().map(IdentitySource::Pool),
            id => self.settings.upstream(id).map(IdentitySource::Upstream),
        }
    }
}

/// The settings of a workspace: the workspace file without its clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The name shown to users.
    pub name: String,
    /// The host name that belongs to this workspace, which is then served there and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The language of pages for users whose browsers name none that the pages have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub language: Language,
    /// What its pages look like.
    #[serde(default, skip_serializing_if = "is_default")]
    pub brand: Brand,
    /// The audience of access tokens if the request names no resource (RFC 9068 §3).
    pub default_audience: String,
    /// Which clients must use PKCE.
    #[serde(default)]
    pub pkce: PkceEnforcement,
    /// Whether authorization requests of every client must be pushed (RFC 9126 §5).
    #[serde(default, skip_serializing_if = "is_default")]
    pub require_pushed_authorization_requests: bool,
    /// Whether devices without a browser can be logged in with a code (RFC 8628).
    #[serde(default, skip_serializing_if = "is_default")]
    pub device_authorization: bool,
    /// Whether clients may use `client_secret_jwt`, which requires storing their secrets.
    #[serde(default)]
    pub client_secret_jwt: bool,
    /// How clients with a secret may send it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_secret_methods: SecretMethods,
    /// What happens to requested scopes that a client is not registered for, unless the client overrides it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknown_scopes: UnknownScopes,
    /// Lifetimes of codes, tokens, interactions and sessions.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// The time within which a second use of a code can be the client's own retry.
    #[serde(default)]
    pub authorization_code_retry_window_ms: RetryWindow,
    /// Whether ID tokens carry `at_hash`, unless a client overrides it.
    #[serde(default)]
    pub at_hash: AtHash,
    /// The character between the segments of a scope.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope_separator: ScopeSeparator,
    /// The scopes that clients may be registered for, with their texts on the consent page.
    #[serde(default)]
    pub scopes: Vec<ScopeDefinition>,
    /// The resources that tokens can be for, in addition to the default audience (RFC 8707).
    #[serde(default)]
    pub resources: Vec<ResourceDefinition>,
    /// Claims beside those of the protocol, in tokens and answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimRule>,
    /// The sandbox identity source, with passwords in plaintext.
    #[serde(default)]
    pub sandbox: Option<Sandbox>,
    /// Users with records of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// How mail is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSettings>,
    /// Upstream OpenID providers that users may log in with.
    #[serde(default)]
    pub upstream: Vec<UpstreamProvider>,
    /// Origins that may call from a browser, in addition to those of the redirect URIs.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// How far requests of this server reach, if that does not follow from its URL. It belongs to the process and not to
    /// the workspace: no file and no stored item contains it.
    #[serde(skip)]
    pub reach: Option<Reach>,
}

/// Whether a setting need not be stored, so that an earlier version can still read the others.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Settings {
    /// The scopes of this workspace that are no templates.
    pub fn fixed_scopes(&self) -> impl Iterator<Item = &str> {
        let fixed = |name: &&str| ScopeTemplate::of(name, self.scope_separator).is_none();
        self.scopes.iter().map(|scope| scope.name.as_str()).filter(fixed)
    }

    /// The scopes `names` of a client, with what this workspace says of each.
    #[must_use]
    pub fn registered(&self, names: Scopes) -> RegisteredScopes {
        let rule = |name: &str| self.scope(name).map(ScopeDefinition::rule).unwrap_or_default();
        RegisteredScopes::new(names, self.scope_separator, rule)
    }

    /// The authentication context classes that a login here can have.
    pub fn authentication_classes(&self) -> impl Iterator<Item = AuthenticationClass> {
        let vouches = |provider: &UpstreamProvider| {
            !provider.multi_factor_acr.is_empty() || !provider.multi_factor_amr.is_empty()
        };
        let multi_factor = self.upstream.iter().any(vouches);
        AuthenticationClass::ALL
            .into_iter()
            .filter(move |class| multi_factor || *class != AuthenticationClass::MultiFactor)
    }

    /// How far requests of the server with the issuer `issuer` reach.
    #[must_use]
    pub fn reach(&self, issuer: &Issuer) -> Reach {
        self.reach.unwrap_or_else(|| Reach::of(issuer.as_str()))
    }

    /// Whether a user who allows a request may withhold `scope`: not what a login
    /// consists of, nor what is marked as required or granted with the login.
    #[must_use]
    pub fn is_optional(&self, scope: &str) -> bool {
        scope != OPENID && !self.scope(scope).is_some_and(|scope| scope.required || scope.implicit_grant)
    }

    /// The definition of `scope`, if the workspace has it: the one of that name, else the template of which it is an
    /// instance.
    #[must_use]
    pub fn scope(&self, scope: &str) -> Option<&ScopeDefinition> {
        let names = self.scopes.iter().map(|known| known.name.as_str());
        self.scopes.get(self.scope_separator.definition(names, scope)?)
    }

    /// The claims that are released by `granted`.
    pub fn claims_released_by<'s>(&'s self, granted: &'s Scopes) -> impl Iterator<Item = &'s ClaimRule> {
        self.claims.iter().filter(|rule| rule.is_released_by(granted, self.scope_separator))
    }

    /// The resources of scopes that are for one only.
    #[must_use]
    pub fn scope_resources(&self) -> ScopeResources {
        let resource = |scope: &ScopeDefinition| self.resource(scope.resource.as_deref()?).map(Into::into);
        let resources = self.scopes.iter().filter_map(|scope| Some((scope.name.clone(), resource(scope)?)));
        ScopeResources::new(resources.collect(), self.scope_separator)
    }

    /// The resources that are for some users only.
    #[must_use]
    pub fn resource_users(&self) -> Vec<(String, AllowedUsers)> {
        let rule = |resource: &ResourceDefinition| Some((resource.uri().to_owned(), resource.allowed_users()?.clone()));
        self.resources.iter().filter_map(rule).collect()
    }

    /// The parameters of `scope` as an instance of `definition`; none if it is not one.
    #[must_use]
    pub fn parameters<'s>(&self, definition: &ScopeDefinition, scope: &'s str) -> Vec<&'s str> {
        let template = ScopeTemplate::of(&definition.name, self.scope_separator);
        template.and_then(|template| template.parameters(scope)).unwrap_or_default()
    }

    /// `resource` as spelled in the settings, if tokens of this workspace can be for it.
    #[must_use]
    pub fn resource(&self, resource: &str) -> Option<&str> {
        let others = self.resources.iter().map(ResourceDefinition::uri);
        let mut all = std::iter::once(self.default_audience.as_str()).chain(others);
        all.find(|known| is_same_resource(known, resource))
    }

    /// The title of `resource` for users, if it has one.
    #[must_use]
    pub fn resource_title(&self, resource: &str) -> Option<&LocalizedText> {
        let mut all = self.resources.iter();
        all.find(|known| is_same_resource(known.uri(), resource)).and_then(ResourceDefinition::title)
    }

    /// Whether users can log in with a name and a password.
    #[must_use]
    pub fn has_passwords(&self) -> bool {
        self.sandbox.is_some() || self.pool.as_ref().is_some_and(Pool::has_passwords)
    }

    /// Whether users can set a new password with a code from their mail.
    #[must_use]
    pub fn has_recovery(&self) -> bool {
        let has_addresses = |pool: &Pool| pool.has_passwords() && pool.identifiers.contains(&IdentifierKind::Email);
        self.mail.is_some() && self.pool.as_ref().is_some_and(has_addresses)
    }

    /// The upstream provider named `id`.
    #[must_use]
    pub fn upstream(&self, id: &str) -> Option<&UpstreamProvider> {
        self.upstream.iter().find(|provider| provider.id.as_str() == id)
    }
}

/// A scope of a workspace, with its texts on the consent page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own in a workspace file")]
pub struct ScopeDefinition {
    /// The scope token, or a template of dynamic scopes such as `accounts.*`.
    pub name: String,
    /// The title on the consent page.
    pub title: LocalizedText,
    /// The description below it.
    #[serde(default)]
    pub description: LocalizedText,
    /// The only resource that it is for (RFC 8707): a token with it is for that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The heading under which it stands with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<LocalizedText>,
    /// Whether users can allow a request for it only as a whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// Whether it is marked as one to think about.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sensitive: bool,
    /// Whether every request of a client that is registered for it has it, named or not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub implicit: bool,
    /// Whether it is granted with the login, without asking.
    #[serde(default, skip_serializing_if = "is_default")]
    pub implicit_grant: bool,
    /// Whether users are asked each time, because their answer is not remembered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transient: bool,
    /// Who may have it, if not everybody who may use a client that requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_users: Option<AllowedUsers>,
    /// Whether clients have it by client credentials only, so that no user can grant it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub machines_only: bool,
}

impl ScopeDefinition {
    /// What it says to clients.
    fn rule(&self) -> ScopeRule {
        let consent = match (self.implicit_grant, self.transient) {
            (true, _) => ScopeConsent::Implied,
            (false, true) => ScopeConsent::Transient,
            (false, false) => ScopeConsent::Remembered,
        };
        ScopeRule { implicit: self.implicit, consent, allowed_users: self.allowed_users.clone() }
    }
}

/// A resource of a workspace, perhaps with its title on the consent page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "resources holds URIs, each a string or { uri, title }")]
pub enum ResourceDefinition {
    /// Users read its URI.
    Untitled(String),
    /// A resource with a title, which users see next to the URI.
    Titled(TitledResource),
}

/// A resource with its title on the consent page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitledResource {
    /// The URI that clients name (RFC 8707 §2).
    pub uri: String,
    /// The title.
    pub title: LocalizedText,
    /// Who may use it, if not everybody who may use a client that requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_users: Option<AllowedUsers>,
}

impl ResourceDefinition {
    /// Who may use it, if not everybody.
    #[must_use]
    pub const fn allowed_users(&self) -> Option<&AllowedUsers> {
        match self {
            Self::Untitled(_) => None,
            Self::Titled(resource) => resource.allowed_users.as_ref(),
        }
    }

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Untitled(uri) => uri,
            Self::Titled(resource) => &resource.uri,
        }
    }

    /// The title, if it has one.
    #[must_use]
    pub const fn title(&self) -> Option<&LocalizedText> {
        match self {
            Self::Untitled(_) => None,
            Self::Titled(resource) => Some(&resource.title),
        }
    }
}

/// Which clients of a workspace must use PKCE. A client's own setting can only be stricter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PkceEnforcement {
    /// Every client.
    #[default]
    All,
    /// Public clients; confidential ones may be registered without.
    Public,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{issuer, scopes, settings, source_id, workspace_id};

    fn workspace(change: &Value) -> Workspace {
        Workspace { id: workspace_id(), issuer: issuer(), settings: settings(change) }
    }

    #[test]
    fn the_identity_sources_are_the_configured_ones() {
        let provider = |id: &str| json!({"id": id, "title": id, "issuer": "https://p.example", "client_id": "us"});
        let sandbox = json!({"users": []});
        let both = workspace(&json!({"sandbox": sandbox, "upstream": [provider("a"), provider("b")]}));
        let name = |workspace: &Workspace, id: &str| match workspace.identity_source(&source_id(id)) {
            Some(IdentitySource::Sandbox(_)) => "sandbox".to_owned(),
            Some(IdentitySource::Pool(_)) => "pool".to_owned(),
            Some(IdentitySource::Upstream(provider)) => provider.id.to_string(),
            None => "none".to_owned(),
        };
        for (id, expected) in [("sandbox", "sandbox"), ("a", "a"), ("b", "b"), ("c", "none")] {
            assert_eq!(name(&both, id), expected);
        }
        for reserved in ["sandbox", "pool"] {
            assert_eq!(name(&workspace(&json!({"upstream": [provider(reserved)]})), reserved), "none");
        }
        assert_eq!(name(&workspace(&json!({"pool": {"identifiers": ["email"]}})), "pool"), "pool");
        assert_eq!(both.settings.upstream("b").map(|provider| provider.id.as_str()), Some("b"));
    }

    #[test]
    fn scopes_and_resources_are_the_configured_ones() {
        let settings = settings(
            &json!({"scopes": [{"name": "openid", "title": "Know who you are"}, {"name": "read", "title": "Read"}]}),
        );
        assert_eq!(settings.fixed_scopes().collect::<Vec<_>>(), ["openid", "read"]);
        assert_eq!(settings.scope("read").map(|scope| &scope.title), Some(&LocalizedText::Same("Read".into())));
        assert!(settings.scope("write").is_none());
        for (resource, expected) in [
            ("https://api.example", Some("https://api.example")),
            ("https://B.example/", Some("https://b.example")),
            ("https://c.example", None),
        ] {
            assert_eq!(settings.resource(resource), expected, "{resource}");
        }
    }

    #[test]
    fn resources_including_the_default_may_have_a_title() {
        let titled =
            json!([{"uri": "https://b.example", "title": "B"}, {"uri": "https://api.example", "title": "API"}]);
        let settings = settings(&json!({ "resources": titled }));
        assert_eq!(settings.resource("https://b.example/"), Some("https://b.example"));
        let uris = ["https://b.example", "https://api.example", "https://c.example"];
        assert_eq!(
            uris.map(|uri| settings
                .resource_title(uri)
                .map(|title| title.within(Language::English, Language::English))),
            [Some("B"), Some("API"), None]
        );
        let stored = serde_json::to_value(&settings).unwrap();
        assert_eq!(stored["resources"], titled);
        let odd = json!({"name": "Demo", "default_audience": "x", "resources": [{"uri": "x", "name": "X"}]});
        let error = serde_json::from_value::<Settings>(odd).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("each a string or { uri, title }"), "{error}");
    }

    #[test]
    fn settings_have_safe_defaults() {
        let settings: Settings =
            serde_json::from_value(json!({"name": "Demo", "default_audience": "https://api.example"})).unwrap();
        assert_eq!((settings.pkce, settings.client_secret_jwt), (PkceEnforcement::All, false));
        assert_eq!((settings.lifetimes, settings.at_hash), (Lifetimes::default(), AtHash::Omitted));
        assert_eq!(u32::from(settings.authorization_code_retry_window_ms), 500);
        assert!(settings.fixed_scopes().next().is_none() && settings.sandbox.is_none() && settings.upstream.is_empty());
        assert!(
            serde_json::from_value::<Settings>(json!({"name": "Demo", "default_audience": "x", "pcke": "all"}))
                .is_err()
        );
    }

    #[test]
    fn an_upstream_provider_is_asked_for_openid_profile_and_email() {
        let provider = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let provider: UpstreamProvider = serde_json::from_value(provider).unwrap();
        assert_eq!(provider.scope, scopes("openid profile email"));
        assert!(provider.verified_email_domains.is_empty());
    }
}
