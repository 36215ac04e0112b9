//! The `postern` command.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use postern::arguments::{Arguments, Command};
use postern::run;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command.unwrap_or_default() {
        Command::Dev(options) => run::dev(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}
