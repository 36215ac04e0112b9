//! When devices last polled. It is kept in memory, so that a waiting device costs no writes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use protocol::types::id::DeviceRequestId;
use protocol::types::time::Timestamp;

/// The maximum number of remembered device requests. If there are more, all are forgotten: each device may then poll too
/// fast once without consequences.
const MAX_REMEMBERED: usize = 10_000;

/// When devices last polled, as far as this process knows.
#[derive(Default)]
pub struct LastPolls(Mutex<HashMap<DeviceRequestId, Timestamp>>);

impl LastPolls {
    /// Records a poll at `now`, and returns the time of the previous one.
    pub(crate) fn note(&self, request: &DeviceRequestId, now: Timestamp) -> Option<Timestamp> {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= MAX_REMEMBERED && !polls.contains_key(request) {
            polls.clear();
        }
        polls.insert(request.clone(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poll_before_is_remembered_for_as_many_devices_as_fit() {
        let (polls, at) = (LastPolls::default(), Timestamp::from_seconds);
        let id = |number: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            DeviceRequestId::from_bytes(bytes)
        };
        assert_eq!(polls.note(&id(0), at(1)), None);
        assert_eq!(polls.note(&id(0), at(2)), Some(at(1)));
        for number in 1..MAX_REMEMBERED {
            assert_eq!(polls.note(&id(number), at(3)), None);
        }
        assert_eq!(polls.note(&id(0), at(4)), Some(at(2)));
        assert_eq!(polls.note(&id(MAX_REMEMBERED), at(5)), None);
        assert_eq!(polls.note(&id(0), at(6)), None, "all were forgotten");
    }
}
