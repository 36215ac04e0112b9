//! Prints the results of commands.

use std::io::Write as _;

/// Prints a result to standard output.
pub(crate) fn print(text: &str) {
    // Ignore EPIPE.
    let _ = writeln!(std::io::stdout(), "{text}");
    let _ = std::io::stdout().flush();
}
