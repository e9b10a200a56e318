//! `cph job list` and `cph job show`.

use cph::{Job, JobStatus};
use serde::Serialize;

use super::Context;
use crate::{
    Console, Exit,
    exit::Failure,
    output::{self, Fields, Records},
};

pub(super) async fn list(
    context: Context<'_>,
    request_ids: &[String],
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let jobs =
        context.session.client.jobs().list(request_ids).await.map_err(Failure::to("list jobs"))?;
    let mut records = Records::new(FIELDS, context.settings);
    records.begin(console.out)?;
    for job in &jobs {
        records.write(console.out, &Record::new(job))?;
    }
    records.finish(console.out)?;
    if jobs.is_empty() && !context.settings.quiet {
        console.note(format_args!("no jobs under {}", request_ids.join(", ")));
    }
    Ok(Exit::Done)
}

pub(super) async fn show(
    context: Context<'_>,
    job_id: &str,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let job =
        context.session.client.jobs().get(job_id).await.map_err(Failure::to("show the job"))?;
    output::show(console.out, &Record::new(&job), &FIELDS.all, context.settings)?;
    Ok(Exit::Done)
}

const FIELDS: Fields = Fields::new(
    &[
        "job_id",
        "status",
        "phone_id",
        "server_id",
        "begin_time",
        "end_time",
        "error_code",
        "error_msg",
        "execute_msg",
    ],
    &["job_id", "status", "phone_id", "begin_time", "end_time", "error_code"],
);

/// A job under the vendor's names.
#[derive(Serialize)]
struct Record<'a> {
    job_id: &'a str,
    status: JobStatus,
    phone_id: Option<&'a str>,
    server_id: Option<&'a str>,
    begin_time: Option<&'a str>,
    end_time: Option<&'a str>,
    error_code: Option<&'a str>,
    error_msg: Option<&'a str>,
    execute_msg: Option<&'a str>,
}

impl<'a> Record<'a> {
    fn new(job: &'a Job) -> Self {
        Self {
            job_id: job.job_id.as_str(),
            status: job.status,
            phone_id: job.phone_id.as_deref(),
            server_id: job.server_id.as_deref(),
            begin_time: job.begin_time.as_deref(),
            end_time: job.end_time.as_deref(),
            error_code: job.error_code.as_deref(),
            error_msg: job.error_msg.as_deref(),
            execute_msg: job.execute_msg.as_deref(),
        }
    }
}
