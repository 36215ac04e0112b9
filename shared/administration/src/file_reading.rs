//! Parses the checked settings of a workspace file, and checks them against the rules of registration.

use std::collections::BTreeMap;

use protocol::clients::allowed_origins::check_origin;
use protocol::clients::resource_indicator::is_resource;
use protocol::jose::external_algorithm::ExternalAlgorithm;
use protocol::jose::jwk::Algorithm;
use protocol::registration::client_metadata::ClientMetadata;
use protocol::types::color::LEAST_CONTRAST;
use protocol::types::id::{ClientId, Issuer, WorkspaceId};
use protocol::types::image::MAX_LOGO_BYTES;
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::user_claims::SourceClaims;
use protocol::workspace::brand::Brand;
use protocol::workspace::claim_fault::ClaimFault;
use protocol::workspace::pool::PoolFault;
use protocol::workspace::scope_fault::ScopeFault;
use protocol::workspace::settings::{Settings, Workspace};
use protocol::workspace::settings_error::SettingsFault;
use serde::Deserialize;
use signing::{Entropy, Sealer, verify};
use toml::{Table, Value};
use web::config::PublicUrl;

use crate::file_check::Checked;
use crate::file_problems::{Places, Problem, position};
use crate::file_upstream::{self, UpstreamSealing};
use crate::images::image;
use crate::signing_policy::{Rs256Key, SigningPolicy};

/// A workspace file, checked and ready to be applied.
pub struct WorkspaceFile {
    /// The workspace.
    pub workspace: Workspace,
    /// Its clients.
    pub clients: Vec<ClientMetadata>,
    /// Which keys it signs with.
    pub signing: SigningPolicy,
    /// The name of the file.
    pub name: String,
    /// The lines of its clients' redirect URIs, or of the clients themselves.
    pub lines: BTreeMap<ClientId, usize>,
}

/// Loads workspace files.
pub struct Loader<'a> {
    /// Replaces `{public_url}`.
    pub public_url: &'a PublicUrl,
    /// Seals this server's client secrets at upstream providers.
    pub upstream_secrets: &'a Sealer,
    /// Seals the secrets of clients that authenticate with a MAC.
    pub client_secrets: &'a Sealer,
    /// Random bytes.
    pub entropy: &'a dyn Entropy,
}

/// The parts of a file that are not settings of the workspace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    tenant: String,
    workspace: String,
    #[serde(default = "default_algorithm")]
    signing_algorithm: Algorithm,
    #[serde(default)]
    rs256_key: Rs256Key,
    #[serde(default)]
    clients: Vec<Table>,
}

const fn default_algorithm() -> Algorithm {
    Algorithm::RS256
}

/// A file that is being read.
pub(crate) struct Reading<'a> {
    loader: &'a Loader<'a>,
    name: &'a str,
    text: &'a str,
    settings: Table,
    places: Places,
    /// The paths of the tables in which the check found a problem.
    faulty: Vec<String>,
    /// The problems found.
    pub(crate) problems: Vec<Problem>,
}

/// A client of the file, at `clients[position]`.
struct FileClient {
    path: String,
    label: String,
    metadata: ClientMetadata,
}

impl<'a> Reading<'a> {
    /// Starts with the result of the check.
    pub(crate) fn new(loader: &'a Loader<'a>, name: &'a str, text: &'a str, checked: Checked) -> Self {
        let Checked { settings, places, problems, faulty } = checked;
        Self { loader, name, text, settings, places, faulty, problems }
    }

    /// Returns the workspace of the file. Problems are collected in `problems`.
    pub(crate) fn file(&mut self) -> Option<WorkspaceFile> {
        let mut settings = std::mem::take(&mut self.settings);
        let head: Head = self.parsed(take_head(&mut settings), "")?;
        let id = WorkspaceId::parse(&head.tenant, &head.workspace).ok()?;
        for fault in file_upstream::expand_presets(&mut settings) {
            let preset = format!("{}.preset", fault.path.rsplit_once('.').map_or("", |(table, _)| table));
            if !self.is_faulty(&fault.path) && !self.is_faulty(&preset) {
                self.report(&fault.path, fault.message);
            }
        }
        let sealing =
            UpstreamSealing { secrets: self.loader.upstream_secrets, entropy: self.loader.entropy, workspace: &id };
        for fault in sealing.seal(&mut settings) {
            self.report(&fault.path, fault.message);
        }
        encode_images(settings.get_mut("brand"), &["logo", "logo_dark", "favicon"]);
        let settings: Settings = self.parsed(settings, "")?;
        let settings = Settings { reach: Some(self.loader.public_url.reach()), ..settings };
        let workspace = Workspace::new(id, self.loader.public_url.as_str(), settings);
        let Workspace { id, issuer, settings } = &workspace;
        if issuer.origin() == self.loader.public_url.origin() && settings.domain.is_some() {
            self.report_at("domain", "it is the server's own host name, where other workspaces are");
        }
        self.check_settings(settings);
        let signing = self.signing(&head);
        let tables = head.clients.into_iter().enumerate();
        let clients: Vec<FileClient> = tables.filter_map(|(at, table)| self.client(at, table, id)).collect();
        for client in &clients {
            self.check_client(client, settings, issuer);
            self.check_algorithms(client, signing);
        }
        let lines = clients.iter().map(|client| {
            let uris = format!("{}.redirect_uris", client.path);
            (client.metadata.client_id.clone(), position(self.text, self.places.find(&uris)).0)
        });
        Some(WorkspaceFile {
            lines: lines.collect(),
            workspace,
            clients: clients.into_iter().map(|client| client.metadata).collect(),
            signing,
            name: self.name.into(),
        })
    }

    /// Records a problem with the setting at `path`.
    fn report(&mut self, path: &str, message: String) {
        let (line, column) = position(self.text, self.places.find(path));
        self.problems.push(Problem { line, column, message });
    }

    /// Whether the check found a problem at `path`.
    fn is_faulty(&self, path: &str) -> bool {
        self.faulty.iter().any(|faulty| faulty == path)
    }

    /// Records a problem with the setting at `path`, whose name starts the message.
    fn report_at(&mut self, path: &str, reason: &str) {
        self.report(path, format!("{path}: {reason}"));
    }

    fn parsed<T: for<'de> Deserialize<'de>>(&mut self, table: Table, path: &str) -> Option<T> {
        let parsed = table.try_into();
        parsed.map_err(|error: toml::de::Error| self.report(path, error.to_string().trim().replace('\n', " "))).ok()
    }

    fn check_settings(&mut self, settings: &Settings) {
        self.check_texts(settings);
        self.check_colors(&settings.brand);
        self.check_compared(settings);
        self.check_claims(settings);
        self.check_combined(settings);
        self.check_providers(settings);
    }

    /// Checks that every translated text is there in the language of the workspace, which stands in for the others.
    fn check_texts(&mut self, settings: &Settings) {
        let scopes = settings.scopes.iter().enumerate().flat_map(|(at, scope)| {
            let path = |setting| format!("scopes[{at}].{setting}");
            let group = scope.group.iter().map(move |group| (format!("scopes[{at}].group"), group));
            [(path("title"), &scope.title), (path("description"), &scope.description)].into_iter().chain(group)
        });
        let resources = settings.resources.iter().enumerate();
        let resources =
            resources.filter_map(|(at, resource)| Some((format!("resources[{at}].title"), resource.title()?)));
        let upstream = settings.upstream.iter().enumerate();
        let upstream = upstream.map(|(at, provider)| (format!("upstream[{at}].title"), &provider.title));
        let tag = settings.language.tag();
        for (path, text) in scopes.chain(resources).chain(upstream) {
            if !text.has(settings.language) {
                self.report_at(&path, &format!("{tag} is missing: it is the language of the workspace"));
            }
        }
    }

    /// Checks that text can be read in the colours of the brand (WCAG 2.2 §1.4.3, level AA).
    fn check_colors(&mut self, brand: &Brand) {
        for (setting, color, other) in brand.readable_pairs() {
            let ratio = color.contrast(other);
            if ratio < LEAST_CONTRAST {
                let (ratio, least) = (in_ratio(ratio), in_ratio(LEAST_CONTRAST));
                let reason =
                    format!("{color} has a contrast of {ratio} with {other}, and {least} is the least (WCAG AA)");
                self.report_at(&format!("brand.{setting}"), &reason);
            }
        }
    }

    /// Checks values that are compared later and would otherwise never match: origins and resources.
    fn check_compared(&mut self, settings: &Settings) {
        for (at, origin) in settings.cors_origins.iter().enumerate() {
            if let Err(reason) = check_origin(origin) {
                self.report_at(&format!("cors_origins[{at}]"), &format!("{origin}: {reason}"));
            }
        }
        for (at, resource) in settings.resources.iter().enumerate() {
            let uri = resource.uri();
            if !is_resource(uri) {
                let reason = format!("{uri}: a resource is an absolute URI without fragment");
                self.report_at(&format!("resources[{at}]"), &reason);
            }
        }
    }

    /// Checks that the claims of sandbox users have the types and forms of OpenID Connect Core §5.1: other values would be
    /// dropped when they are read.
    fn check_claims(&mut self, settings: &Settings) {
        let users = settings.sandbox.iter().flat_map(|sandbox| &sandbox.users);
        for (at, user) in users.enumerate() {
            for claim in SourceClaims::read(&user.claims).dropped {
                let claim = claim.as_str();
                let reason = "has another type or form than OpenID Connect Core 5.1 says";
                let message = format!("user {}: claims.{claim} {reason}", user.username);
                self.report(&format!("sandbox.users[{at}].claims.{claim}"), message);
            }
        }
    }

    /// Checks that all providers, users and scopes are distinguishable, and that no scope contradicts itself.
    fn check_combined(&mut self, settings: &Settings) {
        for error in settings.faults() {
            match error.reason {
                SettingsFault::ReservedSource(name) => {
                    self.report(&error.place.to_string(), format!("upstream {name}: id: {}", error.reason));
                }
                SettingsFault::DoubledDomain(_) => {
                    self.report(&error.place.to_string(), format!("upstream: email_domains: {}", error.reason));
                }
                SettingsFault::Scope(fault) if !matches!(fault, ScopeFault::Doubled(_)) => {
                    self.report(&error.place.to_string(), format!("scope {fault}"));
                }
                SettingsFault::AllowedUsers(fault) => {
                    let place = error.place.to_string();
                    if !self.faulty.iter().any(|faulty| faulty.starts_with(&place)) {
                        let table = place.rsplit_once('.').map_or(place.as_str(), |(table, _)| table);
                        self.report(&place, format!("{table}: {fault}"));
                    }
                }
                SettingsFault::Claim(fault) => self.report_of_claim(&error.place.to_string(), &fault),
                // The check has already reported these.
                SettingsFault::Scope(_)
                | SettingsFault::Pool(PoolFault::DoubledAttribute(_) | PoolFault::AttributeName(_))
                | SettingsFault::DoubledSource(_)
                | SettingsFault::DoubledUser(_)
                | SettingsFault::NoUsername
                | SettingsFault::NoPassword(_) => {}
                SettingsFault::Pool(fault) => self.report_of_pool(&error.place.to_string(), &fault),
            }
        }
    }

    /// Records a problem of the pool, unless it follows from one already found.
    fn report_of_pool(&mut self, place: &str, fault: &PoolFault) {
        if self.places.has(place) && !self.faulty.iter().any(|faulty| faulty.starts_with(place)) {
            self.report_at(place, &fault.to_string());
        }
    }

    /// Records a problem of a claim, unless it follows from one already found.
    fn report_of_claim(&mut self, place: &str, fault: &ClaimFault) {
        let table = place.rsplit_once('.').map_or(place, |(table, _)| table);
        let is_found = matches!(fault, ClaimFault::Doubled(_) | ClaimFault::Name(_));
        if !is_found && !self.faulty.iter().any(|faulty| faulty.starts_with(table)) {
            self.report(place, format!("claim {fault}"));
        }
    }

    /// Checks what the settings of a provider say together.
    fn check_providers(&mut self, settings: &Settings) {
        for fault in file_upstream::faults(settings, self.loader.public_url.reach()) {
            // A missing setting has been reported; an issuer may come from a preset.
            if self.places.has(&fault.path) || fault.path.rsplit('.').next() != Some("id") {
                self.report(&fault.path, fault.message);
            }
        }
    }

    /// Reads a client. A plaintext `client_secret` is replaced with its digest, or with its sealed form where a digest would
    /// not suffice.
    fn client(&mut self, at: usize, mut table: Table, id: &WorkspaceId) -> Option<FileClient> {
        let path = format!("clients[{at}]");
        let label = table.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(Value::String(secret)) = table.remove("client_secret") {
            let of_mac = table.get("token_endpoint_auth_method").and_then(Value::as_str) == Some("client_secret_jwt");
            let kept =
                if of_mac { self.seal_mac_secret(&mut table, &secret, id) } else { add_digest(&mut table, secret) };
            if let Err(reason) = kept {
                self.report(&format!("{path}.client_secret"), format!("client {label}: {reason}"));
            }
        }
        let mut table = Value::Table(table);
        encode_images(Some(&mut table), &["logo_uri"]);
        let metadata: Result<ClientMetadata, _> = table.try_into();
        match metadata {
            Ok(metadata) => Some(FileClient { path, label, metadata }),
            Err(error) => {
                self.report(&path, format!("client {label}: {}", error.to_string().trim().replace('\n', " ")));
                None
            }
        }
    }

    /// Seals a secret that is long enough to be the key of a MAC (RFC 7518 §3.2).
    fn seal_mac_secret(&self, table: &mut Table, secret: &str, id: &WorkspaceId) -> Result<(), String> {
        let sealed = self.loader.client_secrets.seal(id, secret.as_bytes().to_vec(), self.loader.entropy);
        table.insert("sealed_client_secret".into(), sealed.map_err(|fault| fault.to_string())?.into());
        if secret.len() < 32 {
            let length = secret.len();
            return Err(format!(
                "client_secret has {length} characters: for client_secret_jwt it is a random string of at least 32 characters"
            ));
        }
        Ok(())
    }

    /// Checks a client as the functions do, and also that each of its public keys is a point on its curve.
    fn check_client(&mut self, client: &FileClient, settings: &Settings, issuer: &Issuer) {
        for fault in client.metadata.faults(settings, issuer).into_iter().chain(client.metadata.scopes_of_power()) {
            self.report_of_client(client, &fault.place(), &fault.to_string());
        }
        let set = client.metadata.jwks.iter();
        let mut keys = set.flat_map(|set| ExternalAlgorithm::ALL.into_iter().flat_map(|alg| set.candidates(alg, None)));
        if !keys.all(|key| verify::is_key(&key)) {
            self.report_of_client(client, "jwks", "jwks holds a key whose point is not on its curve");
        }
    }

    /// The keys that the file requests. A setting that contradicts the algorithm is refused, so that nobody relies on it.
    fn signing(&mut self, head: &Head) -> SigningPolicy {
        if (head.signing_algorithm, head.rs256_key) == (Algorithm::RS256, Rs256Key::None) {
            let reason = "the workspace itself signs with RS256: remove this, or choose another signing_algorithm";
            self.report_at("rs256_key", reason);
        }
        SigningPolicy { algorithm: head.signing_algorithm, rs256_key: head.rs256_key }
    }

    /// Checks that the workspace can sign with the algorithms that a client requests (OpenID Connect Registration §2).
    fn check_algorithms(&mut self, client: &FileClient, signing: SigningPolicy) {
        let metadata = &client.metadata;
        for (field, wanted) in [
            ("id_token_signed_response_alg", metadata.id_token_signed_response_alg),
            ("userinfo_signed_response_alg", metadata.userinfo_signed_response_alg),
        ] {
            if let Some(reason) = wanted.and_then(|wanted| signing.refusal(wanted)) {
                self.report_of_client(client, field, &format!("{field} {reason}"));
            }
        }
    }

    /// Records a registration error of a client, unless it follows from a problem already found: a setting reported as
    /// missing may exist under a misspelled name.
    fn report_of_client(&mut self, client: &FileClient, place: &str, reason: &str) {
        let path = format!("{}.{place}", client.path);
        let (setting, about_scopes) =
            (path.trim_end_matches(|end| matches!(end, '0'..='9' | '[' | ']')), place.contains("scope["));
        let in_doubt = self.faulty.iter().any(|faulty| {
            // The validity of a URI or key depends on these two settings.
            let decisive = ["application_type", "token_endpoint_auth_method"];
            decisive.iter().any(|setting| *faulty == format!("{}.{setting}", client.path))
                || faulty.starts_with(&client.path) && !self.places.has(setting)
                || about_scopes && faulty.starts_with("scopes")
        });
        if !in_doubt {
            self.report(&path, format!("client {}: {reason}", client.label));
        }
    }
}

/// A contrast as WCAG writes it, such as `4.5:1`.
fn in_ratio(hundredths: u32) -> String {
    format!("{}.{:02}:1", hundredths / 100, hundredths % 100)
}

/// Replaces the images in `table` with `data` URLs. Those that are no images were reported by the check.
fn encode_images(table: Option<&mut Value>, names: &[&str]) {
    let Some(table) = table.and_then(Value::as_table_mut) else { return };
    for name in names {
        let encoded = table.get(*name).and_then(Value::as_str).and_then(|text| image(text, MAX_LOGO_BYTES).ok());
        if let Some(encoded) = encoded {
            table.insert((*name).to_owned(), encoded.to_string().into());
        }
    }
}

fn add_digest(table: &mut Table, secret: String) -> Result<(), String> {
    let hash = SecretHash::of(&Secret::new(secret)).encoded();
    let hashes = table.entry("client_secret_sha256").or_insert_with(|| Value::Array(Vec::new()));
    hashes.as_array_mut().ok_or("client_secret_sha256 is a list")?.push(hash.into());
    Ok(())
}

/// Moves everything that is not a setting out of `table`.
fn take_head(table: &mut Table) -> Table {
    let names = ["tenant", "workspace", "signing_algorithm", "rs256_key", "clients"];
    names.into_iter().filter_map(|name| Some((name.to_owned(), table.remove(name)?))).collect()
}
