//! Keys whose signatures failed too often.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

/// One failure in a row more than this locks a key.
const MAX_FAILURES: u32 = 5;

const LOCKED_FOR: Duration = Duration::from_mins(5);

/// The failures in a row of each access key. Assumed: locked-keys.
#[derive(Default)]
pub(super) struct Locks(HashMap<String, Failures>);

struct Failures {
    count: u32,
    last: SystemTime,
}

impl Locks {
    /// A lock that is over starts the count anew.
    pub(super) fn is_locked(&mut self, access_key: &str, now: SystemTime) -> bool {
        let Some(failures) = self.0.get(access_key) else { return false };
        if failures.count <= MAX_FAILURES {
            return false;
        }
        let is_locked = now < failures.last + LOCKED_FOR;
        if !is_locked {
            self.forget(access_key);
        }
        is_locked
    }

    pub(super) fn count(&mut self, access_key: &str, now: SystemTime) {
        let failures =
            self.0.entry(access_key.to_owned()).or_insert(Failures { count: 0, last: now });
        failures.count += 1;
        failures.last = now;
    }

    pub(super) fn forget(&mut self, access_key: &str) {
        self.0.remove(access_key);
    }
}
