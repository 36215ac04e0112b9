//! The settings of a client, in the terms of RFC 7591 §2.

use super::allowed_users::ALLOWED_USERS;
use super::forms::{CLIENT_ID, CLIENT_LOGO, DIGEST, LINK, SCOPES, TEXT, URI};
use super::lifetimes::OWN_LIFETIMES;
use super::{ALGORITHM, AT_HASH, Key, Kind, UNBOUNDED, UNKNOWN_SCOPES};
use protocol::clients::grant_type::DEVICE_CODE;

/// The maximum number of URIs in one list (`RedirectUris::register`).
const MAX_URIS: usize = 50;

pub(super) const CLIENT: &[Key] = &[
    Key::required("client_id", Kind::Text(&CLIENT_ID), "Its client_id, unique in the workspace."),
    Key::required("client_name", Kind::Text(&TEXT), "What users read."),
    name_in("client_name#en"),
    name_in("client_name#de"),
    name_in("client_name#fr"),
    name_in("client_name#es"),
    name_in("client_name#ja"),
    name_in("client_name#ar"),
    Key::optional(
        "logo_uri",
        Kind::Text(&CLIENT_LOGO),
        "Its logo, inline: an SVG image, or a data URL, at most 3072 bytes.",
    ),
    Key::optional("organization_name", Kind::Text(&TEXT), "Who publishes it."),
    Key::optional("policy_uri", Kind::Text(&LINK), "Its privacy policy."),
    Key::optional("tos_uri", Kind::Text(&LINK), "Its terms of service."),
    Key::optional(
        "allowed_users",
        Kind::Table(ALLOWED_USERS),
        "Who may use it; every user of the workspace, if not given.",
    ),
    Key::optional(
        "metadata",
        Kind::Open,
        "What you say of it, for claims of the workspace (client.metadata.…): at most 20 values, each a string, a whole number, true, false or a list of strings.",
    ),
    Key::with_default(
        "grant_types",
        Kind::List(
            &Kind::OneOf(&["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE]),
            UNBOUNDED,
        ),
        "[\"authorization_code\"]",
        "What it may do at the token endpoint.",
    ),
    Key::with_default(
        "redirect_uris",
        Kind::List(&Kind::Text(&URI), MAX_URIS),
        "[]",
        "Where codes are sent, compared byte for byte; required unless the client has no authorization_code.",
    ),
    Key::optional(
        "pushed_redirect_uris",
        Kind::OneOf(&["registered", "any"]),
        "Whether a confidential client may push redirect URIs that it has not registered (RFC 9126 §2.4); it may not by default.",
    ),
    Key::optional(
        "require_pushed_authorization_requests",
        Kind::Flag,
        "Whether its authorization requests must be pushed (RFC 9126 §6); the workspace can say so for all.",
    ),
    Key::with_default(
        "application_type",
        Kind::OneOf(&["web", "native"]),
        "\"web\"",
        "Native applications may use loopback addresses and schemes of their own.",
    ),
    Key::with_default(
        "client_status",
        Kind::OneOf(&["active", "inactive"]),
        "\"active\"",
        "An inactive client is refused everywhere, as if unknown.",
    ),
    Key::optional(
        "private_use_schemes",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "Private-use schemes without a dot that the redirect URIs of a native application may have all the same.",
    ),
    Key::with_default(
        "token_endpoint_auth_method",
        Kind::OneOf(&["none", "client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"]),
        "\"client_secret_basic\"",
        "How it authenticates; \"none\" makes it public.",
    ),
    Key::optional(
        "client_secret_sha256",
        Kind::List(&Kind::TextOrTable(&DIGEST, DIGEST_KEYS), 3),
        "The base64url of the SHA-256 of its secrets, the newest and up to two older ones.",
    ),
    Key::optional("client_secret", Kind::Text(&TEXT), "Its secret in clear, for examples; only a digest is stored."),
    Key::optional("sealed_client_secret", Kind::Text(&TEXT), "Its sealed secret, for client_secret_jwt."),
    Key::optional("jwks", Kind::Open, "Its public keys, for private_key_jwt (RFC 7517 §5)."),
    Key::optional("jwks_uri", Kind::Text(&URI), "Where it publishes its public keys, instead of jwks."),
    Key::optional(
        "token_endpoint_auth_signing_alg",
        Kind::OneOf(&[
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
            "HS256",
        ]),
        "The only algorithm of its assertions.",
    ),
    Key::with_default(
        "client_assertion_audience",
        Kind::OneOf(&["issuer", "endpoint"]),
        "\"issuer\"",
        "\"endpoint\" also takes assertions whose aud is the URL of the endpoint.",
    ),
    Key::optional(
        "client_assertion_lifetime",
        Kind::Whole { least: 1, most: 3600, unit: "seconds" },
        "How far ahead its assertions may expire; 300 by default.",
    ),
    Key::with_default("scope", Kind::Text(&SCOPES), "\"\"", "The scopes that it may ask users for."),
    Key::optional("client_credentials_scope", Kind::Text(&SCOPES), "The scopes that it has by client credentials."),
    Key::optional(
        "resources",
        Kind::List(&Kind::Text(&URI), UNBOUNDED),
        "The resources of the workspace that its tokens may be for.",
    ),
    Key::optional(
        "introspection_audiences",
        Kind::List(&Kind::Text(&URI), UNBOUNDED),
        "The APIs as which it may introspect tokens of other clients (RFC 7662 §4).",
    ),
    Key::optional(
        "revocation_audiences",
        Kind::List(&Kind::Text(&URI), UNBOUNDED),
        "The APIs as which it may revoke tokens of other clients.",
    ),
    Key::optional(
        "refresh_token_rotation",
        Kind::OneOf(&["on", "off"]),
        "Whether a refresh token is replaced with each use; on for public clients, else off.",
    ),
    Key::optional(
        "post_logout_redirect_uris",
        Kind::List(&Kind::Text(&URI), MAX_URIS),
        "Where its users may be sent who have logged out.",
    ),
    Key::optional("backchannel_logout_uri", Kind::Text(&URI), "Where it is told that a session has ended."),
    Key::with_default("backchannel_logout_session_required", Kind::Flag, "false", "Whether it needs sid."),
    Key::with_default("trusted", Kind::Flag, "false", "Whether the consent page is skipped."),
    Key::optional(
        "loopback_consent",
        Kind::OneOf(&["asked", "remembered"]),
        "Whether users of a native application are asked for consent each time at its loopback addresses; asked by default.",
    ),
    Key::optional("unknown_scopes", UNKNOWN_SCOPES, "What happens to a requested scope that it is not registered for."),
    Key::optional("require_pkce", Kind::Flag, "Whether it must use PKCE, if not as the workspace says."),
    Key::optional(
        "require_nonce",
        Kind::Flag,
        "Whether a request for openid without PKCE needs a nonce; true by default.",
    ),
    Key::optional(
        "code_challenge_method",
        Kind::OneOf(&["S256"]),
        "What a request without code_challenge_method means.",
    ),
    Key::optional("at_hash", AT_HASH, "Whether its ID tokens carry at_hash."),
    Key::optional(
        "id_token_claims",
        Kind::OneOf(&["requested", "scopes"]),
        "Whether its ID tokens also carry the claims of the granted scopes; only those requested by name by default.",
    ),
    Key::with_default(
        "subject_type",
        Kind::OneOf(&["public", "pairwise"]),
        "\"public\"",
        "With \"pairwise\", clients of other sectors see other identifiers of the same users.",
    ),
    Key::optional("sector_identifier_uri", Kind::Text(&URI), "The list of the redirect URIs of its sector."),
    Key::optional(
        "id_token_signed_response_alg",
        ALGORITHM,
        "The algorithm of its ID tokens and logout tokens; that of the workspace by default.",
    ),
    Key::optional("userinfo_signed_response_alg", ALGORITHM, "The algorithm with which userinfo answers are signed."),
    Key::optional("lifetimes", Kind::Table(OWN_LIFETIMES), "Lifetimes that differ from the workspace's, in seconds."),
];

const fn name_in(name: &'static str) -> Key {
    Key::optional(name, Kind::Text(&TEXT), "What users of this language read (RFC 7591 §2.2).")
}

const DIGEST_KEYS: &[Key] = &[
    Key::required("sha256", Kind::Text(&DIGEST), "The digest."),
    Key::required(
        "expires_at",
        Kind::Whole { least: 0, most: i64::MAX, unit: "seconds since the epoch" },
        "From when on the secret is refused.",
    ),
];
