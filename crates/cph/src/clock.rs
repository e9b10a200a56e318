//! Where time comes from.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

/// A source of time: what a client signs with, waits by and measures patience with.
///
/// The default is [`SystemClock`]. Tests pass their own, so that half an hour of waiting takes no time; the time-outs of
/// sockets are not part of it and stay real.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> SystemTime;

    /// Waits for `duration` of this clock's time.
    ///
    /// Dropping the future abandons the wait and leaves nothing behind.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// `duration` after `time`, or a century where the sum is too far off to be written down.
pub(crate) fn after(time: SystemTime, duration: Duration) -> SystemTime {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    time + duration.min(CENTURY)
}

/// The machine's own time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
