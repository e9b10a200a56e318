//! Jobs: what earlier calls started, and how it is going.

use std::{
    collections::HashSet,
    fmt,
    time::{Duration, SystemTime},
};

use cph_core::{ErrorCode, JobId, JobStatus, RequestId, limits};
use futures_util::{Stream, TryStreamExt as _, stream};

use crate::{Client, Delivery, Error, Problem, Result, batch::outcome::Fault, clock::after};

/// A job, as the service shows it.
///
/// `Debug` leaves out the service's own words, which may quote what was sent, and what the job printed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Its id.
    pub job_id: JobId,
    /// Whether it runs, and how it ended.
    pub status: JobStatus,
    /// The phone that it works on, if it works on one.
    pub phone_id: Option<String>,
    /// The server that it works on, or that its phone runs on.
    pub server_id: Option<String>,
    /// When it began, in UTC, such as `2017-10-25T00:00:00Z`.
    pub begin_time: Option<String>,
    /// When it ended, in UTC.
    pub end_time: Option<String>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same in the service's words.
    pub error_msg: Option<String>,
    /// What it printed, at most 1024 bytes.
    pub execute_msg: Option<String>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("job_id", &self.job_id)
            .field("status", &self.status)
            .field("phone_id", &self.phone_id)
            .field("server_id", &self.server_id)
            .field("begin_time", &self.begin_time)
            .field("end_time", &self.end_time)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

impl Job {
    /// What went wrong, if it failed.
    pub fn fault(&self) -> Option<Fault> {
        (self.status == JobStatus::Failed)
            .then(|| Fault::new(self.error_code.as_deref(), self.error_msg.as_deref()))
    }

    /// How long it ran, by the service's own times.
    pub fn ran(&self) -> Option<Duration> {
        let time = |text: &Option<String>| text.as_deref()?.parse::<jiff::Timestamp>().ok();
        Duration::try_from(time(&self.end_time)?.duration_since(time(&self.begin_time)?)).ok()
    }
}

/// Questions about jobs; see [`Client::jobs`].
#[derive(Debug, Clone, Copy)]
pub struct Jobs<'a> {
    client: &'a Client,
}

impl<'a> Jobs<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All jobs that the calls with these request ids started, over as many queries and pages as it takes.
    ///
    /// [ListJobs](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0522.html) takes at most 20 request ids and
    /// gives at most 100 jobs at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if an id is none, before anything is sent; otherwise the
    /// first call that fails, with its code: see [`Error::code`].
    pub async fn list<I>(&self, request_ids: I) -> Result<Vec<Job>>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut problems = Vec::new();
        let parsed = request_ids.into_iter().filter_map(|id| {
            id.as_ref()
                .parse::<RequestId>()
                .map_err(|error| problems.push(Problem::new(error.to_string())))
                .ok()
        });
        let request_ids: Vec<RequestId> = parsed.collect();
        if !problems.is_empty() {
            return Err(Error::invalid_input(problems));
        }
        let mut jobs = Vec::new();
        for group in request_ids.chunks(limits::LIST_JOBS_REQUEST_IDS) {
            jobs.extend(pages(self.client, group, None).await?);
        }
        Ok(jobs)
    }

    /// Waits for the jobs that the calls with these request ids started: each comes once, as it ends.
    ///
    /// After `patience` those that still run come too, as they are, and the stream ends; it ends after its first `Err` as well.
    /// Nothing is sent again. Dropping the stream stops no job.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::{pin::pin, time::Duration};
    /// use futures_util::TryStreamExt as _;
    ///
    /// let calls = ["6837531fd3f54550927b930180a706bf"];
    /// let mut jobs = pin!(client.jobs().wait(calls, Duration::from_secs(1800)));
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{} {}", job.job_id, job.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list) for the first look; a later one that fails is made again until patience is over. A request id
    /// under which no job shows up within 2 minutes is
    /// [`ErrorCode::JOBS_OF_REQUEST_NOT_FOUND`](crate::ErrorCode::JOBS_OF_REQUEST_NOT_FOUND).
    pub fn wait(
        &self,
        request_ids: impl IntoIterator<Item = impl AsRef<str>>,
        patience: Duration,
    ) -> impl Stream<Item = Result<Job>> + Send + 'static {
        let now = self.client.clock().now();
        let waiting = Waiting {
            client: self.client.clone(),
            since: now,
            until: after(now, patience),
            looked_for: request_ids.into_iter().map(|id| id.as_ref().to_owned()).collect(),
            found: Vec::new(),
            seen: HashSet::new(),
            has_looked: false,
        };
        let looks = stream::try_unfold(Some(waiting), |waiting| async move {
            let Some(waiting) = waiting else { return Ok(None) };
            waiting
                .look()
                .await
                .map(|(ended, rest)| Some((stream::iter(ended.into_iter().map(Ok)), rest)))
        });
        looks.try_flatten()
    }

    /// One job, by [ShowJob](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0521.html).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::JOB_NOT_FOUND`](crate::ErrorCode::JOB_NOT_FOUND) if there is none; how long the service remembers jobs is not documented.
    pub async fn get(&self, job_id: impl AsRef<str>) -> Result<Job> {
        let job_id: JobId = Client::id(job_id)?;
        let reply = self
            .client
            .call("ShowJob", async |raw, project| raw.show_job(&project, job_id.as_str()).await)
            .await?;
        let job = reply.body;
        Ok(Job {
            job_id,
            status: status(job.status),
            phone_id: job.phone_id,
            server_id: job.server_id,
            begin_time: job.begin_time,
            end_time: job.end_time,
            error_code: job.error_code,
            error_msg: job.error_msg,
            execute_msg: job.execute_msg,
        })
    }
}

/// How often jobs are looked at that are waited for by request id.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long the jobs of a call may take to show up under its request id.
const LOOKING: Duration = Duration::from_mins(2);

struct Waiting {
    client: Client,
    since: SystemTime,
    until: SystemTime,
    /// Request ids under which no job has been found yet. Rows do not say which call they belong to, so each is asked for alone.
    looked_for: Vec<String>,
    found: Vec<String>,
    /// Jobs that have been handed over.
    seen: HashSet<JobId>,
    has_looked: bool,
}

impl Waiting {
    /// What has ended since the last look, and how to go on.
    async fn look(mut self) -> Result<(Vec<Job>, Option<Self>)> {
        let clock = self.client.clock().clone();
        if self.has_looked {
            let left = self.until.duration_since(clock.now()).unwrap_or_default();
            clock.sleep(INTERVAL.min(left)).await;
        }
        let is_over = self.until <= clock.now();
        let jobs = match self.jobs().await {
            Ok(jobs) => jobs,
            // A look that fails says nothing of the jobs; the next may.
            Err(error) if !self.has_looked || is_over => return Err(error),
            Err(_) => return Ok((Vec::new(), Some(self))),
        };
        self.has_looked = true;
        let runs = |job: &Job| !matches!(job.status, JobStatus::Success | JobStatus::Failed);
        let gave_up = is_over || after(self.since, LOOKING) <= clock.now();
        if let (Some(id), true) = (self.looked_for.first(), gave_up) {
            let code = Some(ErrorCode::JOBS_OF_REQUEST_NOT_FOUND);
            let text = Some(format!("no job showed up under {id}"));
            return Err(Error::service(404, code, text, Delivery::Refused));
        }
        let is_done = is_over || self.looked_for.is_empty() && !jobs.iter().any(runs);
        let ended = jobs.into_iter().filter(|job| is_over || !runs(job));
        let new = ended.filter(|job| self.seen.insert(job.job_id.clone())).collect();
        Ok((new, (!is_done).then_some(self)))
    }

    /// Every job that is known so far.
    async fn jobs(&mut self) -> Result<Vec<Job>> {
        let mut all = self.client.jobs().list(&self.found).await?;
        let mut still = Vec::new();
        for id in std::mem::take(&mut self.looked_for) {
            match self.client.jobs().list([&id]).await {
                Ok(jobs) if !jobs.is_empty() => {
                    all.extend(jobs);
                    self.found.push(id);
                }
                Err(error) if error.code() != Some(ErrorCode::JOBS_OF_REQUEST_NOT_FOUND) => {
                    self.looked_for.extend(still);
                    self.looked_for.push(id);
                    return Err(error);
                }
                _ => still.push(id),
            }
        }
        self.looked_for = still;
        Ok(all)
    }
}

/// A status that no answer gave is no status that we know.
fn status(code: Option<i64>) -> JobStatus {
    JobStatus::from_code(code.unwrap_or_default())
}

/// The pages of jobs under at most 20 request ids. There is no total: a page that is not full is the last, or one with which
/// all of `job_ids` have been seen, where these are given.
pub(crate) async fn pages(
    client: &Client,
    request_ids: &[RequestId],
    mut job_ids: Option<HashSet<JobId>>,
) -> Result<Vec<Job>> {
    let ids = request_ids.iter().map(RequestId::as_str).collect::<Vec<_>>().join(",");
    let mut jobs = Vec::new();
    let mut offset = 0;
    loop {
        let limit = limits::LIST_JOBS_PAGE;
        let reply = client
            .call("ListJobs", async |raw, project| {
                let (limit, offset) = (i64::try_from(limit).ok(), i64::try_from(offset).ok());
                raw.list_jobs(&project, limit, offset, None, Some(&ids)).await
            })
            .await?;
        let page = reply.body.jobs.unwrap_or_default();
        let rows = page.len();
        let page: Vec<Job> = page.into_iter().filter_map(job).collect();
        if let Some(job_ids) = &mut job_ids {
            job_ids.retain(|job_id| !page.iter().any(|job| job.job_id == *job_id));
        }
        jobs.extend(page);
        if rows < limit || job_ids.as_ref().is_some_and(HashSet::is_empty) {
            return Ok(jobs);
        }
        offset += rows;
    }
}

/// A row, unless it has no id to know it by.
fn job(row: cph_raw::types::Job) -> Option<Job> {
    let Some(job_id) = row.job_id.as_deref().and_then(|id| id.parse().ok()) else {
        tracing::warn!("the service listed a job without a usable id");
        return None;
    };
    Some(Job {
        job_id,
        status: status(row.status),
        phone_id: row.phone_id,
        // `node_id` is its former name.
        server_id: row.server_id.or(row.node_id),
        begin_time: row.begin_time,
        end_time: row.end_time,
        error_code: row.error_code,
        error_msg: row.error_msg,
        execute_msg: row.execute_msg,
    })
}
