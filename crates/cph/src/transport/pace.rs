//! How fast calls may go: a limit for each operation, shared by all clones of a client.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cph_core::RateLimit;

use super::Subject;
use crate::clock::after;

/// What the gateway grants each operation where no page says otherwise (assumed: calls-per-second).
pub(crate) const GATEWAY: RateLimit = RateLimit { calls: 200, seconds: 1 };

/// The turns of all operations.
#[derive(Debug)]
pub(crate) struct Pace {
    every: RateLimit,
    own: HashMap<&'static str, RateLimit>,
    windows: Mutex<HashMap<&'static str, Window>>,
}

/// The turns of one operation. A window that slides keeps a limit that is counted in windows of any beginning, which a
/// token bucket of the same rate does not.
#[derive(Debug)]
struct Window {
    limit: RateLimit,
    /// The latest turns, the oldest first; some may be yet to come.
    turns: VecDeque<SystemTime>,
    /// The gateway has said that there are no turns before.
    closed_until: Option<SystemTime>,
}

impl Window {
    fn next(&self, now: SystemTime) -> SystemTime {
        let calls = self.limit.calls as usize;
        let span = Duration::from_secs(self.limit.seconds);
        let full = self.turns.len().checked_sub(calls).map(|place| after(self.turns[place], span));
        let latest = self.turns.back().copied();
        [full, latest, self.closed_until].into_iter().flatten().fold(now, SystemTime::max)
    }

    fn take(&mut self, turn: SystemTime) {
        self.turns.push_back(turn);
        while self.turns.len() > self.limit.calls as usize {
            self.turns.pop_front();
        }
    }
}

/// The time for each call.
fn interval(limit: RateLimit) -> Duration {
    Duration::from_secs(limit.seconds) / limit.calls.max(1)
}

impl Pace {
    pub(crate) fn new(every: RateLimit, own: HashMap<&'static str, RateLimit>) -> Self {
        Self { every, own, windows: Mutex::default() }
    }

    /// Takes the next turn of an operation, if it comes within `patience`; how long to wait for it, either way.
    pub(crate) fn turn(
        &self,
        subject: Subject,
        now: SystemTime,
        patience: Duration,
    ) -> Result<Duration, Duration> {
        self.with(subject, |window| {
            let turn = window.next(now);
            let wait = turn.duration_since(now).unwrap_or_default();
            if wait > patience {
                return Err(wait);
            }
            window.take(turn);
            Ok(wait)
        })
    }

    /// Learns from a call that the gateway refused: its own limit, if its text names one, and that nothing goes before
    /// `until`.
    pub(crate) fn throttled(&self, subject: Subject, limit: Option<RateLimit>, until: SystemTime) {
        self.with(subject, |window| {
            // The stricter of the two.
            if let Some(limit) = limit.filter(|limit| interval(*limit) > interval(window.limit)) {
                window.limit = limit;
            }
            window.closed_until = window.closed_until.max(Some(until));
        });
    }

    fn with<T>(&self, subject: Subject, work: impl FnOnce(&mut Window) -> T) -> T {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = || self.own.get(subject.name).copied().or(subject.limit).unwrap_or(self.every);
        work(windows.entry(subject.name).or_insert_with(|| Window {
            limit: limit(),
            turns: VecDeque::new(),
            closed_until: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject = Subject {
        name: "RunSyncCommand",
        idempotent: false,
        limit: Some(RateLimit { calls: 2, seconds: 60 }),
    };
    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn seconds(turn: Result<Duration, Duration>) -> u64 {
        turn.unwrap().as_secs()
    }

    #[test]
    fn the_limit_holds_in_every_window() {
        let pace = Pace::new(GATEWAY, HashMap::new());
        assert_eq!(seconds(pace.turn(SUBJECT, at(0), HOUR)), 0);
        assert_eq!(seconds(pace.turn(SUBJECT, at(50), HOUR)), 0);
        assert_eq!(seconds(pace.turn(SUBJECT, at(50), HOUR)), 10);
        assert_eq!(seconds(pace.turn(SUBJECT, at(50), HOUR)), 60);
        // Another operation has a window of its own, by the gateway's default.
        let other = Subject { name: "ListJobs", limit: None, ..SUBJECT };
        for _ in 0..GATEWAY.calls {
            assert_eq!(seconds(pace.turn(other, at(50), HOUR)), 0);
        }
        assert_eq!(seconds(pace.turn(other, at(50), HOUR)), 1);
    }

    #[test]
    fn who_has_no_patience_takes_no_turn() {
        let pace = Pace::new(GATEWAY, HashMap::from([("RunSyncCommand", GATEWAY)]));
        pace.throttled(SUBJECT, None, at(30));
        let hasty = pace.turn(SUBJECT, at(0), Duration::from_secs(29));
        assert_eq!(hasty, Err(Duration::from_secs(30)));
        assert_eq!(seconds(pace.turn(SUBJECT, at(0), Duration::from_secs(30))), 30);
    }

    #[test]
    fn the_stricter_limit_of_what_is_known_and_what_the_gateway_says_holds() {
        let pace = Pace::new(GATEWAY, HashMap::new());
        pace.throttled(SUBJECT, Some(GATEWAY), at(0));
        assert_eq!([0, 1, 2].map(|_| seconds(pace.turn(SUBJECT, at(0), HOUR))), [0, 0, 60]);
        pace.throttled(SUBJECT, Some(RateLimit { calls: 1, seconds: 60 }), at(0));
        assert_eq!([0, 1].map(|_| seconds(pace.turn(SUBJECT, at(600), HOUR))), [0, 60]);
    }
}
