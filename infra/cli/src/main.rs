//! The `postern` command.

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use postern::arguments::{Arguments, Command};
use postern::{admin, cost, dev};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or_default() {
        Command::Dev(options) => ended(dev::run::dev(options)),
        Command::Apply(options) => ended(admin::apply(&options)),
        Command::Keys(options) => ended(admin::keys(&options)),
        Command::Sealing(options) => ended(admin::sealing(&options)),
        Command::Cost(options) => ended(cost::cost(&options)),
    }
}

fn ended<E: Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}
