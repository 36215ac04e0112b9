//! Parses the command line, with a hint for an option of `dev` that is given without the command.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::arguments::Arguments;

impl Arguments {
    /// Parses the command line of this process; exits with help, the version, or an error message.
    #[must_use]
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| hinted(error).exit())
    }
}

/// The error, with a hint if an option of `dev` is given without the command.
fn hinted(mut error: clap::Error) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => argument.clone(),
        _ => return error,
    };
    let command = Arguments::command();
    let at_top = matches!(error.get(ContextKind::Usage), Some(ContextValue::StyledStr(usage))
        if usage.to_string().starts_with("Usage: postern [COMMAND]"));
    let of_dev = command.find_subcommand("dev").is_some_and(|dev| {
        let name = argument.trim_start_matches('-');
        dev.get_arguments().any(|option| option.get_long() == Some(name))
    });
    if at_top && of_dev {
        let hint = format!("options of the server come after the command dev: postern dev {argument}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(hint)]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_dev_without_the_command_gets_a_hint() {
        let hint = |arguments: &[&str]| {
            let error = Arguments::try_parse_from(arguments).map_err(hinted).err().unwrap().to_string();
            error.contains("tip: options of the server come after the command dev: postern dev")
        };
        for option in ["--port", "--memory", "--config", "--public-url", "--store-port", "--data", "--json"] {
            assert!(hint(&["postern", option]), "{option}");
        }
        for other in [&["postern", "--nothing"][..], &["postern", "dev", "--prot"], &["postern", "check", "--memory"]] {
            assert!(!hint(other), "{other:?}");
        }
    }
}
