//! The run loop: it owns sending, polling and outcomes. One task per run.
//!
//! ```text
//! gate open? -> observer.before -> send -> observer.after -> poll what is due -> settle -> next gate
//! ```

mod following;
mod sending;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cph_core::{JobId, RequestId};
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt as _},
};
use tokio::sync::{mpsc, watch};

use self::following::LOOKING;
use super::{
    Answer, Options, Work,
    halving::Halving,
    observer::{Observer, Part},
    outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
    poller::Asked,
    ticket::OpenJob,
};
use crate::{Client, Error, clock::after};

/// A target has settled: sent to the handle.
#[derive(Debug)]
pub struct Settled {
    pub(crate) target: usize,
    pub(crate) fate: Fate,
    pub(crate) trace: Trace,
}

/// What can be told of a target besides its fate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) job_id: Option<JobId>,
    pub(crate) took: Option<Duration>,
    pub(crate) output: Option<String>,
}

impl Trace {
    fn call(request_id: Option<RequestId>) -> Self {
        Self { request_id, ..Self::default() }
    }

    fn job(request_id: RequestId, job_id: JobId, took: Duration) -> Self {
        Self { job_id: Some(job_id), took: Some(took), ..Self::call(Some(request_id)) }
    }

    fn printing(self, output: Option<String>) -> Self {
        Self { output: output.filter(|output| !output.is_empty()), ..self }
    }
}

/// What the handle asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Nothing,
    Sending,
    Leaving,
}

/// Where a target stands.
#[derive(Debug, Clone)]
enum State {
    Unsent,
    Sent,
    /// In a refused part that is being halved.
    Refused {
        fault: Fault,
        request_id: Option<RequestId>,
    },
    /// Sent, but its entry was lost: jobs under the request id may tell.
    Looking {
        request_id: RequestId,
        since: SystemTime,
        expires: SystemTime,
        reason: UnconfirmedReason,
    },
    /// Accepted with a job.
    Waiting {
        request_id: RequestId,
        job_id: JobId,
        since: SystemTime,
        expires: SystemTime,
        seen_running: bool,
    },
    Settled,
}

pub(crate) struct Engine {
    client: Client,
    work: Work,
    options: Options,
    observer: Box<dyn Observer>,
    out: mpsc::UnboundedSender<Settled>,
    stop: watch::Receiver<Stop>,
    open_jobs: Arc<Mutex<Vec<OpenJob>>>,

    states: Vec<State>,
    /// The place of each target by its id (assumed: ids-come-back-as-sent).
    places: HashMap<String, usize>,
    /// Unsent targets, in order.
    queue: VecDeque<usize>,
    /// Which targets may share a call: those of the same number.
    groups: Vec<usize>,
    /// Refused parts waiting to be halved, and the search that is under way.
    refused_parts: VecDeque<Vec<usize>>,
    halving: Option<Halving>,
    /// Targets that are sent and not settled.
    down: usize,
    unsettled: usize,
    part_size: usize,
    parts_sent: usize,
    /// Some target was accepted: the run no longer goes one part at a time.
    proven: bool,
    /// Why nothing more is sent.
    stopped: Option<NotSentReason>,
    next_look: Option<SystemTime>,
    /// Count and sum of how long jobs took.
    ended_jobs: (u32, Duration),
}

type Sending = BoxFuture<'static, (Part, Vec<usize>, Result<Answer, Error>)>;
type Sweep = BoxFuture<'static, (SystemTime, Vec<Asked>)>;

impl Engine {
    pub(crate) fn new(
        client: Client,
        work: Work,
        options: Options,
        observer: Box<dyn Observer>,
        out: mpsc::UnboundedSender<Settled>,
        stop: watch::Receiver<Stop>,
        open_jobs: Arc<Mutex<Vec<OpenJob>>>,
    ) -> Self {
        let n = work.targets.len();
        let part_size = options.part.min(options.max_down);
        Self {
            places: work.targets.iter().cloned().zip(0..).collect(),
            client,
            options,
            observer,
            out,
            stop,
            open_jobs,
            states: vec![State::Unsent; n],
            queue: work.groups.concat().into(),
            groups: group_numbers(&work.groups, n),
            refused_parts: VecDeque::new(),
            halving: None,
            down: 0,
            unsettled: n,
            part_size,
            parts_sent: 0,
            proven: false,
            stopped: None,
            next_look: None,
            ended_jobs: (0, Duration::ZERO),
            work,
        }
    }

    /// Puts the targets of a ticket where an earlier run left them; nothing will be sent, and patience counts anew.
    pub(crate) fn resume(&mut self, jobs: Vec<OpenJob>) {
        self.queue.clear();
        let now = self.client.clock().now();
        for (target, job) in jobs.into_iter().enumerate() {
            let since = job.since();
            let request_id = job.request_id;
            self.down += 1;
            self.states[target] = if let Some(job_id) = job.job_id {
                let expires = self.before_deadline(after(now, self.options.job_timeout));
                State::Waiting { request_id, job_id, since, expires, seen_running: false }
            } else {
                let expires = self.before_deadline(now + LOOKING);
                let reason = UnconfirmedReason::NotInAnswer;
                State::Looking { request_id, since, expires, reason }
            };
        }
        self.next_look = Some(now);
        self.publish();
    }

    pub(crate) async fn run(mut self) {
        let mut sends: FuturesUnordered<Sending> = FuturesUnordered::new();
        let mut sweep: Option<Sweep> = None;
        let mut handle_dropped = false;
        loop {
            while let Some(targets) = self.next_part(sends.len()) {
                sends.extend(self.send(targets));
            }
            if sends.is_empty() && (self.unsettled == 0 || handle_dropped) {
                return;
            }
            if sweep.is_none()
                && self.look_due().is_some_and(|look| look <= self.client.clock().now())
            {
                sweep = self.look();
            }
            let deadline = self.options.deadline.filter(|_| self.stopped.is_none());
            let look = if sweep.is_some() { None } else { self.look_due() };
            let wake = deadline.into_iter().chain(look).min();
            tokio::select! {
                biased;
                Some((part, targets, result)) = sends.next(), if !sends.is_empty() => self.answered(&part, &targets, result),
                Some((started, asked)) = option(&mut sweep) => {
                    sweep = None;
                    self.looked(started, asked);
                }
                changed = self.stop.changed(), if !handle_dropped => {
                    handle_dropped = changed.is_err();
                    self.halt(NotSentReason::Stopped);
                    if *self.stop.borrow() == Stop::Leaving {
                        return self.leave();
                    }
                }
                () = wait(&self.client, wake) => {
                    if self.past_deadline() && self.stopped.is_none() {
                        self.halt(NotSentReason::Deadline);
                    }
                }
            }
        }
    }

    /// Settles everybody with what is known now.
    fn leave(&mut self) {
        for target in 0..self.states.len() {
            match self.states[target].clone() {
                State::Sent => self.settle(target, Fate::Unconfirmed(UnconfirmedReason::Left)),
                State::Looking { request_id, reason, .. } => {
                    self.settle_in(
                        target,
                        Fate::Unconfirmed(reason),
                        Trace::call(Some(request_id)),
                    );
                }
                State::Waiting { request_id, job_id, since, seen_running, .. } => {
                    let now = self.client.clock().now();
                    let took = now.duration_since(since).unwrap_or_default();
                    let fate = if seen_running {
                        Fate::StillRunning
                    } else {
                        Fate::Unconfirmed(UnconfirmedReason::Left)
                    };
                    self.settle_in(target, fate, Trace::job(request_id, job_id, took));
                }
                State::Unsent | State::Refused { .. } | State::Settled => {}
            }
        }
    }

    fn settle(&mut self, target: usize, fate: Fate) {
        self.settle_in(target, fate, Trace::default());
    }

    fn settle_refused(&mut self, target: usize) {
        if let State::Refused { fault, request_id } = self.states[target].clone() {
            self.settle_in(target, Fate::Refused(fault), Trace::call(request_id));
        }
    }

    /// The one place where an outcome comes into being: a settled target stays settled.
    fn settle_in(&mut self, target: usize, fate: Fate, trace: Trace) {
        match std::mem::replace(&mut self.states[target], State::Settled) {
            State::Settled => return,
            State::Sent | State::Looking { .. } | State::Waiting { .. } => self.down -= 1,
            State::Unsent | State::Refused { .. } => {}
        }
        self.unsettled -= 1;
        tracing::debug!(target = self.work.targets[target], %fate, "settled");
        // A handle that is gone needs no outcomes.
        let _gone = self.out.send(Settled { target, fate, trace });
    }

    /// What a ticket taken now would hold.
    fn publish(&self) {
        let open = self.states.iter().enumerate().filter_map(|(target, state)| {
            let (request_id, job_id, since) = match state {
                State::Looking { request_id, since, .. } => (request_id, None, since),
                State::Waiting { request_id, job_id, since, .. } => {
                    (request_id, Some(job_id), since)
                }
                _ => return None,
            };
            Some(OpenJob::new(&self.work.targets[target], request_id, job_id, *since))
        });
        *self.open_jobs.lock().unwrap_or_else(PoisonError::into_inner) = open.collect();
    }
}

/// The number of each target's group.
fn group_numbers(groups: &[Vec<usize>], targets: usize) -> Vec<usize> {
    let mut numbers = vec![0; targets];
    for (number, group) in groups.iter().enumerate() {
        for &target in group {
            numbers[target] = number;
        }
    }
    numbers
}

/// The future in `slot`, or never.
async fn option<T>(slot: &mut Option<BoxFuture<'static, T>>) -> Option<T> {
    match slot {
        Some(future) => Some(future.await),
        None => std::future::pending().await,
    }
}

async fn wait(client: &Client, until: Option<SystemTime>) {
    match until {
        Some(until) => {
            let left = until.duration_since(client.clock().now()).unwrap_or_default();
            client.clock().sleep(left.max(Duration::from_millis(1))).await;
        }
        None => std::future::pending().await,
    }
}
