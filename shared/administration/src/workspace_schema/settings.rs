//! The settings of a workspace.

use protocol::types::scope_template::ScopeSeparator;

use super::allowed_users::ALLOWED_USERS;
use super::brand::BRAND;
use super::claims::CLAIM_KEYS;
use super::clients::CLIENT;
use super::forms::{ANY_TEXT, LABEL, MAIL_ADDRESS, OWN_DOMAIN, SCOPE, TEXT, URI};
use super::lifetimes::LIFETIMES;
use super::pool::POOL;
use super::translations::{TRANSLATABLE, TRANSLATIONS};
use super::upstream::UPSTREAM;
use super::{ALGORITHM, AT_HASH, Entries, Key, Kind, LANGUAGE, UNBOUNDED, UNKNOWN_SCOPES};

/// All settings of a workspace file.
pub const WORKSPACE: &[Key] = &[
    Key::required("tenant", Kind::Text(&LABEL), "The first part of the path of the issuer."),
    Key::required("workspace", Kind::Text(&LABEL), "The second part of the path of the issuer."),
    Key::required("name", Kind::Text(&TEXT), "What users read on the pages."),
    Key::optional(
        "domain",
        Kind::Text(&OWN_DOMAIN),
        "The host name that is the issuer, instead of a path on the server's own.",
    ),
    Key::with_default("language", LANGUAGE, "\"en\"", "The language of pages for browsers that prefer none of theirs."),
    Key::optional("brand", Kind::Table(BRAND), "What the pages look like."),
    Key::required("default_audience", Kind::Text(&TEXT), "The aud of access tokens if a request names no resource."),
    Key::with_default(
        "resources",
        Kind::List(&Kind::TextOrTable(&URI, RESOURCE), UNBOUNDED),
        "[]",
        "Other APIs that tokens can be for, as absolute URIs (RFC 8707), each with a title for the consent page if it has one.",
    ),
    Key::with_default("signing_algorithm", ALGORITHM, "\"RS256\"", "The algorithm of its signing keys."),
    Key::with_default(
        "rs256_key",
        Kind::OneOf(&["beside", "none"]),
        "\"beside\"",
        "Whether a workspace with another signing_algorithm has an RS256 key too, for clients that ask for it (Discovery §3).",
    ),
    Key::with_default(
        "authorization_code_retry_window_ms",
        Kind::Whole { least: 0, most: 999, unit: "milliseconds" },
        "500",
        "How long after the first use of a code a second one from the same sender is taken for its own retry.",
    ),
    Key::with_default("at_hash", AT_HASH, "\"omitted\"", "Whether ID tokens carry the hash of their access token."),
    Key::with_default(
        "pkce",
        Kind::OneOf(&["all", "public"]),
        "\"all\"",
        "Which clients must use PKCE; \"public\" lets confidential clients do without.",
    ),
    Key::with_default(
        "device_authorization",
        Kind::Flag,
        "false",
        "Whether devices without a browser can be logged in with a code (RFC 8628).",
    ),
    Key::with_default(
        "require_pushed_authorization_requests",
        Kind::Flag,
        "false",
        "Whether the authorization requests of every client must be pushed (RFC 9126 §5).",
    ),
    Key::with_default(
        "client_secret_methods",
        Kind::OneOf(&["either", "registered"]),
        "\"either\"",
        "How clients with a secret may send it: by HTTP Basic or in the form, or only as each of them is registered.",
    ),
    Key::with_default(
        "unknown_scopes",
        UNKNOWN_SCOPES,
        "\"refused\"",
        "What happens to a requested scope that the client is not registered for.",
    ),
    Key::with_default(
        "client_secret_jwt",
        Kind::Flag,
        "false",
        "Whether clients may authenticate by client_secret_jwt, for which their secrets have to be kept.",
    ),
    Key::with_default(
        "cors_origins",
        Kind::List(&Kind::Text(&URI), UNBOUNDED),
        "[]",
        "Origins that may call from a browser, beyond those of the registered redirect URIs.",
    ),
    Key::optional("lifetimes", Kind::Table(LIFETIMES), "Lifetimes in seconds."),
    Key::with_default(
        "scope_separator",
        Kind::OneOf(&ScopeSeparator::ALL),
        "\".\"",
        "The character between the segments of a scope, of which one can be the * of a template.",
    ),
    Key::optional(
        "scopes",
        Kind::Tables(&Entries { noun: "scope", id: "name", keys: SCOPE_KEYS }),
        "The scopes that clients may be registered for.",
    ),
    Key::optional(
        "claims",
        Kind::Tables(&Entries { noun: "claim", id: "name", keys: CLAIM_KEYS }),
        "Claims beside those of the protocol, in tokens and answers.",
    ),
    Key::optional("sandbox", Kind::Table(SANDBOX), "Users for trying things out, with passwords in clear."),
    Key::optional("pool", Kind::Table(POOL), "Users with records of their own."),
    Key::optional("mail", Kind::Table(MAIL), "How mail is sent; without it nothing that needs mail is offered."),
    Key::optional(
        "upstream",
        Kind::Tables(&Entries { noun: "upstream", id: "id", keys: UPSTREAM }),
        "OpenID providers that users may log in with.",
    ),
    Key::optional(
        "clients",
        Kind::Tables(&Entries { noun: "client", id: "client_id", keys: CLIENT }),
        "The clients, in the words of RFC 7591.",
    ),
];

const RESOURCE: &[Key] = &[
    Key::required("uri", Kind::Text(&URI), "The URI that clients name (RFC 8707 §2)."),
    Key::required("title", TRANSLATABLE, "What the user reads on the consent page."),
    Key::optional(
        "allowed_users",
        Kind::Table(ALLOWED_USERS),
        "Who may use it; everybody who may use a client that requests it, if not given.",
    ),
];

const SCOPE_KEYS: &[Key] = &[
    Key::required(
        "name",
        Kind::Text(&SCOPE),
        "The scope token that clients send (RFC 6749 §3.3), or a template such as accounts.* of which they send instances.",
    ),
    Key::required("title", TRANSLATABLE, "What the user reads on the consent page: what the application may do."),
    Key::with_default("description", Kind::TextOrTable(&ANY_TEXT, TRANSLATIONS), "\"\"", "One sentence more."),
    Key::optional(
        "resource",
        Kind::Text(&URI),
        "The only resource that it is for: a token with it is for that one, without the client naming it.",
    ),
    Key::optional("group", TRANSLATABLE, "The heading under which it stands with others on the consent page."),
    Key::with_default(
        "required",
        Kind::Flag,
        "false",
        "Whether users cannot withhold it from a request that they allow.",
    ),
    Key::with_default("sensitive", Kind::Flag, "false", "Whether it is marked as one to think about."),
    Key::with_default(
        "implicit",
        Kind::Flag,
        "false",
        "Whether every request of a client that is registered for it has it, named or not.",
    ),
    Key::with_default("implicit_grant", Kind::Flag, "false", "Whether it is granted with the login, without asking."),
    Key::with_default("transient", Kind::Flag, "false", "Whether users are asked each time."),
    Key::optional(
        "allowed_users",
        Kind::Table(ALLOWED_USERS),
        "Who may have it; everybody who may use a client that requests it, if not given.",
    ),
    Key::with_default(
        "machines_only",
        Kind::Flag,
        "false",
        "Whether clients have it by client credentials only, so that no user can grant it.",
    ),
];

const MAIL: &[Key] = &[
    Key::required("from", Kind::Text(&MAIL_ADDRESS), "The address that mail comes from."),
    Key::optional("reply_to", Kind::Text(&MAIL_ADDRESS), "The address that answers go to, if not the sender's."),
];

const SANDBOX: &[Key] = &[
    Key::with_default("hint", Kind::Flag, "false", "Whether the login page shows the first user and password."),
    Key::required(
        "users",
        Kind::Tables(&Entries { noun: "user", id: "username", keys: USER }),
        "The users of the sandbox.",
    ),
];

const USER: &[Key] = &[
    Key::required("username", Kind::Text(&TEXT), "The user name."),
    Key::required("password", Kind::Text(&TEXT), "The password, in clear."),
    Key::optional("claims", Kind::Table(CLAIMS), "Claims about the user (OpenID Connect Core §5.1)."),
];

const fn claim(name: &'static str) -> Key {
    Key::optional(name, Kind::Text(&ANY_TEXT), "A claim of OpenID Connect Core §5.1.")
}

const CLAIMS: &[Key] = &[
    claim("name"),
    claim("given_name"),
    claim("family_name"),
    claim("middle_name"),
    claim("nickname"),
    claim("preferred_username"),
    claim("profile"),
    claim("picture"),
    claim("website"),
    claim("gender"),
    claim("birthdate"),
    claim("zoneinfo"),
    claim("locale"),
    Key::optional(
        "updated_at",
        Kind::Whole { least: 0, most: i64::MAX, unit: "seconds since the epoch" },
        "When the claims last changed.",
    ),
    claim("email"),
    Key::optional("email_verified", Kind::Flag, "Whether the e-mail address is the user's."),
    claim("phone_number"),
    Key::optional("phone_number_verified", Kind::Flag, "Whether the phone number is the user's."),
    Key::optional("address", Kind::Table(ADDRESS), "The postal address (OpenID Connect Core §5.1.1)."),
    Key::optional("groups", Kind::List(&Kind::Text(&TEXT), 200), "The groups that the user is in."),
    Key::optional("roles", Kind::List(&Kind::Text(&TEXT), 200), "The roles that the user has."),
];

const ADDRESS: &[Key] = &[
    claim("formatted"),
    claim("street_address"),
    claim("locality"),
    claim("region"),
    claim("postal_code"),
    claim("country"),
];
