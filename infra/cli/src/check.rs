//! `postern check` and `postern schema`: workspace files, without a server, a stack or the network.

use administration::workspace_file::{Loader, WorkspaceFile};
use administration::workspace_schema::json_schema;
use protocol::types::secret::Secret;
use signing::entropy::random;
use signing::seal::SealFault;
use signing::{EntropyFault, Purpose, Sealer, SystemEntropy};
use thiserror::Error;
use web::config::PublicUrl;

use crate::arguments::CheckOptions;
use crate::output::print;
use crate::workspace_files::{ReadError, read};

/// Why files fail the check.
#[derive(Debug, Error)]
pub enum CheckError {
    /// `--public-url` is malformed.
    #[error("--public-url {0}")]
    PublicUrl(&'static str),
    /// The files have problems.
    #[error(transparent)]
    Files(#[from] ReadError),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
    /// Secrets could not be sealed.
    #[error("secrets could not be sealed: {0}")]
    Seal(#[from] SealFault),
}

/// Checks workspace files as applying them would, without storing anything.
///
/// # Errors
///
/// [`CheckError`] contains every problem.
pub fn check(options: &CheckOptions) -> Result<(), CheckError> {
    let public_url = PublicUrl::parse(options.public_url.trim_end_matches('/')).map_err(CheckError::PublicUrl)?;
    // Secrets are sealed only so that they can be checked like any other value; the key is
    // discarded.
    let sealer = Sealer::derived(&Secret::new(random(&SystemEntropy)?), Purpose::ClientSecret)?;
    let loader =
        Loader { public_url: &public_url, upstream_secrets: &sealer, client_secrets: &sealer, entropy: &SystemEntropy };
    let files = read(&loader, &options.files)?;
    print(&files.iter().map(summary).collect::<Vec<_>>().join("\n"));
    Ok(())
}

fn summary(file: &WorkspaceFile) -> String {
    let clients = match file.clients.len() {
        1 => "1 client".into(),
        count => format!("{count} clients"),
    };
    format!("{}: workspace {} with {clients} is in order.", file.name, file.workspace.id)
}

/// Prints the JSON Schema of workspace files.
pub fn schema() {
    print(&format!("{:#}", json_schema()));
}
