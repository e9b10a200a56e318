//! The run loop: it owns sending, polling and outcomes. One task per run.
//!
//! ```text
//! gate open? -> observer.before -> send -> observer.after -> poll what is due -> settle -> next gate
//! ```

mod down;
mod following;
mod sending;
mod steps;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cph_core::{JobId, RequestId};
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt as _},
};
use tokio::sync::{mpsc, watch};

use self::{down::Down, following::LOOKING, steps::Steps};
use super::{
    Answer, Options, Standing, Work,
    halving::Halving,
    observer::{Observer, Part, Settlement},
    outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
    plan::Plan,
    poller::{Asked, Call},
    ticket::OpenJob,
};
use crate::{Client, Error, Job, clock::after};

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
    /// Its job has ended well; whether it is ready remains to be seen.
    Checking {
        trace: Trace,
        since: SystemTime,
        expires: SystemTime,
        /// What it lacked at the last look.
        lacks: String,
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
    open_jobs: OpenJobs,

    states: Vec<State>,
    /// The place of each target by its id (assumed: ids-come-back-as-sent).
    places: HashMap<Arc<str>, usize>,
    /// Unsent targets, in order.
    queue: VecDeque<usize>,
    /// Refused parts waiting to be halved, and the search that is under way.
    refused_parts: VecDeque<Vec<usize>>,
    halving: Option<Halving>,
    steps: Steps,
    down: Down,
    /// Targets that jobs are looked for.
    open: BTreeSet<usize>,
    unsettled: usize,
    part_size: usize,
    parts_sent: usize,
    /// Parts of this process, and how many of their calls are on the wire.
    parts_tried: usize,
    in_flight: usize,
    /// Some target was accepted: the run no longer goes one part at a time.
    proven: bool,
    /// Why nothing more is sent.
    stopped: Option<NotSentReason>,
    /// What the sweep that is under way has yet to ask, and what it has found so far.
    queries: VecDeque<Vec<Call>>,
    calls_per_sweep: u32,
    missing: BTreeSet<JobId>,
    silence: Option<String>,
    next_look: Option<SystemTime>,
    last_look: Option<SystemTime>,
    /// Since when calls have been lost and none was answered.
    silent_since: Option<SystemTime>,
    /// Since when no call of a part has left.
    none_left_since: Option<SystemTime>,
    /// How many jobs each call started.
    jobs_of: HashMap<RequestId, usize>,
    /// Of the last call that was answered: something to ask about when the line is in doubt.
    last_request: Option<RequestId>,
    /// When a target was last accepted or settled.
    last_progress: SystemTime,
    /// Count and sum of how long jobs took.
    ended_jobs: (u32, Duration),
}

/// What a ticket taken now would hold, by target.
pub(crate) type OpenJobs = Arc<Mutex<BTreeMap<usize, OpenJob>>>;

type Sending = BoxFuture<'static, (Part, Vec<usize>, Result<Answer, Error>)>;
type Look = BoxFuture<'static, (SystemTime, Looked)>;

/// What came of looking at jobs.
enum Looked {
    /// At some of those that are open: a sweep takes as many queries as it needs.
    Swept(Vec<Asked>),
    /// At some one by one, which the sweep before did not show.
    OneByOne(Vec<(JobId, Result<Job, Error>)>),
    /// At phones whose jobs have ended: what each lacks, if anything.
    Phones(Vec<(String, Option<String>)>),
}

impl Engine {
    pub(crate) fn new(
        client: Client,
        work: Work,
        options: Options,
        observer: Box<dyn Observer>,
        out: mpsc::UnboundedSender<Settled>,
        stop: watch::Receiver<Stop>,
        open_jobs: OpenJobs,
    ) -> Self {
        let n = work.targets.len();
        let sendable: Vec<usize> =
            (0..n).filter(|target| !work.held_back.contains_key(target)).collect();
        let plan = Plan::new(&sendable, &work.groups, &work.servers, &options.canary);
        Self {
            places: work.targets.iter().cloned().zip(0..).collect(),
            queue: plan.order.iter().copied().collect(),
            steps: Steps::new(plan, options.max_errors),
            down: Down::new(&work.servers),
            last_progress: client.clock().now(),
            client,
            part_size: options.part.min(options.max_down),
            options,
            observer,
            out,
            stop,
            open_jobs,
            states: vec![State::Unsent; n],
            refused_parts: VecDeque::new(),
            halving: None,
            open: BTreeSet::new(),
            unsettled: n,
            parts_sent: 0,
            parts_tried: 0,
            in_flight: 0,
            proven: false,
            stopped: None,
            queries: VecDeque::new(),
            calls_per_sweep: 0,
            missing: BTreeSet::new(),
            silence: None,
            next_look: None,
            last_look: None,
            silent_since: None,
            none_left_since: None,
            jobs_of: HashMap::new(),
            last_request: None,
            ended_jobs: (0, Duration::ZERO),
            work,
        }
    }

    /// Puts the targets where an earlier process left them; patience counts anew. Those of which nothing more will be known
    /// have no outcome in this run.
    pub(crate) fn restore(&mut self, standings: Vec<Standing>, parts_sent: usize) {
        self.parts_sent = parts_sent;
        let now = self.client.clock().now();
        for (target, standing) in standings.into_iter().enumerate() {
            let state = match standing {
                Standing::Unsent => continue,
                Standing::Settled { is_error } => {
                    self.steps.settled(target, is_error);
                    self.unsettled -= 1;
                    State::Settled
                }
                Standing::Sent => State::Sent,
                Standing::Waiting { request_id, job_id, since } => {
                    let expires = self.before_deadline(after(now, self.options.job_timeout));
                    State::Waiting { request_id, job_id, since, expires, seen_running: false }
                }
                Standing::Looking { request_id, since, reason } => {
                    let expires = self.before_deadline(now + LOOKING.min(self.options.job_timeout));
                    State::Looking { request_id, since, expires, reason }
                }
            };
            if !matches!(state, State::Settled) {
                self.down.add(target);
            }
            self.set(target, state);
        }
        let states = &self.states;
        self.queue.retain(|&target| matches!(states[target], State::Unsent));
        self.next_look = Some(now);
    }

    pub(crate) async fn run(mut self) {
        let mut sends: FuturesUnordered<Sending> = FuturesUnordered::new();
        let mut look: Option<Look> = None;
        let mut handle_dropped = false;
        self.settle_held_back();
        loop {
            self.down.forget(self.client.clock().now());
            while let Some(targets) = self.next_part() {
                sends.extend(self.send(targets));
            }
            if sends.is_empty() && (self.unsettled == 0 || handle_dropped) {
                return;
            }
            if look.is_none() && self.look_due().is_some_and(|due| due <= self.client.clock().now())
            {
                look = self.look();
                if look.is_none() {
                    continue;
                }
            }
            let deadline = self.options.deadline.filter(|_| self.stopped.is_none());
            let due = if look.is_some() { None } else { self.look_due() };
            let wake = deadline.into_iter().chain(due).chain(self.down.frees_at()).min();
            tokio::select! {
                biased;
                Some((part, targets, result)) = sends.next(), if !sends.is_empty() => self.answered(&part, &targets, result),
                Some((started, looked)) = option(&mut look) => {
                    look = match looked {
                        Looked::Swept(asked) => self.swept(started, asked),
                        Looked::OneByOne(asked) => self.asked_one_by_one(started, asked),
                        Looked::Phones(found) => {
                            self.checked(started, found);
                            None
                        }
                    };
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
                State::Checking { trace, lacks, .. } => {
                    let reason = UnconfirmedReason::NotReady(lacks);
                    self.settle_in(target, Fate::Unconfirmed(reason), trace);
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
        match self.set(target, State::Settled) {
            State::Settled => return,
            State::Sent
            | State::Looking { .. }
            | State::Waiting { .. }
            | State::Checking { .. } => {
                let may_be_down = matches!(fate, Fate::Unconfirmed(_));
                self.down.remove(target, may_be_down.then(|| self.down_for()));
            }
            State::Unsent | State::Refused { .. } => {}
        }
        self.unsettled -= 1;
        self.last_progress = self.client.clock().now();
        let id = &self.work.targets[target];
        tracing::debug!(target = &**id, %fate, "settled");
        self.observer.settled(&Settlement {
            target: id,
            fate: &fate,
            request_id: trace.request_id.as_ref(),
            job_id: trace.job_id.as_ref(),
            took: trace.took,
        });
        self.steps.settled(target, fate.is_error());
        // A handle that is gone needs no outcomes.
        let _gone = self.out.send(Settled { target, fate, trace });
        self.brake();
    }

    /// Sends nothing more once there are too many errors.
    fn brake(&mut self) {
        if let Some(errors) = self.steps.too_many_errors().filter(|_| self.stopped.is_none()) {
            self.halt(NotSentReason::TooManyErrors(errors));
        }
    }

    /// Puts a target into another state and returns the one it was in.
    fn set(&mut self, target: usize, state: State) -> State {
        let open = match &state {
            State::Looking { request_id, since, .. } => Some((request_id, None, *since)),
            State::Waiting { request_id, job_id, since, .. } => {
                Some((request_id, Some(job_id), *since))
            }
            State::Checking { trace, since, .. } => trace
                .request_id
                .as_ref()
                .map(|request_id| (request_id, trace.job_id.as_ref(), *since)),
            _ => None,
        };
        let mut open_jobs = self.open_jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((request_id, job_id, since)) = open {
            let job = OpenJob::new(&self.work.targets[target], request_id, job_id, since);
            open_jobs.insert(target, job);
            self.open.insert(target);
        } else if self.open.remove(&target) {
            open_jobs.remove(&target);
        }
        drop(open_jobs);
        std::mem::replace(&mut self.states[target], state)
    }

    /// Those that are not to be sent, and those that an earlier process sent without hearing of them.
    fn settle_held_back(&mut self) {
        for (target, reason) in std::mem::take(&mut self.work.held_back) {
            self.settle(target, Fate::NotSent(reason));
        }
        for target in 0..self.states.len() {
            if matches!(self.states[target], State::Sent) {
                self.settle(target, Fate::Unconfirmed(UnconfirmedReason::CutOff));
            }
        }
        self.brake();
    }
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
