//! Password hashes: made with Argon2id, and verified whoever made them.

use std::fmt;

use super::argon2id::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::fault::{HashFault, HashingFault};
use super::keycloak::{self, KeycloakHash};
use super::password::Password;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::{FirebaseHash, FirebaseParameters, ScryptHash};

/// A password hash, stored as a PHC string, or in the form that its algorithm has.
///
/// New hashes are Argon2id. Others come with users from elsewhere, and are replaced at the first login.
///
/// `Debug` shows the algorithm only. There is no `Display`; [`PasswordHash::stored`] is the only way to the text.
#[derive(Clone)]
pub struct PasswordHash(Algorithm);

#[derive(Clone)]
enum Algorithm {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
}

/// What came of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// The password is right.
    Match,
    /// The password is right, and is to be hashed anew: the hash is of another algorithm or of other parameters than
    /// today's.
    MatchButOutdated,
    /// The password is wrong.
    NoMatch,
}

impl PasswordHash {
    /// Hashes `password` with Argon2id and today's parameters (RFC 9106, ASVS 5.0.0 §11.4.2). The `salt` is random.
    ///
    /// # Errors
    ///
    /// [`HashingFault`] if the hash function failed.
    pub fn hash(password: &Password, salt: [u8; 16]) -> Result<Self, HashingFault> {
        Argon2Hash::of(password, salt).map(Algorithm::Argon2).map(Self)
    }

    /// The hash to verify against where there is no user or the user has no password. No password matches, and
    /// [`PasswordHash::verify`] takes the same time and memory as for a user's hash.
    #[must_use]
    pub fn decoy() -> Self {
        Self(Algorithm::Argon2(Argon2Hash::decoy()))
    }

    /// Reads a hash that was stored or comes from elsewhere.
    ///
    /// # Errors
    ///
    /// [`HashFault`], also if a verification would cost too much.
    pub fn parse(text: &str) -> Result<Self, HashFault> {
        let algorithm = text.strip_prefix('$').and_then(|rest| rest.split('$').next());
        let algorithm = match algorithm.ok_or(HashFault::UnknownAlgorithm)? {
            "argon2id" | "argon2i" | "argon2d" => Argon2Hash::parse(text).map(Algorithm::Argon2),
            "scrypt" => ScryptHash::parse(text).map(Algorithm::Scrypt),
            "fbscrypt" => FirebaseHash::parse(text).map(Algorithm::Firebase),
            name if name.starts_with("pbkdf2") => Pbkdf2Hash::parse(text).map(Algorithm::Pbkdf2),
            name if name.starts_with('2') => BcryptHash::parse(text).map(Algorithm::Bcrypt),
            _ => Err(HashFault::UnknownAlgorithm),
        };
        algorithm.map(Self)
    }

    /// Reads the hash of a user whom Firebase exported: `passwordHash` and `salt`, with the parameters of the project.
    ///
    /// # Errors
    ///
    /// [`HashFault`].
    pub fn from_firebase(project: &FirebaseParameters, password_hash: &str, salt: &str) -> Result<Self, HashFault> {
        project.hash(password_hash, salt).map(Algorithm::Firebase).map(Self)
    }

    /// Reads the hash of a user whom Keycloak exported: `credentialData` and `secretData` of the credential of type `password`.
    ///
    /// # Errors
    ///
    /// [`HashFault`].
    pub fn from_keycloak(credential_data: &str, secret_data: &str) -> Result<Self, HashFault> {
        keycloak::read(credential_data, secret_data).map(|hash| {
            Self(match hash {
                KeycloakHash::Argon2(hash) => Algorithm::Argon2(hash),
                KeycloakHash::Pbkdf2(hash) => Algorithm::Pbkdf2(hash),
            })
        })
    }

    /// The text to store. It is a secret: whoever has it can guess passwords offline.
    #[must_use]
    pub fn stored(&self) -> String {
        match &self.0 {
            Algorithm::Argon2(hash) => hash.text(),
            Algorithm::Bcrypt(hash) => hash.text(),
            Algorithm::Scrypt(hash) => hash.text(),
            Algorithm::Firebase(hash) => hash.text(),
            Algorithm::Pbkdf2(hash) => hash.text(),
        }
    }

    /// Whether `password` has this hash. This takes tens of milliseconds and some memory; hashes from elsewhere can take up to
    /// a second.
    pub fn verify(&self, password: &Password) -> Verification {
        let received = password.received();
        let matches = match &self.0 {
            Algorithm::Argon2(hash) => hash.matches(password),
            Algorithm::Bcrypt(hash) => hash.matches(received),
            Algorithm::Scrypt(hash) => hash.matches(received),
            Algorithm::Firebase(hash) => hash.matches(received),
            Algorithm::Pbkdf2(hash) => hash.matches(received),
        };
        match (matches, self.is_current()) {
            (true, true) => Verification::Match,
            (true, false) => Verification::MatchButOutdated,
            (false, _) => Verification::NoMatch,
        }
    }

    /// Whether a new hash would be made in the same way.
    fn is_current(&self) -> bool {
        matches!(&self.0, Algorithm::Argon2(hash) if hash.is_current())
    }

    const fn algorithm(&self) -> &'static str {
        match &self.0 {
            Algorithm::Argon2(_) => "Argon2",
            Algorithm::Bcrypt(_) => "bcrypt",
            Algorithm::Scrypt(_) => "scrypt",
            Algorithm::Firebase(_) => "Firebase scrypt",
            Algorithm::Pbkdf2(_) => "PBKDF2",
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PasswordHash").field(&self.algorithm()).finish()
    }
}

#[cfg(test)]
#[path = "imported_tests.rs"]
mod imported_tests;

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with argon2-cffi 25.1: "password" and the salt "somesaltsomesalt" with parameters that are not ours.
    const OTHER_PARAMETERS: [&str; 7] = [
        "$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHRzb21lc2FsdA$r4Oo1wGvZA95Ee2ql0BxTjPMLtEb2RJx3pJ/l+PU2ts",
        "$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$solcKXPqo/k72wW8vlFo7jH75gSNy5Db+HFabH7C44Y",
        "$argon2id$v=19$m=1024,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$1IiiRNdk0Ypttp4Iopxmgk143frPMkwTI5413OdRfuo",
        "$argon2i$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$lwfbXCoFcL3IplJiF7JfD/BD6NIUHLAFJiATPggIHk8",
        "$argon2d$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$2osPB9Tpz1rfHl8Pmx8lIOu2HCNyLZJIgvaQzJkXwWM",
        "$argon2i$v=16$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Retf8uWakA+5eEH7bIIS6QEMqK5CJ7GrT6BT3TLbeOQ",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$REzoonlkmJMLgf4HLL89yw",
    ];

    fn password(received: &str) -> Password {
        Password::parse(received).unwrap()
    }

    fn verify(stored: &str, received: &str) -> Verification {
        PasswordHash::parse(stored).unwrap().verify(&password(received))
    }

    #[test]
    fn sec_pwd_01_a_password_is_hashed_with_argon2id_and_a_hash_round_trips() {
        let hash = PasswordHash::hash(&password("correct horse battery"), [7; 16]).unwrap();
        let stored = hash.stored();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{stored}");
        assert_eq!(PasswordHash::parse(&stored).unwrap().stored(), stored);
        assert_eq!(verify(&stored, "correct horse battery"), Verification::Match);
        assert_eq!(verify(&stored, "correct horse batterz"), Verification::NoMatch);
        assert_ne!(PasswordHash::hash(&password("correct horse battery"), [8; 16]).unwrap().stored(), stored);
    }

    #[test]
    fn sec_pwd_01_hashes_of_other_parameters_are_outdated() {
        for stored in OTHER_PARAMETERS {
            assert_eq!(verify(stored, "password"), Verification::MatchButOutdated, "{stored}");
            assert_eq!(verify(stored, "Password"), Verification::NoMatch, "{stored}");
            assert_eq!(PasswordHash::parse(stored).unwrap().stored(), *stored);
        }
    }

    #[test]
    fn the_memory_of_one_hash_does_not_change_the_next() {
        let ours = PasswordHash::hash(&password("password"), [7; 16]).unwrap().stored();
        for _ in 0..2 {
            for stored in OTHER_PARAMETERS {
                assert_eq!(verify(stored, "password"), Verification::MatchButOutdated, "{stored}");
                assert_eq!(verify(&ours, "password"), Verification::Match, "after {stored}");
            }
        }
    }

    #[test]
    fn sec_pwd_02_passwords_that_differ_after_72_bytes_have_different_hashes() {
        let (same, other) = (format!("{}a", "x".repeat(72)), format!("{}b", "x".repeat(72)));
        let stored = PasswordHash::hash(&password(&same), [1; 16]).unwrap().stored();
        assert_eq!(verify(&stored, &same), Verification::Match);
        assert_eq!(verify(&stored, &other), Verification::NoMatch);
    }

    #[test]
    fn a_password_is_hashed_in_its_normalised_form() {
        let stored = PasswordHash::hash(&password("Zoe\u{308}"), [1; 16]).unwrap().stored();
        assert_eq!(verify(&stored, "Zoë"), Verification::Match);
    }

    #[test]
    fn sec_pwd_04_the_decoy_has_the_parameters_of_a_new_hash_and_no_password() {
        let decoy = PasswordHash::decoy().stored();
        let parameters = |stored: &str| stored.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let real = PasswordHash::hash(&password("correct horse battery"), [7; 16]).unwrap().stored();
        assert_eq!(parameters(&decoy), parameters(&real));
        assert_eq!(verify(&decoy, "correct horse battery"), Verification::NoMatch);
    }

    #[test]
    fn a_costly_or_malformed_argon2_hash_is_refused_with_its_reason() {
        let (salt, output) = ("c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let costly = |parameter, value, limit| HashFault::TooExpensive { parameter, value, limit };
        let table = [
            ("v=19", "m=4194304,t=1,p=1", costly("m", 4_194_304, 65_536)),
            ("v=19", "m=65536,t=5,p=1", costly("m·t", 327_680, 262_144)),
            ("v=19", "m=8,t=4294967295,p=1", costly("m·t", 34_359_738_360, 262_144)),
            ("v=19", "m=65536,t=1,p=17", costly("p", 17, 16)),
            ("v=19", "m=65536,t=0,p=1", HashFault::Malformed("parameters")),
            ("v=19", "m=8,t=1,p=16", HashFault::Malformed("parameters")),
            ("v=19", "m=65536,t=1,p=1,x=1", HashFault::Malformed("parameters")),
            ("v=19", "m=65536,m=65536,t=1,p=1", HashFault::Malformed("parameters")),
            ("v=19", "m=065536,t=1,p=1", HashFault::Malformed("m")),
            ("v=19", "m=65536,p=1", HashFault::Malformed("t")),
            ("v=18", "m=65536,t=1,p=1", HashFault::Malformed("version")),
        ];
        for (version, parameters, fault) in table {
            let text = format!("$argon2id${version}${parameters}${salt}${output}");
            assert_eq!(PasswordHash::parse(&text).unwrap_err(), fault, "{parameters}");
        }
        let rest = [
            ("$argon2id$v=19$m=65536,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA", HashFault::Malformed("salt")),
            ("$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$AAAA", HashFault::Malformed("output")),
            ("$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ", HashFault::Malformed("form")),
            ("$argon2x$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$AAAA", HashFault::UnknownAlgorithm),
            ("", HashFault::UnknownAlgorithm),
            ("5f4dcc3b5aa765d61d8327deb882cf99", HashFault::UnknownAlgorithm),
        ];
        for (text, fault) in rest {
            assert_eq!(PasswordHash::parse(text).unwrap_err(), fault, "{text}");
        }
    }

    #[test]
    fn a_hash_is_not_shown() {
        let shown = format!("{:?}", PasswordHash::decoy());
        assert_eq!(shown, "PasswordHash(\"Argon2\")");
    }
}
