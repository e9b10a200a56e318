//! The work that calls have started.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cph_core::JobStatus;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Assumptions,
    phones::Page,
    refusal::{Refusal, message_of},
    timestamp,
    work::name_of,
};

/// How many request ids one query may carry.
const MAX_REQUEST_IDS: usize = cph_core::limits::LIST_JOBS_REQUEST_IDS;

/// What a job is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Phone,
    Server,
    EncodeServer,
}

impl Kind {
    /// The vendor's name of the target's id.
    pub(crate) fn id_field(self) -> &'static str {
        match self {
            Self::Phone => "phone_id",
            Self::Server => "server_id",
            Self::EncodeServer => "encode_server_id",
        }
    }
}

/// How long a job may show a status of no page.
const ON_THE_WAY: Duration = Duration::from_secs(5);

/// No `Debug`: what it prints may point at a person.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) id: Arc<str>,
    pub(crate) kind: Kind,
    /// Its phone, server or encoding service.
    pub(crate) target: Arc<str>,
    /// Whether it is about other targets too, and so names none (assumed: one-job-id-for-all-servers).
    pub(crate) is_shared: bool,
    pub(crate) request_id: Arc<str>,
    pub(crate) begin: SystemTime,
    /// `None`: it never ends.
    pub(crate) end: Option<SystemTime>,
    /// The code that it ends with, if it does not succeed.
    pub(crate) failure: Option<String>,
    /// From when on queries find it; `None`: never.
    pub(crate) found_from: Option<SystemTime>,
    /// Until when; `None`: as long as jobs are kept.
    pub(crate) found_until: Option<SystemTime>,
    /// What it prints, if it prints.
    pub(crate) output: Option<String>,
}

/// One job as `/_sim/state` shows it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct JobState<'a> {
    job_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encode_server_id: Option<&'a str>,
    request_id: &'a str,
    status: i64,
    error_code: Option<&'a str>,
}

/// Every job, in the order in which they were started.
#[derive(Default)]
pub(crate) struct Jobs {
    all: Vec<Job>,
    by_id: HashMap<Arc<str>, usize>,
    by_request: HashMap<Arc<str>, Vec<usize>>,
}

impl Job {
    pub(crate) fn status(&self, now: SystemTime) -> JobStatus {
        match self.end {
            Some(end) if end <= now && self.failure.is_some() => JobStatus::Failed,
            Some(end) if end <= now => JobStatus::Success,
            _ => JobStatus::Running,
        }
    }

    /// As `/_sim/state` shows it.
    pub(crate) fn state(&self, now: SystemTime) -> JobState<'_> {
        let id = |kind| (self.kind == kind).then_some(&*self.target);
        JobState {
            job_id: &self.id,
            phone_id: id(Kind::Phone),
            server_id: id(Kind::Server),
            encode_server_id: id(Kind::EncodeServer),
            request_id: &self.request_id,
            status: self.status(now).code(),
            error_code: self.fault(now).map(|(code, _)| code),
        }
    }

    fn is_found(&self, now: SystemTime, retention: Option<Duration>) -> bool {
        let age = self.end.and_then(|end| now.duration_since(end).ok());
        let forgotten = age.zip(retention).is_some_and(|(age, retention)| age > retention);
        self.found_from.is_some_and(|from| from <= now)
            && self.found_until.is_none_or(|until| now < until)
            && !forgotten
    }

    /// Code and text of a failure that has come about.
    fn fault(&self, now: SystemTime) -> Option<(&str, &str)> {
        let code = self.failure.as_deref()?;
        (self.status(now) == JobStatus::Failed).then(|| (code, message_of(code)))
    }

    fn answer(&self, now: SystemTime, assumptions: &Assumptions) -> Value {
        let has_ended = self.end.is_some_and(|end| end <= now);
        // Assumed: unlisted-job-status-is-running.
        let on_the_way =
            assumptions.unlisted_job_status.filter(|_| !has_ended && now < self.begin + ON_THE_WAY);
        let mut answer = json!({
            "job_id": &*self.id,
            "begin_time": timestamp::to_second(self.begin),
            "status": on_the_way.unwrap_or_else(|| self.status(now).code()),
        });
        // No newer page prints the encoding service that a job is about.
        if self.kind != Kind::EncodeServer && !self.is_shared {
            answer[self.kind.id_field()] = name_of(&self.target, assumptions).into();
        }
        let printed = self.output.as_deref().filter(|_| has_ended);
        if let Some(output) = printed {
            answer["execute_msg"] = output.into();
        }
        // Assumed: running-job-has-no-end-time.
        let end = if assumptions.running_job_has_no_end_time {
            self.end.filter(|_| has_ended)
        } else {
            self.end.filter(|_| has_ended).or(Some(self.begin))
        };
        if let Some(end) = end {
            answer["end_time"] = timestamp::to_second(end).into();
        }
        answer
    }
}

impl Jobs {
    pub(crate) fn start(&mut self, job: Job) {
        let index = self.all.len();
        self.by_id.insert(job.id.clone(), index);
        self.by_request.entry(job.request_id.clone()).or_default().push(index);
        self.all.push(job);
    }

    /// How many jobs were ever started.
    pub(crate) fn count(&self) -> u64 {
        self.all.len() as u64
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Job> {
        self.all.iter()
    }

    pub(crate) fn get(&self, job_id: &str) -> Option<&Job> {
        self.by_id.get(job_id).map(|job| &self.all[*job])
    }

    pub(crate) fn of_request(&self, request_id: &str) -> impl Iterator<Item = &Job> {
        let jobs = self.by_request.get(request_id).map_or(&[][..], Vec::as_slice);
        jobs.iter().map(|job| &self.all[*job])
    }

    /// The job that was started as the n-th; the first is 0.
    pub(crate) fn nth(&self, index: usize) -> &Job {
        &self.all[index]
    }

    /// `ListJobs`.
    pub(crate) fn list(
        &self,
        query: &HashMap<String, String>,
        now: SystemTime,
        assumptions: &Assumptions,
    ) -> Result<Value, Refusal> {
        let request_ids = request_ids(query);
        if request_ids.is_empty() {
            return Err(Refusal::of("CPS.0049"));
        }
        if request_ids.len() > MAX_REQUEST_IDS {
            return Err(Refusal::of("CPS.0161"));
        }
        let retention = assumptions.job_retention;
        let page = Page::of(query);
        let mut found = Vec::new();
        for request_id in request_ids {
            let before = found.len();
            let jobs = self.by_request.get(request_id).map_or(&[][..], Vec::as_slice);
            found
                .extend(jobs.iter().copied().filter(|job| self.all[*job].is_found(now, retention)));
            if assumptions.unknown_request_id_sinks_query && found.len() == before {
                return Err(Refusal::of("CPS.0050"));
            }
        }
        found.sort_unstable();
        found.dedup();
        let rows: Vec<Value> = page
            .slice(&found)
            .iter()
            .map(|job| {
                let job = &self.all[*job];
                let (code, message) = job.fault(now).unwrap_or_default();
                let mut row = job.answer(now, assumptions);
                row["error_code"] = code.into();
                row["error_msg"] = message.into();
                row
            })
            .collect();
        Ok(json!({ "jobs": rows }))
    }

    /// `ShowJob`.
    pub(crate) fn show(
        &self,
        job_id: &str,
        now: SystemTime,
        assumptions: &Assumptions,
    ) -> Result<Value, Refusal> {
        let job = self
            .get(job_id)
            .filter(|job| job.is_found(now, assumptions.job_retention))
            .ok_or_else(|| Refusal { status: 404, ..Refusal::of("CPS.0011") })?;
        let fault = job.fault(now);
        let mut answer = job.answer(now, assumptions);
        answer["error_code"] = fault.map(|(code, _)| code).into();
        answer["error_msg"] = fault.map(|(_, message)| message).into();
        if answer.get("execute_msg").is_none() {
            answer["execute_msg"] = Value::Null;
        }
        Ok(answer)
    }
}

/// The request ids of a job query: the list wins over the single one.
pub(crate) fn request_ids(query: &HashMap<String, String>) -> Vec<&str> {
    let list = query.get("request_ids").map(String::as_str).unwrap_or_default();
    let list: Vec<&str> = list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if list.is_empty() {
        query
            .get("request_id")
            .map(String::as_str)
            .filter(|id| !id.is_empty())
            .into_iter()
            .collect()
    } else {
        list
    }
}
