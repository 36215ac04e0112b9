//! What a request demands of the authentication of its user (RFC 9470).

use std::fmt;
use std::time::Duration;

use crate::quoted::quoted;

/// What a request demands of the authentication of its user. A token that does not meet it is refused with a challenge, with
/// which the client sends the user to the authorization server again (RFC 9470 §3, §4).
///
/// ```
/// use std::time::Duration;
/// use postern_resource::StepUp;
///
/// let transfers = StepUp::default().acr("urn:postern:acr:multi-factor").max_age(Duration::from_mins(5));
/// assert_eq!(transfers.to_string(), "acr_values \"urn:postern:acr:multi-factor\", max_age 300");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    acr_values: Vec<String>,
    max_age: Option<u64>,
}

impl StepUp {
    /// Accepts this authentication context class as well. Without any, all are accepted.
    #[must_use]
    pub fn acr(mut self, value: impl Into<String>) -> Self {
        self.acr_values.push(value.into());
        self
    }

    /// Demands that the user authenticated no longer ago than `age`, in whole seconds.
    #[must_use]
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age.as_secs());
        self
    }

    /// Whether a token whose user authenticated in the class `acr` is enough. One that does not say is not (RFC 9470 §6.1).
    pub(crate) fn accepts(&self, acr: Option<&str>) -> bool {
        let accepted = |acr: &str| self.acr_values.iter().any(|accepted| accepted == acr);
        self.acr_values.is_empty() || acr.is_some_and(accepted)
    }

    /// Whether `auth_time` is recent enough at `now`, with this `leeway` between the clocks. A token that does not say is not,
    /// and neither is one from the future.
    pub(crate) fn is_met_at(&self, auth_time: Option<u64>, now: Duration, leeway: Duration) -> bool {
        let Some(age) = self.max_age else { return true };
        auth_time.is_some_and(|at| {
            let ends = Duration::from_secs(at.saturating_add(age)).saturating_add(leeway);
            Duration::from_secs(at) <= now.saturating_add(leeway) && now <= ends
        })
    }

    /// The parameters of the challenge (RFC 9470 §3).
    pub(crate) fn parameters(&self) -> String {
        let acr = (!self.acr_values.is_empty()).then(|| format!(", acr_values={}", quoted(&self.acr_values.join(" "))));
        let age = self.max_age.map(|age| format!(", max_age=\"{age}\""));
        acr.unwrap_or_default() + &age.unwrap_or_default()
    }
}

impl fmt::Display for StepUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acr = (!self.acr_values.is_empty()).then(|| format!("acr_values {}", quoted(&self.acr_values.join(" "))));
        let age = self.max_age.map(|age| format!("max_age {age}"));
        formatter.write_str(&acr.into_iter().chain(age).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_the_challenge_name_what_is_demanded() {
        let table = [
            (StepUp::default().acr("gold"), ", acr_values=\"gold\""),
            (StepUp::default().acr("gold").acr("silver"), ", acr_values=\"gold silver\""),
            (StepUp::default().max_age(Duration::from_secs(5)), ", max_age=\"5\""),
            (StepUp::default().acr("g\"x").max_age(Duration::ZERO), ", acr_values=\"g\\\"x\", max_age=\"0\""),
            (StepUp::default(), ""),
        ];
        for (demanded, parameters) in table {
            assert_eq!(demanded.parameters(), parameters);
        }
    }

    #[test]
    fn a_class_is_one_of_those_named_and_an_age_ends_with_the_leeway() {
        let demanded = StepUp::default().acr("gold").acr("silver").max_age(Duration::from_mins(5));
        for (acr, accepted) in [(Some("gold"), true), (Some("silver"), true), (Some("Gold"), false), (None, false)] {
            assert_eq!(demanded.accepts(acr), accepted, "{acr:?}");
        }
        let (now, leeway) = (Duration::from_secs(10_000), Duration::from_secs(5));
        for (auth_time, met) in [(9_695, true), (9_694, false), (10_005, true), (10_006, false), (u64::MAX, false)] {
            assert_eq!(demanded.is_met_at(Some(auth_time), now, leeway), met, "{auth_time}");
        }
        assert!(!demanded.is_met_at(None, now, leeway), "a token that does not say when");
        let anything = StepUp::default();
        assert!(anything.accepts(None) && anything.is_met_at(None, now, leeway));
    }
}
