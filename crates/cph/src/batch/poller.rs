//! Asking how jobs are doing: many request ids at a time, every page. Knows no plan.

use std::collections::{HashSet, VecDeque};

use cph_core::{ErrorCode, JobFamily, JobId, RequestId, limits};
use futures_util::{StreamExt as _, stream};

use crate::{Client, Delivery, Error, Job, jobs};

/// A call whose jobs are asked about.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) request_id: RequestId,
    /// The jobs that are waited for, if they are known: when they have been seen, no further page is read.
    pub(crate) job_ids: Option<HashSet<JobId>>,
    /// How many jobs it is known to have started, ended ones too.
    pub(crate) jobs: usize,
}

/// What came of asking about some request ids.
pub(crate) struct Asked {
    pub(crate) request_ids: Vec<RequestId>,
    pub(crate) answer: Result<Vec<Job>, Error>,
}

/// Calls by the queries that ask about them, as many in one as the service takes.
pub(crate) fn queries(calls: Vec<Call>) -> VecDeque<Vec<Call>> {
    let mut queries = VecDeque::new();
    let mut rest = calls;
    while !rest.is_empty() {
        let later = rest.split_off(fullest(&rest));
        queries.push_back(rest);
        rest = later;
    }
    queries
}

/// Asks about the calls of one query. Where it is refused it is split, so that one bad id does not hide the jobs of the
/// others.
pub(crate) async fn ask(client: Client, query: Vec<Call>) -> Vec<Asked> {
    let mut groups = vec![query];
    let mut asked = Vec::new();
    while let Some(mut calls) = groups.pop() {
        let request_ids: Vec<RequestId> =
            calls.iter().map(|call| call.request_id.clone()).collect();
        let job_ids: Option<Vec<_>> = calls.iter().map(|call| call.job_ids.as_ref()).collect();
        let job_ids = job_ids.map(|sets| sets.into_iter().flatten().cloned().collect());
        match jobs::pages(&client, &request_ids, job_ids).await {
            Err(error) if error.delivery() == Delivery::Refused && calls.len() > 1 => {
                let second = calls.split_off(calls.len() / 2);
                groups.extend([calls, second]);
            }
            Err(error) if error.code() == Some(ErrorCode::JOBS_OF_REQUEST_NOT_FOUND) => {
                asked.push(Asked { request_ids, answer: Ok(Vec::new()) });
            }
            answer => asked.push(Asked { request_ids, answer }),
        }
    }
    asked
}

/// How many calls it takes to ask about these, as far as that is known.
pub(crate) fn pages(query: &[Call]) -> u32 {
    let jobs: usize = query.iter().map(|call| call.jobs).sum();
    u32::try_from(jobs.div_ceil(limits::LIST_JOBS_PAGE).max(1)).unwrap_or(u32::MAX)
}

/// How many of the next calls to ask about in one query, so that its pages are as full as can be.
fn fullest(calls: &[Call]) -> usize {
    let mut best = (1, 0.0);
    let mut jobs = 0_u32;
    for (count, call) in (1..=limits::LIST_JOBS_REQUEST_IDS).zip(calls) {
        jobs += u32::try_from(call.jobs).unwrap_or(u32::MAX);
        let pages = jobs.div_ceil(LIST_JOBS_PAGE).max(1);
        let jobs_a_page = f64::from(jobs) / f64::from(pages);
        if jobs_a_page >= best.1 {
            best = (count, jobs_a_page);
        }
    }
    best.0
}

#[expect(clippy::cast_possible_truncation, reason = "it is 100")]
const LIST_JOBS_PAGE: u32 = limits::LIST_JOBS_PAGE as u32;

/// How many jobs are asked about one by one at the same time.
const AT_ONCE: usize = 4;

/// Asks about each of these jobs alone.
pub(crate) async fn one_by_one(
    client: Client,
    job_ids: Vec<JobId>,
) -> Vec<(JobId, Result<Job, Error>)> {
    let ask = |job_id: JobId| {
        let client = client.clone();
        async move {
            let job = client.jobs().get(job_id.as_str()).await;
            (job_id, job)
        }
    };
    stream::iter(job_ids).map(ask).buffer_unordered(AT_ONCE).collect().await
}

/// The target that a job is about.
pub(crate) fn target(job: &Job, family: JobFamily) -> Option<&str> {
    match family {
        JobFamily::Phone => job.phone_id.as_deref(),
        JobFamily::Server => job.server_id.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(jobs: &[usize]) -> Vec<Call> {
        let call = |&jobs: &usize| Call {
            request_id: "6837531fd3f54550927b930180a706bf".parse().unwrap(),
            job_ids: None,
            jobs,
        };
        jobs.iter().map(call).collect()
    }

    #[test]
    fn queries_have_full_pages_and_no_more_ids_than_they_may() {
        for (jobs, takes) in [
            (vec![7; 30], 14),
            (vec![60; 30], 20),
            (vec![60; 3], 3),
            (vec![100; 2], 2),
            (vec![1; 30], 20),
            (vec![0; 2], 2),
            (vec![250], 1),
        ] {
            assert_eq!(fullest(&calls(&jobs)), takes, "{jobs:?}");
        }
    }
}
