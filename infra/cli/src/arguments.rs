//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    fn the_command_line_is_consistent_and_nothing_said_means_dev() {
        Arguments::command().debug_assert();
        let said = Arguments::parse_from(["postern", "dev"]);
        let Some(Command::Dev(said)) = said.command else { panic!("dev") };
        let Command::Dev(unsaid) = Command::default();
        assert_eq!(format!("{said:?}"), format!("{unsaid:?}"));
    }
}
