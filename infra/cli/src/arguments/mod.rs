//! The command line.

mod target;
mod users;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use protocol::jose::jwk::Algorithm;
use signing::Purpose;

use crate::cost::{self, CostOptions};
use crate::init::{self, InitOptions};

pub use target::{PlaceOptions, TargetOptions};
pub use users::{UsersAction, UsersOptions};

/// An OAuth 2.1 and OpenID Connect authorization server for AWS that also runs on a laptop.
#[derive(Debug, Parser)]
#[command(name = "postern", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do; `dev` if no command is given.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  postern                                   run everything on http://localhost:9000
  postern init spa                          a workspace file for an application of your own
  postern dev --port 8080 --memory          another port, and nothing is kept
  postern dev --config my-workspace.toml    your own workspace instead of the demo
  postern dev --public-url https://x.example  behind a TLS proxy or a tunnel";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every function in this process, on an embedded DynamoDB engine.
    Dev(DevOptions),
    /// Write a workspace file for a new application, and print the next steps.
    ///
    /// The file has comments, and test users. An existing file is left unchanged.
    #[command(after_help = init::EXAMPLES)]
    Init(InitOptions),
    /// Apply workspaces to a stack in AWS, and create the keys that it lacks.
    ///
    /// The environment selects the stack: first export its output `AdminEnvironment`, and AWS credentials. What somebody else
    /// changes meanwhile is not overwritten; what is the same is not written. With --data it works on a laptop's state.
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(ApplyOptions),
    /// Show what applying workspace files would change, and change nothing.
    ///
    /// Secrets are not shown; that one changes is. The keys that `apply` would create are not part of a plan.
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanOptions),
    /// Show how two workspace files differ, by what they mean: order and defaults do not count.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffOptions),
    /// Print a workspace that runs as a workspace file.
    ///
    /// Applied to the same server, the file changes nothing. Secrets are digests, or sealed so that only this server opens
    /// them.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportOptions),
    /// Give a client a new secret.
    #[command(after_help = CLIENTS_EXAMPLES)]
    Clients(ClientsOptions),
    /// Check workspace files, without a server, a stack or a network.
    ///
    /// Prints every problem with file, line and column, and exits with code 1 if there is any.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckOptions),
    /// Print the JSON Schema of workspace files, for editors.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Show every page in every state, language, brand, theme and width, on loopback.
    ///
    /// The pages are samples: nothing is behind them, and no workspace is needed.
    Pages(PagesOptions),
    /// Create, list or change the users of a workspace's pool, in AWS or on this laptop.
    ///
    /// A user is named by e-mail address, user name or subject. A password is read from the first line of standard input.
    #[command(after_help = users::EXAMPLES)]
    Users(UsersOptions),
    /// List or change the signing keys of a workspace, in AWS or on this laptop.
    ///
    /// A key is added, is published until every verifier has seen it, signs, and stays published until its last token has
    /// expired.
    #[command(after_help = KEYS_EXAMPLES)]
    Keys(KeysOptions),
    /// List or change the data keys of a stack in AWS.
    ///
    /// A version is added, is published until every function has loaded it, seals, and still opens until nothing that it
    /// sealed is in use.
    #[command(after_help = SEALING_EXAMPLES)]
    Sealing(SealingOptions),
    /// Estimate what logins cost in AWS, and compare with other services.
    ///
    /// The tests count the operations of a login; prices come from a list that you can override. docs/cost.md explains both.
    #[command(after_help = cost::EXAMPLES)]
    Cost(CostOptions),
}

const APPLY_EXAMPLES: &str = "Examples:
  postern apply default.toml              create or change the workspace in the file
  postern apply --json *.toml             several workspaces, with JSON output";

const PLAN_EXAMPLES: &str = "Examples:
  postern plan default.toml                    what would change in the stack of the environment
  postern plan --data .postern demo.toml       what would change on this laptop
  postern plan --exit-code --json *.toml       for a pipeline: exit code 2 if something would change";

const DIFF_EXAMPLES: &str = "Examples:
  postern diff former.toml later.toml
  postern diff --exit-code running.toml default.toml   2 if they differ";

const EXPORT_EXAMPLES: &str = "Examples:
  postern export default/demo > demo.toml                  from the stack of the environment
  postern export --data .postern default/demo              from this laptop";

const CLIENTS_EXAMPLES: &str = "Examples:
  postern clients --workspace default/demo rotate-secret web           the former one is good for 7 more days
  postern clients --workspace default/demo rotate-secret web --keep-days 0   it ends at once: it is known to others";

const CHECK_EXAMPLES: &str = "Examples:
  postern check default.toml                               as `postern dev` would
  postern check --public-url https://auth.example *.toml   as `postern apply` would for that stack";

const SCHEMA_EXAMPLES: &str = "Examples:
  postern schema > workspace.schema.json   then begin a workspace file with: #:schema ./workspace.schema.json";

const KEYS_EXAMPLES: &str = "Examples:
  postern keys list --workspace default/demo
  postern keys add --workspace default/demo --data .postern --local es256
  postern keys rotate --workspace default/demo --data .postern --now
  postern keys add --workspace default/demo --kms-key arn:aws:kms:eu-west-1:111122223333:key/mrk-12
  postern keys add --workspace default/demo --wrapped es256
  postern keys rotate --workspace default/demo
  postern keys add --workspace default/demo --beside --wrapped rs256
  postern keys remove --workspace default/demo --kid NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

const SEALING_EXAMPLES: &str = "Examples:
  postern sealing list
  postern sealing add --purpose interaction
  postern sealing rotate --purpose interaction
  postern sealing remove --purpose interaction";

/// Options of `postern plan`.
#[derive(Debug, Args)]
pub struct PlanOptions {
    /// Workspace files, in the form that docs/configuration.md describes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are compared with.
    #[command(flatten)]
    pub target: TargetOptions,
    /// Exit with code 2 if something would change.
    #[arg(long)]
    pub exit_code: bool,
    /// Print the changes as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Options of `postern diff`.
#[derive(Debug, Args)]
pub struct DiffOptions {
    /// A workspace file.
    #[arg(value_name = "FILE")]
    pub former: PathBuf,
    /// The one that it is compared with.
    #[arg(value_name = "FILE")]
    pub later: PathBuf,
    /// The public URL of the server that the files are for.
    #[arg(long, value_name = "URL", default_value = "http://localhost:9000")]
    pub public_url: String,
    /// Exit with code 2 if they differ.
    #[arg(long)]
    pub exit_code: bool,
    /// Print the differences as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Options of `postern export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The workspace, as TENANT/WORKSPACE.
    #[arg(value_name = "TENANT/WORKSPACE")]
    pub workspace: String,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetOptions,
}

/// Options of `postern clients`.
#[derive(Debug, Args)]
pub struct ClientsOptions {
    /// The workspace, as TENANT/WORKSPACE.
    #[arg(long, global = true, value_name = "TENANT/WORKSPACE")]
    pub workspace: Option<String>,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetOptions,
    /// Print the result as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: ClientsAction,
}

/// What `postern clients` can do.
#[derive(Debug, Subcommand)]
pub enum ClientsAction {
    /// Make a new secret, and print it once. The two newest former ones stay good for a while.
    RotateSecret {
        /// The client.
        #[arg(value_name = "CLIENT_ID")]
        client: String,
        /// For how many days former secrets stay good at most; 0 ends them at once.
        #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=90))]
        keep_days: u32,
    },
}

/// Options of `postern apply`.
#[derive(Debug, Args)]
pub struct ApplyOptions {
    /// Workspace files, in the form that docs/configuration.md describes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where they are applied.
    #[command(flatten)]
    pub target: TargetOptions,
    /// Print the result as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Options of `postern pages`.
#[derive(Debug, Args)]
pub struct PagesOptions {
    /// The port to listen on, on loopback only; 0 picks a free one.
    #[arg(long, default_value_t = 9100)]
    pub port: u16,
    /// Print where the server listens as one line of JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Options of `postern check`.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// Workspace files, in the form that docs/configuration.md describes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The public URL of the server that the files are for. The rules for a laptop and for a deployment differ.
    #[arg(long, value_name = "URL", default_value = "http://localhost:9000")]
    pub public_url: String,
}

/// Options of `postern keys`.
#[derive(Debug, Args)]
pub struct KeysOptions {
    /// The workspace, as TENANT/WORKSPACE.
    #[arg(long, global = true, value_name = "TENANT/WORKSPACE")]
    pub workspace: Option<String>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceOptions,
    /// Print the keys as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// A step on signing keys.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// List them.
    List,
    /// Publish a key as the next one to sign.
    #[command(group(clap::ArgGroup::new("kind").required(true)))]
    Add {
        /// The ARN of a KMS key that the role of the token function may use.
        #[arg(long, value_name = "ARN", group = "kind")]
        kms_key: Option<String>,
        /// Have KMS generate and encrypt a key. It signs in the memory of the function, without a KMS call for each token.
        #[arg(long, value_name = "ALGORITHM", group = "kind")]
        wrapped: Option<LocalAlgorithm>,
        /// Generate a key on this laptop, for use with --data.
        #[arg(long, value_name = "ALGORITHM", group = "kind")]
        local: Option<LocalAlgorithm>,
        /// Add it to the RS256 keys beside the workspace's own.
        #[arg(long)]
        beside: bool,
    },
    /// Let the next key sign, and retire the current one.
    Rotate {
        /// Do not wait until every verifier has seen the next key. Verifiers that have not refuse its tokens until they
        /// refresh the JWKS.
        #[arg(long)]
        now: bool,
        /// Rotate the RS256 keys beside the workspace's own.
        #[arg(long)]
        beside: bool,
    },
    /// Revoke a key: every token that it signed becomes invalid.
    Revoke {
        /// The id of the key.
        #[arg(long, allow_hyphen_values = true)]
        kid: String,
    },
    /// Remove a key whose last token has expired.
    Remove {
        /// The id of the key.
        #[arg(long, allow_hyphen_values = true)]
        kid: String,
    },
}

/// Options of `postern sealing`.
#[derive(Debug, Args)]
pub struct SealingOptions {
    /// Print the data keys as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: SealingAction,
}

/// A step on data keys.
#[derive(Debug, Subcommand)]
pub enum SealingAction {
    /// List them, for every purpose.
    List,
    /// Have KMS generate the next version.
    Add {
        /// What the key seals.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
    },
    /// Let the next version seal, and retire the current one.
    Rotate {
        /// What the key seals.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
        /// Do not wait until every function has loaded the next version. Users whose login meets a function that has not
        /// must start it again.
        #[arg(long)]
        now: bool,
    },
    /// Remove the retired versions, if nothing that they sealed is in use.
    Remove {
        /// What the key seals.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
        /// Do not wait. Values sealed by these versions can no longer be opened.
        #[arg(long)]
        now: bool,
    },
}

fn purpose(name: &str) -> Result<Purpose, String> {
    let known: Vec<Purpose> = Purpose::OF_DATA_KEYS.into_iter().filter(|purpose| purpose.changes()).collect();
    let found = known.iter().copied().find(|purpose| purpose.name() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|purpose| purpose.name()).collect();
        format!("use one of {}", names.join(", "))
    })
}

/// The algorithm of a key that signs in memory.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum LocalAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl LocalAlgorithm {
    /// The algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Ps256 => Algorithm::PS256,
            Self::Es256 => Algorithm::ES256,
        }
    }
}

impl Default for Command {
    fn default() -> Self {
        Self::Dev(DevOptions::default())
    }
}

/// Options of `postern dev`.
#[derive(Debug, Args)]
pub struct DevOptions {
    /// The port to listen on, on loopback only; 0 picks a free one.
    #[arg(long, default_value_t = 9000)]
    pub port: u16,
    /// The folder for the state.
    #[arg(long, value_name = "DIR", default_value = ".postern", conflicts_with = "memory")]
    pub data: PathBuf,
    /// Keep the state in memory only.
    #[arg(long)]
    pub memory: bool,
    /// A workspace file to apply instead of the demo; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// The URL at which browsers reach this server, if not localhost: behind a TLS proxy or a tunnel.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Whether the server may call upstream providers and clients on this machine, over http or https and on any port. By
    /// default it may if browsers reach the server itself on this machine.
    #[arg(long, value_name = "BOOL")]
    pub ask_loopback: Option<bool>,
    /// Also serve the embedded engine on this loopback port, for DynamoDB tools.
    #[arg(long, value_name = "PORT")]
    pub store_port: Option<u16>,
    /// Print the listening address as one line of JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

impl Default for DevOptions {
    fn default() -> Self {
        Self {
            port: 9000,
            data: ".postern".into(),
            memory: false,
            config: Vec::new(),
            public_url: None,
            ask_loopback: None,
            store_port: None,
            json: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn a_kid_may_begin_with_a_hyphen() {
        for action in ["revoke", "remove"] {
            let arguments =
                Arguments::parse_from(["postern", "keys", action, "--kid", "-lc8odZl8HV", "--workspace", "a/b"]);
            let Some(Command::Keys(KeysOptions { workspace, action, .. })) = arguments.command else { panic!("keys") };
            let (KeysAction::Revoke { kid } | KeysAction::Remove { kid }) = action else { panic!("{action:?}") };
            assert_eq!((kid.as_str(), workspace.as_deref()), ("-lc8odZl8HV", Some("a/b")));
        }
    }

    #[test]
    fn a_purpose_is_given_by_name_and_must_be_one_that_rotates() {
        for purpose in Purpose::OF_DATA_KEYS.into_iter().filter(|purpose| purpose.changes()) {
            let arguments = Arguments::parse_from(["postern", "sealing", "add", "--purpose", purpose.name()]);
            let Some(Command::Sealing(SealingOptions { action, .. })) = arguments.command else { panic!("sealing") };
            assert!(matches!(action, SealingAction::Add { purpose: found } if found == purpose), "{action:?}");
        }
        for name in ["signing-key", "pairwise-subject", "Interaction", ""] {
            let refused = Arguments::try_parse_from(["postern", "sealing", "rotate", "--purpose", name]).unwrap_err();
            assert!(refused.to_string().contains("use one of interaction, upstream, upstream-secret"), "{refused}");
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_dev_is_the_default() {
        Arguments::command().debug_assert();
        let arguments = Arguments::parse_from(["postern", "dev"]);
        let Some(Command::Dev(given)) = arguments.command else { panic!("dev") };
        let Command::Dev(default) = Command::default() else { panic!("dev") };
        assert_eq!(format!("{given:?}"), format!("{default:?}"));
    }
}
