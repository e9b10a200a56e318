//! What a later process needs to wait on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cph_core::{JobId, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Standing, outcome::UnconfirmedReason};
use crate::{Client, Error, Problem, Result};

/// The form of tickets that this version writes.
const VERSION: u32 = 1;

/// What a run has started and not yet seen end: take one with [`Run::ticket`](crate::Run::ticket) at any time or
/// [`Report::open`](crate::Report::open) in the end, keep it as JSON, and wait on with [`Client::resume`].
///
/// It holds ids only, and is taken by a client of the same endpoint, region and project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ticket {
    version: u32,
    operation: String,
    endpoint: String,
    region: Option<String>,
    project: String,
    jobs: Vec<OpenJob>,
}

/// A target that was sent and has not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenJob {
    pub(crate) target: String,
    pub(crate) request_id: RequestId,
    pub(crate) job_id: Option<JobId>,
    /// When the service answered, in seconds since 1970.
    since: u64,
}

impl OpenJob {
    pub(crate) fn new(
        target: &str,
        request_id: &RequestId,
        job_id: Option<&JobId>,
        since: SystemTime,
    ) -> Self {
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            target: target.to_owned(),
            request_id: request_id.clone(),
            job_id: job_id.cloned(),
            since,
        }
    }

    pub(crate) fn into_standing(self) -> Standing {
        let since = UNIX_EPOCH + Duration::from_secs(self.since);
        let request_id = self.request_id;
        if let Some(job_id) = self.job_id {
            Standing::Waiting { request_id, job_id, since }
        } else {
            Standing::Looking { request_id, since, reason: UnconfirmedReason::NotInAnswer }
        }
    }
}

impl Ticket {
    pub(crate) fn new(client: &Client, operation: &str, jobs: Vec<OpenJob>) -> Self {
        Self {
            version: VERSION,
            operation: operation.to_owned(),
            endpoint: client.endpoint().to_owned(),
            region: client.region().map(str::to_owned),
            project: client.project().to_string(),
            jobs,
        }
    }

    /// Whether nothing is left to wait for.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many targets have not settled.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The vendor's name of the operation that started the jobs.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Each target, the call that carried it, and its job if that is known.
    pub fn jobs(&self) -> impl ExactSizeIterator<Item = (&str, &RequestId, Option<&JobId>)> {
        self.jobs.iter().map(|job| (job.target.as_str(), &job.request_id, job.job_id.as_ref()))
    }

    /// Whether it belongs to what `client` calls.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is for another endpoint, region or project, or of a newer version.
    pub fn check(&self, client: &Client) -> Result<()> {
        let problems = self.problems(client);
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid_input(problems)) }
    }

    pub(crate) fn into_jobs(self) -> Vec<OpenJob> {
        self.jobs
    }

    /// Why `client` cannot take it.
    pub(crate) fn problems(&self, client: &Client) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.version != VERSION {
            problems.push(Problem::new(format!(
                "the ticket is of version {}, this client reads version {VERSION}",
                self.version
            )));
        }
        let region = self.region.as_deref();
        problems.extend(differences("ticket", &self.endpoint, region, &self.project, client));
        problems
    }
}

/// How what `client` calls differs from where something that was written down belongs.
pub(crate) fn differences(
    what: &str,
    endpoint: &str,
    region: Option<&str>,
    project: &str,
    client: &Client,
) -> Vec<Problem> {
    let pairs = [
        ("endpoint", endpoint, client.endpoint()),
        ("region", region.unwrap_or("none"), client.region().unwrap_or("none")),
        ("project", project, client.project().as_str()),
    ];
    let differ = pairs.into_iter().filter(|(_, theirs, ours)| theirs != ours);
    let problem = |(place, theirs, ours)| {
        Problem::new(format!("the {what} is for {place} `{theirs}`, this client for `{ours}`"))
    };
    differ.map(problem).collect()
}
