//! Batches: any number of targets through calls that take a few each, and the jobs that these start.
//!
//! Data flows one way: a [`Work`] says what to send, the [`engine`] sends it part by part and follows the jobs, a
//! [`Run`] hands over one [`Outcome`] per target.

pub(crate) mod builder;
pub(crate) mod engine;
mod halving;
pub(crate) mod judge;
pub(crate) mod observer;
pub(crate) mod outcome;
pub(crate) mod plan;
mod poller;
pub(crate) mod ready;
pub(crate) mod recorded;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod share;
pub(crate) mod survey;
pub(crate) mod ticket;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cph_core::{JobId, Operation, RequestId};
use futures_util::future::BoxFuture;

use self::{
    outcome::{NotSentReason, UnconfirmedReason},
    ready::Ready,
    share::Share,
};
use crate::{Client, Error};

/// How long a job may take unless told otherwise (assumed: jobs-end-within-30-minutes).
pub(crate) const JOB_TIMEOUT: Duration = Duration::from_mins(30);

/// A batch operation, described: the engine knows no more of it than this.
pub(crate) struct Work {
    pub(crate) operation: &'static Operation,
    /// The targets' ids, each once.
    pub(crate) targets: Vec<Arc<str>>,
    /// Which targets may share a call: those of the same number.
    pub(crate) groups: Vec<usize>,
    /// Which targets are on the same physical server, where that is known: those of the same number.
    pub(crate) servers: Vec<Option<usize>>,
    /// Targets that are not to be sent, and why.
    pub(crate) held_back: BTreeMap<usize, NotSentReason>,
    pub(crate) send: SendPart,
}

/// Makes the call for the targets at these places.
pub(crate) type SendPart =
    Box<dyn Fn(Client, &[usize]) -> BoxFuture<'static, Result<Answer, Error>> + Send + Sync>;

/// What one call answered.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) entries: Vec<observer::Entry>,
}

impl Answer {
    /// The call's id stands in the body, and in the header should the body lack it.
    pub(crate) fn new(
        in_body: Option<String>,
        in_header: Option<String>,
        entries: impl IntoIterator<Item = observer::Entry>,
    ) -> Self {
        let request_id = [in_body, in_header].into_iter().flatten().find_map(|id| id.parse().ok());
        Self { request_id, entries: entries.into_iter().collect() }
    }
}

/// What a call answered that names a job or an error for each target, whose id stands in `$id`.
macro_rules! jobs {
    ($reply:expr, $id:ident) => {{
        let reply = $reply;
        let entries = reply.body.jobs.unwrap_or_default().into_iter().map(|job| $crate::Entry {
            target: job.$id,
            job_id: job.job_id,
            error_code: job.error_code,
            error_msg: job.error_msg,
            ..Default::default()
        });
        $crate::batch::Answer::new(reply.body.request_id, reply.request_id, entries)
    }};
}

pub(crate) use jobs;

/// How a run goes about it.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Targets in one call.
    pub(crate) part: usize,
    /// Calls on the wire at once.
    pub(crate) in_flight: usize,
    /// Targets sent and not yet settled, at once.
    pub(crate) max_down: usize,
    /// The same on one physical server.
    pub(crate) per_server: Option<usize>,
    /// Steps of which each is awaited before the next, as shares of all targets.
    pub(crate) canary: Vec<Share>,
    /// More errors than this stop the run.
    pub(crate) max_errors: Option<Share>,
    /// How long a job may take, from the answer that accepted it.
    pub(crate) job_timeout: Duration,
    /// What must hold of a phone once its job has ended well.
    pub(crate) ready: Option<Ready>,
    /// When the run ends, whatever its jobs do.
    pub(crate) deadline: Option<SystemTime>,
    /// Whether a refused call is taken to have started nothing.
    pub(crate) trust_refusal: bool,
}

/// Where an earlier process left a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never sent, or turned away without effect.
    Unsent,
    /// Sent, and no answer was recorded.
    Sent,
    /// Accepted with a job.
    Waiting { request_id: RequestId, job_id: JobId, since: SystemTime },
    /// Its entry was lost; jobs under the request id may tell.
    Looking { request_id: RequestId, since: SystemTime, reason: UnconfirmedReason },
    /// Nothing more will be known.
    Settled { is_error: bool },
}
