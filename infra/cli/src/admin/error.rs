//! Why an administration command failed.

use administration::export::ExportError;
use administration::sector_documents::SectorError;
use administration::{KeyError, ProvisionError, SecretError};
use bootstrap::BootstrapError;
use keystore::DataKeyFault;
use protocol::types::id::WorkspaceId;
use signing::EntropyFault;
use signing::seal::SealFault;
use store::StoreFault;
use thiserror::Error;
use web::ConfigError;

use crate::dev::state::StateError;
use crate::workspace_files::ReadError;

/// Why a command failed, as one sentence.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The environment does not name a stack.
    #[error(
        "{0}. Export the output AdminEnvironment of the stack, and credentials (AWS_ACCESS_KEY_ID, \
         AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), first."
    )]
    Environment(#[from] ConfigError),
    /// The clients of the stack's services could not be built.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// A workspace file cannot be read or is invalid.
    #[error(transparent)]
    File(#[from] ReadError),
    /// A client does not belong to its sector.
    #[error(transparent)]
    Sector(#[from] SectorError),
    /// The local state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The local sealing keys cannot be derived.
    #[error("the keys of this laptop could not be derived: {0}")]
    Root(#[from] SealFault),
    /// `--workspace` is missing or malformed.
    #[error("name the workspace with --workspace TENANT/WORKSPACE, such as default/demo")]
    Workspace,
    /// `--public-url` is malformed.
    #[error("--public-url {0}")]
    PublicUrl(&'static str),
    /// A client id is malformed.
    #[error("{0} is not a client_id")]
    Client(String),
    /// A workspace could not be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A client did not get a new secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
    /// The workspace does not exist.
    #[error("there is no workspace {0}")]
    NoWorkspace(WorkspaceId),
    /// A workspace could not be applied.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The keys could not be changed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The data keys for client secrets could not be opened.
    #[error("the keys for sealing could not be opened: {0}. A new stack gets them with its first `postern apply`.")]
    Sealing(#[from] DataKeyFault),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreFault),
    /// The async runtime could not start.
    #[error("the command could not start: {0}")]
    Runtime(std::io::Error),
}
