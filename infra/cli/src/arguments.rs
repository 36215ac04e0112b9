//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use protocol::jose::jwk::Algorithm;
use signing::Purpose;

use crate::cost::CostOptions;

/// An OAuth 2.1 and OpenID Connect authorization server for AWS, and all of it on a laptop.
#[derive(Debug, Parser)]
#[command(name = "postern", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do; `dev` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  postern                                   run everything on http://localhost:9000
  postern dev --port 8080 --memory          another port, and forget everything at the end
  postern dev --config my-workspace.toml    your own workspace instead of the demo
  postern dev --public-url https://x.example  behind a TLS proxy or a tunnel";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every function in this process, on an embedded DynamoDB.
    Dev(DevOptions),
    /// Apply workspaces to a stack in AWS, and make the keys that it still lacks.
    ///
    /// The environment says which stack: export its output `AdminEnvironment`, and credentials, first.
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(ApplyOptions),
    /// Look at the signing keys of a workspace in AWS, or take a step with them.
    ///
    /// A key is added, waits until every verifier has seen it, signs, and stays published until its last token has ended.
    #[command(after_help = KEYS_EXAMPLES)]
    Keys(KeysOptions),
    /// Look at the data keys for sealing of a stack in AWS, or take a step with them.
    ///
    /// A version is added, waits until every function has seen it, seals, and opens until nothing is left that it sealed.
    #[command(after_help = SEALING_EXAMPLES)]
    Sealing(SealingOptions),
    /// Compute what logins cost in AWS, and what others would ask.
    ///
    /// What a login asks of AWS is what the tests count; prices are a list that you can correct. docs/cost.md explains both.
    #[command(after_help = COST_EXAMPLES)]
    Cost(CostOptions),
}

const APPLY_EXAMPLES: &str = "Examples:
  postern apply default.toml              make or change the workspace that the file describes
  postern apply --json *.toml             several, and say so as JSON";

const KEYS_EXAMPLES: &str = "Examples:
  postern keys list --workspace default/demo
  postern keys add --workspace default/demo --kms-key arn:aws:kms:eu-west-1:111122223333:key/mrk-12
  postern keys add --workspace default/demo --wrapped es256
  postern keys rotate --workspace default/demo
  postern keys remove --workspace default/demo --kid NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

const SEALING_EXAMPLES: &str = "Examples:
  postern sealing list
  postern sealing add --purpose interaction
  postern sealing rotate --purpose interaction
  postern sealing remove --purpose interaction";

const COST_EXAMPLES: &str = "Examples:
  postern cost                                        a million first logins, signed by KMS
  postern cost --logins 200000 --first 25             every fourth with a password, the others by single sign-on
  postern cost --signing wrapped --users 50000        signed in the function's memory; compared for 50,000 users
  postern cost --price kms_key=1.10 --json            with a price of yours, for scripts";

/// What to apply.
#[derive(Debug, Args)]
pub struct ApplyOptions {
    /// Workspace files, in the form that docs/configuration.md describes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say what was done as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Which keys, and what to do with them.
#[derive(Debug, Args)]
pub struct KeysOptions {
    /// The workspace, as TENANT/WORKSPACE.
    #[arg(long, global = true, value_name = "TENANT/WORKSPACE")]
    pub workspace: Option<String>,
    /// Describe the keys as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Describe them.
    List,
    /// Publish a key that is to sign later.
    Add {
        /// The ARN of a key in KMS, which the role of the token function may use.
        #[arg(long, value_name = "ARN", conflicts_with = "wrapped", required_unless_present = "wrapped")]
        kms_key: Option<String>,
        /// Have KMS make a key and encrypt it; it signs in the memory of the function, at no price per token.
        #[arg(long, value_name = "ALGORITHM")]
        wrapped: Option<WrappedAlgorithm>,
    },
    /// Let the next key sign, and retire the current one.
    Rotate {
        /// Do not wait until every verifier has seen the next key. Those that have not refuse its tokens until they look again.
        #[arg(long)]
        now: bool,
    },
    /// No longer believe a key: every token that it signed ends.
    Revoke {
        /// The name of the key.
        #[arg(long, allow_hyphen_values = true)]
        kid: String,
    },
    /// Forget a key whose last token has ended.
    Remove {
        /// The name of the key.
        #[arg(long, allow_hyphen_values = true)]
        kid: String,
    },
}

/// Which data keys for sealing, and what to do with them.
#[derive(Debug, Args)]
pub struct SealingOptions {
    /// Describe the data keys as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub action: SealingAction,
}

/// What to do with data keys for sealing.
#[derive(Debug, Subcommand)]
pub enum SealingAction {
    /// Describe them, for every purpose.
    List,
    /// Have KMS make a version that is to seal later.
    Add {
        /// What it is to seal.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
    },
    /// Let the next version seal, and retire the current one.
    Rotate {
        /// What it seals.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
        /// Do not wait until every function has seen the next version. Those that have not send users back to the beginning.
        #[arg(long)]
        now: bool,
    },
    /// Forget the retired versions, if nothing is left that they sealed.
    Remove {
        /// What they sealed.
        #[arg(long, value_parser = purpose)]
        purpose: Purpose,
        /// Do not wait. What they sealed does not open any more.
        #[arg(long)]
        now: bool,
    },
}

fn purpose(name: &str) -> Result<Purpose, String> {
    let known: Vec<Purpose> = Purpose::OF_DATA_KEYS.into_iter().filter(|purpose| purpose.changes()).collect();
    let found = known.iter().copied().find(|purpose| purpose.name() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|purpose| purpose.name()).collect();
        format!("say one of {}", names.join(", "))
    })
}

/// What a wrapped key signs.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum WrappedAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl WrappedAlgorithm {
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

/// How to run everything in one process.
#[derive(Debug, Args)]
pub struct DevOptions {
    /// The port to listen on, on loopback only; 0 takes a free one.
    #[arg(long, default_value_t = 9000)]
    pub port: u16,
    /// The folder that keeps the state.
    #[arg(long, value_name = "DIR", default_value = ".postern", conflicts_with = "memory")]
    pub data: PathBuf,
    /// Keep the state in memory and forget it at the end.
    #[arg(long)]
    pub memory: bool,
    /// A workspace file to apply instead of the demo; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Where browsers reach this server, if not at localhost: behind a TLS proxy or a tunnel.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Also serve the embedded engine on this loopback port, for ordinary DynamoDB tools.
    #[arg(long, value_name = "PORT")]
    pub store_port: Option<u16>,
    /// Say where things are as one line of JSON, for scripts.
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
    fn a_key_whose_name_begins_with_a_hyphen_can_be_named() {
        for action in ["revoke", "remove"] {
            let said = Arguments::parse_from(["postern", "keys", action, "--kid", "-lc8odZl8HV", "--workspace", "a/b"]);
            let Some(Command::Keys(KeysOptions { workspace, action, .. })) = said.command else { panic!("keys") };
            let (KeysAction::Revoke { kid } | KeysAction::Remove { kid }) = action else { panic!("{action:?}") };
            assert_eq!((kid.as_str(), workspace.as_deref()), ("-lc8odZl8HV", Some("a/b")));
        }
    }

    #[test]
    fn a_purpose_is_said_by_its_name_and_private_signing_keys_have_no_data_key() {
        for purpose in Purpose::OF_DATA_KEYS.into_iter().filter(|purpose| purpose.changes()) {
            let said = Arguments::parse_from(["postern", "sealing", "add", "--purpose", purpose.name()]);
            let Some(Command::Sealing(SealingOptions { action, .. })) = said.command else { panic!("sealing") };
            assert!(matches!(action, SealingAction::Add { purpose: found } if found == purpose), "{action:?}");
        }
        for name in ["signing-key", "pairwise-subject", "Interaction", ""] {
            let refused = Arguments::try_parse_from(["postern", "sealing", "rotate", "--purpose", name]).unwrap_err();
            assert!(refused.to_string().contains("say one of interaction, upstream, upstream-secret"), "{refused}");
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_nothing_said_means_dev() {
        Arguments::command().debug_assert();
        let said = Arguments::parse_from(["postern", "dev"]);
        let Some(Command::Dev(said)) = said.command else { panic!("dev") };
        let Command::Dev(unsaid) = Command::default() else { panic!("dev") };
        assert_eq!(format!("{said:?}"), format!("{unsaid:?}"));
    }
}
