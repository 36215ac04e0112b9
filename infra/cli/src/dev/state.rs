//! The state of a laptop: a folder with the database file and the root key, or memory only.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use dynoxide::Database;
use protocol::syntax::encoding::{base64url, base64url_array};
use protocol::types::secret::Secret;
use signing::entropy::random;
use signing::{Entropy, EntropyFault};
use thiserror::Error;

use crate::dev::engine::Engine;
use crate::dev::private_files::{self, Exposure};

const STORE: &str = "store.db";
const SEALING_KEY: &str = "sealing.key";

/// The state of a laptop.
pub struct State {
    /// The engine.
    pub engine: Engine,
    /// The root that all sealing keys are derived from.
    pub sealing_key: Secret<[u8; 32]>,
}

/// Why the state cannot be used, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum StateError {
    /// The folder cannot be created or read.
    #[error("the folder {0} cannot be used: {1}. Choose another with --data, or use --memory.")]
    Folder(String, std::io::Error),
    /// The database file is damaged, or is not a database.
    #[error("the store {0} cannot be opened: {1}. Delete the folder to start over, or choose another with --data.")]
    Store(String, String),
    /// The key is malformed, or missing beside an existing store.
    #[error(
        "the key {0} does not fit the store beside it: it is missing or damaged. Put it back, or delete the folder to \
         start over."
    )]
    Key(String),
    /// The folder is not its owner's alone.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// There is no state yet.
    #[error("there is no state in {0}: run `postern dev --data {0}` first, or name its folder with --data")]
    Missing(String),
    /// The random number generator failed.
    #[error(transparent)]
    Entropy(#[from] EntropyFault),
}

impl State {
    /// State in memory, lost when the process ends.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn memory(entropy: &dyn Entropy) -> Result<Self, StateError> {
        let database = Database::memory().map_err(|error| StateError::Store("in memory".into(), error.to_string()))?;
        Ok(Self { engine: Engine::new(database), sealing_key: Secret::new(random(entropy)?) })
    }

    /// State in `folder`, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn open(folder: &Path, entropy: &dyn Entropy) -> Result<Self, StateError> {
        create_private_folder(folder).map_err(|error| StateError::Folder(folder.display().to_string(), error))?;
        let (store, key) = (folder.join(STORE), folder.join(SEALING_KEY));
        // An empty file is what a start that was broken off leaves.
        let is_new = fs::metadata(&store).map_or(true, |metadata| metadata.len() == 0);
        private_files::secure(folder, &key, &store)?;
        let sealing_key = match fs::read_to_string(&key) {
            Ok(text) => base64url_array(text.trim()).ok_or_else(|| StateError::Key(key.display().to_string()))?,
            Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
                let new: [u8; 32] = random(entropy)?;
                write_secret(&key, &base64url(&new))
                    .map_err(|error| StateError::Folder(folder.display().to_string(), error))?;
                new
            }
            Err(_) => return Err(StateError::Key(key.display().to_string())),
        };
        Self::of(&store, sealing_key)
    }

    /// The state that a server left in `folder`, or is using at the moment.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn existing(folder: &Path) -> Result<Self, StateError> {
        let (store, key) = (folder.join(STORE), folder.join(SEALING_KEY));
        if !store.exists() {
            return Err(StateError::Missing(folder.display().to_string()));
        }
        let root = fs::read_to_string(&key).ok().and_then(|text| base64url_array(text.trim()));
        Self::of(&store, root.ok_or_else(|| StateError::Key(key.display().to_string()))?)
    }

    fn of(store: &Path, sealing_key: [u8; 32]) -> Result<Self, StateError> {
        let database = Database::new(&store.to_string_lossy())
            .and_then(|database| database.table_count().map(|_| database))
            .map_err(|error| StateError::Store(store.display().to_string(), error.to_string()))?;
        Ok(Self { engine: Engine::new(database), sealing_key: Secret::new(sealing_key) })
    }
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
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
