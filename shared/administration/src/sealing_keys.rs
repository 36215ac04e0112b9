//! The rules for changing the data keys of a purpose.
//!
//! A new version is published before it seals, because a function that has not reloaded its keys could not open what
//! another has sealed with it. The version that it replaces still opens values, and is removed once no value that it
//! sealed is in use.

use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::known_browser::KNOWN_FOR;
use signing::Purpose;
use store::{WrappedSealingKey, WrappedSealingKeys};
use thiserror::Error;

/// How long a version is published before it seals. Functions reload their keys every five minutes, so by then all of
/// them can open what it seals.
pub const PUBLISHED_BEFORE_SEALING: Lifetime = Lifetime::seconds(600);

/// What a version of a data key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealingRole {
    /// Published, but does not seal yet.
    Next,
    /// Seals and opens.
    Current,
    /// Only opens.
    Retired,
}

impl SealingRole {
    /// The name of the role.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }
}

/// Why the data keys of a purpose cannot be changed in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealingError {
    /// The purpose has no data keys yet.
    #[error("there are no data keys for this purpose yet: `postern apply` creates them")]
    Missing,
    /// There is a next version already.
    #[error("a next version is published already: rotate first")]
    Present,
    /// There is no next version.
    #[error("there is no next version: add one, and wait until every function has seen it")]
    NoNext,
    /// The next version has not been published for long enough.
    #[error(
        "the next version has not been published for long enough: functions that have not seen it could not open what it \
         seals. Wait until {} seconds after the epoch, or insist with --now", .0.seconds()
    )]
    TooEarly(Timestamp),
    /// No version is retired.
    #[error("no version is retired: there is nothing to remove")]
    NoneRetired,
    /// Values sealed by the retired version may still be in use.
    #[error(
        "values sealed by a retired version may be in use until {} seconds after the epoch: wait, or insist with --now",
        .0.seconds()
    )]
    InUse(Timestamp),
    /// Values sealed by the retired version are stored, and stay until they are sealed again.
    #[error(
        "secrets in the store are sealed by a retired version: apply every workspace file with a client_secret again, \
         then insist with --now"
    )]
    Stored,
    /// All version numbers have been used.
    #[error("all 255 version numbers have been used")]
    Exhausted,
}

/// The role of `key` among `keys`.
#[must_use]
pub const fn role(keys: &WrappedSealingKeys, key: &WrappedSealingKey) -> SealingRole {
    if key.version > keys.current {
        SealingRole::Next
    } else if key.version == keys.current {
        SealingRole::Current
    } else {
        SealingRole::Retired
    }
}

/// How long a value sealed for `purpose` stays in use; `None` if it is stored until it is sealed again.
const fn in_use(purpose: Purpose) -> Option<Lifetime> {
    match purpose {
        // The longest lifetime that a workspace may set for an interaction. Upstream logins, logout confirmations and
        // user codes expire sooner.
        Purpose::Interaction | Purpose::Upstream | Purpose::Logout | Purpose::UserCode => Some(Lifetime::seconds(3600)),
        Purpose::KnownBrowser => Some(KNOWN_FOR),
        // The longest lifetime of a link, that of an invitation.
        Purpose::Mail | Purpose::MailProof => Some(Lifetime::seconds(7 * 86_400)),
        // The longest lifetime that a workspace may set for refresh tokens. Until then replayed tokens are recognized.
        Purpose::RefreshToken => Some(Lifetime::seconds(365 * 86_400)),
        Purpose::SigningKey | Purpose::UpstreamSecret | Purpose::ClientSecret | Purpose::PairwiseSubject => None,
    }
}

/// Publishes `wrapped` as the next version.
///
/// # Errors
///
/// [`SealingError::Present`] or [`SealingError::Exhausted`].
pub fn add(keys: &mut WrappedSealingKeys, wrapped: String, now: Timestamp) -> Result<(), SealingError> {
    if next(keys).is_some() {
        return Err(SealingError::Present);
    }
    let version = keys.current.checked_add(1).ok_or(SealingError::Exhausted)?;
    keys.versions.push(WrappedSealingKey { version, wrapped, since: now });
    Ok(())
}

/// Makes the next version the current one.
///
/// # Errors
///
/// [`SealingError::NoNext`], or [`SealingError::TooEarly`] if it has been published for less than `published`.
pub fn rotate(keys: &mut WrappedSealingKeys, published: Lifetime, now: Timestamp) -> Result<(), SealingError> {
    let next = next(keys).ok_or(SealingError::NoNext)?;
    let ready = next.since.plus(published);
    if !now.reached(ready) {
        return Err(SealingError::TooEarly(ready));
    }
    let (former, promoted) = (keys.current, next.version);
    keys.current = promoted;
    for key in keys.versions.iter_mut().filter(|key| key.version == former || key.version == promoted) {
        key.since = now;
    }
    Ok(())
}

/// Removes the retired versions for `purpose`, if no value that they sealed is in use.
///
/// # Errors
///
/// [`SealingError::NoneRetired`], [`SealingError::InUse`] or [`SealingError::Stored`].
pub fn remove(keys: &mut WrappedSealingKeys, purpose: Purpose, now: Timestamp) -> Result<(), SealingError> {
    let retired = keys.versions.iter().filter(|key| role(keys, key) == SealingRole::Retired);
    let since = retired.map(|key| key.since).max().ok_or(SealingError::NoneRetired)?;
    let in_use = in_use(purpose).ok_or(SealingError::Stored)?;
    // Functions may have sealed with it until they reloaded their keys.
    let over = since.plus(PUBLISHED_BEFORE_SEALING).plus(in_use);
    if now.reached(over) { remove_now(keys) } else { Err(SealingError::InUse(over)) }
}

/// Removes the retired versions in any case: values that they sealed can no longer be opened.
///
/// # Errors
///
/// [`SealingError::NoneRetired`].
pub fn remove_now(keys: &mut WrappedSealingKeys) -> Result<(), SealingError> {
    let (current, before) = (keys.current, keys.versions.len());
    keys.versions.retain(|key| key.version >= current);
    if keys.versions.len() < before { Ok(()) } else { Err(SealingError::NoneRetired) }
}

fn next(keys: &WrappedSealingKeys) -> Option<&WrappedSealingKey> {
    keys.versions.iter().find(|key| role(keys, key) == SealingRole::Next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const HOUR: Lifetime = Lifetime::seconds(3600);

    fn first() -> WrappedSealingKeys {
        let key = WrappedSealingKey { version: 1, wrapped: "first".into(), since: Timestamp::from_millis(0) };
        WrappedSealingKeys { current: 1, versions: vec![key] }
    }

    fn versions(keys: &WrappedSealingKeys) -> Vec<(u8, &'static str)> {
        keys.versions.iter().map(|key| (key.version, role(keys, key).as_str())).collect()
    }

    #[test]
    fn a_version_seals_only_after_publication_and_opens_until_it_is_removed() {
        let mut keys = first();
        assert_eq!(rotate(&mut keys, PUBLISHED_BEFORE_SEALING, NOW), Err(SealingError::NoNext));
        add(&mut keys, "second".into(), NOW).unwrap();
        assert_eq!(versions(&keys), [(1, "current"), (2, "next")]);
        assert_eq!(add(&mut keys, "third".into(), NOW), Err(SealingError::Present));
        let ready = NOW.plus(PUBLISHED_BEFORE_SEALING);
        let early = ready.minus(Lifetime::seconds(1));
        assert_eq!(rotate(&mut keys, PUBLISHED_BEFORE_SEALING, early), Err(SealingError::TooEarly(ready)));
        rotate(&mut keys, PUBLISHED_BEFORE_SEALING, ready).unwrap();
        assert_eq!(versions(&keys), [(1, "retired"), (2, "current")]);

        let over = ready.plus(PUBLISHED_BEFORE_SEALING).plus(HOUR);
        let early = over.minus(Lifetime::seconds(1));
        assert_eq!(remove(&mut keys, Purpose::Interaction, early), Err(SealingError::InUse(over)));
        remove(&mut keys, Purpose::Interaction, over).unwrap();
        assert_eq!(versions(&keys), [(2, "current")]);
        assert_eq!(remove(&mut keys, Purpose::Interaction, over), Err(SealingError::NoneRetired));
    }

    #[test]
    fn a_version_that_sealed_stored_secrets_is_removed_only_on_demand() {
        let mut keys = first();
        add(&mut keys, "second".into(), NOW).unwrap();
        rotate(&mut keys, Lifetime::seconds(0), NOW).unwrap();
        let years = NOW.plus(Lifetime::seconds(100_000_000));
        assert_eq!(remove(&mut keys, Purpose::UpstreamSecret, years), Err(SealingError::Stored));
        remove_now(&mut keys).unwrap();
        assert_eq!(versions(&keys), [(2, "current")]);
    }

    #[test]
    fn version_255_is_the_last() {
        let mut keys = WrappedSealingKeys { current: 255, versions: Vec::new() };
        assert_eq!(add(&mut keys, "another".into(), NOW), Err(SealingError::Exhausted));
    }

    #[test]
    fn key_sets_written_before_rotation_existed_round_trip() {
        let text = r#"{"current":1,"versions":[{"version":1,"wrapped":"first"}]}"#;
        let keys: WrappedSealingKeys = serde_json::from_str(text).unwrap();
        assert_eq!(keys, first());
        // The conditional write compares the stored text, so every byte has to match.
        assert_eq!(serde_json::to_string(&keys).unwrap(), text);
    }

    proptest! {
        #[test]
        fn the_sealing_version_always_exists_and_was_published_long_enough(
            steps in prop::collection::vec((0..3_u8, 0..3_000_u32), 1..40),
        ) {
            let (mut keys, mut now) = (first(), NOW);
            for (step, later) in steps {
                now = now.plus(Lifetime::seconds(later));
                let before = keys.clone();
                let outcome = match step {
                    0 => add(&mut keys, "more".into(), now),
                    1 => rotate(&mut keys, PUBLISHED_BEFORE_SEALING, now),
                    _ => remove(&mut keys, Purpose::Interaction, now),
                };
                prop_assert!(outcome.is_ok() || keys == before, "a refused step changes nothing");
                let sealing: Vec<_> = keys.versions.iter().filter(|key| key.version == keys.current).collect();
                prop_assert_eq!(sealing.len(), 1);
                if keys.current != before.current {
                    let published = before.versions.iter().find(|key| key.version == keys.current).unwrap().since;
                    prop_assert!(now.reached(published.plus(PUBLISHED_BEFORE_SEALING)));
                    prop_assert!(keys.versions.iter().any(|key| key.version == before.current));
                }
            }
        }
    }
}
