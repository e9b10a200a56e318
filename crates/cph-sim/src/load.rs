//! How many jobs each server runs, and how much slower that makes the next one.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::SystemTime,
};

/// When a job ends; those that never end come last.
type End = (bool, Option<SystemTime>);

/// The ends of the jobs of each server, the earliest first.
#[derive(Default)]
pub(crate) struct Load(HashMap<String, BinaryHeap<Reverse<End>>>);

impl Load {
    pub(crate) fn add(&mut self, server_id: String, end: Option<SystemTime>) {
        self.0.entry(server_id).or_default().push(Reverse((end.is_none(), end)));
    }

    /// How much longer a job takes that begins now (assumed: load-slows-jobs).
    pub(crate) fn stretch(&mut self, server_id: &str, at_full_pace: u32, now: SystemTime) -> f64 {
        let Some(ends) = self.0.get_mut(server_id).filter(|_| at_full_pace > 0) else {
            return 1.0;
        };
        while ends.peek().is_some_and(|Reverse((_, end))| end.is_some_and(|end| end <= now)) {
            ends.pop();
        }
        let running = u32::try_from(ends.len() + 1).unwrap_or(u32::MAX);
        (f64::from(running) / f64::from(at_full_pace)).max(1.0)
    }
}
