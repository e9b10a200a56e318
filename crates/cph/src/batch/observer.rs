//! Looking on while a run sends.

use std::{fmt, time::Duration};

use cph_core::{JobId, JobStatus, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Fate;
use crate::Error;

/// Told about every part of a run, before it is sent and after its answer.
///
/// It runs on the run's own task, which does nothing else meanwhile. A run that is dropped or stopped still tells the
/// answers of the calls that were in flight.
pub trait Observer: Send + 'static {
    /// A part is about to be sent. An error keeps it back and stops the run: nothing that could not be noted is sent.
    ///
    /// # Errors
    ///
    /// Whatever kept the observer from taking note.
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// A part was answered, or the call ended without an answer.
    fn after(&mut self, part: &Part, answer: PartAnswer<'_>);

    /// A target has settled.
    fn settled(&mut self, _settlement: &Settlement<'_>) {}
}

/// Two observers: the second is told what the first has taken note of.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.before(part)?;
        self.1.before(part)
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        self.0.after(part, answer);
        self.1.after(part, answer);
    }

    fn settled(&mut self, settlement: &Settlement<'_>) {
        self.0.settled(settlement);
        self.1.settled(settlement);
    }
}

/// Looks away.
impl Observer for () {
    fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn after(&mut self, _: &Part, _: PartAnswer<'_>) {}
}

/// The targets of one call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Part {
    /// Counted from 1, in sending order.
    pub number: usize,
    /// The targets' ids.
    pub targets: Vec<String>,
    /// How many targets of the run have not been sent yet, after this part.
    pub unsent: usize,
}

/// What came back for a part.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PartAnswer<'a> {
    /// The call's id, where an answer began.
    pub request_id: Option<&'a str>,
    /// What the answer said of each target; empty if the call failed.
    pub entries: &'a [Entry],
    /// Why there is no readable answer.
    pub error: Option<&'a Error>,
}

/// What became of a target, before it reaches whoever awaits the run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Settlement<'a> {
    /// The target's id.
    pub target: &'a str,
    /// What is known of it.
    pub fate: &'a Fate,
    /// The call that carried it, if an answer named one.
    pub request_id: Option<&'a RequestId>,
    /// Its job, if one is known.
    pub job_id: Option<&'a JobId>,
    /// From the answer that accepted it to its settling.
    pub took: Option<Duration>,
}

/// What a batch answer says of one target: a job, or an error.
///
/// `Debug` leaves out the service's own words, which may quote what was sent, and what was printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Entry {
    /// The target.
    pub target: Option<String>,
    /// The job that was started for it.
    pub job_id: Option<String>,
    /// Why it was refused.
    pub error_code: Option<String>,
    /// The same in the service's words.
    pub error_msg: Option<String>,
    /// How it ended, where the answer itself says so.
    pub status: Option<JobStatus>,
    /// What it printed, where the answer itself says so.
    pub execute_msg: Option<String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is no id stays out as well.
        let shown =
            |text: &Option<String>| text.clone().filter(|text| text.parse::<RequestId>().is_ok());
        f.debug_struct("Entry")
            .field("target", &shown(&self.target))
            .field("job_id", &shown(&self.job_id))
            .field("error_code", &shown(&self.error_code))
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl PartAnswer<'_> {
    /// How many targets were accepted.
    pub fn accepted(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.job_id.as_ref().is_some_and(|job| !job.is_empty()))
            .count()
    }
}
