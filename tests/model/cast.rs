//! The participants: two places with the same users and clients, as configured in `workspace.toml`.

/// The two places: tenants, each with a workspace `demo`.
pub(crate) const TENANTS: [&str; 2] = ["default", "other"];

/// The users of each place.
pub(crate) const USERS: [&str; 2] = ["alice", "bob"];

/// The number of browsers. Each can be logged in at both places.
pub(crate) const BROWSERS: usize = 3;

/// The API that a client may request as resource.
pub(crate) const ORDERS: &str = "https://orders.example/api";

/// The API that tokens are issued for by default.
pub(crate) const DEFAULT_API: &str = "https://api.example";

/// A registered client.
pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) redirect_uri: &'static str,
    /// The secret; `None` for a public client.
    pub(crate) secret: Option<&'static str>,
    /// Whether consent is skipped.
    pub(crate) trusted: bool,
    /// Whether another program could receive its redirects, so that consent is needed every time.
    pub(crate) assured: bool,
    /// Whether its refresh tokens are rotated.
    pub(crate) rotates: bool,
    /// The grace period of a rotated refresh token in milliseconds.
    pub(crate) grace: u64,
    /// The scope of its client credentials tokens.
    pub(crate) own_scope: &'static str,
}

const PUBLIC: Client = Client {
    id: "spa",
    redirect_uri: "https://spa.example/cb",
    secret: None,
    trusted: false,
    assured: true,
    rotates: true,
    grace: 60_000,
    own_scope: "",
};

/// The clients; those that users log in to come first.
pub(crate) const CLIENTS: [Client; 6] = [
    PUBLIC,
    Client { id: "native", redirect_uri: "com.example.native:/cb", assured: false, ..PUBLIC },
    Client { id: "trusted", redirect_uri: "https://trusted.example/cb", trusted: true, ..PUBLIC },
    Client {
        id: "strict",
        redirect_uri: "https://strict.example/cb",
        secret: Some("strict-secret"),
        trusted: true,
        grace: 0,
        ..PUBLIC
    },
    Client {
        id: "server",
        redirect_uri: "https://server.example/cb",
        secret: Some("server-secret"),
        rotates: false,
        own_scope: "offers.read",
        ..PUBLIC
    },
    Client {
        id: "warden",
        redirect_uri: "",
        secret: Some("warden-secret"),
        rotates: false,
        own_scope: "offers.read introspect_tokens revoke_tokens",
        ..PUBLIC
    },
];

/// The number of clients that users log in to.
pub(crate) const INTERACTIVE: usize = 5;

/// The client that may introspect and revoke every token of its place.
pub(crate) const WARDEN: usize = 5;

/// The client that gets client credentials tokens and has no workspace-wide scopes.
pub(crate) const SERVER: usize = 4;

/// A set of scopes, one bit each.
pub(crate) type Scope = u8;

pub(crate) const OPENID: Scope = 1;
pub(crate) const PROFILE: Scope = 2;
pub(crate) const EMAIL: Scope = 4;
pub(crate) const OFFLINE: Scope = 16;
pub(crate) const ALL: Scope = 31;

/// The scopes that reach every token of a place.
pub(crate) const LOOK: Scope = 32;
pub(crate) const END: Scope = 64;

const NAMES: [&str; 7] =
    ["openid", "profile", "email", "offers.read", "offline_access", "introspect_tokens", "revoke_tokens"];

/// The names of `scope`.
pub(crate) fn names(scope: Scope) -> Vec<&'static str> {
    NAMES.into_iter().enumerate().filter(|(bit, _)| scope & (1 << bit) != 0).map(|(_, name)| name).collect()
}

/// Parses a list of scope names; `None` if one of them is unknown.
pub(crate) fn scope_of(names: &str) -> Option<Scope> {
    let bit = |name| NAMES.iter().position(|known| *known == name).map(|bit| 1 << bit);
    names.split(' ').filter(|name| !name.is_empty()).try_fold(0, |all, name| Some(all | bit(name)?))
}

/// Returns the workspace file that replaces the demo's `file`.
pub(crate) fn workspace_file(file: &str) -> String {
    let tenant = TENANTS[usize::from(file.contains("workspace = \"partner\""))];
    include_str!("workspace.toml").replace("{tenant}", tenant)
}
