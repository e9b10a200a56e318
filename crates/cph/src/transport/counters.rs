//! What a client has done so far, counted.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a client and its clones have done so far; see [`Client::counters`](crate::Client::counters).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Calls that were begun.
    pub calls: u64,
    /// Calls that ended without a readable success.
    pub failures: u64,
    /// Requests that were sent, those of the identity service too.
    pub attempts: u64,
    /// How often a call was sent again.
    pub retries: u64,
    /// Answers by which the gateway held a call back.
    pub throttled: u64,
    /// How long calls waited for their turn under the rate limits, added up.
    pub waited: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    attempts: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    waited_ms: AtomicU64,
}

impl Tally {
    pub(super) fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waits(&self, wait: Duration) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(wait, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            calls: read(&self.calls),
            failures: read(&self.failures),
            attempts: read(&self.attempts),
            retries: read(&self.retries),
            throttled: read(&self.throttled),
            waited: Duration::from_millis(read(&self.waited_ms)),
        }
    }
}
