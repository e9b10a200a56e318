//! How often calls are let through.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use crate::{Assumptions, refusal::Refusal};

/// So many calls in so long a time.
pub(crate) struct Limit {
    calls: u32,
    each: Duration,
    /// The time as the gateway says it.
    named: &'static str,
}

impl Limit {
    /// The time is a second or a minute.
    pub(crate) fn new(calls: u32, each: Duration) -> Self {
        Self { calls, each, named: if each.as_secs() == 1 { "1 second" } else { "1 minute" } }
    }

    /// The limits of an operation.
    fn of(operation: &str, assumptions: &Assumptions) -> Vec<Self> {
        let mut limits = vec![Self::new(assumptions.calls_per_second, Duration::from_secs(1))];
        if operation == "RunSyncCommand" {
            limits.push(Self::new(assumptions.sync_commands_per_minute, Duration::from_mins(1)));
        }
        limits.retain(|limit| limit.calls > 0);
        limits
    }

    /// What the gateway answers to a call beyond it.
    pub(crate) fn refusal(&self) -> Refusal {
        let Self { calls, named, .. } = self;
        let text = format!(
            "The throttling threshold has been reached: policy user over ratelimit,limit:{calls},time:{named}"
        );
        Refusal::new(429, "APIGW.0308", text)
    }
}

/// The calls of the one user, in windows that the first call opens. Assumed: throttling-windows.
#[derive(Default)]
pub(crate) struct Throttle(HashMap<(String, Duration), Window>);

struct Window {
    opened: SystemTime,
    calls: u32,
}

impl Throttle {
    /// Counts a call, or refuses it.
    pub(crate) fn count(
        &mut self,
        operation: &str,
        assumptions: &Assumptions,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        for limit in Limit::of(operation, assumptions) {
            let key = (operation.to_owned(), limit.each);
            let window = self.0.entry(key).or_insert(Window { opened: now, calls: 0 });
            if window.opened + limit.each <= now {
                *window = Window { opened: now, calls: 0 };
            }
            if window.calls == limit.calls {
                return Err(limit.refusal());
            }
            window.calls += 1;
        }
        Ok(())
    }
}
