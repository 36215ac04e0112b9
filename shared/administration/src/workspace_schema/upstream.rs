//! The settings of an upstream provider.

use super::forms::{CERTIFICATE, CLIENT_ID, DOMAIN, HOST, LABEL, SCOPES, SEGMENT, TEXT, URI};
use super::translations::TRANSLATABLE;
use super::{EXTERNAL_ALGORITHM, Key, Kind, UNBOUNDED};

/// The names of presets.
const WELL_KNOWN: &[&str] = &[
    "google",
    "microsoft",
    "apple",
    "github",
    "okta",
    "auth0",
    "cognito",
    "keycloak",
    "gitlab",
    "facebook",
    "linkedin",
    "amazon",
];

pub(super) const UPSTREAM: &[Key] = &[
    Key::required("id", Kind::Text(&LABEL), "The name of the provider in /callback/{id}."),
    Key::optional(
        "preset",
        Kind::OneOf(WELL_KNOWN),
        "The well-known provider that it is, whose settings are filled in.",
    ),
    Key::optional(
        "tenant",
        Kind::Text(&TEXT),
        "With the preset \"microsoft\": the id of a tenant, or \"organizations\", \"consumers\" or \"common\".",
    ),
    Key::optional(
        "domain",
        Kind::Text(&HOST),
        "With the presets \"okta\", \"auth0\", \"keycloak\" and \"gitlab\": its host.",
    ),
    Key::optional("realm", Kind::Text(&SEGMENT), "With the preset \"keycloak\": its realm."),
    Key::optional("user_pool", Kind::Text(&SEGMENT), "With the preset \"cognito\": the id of the user pool."),
    Key::required_unless("preset", "title", TRANSLATABLE, "What users know it as; a preset has one."),
    Key::required_unless(
        "preset",
        "issuer",
        Kind::Text(&URI),
        "Its issuer, byte for byte as in its metadata; a preset has one.",
    ),
    Key::optional("discovery", Kind::Text(&URI), "Where its metadata is read, if that is not at its issuer."),
    Key::optional(
        "oauth",
        Kind::Table(OAUTH),
        "Where it is, if it has OAuth 2.0 without OpenID Connect; a preset has it.",
    ),
    Key::optional(
        "icon",
        Kind::OneOf(WELL_KNOWN),
        "The well-known provider whose icon its button has; a preset has one.",
    ),
    Key::required("client_id", Kind::Text(&CLIENT_ID), "The client_id of this workspace there."),
    Key::optional("client_secret", Kind::Text(&TEXT), "The client secret there; it is sealed before it is stored."),
    Key::optional("sealed_client_secret", Kind::Text(&TEXT), "The sealed form of the client secret."),
    Key::optional(
        "token_endpoint_auth_method",
        Kind::OneOf(&["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
        "How this server authenticates there; without it, as its metadata and the credentials allow.",
    ),
    Key::optional(
        "private_key",
        Kind::Text(&TEXT),
        "The private key there, PKCS#8 in PEM; it is sealed before it is stored.",
    ),
    Key::optional("sealed_private_key", Kind::Text(&TEXT), "The sealed form of the private key."),
    Key::optional("private_key_id", Kind::Text(&TEXT), "The kid of the private key; without it, its thumbprint."),
    Key::optional(
        "private_key_certificate",
        Kind::Text(&CERTIFICATE),
        "The certificate of the private key, in PEM: its thumbprint names the key instead of a kid, as Microsoft Entra demands.",
    ),
    Key::optional(
        "private_key_issuer",
        Kind::Text(&TEXT),
        "The iss of a client secret that is a JWT signed with the private key, such as the team at Apple.",
    ),
    Key::with_default(
        "client_assertion_audience",
        Kind::OneOf(&["issuer", "endpoint"]),
        "\"issuer\"",
        "The aud of assertions there; \"endpoint\" is the URL of its token endpoint.",
    ),
    Key::with_default(
        "response_mode",
        Kind::OneOf(&["query", "form_post"]),
        "\"query\"",
        "How its answers come; \"form_post\" is requested.",
    ),
    Key::with_default(
        "user_parameter",
        Kind::OneOf(&["ignored", "name"]),
        "\"ignored\"",
        "What is taken of the unsigned user parameter beside its answers; \"name\" is for Sign in with Apple.",
    ),
    Key::with_default(
        "pkce",
        Kind::OneOf(&["S256", "unused"]),
        "\"S256\"",
        "Whether its codes are bound by PKCE; \"unused\" is for a provider that refuses it.",
    ),
    Key::with_default(
        "nonce",
        Kind::OneOf(&["required", "optional"]),
        "\"required\"",
        "Whether its ID tokens have the nonce; \"optional\" is for a provider that leaves it out.",
    ),
    Key::with_default(
        "userinfo",
        Kind::OneOf(&["required", "optional", "unused"]),
        "\"required\"",
        "Whether its userinfo is needed; \"optional\" does without where it is refused.",
    ),
    Key::with_default(
        "trusted_audiences",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "[]",
        "Other audiences that its ID tokens may have beside the client_id.",
    ),
    Key::with_default(
        "tenants",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "[]",
        "The tenants whose users may log in, for an issuer with {tenantid}; \"*\" for every one.",
    ),
    Key::with_default(
        "multi_factor_acr",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "[]",
        "The values of its acr that mean several factors.",
    ),
    Key::with_default(
        "multi_factor_amr",
        Kind::List(&Kind::Text(&TEXT), UNBOUNDED),
        "[]",
        "The values of its amr that mean several factors.",
    ),
    Key::optional(
        "id_token_signed_response_alg",
        EXTERNAL_ALGORITHM,
        "The only algorithm of its ID tokens; without it, those that its metadata has.",
    ),
    Key::with_default("scope", Kind::Text(&SCOPES), "\"openid profile email\"", "The scopes that are requested."),
    Key::with_default(
        "email_domains",
        Kind::List(&Kind::Text(&DOMAIN), UNBOUNDED),
        "[]",
        "The domains whose users log in with it; \"*\" for all others. The login page then asks for the address first.",
    ),
    Key::with_default("hidden", Kind::Flag, "false", "Whether the login page leaves it out."),
    Key::optional("map", Kind::Table(MAP), "Which of its claims become which of the claims of users."),
    Key::with_default(
        "verified_email_domains",
        Kind::List(&Kind::Text(&DOMAIN), UNBOUNDED),
        "[]",
        "The domains of which its email_verified counts; \"*\" for all.",
    ),
    Key::with_default("verified_phone_numbers", Kind::Flag, "false", "Whether its phone_number_verified counts."),
];

const OAUTH: &[Key] = &[
    Key::optional("authorization_endpoint", Kind::Text(&URI), "Its authorization endpoint."),
    Key::optional("token_endpoint", Kind::Text(&URI), "Its token endpoint."),
    Key::optional("user_endpoint", Kind::Text(&URI), "Where its API says who the user is, in JSON."),
    Key::optional("emails_endpoint", Kind::Text(&URI), "Where its API lists the user's addresses as GitHub's does."),
    Key::with_default("subject", Kind::Text(&TEXT), "\"id\"", "The member that identifies the user and never changes."),
];

const fn origin(name: &'static str) -> Key {
    Key::optional(name, Kind::ClaimOrigin, "Their claim, the names that lead to it, or a value.")
}

const MAP: &[Key] = &[
    origin("name"),
    origin("given_name"),
    origin("family_name"),
    origin("middle_name"),
    origin("nickname"),
    origin("preferred_username"),
    origin("profile"),
    origin("picture"),
    origin("website"),
    origin("gender"),
    origin("birthdate"),
    origin("zoneinfo"),
    origin("locale"),
    origin("updated_at"),
    origin("email"),
    origin("email_verified"),
    origin("phone_number"),
    origin("phone_number_verified"),
    origin("address"),
    origin("groups"),
    origin("roles"),
];
