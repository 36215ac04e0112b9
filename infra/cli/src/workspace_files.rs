//! Workspace files on disk.

use std::path::{Path, PathBuf};

use administration::workspace_file::{FileError, Loader, WorkspaceFile};
use thiserror::Error;

/// All problems of workspace files, one per line.
#[derive(Debug, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ReadError(Vec<UnusableFile>);

/// Why one workspace file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum UnusableFile {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file is not a valid workspace file.
    #[error(transparent)]
    Invalid(#[from] FileError),
    /// Two files describe the same workspace, so one would replace the other.
    #[error("{0}: workspace {1} is in {2} already")]
    Repeated(String, String, String),
}

/// Reads the files at `paths`.
///
/// # Errors
///
/// [`ReadError`] contains the problems of all files.
pub(crate) fn read(loader: &Loader<'_>, paths: &[PathBuf]) -> Result<Vec<WorkspaceFile>, ReadError> {
    let (mut files, mut unusable): (Vec<WorkspaceFile>, Vec<UnusableFile>) = (Vec::new(), Vec::new());
    for path in paths {
        match read_one(loader, path) {
            Ok(file) => match files.iter().find(|known| known.workspace.id == file.workspace.id) {
                Some(known) => {
                    let (id, known) = (file.workspace.id.to_string(), known.name.clone());
                    unusable.push(UnusableFile::Repeated(file.name, id, known));
                }
                None => files.push(file),
            },
            Err(error) => unusable.push(error),
        }
    }
    if unusable.is_empty() { Ok(files) } else { Err(ReadError(unusable)) }
}

fn read_one(loader: &Loader<'_>, path: &Path) -> Result<WorkspaceFile, UnusableFile> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| UnusableFile::Unreadable(name.clone(), error))?;
    Ok(loader.text(&name, &text)?)
}
