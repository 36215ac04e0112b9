//! What verifying a password costs: `cargo bench --bench passwords`.
//!
//! Prints processor time and peak memory of a verification for the hash that new passwords get, for its alternative, and for
//! hashes that come with users from elsewhere at the costs that are common there, and what the time comes to for a million logins in
//! Lambda. Each algorithm has a process of its own, so that peaks are its own. Needs Linux. `POSTERN_RUNS` is how often each
//! runs. docs/decisions/credentials.md has figures.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, reads its environment, and panics when an expectation fails"
)]

use std::process::Command;

use credentials::one_time::{RecoveryCode, RecoverySet};
use credentials::passwords::{Password, PasswordHash, strength};

const SALT: &str = "c29tZXNhbHRzb21lc2FsdA";
const OUTPUT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Lambda gives a function of this size one processor, and of other sizes a share in proportion.
const MEGABYTES_OF_A_PROCESSOR: f64 = 1769.0;
/// Dollars for a gigabyte-second on arm64.
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;

/// What is measured: a name, and a hash to verify against.
fn hashes() -> Vec<(&'static str, String)> {
    let long = OUTPUT.repeat(2);
    let firebase = format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw,sk={long}${SALT}${long}");
    let phc = |algorithm: &str, parameters: &str| format!("${algorithm}${parameters}${SALT}${OUTPUT}");
    vec![
        ("a new hash", PasswordHash::decoy().stored()),
        ("Argon2id, 46 MiB, 1 pass", phc("argon2id", "v=19$m=47104,t=1,p=1")),
        ("Argon2id, 64 MiB, 4 passes: the bound", phc("argon2id", "v=19$m=65536,t=4,p=1")),
        ("Argon2id of Keycloak: 7 MiB, 5 passes", phc("argon2id", "v=19$m=7168,t=5,p=1")),
        ("bcrypt, cost 10", "$2b$10$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".into()),
        ("bcrypt, cost 12", "$2b$12$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".into()),
        ("bcrypt, cost 14: the bound", "$2b$14$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".into()),
        ("scrypt of Firebase: 16 MiB", firebase),
        ("scrypt, 128 MiB: the bound", phc("scrypt", "ln=17,r=8,p=1")),
        ("PBKDF2-SHA256, 600,000", phc("pbkdf2-sha256", "i=600000")),
        ("PBKDF2-SHA512, 210,000", format!("$pbkdf2-sha512$i=210000${SALT}${long}")),
        ("PBKDF2-SHA1, 1,300,000 of 64 bytes", format!("$pbkdf2-sha1$i=1300000${SALT}${long}")),
    ]
}

fn main() {
    let runs = std::env::var("POSTERN_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        return one(&arguments[at + 1], runs);
    }
    println!("{:<40} {:>9} {:>9} {:>12} {:>10}", "", "least ms", "median ms", "peak MiB", "$ for 1 M");
    for (name, _) in
        hashes().iter().chain(&[("ten recovery codes made", String::new()), ("one recovery code", String::new())])
    {
        row(name);
    }
    for (name, _) in ESTIMATED {
        row(name);
    }
}

const ESTIMATED: [(&str, &str); 2] =
    [("the strength of 20 characters", "violet kettle orbits"), ("the strength of 1024 characters", "")];

/// Runs `name` in a process of its own and prints its line.
fn row(name: &str) {
    let output = Command::new(std::env::current_exe().unwrap()).args(["--one", name]).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let figures = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = figures.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let [least, median, peak] = figures.try_into().unwrap();
    // A smaller function takes longer and costs less for each second: the price of the work stays the same.
    let dollars = least / 1000.0 * MEGABYTES_OF_A_PROCESSOR / 1024.0 * GIGABYTE_SECOND * 1_000_000.0;
    println!("{name:<40} {least:>9.2} {median:>9.2} {peak:>12.1} {dollars:>10.2}");
}

/// Measures `name` and prints the least and the median time, and the peak of the memory.
fn one(name: &str, runs: usize) {
    let password = Password::parse("violet kettle orbits").unwrap();
    let estimated = ESTIMATED.iter().find(|(known, _)| *known == name);
    let mut work: Box<dyn FnMut()> = match (name, estimated) {
        ("ten recovery codes made", _) => Box::new(|| drop(codes())),
        ("one recovery code", _) => {
            let set = RecoverySet::decoy();
            let code = RecoveryCode::parse("07ENW-3AH1Z").unwrap();
            Box::new(move || assert!(set.redeem(&code).is_none()))
        }
        (_, Some((_, received))) => {
            let long = "monkey2019-".repeat(93);
            let received = Password::parse(if received.is_empty() { &long } else { received }).unwrap();
            Box::new(move || {
                let _ = std::hint::black_box(strength(&received, &[]));
            })
        }
        _ => {
            let (_, hash) = hashes().into_iter().find(|(known, _)| *known == name).expect("a known name");
            let hash = PasswordHash::parse(&hash).unwrap();
            Box::new(move || {
                let _ = std::hint::black_box(hash.verify(&password));
            })
        }
    };
    // The kernel counts in steps of milliseconds.
    let batch = if estimated.is_some() { 100 } else { 1 };
    let mut times: Vec<f64> = (0..=runs)
        .map(|_| {
            let before = processor_time();
            (0..batch).for_each(|_| work());
            (processor_time() - before) / f64::from(batch)
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{} {} {}", times[0], times[runs / 2], peak_mebibytes());
}

fn codes() -> RecoverySet {
    let random = std::array::from_fn(|at| u8::try_from(at).unwrap());
    RecoverySet::of(&RecoveryCode::set(&random), [1; 16]).unwrap()
}

/// The processor time of this thread in milliseconds.
fn processor_time() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    times.split_whitespace().next().unwrap().parse::<u64>().unwrap() as f64 / 1e6
}

fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() as f64 / 1024.0
}
