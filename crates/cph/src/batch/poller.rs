//! Asking how jobs are doing: many request ids at a time, every page. Knows no plan.

use cph_core::{ErrorCode, JobFamily, RequestId};

use crate::{Client, Delivery, Error, Job, jobs};

/// What came of asking about some request ids.
pub(crate) struct Asked {
    pub(crate) request_ids: Vec<RequestId>,
    pub(crate) answer: Result<Vec<Job>, Error>,
}

/// Asks about all of `request_ids`, as many in one query as the service takes. A refused query of several is split, so that
/// one bad id does not hide the jobs of the others.
pub(crate) async fn sweep(client: Client, request_ids: Vec<RequestId>) -> Vec<Asked> {
    let mut groups: Vec<Vec<RequestId>> = request_ids
        .chunks(cph_core::limits::LIST_JOBS_REQUEST_IDS)
        .map(<[RequestId]>::to_vec)
        .collect();
    let mut asked = Vec::new();
    while let Some(mut request_ids) = groups.pop() {
        match jobs::all_pages(&client, &request_ids).await {
            Err(error) if error.delivery() == Delivery::Refused && request_ids.len() > 1 => {
                let second = request_ids.split_off(request_ids.len() / 2);
                groups.extend([request_ids, second]);
            }
            Err(error) if error.code() == Some(ErrorCode::JOBS_OF_REQUEST_NOT_FOUND) => {
                asked.push(Asked { request_ids, answer: Ok(Vec::new()) });
            }
            answer => asked.push(Asked { request_ids, answer }),
        }
    }
    asked
}

/// The target that a job is about.
pub(crate) fn target(job: &Job, family: JobFamily) -> Option<&str> {
    match family {
        JobFamily::Phone => job.phone_id.as_deref(),
        JobFamily::Server => job.server_id.as_deref(),
        _ => None,
    }
}
