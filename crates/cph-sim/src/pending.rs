//! What jobs change when they end.

use std::time::SystemTime;

use crate::{
    phones::Phone,
    simulator::State,
    work::{Started, Work},
};

/// Changes that wait for the end of their jobs.
#[derive(Default)]
pub(crate) struct Pending(Vec<(SystemTime, Change)>);

type Change = Box<dyn FnOnce(&mut State) + Send>;

impl State {
    /// Brings about what the jobs that have ended by now were to change.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        let mut due: Vec<_> = self.pending.0.extract_if(.., |(end, _)| *end <= now).collect();
        due.sort_by_key(|(end, _)| *end);
        for (_, change) in due {
            change(self);
        }
    }
}

impl Work<'_> {
    /// Has a change come about when its job ends; never, if the job fails or hangs.
    pub(crate) fn afterwards(
        &mut self,
        job: &Started,
        change: impl FnOnce(&mut State) + Send + 'static,
    ) {
        if let Some(end) = job.end.filter(|_| !job.fails) {
            self.state.pending.0.push((end, Box::new(change)));
        }
    }

    /// The same for a change to one phone.
    pub(crate) fn change_phone(
        &mut self,
        phone_id: &str,
        job: &Started,
        change: impl FnOnce(&mut Phone) + Send + 'static,
    ) {
        let (phone_id, end) = (phone_id.to_owned(), job.end);
        self.afterwards(job, move |state| {
            if let Some(phone) = state.phones.get_mut(&phone_id) {
                phone.update_time = end.unwrap_or(phone.update_time);
                change(phone);
            }
        });
    }
}
