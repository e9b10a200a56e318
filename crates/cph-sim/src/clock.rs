//! The simulator's time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::Instant};

/// The time that a simulator lives in: it runs, perhaps faster than ours, or stands still until it is moved.
///
/// Clones share one time, so a client under test can be given the clock of its simulator.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use cph_sim::SimClock;
///
/// let clock = SimClock::stepped(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(30));
/// ```
#[derive(Debug, Clone)]
pub struct SimClock(Arc<Time>);

#[derive(Debug)]
struct Time {
    factor: f64,
    /// How time would have gone on had nobody touched it; `None`: it passes by hand only.
    undisturbed: Option<Reading>,
    /// How it goes on; sleepers watch it.
    present: watch::Sender<Reading>,
}

/// What a clock showed when it was last touched.
#[derive(Debug, Clone, Copy)]
struct Reading {
    shown: SystemTime,
    /// Since when it has run; `None`: it stands still.
    since: Option<Instant>,
}

impl Reading {
    fn now(&self, factor: f64) -> SystemTime {
        let elapsed = self.since.map_or(Duration::ZERO, |since| since.elapsed().mul_f64(factor));
        self.shown + elapsed
    }
}

impl SimClock {
    /// A clock that starts at the present and runs `factor` times as fast as the timer of tokio,
    /// which tests may pause.
    ///
    /// # Panics
    ///
    /// If `factor` is not a positive number.
    pub fn scaled(factor: f64) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the simulator asks for the present"
        )]
        Self::scaled_from(SystemTime::now(), factor)
    }

    /// A clock that starts at `from` and runs `factor` times as fast as the timer of tokio.
    ///
    /// # Panics
    ///
    /// If `factor` is not a positive number.
    pub fn scaled_from(from: SystemTime, factor: f64) -> Self {
        assert!(
            factor.is_finite() && factor > 0.0,
            "a clock runs forward: the factor must be positive, not {factor}"
        );
        let running = Reading { shown: from, since: Some(Instant::now()) };
        Self::new(factor, Some(running), running)
    }

    /// A clock that stands still at `from` until [`advance`](Self::advance) moves it, or [`run`](Self::run) starts it.
    pub fn stepped(from: SystemTime) -> Self {
        Self::new(1.0, None, Reading { shown: from, since: None })
    }

    fn new(factor: f64, undisturbed: Option<Reading>, present: Reading) -> Self {
        Self(Arc::new(Time { factor, undisturbed, present: watch::Sender::new(present) }))
    }

    /// What time it is in the simulation.
    pub fn now(&self) -> SystemTime {
        self.0.present.borrow().now(self.0.factor)
    }

    /// What time it would be had nobody stopped or moved the clock.
    ///
    /// Programs outside sign by their own clock, whatever happens to this one. A stepped clock has no other time than
    /// what it was moved to.
    pub fn undisturbed(&self) -> SystemTime {
        self.0.undisturbed.map_or_else(|| self.now(), |undisturbed| undisturbed.now(self.0.factor))
    }

    /// Whether the clock stands still until it is moved.
    pub fn is_stopped(&self) -> bool {
        self.0.present.borrow().since.is_none()
    }

    /// Makes the clock stand still.
    pub fn stop(&self) {
        self.touch(|shown, _| Reading { shown, since: None });
    }

    /// Makes the clock run, at the pace that it was made with; one that was made to be stepped runs as fast as ours.
    pub fn run(&self) {
        self.touch(|shown, _| Reading { shown, since: Some(Instant::now()) });
    }

    /// Moves the clock forward at once and wakes those whose sleep is over.
    pub fn advance(&self, by: Duration) {
        self.touch(|shown, since| Reading { shown: shown + by, since });
    }

    /// Gives sleepers a new reading to go by, made of the time that it is and whether the clock runs.
    fn touch(&self, change: impl FnOnce(SystemTime, Option<Instant>) -> Reading) {
        self.0.present.send_modify(|reading| {
            let since = reading.since.map(|_| Instant::now());
            *reading = change(reading.now(self.0.factor), since);
        });
    }

    /// Waits until `duration` has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        let mut touched = self.0.present.subscribe();
        let until = self.now() + duration;
        while let Ok(left) = until.duration_since(self.now())
            && !left.is_zero()
        {
            // The sender lives in `self`, so `changed` never fails.
            if self.is_stopped() {
                let _ = touched.changed().await;
            } else {
                // The timer counts whole milliseconds; less would spin.
                let real = left.div_f64(self.0.factor).max(Duration::from_millis(1));
                let _ = tokio::time::timeout(real, touched.changed()).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_follows_the_paused_timer() {
        let clock = SimClock::scaled_from(SystemTime::UNIX_EPOCH, 60.0);
        let before = Instant::now();
        clock.sleep(Duration::from_mins(1)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(1));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_that_no_millisecond_divides_ends() {
        for (factor, nanoseconds) in [(60.0, 20), (7000.0, 12_345_678_901)] {
            let clock = SimClock::scaled_from(SystemTime::UNIX_EPOCH, factor);
            let sleep = clock.sleep(Duration::from_nanos(nanoseconds));
            tokio::time::timeout(Duration::from_mins(1), sleep).await.unwrap();
            assert!(clock.now() >= SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_can_be_moved_as_well() {
        let clock = SimClock::scaled_from(SystemTime::UNIX_EPOCH, 1.0);
        let before = Instant::now();
        let ((), ()) = tokio::join!(clock.sleep(Duration::from_mins(1)), async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            clock.advance(Duration::from_secs(50));
        });
        assert_eq!(before.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_stepped_clock_wakes_sleepers_when_it_was_moved_far_enough() {
        let clock = SimClock::stepped(SystemTime::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(30)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(29));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_can_be_stopped_moved_and_set_running_again() {
        let start = SystemTime::UNIX_EPOCH;
        let clock = SimClock::scaled_from(start, 60.0);
        let shows = |seconds| start + Duration::from_secs(seconds);
        clock.stop();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_mins(2)).await }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!((clock.now(), clock.undisturbed()), (start, shows(300)));
        clock.advance(Duration::from_mins(1));
        assert!(clock.is_stopped() && !sleeper.is_finished());
        clock.run();
        let before = Instant::now();
        sleeper.await.unwrap();
        assert_eq!(before.elapsed(), Duration::from_secs(1));
        assert_eq!((clock.now(), clock.undisturbed()), (shows(120), shows(360)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stepped_clock_has_no_time_but_its_own_and_can_be_set_running() {
        let clock = SimClock::stepped(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_hours(1));
        assert_eq!(clock.undisturbed(), clock.now());
        clock.run();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3605));
    }
}
