//! Whether the work for an answer tells who has an account: `cargo bench --bench account_timing --profile dev`.
//!
//! Logs in with a password that is not right, or of a user who may not log in, for users who are there and for names that are
//! nobody's, in random order, and compares each kind with the first one. Differences are taken within a round, so that what
//! else the machine does falls on all kinds alike. The second kind is of the same sort as the first and shows what chance
//! does; the last one is known to take longer, and shows that a difference would be seen.
//!
//! What is measured is processor time. That no kind waits for more answers of the store than another is what
//! `sec_pwd_04_…` in tests/attack shows. Needs Linux.
//!
//! The hash is optimized in every profile. `POSTERN_RUNS` is the number of rounds. docs/decisions/pools.md has figures.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints, reads its environment, and panics when an expectation fails"
)]

use administration::{NewUser, StatusStep};
use credentials::passwords::Password;
use protocol::users::identifier::IdentifierKind;
use tests::browser::{form, request};
use tests::{Browser, Laptop, Pkce, operator};

const PASSWORD: &str = "violet kettle orbits";
const WRONG: &str = "a wrong password, sorry";

/// Kinds of attempts, with the names and the password of each. Every one is refused.
const KINDS: [(&str, &str, &str); 6] = [
    ("a wrong password", "known1", WRONG),
    ("the same of another user", "known2", WRONG),
    ("nobody's name", "nobody", PASSWORD),
    ("a locked user", "locked", PASSWORD),
    ("a user without a password", "nopass", PASSWORD),
    ("more work, to compare", "slower", WRONG),
];

/// How often means are taken of differences drawn from those that were measured.
const RESAMPLES: usize = 4000;

/// The share of the differences that is left out at each end before the mean is taken.
const TRIMMED: f64 = 0.1;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rounds = std::env::var("POSTERN_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let laptop = Laptop::with(with_pool).await;
    people(&laptop).await;
    let mut random = fastrand::Rng::with_seed(7);
    let mut times = vec![Vec::with_capacity(rounds); KINDS.len()];
    for round in 0..rounds {
        // Attempts of former rounds no longer count.
        laptop.clock.advance(86_400);
        let mut order: Vec<usize> = (0..KINDS.len()).collect();
        random.shuffle(&mut order);
        for kind in order {
            laptop.come_from(&format!("192.0.2.{}", 1 + (round * KINDS.len() + kind) % 250));
            times[kind].push(attempt(&laptop, KINDS[kind].1, KINDS[kind].2).await);
        }
    }
    report(&times, &mut random);
}

/// The demo workspace with a pool.
fn with_pool(text: String) -> String {
    let pool = "\n[pool]\nidentifiers = [\"username\"]\n\n[[pool.attributes]]\nname = \"name\"\n";
    if text.contains("workspace = \"demo\"") { text + pool } else { text }
}

/// Creates the users.
async fn people(laptop: &Laptop) {
    for (name, password) in [("known1", true), ("known2", true), ("locked", true), ("nopass", false), ("slower", true)]
    {
        let password = password.then(|| Password::parse(PASSWORD).unwrap());
        let identifiers = vec![(IdentifierKind::Username, name.into())];
        let new = NewUser { identifiers, password, ..NewUser::default() };
        operator(laptop, async |users| users.create(new).await.unwrap()).await;
    }
    operator(laptop, async |users| users.step("locked", StatusStep::Lock).await.unwrap()).await;
}

/// The processor time from the form to the answer, in milliseconds.
async fn attempt(laptop: &Laptop, name: &str, password: &str) -> f64 {
    let mut browser = Browser::new(laptop);
    let page =
        browser.authorize(&request("demo-trusted", "http://127.0.0.1:9999/callback", &Pkce::new("timing"))).await;
    let form = form(&page);
    let mut fields: Vec<(&str, &str)> =
        form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("username", name), ("password", password)]);
    let before = processor_time();
    let response = browser.post(&form.action, &fields).await;
    if name == "slower" {
        let until = processor_time() + 1e6;
        while processor_time() < until {}
    }
    let taken = processor_time() - before;
    assert_eq!(response.status(), 403, "{name}");
    taken / 1e6
}

/// What all threads of this process have computed so far, in nanoseconds. Unlike elapsed time it does not grow while others
/// have the processor.
fn processor_time() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| -> f64 {
        let times = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        times.split_whitespace().next().unwrap().parse().unwrap()
    };
    threads.map(of_thread).sum()
}

/// Prints the times of each kind, and how they differ from those of the first.
fn report(times: &[Vec<f64>], random: &mut fastrand::Rng) {
    println!("{:<32} {:>10} {:>10} {:>24}", "", "median ms", "differs by", "95 % of chance (ms)");
    for (kind, measured) in KINDS.iter().zip(times) {
        let mut sorted = measured.clone();
        sorted.sort_by(f64::total_cmp);
        let differences: Vec<f64> = measured.iter().zip(&times[0]).map(|(own, first)| own - first).collect();
        let (low, high) = interval(&differences, random);
        let verdict = if low > 0.0 || high < 0.0 { "  seen" } else { "" };
        let mean = trimmed_mean(&differences);
        println!("{:<32} {:>10.2} {mean:>10.3} {low:>11.3} to {high:>8.3}{verdict}", kind.0, sorted[sorted.len() / 2]);
    }
}

/// The mean without the extremes, which are those of the machine.
fn trimmed_mean(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = (sorted.len() as f64 * TRIMMED) as usize;
    let kept = &sorted[cut..sorted.len() - cut];
    kept.iter().sum::<f64>() / kept.len() as f64
}

/// The interval in which 95 % of the means lie that come of drawing as many differences again (percentile bootstrap).
fn interval(values: &[f64], random: &mut fastrand::Rng) -> (f64, f64) {
    let mut draw = || {
        let drawn: Vec<f64> = values.iter().map(|_| values[random.usize(..values.len())]).collect();
        trimmed_mean(&drawn)
    };
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    means.sort_by(f64::total_cmp);
    (means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40])
}
