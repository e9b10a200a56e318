//! The simulator's time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::Instant};

/// The time that a simulator lives in: it runs faster than ours, or stands still until it is moved.
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
    from: SystemTime,
    running: Option<Running>,
    /// By how much the clock was moved by hand; sleepers watch it.
    advanced: watch::Sender<Duration>,
}

#[derive(Debug)]
struct Running {
    since: Instant,
    factor: f64,
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
        Self::new(from, Some(Running { since: Instant::now(), factor }))
    }

    /// A clock that stands still at `from` until [`advance`](Self::advance) moves it.
    pub fn stepped(from: SystemTime) -> Self {
        Self::new(from, None)
    }

    fn new(from: SystemTime, running: Option<Running>) -> Self {
        Self(Arc::new(Time { from, running, advanced: watch::Sender::new(Duration::ZERO) }))
    }

    /// What time it is in the simulation.
    pub fn now(&self) -> SystemTime {
        let elapsed = self
            .0
            .running
            .as_ref()
            .map_or(Duration::ZERO, |running| running.since.elapsed().mul_f64(running.factor));
        self.0.from + *self.0.advanced.borrow() + elapsed
    }

    /// Whether the clock stands still by itself.
    pub fn is_stepped(&self) -> bool {
        self.0.running.is_none()
    }

    /// Moves the clock forward at once and wakes those whose sleep is over.
    pub fn advance(&self, by: Duration) {
        self.0.advanced.send_modify(|advanced| *advanced += by);
    }

    /// Waits until `duration` has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        let mut advanced = self.0.advanced.subscribe();
        let until = self.now() + duration;
        while let Ok(left) = until.duration_since(self.now())
            && !left.is_zero()
        {
            // The sender lives in `self`, so `changed` never fails.
            if let Some(running) = &self.0.running {
                // The timer counts whole milliseconds; less would spin.
                let real = left.div_f64(running.factor).max(Duration::from_millis(1));
                let _ = tokio::time::timeout(real, advanced.changed()).await;
            } else {
                let _ = advanced.changed().await;
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
}
