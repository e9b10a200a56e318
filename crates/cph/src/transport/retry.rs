//! How often a call is sent again, and how long it waits before: within the delivery table, which says whether.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use backon::BackoffBuilder as _;
use cph_core::RateLimit;

/// What the first wait grows from; a throttled caller is advised to wait this long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A hint of the gateway's beyond this is not followed: it would hold a call for longer than any caller expects.
const LONGEST_HINT: Duration = Duration::from_secs(90);

/// Growing waits with full jitter, one for each time that a call is sent again.
pub(super) fn waits(times: usize, seed: u64) -> backon::ExponentialBackoff {
    backon::ExponentialBuilder::new()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .with_max_times(times)
        .with_jitter()
        .with_jitter_seed(seed)
        .build()
}

/// How long a throttled caller is told to wait, within bounds: by the header `Retry-After`, or by the window that the
/// gateway's text names. A hint that says at once is none.
pub(super) fn hint(retry_after: Option<Duration>, limit: Option<RateLimit>) -> Option<Duration> {
    let window = limit.map(|limit| Duration::from_secs(limit.seconds));
    let hint = retry_after.or(window).filter(|hint| *hint >= FIRST_WAIT);
    hint.map(|hint| hint.min(LONGEST_HINT))
}

/// The limit in a text of the gateway, such as `policy user over ratelimit,limit:6,time:1 minute`.
pub(super) fn limit_in(text: &str) -> Option<RateLimit> {
    let field = |name: &str| text.split(',').find_map(|part| part.trim().strip_prefix(name));
    let calls = field("limit:")?.trim().parse().ok().filter(|calls| *calls > 0)?;
    let (number, unit) = field("time:")?.trim().split_once(' ')?;
    let seconds = match unit.trim_end_matches(['s', '.']) {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(RateLimit { calls, seconds: number.checked_mul(seconds)? })
}

/// How often calls may be sent again after failures, over all clones of a client: when a service fails for good, its
/// callers do not multiply what it has to bear. Throttled calls are not counted, the limits hold them back.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u32,
    /// In tenths of a time: ten calls that end well earn one.
    left: Mutex<u32>,
}

const TENTHS: u32 = 10;

impl Budget {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, left: Mutex::new(most.saturating_mul(TENTHS)) }
    }

    /// Spends one time, if there is one left.
    pub(super) fn spend(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.checked_sub(TENTHS);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }

    pub(super) fn earn(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + 1).min(self.most.saturating_mul(TENTHS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_text_names_its_limit() {
        let limit = |text| limit_in(text).map(|limit| (limit.calls, limit.seconds));
        let text = "The throttling threshold has been reached: policy user over ratelimit,limit:6,time:1 minute";
        assert_eq!(limit(text), Some((6, 60)));
        assert_eq!(limit("policy ip over ratelimit,limit:5,time:1 second"), Some((5, 1)));
        assert_eq!(limit("limit:20,time:2 hours."), Some((20, 7200)));
        for text in
            ["", "limit:0,time:1 minute", "limit:6", "limit:6,time:1 week", "limit:6,time:soon"]
        {
            assert_eq!(limit(text), None, "{text}");
        }
    }

    #[test]
    fn a_hint_is_followed_within_bounds() {
        let minute = Some(RateLimit { calls: 6, seconds: 60 });
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(hint(seconds(3), minute), seconds(3));
        assert_eq!(hint(None, minute), seconds(60));
        assert_eq!(hint(seconds(86_400), None), seconds(90));
        assert_eq!(hint(seconds(0), None), None);
        assert_eq!(hint(None, None), None);
    }

    #[test]
    fn ten_good_calls_earn_one_more_time() {
        let budget = Budget::new(2);
        assert!(budget.spend() && budget.spend() && !budget.spend());
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
        (0..100).for_each(|_| budget.earn());
        assert!(budget.spend() && budget.spend() && !budget.spend());
    }
}
