//! The `postern` command.

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use postern::arguments::{Arguments, Command};
use postern::{admin, check, cost, dev, gallery, init};

fn main() -> ExitCode {
    let arguments = Arguments::read();
    match arguments.command.unwrap_or_default() {
        Command::Dev(options) => exit_code(dev::run::dev(options)),
        Command::Init(options) => exit_code(init::init(&options)),
        Command::Apply(options) => exit_code(admin::apply(&options)),
        Command::Plan(options) => difference(admin::plan(&options), options.exit_code),
        Command::Diff(options) => difference(admin::diff(&options), options.exit_code),
        Command::Export(options) => exit_code(admin::export(&options)),
        Command::Clients(options) => exit_code(admin::clients(&options)),
        Command::Keys(options) => exit_code(admin::keys(&options)),
        Command::Sealing(options) => exit_code(admin::sealing(&options)),
        Command::Check(options) => exit_code(check::check(&options)),
        Command::Schema => {
            check::schema();
            ExitCode::SUCCESS
        }
        Command::Pages(options) => exit_code(gallery::pages(&options)),
        Command::Cost(options) => exit_code(cost::cost(&options)),
    }
}

/// The exit code of a command that compares. A difference is 2 for scripts that ask for that.
fn difference<E: Display>(outcome: Result<bool, E>, is_told: bool) -> ExitCode {
    match outcome {
        Ok(true) if is_told => ExitCode::from(2),
        other => exit_code(other.map(|_| ())),
    }
}

fn exit_code<E: Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, there is nowhere left to report to.
            let _ = writeln!(std::io::stderr(), "{}", complaint(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Formats an error. Lines about files start with the file name, so that editors and terminals can link to the place.
fn complaint(error: &str) -> String {
    if error.contains('\n') { format!("postern:\n{error}") } else { format!("postern: {error}") }
}
