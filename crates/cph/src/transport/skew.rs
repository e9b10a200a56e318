//! How far the gateway's clock is from ours: a signature with a time too far off is refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// Clocks closer than this are not corrected: the gateway bears 15 minutes, and an answer takes its time.
const CLOSE: u64 = 60;

/// By how many seconds the gateway's clock is ahead of ours, as far as answers have told; shared by all who call as one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skew(Arc<AtomicI64>);

impl Skew {
    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes in the date of an answer to a request that was signed with the correction `used`; whether another would do
    /// better.
    pub(super) fn learn(&self, date: SystemTime, now: SystemTime, used: i64) -> bool {
        let seconds = |distance: Duration| i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
        let ahead = match date.duration_since(now) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()),
        };
        let is_news = |known: i64| ahead.abs_diff(known) > CLOSE;
        if !is_news(used) {
            return false;
        }
        // Another call may have found out first.
        if is_news(self.0.swap(ahead, Ordering::SeqCst)) {
            tracing::warn!(
                seconds = ahead,
                "the gateway's clock is ahead of this machine's by so many seconds; calls are signed by the gateway's from now on"
            );
        }
        true
    }
}

/// A time of ours, as a clock that is ahead by so many seconds shows it.
pub(super) fn at_gateway(now: SystemTime, ahead: i64) -> SystemTime {
    let distance = Duration::from_secs(ahead.unsigned_abs());
    let shown = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
    shown.unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_differ_by_more_than_a_minute_are_corrected() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        for (ahead, used, learned) in [
            (0, 0, None),
            (60, 0, None),
            (-60, 0, None),
            (61, 0, Some(61)),
            (-3600, 0, Some(-3600)),
            (3600, 3600, None),
            (0, 3600, Some(0)),
        ] {
            let skew = Skew(Arc::new(AtomicI64::new(used)));
            let is_better = skew.learn(at_gateway(now, ahead), now, used);
            assert_eq!(is_better.then(|| skew.seconds()), learned, "{ahead} {used}");
        }
        // One that was signed before another call found out is signed anew.
        let skew = Skew(Arc::new(AtomicI64::new(3600)));
        assert!(skew.learn(at_gateway(now, 3600), now, 0));
    }
}
