//! `postern init`: writes a workspace file for a new application, and prints the next steps.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use protocol::types::secret::{Secret, SecretHash};
use serde_json::{Value, json};
use signing::entropy::random_text;
use signing::{Entropy, EntropyFault, SystemEntropy};
use thiserror::Error;

use crate::output::print;

/// The issuer of the templates' workspace on a laptop.
const ISSUER: &str = "http://localhost:9000/default/app";
const CLIENT_ID: &str = "app";

/// The path of the schema: in the templates as kept in the repository, and next to a new file.
const SCHEMA_IN_REPOSITORY: &str = "#:schema ../../../../docs/workspace.schema.json\n";
const SCHEMA: &str = "#:schema ./workspace.schema.json\n";

/// The placeholder in the templates for the digest of the secret.
const SECRET_HASH: &str = "CLIENT_SECRET_SHA256";

pub(crate) const EXAMPLES: &str = "Examples:
  postern init spa                     workspace.toml for a single-page application
  postern init web shop.toml           shop.toml for a web application on a server, with a new secret
  postern init machine --json          what the program has to know, its secret included, as JSON";

/// Options of `postern init`.
#[derive(Debug, Args)]
pub struct InitOptions {
    /// The type of the application.
    pub kind: ApplicationKind,
    /// The file to write. An existing file is left unchanged.
    #[arg(value_name = "FILE", default_value = "workspace.toml")]
    pub file: PathBuf,
    /// Print the application's settings as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// The type of an application: where it runs determines how it authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ApplicationKind {
    /// A single-page application in a browser: public, with PKCE.
    Spa,
    /// A web application on a server: with a secret and PKCE.
    Web,
    /// An application on a phone, on a desktop or in a terminal: public, with PKCE.
    Native,
    /// A program without users, which obtains its own tokens by client credentials.
    Machine,
}

impl ApplicationKind {
    const fn template(self) -> &'static str {
        match self {
            Self::Spa => include_str!("spa.toml"),
            Self::Web => include_str!("web.toml"),
            Self::Native => include_str!("native.toml"),
            Self::Machine => include_str!("machine.toml"),
        }
    }

    const fn redirect_uri(self) -> Option<&'static str> {
        match self {
            Self::Spa => Some("http://localhost:5173/callback"),
            Self::Web => Some("http://localhost:3000/callback"),
            Self::Native => Some("http://127.0.0.1/callback"),
            Self::Machine => None,
        }
    }

    const fn has_secret(self) -> bool {
        matches!(self, Self::Web | Self::Machine)
    }

    /// The documentation for the next steps.
    const fn example(self) -> &'static str {
        match self {
            Self::Spa => {
                "examples/spa is an application to copy, and docs/clients.md has the settings of other libraries"
            }
            Self::Web => {
                "examples/web-node and examples/web-python are applications to copy, and docs/clients.md has the settings of \
                 other libraries"
            }
            Self::Native | Self::Machine => "docs/clients.md has the settings of libraries",
        }
    }
}

/// Why no file was written.
#[derive(Debug, Error)]
pub enum InitError {
    /// The file already exists.
    #[error("{0} exists already and is left as it is: name another file, as in postern init {1} other.toml")]
    Exists(String, String),
    /// The file cannot be written.
    #[error("{0} cannot be written: {1}")]
    Unwritable(String, std::io::Error),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
}

/// A new application: the text of its workspace file, and its secret if it has one, which is kept nowhere
/// else.
struct NewApplication {
    kind: ApplicationKind,
    workspace: String,
    secret: Option<String>,
}

impl NewApplication {
    fn generate(kind: ApplicationKind, entropy: &dyn Entropy) -> Result<Self, EntropyFault> {
        let secret = if kind.has_secret() { Some(random_text::<32>(entropy)?) } else { None };
        let mut workspace = kind.template().replace(SCHEMA_IN_REPOSITORY, SCHEMA);
        if let Some(secret) = &secret {
            let digest = SecretHash::of(&Secret::new(secret.clone()));
            workspace = workspace.replace(SECRET_HASH, &digest.encoded());
        }
        Ok(Self { kind, workspace, secret })
    }

    /// The application's settings for this server, by the names that its library uses.
    fn settings(&self) -> Vec<(&'static str, &str)> {
        let mut settings = vec![("issuer", ISSUER), ("client_id", CLIENT_ID)];
        settings.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        settings.extend(self.kind.redirect_uri().map(|uri| ("redirect_uri", uri)));
        settings
    }

    fn json(&self, file: &str) -> Value {
        let settings = self.settings().into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
        Value::Object(std::iter::once(("file".to_owned(), json!(file))).chain(settings).collect())
    }

    fn next_steps(&self, file: &str) -> String {
        let mut text = format!(
            "Wrote {file}.\n\nNext:\n  postern dev --config {file}    starts the server\n\nGive the application\n"
        );
        for (name, value) in self.settings() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {name:<15}{value}");
        }
        if self.secret.is_some() {
            text.push_str("The secret is shown only now: the file has its digest.\n");
        }
        let _ = write!(
            text,
            "\nAfter a change of the file:\n  postern check {file}\nFor completion in your editor:\n  postern schema > \
             workspace.schema.json\n\n{}.",
            self.kind.example()
        );
        text
    }
}

/// Writes a workspace file for a new application, and prints the next steps.
///
/// # Errors
///
/// [`InitError`]: the file already exists, or cannot be written.
pub fn init(options: &InitOptions) -> Result<(), InitError> {
    let application = NewApplication::generate(options.kind, &SystemEntropy)?;
    write_new(&options.file, &application)?;
    let file = options.file.display().to_string();
    print(&if options.json { application.json(&file).to_string() } else { application.next_steps(&file) });
    Ok(())
}

/// Writes the file, unless it already exists.
fn write_new(path: &Path, application: &NewApplication) -> Result<(), InitError> {
    let name = || path.display().to_string();
    let mut file = match std::fs::File::create_new(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let kind = application.kind.to_possible_value();
            return Err(InitError::Exists(name(), kind.map(|kind| kind.get_name().to_owned()).unwrap_or_default()));
        }
        Err(error) => return Err(InitError::Unwritable(name(), error)),
    };
    file.write_all(application.workspace.as_bytes()).map_err(|error| InitError::Unwritable(name(), error))
}

#[cfg(test)]
mod tests {
    use administration::workspace_file::Loader;
    use signing::{Purpose, Sealer};
    use web::config::PublicUrl;

    use super::*;

    fn applications() -> impl Iterator<Item = NewApplication> {
        let generate = |kind: &ApplicationKind| NewApplication::generate(*kind, &SystemEntropy).unwrap();
        ApplicationKind::value_variants().iter().map(generate)
    }

    #[test]
    fn each_template_is_a_valid_workspace_that_matches_the_printed_settings() {
        let sealer = Sealer::derived(&Secret::new([1; 32]), Purpose::ClientSecret).unwrap();
        let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
        let loader = Loader {
            public_url: &public_url,
            upstream_secrets: &sealer,
            client_secrets: &sealer,
            entropy: &SystemEntropy,
        };
        for application in applications() {
            let kind = application.kind;
            let file = loader.text("workspace.toml", &application.workspace).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(format!("http://localhost:9000/{}", file.workspace.id), ISSUER, "{kind:?}");
            assert_eq!(file.clients.len(), 1, "{kind:?}");
            let uri = kind.redirect_uri().unwrap_or_default();
            assert!(application.workspace.contains(uri), "{kind:?}");
            assert!(!application.workspace.contains(SECRET_HASH), "{kind:?}");
            assert!(application.workspace.starts_with("#:schema ./workspace.schema.json\n"), "{kind:?}");
        }
    }

    #[test]
    fn the_secret_is_printed_and_not_in_the_file() {
        for application in applications() {
            let told = application.next_steps("x.toml");
            let Some(secret) = &application.secret else {
                assert!(!told.contains("client_secret"), "{told}");
                continue;
            };
            assert!(told.contains(secret) && application.json("x.toml")["client_secret"] == json!(secret));
            assert!(!application.workspace.contains(secret));
        }
    }

    #[test]
    fn an_existing_file_is_left_unchanged() {
        let path = std::env::temp_dir().join(format!("postern-init-{}.toml", std::process::id()));
        std::fs::write(&path, "mine").unwrap();
        let options = InitOptions { kind: ApplicationKind::Spa, file: path.clone(), json: false };
        let refused = init(&options).unwrap_err().to_string();
        assert!(refused.contains("exists already and is left as it is") && refused.ends_with("init spa other.toml"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        std::fs::remove_file(&path).unwrap();
        let nowhere = InitOptions { file: path.join("deeper.toml"), ..options };
        assert!(init(&nowhere).unwrap_err().to_string().contains("cannot be written"));
    }
}
