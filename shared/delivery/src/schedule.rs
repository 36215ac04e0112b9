//! How often and when a message is delivered.

use protocol::types::time::Lifetime;

/// How often a message is delivered before it moves to the dead-letter queue: the `maxReceiveCount` of the queue in AWS.
pub const MAX_RECEIVE_COUNT: u32 = 8;

/// How long a delivered message stays hidden. If it is not deleted or postponed by then, it is delivered again. This is
/// the visibility timeout of the queue in AWS: six times the timeout of the function.
pub const VISIBILITY_TIMEOUT: Lifetime = Lifetime::seconds(60);

/// The pause after `tries` deliveries: ten seconds at first, three times as long each time, and at most fifteen minutes.
/// The last delivery comes about fifty minutes after the first.
#[must_use]
pub fn pause(tries: u32) -> Lifetime {
    let factor = 3_u32.saturating_pow(tries.saturating_sub(1).min(MAX_RECEIVE_COUNT));
    Lifetime::seconds(factor.saturating_mul(10).min(900))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_never_get_shorter_and_add_up_to_less_than_an_hour() {
        let pauses: Vec<u32> = (1..MAX_RECEIVE_COUNT).map(|tries| pause(tries).as_seconds()).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 900, 900]);
        assert!(pauses.iter().sum::<u32>() < 3600);
        assert_eq!(pause(0).as_seconds(), 10);
        assert_eq!(pause(u32::MAX).as_seconds(), 900);
    }
}
