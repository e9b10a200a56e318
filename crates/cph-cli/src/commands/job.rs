//! `cph job`.

use std::{cell::Cell, collections::BTreeSet, path::Path, time::Duration};

use cph::{Job, JobStatus, Ticket};
use serde::Serialize;

use super::{Context, listing};
use crate::{
    Console, Exit,
    exit::Failure,
    input,
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

/// Waits for the jobs of calls, or of a run's ticket, until they have ended or `patience` is over.
pub(super) async fn wait(
    context: Context<'_>,
    calls: &[String],
    patience: Duration,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if context.session.is_simulated {
        return Err(Failure::usage(
            "the simulation of --sim begins with the command and knows no earlier call: \
             use a simulator that stays, with `cph sim serve`",
        ));
    }
    let request_ids = match calls {
        [file] if Path::new(file).is_file() => in_ticket(context, Path::new(file), console)?,
        ids => ids.to_vec(),
    };
    let (failed, running) = (Cell::new(0), Cell::new(0));
    let jobs = context.session.client.jobs().wait(request_ids, patience);
    let record = |job: &Job| {
        match job.status {
            JobStatus::Success => {}
            JobStatus::Failed => failed.set(failed.get() + 1),
            _ => running.set(running.get() + 1),
        }
        serde_json::json!(Record::new(job))
    };
    let listed = listing::list(context, "wait for jobs", jobs, record, FIELDS, console).await;
    if let Err(failure @ Failure::Call { .. }) = listed {
        // Whatever has not been printed may still run.
        failure.report(console);
        return Ok(Exit::Unconfirmed);
    }
    listed?;
    Ok(match (failed.get(), running.get()) {
        (0, 0) => Exit::Done,
        (_, 0) => Exit::NotAll,
        _ => Exit::Unconfirmed,
    })
}

/// The calls of a ticket, each once.
fn in_ticket(
    context: Context<'_>,
    file: &Path,
    console: &mut Console<'_>,
) -> Result<Vec<String>, Failure> {
    let (name, text) = input::text(file, console)?;
    let ticket: Ticket = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name} is no ticket: {error}")))?;
    ticket.check(&context.session.client).map_err(Failure::to("take the ticket"))?;
    let ids: BTreeSet<String> = ticket.jobs().map(|(_, call, _)| call.to_string()).collect();
    Ok(ids.into_iter().collect())
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
    &["job_id", "status", "phone_id", "server_id", "begin_time", "end_time", "error_code"],
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
