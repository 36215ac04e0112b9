//! Hashes from elsewhere.

use crate::passwords::{FirebaseParameters, HashFault, Password, PasswordHash, Verification};

fn verify(hash: &PasswordHash, received: &str) -> Verification {
    hash.verify(&Password::parse(received).unwrap())
}

/// `text` is read, written again as `stored`, matches `password` as an outdated hash, and nothing else.
fn check(text: &str, stored: &str, password: &str) {
    let hash = PasswordHash::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(hash.stored(), stored);
    assert_eq!(PasswordHash::parse(stored).unwrap().stored(), stored);
    assert_eq!(verify(&hash, password), Verification::MatchButOutdated, "{text}");
    for other in [&password[1..], &format!("{password}x")] {
        assert_eq!(verify(&hash, other), Verification::NoMatch, "{text}");
    }
}

#[test]
fn sec_pwd_01_bcrypt_is_verified_as_outdated() {
    let table = [
        // jBCrypt's vectors.
        ("$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"),
        ("$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", "abcdefghijklmnopqrstuvwxyz"),
        ("$2a$10$LgfYWkbzEvQ4JakH7rOvHe0y8pHKF9OaFgwUZ2q7W2FFZmZzJYlfS", "~!@#$%^&*()      ~!@#$%^&*()PNBFRD"),
        // Made with bcrypt 5.0 for Python.
        ("$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", "correct horse"),
        ("$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", "correct horse"),
        ("$2b$05$abcdefghijklmnopqrstuu/3aQOFeNmRkYedyGd5z6itS7Lree7ny", "pässwört"),
    ];
    for (text, password) in table {
        check(text, text, password);
    }
}

#[test]
fn sec_pwd_02_bcrypt_reads_72_bytes_as_where_the_hash_was_made() {
    let hash = PasswordHash::parse("$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q").unwrap();
    let table = [
        ("x".repeat(71), Verification::NoMatch),
        ("x".repeat(72), Verification::MatchButOutdated),
        (format!("{}and more", "x".repeat(72)), Verification::MatchButOutdated),
    ];
    for (received, verification) in table {
        assert_eq!(verify(&hash, &received), verification, "{received}");
    }
    // The hash that the login makes afterwards has the whole password.
    let long = Password::parse(&format!("{}and more", "x".repeat(72))).unwrap();
    let replaced = PasswordHash::hash(&long, [1; 16]).unwrap();
    assert_eq!(replaced.verify(&long), Verification::Match);
    assert_eq!(verify(&replaced, &"x".repeat(72)), Verification::NoMatch);
}

#[test]
fn sec_pwd_01_scrypt_is_verified_as_outdated() {
    let vectors = [
        // RFC 7914 §12.
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
            "pleaseletmein",
        ),
        // Made with Python's hashlib.
        ("$scrypt$ln=10,r=8,p=2$c29tZXNhbHRzb21lc2FsdA$ytETQei6Pjo6kngSMxouNKSWgZqup9i8n5isXNSvKKM", "correct horse"),
    ];
    for (text, password) in vectors {
        check(text, text, password);
    }
}

#[test]
fn sec_pwd_01_pbkdf2_is_verified_as_outdated() {
    let vectors = [
        // RFC 6070.
        ("$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "password"),
        // Made with Python's hashlib.
        ("$pbkdf2-sha1$i=1000,l=20$c29tZXNhbHRzb21lc2FsdA$42+d12kt/KU+Ky2S7cI6iQS2OFc", "correct horse"),
        (
            "$pbkdf2-sha256$i=1000,l=32$c29tZXNhbHRzb21lc2FsdA$f2yJk+Dph1FxQ+yhQ5KLmg1c5wfFtFU14dLQONYBoAE",
            "correct horse",
        ),
        (
            "$pbkdf2-sha512$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z9Lqqoc7ZO6eeqGc4EIBheeCgNOsc3H1ATsxkis9nQ04P4KAKB0FMcA",
            "correct horse",
        ),
    ];
    for (text, password) in vectors {
        check(text, text, password);
        check(&text.replace(",l=", ",keylen="), text, password);
        let (before, rest) = text.split_once(",l=").unwrap();
        check(&format!("{before}${}", rest.split_once('$').unwrap().1), text, password);
    }
    // Made with passlib 1.7.
    check("$pbkdf2$1000$c29tZXNhbHRzb21lc2FsdA$42.d12kt/KU.Ky2S7cI6iQS2OFc", vectors[1].0, "correct horse");
    check(
        "$pbkdf2-sha256$1000$c29tZXNhbHRzb21lc2FsdA$f2yJk.Dph1FxQ.yhQ5KLmg1c5wfFtFU14dLQONYBoAE",
        vectors[2].0,
        "correct horse",
    );
}

/// The example of Firebase's documentation of its scrypt.
const SIGNER_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
const FIREBASE_HASH: &str = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
const FIREBASE_SALT: &str = "42xEC+ixf3L2lw==";

#[test]
fn sec_pwd_01_firebases_scrypt_is_verified_as_outdated() {
    let project = FirebaseParameters::parse(SIGNER_KEY, "Bw==", 8, 14).unwrap();
    let hash = PasswordHash::from_firebase(&project, FIREBASE_HASH, FIREBASE_SALT).unwrap();
    assert_eq!(verify(&hash, "user1password"), Verification::MatchButOutdated);
    assert_eq!(verify(&hash, "user2password"), Verification::NoMatch);
    let url_safe = FIREBASE_HASH.replace('+', "-").replace('/', "_");
    let same = PasswordHash::from_firebase(&project, &url_safe, FIREBASE_SALT).unwrap();
    assert_eq!(same.stored(), hash.stored());
    // A hash that Supabase's tests have.
    let text = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==";
    check(text, &text.replace("==", ""), "mytestpassword");
}

#[test]
fn firebase_parameters_that_do_not_fit_are_refused_by_name() {
    let parse = |key, separator, rounds, memory| FirebaseParameters::parse(key, separator, rounds, memory).err();
    let table = [
        (parse("AAAA", "Bw==", 8, 14), HashFault::Malformed("signer key")),
        (parse(SIGNER_KEY, "!", 8, 14), HashFault::Malformed("salt separator")),
        (parse(SIGNER_KEY, "Bw==", 0, 14), HashFault::Malformed("parameters")),
        (parse(SIGNER_KEY, "Bw==", 8, 0), HashFault::Malformed("mem_cost")),
        (parse(SIGNER_KEY, "Bw==", 8, 25), HashFault::TooExpensive { parameter: "mem_cost", value: 25, limit: 24 }),
        (
            parse(SIGNER_KEY, "Bw==", 8, 18),
            HashFault::TooExpensive { parameter: "memory", value: 1 << 28, limit: 1 << 27 },
        ),
    ];
    for (fault, expected) in table {
        assert_eq!(fault, Some(expected));
    }
    let project = FirebaseParameters::parse(SIGNER_KEY, "Bw==", 8, 14).unwrap();
    let hash = |output, salt| PasswordHash::from_firebase(&project, output, salt).map(|hash| hash.stored());
    assert_eq!(hash(&FIREBASE_HASH[..80], FIREBASE_SALT), Err(HashFault::Malformed("output")));
    assert_eq!(hash(FIREBASE_HASH, ""), Err(HashFault::Malformed("salt")));
}

#[test]
fn sec_pwd_01_keycloaks_credentials_are_verified_as_outdated() {
    let pbkdf2 =
        |algorithm: &str| format!(r#"{{"hashIterations":1000,"algorithm":"{algorithm}","additionalParameters":{{}}}}"#);
    let argon2 = r#"{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}"#;
    let table = [
        (pbkdf2("pbkdf2"), "42+d12kt/KU+Ky2S7cI6iQS2OFen0MeLtN+D9Yf1/qT20iw63U+Q9hbgojOWmeKeDLbnJZsryESlNl/JPmx5qQ=="),
        (
            pbkdf2("pbkdf2-sha256"),
            "f2yJk+Dph1FxQ+yhQ5KLmg1c5wfFtFU14dLQONYBoAEpCpFi3GiwJVTlNkOe+EY+A2xsd3ncDj8KxPUprM8VaQ==",
        ),
        (
            pbkdf2("pbkdf2-sha512"),
            "RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z9Lqqoc7ZO6eeqGc4EIBheeCgNOsc3H1ATsxkis9nQ04P4KAKB0FMcA==",
        ),
        (argon2.to_owned(), "Ab6+sBE+Tsn+6D2ktLNSwf7zGnZPIzn8umPKJj3WcwM="),
    ];
    for (data, value) in table {
        let secret = format!(r#"{{"value":"{value}","salt":"c29tZXNhbHRzb21lc2FsdA==","additionalParameters":{{}}}}"#);
        let hash = PasswordHash::from_keycloak(&data, &secret).unwrap();
        assert_eq!(verify(&hash, "correct horse"), Verification::MatchButOutdated, "{data}");
        assert_eq!(verify(&hash, "correct horsf"), Verification::NoMatch, "{data}");
        assert_eq!(PasswordHash::parse(&hash.stored()).unwrap().stored(), hash.stored());
        let faults = [
            (PasswordHash::from_keycloak(&data, "{}"), HashFault::Malformed("secretData")),
            (PasswordHash::from_keycloak("[]", &secret), HashFault::Malformed("credentialData")),
            (PasswordHash::from_keycloak(&pbkdf2("bcrypt"), &secret), HashFault::UnknownAlgorithm),
        ];
        for (result, fault) in faults {
            assert_eq!(result.unwrap_err(), fault);
        }
    }
    let other_version = argon2.replace("1.3", "1.4");
    let secret = r#"{"value":"Ab6+sBE+Tsn+6D2ktLNSwf7zGnZPIzn8umPKJj3WcwM=","salt":"c29tZXNhbHRzb21lc2FsdA=="}"#;
    assert_eq!(PasswordHash::from_keycloak(&other_version, secret).unwrap_err(), HashFault::Malformed("version"));
}

#[test]
fn a_costly_or_malformed_hash_is_refused_with_its_reason() {
    let costly = |parameter, value, limit| HashFault::TooExpensive { parameter, value, limit };
    let output = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let long = "A".repeat(86);
    let bcrypt = "abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2";
    let table = [
        (format!("$2b$15${bcrypt}"), costly("cost", 15, 14)),
        (format!("$2b$31${bcrypt}"), costly("cost", 31, 14)),
        (format!("$2b$03${bcrypt}"), HashFault::Malformed("cost")),
        (format!("$2b$5${bcrypt}"), HashFault::Malformed("cost")),
        (format!("$2x$05${bcrypt}"), HashFault::UnknownAlgorithm),
        (format!("$2$05${bcrypt}"), HashFault::UnknownAlgorithm),
        ("$2b$05$abcdefghijklmnopqrstu".into(), HashFault::Malformed("salt")),
        (format!("$2b$05${}", &bcrypt[..52]), HashFault::Malformed("output")),
        (format!("$2b$05${bcrypt}a"), HashFault::Malformed("output")),
        (format!("$scrypt$ln=21,r=8,p=1$c2FsdA${output}"), costly("memory", 1 << 31, 1 << 27)),
        (format!("$scrypt$ln=17,r=8,p=3$c2FsdA${output}"), costly("memory·p", 3 << 27, 1 << 28)),
        (format!("$scrypt$ln=63,r=8,p=1$c2FsdA${output}"), costly("ln", 63, 24)),
        (format!("$scrypt$ln=1,r=4294967295,p=1$c2FsdA${output}"), costly("r", u32::MAX.into(), 64)),
        (format!("$scrypt$ln=1,r=1,p=4294967295$c2FsdA${output}"), costly("p", u32::MAX.into(), 64)),
        (format!("$scrypt$ln=14,r=8,p=0$c2FsdA${output}"), HashFault::Malformed("parameters")),
        (format!("$scrypt$ln=14,r=8$c2FsdA${output}"), HashFault::Malformed("p")),
        ("$scrypt$ln=14,r=8,p=1$c2FsdA$AAAA".into(), HashFault::Malformed("output")),
        (format!("$fbscrypt$v=2,n=14,r=8,p=1,ss=,sk={long}$c2FsdA${long}"), HashFault::Malformed("version")),
        (format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=$c2FsdA${long}"), HashFault::Malformed("signer key")),
        (format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=,sk={long}$c2FsdA${output}"), HashFault::Malformed("output")),
        (format!("$pbkdf2-sha256$i=6000001$c2FsdA${output}"), costly("iterations", 6_000_001, 6_000_000)),
        (format!("$pbkdf2-sha256$i=4000000$c2FsdA${long}"), costly("iterations", 8_000_000, 6_000_000)),
        (format!("$pbkdf2-sha256$4294967295$c2FsdA${output}"), costly("iterations", u32::MAX.into(), 6_000_000)),
        (format!("$pbkdf2-sha256$i=0$c2FsdA${output}"), HashFault::Malformed("iterations")),
        (format!("$pbkdf2-sha256$i=1000,l=20$c2FsdA${output}"), HashFault::Malformed("length")),
        (format!("$pbkdf2-sha224$i=1000$c2FsdA${output}"), HashFault::UnknownAlgorithm),
        (format!("$pbkdf2-sha256$i=1000$${output}"), HashFault::Malformed("salt")),
    ];
    for (text, fault) in table {
        assert_eq!(PasswordHash::parse(&text).unwrap_err(), fault, "{text}");
    }
}

#[test]
fn a_hash_from_elsewhere_is_verified_against_the_bytes_that_were_received() {
    // bcrypt of "pässwört", composed. The decomposed form was another password where the hash was made.
    let hash = PasswordHash::parse("$2b$05$abcdefghijklmnopqrstuu/3aQOFeNmRkYedyGd5z6itS7Lree7ny").unwrap();
    assert_eq!(verify(&hash, "pa\u{308}sswo\u{308}rt"), Verification::NoMatch);
}
