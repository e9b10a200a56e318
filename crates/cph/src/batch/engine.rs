//! The run loop: it owns sending, polling and outcomes. One task per run.
//!
//! ```text
//! gate open? -> observer.before -> send -> observer.after -> poll what is due -> settle -> next gate
//! ```

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cph_core::{JobFamily, JobId, JobStatus, RequestId, Scope};
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt as _},
};
use tokio::sync::{mpsc, watch};

use super::{
    Answer, Options, Work,
    halving::{Halving, Verdict},
    observer::{Entry, Observer, Part, PartAnswer},
    outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
    poller::{self, Asked},
    ticket::OpenJob,
};
use crate::{Client, Delivery, Error};

/// How long jobs of a call whose answer was lost may take to show up under its request id.
const LOOKING: Duration = Duration::from_secs(120);

/// The first look at new jobs, and how often to look until some have ended.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// How often to look at the least and at the most, once it is known how long the jobs take.
const INTERVAL: std::ops::Range<Duration> = Duration::from_secs(2)..Duration::from_secs(30);

/// A target has settled: sent to the handle.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) target: usize,
    pub(crate) fate: Fate,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) job_id: Option<JobId>,
    pub(crate) took: Option<Duration>,
}

/// Where a target stands.
#[derive(Debug, Clone)]
enum State {
    Unsent,
    Sent,
    /// In a refused part that is being halved.
    Refused(Fault),
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
    stop: watch::Receiver<bool>,
    open_jobs: Arc<Mutex<Vec<OpenJob>>>,

    states: Vec<State>,
    places: HashMap<String, usize>,
    /// Unsent targets, in order.
    queue: VecDeque<usize>,
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
        stop: watch::Receiver<bool>,
        open_jobs: Arc<Mutex<Vec<OpenJob>>>,
    ) -> Self {
        let n = work.targets.len();
        let part_size = options.part.min(options.max_down);
        Self {
            places: work.targets.iter().cloned().zip(0..).collect(),
            client,
            work,
            options,
            observer,
            out,
            stop,
            open_jobs,
            states: vec![State::Unsent; n],
            queue: (0..n).collect(),
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
        }
    }

    /// Puts the targets of a ticket where an earlier run left them; nothing will be sent.
    pub(crate) fn resume(&mut self, jobs: Vec<OpenJob>) {
        self.queue.clear();
        let now = self.client.clock().now();
        for (target, job) in jobs.into_iter().enumerate() {
            let since = job.since();
            self.down += 1;
            self.states[target] = match job.job_id {
                Some(job_id) => self.waiting(job.request_id, job_id, since),
                None => State::Looking {
                    request_id: job.request_id,
                    since,
                    expires: self.before_deadline(now + LOOKING),
                    reason: UnconfirmedReason::NotInAnswer,
                },
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
                }
                () = wait(&self.client, wake) => {
                    if self.past_deadline() && self.stopped.is_none() {
                        self.halt(NotSentReason::Deadline);
                    }
                }
            }
        }
    }

    // --- sending

    /// The next part, if the gate is open for it.
    fn next_part(&mut self, in_flight: usize) -> Option<Vec<usize>> {
        if self.past_deadline() && self.stopped.is_none() {
            self.halt(NotSentReason::Deadline);
        }
        if self.stopped.is_some() || in_flight >= self.options.in_flight {
            return None;
        }
        // A part is halved one piece at a time, and a run that has started nobody yet feels its way.
        let alone = !self.proven || self.halving.is_some() || !self.refused_parts.is_empty();
        if alone && in_flight > 0 || !self.proven && self.is_looking() {
            return None;
        }
        if self.halving.is_none() {
            self.halving = self.refused_parts.pop_front().map(Halving::new);
        }
        if let Some(halving) = &mut self.halving {
            match halving.next() {
                Some(piece) => return Some(piece),
                None => self.halving = None,
            }
            return self.next_part(in_flight);
        }
        let size = self.part_size.min(self.queue.len());
        if size == 0 || self.down + size > self.options.max_down {
            return None;
        }
        Some(self.queue.drain(..size).collect())
    }

    /// Tells the observer and makes the call.
    fn send(&mut self, targets: Vec<usize>) -> Option<Sending> {
        let part = Part {
            number: self.parts_sent + 1,
            targets: targets.iter().map(|&target| self.work.targets[target].clone()).collect(),
            unsent: self.queue.len(),
        };
        if let Err(error) = self.observer.before(&part) {
            let reason = NotSentReason::Observer(error.to_string());
            for target in targets {
                let fate = match &self.states[target] {
                    State::Refused(fault) => Fate::Refused(fault.clone()),
                    _ => Fate::NotSent(reason.clone()),
                };
                self.settle(target, fate);
            }
            self.halt(reason);
            return None;
        }
        self.parts_sent += 1;
        self.down += targets.len();
        for &target in &targets {
            self.states[target] = State::Sent;
        }
        let call = (self.work.send)(self.client.clone(), targets.clone());
        Some(Box::pin(async move {
            let result = call.await;
            (part, targets, result)
        }))
    }

    fn answered(&mut self, part: &Part, targets: &[usize], result: Result<Answer, Error>) {
        let answer = match &result {
            Ok(answer) => PartAnswer {
                request_id: answer.request_id.as_ref().map(RequestId::as_str),
                entries: &answer.entries,
                error: None,
            },
            Err(error) => {
                PartAnswer { request_id: error.request_id(), entries: &[], error: Some(error) }
            }
        };
        self.observer.after(part, answer);
        match result {
            Ok(answer) => self.accepted(targets, answer),
            Err(error) => match error.delivery() {
                Delivery::NotSent => self.never_left(targets, &error),
                Delivery::Refused => self.refused(targets, &error),
                Delivery::Unknown => self.lost(targets, &error),
            },
        }
        self.publish();
    }

    /// An answer with an entry per target, more or less.
    fn accepted(&mut self, targets: &[usize], answer: Answer) {
        let now = self.client.clock().now();
        let mut entries: HashMap<usize, Entry> = HashMap::new();
        for entry in answer.entries {
            let place = entry.target.as_ref().and_then(|target| self.places.get(target)).copied();
            let Some(target) = place.filter(|target| targets.contains(target)) else {
                tracing::warn!(
                    target = entry.target,
                    "the answer speaks of a target that was not asked for"
                );
                continue;
            };
            // Doubled entries: one with a job outranks one without, the first outranks the later.
            let kept = entries.entry(target).or_default();
            if kept.job_id.is_none() && (kept.target.is_none() || entry.job_id.is_some()) {
                *kept = entry;
            }
        }
        let (mut started, mut forgotten) = (0, 0);
        let mut codes = BTreeSet::new();
        for &target in targets {
            let entry = entries.remove(&target).unwrap_or_default();
            let job_id = entry.job_id.as_deref().and_then(|job_id| job_id.parse::<JobId>().ok());
            match (job_id, answer.request_id.clone()) {
                (Some(job_id), Some(request_id)) => {
                    started += 1;
                    self.states[target] = self.waiting(request_id, job_id, now);
                }
                (None, request_id)
                    if entry.error_code.as_ref().is_some_and(|code| !code.is_empty()) =>
                {
                    let fault = Fault::new(entry.error_code.as_deref(), entry.error_msg.as_deref());
                    codes.insert(fault.code.clone());
                    self.settle_in(target, Fate::Refused(fault), request_id, None);
                }
                (_, request_id) => {
                    forgotten += 1;
                    self.look_for(target, request_id, UnconfirmedReason::NotInAnswer);
                }
            }
        }
        if let Some(halving) = &mut self.halving {
            halving.accepted();
        }
        let first = !self.proven;
        self.proven |= started > 0;
        let about_targets =
            targets.len() == 1 && codes.iter().all(|code| code.scope() == Scope::Target);
        if first && (forgotten > 0 || started == 0 && codes.len() == 1 && !about_targets) {
            self.halt(NotSentReason::FirstPart);
        }
        self.look_soon(now);
    }

    fn never_left(&mut self, targets: &[usize], error: &Error) {
        let reason = NotSentReason::NoConnection(chain(error));
        for &target in targets {
            self.settle(target, Fate::NotSent(reason.clone()));
        }
        if let Some(halving) = &mut self.halving {
            halving.accepted();
        }
        if !self.proven {
            self.halt(reason);
        }
    }

    /// The whole call was refused, with an effect of none.
    fn refused(&mut self, targets: &[usize], error: &Error) {
        let fault = Fault::of(error);
        let request_id = error.request_id().and_then(|id| id.parse().ok());
        if !self.options.trust_refusal {
            for &target in targets {
                self.settle_in(
                    target,
                    Fate::Unconfirmed(UnconfirmedReason::RefusalNotTrusted(fault.clone())),
                    request_id.clone(),
                    None,
                );
            }
            self.halt(NotSentReason::Refused(fault));
            return;
        }
        let scope = error.code().map_or(Scope::Call, |code| code.scope());
        if scope == Scope::Size && targets.len() > 1 && self.halving.is_none() {
            self.down -= targets.len();
            self.part_size = targets.len().div_ceil(2);
            for &target in targets.iter().rev() {
                self.states[target] = State::Unsent;
                self.queue.push_front(target);
            }
            return;
        }
        for &target in targets {
            self.states[target] = State::Refused(fault.clone());
        }
        self.down -= targets.len();
        if scope == Scope::Target {
            match &mut self.halving {
                Some(halving) => match halving.refused(targets.to_vec(), fault.code.clone()) {
                    Verdict::Halve => return,
                    Verdict::Culprit(target) => {
                        return self.settle_in(target, Fate::Refused(fault), request_id, None);
                    }
                    Verdict::GiveUp(left) => {
                        for target in left {
                            self.settle_refused(target);
                        }
                    }
                },
                None if targets.len() > 1 => return self.refused_parts.push_back(targets.to_vec()),
                None => return self.settle_in(targets[0], Fate::Refused(fault), request_id, None),
            }
        }
        for &target in targets {
            self.settle_refused(target);
        }
        self.halt(NotSentReason::Refused(fault));
    }

    /// Nobody knows whether the call was carried out; its request id may tell.
    fn lost(&mut self, targets: &[usize], error: &Error) {
        let request_id: Option<RequestId> = error.request_id().and_then(|id| id.parse().ok());
        let reason = UnconfirmedReason::AnswerLost(chain(error));
        for &target in targets {
            self.look_for(target, request_id.clone(), reason.clone());
        }
        if let Some(halving) = &mut self.halving {
            halving.accepted();
        }
        if !self.proven && request_id.is_none() {
            self.halt(NotSentReason::FirstPart);
        }
        self.look_soon(self.client.clock().now());
    }

    /// Sends nothing more. What was not sent settles now; what runs is waited for.
    fn halt(&mut self, reason: NotSentReason) {
        if self.stopped.is_none() {
            tracing::debug!(%reason, "nothing more is sent");
        }
        let reason = self.stopped.get_or_insert(reason).clone();
        while let Some(target) = self.queue.pop_front() {
            self.settle(target, Fate::NotSent(reason.clone()));
        }
        let rest = self.halving.take().map_or_else(Vec::new, |mut halving| halving.rest());
        for target in self.refused_parts.drain(..).flatten().chain(rest).collect::<Vec<_>>() {
            self.settle_refused(target);
        }
    }

    // --- following jobs

    fn waiting(&self, request_id: RequestId, job_id: JobId, since: SystemTime) -> State {
        let expires = self.before_deadline(since + self.options.job_timeout);
        State::Waiting { request_id, job_id, since, expires, seen_running: false }
    }

    /// The target's entry was lost: look for its job, or leave it unconfirmed where there is no id to look under.
    fn look_for(
        &mut self,
        target: usize,
        request_id: Option<RequestId>,
        reason: UnconfirmedReason,
    ) {
        let now = self.client.clock().now();
        match request_id {
            Some(request_id) => {
                self.states[target] = State::Looking {
                    request_id,
                    since: now,
                    expires: self.before_deadline(now + LOOKING),
                    reason,
                };
            }
            None => self.settle(target, Fate::Unconfirmed(reason)),
        }
    }

    fn before_deadline(&self, time: SystemTime) -> SystemTime {
        self.options.deadline.map_or(time, |deadline| deadline.min(time))
    }

    fn past_deadline(&self) -> bool {
        self.options.deadline.is_some_and(|deadline| deadline <= self.client.clock().now())
    }

    fn is_looking(&self) -> bool {
        self.states.iter().any(|state| matches!(state, State::Looking { .. }))
    }

    fn look_soon(&mut self, now: SystemTime) {
        let look = now + FIRST_LOOK.min(self.interval());
        self.next_look = Some(self.next_look.map_or(look, |next| next.min(look)));
    }

    /// How long between two looks: a quarter of what jobs were seen to take.
    fn interval(&self) -> Duration {
        let (ended, total) = self.ended_jobs;
        if ended == 0 {
            FIRST_LOOK
        } else {
            (total / ended / 4).clamp(INTERVAL.start, INTERVAL.end)
        }
    }

    /// A sweep over the request ids of everything that is open.
    fn look(&mut self) -> Option<Sweep> {
        self.next_look = None;
        let request_ids: BTreeSet<RequestId> = self
            .states
            .iter()
            .filter_map(|state| match state {
                State::Looking { request_id, .. } | State::Waiting { request_id, .. } => {
                    Some(request_id.clone())
                }
                _ => None,
            })
            .collect();
        if request_ids.is_empty() {
            return None;
        }
        let started = self.client.clock().now();
        let sweep = poller::sweep(self.client.clone(), request_ids.into_iter().collect());
        Some(Box::pin(async move { (started, sweep.await) }))
    }

    fn looked(&mut self, started: SystemTime, asked: Vec<Asked>) {
        let family = self.work.operation.job_family.unwrap_or(JobFamily::Phone);
        for Asked { request_ids, answer } in asked {
            let request_ids: BTreeSet<RequestId> = request_ids.into_iter().collect();
            let open: Vec<usize> = self.under(&request_ids);
            if let Ok(jobs) = &answer {
                let by_job: HashMap<JobId, usize> = open
                    .iter()
                    .filter_map(|&target| match &self.states[target] {
                        State::Waiting { job_id, .. } => Some((job_id.clone(), target)),
                        _ => None,
                    })
                    .collect();
                for job in jobs {
                    let place =
                        by_job.get(&job.job_id).copied().or_else(|| self.found(job, family, &open));
                    if let Some(target) = place {
                        self.seen(target, job);
                    }
                }
            }
            let failure = answer.err().map(|error| chain(&error));
            for target in open {
                self.expire(target, started, failure.as_deref());
            }
        }
        if !self.proven
            && self.stopped.is_none()
            && !self.is_looking()
            && self.parts_sent > 0
            && self.down == 0
        {
            self.halt(NotSentReason::FirstPart);
        }
        if self.down > 0 {
            let jitter = 0.9 + 0.2 * (self.client.draw() as f64 / u64::MAX as f64);
            self.next_look = Some(self.client.clock().now() + self.interval().mul_f64(jitter));
        }
        self.publish();
    }

    /// Open targets under any of these request ids.
    fn under(&self, request_ids: &BTreeSet<RequestId>) -> Vec<usize> {
        self.states
            .iter()
            .enumerate()
            .filter_map(|(target, state)| match state {
                State::Looking { request_id, .. } | State::Waiting { request_id, .. }
                    if request_ids.contains(request_id) =>
                {
                    Some(target)
                }
                _ => None,
            })
            .collect()
    }

    /// A target whose entry was lost, and whose job this is.
    fn found(&mut self, job: &crate::Job, family: JobFamily, open: &[usize]) -> Option<usize> {
        let target = *self.places.get(poller::target(job, family)?)?;
        let State::Looking { request_id, since, .. } = &self.states[target] else {
            return None;
        };
        if !open.contains(&target) {
            return None;
        }
        self.states[target] = self.waiting(request_id.clone(), job.job_id.clone(), *since);
        self.proven = true;
        Some(target)
    }

    fn seen(&mut self, target: usize, job: &crate::Job) {
        let State::Waiting { request_id, job_id, since, seen_running, .. } =
            &mut self.states[target]
        else {
            return;
        };
        let fate = match job.status {
            JobStatus::Success => Fate::Done,
            JobStatus::Failed => {
                Fate::Failed(Fault::new(job.error_code.as_deref(), job.error_msg.as_deref()))
            }
            _ => {
                *seen_running = true;
                return;
            }
        };
        let took = self.client.clock().now().duration_since(*since).unwrap_or_default();
        let (request_id, job_id) = (request_id.clone(), job_id.clone());
        self.ended_jobs.0 += 1;
        self.ended_jobs.1 += job.ran().unwrap_or(took);
        self.settle_in(target, fate, Some(request_id), Some((job_id, took)));
    }

    /// Settles an open target whose patience was over when the look began.
    fn expire(&mut self, target: usize, looked: SystemTime, failure: Option<&str>) {
        let asking_failed = |failure: &str| UnconfirmedReason::AskingFailed(failure.to_owned());
        match self.states[target].clone() {
            State::Waiting { request_id, job_id, since, expires, seen_running }
                if expires <= looked =>
            {
                let fate = match failure {
                    _ if seen_running => Fate::StillRunning,
                    Some(failure) => Fate::Unconfirmed(asking_failed(failure)),
                    None => Fate::Unconfirmed(UnconfirmedReason::JobNotFound),
                };
                let took = looked.duration_since(since).unwrap_or_default();
                self.settle_in(target, fate, Some(request_id), Some((job_id, took)));
            }
            State::Looking { request_id, expires, reason, .. } if expires <= looked => {
                self.settle_in(target, Fate::Unconfirmed(reason), Some(request_id), None);
            }
            _ => {}
        }
    }

    /// When to look next: as planned, or earlier where somebody's patience ends.
    fn look_due(&self) -> Option<SystemTime> {
        let expiries = self.states.iter().filter_map(|state| match state {
            State::Looking { expires, .. } | State::Waiting { expires, .. } => Some(*expires),
            _ => None,
        });
        self.next_look.into_iter().chain(expiries).min()
    }

    // --- settling

    fn settle(&mut self, target: usize, fate: Fate) {
        self.settle_in(target, fate, None, None);
    }

    fn settle_refused(&mut self, target: usize) {
        if let State::Refused(fault) = self.states[target].clone() {
            self.settle(target, Fate::Refused(fault));
        }
    }

    /// The one place where an outcome comes into being: a settled target stays settled.
    fn settle_in(
        &mut self,
        target: usize,
        fate: Fate,
        request_id: Option<RequestId>,
        job: Option<(JobId, Duration)>,
    ) {
        match std::mem::replace(&mut self.states[target], State::Settled) {
            State::Settled => return,
            State::Sent | State::Looking { .. } | State::Waiting { .. } => self.down -= 1,
            State::Unsent | State::Refused(_) => {}
        }
        self.unsettled -= 1;
        let (job_id, took) = job.unzip();
        // A handle that is gone needs no outcomes.
        let _gone = self.out.send(Settled { target, fate, request_id, job_id, took });
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

/// An error with everything behind it, in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
