//! The route table, from which discovery, the local server, the functions, the tests and the stacks are derived.

use protocol::types::domain::Domain;
use protocol::types::id::WorkspaceId;
use protocol::workspace::settings::Settings;

/// The functions; each is a crate and a Lambda function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// The authorization endpoint.
    Authorize,
    /// Login and consent pages.
    Login,
    /// Users who prove that a mailbox is theirs.
    Enroll,
    /// Logging in with an upstream provider.
    Callback,
    /// The pushed authorization request endpoint.
    Par,
    /// The device authorization endpoint.
    Device,
    /// The token endpoint.
    Token,
    /// The userinfo endpoint.
    Userinfo,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// Discovery documents and public keys.
    Metadata,
    /// The logout endpoint.
    Logout,
    /// The account page.
    Account,
    /// Notifies clients of ended sessions. It consumes a queue and has no route.
    Notify,
    /// Sends mail. It consumes a queue and has no route.
    Mail,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Authorize,
        Self::Login,
        Self::Enroll,
        Self::Callback,
        Self::Par,
        Self::Device,
        Self::Token,
        Self::Userinfo,
        Self::Introspect,
        Self::Revoke,
        Self::Metadata,
        Self::Logout,
        Self::Account,
        Self::Notify,
        Self::Mail,
    ];

    /// The name of its crate, its binary and its Lambda function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Login => "login",
            Self::Enroll => "enroll",
            Self::Callback => "callback",
            Self::Par => "par",
            Self::Device => "device",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
            Self::Metadata => "metadata",
            Self::Logout => "logout",
            Self::Account => "account",
            Self::Notify => "notify",
            Self::Mail => "mail",
        }
    }
}

/// The endpoint behind a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// RFC 6749 §3.1.
    Authorization,
    /// The login page.
    Login,
    /// The consent page.
    Consent,
    /// The pages on which a new password is set with a code or link from a mail.
    Recovery,
    /// The start of an upstream login.
    UpstreamLogin,
    /// The callback of an upstream login.
    Callback,
    /// RFC 9126 §2.
    PushedAuthorization,
    /// RFC 8628 §3.1.
    DeviceAuthorization,
    /// The device page, on which users enter a user code (RFC 8628 §3.3).
    DevicePage,
    /// RFC 6749 §3.2.
    Token,
    /// OpenID Connect Core §5.3.
    Userinfo,
    /// RFC 7662.
    Introspection,
    /// RFC 7009.
    Revocation,
    /// OpenID Connect RP-Initiated Logout §2.
    Logout,
    /// The account page of a user.
    Account,
    /// OpenID Connect Discovery §4 and RFC 8414 §3.
    Discovery,
    /// RFC 7517 §5.
    Jwks,
}

/// Which origins may read responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossOrigin {
    /// None: pages, and everything that reads cookies.
    Never,
    /// The origins of registered clients.
    Registered,
    /// All: the response is public.
    Public,
}

/// A row of the table.
#[derive(Debug)]
pub struct Route {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The function that serves it.
    pub function: Function,
    /// The path, with `{tenant}`, `{workspace}` and possibly `{idp}`.
    pub template: &'static str,
    /// The supported methods: HEAD wherever GET writes nothing (RFC 9110 §9.3.2).
    pub methods: &'static [&'static str],
    /// Which origins may read its responses.
    pub cross_origin: CrossOrigin,
}

macro_rules! routes {
    ($($endpoint:ident $function:ident $template:literal [$($method:literal),+] $cross_origin:ident;)+) => {
        /// The table.
        pub const ROUTES: &[Route] = &[$(Route {
            endpoint: Endpoint::$endpoint,
            function: Function::$function,
            template: $template,
            methods: &[$($method),+],
            cross_origin: CrossOrigin::$cross_origin,
        }),+];
    };
}

routes! {
    Authorization Authorize "/{tenant}/{workspace}/oauth2/authorize" ["GET", "POST"] Never;
    Login Login "/{tenant}/{workspace}/login" ["GET", "HEAD", "POST"] Never;
    Consent Login "/{tenant}/{workspace}/login/consent" ["GET", "HEAD", "POST"] Never;
    Recovery Enroll "/{tenant}/{workspace}/login/recovery" ["GET", "HEAD", "POST"] Never;
    DevicePage Login "/{tenant}/{workspace}/device" ["GET", "HEAD", "POST"] Never;
    UpstreamLogin Callback "/{tenant}/{workspace}/login/upstream/{idp}" ["GET", "HEAD"] Never;
    Callback Callback "/{tenant}/{workspace}/callback/{idp}" ["GET", "POST"] Never;
    PushedAuthorization Par "/{tenant}/{workspace}/par" ["POST"] Registered;
    DeviceAuthorization Device "/{tenant}/{workspace}/device/authorization" ["POST"] Registered;
    Token Token "/{tenant}/{workspace}/oauth2/token" ["POST"] Registered;
    Userinfo Userinfo "/{tenant}/{workspace}/userinfo" ["GET", "HEAD", "POST"] Registered;
    Introspection Introspect "/{tenant}/{workspace}/oauth2/introspect" ["POST"] Never;
    Revocation Revoke "/{tenant}/{workspace}/oauth2/revoke" ["POST"] Registered;
    Logout Logout "/{tenant}/{workspace}/oidc/logout" ["GET", "POST"] Never;
    Account Account "/{tenant}/{workspace}/account" ["GET", "HEAD", "POST"] Never;
    Discovery Metadata "/{tenant}/{workspace}/.well-known/openid-configuration" ["GET", "HEAD"] Public;
    Discovery Metadata "/{tenant}/{workspace}/.well-known/oauth-authorization-server" ["GET", "HEAD"] Public;
    Discovery Metadata "/.well-known/openid-configuration/{tenant}/{workspace}" ["GET", "HEAD"] Public;
    Discovery Metadata "/.well-known/oauth-authorization-server/{tenant}/{workspace}" ["GET", "HEAD"] Public;
    Jwks Metadata "/{tenant}/{workspace}/.well-known/jwks.json" ["GET", "HEAD"] Public;
}

/// A path that matches a route.
pub struct Matched<'p> {
    /// The route.
    pub route: &'static Route,
    /// The workspace that the path names. Whether it exists is not known yet.
    pub workspace: WorkspaceId,
    /// The identity source that the path names, if the route has one.
    pub identity_source: Option<&'p str>,
    /// The domain of the workspace that the request was sent to, if it was.
    pub domain: Option<Domain>,
}

impl Matched<'_> {
    /// Whether a workspace with these settings is served where the request was sent to: one that has a domain is served
    /// there alone, because its issuer is that domain.
    #[must_use]
    pub fn is_served(&self, settings: &Settings) -> bool {
        self.domain == settings.domain
    }
}

/// The beginning of the routes of a workspace, which its domain stands for if it has one.
pub const WORKSPACE: &str = "/{tenant}/{workspace}";

/// The route that matches `path` literally: no case folding, no decoding, no doubled or trailing slashes (catalogue
/// row SEC-PARAM-20).
#[must_use]
pub fn find(path: &str) -> Option<Matched<'_>> {
    ROUTES.iter().find_map(|route| matched(route, path))
}

/// The route of `workspace` that matches `path` at its `domain`.
#[must_use]
pub fn find_at<'p>(domain: &Domain, workspace: &WorkspaceId, path: &'p str) -> Option<Matched<'p>> {
    ROUTES.iter().find_map(|route| {
        let named = segments(route.at_domain()?, path)?;
        let (workspace, domain) = (workspace.clone(), Some(domain.clone()));
        Some(Matched { route, workspace, identity_source: named.identity_source, domain })
    })
}

impl Route {
    /// The path at the domain of a workspace, if there is one: the documents whose paths end in the workspace have none.
    #[must_use]
    pub fn at_domain(&self) -> Option<&'static str> {
        self.template.strip_prefix(WORKSPACE)
    }
}

fn matched<'p>(route: &'static Route, path: &'p str) -> Option<Matched<'p>> {
    let named = segments(route.template, path)?;
    let workspace = WorkspaceId::parse(named.tenant?, named.workspace?).ok()?;
    Some(Matched { route, workspace, identity_source: named.identity_source, domain: None })
}

/// What the segments of a path name.
#[derive(Default)]
struct Named<'p> {
    tenant: Option<&'p str>,
    workspace: Option<&'p str>,
    identity_source: Option<&'p str>,
}

fn segments<'p>(template: &str, path: &'p str) -> Option<Named<'p>> {
    let mut named = Named::default();
    let (mut expected, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), segments.next()) {
            (None, None) => return Some(named),
            (Some("{tenant}"), Some(segment)) => named.tenant = Some(segment),
            (Some("{workspace}"), Some(segment)) => named.workspace = Some(segment),
            (Some("{idp}"), Some(segment)) => named.identity_source = Some(segment),
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for route in ROUTES {
            let path =
                route.template.replace("{tenant}", "t1").replace("{workspace}", "w1").replace("{idp}", "partner");
            let found = find(&path).unwrap();
            assert_eq!(found.route.template, route.template);
            assert_eq!(found.workspace.to_string(), "t1/w1");
            assert_eq!(found.identity_source, route.template.contains("{idp}").then_some("partner"));
        }
    }

    #[test]
    fn every_route_of_a_workspace_is_found_at_its_domain() {
        let (domain, workspace) =
            (Domain::parse("login.example.com").unwrap(), WorkspaceId::parse("t1", "w1").unwrap());
        let find_at = |path: &'static str| find_at(&domain, &workspace, path);
        let token = find_at("/oauth2/token").unwrap();
        assert_eq!((token.route.endpoint, &token.workspace), (Endpoint::Token, &workspace));
        assert_eq!(token.domain, Some(domain.clone()));
        assert_eq!(find_at("/callback/partner").unwrap().identity_source, Some("partner"));
        assert_eq!(find_at("/.well-known/openid-configuration").unwrap().route.endpoint, Endpoint::Discovery);
        for elsewhere in ["/t1/w1/oauth2/token", "/.well-known/openid-configuration/t1/w1", "/oauth2/token/", "/", ""] {
            assert!(find_at(elsewhere).is_none(), "{elsewhere}");
        }
        let without = ROUTES.iter().filter(|route| route.at_domain().is_none());
        assert!(without.into_iter().all(|route| route.endpoint == Endpoint::Discovery));
    }

    #[test]
    fn sec_param_20_and_sec_hdr_04_a_path_is_matched_literally() {
        for path in [
            "/default/demo/oauth2/Token",
            "//default/demo/oauth2/token",
            "/default/demo/oauth2/token/",
            "/default/demo/oauth2/token;x",
            "/default/demo/oauth2/%74oken",
            "/default/demo/./oauth2/token",
            "/default/demo/oauth2/authorize/x.css",
            "/Default/demo/oauth2/token",
            "/default//oauth2/token",
            "/default/demo",
            "/",
            "",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
