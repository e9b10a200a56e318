//! Looking at jobs until they end or patience does.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, SystemTime},
};

use cph_core::{JobFamily, JobId, JobStatus, RequestId};

use super::{Engine, State, Sweep, Trace};
use crate::{
    Job,
    batch::{
        outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
        poller::{self, Asked},
    },
    clock::after,
};

/// How long jobs of a call whose answer was lost may take to show up under its request id, unless the caller has less patience.
/// Assumed: jobs-of-a-lost-answer-appear-within-two-minutes.
pub(super) const LOOKING: Duration = Duration::from_mins(2);

/// The first look at new jobs, and how often to look until some have ended.
const FIRST_LOOK: Duration = Duration::from_secs(5);

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
                self.states[target] = State::Looking {
                    request_id,
                    since: now,
                    expires: self.before_deadline(now + LOOKING.min(self.options.job_timeout)),
                    reason,
                };
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
        self.states.iter().any(|state| matches!(state, State::Looking { .. }))
    }

    pub(super) fn look_soon(&mut self, now: SystemTime) {
        let look = now + FIRST_LOOK.min(self.interval());
        self.next_look = Some(self.next_look.map_or(look, |next| next.min(look)));
    }

    /// How long between two looks: a quarter of what jobs were seen to take.
    fn interval(&self) -> Duration {
        let (ended, total) = self.ended_jobs;
        if ended == 0 {
            FIRST_LOOK
        } else {
            (total / ended / 4).clamp(*INTERVAL.start(), *INTERVAL.end())
        }
    }

    /// A sweep over the request ids of everything that is open.
    pub(super) fn look(&mut self) -> Option<Sweep> {
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
        tracing::debug!(requests = request_ids.len(), "looking at jobs");
        let sweep = poller::sweep(self.client.clone(), request_ids.into_iter().collect());
        Some(Box::pin(async move { (started, sweep.await) }))
    }

    pub(super) fn looked(&mut self, started: SystemTime, asked: Vec<Asked>) {
        let family = self.work.operation.job_family.unwrap_or(JobFamily::Phone);
        for Asked { request_ids, answer } in asked {
            let request_ids: BTreeSet<RequestId> = request_ids.into_iter().collect();
            let open: Vec<usize> = self.under(&request_ids);
            if let Ok(jobs) = &answer {
                // One job may be about all targets of its call.
                let mut by_job: HashMap<JobId, Vec<usize>> = HashMap::new();
                for &target in &open {
                    if let State::Waiting { job_id, .. } = &self.states[target] {
                        by_job.entry(job_id.clone()).or_default().push(target);
                    }
                }
                for job in jobs {
                    let known = by_job.get(&job.job_id).cloned();
                    let targets = known
                        .unwrap_or_else(|| self.found(job, family, &open).into_iter().collect());
                    for target in targets {
                        self.seen(target, job);
                    }
                }
            }
            let failure = answer.err().map(|error| format!("{error:#}"));
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
            let jitter = 0.9 + 0.2 * self.client.chance();
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

    /// A target whose entry was lost, and whose job this is (assumed: one-job-per-target).
    fn found(&mut self, job: &Job, family: JobFamily, open: &[usize]) -> Option<usize> {
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

    fn seen(&mut self, target: usize, job: &Job) {
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
            // Assumed: unlisted-job-status-is-running.
            _ => {
                *seen_running = true;
                return;
            }
        };
        let took = self.client.clock().now().duration_since(*since).unwrap_or_default();
        let (request_id, job_id) = (request_id.clone(), job_id.clone());
        self.ended_jobs.0 += 1;
        self.ended_jobs.1 += job.ran().unwrap_or(took);
        let trace = Trace::job(request_id, job_id, took).printing(job.execute_msg.clone());
        self.settle_in(target, fate, trace);
    }

    /// Settles an open target whose patience was over when the look began. Until then an ended job shows
    /// (assumed: job-retention).
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
                self.settle_in(target, fate, Trace::job(request_id, job_id, took));
            }
            State::Looking { request_id, expires, reason, .. } if expires <= looked => {
                self.settle_in(target, Fate::Unconfirmed(reason), Trace::call(Some(request_id)));
            }
            _ => {}
        }
    }

    /// When to look next: as planned, or earlier where somebody's patience ends.
    pub(super) fn look_due(&self) -> Option<SystemTime> {
        let expiries = self.states.iter().filter_map(|state| match state {
            State::Looking { expires, .. } | State::Waiting { expires, .. } => Some(*expires),
            _ => None,
        });
        self.next_look.into_iter().chain(expiries).min()
    }
}
