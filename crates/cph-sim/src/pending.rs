//! What calls bring about later, such as at the end of their jobs.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    phones::Phone,
    simulator::State,
    work::{Started, Work},
};

type Change = Box<dyn FnOnce(&mut State, SystemTime) + Send>;

/// Changes that are still to come, the earliest first.
#[derive(Default)]
pub(crate) struct Pending {
    due: BTreeMap<(SystemTime, u64), Change>,
    count: u64,
}

impl Pending {
    /// Plans a change; of several at one time the first planned comes first.
    pub(crate) fn plan(
        &mut self,
        at: SystemTime,
        change: impl FnOnce(&mut State, SystemTime) + Send + 'static,
    ) {
        self.count += 1;
        self.due.insert((at, self.count), Box::new(change));
    }

    /// When the next change is due.
    pub(crate) fn due(&self) -> Option<SystemTime> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    fn next(&mut self, now: SystemTime) -> Option<(SystemTime, Change)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), change) = entry.remove_entry();
        Some((at, change))
    }
}

impl State {
    /// Brings about what is due by now.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        while let Some((at, change)) = self.pending.next(now) {
            change(self, at);
        }
    }
}

impl Work<'_> {
    /// Plans a change for the end of a job, whether it fails or not. A job that hangs changes nothing.
    pub(crate) fn at_end(
        &mut self,
        job: &Started,
        change: impl FnOnce(&mut State, SystemTime) + Send + 'static,
    ) {
        if let Some(end) = job.end {
            self.state.pending.plan(end, change);
        }
    }

    /// Has a change come about when its job ends; never, if the job fails or hangs.
    pub(crate) fn afterwards(
        &mut self,
        job: &Started,
        change: impl FnOnce(&mut State, SystemTime) + Send + 'static,
    ) {
        if !job.fails {
            self.at_end(job, change);
        }
    }

    /// The same for a change to one phone.
    pub(crate) fn change_phone(
        &mut self,
        phone_id: &str,
        job: &Started,
        change: impl FnOnce(&mut Phone) + Send + 'static,
    ) {
        let phone_id = phone_id.to_owned();
        self.afterwards(job, move |state, at| {
            if let Some(phone) = state.phones.get_mut(&phone_id) {
                phone.update_time = at;
                change(phone);
            }
        });
    }
}
