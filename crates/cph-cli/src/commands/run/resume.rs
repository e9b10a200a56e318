//! Going on with a run.

use std::path::Path;

use cph::{
    EncodeServerOutcome, JobFamily, Operation, Outcome, RecordedRun, RunTarget, ServerOutcome,
    TargetOutcome,
};
use tokio::sync::mpsc;

use super::{
    show::{id_field, record},
    told,
};
use crate::{
    Console, Exit,
    commands::{
        Context, counted,
        follow::Follower,
        perform::{ASK_ABOVE, agreed},
        selection::SURVEY_ABOVE,
        tables::find_operation,
    },
    exit::Failure,
    progress::Reporter,
    signals::Signals,
};

pub(super) async fn resume(
    context: Context<'_>,
    run: RecordedRun,
    file: &Path,
    yes: bool,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    match run.family().map_err(Failure::to("take the run file"))? {
        JobFamily::Server => resume_as::<ServerOutcome>(context, run, file, yes, console).await,
        JobFamily::Encoder => {
            resume_as::<EncodeServerOutcome>(context, run, file, yes, console).await
        }
        _ => resume_as::<Outcome>(context, run, file, yes, console).await,
    }
}

async fn resume_as<O: TargetOutcome + 'static>(
    context: Context<'_>,
    run: RecordedRun,
    file: &Path,
    yes: bool,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let operation: &Operation = find_operation(run.header().operation())?;
    let unsent = run.targets().filter(RunTarget::is_unsent).count();
    let settled = run.targets().filter(RunTarget::is_settled).count();
    let heading = format!(
        "{}: {} to send, {} to ask about, {settled} known",
        told(&run),
        unsent,
        run.header().targets() - unsent - settled
    );
    let is_much = unsent > ASK_ABOVE || operation.asks.is_some() || O::FAMILY != JobFamily::Phone;
    if unsent > 0 && is_much {
        let what = format!("go on with {} and send {}", operation.name, counted(unsent, O::TARGET));
        if !agreed(context, operation, &what, yes, console)? {
            return Ok(Exit::Usage);
        }
    }
    if !context.settings.quiet {
        console.note(format_args!("run file: {}", file.display()));
        console.note(heading);
    }
    let survey = if O::FAMILY == JobFamily::Phone && unsent > SURVEY_ABOVE {
        let survey = context.session.client.phones().survey().await;
        Some(survey.map_err(Failure::to("list phones"))?)
    } else {
        None
    };
    let prints = matches!(operation.name, "RunShellCommand" | "RunSyncCommand");
    let mut follower = Follower::new::<O>(context, prints, run.header().targets(), console);
    let id_field = id_field(&run)?;
    let earlier: Vec<_> = run
        .targets()
        .filter(RunTarget::is_settled)
        .map(|target| (target.id().to_owned(), target.word(), record(id_field, &target)))
        .collect();
    let signals = Signals::listen()?;
    let (answered, parts) = mpsc::unbounded_channel();
    let reporter = Reporter { target: O::TARGET, answered };
    follower.file = Some((file.to_owned(), run.failure()));
    let run = run
        .resume::<O>(&context.session.client, survey.as_ref(), reporter)
        .map_err(Failure::to("go on with the run"))?;
    follower.begin(console);
    for (id, word, record) in earlier {
        follower.take(&id, word, &record, console);
    }
    Ok(follower.follow(context, run, signals, parts, "", console).await)
}
