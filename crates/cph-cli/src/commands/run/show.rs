//! What a run file says.

use std::path::Path;

use cph::{JobFamily, RecordedRun, RunTarget};
use serde_json::{Value, json};

use super::told;
use crate::{
    Console, Exit, commands::follow::fields_of, exit::Failure, output::Records, settings::Settings,
};

pub(super) fn show(
    file: &Path,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let run = RecordedRun::read(file).map_err(Failure::to("read the run file"))?;
    let id_field = id_field(&run)?;
    let mut records = Records::new(fields_of(id_field, false), settings);
    records.begin(console.out)?;
    for target in run.targets() {
        records.write(console.out, &record(id_field, &target))?;
    }
    records.finish(console.out)?;
    if !settings.quiet {
        console.note(told(&run));
        let time = |time| {
            jiff::Timestamp::try_from(time).map_or(String::new(), |time| format!("{time:.0}"))
        };
        let ended = match run.ended() {
            Some(ended) => format!("ended {}", time(ended)),
            None => format!("not ended; go on with it: cph run resume {}", file.display()),
        };
        console.note(format_args!("begun {}, {ended}", time(run.header().started())));
        let counts: Vec<String> = run
            .counts()
            .into_iter()
            .map(|(word, count)| format!("{count} {}", word.replace('_', " ")))
            .collect();
        console.note(counts.join(", "));
    }
    Ok(Exit::Done)
}

/// What the id of its targets is called.
pub(super) fn id_field(run: &RecordedRun) -> Result<&'static str, Failure> {
    let family = run.family().map_err(Failure::to("read the run file"))?;
    Ok(match family {
        JobFamily::Server => "server_id",
        JobFamily::Encoder => "encode_server_id",
        _ => "phone_id",
    })
}

/// What is on record of a target, in the shape of an outcome.
pub(super) fn record(id_field: &str, target: &RunTarget<'_>) -> Value {
    if let Some(outcome) = target.outcome() {
        return json!(outcome);
    }
    json!({
        id_field: target.id(),
        "outcome": target.word(),
        "reason": null,
        "request_id": target.request_id(),
        "job_id": target.job_id(),
        "error_code": null,
        "error_msg": null,
        "seconds": null,
    })
}
