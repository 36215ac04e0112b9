//! What a command works on.

use std::path::PathBuf;

use clap::Args;

/// Whether a command works on a stack or on a laptop.
#[derive(Debug, Args)]
pub struct PlaceOptions {
    /// Work on the state of `postern dev` in this folder instead of a stack in AWS. The server may be running.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What a command works on, and under which URL.
#[derive(Debug, Args)]
pub struct TargetOptions {
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceOptions,
    /// With --data: the public URL of the server there.
    #[arg(long, global = true, value_name = "URL", default_value = "http://localhost:9000")]
    pub public_url: String,
}
