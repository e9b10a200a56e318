//! A call under way: what it was given, what it may change, and how its jobs begin.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value, json};

use crate::{
    Assumptions, Order, chance,
    faults::{Effect, Strike},
    jobs::{Job, Kind},
    ledger::Deed,
    refusal::Refusal,
    simulator::State,
};

/// One call, its query and body valid by the schema.
pub(crate) struct Work<'a> {
    /// The vendor's name of the operation.
    pub(crate) operation: &'static str,
    /// What stands in the path.
    pub(crate) arguments: &'a HashMap<String, String>,
    pub(crate) query: &'a HashMap<String, String>,
    pub(crate) body: &'a Value,
    pub(crate) request_id: &'a Arc<str>,
    pub(crate) now: SystemTime,
    pub(crate) strike: &'a Strike,
    pub(crate) assumptions: &'a Assumptions,
    pub(crate) seed: u64,
    pub(crate) speed: f64,
    pub(crate) state: &'a mut State,
}

/// A job to start.
pub(crate) struct NewJob {
    pub(crate) kind: Kind,
    /// The place of its target among those of its kind.
    pub(crate) ordinal: u64,
    /// How long it takes.
    pub(crate) milliseconds: RangeInclusive<u64>,
    /// What it prints, if it prints.
    pub(crate) output: Option<String>,
    /// The code that it is bound to end with.
    pub(crate) failure: Option<String>,
    /// Whether queries find it.
    pub(crate) is_listed: bool,
    /// Whether it is about other targets too, and so names none.
    pub(crate) is_shared: bool,
}

impl NewJob {
    /// A job on the first target of a kind that succeeds, prints nothing and is listed.
    pub(crate) fn new(kind: Kind, milliseconds: RangeInclusive<u64>) -> Self {
        Self {
            kind,
            ordinal: 0,
            milliseconds,
            output: None,
            failure: None,
            is_listed: true,
            is_shared: false,
        }
    }
}

/// A job that has been started.
pub(crate) struct Started {
    pub(crate) job_id: Arc<str>,
    /// `None`: it never ends.
    pub(crate) end: Option<SystemTime>,
    pub(crate) fails: bool,
}

/// The job of a target, or why it has none.
pub(crate) type Entry = Result<Arc<str>, Refusal>;

/// What came of each target, in the order of the call.
pub(crate) type Entries<'t> = Vec<(&'t str, Entry)>;

impl<'a> Work<'a> {
    /// A value in the path.
    pub(crate) fn argument(&self, name: &str) -> &'a str {
        let arguments = self.arguments;
        arguments.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A text in the body.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        let body = self.body;
        body[name].as_str().unwrap_or_default()
    }

    /// The texts of a list in the body.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        let body = self.body;
        body[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Starts a job of this call, and notes it in the ledger.
    pub(crate) fn start(&mut self, target: &str, new: NewJob) -> Started {
        let (target_id, earlier) = self.state.ledger.known(new.kind, target);
        let numbers = [new.ordinal, earlier as u64];
        let milliseconds = chance::rng(self.seed, self.operation, &numbers).u64(new.milliseconds);
        let server_id = self.state.server_of(target).map(str::to_owned);
        let at_full_pace = self.assumptions.jobs_at_full_pace;
        let stretch = server_id
            .as_deref()
            .map_or(1.0, |server_id| self.state.load.stretch(server_id, at_full_pace, self.now));
        let takes = self.takes(milliseconds, stretch);
        let mut job = Job {
            id: chance::id(self.seed, "job", self.state.jobs.count()).into(),
            kind: new.kind,
            target: target_id,
            is_shared: new.is_shared,
            request_id: self.request_id.clone(),
            begin: self.now,
            end: Some(self.now + takes),
            failure: new.failure,
            found_from: new.is_listed.then_some(self.now),
            found_until: None,
            output: new.output,
        };
        for effect in self.strike.on_job_of(target, server_id.as_deref()) {
            match effect {
                Effect::FailJob { code } => job.failure = Some(code.clone()),
                Effect::HangJob => job.end = None,
                Effect::HideJob => job.found_from = None,
                Effect::LateJob { by } => job.found_from = job.found_from.map(|from| from + *by),
                Effect::VanishJob { after } => job.found_until = Some(self.now + *after),
                _ => {}
            }
        }
        let started =
            Started { job_id: job.id.clone(), end: job.end, fails: job.failure.is_some() };
        if let Some(server_id) = server_id {
            self.state.load.add(server_id, job.end);
        }
        // Assumed: one-job-per-target.
        let second = (!self.assumptions.one_job_per_target).then(|| Job {
            id: chance::id(self.seed, "second job", self.state.jobs.count()).into(),
            ..job.clone()
        });
        self.state.jobs.start(job);
        if let Some(second) = second {
            self.state.jobs.start(second);
        }
        self.note(new.kind, target, &started.job_id);
        started
    }

    /// How long something takes, so many times as long as usual.
    pub(crate) fn takes(&self, milliseconds: u64, stretch: f64) -> Duration {
        let percent = f64::from(self.assumptions.job_duration_percent);
        let factor = stretch * percent / 100.0 / self.speed;
        // A pace that is next to none must not leave the calendar.
        Duration::from_millis(milliseconds).mul_f64(factor.min(1e6))
    }

    /// How an answer names a target (assumed: ids-come-back-as-sent).
    pub(crate) fn name_of(&self, target: &str) -> String {
        name_of(target, self.assumptions)
    }

    /// Notes in the ledger what a job is about.
    pub(crate) fn note(&mut self, kind: Kind, target: &str, job_id: &Arc<str>) {
        let (target, _) = self.state.ledger.known(kind, target);
        let deed = Deed {
            operation: self.operation,
            request_id: self.request_id.clone(),
            job_id: job_id.clone(),
            at: self.now,
        };
        self.state.ledger.add(kind, target, deed);
    }

    /// The answer of a batch: an entry for each target, or the refusal of all
    /// (assumed: entry-without-job-started-nothing).
    pub(crate) fn answer(&self, kind: Kind, entries: Entries<'_>) -> Result<Value, Refusal> {
        let entries = entries.into_iter().map(|(target, entry)| (kind, target, entry));
        self.answer_mixed(entries.collect())
    }

    /// The same where a target is a phone or a server.
    pub(crate) fn answer_mixed(&self, entries: Vec<(Kind, &str, Entry)>) -> Result<Value, Refusal> {
        if self.assumptions.all_refused_is_an_error
            && entries.iter().all(|(_, _, entry)| entry.is_err())
            && let Some((_, _, Err(refusal))) = entries.first()
        {
            return Err(refusal.clone());
        }
        let entry = |(kind, target, entry): (Kind, &str, Entry)| match entry {
            Ok(job_id) => json!({ kind.id_field(): self.name_of(target), "job_id": job_id }),
            Err(Refusal { code, message, .. }) => {
                json!({ kind.id_field(): self.name_of(target), "error_code": code, "error_msg": message })
            }
        };
        // Not by `json!`, which copies what it is given.
        let jobs = Value::Array(self.in_order(entries.into_iter().map(entry).collect()));
        Ok(Value::Object(Map::from_iter([("jobs".to_owned(), jobs)])))
    }

    /// Entries of an answer, in the order that is assumed.
    pub(crate) fn in_order(&self, mut entries: Vec<Value>) -> Vec<Value> {
        match self.assumptions.entries {
            Order::AsSent => {}
            Order::Reversed => entries.reverse(),
            Order::Shuffled => chance::rng(self.seed, self.request_id, &[]).shuffle(&mut entries),
        }
        entries
    }
}

/// How answers and jobs name a target.
pub(crate) fn name_of(target: &str, assumptions: &Assumptions) -> String {
    if assumptions.ids_come_back_as_sent { target.to_owned() } else { target.to_ascii_uppercase() }
}
