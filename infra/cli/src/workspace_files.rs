//! Workspace files on disk.

use std::path::PathBuf;

use administration::workspace_file::{FileError, Loader, WorkspaceFile};
use thiserror::Error;

/// Why a workspace file cannot be used, as a sentence that names it.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file is not a valid workspace file.
    #[error(transparent)]
    Invalid(#[from] FileError),
}

/// Reads the files at `paths`.
pub(crate) fn read(loader: &Loader<'_>, paths: &[PathBuf]) -> Result<Vec<WorkspaceFile>, ReadError> {
    let read_one = |path: &PathBuf| {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ReadError::Unreadable(name.clone(), error))?;
        Ok(loader.text(&name, &text)?)
    };
    paths.iter().map(read_one).collect()
}
