//! Who plays: two places with the same users and clients, as `workspace.toml` has them.

/// The two places: tenants, each with a workspace `demo`.
pub(crate) const TENANTS: [&str; 2] = ["default", "other"];

/// The users of each place.
pub(crate) const USERS: [&str; 2] = ["alice", "bob"];

/// The browsers. Each can be logged in at both places.
pub(crate) const BROWSERS: usize = 3;

/// The API that a client may name.
pub(crate) const ORDERS: &str = "https://orders.example/api";

/// The API that tokens are for otherwise.
pub(crate) const DEFAULT_API: &str = "https://api.example";

/// A client, as it is registered.
pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) redirect_uri: &'static str,
    /// `None`: it is public.
    pub(crate) secret: Option<&'static str>,
    /// Whether its users are asked.
    pub(crate) trusted: bool,
    /// Whether anybody else could be behind its redirect URI, so that its users are asked each time.
    pub(crate) assured: bool,
    /// Whether its refresh tokens are replaced with each use.
    pub(crate) rotates: bool,
    /// How long a replaced refresh token still yields its successor, in milliseconds.
    pub(crate) grace: u64,
    /// What it has by itself.
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

/// The clients that users log in to come first.
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

/// How many of them users log in to.
pub(crate) const INTERACTIVE: usize = 5;

/// The one with power over all tokens of its place.
pub(crate) const WARDEN: usize = 5;

/// The one that has tokens of its own and no power.
pub(crate) const SERVER: usize = 4;

/// Scopes, a bit each.
pub(crate) type Scope = u8;

pub(crate) const OPENID: Scope = 1;
pub(crate) const PROFILE: Scope = 2;
pub(crate) const EMAIL: Scope = 4;
pub(crate) const OFFLINE: Scope = 16;
pub(crate) const ALL: Scope = 31;

/// The powers over all tokens of a place.
pub(crate) const LOOK: Scope = 32;
pub(crate) const END: Scope = 64;

const NAMES: [&str; 7] =
    ["openid", "profile", "email", "offers.read", "offline_access", "introspect_tokens", "revoke_tokens"];

/// The names of `scope`.
pub(crate) fn names(scope: Scope) -> Vec<&'static str> {
    NAMES.into_iter().enumerate().filter(|(bit, _)| scope & (1 << bit) != 0).map(|(_, name)| name).collect()
}

/// The scopes of a list of names; `None` if one of them is unknown here.
pub(crate) fn scope_of(names: &str) -> Option<Scope> {
    let bit = |name| NAMES.iter().position(|known| *known == name).map(|bit| 1 << bit);
    names.split(' ').filter(|name| !name.is_empty()).try_fold(0, |all, name| Some(all | bit(name)?))
}

/// The file of the workspace in whose place the demo's `file` would be.
pub(crate) fn workspace_file(file: &str) -> String {
    let tenant = TENANTS[usize::from(file.contains("workspace = \"partner\""))];
    include_str!("workspace.toml").replace("{tenant}", tenant)
}
