//! `postern cost`: what logins cost in AWS, from what they ask of it and a list of prices.
//!
//! What a step asks of AWS stands here and nowhere else: `tests/spec/cost.rs` counts it at the wire and compares.

mod bill;
mod prices;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use thiserror::Error;

pub use bill::{Bill, Line};
pub use prices::{Prices, Tier};

/// What a step asks of AWS, on functions that are warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Requests through API Gateway, each an invocation of a function.
    pub requests: u32,
    /// Strongly consistent reads of items of up to 4 KB.
    pub reads: u32,
    /// Reads of configuration on top of these, when what functions keep for thirty seconds has run out.
    pub stale_reads: u32,
    /// Writes of items of up to 1 KB.
    pub writes: u32,
    /// Signatures, by whatever key.
    pub signatures: u32,
    /// Bytes of the answers, with their headers, at most.
    pub answer_bytes: u32,
}

/// From the authorization request of somebody who is not logged in, over login page and consent page, to the code.
pub const FIRST_LOGIN: Operations =
    Operations { requests: 5, reads: 8, stale_reads: 10, writes: 3, signatures: 0, answer_bytes: 17_000 };

/// From the authorization request of somebody with a session and a remembered consent to the code.
pub const SINGLE_SIGN_ON: Operations =
    Operations { requests: 1, reads: 2, stale_reads: 2, writes: 1, signatures: 0, answer_bytes: 500 };

/// From the code to the tokens.
pub const CODE_EXCHANGE: Operations =
    Operations { requests: 1, reads: 1, stale_reads: 3, writes: 1, signatures: 2, answer_bytes: 2_500 };

/// From a refresh token to the tokens.
pub const REFRESH: Operations =
    Operations { requests: 1, reads: 1, stale_reads: 3, writes: 1, signatures: 2, answer_bytes: 2_500 };

/// What one start of a function asks of KMS: the data key of its purpose, or a look at a signing key.
pub const KMS_CALLS_PER_START: u32 = 1;

/// Who signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Signing {
    /// A key of 2,048 bits in KMS.
    #[default]
    KmsRs256,
    /// A key on P-256 in KMS.
    KmsEs256,
    /// A key that KMS encrypted, in the memory of the function.
    Wrapped,
}

/// What to compute the cost of.
#[derive(Clone, Debug, Args)]
pub struct CostOptions {
    /// Logins in a month, in all regions together.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub logins: u32,
    /// How many of a hundred logins are first ones, with password and consent; the others are single sign-on.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub first: u8,
    /// Refreshes for each login.
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0, value_parser = amount)]
    pub refreshes: f64,
    /// Who signs.
    #[arg(long, value_enum, default_value_t)]
    pub signing: Signing,
    /// Memory of each function, in MB.
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,
    /// What is billed for each request, in milliseconds; estimated from the memory if not given.
    #[arg(long, value_name = "MS", value_parser = amount)]
    pub milliseconds: Option<f64>,
    /// How many of a hundred requests find that the configuration in memory has run out: few under load, all without.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub stale: u8,
    /// How many of a hundred requests start a function.
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub starts: u8,
    /// Log lines for each request, in KB: those of the function, the gateway's, and the two of Lambda.
    #[arg(long, value_name = "KB", default_value_t = 1.5, value_parser = amount)]
    pub log_kb: f64,
    /// KMS keys in each region: two that sign and one for sealing, unless you add some.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub keys: u32,
    /// Regions with a stack.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub regions: u32,
    /// Monthly active users, to compare with what is billed by user; several proportions if not given.
    #[arg(long, value_name = "NUMBER")]
    pub users: Option<u32>,
    /// A TOML file of prices that replace those of the list.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// One price that replaces that of the list; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub price: Vec<String>,
    /// Say it as JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "a number from 0 on is wanted".into())
}

/// Why there is no answer, as one sentence.
#[derive(Debug, Error)]
pub enum CostError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// It is not a list of prices.
    #[error("{0}: {1}")]
    Malformed(String, String),
    /// It is not a price.
    #[error("--price {0}: write it as NAME=VALUE, such as kms_key=1.00")]
    NoPrice(String),
}

/// Says what `options` cost.
///
/// # Errors
///
/// [`CostError`], one sentence that says what to do.
pub fn cost(options: &CostOptions) -> Result<(), CostError> {
    let prices = Prices::read(options.prices.as_deref(), &options.price)?;
    let bill = Bill::new(options, &prices);
    let text = if options.json { bill.json().to_string() } else { bill.text() };
    // Whoever closed our output does not want to know.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(())
}
