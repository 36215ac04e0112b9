//! Resource indicators (RFC 8707).

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::clients::allowed_users::{AllowedUsers, UserFacts};
use crate::syntax::parameters::Parameters;
use crate::syntax::quoted::Quoted;
use crate::types::scope::{INTROSPECT_TOKENS, OF_USERS, OPENID, REVOKE_TOKENS, Scopes};
use crate::types::scope_template::ScopeSeparator;

/// The maximum number of resources in a request (catalogue row SEC-PARAM-17).
const MAX_RESOURCES: usize = 10;

/// The resources of a request; none means the workspace's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resources(Vec<String>);

/// Why tokens cannot be for a requested resource (RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidTarget {
    /// Not an absolute URI, or one with a fragment.
    #[error("the resource {0} must be an absolute URI without fragment")]
    Malformed(Quoted),
    /// More resources than a request may name.
    #[error("a request names at most {MAX_RESOURCES} resources")]
    TooMany,
    /// Not registered for the client, or unknown to the workspace.
    #[error("the resource {0} is not registered for this application")]
    Unknown(Quoted),
    /// Not among those that were granted.
    #[error("the resource {0} was not granted")]
    NotGranted(Quoted),
}

impl Resources {
    /// Parses the `resource` parameters of a request, which may be repeated (RFC 8707 §2).
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] for a URI that is not absolute or has a fragment, or for too many of them.
    pub fn parse(parameters: &Parameters) -> Result<Self, InvalidTarget> {
        let mut resources: Vec<String> = Vec::new();
        for resource in parameters.all("resource").filter(|resource| !resource.is_empty()) {
            if !is_resource(resource) {
                return Err(InvalidTarget::Malformed(Quoted::of(resource)));
            }
            if resources.len() == MAX_RESOURCES {
                return Err(InvalidTarget::TooMany);
            }
            if !resources.iter().any(|known| is_same_resource(known, resource)) {
                resources.push(resource.to_owned());
            }
        }
        Ok(Self(resources))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The resources, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether `text` is an absolute URI without fragment (RFC 8707 §2).
#[must_use]
pub fn is_resource(text: &str) -> bool {
    text.len() <= 2048
        && !text.contains('#')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(text).is_ok()
}

/// Whether both identify the same resource: `https://API.example` and `https://api.example/` do (RFC 3986 §6.2.2.1 and
/// §6.2.3).
#[must_use]
pub fn is_same_resource(one: &str, other: &str) -> bool {
    one == other || normalised(one).is_some_and(|one| normalised(other) == Some(one))
}

/// `text` with scheme and host in lower case, no default port, and `/` for an empty path; `None` if it is not an `http`
/// or `https` URL. Nothing else is changed: the path belongs to the API.
fn normalised(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let host = authority.strip_suffix(default_port).or(authority.strip_suffix(':')).unwrap_or(&authority);
    let slash = if path.starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}://{host}{slash}{path}"))
}

/// The resources that a client may request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    default: String,
    issuer: String,
    others: Vec<String>,
    scopes: ScopeResources,
    users: Vec<(String, AllowedUsers)>,
}

impl Targets {
    /// The resources that a client may request: `default` and the endpoints of `issuer` itself, as every client of the
    /// workspace may, and `others`.
    #[must_use]
    pub fn new(default: String, issuer: String, others: Vec<String>) -> Self {
        Self { default, issuer, others, scopes: ScopeResources::default(), users: Vec::new() }
    }

    /// These, where the scopes that `scopes` knows are for their resources only.
    #[must_use]
    pub fn with_scopes(self, scopes: ScopeResources) -> Self {
        Self { scopes, ..self }
    }

    /// These, where the resources in `users` are for some users only.
    #[must_use]
    pub fn with_users(self, users: Vec<(String, AllowedUsers)>) -> Self {
        Self { users, ..self }
    }

    /// Whether `user` may use `resource`.
    #[must_use]
    pub fn allow_user(&self, resource: &str, user: UserFacts<'_>) -> bool {
        let mut rules = self.users.iter().filter(|(known, _)| is_same_resource(known, resource));
        rules.all(|(_, allowed)| allowed.allows(user))
    }

    /// Whether `user` may use the resource that `scope` is for, if it is for one only.
    #[must_use]
    pub fn allow_user_of(&self, scope: &str, user: UserFacts<'_>) -> bool {
        self.scopes.of(scope).is_none_or(|resource| self.allow_user(resource, user))
    }

    /// The rules about users.
    pub fn user_rules(&self) -> impl Iterator<Item = &AllowedUsers> {
        self.users.iter().map(|(_, allowed)| allowed)
    }

    /// Whether `scope` can be requested along with `resources`: it is for no resource in particular, or for one of them.
    #[must_use]
    pub fn is_for(&self, resources: &Resources, scope: &str) -> bool {
        let named = |resource: &str| resources.iter().any(|named| is_same_resource(named, resource));
        resources.is_empty() || self.scopes.of(scope).is_none_or(named)
    }

    /// `scope` without what is for resources outside of `audience`: what a token for it carries.
    #[must_use]
    pub fn narrowed(&self, scope: &Scopes, audience: &[String]) -> Scopes {
        let is_there = |resource: &str| audience.iter().any(|named| is_same_resource(named, resource));
        scope.filtered(|scope| self.scopes.of(scope).is_none_or(is_there))
    }

    /// Checks that the client may request all of `resources`.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget::Unknown`] names the first that it may not.
    pub fn allow(&self, resources: &Resources) -> Result<(), InvalidTarget> {
        let unknown = resources.iter().find(|resource| self.registered(resource).is_none());
        unknown.map_or(Ok(()), |resource| Err(InvalidTarget::Unknown(Quoted::of(resource))))
    }

    /// `resource` as registered, which is how the API identifies itself.
    fn registered(&self, resource: &str) -> Option<&str> {
        let mut all = [&self.default, &self.issuer].into_iter().chain(&self.others);
        all.find(|known| is_same_resource(known, resource)).map(String::as_str)
    }

    /// The audience of a token with `scope` for `granted`, narrowed to `asked` if that is not empty (RFC 8707 §2.2), as
    /// registered.
    ///
    /// It contains the named resources and nothing more (RFC 9068 §3): the issuer's own endpoints are added only if no
    /// resource was named and a scope is for them. So a token for a named API is not accepted here.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] for a resource that was not granted, or that the client may no longer request.
    pub fn audience(
        &self,
        granted: &Resources,
        asked: &Resources,
        scope: &Scopes,
    ) -> Result<Vec<String>, InvalidTarget> {
        let granted: Vec<&str> =
            if granted.is_empty() { self.unnamed(scope).collect() } else { granted.iter().collect() };
        let audience: Vec<&str> = if asked.is_empty() { granted.clone() } else { asked.iter().collect() };
        let is_granted = |resource: &str| granted.iter().any(|granted| is_same_resource(granted, resource));
        let registered = |resource: &str| {
            if !is_granted(resource) {
                return Err(InvalidTarget::NotGranted(Quoted::of(resource)));
            }
            self.registered(resource).map(Into::into).ok_or_else(|| InvalidTarget::Unknown(Quoted::of(resource)))
        };
        audience.into_iter().map(registered).collect()
    }

    /// The APIs that a request for `resources` and `scope` reaches, as registered.
    #[must_use]
    pub fn reached<'a>(&'a self, resources: &'a Resources, scope: &Scopes) -> Vec<&'a str> {
        if resources.is_empty() {
            return self.apis_of(scope);
        }
        resources.iter().map(|resource| self.registered(resource).unwrap_or(resource)).collect()
    }

    /// The APIs for which a request for `resources` and `scope` needs the user's consent, each with the scopes that
    /// reach it.
    ///
    /// A scope that is for no API in particular reaches all that are named. Where none is, consent to it belongs to the
    /// default, whatever else is requested along with it.
    #[must_use]
    pub fn apis<'a>(&'a self, resources: &'a Resources, scope: &Scopes) -> RequestedApis<'a> {
        let default = self.default.as_str();
        let mut named = self.reached(resources, scope);
        let is_general = |scope: &str| self.scopes.of(scope).is_none();
        if resources.is_empty() && scope.iter().any(is_general) && !named.contains(&default) {
            named.insert(0, default);
        }
        let named = named.into_iter().map(|uri| {
            let general = !resources.is_empty() || uri == default;
            let reaches = |scope: &str| self.scopes.of(scope).map_or(general, |own| is_same_resource(own, uri));
            RequestedApi { uri, scope: scope.filtered(reaches), general }
        });
        RequestedApis { named: named.collect(), default }
    }

    /// The APIs of a request for `scope` that names no resource: those of its scopes, and the default unless nothing is
    /// left for it.
    fn apis_of<'a>(&'a self, scope: &Scopes) -> Vec<&'a str> {
        let mut apis: Vec<&str> = Vec::new();
        for api in scope.iter().filter_map(|scope| self.scopes.of(scope)) {
            if !apis.contains(&api) {
                apis.push(api);
            }
        }
        let is_for_none = |scope: &str| self.scopes.of(scope).is_none() && !OF_USERS.contains(&scope);
        if (apis.is_empty() || scope.iter().any(is_for_none)) && !apis.contains(&self.default.as_str()) {
            apis.insert(0, &self.default);
        }
        apis
    }

    /// The audience of a token with `scope` if no resource is named: its APIs, and the issuer for userinfo, introspection
    /// and revocation.
    fn unnamed<'a>(&'a self, scope: &Scopes) -> impl Iterator<Item = &'a str> {
        let apis = self.apis_of(scope);
        let for_issuer = FOR_THE_ISSUER.iter().any(|name| scope.contains(name));
        let issuer = (for_issuer && !apis.contains(&self.issuer.as_str())).then_some(self.issuer.as_str());
        apis.into_iter().chain(issuer)
    }
}

/// The APIs that a request is for.
pub struct RequestedApis<'a> {
    /// The named ones, or those of its scopes.
    pub named: Vec<RequestedApi<'a>>,
    /// The default of the workspace.
    pub default: &'a str,
}

impl RequestedApis<'_> {
    /// These, where nothing is asked about `scope`.
    #[must_use]
    pub fn without(mut self, scope: &Scopes) -> Self {
        for api in &mut self.named {
            api.scope = api.scope.filtered(|asked| !scope.contains(asked));
        }
        self
    }
}

/// An API that a request is for.
pub struct RequestedApi<'a> {
    /// Its URI, as registered.
    pub uri: &'a str,
    /// The requested scopes that reach it.
    pub scope: Scopes,
    /// Whether scopes and claims that are for no API in particular reach it.
    pub general: bool,
}

/// The resources of scopes that are for one only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeResources {
    resources: Vec<(String, String)>,
    separator: ScopeSeparator,
}

impl ScopeResources {
    /// The pairs of a scope, or a template of scopes, and its resource.
    #[must_use]
    pub const fn new(resources: Vec<(String, String)>, separator: ScopeSeparator) -> Self {
        Self { resources, separator }
    }

    /// The resource that `scope` is for, if it is for one only.
    fn of(&self, scope: &str) -> Option<&str> {
        let names = self.resources.iter().map(|(name, _)| name.as_str());
        let (_, resource) = self.resources.get(self.separator.definition(names, scope)?)?;
        Some(resource)
    }
}

/// The scopes that are for endpoints of the issuer itself.
const FOR_THE_ISSUER: [&str; 3] = [OPENID, INTROSPECT_TOKENS, REVOKE_TOKENS];

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(default: &str) -> Targets {
        Targets::new(default.into(), "urn:issuer".into(), vec!["urn:a".into(), "urn:b".into()])
    }

    fn asked(query: &str) -> Result<Resources, InvalidTarget> {
        Resources::parse(&Parameters::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn sec_tok_03_a_resource_is_an_absolute_uri_without_fragment() {
        let two = asked("resource=https://a.example/x&resource=urn:b&resource=https://a.example/x&resource=").unwrap();
        assert_eq!(two.iter().collect::<Vec<_>>(), ["https://a.example/x", "urn:b"]);
        assert!(asked("").unwrap().is_empty());
        let long = format!("resource=https://a.example/{}", "x".repeat(2048));
        let many: Vec<String> = (0..=MAX_RESOURCES).map(|at| format!("resource=https://{at}.example")).collect();
        for bad in [
            "resource=/x",
            "resource=a.example",
            "resource=https://a.example/%23x",
            "resource=https://a.example/%20",
            &long,
            &many.join("&"),
        ] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sec_tok_04_a_token_covers_the_granted_resources_or_fewer() {
        let targets = targets("urn:default");
        let read = Scopes::parse("read").unwrap();
        let of = |list: &[&str]| Resources(list.iter().map(|one| (*one).into()).collect());
        let table = [
            (vec![], vec![], Some(vec!["urn:default"])),
            (vec![], vec!["urn:default"], Some(vec!["urn:default"])),
            (vec![], vec!["urn:a"], None),
            (vec!["urn:a", "urn:b"], vec![], Some(vec!["urn:a", "urn:b"])),
            (vec!["urn:a", "urn:b"], vec!["urn:b"], Some(vec!["urn:b"])),
            (vec!["urn:a"], vec!["urn:b"], None),
            (vec!["urn:a"], vec!["urn:default"], None),
            (vec!["urn:gone"], vec![], None),
        ];
        for (granted, asked, expected) in table {
            let audience = targets.audience(&of(&granted), &of(&asked), &read).ok();
            assert_eq!(
                audience.as_deref(),
                expected.as_ref().map(|list| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{granted:?} {asked:?}"
            );
        }
        let table = [(&["urn:default", "urn:a", "urn:issuer"][..], true), (&["urn:a", "urn:c"], false), (&[], true)];
        for (resources, expected) in table {
            assert_eq!(targets.allow(&of(resources)).is_ok(), expected, "{resources:?}");
        }
    }

    #[test]
    fn sec_res_13_a_token_is_for_the_issuer_only_if_no_resource_or_the_issuer_is_named() {
        let of = |list: &[&str]| Resources(list.iter().map(|one| (*one).into()).collect());
        let none: &[&str] = &[];
        let table = [
            ("read", none, none, Some("urn:default")),
            ("openid read", none, none, Some("urn:default urn:issuer")),
            ("introspect_tokens", none, none, Some("urn:default urn:issuer")),
            ("revoke_tokens", none, none, Some("urn:default urn:issuer")),
            ("openid", &["urn:default"], none, Some("urn:default")),
            ("openid revoke_tokens", &["urn:a"], none, Some("urn:a")),
            ("openid", &["urn:issuer"], none, Some("urn:issuer")),
            ("openid", &["urn:a", "urn:issuer"], none, Some("urn:a urn:issuer")),
            ("openid", &["urn:a", "urn:issuer"], &["urn:a"], Some("urn:a")),
            ("openid", none, &["urn:default"], Some("urn:default")),
            ("openid", none, &["urn:issuer"], Some("urn:issuer")),
            ("read", none, &["urn:issuer"], None),
            ("openid", &["urn:a"], &["urn:issuer"], None),
        ];
        for (scope, granted, asked, expected) in table {
            let audience = targets("urn:default").audience(&of(granted), &of(asked), &Scopes::parse(scope).unwrap());
            let audience = audience.ok().map(|audience| audience.join(" "));
            assert_eq!(audience.as_deref(), expected, "{scope} {granted:?} {asked:?}");
        }
        let own = targets("urn:issuer").audience(&of(none), &of(none), &Scopes::parse(OPENID).unwrap());
        assert_eq!(own.unwrap(), ["urn:issuer"], "the default is the issuer itself");
    }

    #[test]
    fn sec_tok_03_equivalent_spellings_of_a_resource_are_equal() {
        let table = [
            ("https://api.example", "https://api.example/", true),
            ("https://api.example", "HTTPS://API.Example", true),
            ("https://api.example", "https://api.example:443/", true),
            ("http://localhost:80", "http://localhost:/", true),
            ("https://api.example?x=1", "https://api.example/?x=1", true),
            ("https://api.example/a", "https://API.example/a", true),
            ("https://api.example/a", "https://api.example/a/", false),
            ("https://api.example/a", "https://api.example/A", false),
            ("https://api.example/", "https://api.example//", false),
            ("https://api.example/", "https://api.example/?", false),
            ("https://api.example", "http://api.example", false),
            ("https://api.example", "https://api.example:444", false),
            ("https://api.example:80", "https://api.example", false),
            ("https://api.example", "https://api.example.evil.example", false),
            ("https://api.example/%2e", "https://api.example/.", false),
            ("urn:api", "URN:api", false),
            ("urn:api", "urn:api", true),
        ];
        for (one, other, expected) in table {
            assert_eq!(is_same_resource(one, other), expected, "{one} {other}");
            assert_eq!(is_same_resource(other, one), expected, "{other} {one}");
        }
        let targets =
            Targets::new("https://api.example".into(), "urn:issuer".into(), vec!["https://B.example/".into()]);
        let read = Scopes::parse("read").unwrap();
        let asked =
            asked("resource=https://API.example/&resource=https://b.example&resource=https://api.example").unwrap();
        assert!(targets.allow(&asked).is_ok());
        let registered = vec!["https://api.example".to_owned(), "https://B.example/".to_owned()];
        assert_eq!(targets.audience(&asked, &Resources::default(), &read), Ok(registered.clone()));
        let narrowed = Resources(vec!["https://b.example/".into()]);
        assert_eq!(targets.audience(&asked, &narrowed, &read), Ok(registered[1..].to_vec()));
    }

    /// `orders.*` is for A, `mail` for B, and `home` for the default.
    fn services() -> Targets {
        let pairs = [("orders.*", "urn:a"), ("mail", "urn:b"), ("home", "urn:default")];
        let pairs = pairs.map(|(scope, resource)| (scope.to_owned(), resource.to_owned()));
        targets("urn:default").with_scopes(ScopeResources::new(pairs.into(), ScopeSeparator::default()))
    }

    fn named(list: &[&str]) -> Resources {
        Resources(list.iter().map(|one| (*one).into()).collect())
    }

    fn set(text: &str) -> Scopes {
        Scopes::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn sec_tok_04_a_scope_of_a_resource_brings_its_audience_along() {
        let none: &[&str] = &[];
        let table = [
            ("orders.1", none, none, Some(("urn:a", "orders.1"))),
            ("orders.1 orders.2 mail", none, none, Some(("urn:a urn:b", "orders.1 orders.2 mail"))),
            ("openid email orders.1", none, none, Some(("urn:a urn:issuer", "openid email orders.1"))),
            ("openid read orders.1", none, none, Some(("urn:default urn:a urn:issuer", "openid read orders.1"))),
            ("home", none, none, Some(("urn:default", "home"))),
            ("home mail", none, none, Some(("urn:default urn:b", "home mail"))),
            ("", none, none, Some(("urn:default", ""))),
            ("openid", none, none, Some(("urn:default urn:issuer", "openid"))),
            ("openid orders.1 mail", none, &["urn:b"], Some(("urn:b", "openid mail"))),
            ("orders.1 read", &["urn:a"], none, Some(("urn:a", "orders.1 read"))),
            ("orders.1 mail", &["urn:a", "urn:b"], &["urn:a"], Some(("urn:a", "orders.1"))),
            ("orders.1", none, &["urn:b"], None),
            ("orders.1", none, &["urn:default"], None),
        ];
        for (scope, granted, asked, expected) in table {
            let audience = services().audience(&named(granted), &named(asked), &set(scope)).ok();
            let found = audience.map(|audience| {
                let narrowed = services().narrowed(&set(scope), &audience);
                (audience.join(" "), narrowed.joined())
            });
            let expected = expected.map(|(audience, scope)| (audience.to_owned(), scope.to_owned()));
            assert_eq!(found, expected, "{scope} {granted:?} {asked:?}");
        }
    }

    #[test]
    fn a_scope_can_be_requested_along_with_its_resource() {
        let table = [
            ("orders.1", &[][..], true),
            ("orders.1", &["urn:a"], true),
            ("orders.1", &["urn:b", "urn:a"], true),
            ("orders.1", &["urn:b"], false),
            ("orders", &["urn:b"], true),
            ("openid", &["urn:b"], true),
            ("home", &["urn:b"], false),
        ];
        for (scope, resources, expected) in table {
            assert_eq!(services().is_for(&named(resources), scope), expected, "{scope} {resources:?}");
        }
    }

    #[test]
    fn sec_authz_26_each_api_is_consented_to_with_the_scopes_that_reach_it() {
        let table = [
            ("openid read", &[][..], "urn:default=openid read"),
            ("openid orders.1", &[], "urn:default=openid, urn:a=orders.1"),
            ("orders.1", &[], "urn:a=orders.1"),
            ("openid read orders.1 mail", &[], "urn:default=openid read, urn:a=orders.1, urn:b=mail"),
            ("openid read orders.1", &["urn:a", "urn:b"], "urn:a=openid read orders.1, urn:b=openid read"),
            ("", &[], "urn:default="),
        ];
        for (scope, resources, expected) in table {
            let (services, resources) = (services(), named(resources));
            let apis = services.apis(&resources, &set(scope));
            let found: Vec<String> =
                apis.named.iter().map(|api| format!("{}={}", api.uri, api.scope.joined())).collect();
            assert_eq!(found.join(", "), expected, "{scope} {resources:?}");
        }
    }

    #[test]
    fn a_request_may_name_ten_resources_of_2048_characters() {
        let query = |count: usize| (0..count).map(|at| format!("resource=urn:{at}")).collect::<Vec<_>>().join("&");
        assert_eq!(asked(&query(10)).map(|resources| resources.iter().count()), Ok(10));
        assert_eq!(asked(&query(11)), Err(InvalidTarget::TooMany));
        let long = |length: usize| format!("urn:{}", "a".repeat(length - 4));
        assert!(is_resource(&long(2048)) && !is_resource(&long(2049)));
        assert!(!is_resource("urn:\u{e9}") && !is_resource("urn:a#") && !is_resource("a"));
    }
}
