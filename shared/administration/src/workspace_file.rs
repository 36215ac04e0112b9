//! Workspace files: a workspace and its clients in one file that can be reviewed.
//!
//! The format is TOML, with the names that the standards use: a client is described in the terms of RFC 7591.
//! `{public_url}` stands for the public URL of the server, so that one file works in every environment.

use protocol::clients::allowed_origins::check_origin;
use protocol::clients::external_url::{OutboundUrl, Reach};
use protocol::clients::resource_indicator::is_resource;
use protocol::jose::external_jwk::ExternalAlgorithm;
use protocol::jose::jwk::Algorithm;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::id::{ClientId, Issuer, WorkspaceId};
use protocol::types::scope::Scopes;
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::user_claims::{ClaimName, SourceClaims};
use protocol::workspace::sandbox::Sandbox;
use protocol::workspace::settings::{Settings, Workspace};
use protocol::workspace::upstream_provider::UpstreamProvider;
use serde::Deserialize;
use signing::{Entropy, Sealer, verify};
use thiserror::Error;
use toml::{Table, Value};
use web::config::PublicUrl;

use crate::line::line_of;

/// A workspace file, checked and ready to be applied.
pub struct WorkspaceFile {
    /// The workspace.
    pub workspace: Workspace,
    /// Its clients.
    pub clients: Vec<ClientMetadata>,
    /// The algorithm of its signing keys.
    pub signing_algorithm: Algorithm,
}

/// What is wrong with a file, as a sentence that names it.
#[derive(Debug, Error)]
#[error("{name}: {reason}")]
pub struct FileError {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    tenant: String,
    workspace: String,
    #[serde(default = "default_algorithm")]
    signing_algorithm: Algorithm,
    #[serde(default)]
    clients: Vec<Table>,
}

const fn default_algorithm() -> Algorithm {
    Algorithm::RS256
}

/// Loads workspace files.
pub struct Loader<'a> {
    /// Replaces `{public_url}`.
    pub public_url: &'a PublicUrl,
    /// Seals our client secrets at upstream providers.
    pub upstream_secrets: &'a Sealer,
    /// Seals the secrets of clients that authenticate with a MAC.
    pub client_secrets: &'a Sealer,
    /// Random bytes.
    pub entropy: &'a dyn Entropy,
}

impl Loader<'_> {
    /// Loads the text of the file `name`.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn text(&self, name: &str, text: &str) -> Result<WorkspaceFile, FileError> {
        self.parse(text).map_err(|reason| FileError { name: name.into(), reason })
    }

    fn parse(&self, text: &str) -> Result<WorkspaceFile, String> {
        let text = text.replace("{public_url}", self.public_url.as_str());
        let mut table: Table = text.parse().map_err(|error| syntax_error(&text, &error))?;
        let head: Head = take_head(&mut table)?.try_into().map_err(|error| type_error(&error))?;
        let id = WorkspaceId::parse(&head.tenant, &head.workspace).map_err(|error| error.to_string())?;
        self.seal_upstream_secrets(&mut table, &id)?;
        let settings: Settings = table.try_into().map_err(|error| type_error(&error))?;
        if let Some(scope) = settings.scopes.iter().find(|scope| !is_one_scope(&scope.name)) {
            return Err(format!("scope {:?} is not a scope: it is one word of printable ASCII", scope.name));
        }
        check_compared(&settings)?;
        check_claims(settings.sandbox.as_ref())?;
        settings.check().map_err(|error| at_line(&text, &error.place.to_string(), &error.to_string()))?;
        let issuer = Issuer::new(self.public_url.as_str(), &id);
        let settings = Settings { reach: Some(self.public_url.reach()), ..settings };
        check_issuers(&settings.upstream, self.public_url.reach(), &text)?;
        let clients = head.clients.into_iter().map(|table| self.client(table, &id)).collect::<Result<Vec<_>, _>>()?;
        for (position, metadata) in clients.iter().enumerate() {
            metadata.asks_for_no_power().map_err(|reason| {
                let place = format!("clients[{position}].scope");
                at_line(&text, &place, &format!("client {}: {reason}", metadata.client_id))
            })?;
            if let Some(alg) = metadata.userinfo_signed_response_alg.filter(|alg| *alg != head.signing_algorithm) {
                return Err(other_algorithm(metadata, alg, head.signing_algorithm));
            }
            check_client(metadata, &settings, &issuer).map_err(|fault| {
                let place = format!("clients[{position}].{}", fault.place);
                at_line(&text, &place, &format!("client {}: {}", metadata.client_id, fault.reason))
            })?;
        }
        check_unique(clients.iter().map(|metadata| &metadata.client_id))?;
        let signing_algorithm = head.signing_algorithm;
        Ok(WorkspaceFile { workspace: Workspace { id, issuer, settings }, clients, signing_algorithm })
    }

    /// Replaces each `client_secret` of an upstream provider with its sealed form. A digest would not do, because we have
    /// to present the secret.
    fn seal_upstream_secrets(&self, settings: &mut Table, id: &WorkspaceId) -> Result<(), String> {
        let providers = settings.get_mut("upstream").and_then(Value::as_array_mut);
        for provider in providers.into_iter().flatten().filter_map(Value::as_table_mut) {
            if let Some(secret) = provider.remove("client_secret") {
                let secret = secret.as_str().ok_or("client_secret is a string")?.as_bytes().to_vec();
                let sealed = self.upstream_secrets.seal(id, secret, self.entropy);
                provider.insert("sealed_client_secret".into(), sealed.map_err(|fault| fault.to_string())?.into());
            }
        }
        Ok(())
    }

    /// Reads a client. A plaintext `client_secret` is replaced with its digest, or with its sealed form where a digest
    /// would not do.
    fn client(&self, mut table: Table, id: &WorkspaceId) -> Result<ClientMetadata, String> {
        let name = table.get("client_id").and_then(Value::as_str).unwrap_or("without client_id").to_owned();
        let named = |reason: String| format!("client {name}: {reason}");
        if let Some(secret) = table.remove("client_secret") {
            let secret = secret.as_str().ok_or_else(|| named("client_secret is a string".into()))?;
            if table.get("token_endpoint_auth_method").and_then(Value::as_str) == Some("client_secret_jwt") {
                let sealed = self.seal_mac_secret(secret, id).map_err(&named)?;
                table.insert("sealed_client_secret".into(), sealed.into());
            } else {
                add_digest(&mut table, secret).map_err(&named)?;
            }
        }
        table.try_into().map_err(|error| named(type_error(&error)))
    }

    /// Seals a secret that is long enough to be the key of a MAC (RFC 7518 §3.2).
    fn seal_mac_secret(&self, secret: &str, id: &WorkspaceId) -> Result<String, String> {
        if secret.len() < 32 {
            return Err("client_secret of client_secret_jwt is a random string of at least 32 characters".into());
        }
        self.client_secrets.seal(id, secret.as_bytes().to_vec(), self.entropy).map_err(|fault| fault.to_string())
    }
}

fn add_digest(table: &mut Table, secret: &str) -> Result<(), String> {
    let hash = SecretHash::of(&Secret::new(secret.into())).encoded();
    let hashes = table.entry("client_secret_sha256").or_insert_with(|| Value::Array(Vec::new()));
    hashes.as_array_mut().ok_or("client_secret_sha256 is a list")?.push(hash.into());
    Ok(())
}

/// What is wrong with a client, and with which member of its metadata.
struct ClientFault {
    place: String,
    reason: String,
}

/// Checks a client as the functions do, and also that each of its public keys is a point on its curve.
fn check_client(metadata: &ClientMetadata, settings: &Settings, issuer: &Issuer) -> Result<(), ClientFault> {
    metadata
        .register(settings, issuer)
        .map_err(|error| ClientFault { place: error.place().unwrap_or_default(), reason: error.to_string() })?;
    let set = metadata.jwks.iter();
    let mut keys = set.flat_map(|set| ExternalAlgorithm::ALL.into_iter().flat_map(|alg| set.candidates(alg, None)));
    if keys.all(|key| verify::is_key(&key)) {
        return Ok(());
    }
    Err(ClientFault { place: "jwks".into(), reason: "jwks holds a key whose point is not on its curve".into() })
}

/// Checks what is compared later and could never be equal to anything: origins and resources.
fn check_compared(settings: &Settings) -> Result<(), String> {
    for origin in &settings.cors_origins {
        check_origin(origin).map_err(|reason| format!("cors_origins: {origin}: {reason}"))?;
    }
    match settings.resources.iter().find(|resource| !is_resource(resource.uri())) {
        None => Ok(()),
        Some(resource) => Err(format!("resources: {}: a resource is an absolute URI without fragment", resource.uri())),
    }
}

/// Checks that the claims of sandbox users have the types and forms of OpenID Connect Core §5.1: what does not fit would be
/// dropped when it is read.
fn check_claims(sandbox: Option<&Sandbox>) -> Result<(), String> {
    for user in sandbox.iter().flat_map(|sandbox| &sandbox.users) {
        let named = |claim: &str, reason| format!("sandbox user {:?}: claims.{claim} {reason}", user.username);
        if let Some(claim) = SourceClaims::read(&user.claims).dropped.first() {
            return Err(named(claim.as_str(), "has another type or form than OpenID Connect Core 5.1 says"));
        }
        if let Some(claim) = user.claims.keys().find(|name| ClaimName::parse(name).is_none()) {
            return Err(named(claim, "is no claim of OpenID Connect Core 5.1 and would be dropped"));
        }
    }
    Ok(())
}

/// Checks that every issuer is a URL that we may send requests to (catalogue row SEC-UP-14).
fn check_issuers(providers: &[UpstreamProvider], reach: Reach, text: &str) -> Result<(), String> {
    for (position, UpstreamProvider { id, issuer, .. }) in providers.iter().enumerate() {
        OutboundUrl::parse(issuer, reach).map_err(|reason| {
            let place = format!("upstream[{position}].issuer");
            at_line(text, &place, &format!("upstream {id}: issuer: {issuer}: {reason}"))
        })?;
    }
    Ok(())
}

/// `reason`, with the line of the setting at `place`.
fn at_line(text: &str, place: &str, reason: &str) -> String {
    line_of(text, place).map_or_else(|| reason.to_owned(), |line| format!("line {line}: {reason}"))
}

/// Moves everything that is not a setting out of `table`.
fn take_head(table: &mut Table) -> Result<Table, String> {
    let mut head = Table::new();
    for name in ["tenant", "workspace", "signing_algorithm", "clients"] {
        if let Some(value) = table.remove(name) {
            head.insert(name.into(), value);
        }
    }
    if head.contains_key("tenant") { Ok(head) } else { Err("a workspace file begins with tenant and workspace".into()) }
}

/// The message for a client whose `userinfo_signed_response_alg` is not the algorithm of the workspace.
fn other_algorithm(client: &ClientMetadata, alg: Algorithm, signing: Algorithm) -> String {
    let (id, alg, signing) = (&client.client_id, alg.as_str(), signing.as_str());
    format!("client {id}: userinfo_signed_response_alg is {alg}, but the workspace signs with {signing}")
}

fn is_one_scope(name: &str) -> bool {
    Scopes::parse(name).is_ok_and(|scopes| scopes.iter().count() == 1)
}

/// The message for text that is not TOML, with the line.
fn syntax_error(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.lines().count().max(1), error.message())
}

/// The message for a value that is missing, unknown or of the wrong type, on one line.
fn type_error(error: &toml::de::Error) -> String {
    error.to_string().trim().replace('\n', " ")
}

fn check_unique<'c>(ids: impl Iterator<Item = &'c ClientId>) -> Result<(), String> {
    let mut seen = Vec::new();
    for id in ids {
        if seen.contains(&id) {
            return Err(format!("client {id} is there twice"));
        }
        seen.push(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use signing::{Purpose, SystemEntropy};

    use super::*;

    const FIXTURE: &str = include_str!("fixture.toml");
    const ALICE: &str = "{username = \"alice\", password = \"alice\"}";

    fn load(text: &str) -> Result<WorkspaceFile, String> {
        let sealer = |purpose| Sealer::derived(&Secret::new([1; 32]), purpose).unwrap();
        let (upstream_secrets, client_secrets) = (&sealer(Purpose::UpstreamSecret), &sealer(Purpose::ClientSecret));
        let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
        let loader = Loader { public_url: &public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
        loader.text("x.toml", text).map_err(|error| error.to_string())
    }

    #[test]
    fn errors_name_the_file_and_the_place() {
        let valid = FIXTURE;
        let with_claims = |claims: &str| {
            let user = format!("[[sandbox.users]]\nusername = \"ada\"\npassword = \"ada\"\nclaims = {{ {claims} }}\n");
            format!("{valid}\n{user}")
        };
        let table = [
            ("", "tenant and workspace"),
            ("name = \"x\"\n\ntenant = ", "x.toml: line 3"),
            (&valid.replace("tenant = \"default\"", "tenant = \"De fault\""), "a-z"),
            (&valid.replace("client_name", "client_nam"), "client spa"),
            (&valid.replace("pkce = ", "pcke = "), "pcke"),
            (&valid.replace("name = \"email\"", "name = \"e mail\""), "e mail"),
            (&valid.replace("session = 43200", "session = 0"), "0 seconds"),
            (
                &valid.replace("pkce = \"all\"", "cors_origins = [\"https://app.example/\"]"),
                "cors_origins: https://app.example/: an origin ends with its host or port",
            ),
            (
                &valid.replace("pkce = \"all\"", "resources = [\"/notes\"]"),
                "resources: /notes: a resource is an absolute URI",
            ),
            (&valid.replace("https://client.example/cb", "https://client.example/cb?x=%zz"), "%25"),
            (&valid.replace("client_id = \"native\"", "client_id = \"spa\""), "spa is there twice"),
            (
                &valid.replace("client_id = \"web\"", "client_id = \"web\"\nuserinfo_signed_response_alg = \"ES256\""),
                "client web: userinfo_signed_response_alg is ES256, but the workspace signs with RS256",
            ),
            (
                &valid.replace("client_id = \"web\"", "client_id = \"web\"\nuserinfo_signed_response_alg = \"none\""),
                "unknown variant `none`",
            ),
            (&valid.replace("https://client.example/cb", "http://client.example/cb"), "client web"),
            (&valid.replace("secret-for-macs-of-32-characters-and-more", "short"), "at least 32 characters"),
            (
                &with_claims("email = [\"x\"]"),
                "sandbox user \"ada\": claims.email has another type or form than OpenID Connect Core 5.1 says",
            ),
            (&with_claims("birthdate = 19800131"), "claims.birthdate has another type or form"),
            (&with_claims("groups = [\"admin\"]"), "claims.groups is no claim of OpenID Connect Core 5.1"),
            (&valid.replace("client_secret_jwt = true", ""), "client mac: client_secret_jwt makes us"),
        ];
        for (text, expected) in table {
            let error = load(text).err().unwrap_or_default();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn sec_adm_13_a_scope_of_power_in_what_users_are_asked_for_is_refused_with_its_line() {
        let power = "\n[[scopes]]\nname = \"introspect_tokens\"\ntitle = \"Look at tokens\"\n[[clients]]\n\
                     client_id = \"greedy\"\nclient_name = \"Greedy\"\ntoken_endpoint_auth_method = \"none\"\n\
                     redirect_uris = [\"https://greedy.example/cb\"]\nscope = \"openid introspect_tokens\"\n";
        let text = format!("{FIXTURE}{power}");
        let line = text.lines().position(|line| line == "scope = \"openid introspect_tokens\"").unwrap() + 1;
        let expected = format!("x.toml: line {line}: client greedy: scope[1]: introspect_tokens reaches every token");
        let error = load(&text).err().unwrap_or_default();
        assert!(error.starts_with(&expected), "{error}");
        assert!(load(&text.replace("openid introspect_tokens", "openid")).is_ok());
    }

    #[test]
    fn sec_up_14_a_provider_within_a_network_is_refused() {
        let issuer = "issuer = \"{public_url}/default/partner\"";
        for inner in [
            "https://169.254.169.254",
            "https://10.0.0.1",
            "https://[::ffff:127.0.0.1]",
            "https://idp.internal",
            "https://idp",
            "http://idp.example",
            "https://idp.example:22",
        ] {
            let error = load(&FIXTURE.replace(issuer, &format!("issuer = \"{inner}\""))).err().unwrap_or_default();
            assert!(
                error.contains(&format!("upstream partner: issuer: {inner}: use ")) && error.contains(": line "),
                "{inner}: {error}"
            );
        }
        assert!(load(&FIXTURE.replace(issuer, "issuer = \"https://idp.example\"")).is_ok());
    }

    #[test]
    fn sec_adm_14_what_cannot_work_is_refused_with_file_line_and_value() {
        let sandbox = |second: &str| format!("{FIXTURE}\n[sandbox]\nusers = [\n  {ALICE},\n{second},\n]\n");
        let web = "client_id = \"web\"";
        let table = [
            (
                FIXTURE.replace("id = \"partner\"", "id = \"sandbox\""),
                "id = \"sandbox\"",
                "upstream[0].id: \"sandbox\" is the name of the sandbox",
            ),
            (
                sandbox("  {username = \"alice\", password = \"second\"}"),
                "\"second\"",
                "sandbox.users[1].username: \"alice\" is there twice",
            ),
            (
                sandbox("  {username = \"bob\", password = \"\"}"),
                "\"bob\"",
                "sandbox.users[1].password: \"\" is no password",
            ),
            (
                FIXTURE.replace(web, &format!("{web}\nbackchannel_logout_uri = \"https://169.254.169.254/\"")),
                "169.254",
                "client web: backchannel_logout_uri: https://169.254.169.254/: use a host name",
            ),
        ];
        for (text, part, expected) in table {
            let error = load(&text).err().unwrap_or_default();
            let line = text.split(part).next().unwrap().matches('\n').count() + 1;
            let place = format!("x.toml: line {line}: {expected}");
            assert!(error.starts_with(&place), "{place}: {error}");
        }
    }

    #[test]
    fn sec_jwt_05_a_key_whose_point_is_not_on_the_curve_does_not_register() {
        let valid = FIXTURE;
        let y = valid.split(" y = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let x = valid.split(" x = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let error = load(&valid.replace(y, x)).err().unwrap_or_default();
        assert!(error.contains("client key: jwks holds a key whose point"), "{error}");
    }

    #[test]
    fn no_secret_is_kept_in_clear() {
        let file = load(FIXTURE).unwrap();
        let stored = format!(
            "{}{}",
            serde_json::to_string(&file.clients).unwrap(),
            serde_json::to_string(&file.workspace.settings).unwrap()
        );
        for secret in ["secret-at-the-partner", "secret-for-basic", "secret-for-macs"] {
            assert!(!stored.contains(secret), "{secret}");
        }
        assert!(stored.contains("client_secret_sha256") && stored.contains("sealed_client_secret"));
    }
}
