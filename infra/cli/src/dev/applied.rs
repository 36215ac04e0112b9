//! Records which workspaces were applied to a folder, from which files, and for which public URL, in a file next to the
//! store.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use administration::workspace_file::{FileError, Loader, WorkspaceFile};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dev::demo_workspaces::DEMO;
use crate::workspace_files::{ReadError, read};

const NOTE: &str = "workspaces.json";

/// The applied workspaces of a folder, by name.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Applied(BTreeMap<String, Application>);

/// How a workspace was last applied.
#[derive(Serialize, Deserialize)]
struct Application {
    public_url: String,
    /// Its file; `None` for a workspace of the demo.
    file: Option<PathBuf>,
}

/// Why a workspace of an earlier run cannot be served, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum AppliedError {
    /// The record cannot be read or written.
    #[error("{0} cannot be used: {1}. Let this user read and write it, or choose another folder with --data.")]
    Note(String, std::io::Error),
    /// The file of a workspace can no longer be used.
    #[error(
        "workspace {workspace} was applied for {former}, and its file cannot be used for {now}: {reason}\nCorrect the file, \
         give another with --config, serve it at {former} again (--port, --public-url), or choose another folder with --data."
    )]
    File {
        /// The workspace.
        workspace: String,
        /// The public URL for which it was applied.
        former: String,
        /// The current public URL.
        now: String,
        /// What is wrong with the file.
        reason: String,
    },
}

impl Applied {
    /// Reads the record of `folder`; empty if there is none.
    ///
    /// # Errors
    ///
    /// [`AppliedError::Note`].
    pub fn read(folder: &Path) -> Result<Self, AppliedError> {
        let note = folder.join(NOTE);
        match fs::read(&note) {
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(AppliedError::Note(note.display().to_string(), error)),
        }
    }

    /// Reloads, from their files, the workspaces that were applied for another public URL than the loader's and are not
    /// among `files`.
    ///
    /// # Errors
    ///
    /// [`AppliedError::File`].
    pub fn moved(&self, files: &[WorkspaceFile], loader: &Loader<'_>) -> Result<Vec<WorkspaceFile>, AppliedError> {
        let now = loader.public_url.as_str();
        let given: Vec<String> = files.iter().map(|file| file.workspace.id.to_string()).collect();
        let moved = self.0.iter().filter(|(name, of)| of.public_url != now && !given.contains(name));
        let read_again = moved.map(|(name, of)| {
            again(name, of.file.as_deref(), loader).map_err(|reason| AppliedError::File {
                workspace: name.clone(),
                former: of.public_url.clone(),
                now: now.into(),
                reason,
            })
        });
        read_again.collect()
    }

    /// Records that `files` were applied for `public_url`. Those of the demo have no path on this machine.
    ///
    /// # Errors
    ///
    /// [`AppliedError::Note`].
    pub fn note<'f>(
        mut self,
        folder: &Path,
        files: impl Iterator<Item = &'f WorkspaceFile>,
        public_url: &str,
    ) -> Result<(), AppliedError> {
        for file in files {
            let of_demo = DEMO.iter().any(|(name, _)| *name == file.name);
            let path = if of_demo { None } else { fs::canonicalize(&file.name).ok() };
            let application = Application { public_url: public_url.into(), file: path };
            self.0.insert(file.workspace.id.to_string(), application);
        }
        let note = folder.join(NOTE);
        let text = serde_json::to_vec_pretty(&self).unwrap_or_default();
        fs::write(&note, text).map_err(|error| AppliedError::Note(note.display().to_string(), error))
    }
}

/// Reloads the workspace `name` from its file.
fn again(name: &str, file: Option<&Path>, loader: &Loader<'_>) -> Result<WorkspaceFile, String> {
    let read_again = match file {
        Some(path) => read(loader, &[path.to_owned()]).map_err(|error: ReadError| error.to_string())?,
        None => DEMO
            .iter()
            .map(|(name, text)| loader.text(name, text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error: FileError| error.to_string())?,
    };
    let found = read_again.into_iter().find(|file| file.workspace.id.to_string() == name);
    found.ok_or_else(|| "it now describes another workspace".into())
}
