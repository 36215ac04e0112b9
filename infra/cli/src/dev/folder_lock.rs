//! Ensures that only one process at a time uses a folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, Read as _, Seek as _, Write as _};
use std::path::Path;

/// The file that is locked.
pub(crate) const LOCK: &str = "lock";

/// The lock of a folder. The operating system releases it when the process exits, however it exits.
pub struct FolderLock(#[expect(dead_code, reason = "the lock lasts as long as its file is open")] File);

/// Why a folder cannot be locked.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds the lock; its id, if known.
    Held(Option<u32>),
    /// The lock cannot be created.
    Unusable(Error),
}

impl FolderLock {
    /// Takes the lock of `folder` for this process.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK));
        let mut file = options.map_err(LockError::Unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(LockError::Unusable(error)),
        }
        // The id is only for the error message of the next process.
        let id = std::process::id().to_string();
        let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(id.as_bytes()));
        noted.map_err(LockError::Unusable)?;
        Ok(Self(file))
    }
}

/// The id of the process that holds the lock.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_until_its_lock_is_dropped() {
        let folder = std::env::temp_dir().join(format!("postern-lock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let first = FolderLock::take(&folder).unwrap();
        assert!(matches!(FolderLock::take(&folder), Err(LockError::Held(Some(id))) if id == std::process::id()));
        drop(first);
        assert!(FolderLock::take(&folder).is_ok());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
