//! What the lines of a run file say of each target, taken together.

use std::{collections::HashMap, time::SystemTime};

use cph_core::{JobId, RequestId};
use jiff::Timestamp;

use super::lines::{Answered, Delivered, Known, Line, Sending, Settled, system_time};
use crate::{
    Fate, Fault, UnconfirmedReason,
    batch::{
        Standing,
        judge::{Judged, judge},
    },
};

/// What is known of a target.
pub(super) struct Told {
    pub(super) standing: Standing,
    /// What its last sending came to, once that is known.
    pub(super) outcome: Option<Box<Settled>>,
    /// The part that carried it last.
    part: usize,
}

/// Takes in line after line.
pub(super) struct Fold {
    trust_refusal: bool,
    places: HashMap<String, usize>,
    targets: Vec<Told>,
    /// Parts without an answer.
    sent: HashMap<usize, Vec<(usize, String)>>,
    parts: usize,
    /// The time of the last line that has one.
    latest: Timestamp,
    ended: Option<Timestamp>,
}

/// All of it.
pub(super) struct Story {
    pub(super) targets: Vec<Told>,
    /// The highest number of a part.
    pub(super) parts: usize,
    pub(super) ended: Option<Timestamp>,
}

impl Fold {
    pub(super) fn new(trust_refusal: bool, started: Timestamp) -> Self {
        Self {
            trust_refusal,
            places: HashMap::new(),
            targets: Vec::new(),
            sent: HashMap::new(),
            parts: 0,
            latest: started,
            ended: None,
        }
    }

    pub(super) fn finish(self) -> Story {
        Story { targets: self.targets, parts: self.parts, ended: self.ended }
    }

    /// One more target, which nothing was sent for yet.
    pub(super) fn target(&mut self, id: &str) -> Result<(), String> {
        let told = Told { standing: Standing::Unsent, outcome: None, part: 0 };
        if self.places.insert(id.to_owned(), self.targets.len()).is_some() {
            return Err(format!("names {id} twice"));
        }
        self.targets.push(told);
        Ok(())
    }

    /// What happened next.
    pub(super) fn event(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Header(_) | Line::Target(_) => Err("stands in the wrong place".to_owned()),
            Line::Sending(sending) => self.sending(sending),
            Line::Answered(answered) => self.answered(answered),
            Line::Settled(settled) => self.settled(settled),
            Line::Resumed(moment) => {
                self.latest = moment.at;
                self.ended = None;
                Ok(())
            }
            Line::Ended(moment) => {
                self.ended = Some(moment.at);
                Ok(())
            }
        }
    }

    fn place(&self, target: &str) -> Result<usize, String> {
        self.places.get(target).copied().ok_or_else(|| "names a target of no other line".to_owned())
    }

    fn sending(&mut self, sending: Sending) -> Result<(), String> {
        let Sending { part, targets, at } = sending;
        if part > self.parts + 1 {
            return Err(format!("sends part {part}, and no line sent part {}", self.parts + 1));
        }
        let mut sent = Vec::with_capacity(targets.len());
        for target in targets {
            sent.push((self.place(&target)?, target));
        }
        for &(place, _) in &sent {
            self.targets[place] = Told { standing: Standing::Sent, outcome: None, part };
        }
        self.sent.insert(part, sent);
        self.parts = self.parts.max(part);
        self.latest = at;
        Ok(())
    }

    fn answered(&mut self, answered: Answered) -> Result<(), String> {
        let Answered { part, at, delivery, request_id, entries, error, code } = answered;
        let unsent = || format!("is about part {part}, which was not sent");
        let mut sent = self.sent.remove(&part).ok_or_else(unsent)?;
        // What has been sent once more since then is no longer this part's.
        sent.retain(|(place, _)| self.targets[*place].part == part);
        self.latest = at;
        let call =
            Call { request_id: request_id.and_then(|id| id.parse().ok()), at: system_time(at) };
        let error = error.unwrap_or_default();
        match delivery {
            Delivered::Accepted => {
                let targets = sent.iter().map(|(_, target)| target.as_str());
                let judged = judge(targets, call.request_id.as_ref(), entries).targets;
                for ((place, target), judged) in sent.iter().zip(judged) {
                    self.targets[*place].judged(target, judged, &call);
                }
            }
            Delivered::Unknown => {
                for (place, target) in &sent {
                    let reason = UnconfirmedReason::AnswerLost(error.clone());
                    self.targets[*place].look_for(target, reason, &call);
                }
            }
            Delivered::Refused if !self.trust_refusal => {
                let fault = Fault::new(code.as_deref(), Some(&error));
                let fate = Fate::Unconfirmed(UnconfirmedReason::RefusalNotTrusted(fault));
                for (place, target) in &sent {
                    self.targets[*place].settle(target, &fate, &call, None);
                }
            }
            Delivered::NotSent | Delivered::Refused => {
                for (place, _) in sent {
                    self.targets[place].standing = Standing::Unsent;
                }
            }
        }
        Ok(())
    }

    fn settled(&mut self, settled: Settled) -> Result<(), String> {
        let place = self.place(&settled.target)?;
        self.targets[place].settled(settled, system_time(self.latest));
        Ok(())
    }
}

/// The call that carried a target.
struct Call {
    request_id: Option<RequestId>,
    at: SystemTime,
}

impl Told {
    /// The answer spoke of it, or did not.
    fn judged(&mut self, target: &str, judged: Judged, call: &Call) {
        match judged {
            Judged::Done { job_id, .. } => self.settle(target, &Fate::Done, call, job_id.as_ref()),
            Judged::Failed { job_id, fault, .. } => {
                self.settle(target, &Fate::Failed(fault), call, Some(&job_id));
            }
            Judged::Waiting { request_id, job_id } => {
                self.standing = Standing::Waiting { request_id, job_id, since: call.at };
            }
            Judged::Refused(fault) => self.settle(target, &Fate::Refused(fault), call, None),
            Judged::Forgotten => self.look_for(target, UnconfirmedReason::NotInAnswer, call),
        }
    }

    /// Its entry was lost; without a request id nothing more will be known.
    fn look_for(&mut self, target: &str, reason: UnconfirmedReason, call: &Call) {
        match call.request_id.clone() {
            Some(request_id) => {
                self.standing = Standing::Looking { request_id, since: call.at, reason };
            }
            None => self.settle(target, &Fate::Unconfirmed(reason), call, None),
        }
    }

    /// Nothing more will be known, though no line has said so yet.
    fn settle(&mut self, target: &str, fate: &Fate, call: &Call, job_id: Option<&JobId>) {
        let settled = Settled::new(target, fate, call.request_id.as_ref(), job_id, None);
        self.standing = Standing::Settled { is_error: *fate != Fate::Done };
        self.outcome = Some(Box::new(settled));
    }

    /// A line says what became of it. Where asking again may tell more, it stays open.
    fn settled(&mut self, settled: Settled, now: SystemTime) {
        let request_id: Option<RequestId> =
            settled.request_id.as_deref().and_then(|id| id.parse().ok());
        let job_id: Option<JobId> = settled.job_id.as_deref().and_then(|id| id.parse().ok());
        let (since, reason) = match &self.standing {
            Standing::Waiting { since, .. } => (*since, None),
            Standing::Looking { since, reason, .. } => (*since, Some(reason.clone())),
            Standing::Unsent | Standing::Sent | Standing::Settled { .. } => (now, None),
        };
        let over = matches!(self.standing, Standing::Settled { .. });
        self.standing = match (settled.outcome, request_id, job_id) {
            (Known::Done, ..) => Standing::Settled { is_error: false },
            (Known::NotSent, ..) => Standing::Unsent,
            (Known::Unconfirmed | Known::StillRunning, Some(request_id), Some(job_id)) => {
                Standing::Waiting { request_id, job_id, since }
            }
            (Known::Unconfirmed | Known::StillRunning, Some(request_id), None) if !over => {
                let reason = reason.unwrap_or(UnconfirmedReason::NotInAnswer);
                Standing::Looking { request_id, since, reason }
            }
            (Known::Refused | Known::Failed | Known::Unconfirmed | Known::StillRunning, ..) => {
                Standing::Settled { is_error: true }
            }
        };
        self.outcome = Some(Box::new(settled));
    }
}
