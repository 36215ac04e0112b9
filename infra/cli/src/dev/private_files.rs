//! Whether the state folder is private to its owner (catalogue row SEC-STORE-05).
//!
//! Anyone who can read the key can open everything that it seals, and anyone who can write to the folder can plant a key of
//! their own. So a key that others could have read or planted is refused, as ssh does; all other permissions are tightened.
//! On systems without owners and modes there is nothing to check.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dev::folder_lock::LOCK;

/// Why the folder is not private to its owner, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum Exposure {
    /// Others may write to the folder, and it contains a key.
    #[error(
        "others may write into {0} and could have put the key there. Start over in another folder with --data, or if you trust \
         what is in it, run chmod 700 on it."
    )]
    Writable(String),
    /// The folder, or a file in it, belongs to another user.
    #[error("{0} belongs to another user. Choose another folder with --data.")]
    Foreign(String),
    /// The key is not a regular file.
    #[error("{0} is not a regular file. Put the file itself there, or choose another folder with --data.")]
    Irregular(String),
    /// Others may read or write the key.
    #[error(
        "others may read {0}, and so everything that it seals. Start over in another folder with --data, or if nobody else \
         had access to it, run chmod 600 on the key."
    )]
    Readable(String),
    /// A mode cannot be read or changed.
    #[error("the permissions of {0} cannot be read: {1}. Choose another folder with --data.")]
    Unreadable(String, std::io::Error),
}

/// The files that `SQLite` creates next to a database file.
const SQLITE_SUFFIXES: [&str; 4] = ["", "-journal", "-shm", "-wal"];

/// Makes `folder`, with the file `key` and the database `store` in it, private to its owner, or says why it cannot.
/// Files may be missing; an empty `store` is created, so that it is private from the start.
///
/// # Errors
///
/// [`Exposure`].
#[cfg(unix)]
pub(crate) fn secure(folder: &Path, key: &Path, store: &Path) -> Result<(), Exposure> {
    let owner = secure_folder(folder, key.symlink_metadata().is_ok())?;
    check_key(key, owner)?;
    for suffix in SQLITE_SUFFIXES {
        let mut name = store.as_os_str().to_owned();
        name.push(suffix);
        tighten(&PathBuf::from(name), owner)?;
    }
    // The lock file is written to, so it must not be a link or belong to another user.
    tighten(&folder.join(LOCK), owner)?;
    let mut options = fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), 0o600);
    match options.open(store) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Exposure::Unreadable(shown(store), error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn secure(_: &Path, _: &Path, _: &Path) -> Result<(), Exposure> {
    Ok(())
}

/// Makes the folder private to its owner, and returns the owner. Only the owner may change a mode, so success proves that we
/// are.
#[cfg(unix)]
fn secure_folder(folder: &Path, has_key: bool) -> Result<u32, Exposure> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let metadata = fs::metadata(folder).map_err(|error| Exposure::Unreadable(shown(folder), error))?;
    if has_key && metadata.mode() & 0o022 != 0 {
        return Err(Exposure::Writable(shown(folder)));
    }
    match fs::set_permissions(folder, fs::Permissions::from_mode(0o700)) {
        Ok(()) => Ok(metadata.uid()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Exposure::Foreign(shown(folder))),
        Err(error) => Err(Exposure::Unreadable(shown(folder), error)),
    }
}

#[cfg(unix)]
fn check_key(key: &Path, owner: u32) -> Result<(), Exposure> {
    use std::os::unix::fs::MetadataExt as _;
    let Some(metadata) = existing(key)? else { return Ok(()) };
    if !metadata.is_file() {
        return Err(Exposure::Irregular(shown(key)));
    }
    if metadata.uid() != owner {
        return Err(Exposure::Foreign(shown(key)));
    }
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(Exposure::Readable(shown(key))),
    }
}

/// Removes all permissions of group and others from the file at `path`, if it exists. The owner gains no permissions: a
/// read-only store stays read-only.
#[cfg(unix)]
fn tighten(path: &Path, owner: u32) -> Result<(), Exposure> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let Some(metadata) = existing(path)? else { return Ok(()) };
    if !metadata.is_file() {
        return Err(Exposure::Irregular(shown(path)));
    }
    if metadata.uid() != owner {
        return Err(Exposure::Foreign(shown(path)));
    }
    fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o600))
        .map_err(|error| Exposure::Unreadable(shown(path), error))
}

#[cfg(unix)]
fn existing(path: &Path) -> Result<Option<fs::Metadata>, Exposure> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Exposure::Unreadable(shown(path), error)),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder with this name and mode that contains these files.
    fn folder(name: &str, mode: u32, files: &[(&str, u32)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("postern-state-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        for (file, mode) in files {
            fs::write(folder.join(file), "x").unwrap();
            fs::set_permissions(folder.join(file), fs::Permissions::from_mode(*mode)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn secured(folder: &Path) -> Result<(), String> {
        let (key, store) = (folder.join("sealing.key"), folder.join("store.db"));
        secure(folder, &key, &store).map_err(|exposure| exposure.to_string())
    }

    #[test]
    fn sec_store_05_loose_permissions_are_tightened() {
        let key = ("sealing.key", 0o600);
        let table = [
            ("fresh", 0o755, vec![]),
            ("open and empty", 0o777, vec![]),
            ("readable", 0o755, vec![key, ("store.db", 0o644), ("store.db-wal", 0o644), ("store.db-shm", 0o666)]),
            ("tight", 0o700, vec![("sealing.key", 0o400), ("store.db", 0o600)]),
        ];
        for (name, of_folder, files) in table {
            let folder = folder(name, of_folder, &files);
            assert_eq!(secured(&folder), Ok(()), "{name}");
            assert_eq!(mode(&folder), 0o700, "{name}");
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
            }
            assert!(folder.join("store.db").exists(), "created before SQLite does");
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn sec_store_05_a_key_that_others_could_read_or_plant_is_refused() {
        let table = [
            ("readable key", 0o755, 0o644, "run chmod 600 on the key"),
            ("key of a group", 0o700, 0o640, "run chmod 600 on the key"),
            ("writable key", 0o700, 0o602, "run chmod 600 on the key"),
            ("folder of everybody", 0o777, 0o600, "could have put the key there"),
            ("folder of a group", 0o770, 0o600, "could have put the key there"),
        ];
        for (name, of_folder, of_key, expected) in table {
            let folder = folder(name, of_folder, &[("sealing.key", of_key)]);
            let refused = secured(&folder).unwrap_err();
            assert!(refused.contains(expected) && refused.contains("postern-state-"), "{name}: {refused}");
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn sec_store_05_a_link_is_not_accepted_as_a_key() {
        let folder = folder("link", 0o700, &[("planted", 0o600)]);
        std::os::unix::fs::symlink(folder.join("planted"), folder.join("sealing.key")).unwrap();
        assert!(secured(&folder).unwrap_err().contains("not a regular file"));
        fs::remove_dir_all(folder).unwrap();
    }
}
