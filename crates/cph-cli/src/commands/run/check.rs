//! Asking about a run again, without changing anything.

use std::{
    collections::{BTreeSet, HashMap},
    pin::pin,
};

use cph::{ErrorCode, Job, JobStatus, PhoneStatus, RecordedRun, RunTarget};
use futures_util::TryStreamExt as _;
use serde_json::json;

use super::{show::id_field, told};
use crate::{
    Console, Exit,
    commands::{Context, counted},
    exit::Failure,
    output::{Fields, Records},
};

/// Prints since when the system runs, in seconds since 1970, and the state of process 1, which counts from there.
/// Assumed: boot-time-of-a-phone.
const BOOT_TIME: &str = "grep btime /proc/stat && cat /proc/1/stat";

/// What the kernel counts times of processes in, of a second.
const TICKS: i64 = 100;

pub(super) async fn check(
    context: Context<'_>,
    run: &RecordedRun,
    boot_time: bool,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let id_field = id_field(run)?;
    if !context.settings.quiet {
        console.note(told(run));
    }
    let jobs = Jobs::ask(context, run).await?;
    let statuses = statuses(context, id_field).await?;
    let now: Vec<&str> = run.targets().map(|target| jobs.now(&target)).collect();
    let runs = |id: &str| {
        statuses.get(id).is_some_and(|status| *status == PhoneStatus::Running.to_string())
    };
    let asked = run.targets().zip(&now).filter(|(target, now)| is_open(now) && runs(target.id()));
    let asked: Vec<String> = asked.map(|(target, _)| target.id().to_owned()).collect();
    let boot_times = if boot_time && id_field == "phone_id" && !asked.is_empty() {
        boot_times(context, asked, console).await?
    } else {
        HashMap::new()
    };
    let mut records = Records::new(fields(id_field), context.settings);
    records.begin(console.out)?;
    for (target, now) in run.targets().zip(&now) {
        let record = json!({
            id_field: target.id(),
            "outcome": target.word(),
            "now": now,
            "status": statuses.get(target.id()),
            "boot_time": boot_times.get(target.id()),
            "request_id": target.request_id(),
            "job_id": target.job_id(),
        });
        records.write(console.out, &record)?;
    }
    records.finish(console.out)?;
    Ok(if now.iter().any(|now| is_open(now)) {
        Exit::Unconfirmed
    } else if now.iter().any(|now| *now != "done") {
        Exit::NotAll
    } else {
        Exit::Done
    })
}

/// Whether it may have happened, or still happens.
fn is_open(now: &str) -> bool {
    matches!(now, "unconfirmed" | "still_running")
}

fn fields(id_field: &'static str) -> Fields {
    Fields {
        all: vec![id_field, "outcome", "now", "status", "boot_time", "request_id", "job_id"].into(),
        table: vec![id_field, "outcome", "now", "status", "boot_time"].into(),
        widths: None,
    }
}

/// The jobs of calls that left targets open.
struct Jobs {
    by_id: HashMap<String, JobStatus>,
    /// Of the targets whose entries were lost.
    by_target: HashMap<(String, String), JobStatus>,
}

impl Jobs {
    async fn ask(context: Context<'_>, run: &RecordedRun) -> Result<Self, Failure> {
        let open = run.targets().filter(|target| !is_known(target));
        let calls: BTreeSet<&str> = open.filter_map(|target| target.request_id()).collect();
        let mut jobs = Self { by_id: HashMap::new(), by_target: HashMap::new() };
        for call in calls {
            let listed = match context.session.client.jobs().list([call]).await {
                // A call that is forgotten hides nothing of the others.
                Err(error) if error.code() == Some(ErrorCode::JOBS_OF_REQUEST_NOT_FOUND) => {
                    continue;
                }
                listed => listed.map_err(Failure::to("list jobs"))?,
            };
            for job in listed {
                jobs.take(call, &job);
            }
        }
        Ok(jobs)
    }

    fn take(&mut self, call: &str, job: &Job) {
        if let Some(target) = job.phone_id.as_ref().or(job.server_id.as_ref()) {
            self.by_target.insert((call.to_owned(), target.clone()), job.status);
        }
        self.by_id.insert(job.job_id.to_string(), job.status);
    }

    /// The outcome of a target as it is known now.
    fn now(&self, target: &RunTarget<'_>) -> &'static str {
        if is_known(target) {
            return target.word();
        }
        if target.is_unsent() {
            return "not_sent";
        }
        let by_id = target.job_id().and_then(|job| self.by_id.get(job));
        let call = target.request_id().map(|call| (call.to_owned(), target.id().to_owned()));
        let by_target = call.and_then(|place| self.by_target.get(&place));
        match by_id.or(by_target) {
            Some(JobStatus::Success) => "done",
            Some(JobStatus::Failed) => "failed",
            Some(_) => "still_running",
            None => "unconfirmed",
        }
    }
}

/// Whether its outcome is on record for good.
fn is_known(target: &RunTarget<'_>) -> bool {
    matches!(target.word(), "done" | "refused" | "failed")
}

/// What each phone or server is doing.
async fn statuses(
    context: Context<'_>,
    id_field: &str,
) -> Result<HashMap<String, String>, Failure> {
    let client = &context.session.client;
    let mut statuses = HashMap::new();
    match id_field {
        "phone_id" => {
            let mut phones = pin!(client.phones().list().stream());
            while let Some(phone) = phones.try_next().await.map_err(Failure::to("list phones"))? {
                statuses.insert(phone.phone_id.to_string(), phone.status.to_string());
            }
        }
        "server_id" => {
            let mut servers = pin!(client.servers().list().stream());
            while let Some(server) =
                servers.try_next().await.map_err(Failure::to("list servers"))?
            {
                statuses.insert(
                    server.server_id.to_string(),
                    server.status.map(|status| status.to_string()).unwrap_or_default(),
                );
            }
        }
        _ => {}
    }
    Ok(statuses)
}

/// When process 1 of each phone began.
async fn boot_times(
    context: Context<'_>,
    phones: Vec<String>,
    console: &mut Console<'_>,
) -> Result<HashMap<String, String>, Failure> {
    if !context.settings.quiet {
        let phones = counted(phones.len(), "phone");
        console.note(format_args!("asking {phones} when process 1 began, 90 a minute at most"));
    }
    let run = context.session.client.phones().run_sync(phones, BOOT_TIME).start();
    let report = run.map_err(Failure::to("ask when phones began"))?.await;
    let told = report.outcomes().iter().filter_map(|outcome| {
        Some((outcome.phone.to_string(), began(outcome.output.as_deref()?)?))
    });
    Ok(told.collect())
}

/// The time in what [`BOOT_TIME`] prints.
fn began(output: &str) -> Option<String> {
    let (system, process) = output.split_once('\n')?;
    let system: i64 = system.strip_prefix("btime ")?.trim().parse().ok()?;
    // The name of the process stands in brackets and may hold spaces; the 22nd field is the 20th after it.
    let (_, fields) = process.rsplit_once(')')?;
    let ticks: i64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let began = jiff::Timestamp::from_second(system.checked_add(ticks / TICKS)?).ok()?;
    Some(began.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_begin_of_process_1_is_read_from_what_it_prints() {
        let fields = "S 0 0 0 0 -1 4194560 9 9 9 9 9 9 9 9 20 0 1 0";
        let output = format!("btime 1795546805\n1 (init a) b) {fields} 6050 10 10");
        assert_eq!(began(&output).as_deref(), Some("2026-11-24T19:01:05Z"));
        for output in ["", "btime x\n1 (init) S", "grep: no such file\n", "btime 1\n1 (init) S 0 0"]
        {
            assert_eq!(began(output), None, "{output}");
        }
    }
}
