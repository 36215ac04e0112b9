//! `postern export`: a stored workspace as a workspace file.

use administration::export::export as write_file;

use super::error::AdminError;
use super::stack::block_on;
use super::target::Target;
use super::workspace_name::parse;
use crate::arguments::ExportOptions;
use crate::output::print;

/// Prints the workspace as a file.
///
/// # Errors
///
/// [`AdminError`] says what to do.
pub fn export(options: &ExportOptions) -> Result<(), AdminError> {
    block_on(async {
        let workspace = parse(Some(&options.workspace))?;
        let target = Target::open(&options.target).await?;
        let file = write_file(&target.keys(), &workspace, &target.public_url).await?;
        print(file.trim_end());
        Ok(())
    })
}
