//! Looking at jobs until they end or patience does.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::{Duration, SystemTime},
};

use cph_core::{JobFamily, JobId, JobStatus, RequestId};

use super::{Engine, Look, Looked, State, Trace};
use crate::{
    Delivery, Error, Job,
    batch::{
        outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
        poller::{self, Asked, Call},
    },
    clock::after,
};

/// How long jobs of a call whose answer was lost may take to show up under its request id, unless the caller has less patience.
/// Assumed: jobs-of-a-lost-answer-appear-within-two-minutes.
pub(super) const LOOKING: Duration = Duration::from_mins(2);

/// How long the service may be silent before a run that has started is given up.
pub(super) const OUTAGE: Duration = Duration::from_mins(10);

/// The first look at new jobs, and how often to look until some have ended; those of whole servers take longer.
const FIRST_LOOK: Duration = Duration::from_secs(5);
const FIRST_LOOK_AT_SERVERS: Duration = Duration::from_secs(15);

/// What looking at jobs may cost: a sweep of many calls is followed by a longer wait.
const TIME_PER_CALL: Duration = Duration::from_millis(100);

/// How often to look at the least and at the most, once it is known how long the jobs take.
const INTERVAL: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(2)..=Duration::from_secs(30);

impl Engine {
    pub(super) fn waiting(&self, request_id: RequestId, job_id: JobId, since: SystemTime) -> State {
        let expires = self.before_deadline(after(since, self.options.job_timeout));
        State::Waiting { request_id, job_id, since, expires, seen_running: false }
    }

    /// The target's entry was lost: look for its job, or leave it unconfirmed where there is no id to look under.
    pub(super) fn look_for(
        &mut self,
        target: usize,
        request_id: Option<RequestId>,
        reason: UnconfirmedReason,
    ) {
        let now = self.client.clock().now();
        match request_id {
            Some(request_id) => {
                let expires = self.before_deadline(now + LOOKING.min(self.options.job_timeout));
                self.set(target, State::Looking { request_id, since: now, expires, reason });
            }
            None => self.settle(target, Fate::Unconfirmed(reason)),
        }
    }

    pub(super) fn before_deadline(&self, time: SystemTime) -> SystemTime {
        self.options.deadline.map_or(time, |deadline| deadline.min(time))
    }

    pub(super) fn past_deadline(&self) -> bool {
        self.options.deadline.is_some_and(|deadline| deadline <= self.client.clock().now())
    }

    pub(super) fn is_looking(&self) -> bool {
        self.open.iter().any(|&target| matches!(self.states[target], State::Looking { .. }))
    }

    pub(super) fn look_soon(&mut self, now: SystemTime) {
        let look = now + self.interval().min(self.first_look());
        self.next_look = Some(self.next_look.map_or(look, |next| next.min(look)));
    }

    fn first_look(&self) -> Duration {
        match self.work.operation.job_family {
            Some(JobFamily::Server) => FIRST_LOOK_AT_SERVERS,
            _ => FIRST_LOOK,
        }
    }

    /// How long between two looks: a quarter of what jobs were seen to take.
    fn interval(&self) -> Duration {
        let (ended, total) = self.ended_jobs;
        if ended == 0 {
            self.first_look()
        } else {
            (total / ended / 4).clamp(*INTERVAL.start(), *INTERVAL.end())
        }
    }

    /// How long a target of which nothing more will be heard may be down.
    pub(super) fn down_for(&self) -> SystemTime {
        let (ended, total) = self.ended_jobs;
        let longest = total.checked_div(ended).unwrap_or_default() * 2;
        self.client.clock().now() + longest.max(LOOKING)
    }

    /// A sweep over the request ids of everything that is open.
    pub(super) fn look(&mut self) -> Option<Look> {
        self.next_look = None;
        let mut calls: BTreeMap<RequestId, HashSet<JobId>> = BTreeMap::new();
        let mut looked_for = BTreeSet::new();
        for &target in &self.open {
            match &self.states[target] {
                State::Looking { request_id, .. } => {
                    looked_for.insert(request_id.clone());
                    calls.entry(request_id.clone()).or_default();
                }
                State::Waiting { request_id, job_id, .. } => {
                    calls.entry(request_id.clone()).or_default().insert(job_id.clone());
                }
                _ => {}
            }
        }
        if calls.is_empty() {
            if let Some(check) = self.check() {
                return Some(check);
            }
            // Nothing to ask about but whether the service is there.
            let last = self.last_request.clone().filter(|_| self.silent_since.is_some());
            let Some(last) = last else {
                self.silent_since = None;
                return None;
            };
            calls.entry(last).or_default();
        }
        let calls = calls.into_iter().map(|(request_id, job_ids)| {
            let jobs = self.jobs_of.get(&request_id).copied().unwrap_or(job_ids.len());
            // Which jobs a call started is only known once every entry of its answer is.
            let job_ids = (!looked_for.contains(&request_id)).then_some(job_ids);
            Call { request_id, job_ids, jobs }
        });
        let started = self.client.clock().now();
        self.last_look = Some(started);
        tracing::debug!(requests = calls.len(), "looking at jobs");
        self.queries = poller::queries(calls.collect());
        let pages = self.queries.iter().map(|query| poller::pages(query));
        self.calls_per_sweep = pages.sum();
        self.next_query(started)
    }

    /// The next query of the sweep that began then.
    fn next_query(&mut self, started: SystemTime) -> Option<Look> {
        let asking = poller::ask(self.client.clone(), self.queries.pop_front()?);
        Some(Box::pin(async move { (started, Looked::Swept(asking.await)) }))
    }

    /// What a sweep has shown. Jobs that it should have shown and did not, with their patience over, are looked at one by one.
    pub(super) fn swept(&mut self, started: SystemTime, asked: Vec<Asked>) -> Option<Look> {
        let family = self.work.operation.job_family.unwrap_or(JobFamily::Phone);
        for Asked { request_ids, answer } in asked {
            let request_ids: BTreeSet<RequestId> = request_ids.into_iter().collect();
            let open: Vec<usize> = self.under(&request_ids);
            match &answer {
                Ok(jobs) => {
                    self.silent_since = None;
                    self.show(jobs, family, &open);
                }
                Err(error) if error.delivery() == Delivery::Refused => self.silent_since = None,
                Err(error) => self.silence = Some(format!("{error:#}")),
            }
            let failure = answer.err().map(|error| format!("{error:#}"));
            for target in open {
                let missing = self.expire(target, started, failure.as_deref());
                self.missing.extend(missing);
            }
        }
        if let Some(next) = self.next_query(started) {
            return Some(next);
        }
        let missing = std::mem::take(&mut self.missing);
        if let Some(error) = self.silence.take().filter(|_| self.stopped.is_none())
            && self.silent_since.is_some_and(|since| since + OUTAGE <= started)
        {
            self.halt(NotSentReason::NoConnection(error));
        }
        self.plan_next_look();
        if missing.is_empty() {
            return self.check();
        }
        let asking = poller::one_by_one(self.client.clone(), missing.into_iter().collect());
        Some(Box::pin(async move { (started, Looked::OneByOne(asking.await)) }))
    }

    /// Rows of a sweep, for the open targets under its request ids.
    fn show(&mut self, jobs: &[Job], family: JobFamily, open: &[usize]) {
        // One job may be about all targets of its call.
        let mut by_job: HashMap<JobId, Vec<usize>> = HashMap::new();
        for &target in open {
            if let State::Waiting { job_id, .. } = &self.states[target] {
                by_job.entry(job_id.clone()).or_default().push(target);
            }
        }
        let open: HashSet<usize> = open.iter().copied().collect();
        for job in jobs {
            let known = by_job.get(&job.job_id).cloned();
            let targets =
                known.unwrap_or_else(|| self.found(job, family, &open).into_iter().collect());
            for target in targets {
                self.seen(target, job);
            }
        }
    }

    /// What became of jobs that no sweep had shown.
    pub(super) fn asked_one_by_one(
        &mut self,
        started: SystemTime,
        asked: Vec<(JobId, Result<Job, Error>)>,
    ) -> Option<Look> {
        let mut answers: HashMap<JobId, Result<Job, Error>> = asked.into_iter().collect();
        for target in self.open.clone() {
            let State::Waiting { request_id, job_id, since, .. } = self.states[target].clone()
            else {
                continue;
            };
            let fate = match answers.get_mut(&job_id) {
                None => continue,
                Some(Ok(job)) => {
                    let job = job.clone();
                    self.seen(target, &job);
                    Fate::StillRunning
                }
                Some(Err(error)) if error.delivery() == Delivery::Refused => {
                    Fate::Unconfirmed(UnconfirmedReason::JobNotFound)
                }
                Some(Err(error)) => {
                    Fate::Unconfirmed(UnconfirmedReason::AskingFailed(format!("{error:#}")))
                }
            };
            if !matches!(self.states[target], State::Waiting { .. }) {
                continue;
            }
            let took = started.duration_since(since).unwrap_or_default();
            self.settle_in(target, fate, Trace::job(request_id, job_id, took));
        }
        self.plan_next_look();
        self.check()
    }

    /// A look at the phones whose jobs have ended well, where more is asked of them.
    fn check(&self) -> Option<Look> {
        let ready = self.options.ready.clone()?;
        let is_checked = |target: &usize| matches!(self.states[*target], State::Checking { .. });
        let phones: Vec<String> = self
            .open
            .iter()
            .filter(|target| is_checked(target))
            .map(|&target| self.work.targets[target].to_string())
            .collect();
        if phones.is_empty() {
            return None;
        }
        let (started, client) = (self.client.clock().now(), self.client.clone());
        Some(Box::pin(async move { (started, Looked::Phones(ready.check(client, phones).await)) }))
    }

    /// What was seen of phones whose jobs had ended well.
    pub(super) fn checked(&mut self, started: SystemTime, found: Vec<(String, Option<String>)>) {
        for (phone, why) in found {
            let Some(&target) = self.places.get(phone.as_str()) else { continue };
            let State::Checking { trace, expires, lacks, .. } = &mut self.states[target] else {
                continue;
            };
            match why {
                None => {
                    let trace = trace.clone();
                    self.settle_in(target, Fate::Done, trace);
                }
                Some(why) if *expires <= started => {
                    let trace = trace.clone();
                    let reason = UnconfirmedReason::NotReady(why);
                    self.settle_in(target, Fate::Unconfirmed(reason), trace);
                }
                Some(why) => *lacks = why,
            }
        }
        self.plan_next_look();
    }

    fn plan_next_look(&mut self) {
        let nobody_started = !self.proven && self.open.is_empty() && self.in_flight == 0;
        if nobody_started && self.parts_tried > 0 && self.stopped.is_none() {
            self.halt(NotSentReason::FirstPart);
        }
        if !self.open.is_empty() || self.silent_since.is_some() {
            let jitter = 0.9 + 0.2 * self.client.chance();
            let interval = self.interval().max(TIME_PER_CALL * self.calls_per_sweep);
            self.next_look = Some(self.client.clock().now() + interval.mul_f64(jitter));
        }
    }

    /// Open targets under any of these request ids.
    fn under(&self, request_ids: &BTreeSet<RequestId>) -> Vec<usize> {
        let is_under = |target: &usize| match &self.states[*target] {
            State::Looking { request_id, .. } | State::Waiting { request_id, .. } => {
                request_ids.contains(request_id)
            }
            _ => false,
        };
        self.open.iter().copied().filter(is_under).collect()
    }

    /// A target whose entry was lost, and whose job this is (assumed: one-job-per-target).
    fn found(&mut self, job: &Job, family: JobFamily, open: &HashSet<usize>) -> Option<usize> {
        let target = *self.places.get(poller::target(job, family)?)?;
        let State::Looking { request_id, since, .. } = &self.states[target] else {
            return None;
        };
        if !open.contains(&target) {
            return None;
        }
        let waiting = self.waiting(request_id.clone(), job.job_id.clone(), *since);
        self.set(target, waiting);
        self.proven = true;
        Some(target)
    }

    fn seen(&mut self, target: usize, job: &Job) {
        let State::Waiting { request_id, job_id, since, expires, seen_running } =
            &mut self.states[target]
        else {
            return;
        };
        let fate = match job.status {
            JobStatus::Success => Fate::Done,
            JobStatus::Failed => {
                Fate::Failed(Fault::new(job.error_code.as_deref(), job.error_msg.as_deref()))
            }
            // Assumed: unlisted-job-status-is-running.
            _ => {
                *seen_running = true;
                return;
            }
        };
        let took = self.client.clock().now().duration_since(*since).unwrap_or_default();
        let (request_id, job_id) = (request_id.clone(), job_id.clone());
        let (since, expires) = (*since, *expires);
        self.ended_jobs.0 += 1;
        self.ended_jobs.1 += job.ran().unwrap_or(took);
        let trace = Trace::job(request_id, job_id, took).printing(job.execute_msg.clone());
        if fate == Fate::Done && self.options.ready.is_some() {
            let lacks = "nobody has looked yet".to_owned();
            self.set(target, State::Checking { trace, since, expires, lacks });
        } else {
            self.settle_in(target, fate, trace);
        }
    }

    /// Settles an open target whose patience was over when the look began. Until then an ended job shows
    /// (assumed: job-retention). One whose job should have shown and did not is left for a closer look: its job is returned.
    fn expire(
        &mut self,
        target: usize,
        looked: SystemTime,
        failure: Option<&str>,
    ) -> Option<JobId> {
        // Where the asking failed there may be another try; who does not wait at all has none.
        let asks_on = failure.is_some() && !self.past_deadline();
        let grace = if asks_on { OUTAGE.min(self.options.job_timeout) } else { Duration::ZERO };
        match self.states[target].clone() {
            State::Waiting { request_id, job_id, since, expires, seen_running }
                if after(expires, grace) <= looked =>
            {
                let fate = match failure {
                    _ if seen_running => Fate::StillRunning,
                    Some(failure) => {
                        Fate::Unconfirmed(UnconfirmedReason::AskingFailed(failure.to_owned()))
                    }
                    None => return Some(job_id),
                };
                let took = looked.duration_since(since).unwrap_or_default();
                self.settle_in(target, fate, Trace::job(request_id, job_id, took));
            }
            State::Looking { request_id, expires, reason, .. }
                if after(expires, grace) <= looked =>
            {
                self.settle_in(target, Fate::Unconfirmed(reason), Trace::call(Some(request_id)));
            }
            _ => {}
        }
        None
    }

    /// When to look next: as planned, or earlier where somebody's patience ends.
    pub(super) fn look_due(&self) -> Option<SystemTime> {
        let expiries = self.open.iter().filter_map(|&target| match &self.states[target] {
            State::Looking { expires, .. }
            | State::Waiting { expires, .. }
            | State::Checking { expires, .. } => Some(*expires),
            _ => None,
        });
        // Whoever was due at the last look waits for the next as planned.
        let expiries = expiries.filter(|expires| self.last_look.is_none_or(|look| *expires > look));
        self.next_look.into_iter().chain(expiries).min()
    }
}
