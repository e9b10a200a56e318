//! Following a run: records as phones settle, progress, signals, and how it all ended.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use cph::{Batch, BatchKind, Fate, OutcomeRecord, Run, RunFile, RunFileFailure, TargetOutcome};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{Context, counted, perform::About};
use crate::{
    Console, Exit,
    exit::Failure,
    output::{Fields, Records},
    progress::{PartAnswered, Progress, Reporter},
    signals::{Asked, Signals},
};

/// Fields of an outcome: the last is for jobs that print.
pub(super) fn fields_of(id_field: &'static str, prints: bool) -> Fields {
    let of = |names: &[&'static str]| {
        let names = names.iter().copied().chain(prints.then_some("output"));
        std::iter::once(id_field).chain(names).collect::<Vec<_>>().into()
    };
    Fields {
        all: of(&[
            "outcome",
            "reason",
            "request_id",
            "job_id",
            "error_code",
            "error_msg",
            "seconds",
        ]),
        table: of(&["outcome", "seconds", "error_code", "reason"]),
        widths: Some(&[32, 13, 7, 10, 0, 0]),
    }
}

pub(super) async fn follow<K: BatchKind>(
    context: Context<'_>,
    batch: Batch<K>,
    file: Option<RunFile>,
    about: &About<'_>,
    no_wait: bool,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut follower =
        Follower::new::<K::Outcome>(context, about.verb.prints, batch.len(), console);
    follower.no_wait = no_wait;
    follower.file = file.as_ref().map(|file| (file.path().to_owned(), file.failure()));
    let signals = Signals::listen()?;
    let (answered, parts) = mpsc::unbounded_channel();
    let reporter = Reporter { target: K::Outcome::TARGET, answered };
    let batch = match file {
        Some(file) => batch.observer((file, reporter)),
        None => batch.observer(reporter),
    };
    let run = batch.start().map_err(Failure::to(about.verb.doing))?;
    follower.begin(console);
    Ok(follower.follow(context, run, signals, parts, &about.passed_over, console).await)
}

impl Follower {
    pub(super) fn new<O: TargetOutcome>(
        context: Context<'_>,
        prints: bool,
        targets: usize,
        console: &Console<'_>,
    ) -> Self {
        Self {
            started: context.session.now(),
            progress: Progress::new(targets, context.settings, console),
            records: Some(Records::new(fields_of(O::ID_FIELD, prints), context.settings)),
            target: O::TARGET,
            output_failed: false,
            no_wait: false,
            quiet: context.settings.quiet,
            file: None,
            counts: HashMap::new(),
            request_ids: Vec::new(),
            to_look_at: None,
        }
    }

    /// Prints what stands before the first record.
    pub(super) fn begin(&mut self, console: &mut Console<'_>) {
        self.write(console, |records, out| records.begin(out));
    }

    /// Prints what becomes of every target, and tells how it all ended.
    pub(super) async fn follow<O: TargetOutcome + 'static>(
        mut self,
        context: Context<'_>,
        mut run: Run<O>,
        mut signals: Signals,
        mut parts: mpsc::UnboundedReceiver<PartAnswered>,
        passed_over: &str,
        console: &mut Console<'_>,
    ) -> Exit {
        let mut is_stopping = false;
        let mut left = None;
        loop {
            tokio::select! {
                biased;
                asked = signals.next() => match asked {
                    Asked::Interrupt if !is_stopping => {
                        is_stopping = true;
                        run.stop_sending();
                        self.note(console, "sending no more, waiting for what runs; Ctrl-C again leaves it");
                    }
                    Asked::Interrupt => leave(&run, &mut left, Exit::Interrupted),
                    Asked::Terminate => leave(&run, &mut left, Exit::Terminated),
                    Asked::HangUp => {}
                },
                Some(part) = parts.recv() => self.answered(part, console),
                outcome = run.next() => match outcome {
                    Some(outcome) => self.settled(outcome, console),
                    None => break,
                },
            }
        }
        while let Ok(part) = parts.try_recv() {
            self.answered(part, console);
        }
        self.write(console, |records, out| records.finish(out));
        self.progress.end();
        self.tell_failure_of_file(console);
        if let Some(exit) = left {
            let open = ["still_running", "unconfirmed"].map(|word| self.count(word)).iter().sum();
            console.note(format_args!("left while {} had not settled", counted(open, O::TARGET)));
            self.point_on(console);
            return exit;
        }
        let took = took(self.started, context.session.now());
        self.conclude(&took, passed_over, console)
    }
}

/// Whatever has not settled settles with what is known now.
fn leave<O: TargetOutcome>(run: &Run<O>, left: &mut Option<Exit>, exit: Exit) {
    run.leave();
    *left = Some(exit);
}

/// What a command says of a run while it goes.
pub(super) struct Follower {
    started: SystemTime,
    progress: Progress,
    /// Gone once nobody reads them.
    records: Option<Records>,
    output_failed: bool,
    /// What a target is called.
    target: &'static str,
    no_wait: bool,
    quiet: bool,
    /// The run file, and whether it could be written.
    pub(super) file: Option<(PathBuf, RunFileFailure)>,
    /// How many targets have which outcome.
    counts: HashMap<&'static str, usize>,
    /// Of the parts that were answered.
    request_ids: Vec<String>,
    /// The first unconfirmed target.
    to_look_at: Option<String>,
}

impl Follower {
    fn answered(&mut self, part: PartAnswered, console: &mut Console<'_>) {
        self.progress.part(&part, console);
        self.request_ids.extend(part.request_id);
    }

    fn settled<O: TargetOutcome>(&mut self, mut outcome: O, console: &mut Console<'_>) {
        let is_unconfirmed = |outcome: &O| matches!(outcome.fate(), Fate::Unconfirmed(_));
        // Who does not wait knows of an accepted target that its job was started, whatever the one look found.
        if self.no_wait && outcome.job_id().is_some() && is_unconfirmed(&outcome) {
            *outcome.fate_mut() = Fate::StillRunning;
        }
        let record = OutcomeRecord::from(&outcome);
        self.take(&outcome.id().to_string(), record.outcome, &record, console);
    }

    /// Prints a record, and counts it.
    pub(super) fn take(
        &mut self,
        id: &str,
        outcome: &'static str,
        record: &impl Serialize,
        console: &mut Console<'_>,
    ) {
        if outcome == "unconfirmed" {
            self.to_look_at.get_or_insert_with(|| id.to_owned());
        }
        self.write(console, |records, out| records.write(out, record));
        self.progress.settled();
        *self.counts.entry(outcome).or_default() += 1;
    }

    fn note(&self, console: &mut Console<'_>, text: &str) {
        self.progress.aside(|| console.note(text));
    }

    /// The run goes on when its records can no longer be written.
    fn write(
        &mut self,
        console: &mut Console<'_>,
        write: impl FnOnce(&mut Records, &mut dyn io::Write) -> io::Result<()>,
    ) {
        let Some(records) = &mut self.records else { return };
        let Err(error) = self.progress.aside(|| write(records, console.out)) else { return };
        self.records = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.output_failed = true;
            self.note(
                console,
                &format!("cph: failed to write the output, going on without: {error}"),
            );
        }
    }

    fn count(&self, word: &str) -> usize {
        self.counts.get(word).copied().unwrap_or(0)
    }

    /// How to go on with what has not settled.
    fn point_on(&self, console: &mut Console<'_>) {
        match &self.file {
            Some((path, _)) if !self.quiet => {
                console.note(format_args!("go on with it: cph run resume {}", path.display()));
            }
            Some(_) => {}
            None => self.point_to_jobs(console),
        }
    }

    fn tell_failure_of_file(&self, console: &mut Console<'_>) {
        if let Some(failure) = self.file.as_ref().and_then(|(_, failure)| failure.get()) {
            console.note(format_args!("cph: {failure}; the file tells less than is known"));
        }
    }

    fn point_to_jobs(&self, console: &mut Console<'_>) {
        if !self.quiet && !self.request_ids.is_empty() {
            console
                .note(format_args!("see their jobs: cph job list {}", self.request_ids.join(" ")));
        }
    }

    fn conclude(self, took: &str, passed_over: &str, console: &mut Console<'_>) -> Exit {
        let count = |word: &str| self.count(word);
        if !self.quiet {
            let counts: Vec<String> =
                ["done", "refused", "failed", "not_sent", "unconfirmed", "still_running"]
                    .into_iter()
                    .filter(|word| count(word) > 0)
                    .map(|word| format!("{} {}", count(word), word.replace('_', " ")))
                    .collect();
            if counts.is_empty() {
                console.note(format_args!("nothing to do{passed_over}"));
            } else {
                console.note(format_args!("{} in {took}{passed_over}", counts.join(", ")));
            }
        }
        if let Some(id) = &self.to_look_at {
            let look = match self.target {
                target @ ("phone" | "server") => format!(", for one: cph {target} show {id}"),
                _ => format!(", for one {id}"),
            };
            console.note(format_args!(
                "with unconfirmed {}s it may have happened all the same: look before repeating{look}",
                self.target
            ));
        }
        if self.no_wait && count("still_running") > 0 {
            self.point_to_jobs(console);
        } else if count("still_running") > 0 {
            self.point_on(console);
        }
        if count("unconfirmed") > 0 || count("still_running") > 0 && !self.no_wait {
            Exit::Unconfirmed
        } else if self.output_failed || count("refused") + count("failed") + count("not_sent") > 0 {
            Exit::NotAll
        } else {
            Exit::Done
        }
    }
}

/// Such as `42 s` or `12 min 5 s`.
fn took(from: SystemTime, to: SystemTime) -> String {
    let took = to.duration_since(from).unwrap_or_default() + Duration::from_millis(500);
    let took = took.as_secs();
    if took < 100 { format!("{took} s") } else { format!("{} min {} s", took / 60, took % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_before_it_is_divided() {
        for (millis, says) in [
            (0, "0 s"),
            (41_499, "41 s"),
            (41_500, "42 s"),
            (99_700, "1 min 40 s"),
            (119_900, "2 min 0 s"),
        ] {
            let from = SystemTime::UNIX_EPOCH;
            assert_eq!(took(from, from + Duration::from_millis(millis)), says);
        }
    }
}
