//! The list of prices: built in, with overrides by the user.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::CostError;

const LIST: &str = include_str!("prices.toml");

/// Prices in US dollars; `prices.toml` documents each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "prices.toml documents each")]
pub struct Prices {
    pub gateway_million_requests: f64,
    pub lambda_million_requests: f64,
    pub lambda_gb_second: f64,
    pub dynamodb_million_writes: f64,
    pub dynamodb_million_reads: f64,
    pub kms_million_rsa_2048: f64,
    pub kms_million_other_asymmetric: f64,
    pub kms_million_symmetric: f64,
    pub logs_gb: f64,
    pub egress_gb: f64,
    pub kms_key: f64,
    pub alarm_metric: f64,
    pub custom_metric: f64,
    pub dashboard: f64,
    pub cognito_lite: Vec<Tier>,
    pub cognito_essentials: Vec<Tier>,
    pub cognito_plus: Vec<Tier>,
    pub auth0_free_users: f64,
    pub auth0_each: f64,
}

/// A price tier for users beyond the first `above`, up to the next tier.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The number of users in lower tiers.
    pub above: f64,
    /// The price of each user per month.
    pub each: f64,
}

impl Prices {
    /// The built-in list, overridden by `file` and then by `single` (`NAME=VALUE`).
    ///
    /// # Errors
    ///
    /// [`CostError`] names an unreadable file or an invalid price.
    pub fn read(file: Option<&Path>, single: &[String]) -> Result<Self, CostError> {
        let mut list = table(LIST, "the list of prices")?;
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| CostError::Unreadable(name.clone(), error))?;
            list.extend(table(&text, &name)?);
        }
        for price in single {
            let parsed = price.split_once('=').and_then(|(name, value)| Some((name, value.parse::<f64>().ok()?)));
            let (name, value) = parsed.ok_or_else(|| CostError::NoPrice(price.clone()))?;
            list.insert(name.trim().into(), Value::Float(value));
        }
        list.try_into().map_err(|error| CostError::Malformed("the list of prices".into(), error.message().into()))
    }
}

fn table(text: &str, name: &str) -> Result<Table, CostError> {
    text.parse().map_err(|error: toml::de::Error| CostError::Malformed(name.into(), error.message().into()))
}

/// The monthly price of `users` by `tiers`.
pub(super) fn by_tiers(tiers: &[Tier], users: f64) -> f64 {
    let ends = tiers.iter().skip(1).map(|tier| tier.above).chain([f64::INFINITY]);
    tiers.iter().zip(ends).map(|(tier, end)| (users.min(end) - tier.above).max(0.0) * tier.each).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_costs_the_price_of_their_tier() {
        let prices = Prices::read(None, &[]).unwrap();
        let table = [
            (&prices.cognito_lite, 1_000_000.0, 4_635.0),
            (&prices.cognito_lite, 250_000.0, 1_185.0),
            (&prices.cognito_lite, 10_000.0, 0.0),
            (&prices.cognito_essentials, 100_000.0, 1_350.0),
            (&prices.cognito_plus, 10_000.0, 200.0),
        ];
        for (tiers, users, expected) in table {
            let dollars = by_tiers(tiers, users);
            assert!((dollars - expected).abs() < 0.01, "{users}: {dollars} instead of {expected}");
        }
    }

    #[test]
    fn a_single_price_overrides_the_list_and_a_misspelled_one_is_refused() {
        let prices = Prices::read(None, &["kms_key=2.5".into()]).unwrap();
        assert!((prices.kms_key - 2.5).abs() < f64::EPSILON);
        for (wrong, why) in [("kms_keys=2", "kms_keys"), ("kms_key", "NAME=VALUE"), ("kms_key=two", "NAME=VALUE")] {
            let error = Prices::read(None, &[wrong.into()]).unwrap_err().to_string();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }
}
