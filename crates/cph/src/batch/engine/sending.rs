//! Which part goes next, and what its answer means.

use std::collections::{BTreeSet, HashMap, HashSet};

use cph_core::{RequestId, Scope};

use super::{Engine, Sending, State, Trace, following::OUTAGE};
use crate::{
    Delivery, Error, ErrorKind,
    batch::{
        Answer,
        halving::{Halving, Verdict},
        judge::{Judged, judge},
        observer::{Part, PartAnswer},
        outcome::{Fate, Fault, NotSentReason, UnconfirmedReason},
    },
    clock::after,
};

impl Engine {
    /// The next part, if the gate is open for it.
    pub(super) fn next_part(&mut self) -> Option<Vec<usize>> {
        if self.past_deadline() && self.stopped.is_none() {
            self.halt(NotSentReason::Deadline);
        }
        if self.stopped.is_some() || self.in_flight >= self.options.in_flight {
            return None;
        }
        // A part is halved one piece at a time, and a run that has started nobody yet feels its way.
        let alone = !self.proven || self.halving.is_some() || !self.refused_parts.is_empty();
        let looks_first = !self.proven && self.parts_tried > 0 && self.is_looking();
        if alone && self.in_flight > 0 || looks_first {
            return None;
        }
        // While nobody answers, only questions are asked.
        if self.silent_since.is_some() {
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
            return self.next_part();
        }
        let part = self.room_for()?;
        let taken: HashSet<usize> = part.iter().copied().collect();
        self.queue.retain(|target| !taken.contains(target));
        Some(part)
    }

    /// The next targets that may share a call and that there is room for: on their servers, and in total. A part that could
    /// be larger once others are up again waits for them, unless they take more than twice as long as others did.
    fn room_for(&self) -> Option<Vec<usize>> {
        let room = self.options.max_down.saturating_sub(self.down.total());
        let first = *self.queue.front().filter(|&&target| self.steps.is_open(target))?;
        let together = |target: &usize| {
            self.work.groups[*target] == self.work.groups[first] && self.steps.is_open(*target)
        };
        let per_server = self.options.per_server.unwrap_or(usize::MAX);
        let mut part = Vec::new();
        // Targets on each server: those that could go if nobody were down, and those that go now.
        let mut on: HashMap<usize, (usize, usize)> = HashMap::new();
        let mut possible = 0;
        for target in self.queue.iter().copied().take_while(together) {
            if part.len() == self.part_size || room == 0 {
                break;
            }
            let (server, down) = self.down.beside(target);
            let mut free = true;
            if let Some(server) = server {
                let (could, goes) = on.entry(server).or_default();
                if *could >= per_server {
                    continue;
                }
                *could += 1;
                free = down + *goes < per_server;
                *goes += usize::from(free);
            }
            possible += 1;
            if free && part.len() < room {
                part.push(target);
            }
        }
        let is_whole = part.len() == possible.min(self.part_size);
        (!part.is_empty() && (is_whole || self.is_stalled())).then_some(part)
    }

    /// Whether nothing has happened for twice as long as jobs took so far.
    fn is_stalled(&self) -> bool {
        let (ended, total) = self.ended_jobs;
        let Some(mean) = total.checked_div(ended) else { return false };
        self.last_progress + mean * 2 <= self.client.clock().now()
    }

    /// Tells the observer and makes the call.
    pub(super) fn send(&mut self, targets: Vec<usize>) -> Option<Sending> {
        let part = Part {
            number: self.parts_sent + 1,
            targets: targets.iter().map(|&target| self.work.targets[target].to_string()).collect(),
            unsent: self.unsent() - targets.len(),
        };
        if let Err(error) = self.observer.before(&part) {
            let reason = NotSentReason::Observer(error.to_string());
            for target in targets {
                self.settle_refused(target);
                self.settle(target, Fate::NotSent(reason.clone()));
            }
            self.halt(reason);
            return None;
        }
        tracing::info!(part = part.number, targets = targets.len(), "sending");
        self.parts_sent += 1;
        self.parts_tried += 1;
        self.in_flight += 1;
        for &target in &targets {
            self.down.add(target);
            self.set(target, State::Sent);
        }
        let call = (self.work.send)(self.client.clone(), &targets);
        Some(Box::pin(async move {
            let result = call.await;
            (part, targets, result)
        }))
    }

    /// Targets that are yet to be sent, those of refused parts too.
    fn unsent(&self) -> usize {
        let unsent = |state: &&State| matches!(state, State::Unsent | State::Refused { .. });
        self.states.iter().filter(unsent).count()
    }

    pub(super) fn answered(
        &mut self,
        part: &Part,
        targets: &[usize],
        result: Result<Answer, Error>,
    ) {
        self.in_flight -= 1;
        if !result.as_ref().is_err_and(|error| error.delivery() == Delivery::NotSent) {
            self.none_left_since = None;
        }
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
        let (request_id, accepted) = (answer.request_id, answer.accepted());
        let error = answer.error.map(tracing::field::display);
        tracing::info!(part = part.number, request_id, accepted, error, "answered");
        self.observer.after(part, answer);
        match result {
            Ok(answer) => self.accepted(targets, answer),
            Err(error) => match error.delivery() {
                Delivery::NotSent => self.never_left(targets, &error),
                Delivery::Refused => self.refused(targets, &error),
                Delivery::Unknown => self.lost(targets, &error),
            },
        }
        // An answer that comes after the run has stopped may put targets back.
        self.settle_unsent();
    }

    /// An answer with an entry per target, more or less.
    fn accepted(&mut self, targets: &[usize], answer: Answer) {
        let now = self.client.clock().now();
        self.silent_since = None;
        self.last_progress = now;
        self.last_request = answer.request_id.clone().or(self.last_request.take());
        let ids = targets.iter().map(|&target| &*self.work.targets[target]);
        let judgement = judge(ids, answer.request_id.as_ref(), answer.entries);
        for _stranger in judgement.strangers {
            tracing::warn!("the answer speaks of a target that was not asked for");
        }
        let (mut started, mut forgotten) = (0, 0);
        let mut codes = BTreeSet::new();
        let call = || Trace::call(answer.request_id.clone());
        for (&target, judged) in targets.iter().zip(judgement.targets) {
            match judged {
                Judged::Done { job_id, output } => {
                    started += 1;
                    self.settle_in(target, Fate::Done, Trace { job_id, ..call() }.printing(output));
                }
                Judged::Failed { job_id, fault, output } => {
                    started += 1;
                    let trace = Trace { job_id: Some(job_id), ..call() };
                    self.settle_in(target, Fate::Failed(fault), trace.printing(output));
                }
                Judged::Waiting { request_id, job_id } => {
                    started += 1;
                    let waiting = self.waiting(request_id, job_id, now);
                    self.set(target, waiting);
                }
                Judged::Refused(fault) => {
                    codes.insert(fault.code.clone());
                    self.settle_in(target, Fate::Refused(fault), call());
                }
                Judged::Forgotten => {
                    forgotten += 1;
                    let request_id = answer.request_id.clone();
                    self.look_for(target, request_id, UnconfirmedReason::NotInAnswer);
                }
            }
        }
        if let Some(request_id) = answer.request_id {
            self.jobs_of.insert(request_id, started + forgotten);
        }
        if let Some(halving) = &mut self.halving {
            halving.not_refused();
        }
        let first = !self.proven;
        self.proven |= started > 0;
        let about_targets =
            targets.len() == 1 && codes.iter().all(|code| code.scope() == Scope::Target);
        if first
            && self.unsent() > 0
            && (forgotten > 0 || started == 0 && codes.len() == 1 && !about_targets)
        {
            self.halt(NotSentReason::FirstPart);
        }
        self.look_soon(now);
    }

    /// Nothing was sent. A run that has started waits for the line to come back.
    fn never_left(&mut self, targets: &[usize], error: &Error) {
        if let Some(halving) = &mut self.halving {
            halving.not_refused();
        }
        let error_text = format!("{error:#}");
        let reason = match error.kind() {
            ErrorKind::Credentials => NotSentReason::Credentials(error_text),
            ErrorKind::RateLimited => NotSentReason::RateLimited(error_text),
            _ if self.proven && !self.is_cut_off() => {
                self.put_back(targets);
                return self.heard_nothing();
            }
            _ => NotSentReason::NoConnection(error_text),
        };
        for &target in targets {
            self.settle(target, Fate::NotSent(reason.clone()));
        }
        if !self.proven || !matches!(reason, NotSentReason::RateLimited(_)) {
            self.halt(reason);
        }
    }

    /// Whether no call has left for as long as an outage may last.
    fn is_cut_off(&mut self) -> bool {
        let now = self.client.clock().now();
        after(*self.none_left_since.get_or_insert(now), OUTAGE) <= now
    }

    /// Targets of a call that started nothing go first when it is made again.
    fn put_back(&mut self, targets: &[usize]) {
        for &target in targets.iter().rev() {
            self.down.remove(target, None);
            self.set(target, State::Unsent);
            self.queue.push_front(target);
        }
    }

    /// Nothing more is sent until some question has been answered.
    fn heard_nothing(&mut self) {
        let now = self.client.clock().now();
        self.silent_since.get_or_insert(now);
        self.look_soon(now);
    }

    /// The whole call was refused, with an effect of none.
    fn refused(&mut self, targets: &[usize], error: &Error) {
        self.silent_since = None;
        let fault = Fault::of(error);
        let request_id = error.request_id().and_then(|id| id.parse().ok());
        if !self.options.trust_refusal {
            for &target in targets {
                self.settle_in(
                    target,
                    Fate::Unconfirmed(UnconfirmedReason::RefusalNotTrusted(fault.clone())),
                    Trace::call(request_id.clone()),
                );
            }
            self.halt(NotSentReason::Refused(fault));
            return;
        }
        let scope = error.code().map_or(Scope::Call, |code| code.scope());
        // Assumed: max-phones-per-call.
        if scope == Scope::Size && targets.len() > 1 && self.halving.is_none() {
            self.part_size = targets.len().div_ceil(2);
            return self.put_back(targets);
        }
        for &target in targets {
            self.down.remove(target, None);
            let (fault, request_id) = (fault.clone(), request_id.clone());
            self.set(target, State::Refused { fault, request_id });
        }
        if scope == Scope::Target {
            match &mut self.halving {
                Some(halving) => match halving.refused(targets.to_vec(), fault.code.clone()) {
                    Verdict::Halve => return,
                    Verdict::Culprit(target) => {
                        let trace = Trace::call(request_id);
                        return self.settle_in(target, Fate::Refused(fault), trace);
                    }
                    // Stopping settles the rest of the part too.
                    Verdict::GiveUp => {}
                },
                None if targets.len() > 1 => return self.refused_parts.push_back(targets.to_vec()),
                None => {
                    let trace = Trace::call(request_id);
                    return self.settle_in(targets[0], Fate::Refused(fault), trace);
                }
            }
        }
        for &target in targets {
            self.settle_refused(target);
        }
        self.halt(NotSentReason::Refused(fault));
    }

    /// Nobody knows whether the call was carried out; its request id may tell (assumed: header-request-id-is-body-id).
    fn lost(&mut self, targets: &[usize], error: &Error) {
        let request_id: Option<RequestId> = error.request_id().and_then(|id| id.parse().ok());
        let reason = UnconfirmedReason::AnswerLost(format!("{error:#}"));
        for &target in targets {
            self.look_for(target, request_id.clone(), reason.clone());
        }
        if let Some(halving) = &mut self.halving {
            halving.not_refused();
        }
        if !self.proven && request_id.is_none() {
            self.halt(NotSentReason::FirstPart);
        }
        self.heard_nothing();
    }

    /// Sends nothing more. What was not sent settles now; what runs is waited for.
    pub(super) fn halt(&mut self, reason: NotSentReason) {
        if self.stopped.is_none() {
            tracing::debug!(%reason, "nothing more is sent");
            self.stopped = Some(reason);
        }
        self.settle_unsent();
    }

    /// Settles what will not be sent, since the run has stopped.
    fn settle_unsent(&mut self) {
        let Some(reason) = self.stopped.clone() else { return };
        let rest = self.halving.take().map_or_else(Vec::new, |mut halving| halving.rest());
        for target in self.refused_parts.drain(..).flatten().chain(rest).collect::<Vec<_>>() {
            self.settle_refused(target);
        }
        while let Some(target) = self.queue.pop_front() {
            self.settle(target, Fate::NotSent(reason.clone()));
        }
    }
}
