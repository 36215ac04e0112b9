//! The local state: a folder with the database file and the root key, or memory only.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use dynoxide::Database;
use protocol::syntax::encoding::{base64url, base64url_array};
use protocol::types::secret::Secret;
use signing::entropy::random;
use signing::{Entropy, EntropyFault};
use thiserror::Error;

use crate::dev::engine::Engine;
use crate::dev::folder_lock::{FolderLock, LockError};
use crate::dev::private_files::{self, Exposure};

const STORE: &str = "store.db";
const SEALING_KEY: &str = "sealing.key";

/// The files that `SQLite` may create next to the database.
const BESIDE_STORE: [&str; 2] = ["store.db-wal", "store.db-shm"];

/// The local state.
pub struct State {
    /// The engine.
    pub engine: Engine,
    /// The root from which all sealing keys are derived.
    pub sealing_key: Secret<[u8; 32]>,
    /// Its folder, unless the state is in memory. The folder is locked against other processes.
    pub folder: Option<StateFolder>,
}

/// The folder of a state, locked against other processes.
pub struct StateFolder {
    /// The folder.
    pub path: PathBuf,
    /// Held for as long as the state is used.
    pub lock: FolderLock,
}

/// Why the state cannot be used, as a sentence with the file, the cause and what to do. No message advises deleting
/// anything that could still be of use.
#[derive(Debug, Error)]
pub enum StateError {
    /// The folder cannot be created, or nothing can be created in it.
    #[error(
        "the folder {0} cannot be used: {1}. Let this user read and write it, choose another with --data, or use --memory."
    )]
    Folder(String, Error),
    /// The folder is not private to its owner.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// There is no state yet.
    #[error("there is no state in {0}: run `postern dev --data {0}` first, or name its folder with --data")]
    Missing(String),
    /// Another process uses the folder.
    #[error(
        "the folder {0} is in use by another `postern dev`{1}. Stop that one, or choose another folder with --data."
    )]
    Locked(String, String),
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}. Let this user read and write it, or choose another folder with --data.")]
    Unreadable(String, Error),
    /// The store cannot be written.
    #[error(
        "{0} is read-only: {1}. The server has to write to it: let this user do so, or choose another folder with --data."
    )]
    ReadOnly(String, String),
    /// The database file is damaged, or is not a database.
    #[error(
        "{0} is damaged, or is not a store: {1}. Restore a copy of the folder, or start over in another one with --data."
    )]
    Damaged(String, String),
    /// The engine failed.
    #[error("{0} cannot be opened: {1}. Check that its disk has free space, or choose another folder with --data.")]
    Store(String, String),
    /// The key is missing although the store exists.
    #[error(
        "{0} is missing, and the store next to it opens with no other key. Restore it, or start over in another folder \
         with --data."
    )]
    MissingKey(String),
    /// The key is malformed.
    #[error(
        "{0} is damaged: it has one line of 43 characters, the base64url of 32 bytes. Restore a copy of it, or start over \
         in another folder with --data."
    )]
    MalformedKey(String),
    /// The key does not match the store.
    #[error(
        "{0} is not the key with which the store next to it was written. Restore the right one, or start over in another \
         folder with --data."
    )]
    WrongKey(String),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
}

impl State {
    /// In-memory state, lost when the process exits.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn memory(entropy: &dyn Entropy) -> Result<Self, StateError> {
        let database = Database::memory().map_err(|error| store_error("the in-memory store", &error.to_string()))?;
        Ok(Self { engine: Engine::new(database), sealing_key: Secret::new(random(entropy)?), folder: None })
    }

    /// State in `folder`, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn open(folder: &Path, entropy: &dyn Entropy) -> Result<Self, StateError> {
        let unusable = |error| StateError::Folder(shown(folder), error);
        create_private_folder(folder).map_err(unusable)?;
        let (store, key) = (folder.join(STORE), folder.join(SEALING_KEY));
        private_files::secure(folder, &key, &store)?;
        let lock = FolderLock::take(folder).map_err(|error| match error {
            LockError::Held(process) => {
                let process = process.map_or_else(String::new, |id| format!(", process {id}"));
                StateError::Locked(shown(folder), process)
            }
            LockError::Unusable(error) => unusable(error),
        })?;
        let sealing_key = match sealing_key(&key)? {
            Some(key) => key,
            None if is_new(&store) => new_sealing_key(&key, entropy)?,
            None => return Err(StateError::MissingKey(shown(&key))),
        };
        for file in [STORE].iter().chain(&BESIDE_STORE).map(|name| folder.join(name)) {
            demand_writable(&file)?;
        }
        Self::of(&store, sealing_key, Some(StateFolder { path: folder.to_owned(), lock }))
    }

    /// The state in `folder`, which a server has left or is using at the moment. The folder is not locked.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn existing(folder: &Path) -> Result<Self, StateError> {
        let (store, key) = (folder.join(STORE), folder.join(SEALING_KEY));
        if !store.exists() {
            return Err(StateError::Missing(shown(folder)));
        }
        let sealing_key = sealing_key(&key)?.ok_or_else(|| StateError::MissingKey(shown(&key)))?;
        Self::of(&store, sealing_key, None)
    }

    fn of(store: &Path, sealing_key: [u8; 32], folder: Option<StateFolder>) -> Result<Self, StateError> {
        let database = Database::new(&store.to_string_lossy())
            .and_then(|database| database.table_count().map(|_| database))
            .map_err(|error| store_error(&shown(store), &error.to_string()))?;
        Ok(Self { engine: Engine::new(database), sealing_key: Secret::new(sealing_key), folder })
    }
}

impl StateFolder {
    /// The error for a key that does not match the store.
    #[must_use]
    pub fn wrong_key(&self) -> StateError {
        StateError::WrongKey(shown(&self.path.join(SEALING_KEY)))
    }
}

/// Reads the root key from the file `key`, if it exists.
fn sealing_key(key: &Path) -> Result<Option<[u8; 32]>, StateError> {
    match fs::read(key) {
        Ok(text) => {
            let text = String::from_utf8(text).unwrap_or_default();
            base64url_array(text.trim()).map(Some).ok_or_else(|| StateError::MalformedKey(shown(key)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::Unreadable(shown(key), error)),
    }
}

fn new_sealing_key(key: &Path, entropy: &dyn Entropy) -> Result<[u8; 32], StateError> {
    let new: [u8; 32] = random(entropy)?;
    write_secret(key, &base64url(&new)).map_err(|error| StateError::Folder(shown(key), error))?;
    Ok(new)
}

/// Whether nothing was ever written to `store`: an aborted start leaves an empty file.
fn is_new(store: &Path) -> bool {
    fs::metadata(store).map_or(true, |metadata| metadata.len() == 0)
}

/// Checks that `file`, if it exists, can be read and written.
fn demand_writable(file: &Path) -> Result<(), StateError> {
    match OpenOptions::new().read(true).write(true).open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => match File::open(file).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => Err(StateError::ReadOnly(shown(file), error.to_string())),
            Ok(_) => Err(StateError::Damaged(shown(file), error.to_string())),
            Err(error) => Err(StateError::Unreadable(shown(file), error)),
        },
    }
}

/// Translates an error of the engine.
fn store_error(store: &str, cause: &str) -> StateError {
    let said = cause.to_lowercase();
    if said.contains("readonly") || said.contains("read-only") {
        StateError::ReadOnly(store.into(), cause.into())
    } else if said.contains("malformed") || said.contains("corrupt") {
        StateError::Damaged(store.into(), cause.into())
    } else if said.contains("not a database") || said.contains("not a valid sqlite") {
        // The engine's long message is about encryption, which is not used here.
        StateError::Damaged(store.into(), "it is not a SQLite database".into())
    } else {
        StateError::Store(store.into(), cause.into())
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Creates the folder, if it does not exist, with access for its owner only.
fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a new file that only its owner can read.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
