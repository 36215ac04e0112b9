//! `postern cost`: estimates what logins cost in AWS, from the operations of each step and a list of prices.
//!
//! The operations are defined here only; `tests/spec/cost.rs` counts them at the wire and compares.

mod bill;
mod prices;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use thiserror::Error;

use crate::output::print;

pub use bill::{Bill, Line};
pub use prices::{Prices, Tier};

pub(crate) const EXAMPLES: &str = "Examples:
  postern cost                                        a million first logins, signed by KMS
  postern cost --logins 200000 --first 25             a quarter with a password, the others by single sign-on
  postern cost --signing wrapped --users 50000        signed in memory; compared for 50,000 users
  postern cost --price kms_key=1.10 --json            with your own price, as JSON";

/// The billed operations of a step, on warm functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Requests through API Gateway, each an invocation of a function.
    pub requests: u32,
    /// Strongly consistent reads of items of up to 4 KB.
    pub reads: u32,
    /// Additional reads of configuration when the cache of thirty seconds has expired.
    pub stale_reads: u32,
    /// Writes of items of up to 1 KB.
    pub writes: u32,
    /// Signatures, with any kind of key.
    pub signatures: u32,
    /// The size of the responses with their headers, in bytes, at most.
    pub answer_bytes: u32,
}

/// From an authorization request without a session, through the login and consent pages, to the code.
pub const FIRST_LOGIN: Operations =
    Operations { requests: 5, reads: 8, stale_reads: 10, writes: 4, signatures: 0, answer_bytes: 27_500 };

/// From an authorization request with a session and a remembered consent to the code.
pub const SINGLE_SIGN_ON: Operations =
    Operations { requests: 1, reads: 2, stale_reads: 2, writes: 1, signatures: 0, answer_bytes: 500 };

/// From the code to the tokens.
pub const CODE_EXCHANGE: Operations =
    Operations { requests: 1, reads: 2, stale_reads: 3, writes: 1, signatures: 2, answer_bytes: 2_500 };

/// From a refresh token to the tokens.
pub const REFRESH: Operations =
    Operations { requests: 1, reads: 2, stale_reads: 3, writes: 1, signatures: 2, answer_bytes: 2_500 };

/// What is added for users of a pool: whether they still exist is read at each step, and a password is counted and forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOperations {
    /// Reads more for a first login.
    pub first_login_reads: u32,
    /// Writes more for a first login in a browser that is not known for the user.
    pub first_login_writes: u32,
    /// Writes more for one in a browser that is.
    pub known_browser_writes: u32,
    /// Reads more for each other step.
    pub step_reads: u32,
}

/// What users of a pool cost beyond test users.
pub const OF_POOL: PoolOperations =
    PoolOperations { first_login_reads: 3, first_login_writes: 4, known_browser_writes: 2, step_reads: 1 };

/// KMS calls of a cold start: decrypting a data key, or describing a signing key.
pub const KMS_CALLS_PER_START: u32 = 1;

/// Where the signing keys are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Signing {
    /// A 2,048-bit RSA key in KMS.
    #[default]
    KmsRs256,
    /// A P-256 key in KMS.
    KmsEs256,
    /// A key encrypted by KMS, in the memory of the function.
    Wrapped,
}

/// Options of `postern cost`.
#[derive(Clone, Debug, Args)]
pub struct CostOptions {
    /// Logins per month, in all regions together.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub logins: u32,
    /// Percentage of first logins, with password and consent; the others are single sign-on.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub first: u8,
    /// Refreshes per login.
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0, value_parser = amount)]
    pub refreshes: f64,
    /// Where the signing keys are.
    #[arg(long, value_enum, default_value_t)]
    pub signing: Signing,
    /// The users are those of a pool, and log in first in browsers that are not known. The time of password hashes is not
    /// included.
    #[arg(long)]
    pub pool: bool,
    /// Memory of each function, in MB.
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,
    /// Billed milliseconds per request; estimated from the memory size if not given.
    #[arg(long, value_name = "MS", value_parser = amount)]
    pub milliseconds: Option<f64>,
    /// Percentage of requests that find the configuration cache expired: few under load, all without.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub stale: u8,
    /// Percentage of requests that hit a cold start.
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub starts: u8,
    /// Size of the log lines per request, in KB: from the function, the gateway, and two from Lambda.
    #[arg(long, value_name = "KB", default_value_t = 1.5, value_parser = amount)]
    pub log_kb: f64,
    /// KMS keys in each region: two for signing and one for sealing, unless you add some.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub keys: u32,
    /// Regions with a stack.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub regions: u32,
    /// Monthly active users, for services that bill per user; several ratios if not given.
    #[arg(long, value_name = "NUMBER")]
    pub users: Option<u32>,
    /// A TOML file of prices that override the built-in list.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// One price that overrides the list; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub price: Vec<String>,
    /// Print the estimate as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "give a number that is not negative".into())
}

/// Why no estimate can be made, as a sentence.
#[derive(Debug, Error)]
pub enum CostError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file is not a list of prices.
    #[error("{0}: {1}")]
    Malformed(String, String),
    /// `--price` is malformed.
    #[error("--price {0}: write it as NAME=VALUE, such as kms_key=1.00")]
    NoPrice(String),
}

/// Prints what `options` cost.
///
/// # Errors
///
/// [`CostError`] says what to do.
pub fn cost(options: &CostOptions) -> Result<(), CostError> {
    let prices = Prices::read(options.prices.as_deref(), &options.price)?;
    let bill = Bill::new(options, &prices);
    let text = if options.json { bill.json().to_string() } else { bill.text() };
    print(&text);
    Ok(())
}
