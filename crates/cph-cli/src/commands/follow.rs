//! Following a run: records as phones settle, progress, signals, and how it all ended.

use std::{
    io,
    time::{Duration, SystemTime},
};

use cph::{Fate, Outcome, OutcomeRecord, Restart, Run};
use tokio::sync::mpsc;

use super::{Context, phones};
use crate::{
    Console, Exit,
    exit::Failure,
    output::{Fields, Records},
    progress::{PartAnswered, Progress, Reporter},
    signals::{Asked, Signals},
};

const FIELDS: Fields = Fields {
    all: &[
        "phone_id",
        "outcome",
        "reason",
        "request_id",
        "job_id",
        "error_code",
        "error_msg",
        "seconds",
    ],
    table: &["phone_id", "outcome", "seconds", "error_code", "reason"],
    widths: Some(&[32, 13, 7, 10, 0]),
};

pub(super) async fn follow(
    context: Context<'_>,
    restart: Restart,
    no_wait: bool,
    passed_over: &str,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let started = context.session.now();
    let mut signals = Signals::listen()?;
    let (answered, mut parts) = mpsc::unbounded_channel();
    let mut run =
        restart.observer(Reporter(answered)).start().map_err(Failure::to("restart phones"))?;
    let mut follower = Follower {
        progress: Progress::new(run.len(), context.settings, console),
        records: Some(Records::new(FIELDS, context.settings)),
        output_failed: false,
        no_wait,
        settled: 0,
        request_ids: Vec::new(),
        unconfirmed: Vec::new(),
    };
    follower.write(console, |records, out| records.begin(out));
    let mut is_stopping = false;
    let left = loop {
        tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::Interrupt if !is_stopping => {
                    is_stopping = true;
                    run.stop_sending();
                    follower.note(console, "sending no more, waiting for what runs; Ctrl-C again leaves it");
                }
                Asked::Interrupt => break Some(Exit::Interrupted),
                Asked::Terminate => break Some(Exit::Terminated),
            },
            Some(part) = parts.recv() => follower.answered(part, console),
            outcome = run.next() => match outcome {
                Some(outcome) => follower.settled(outcome, console),
                None => break None,
            },
        }
    };
    while let Ok(part) = parts.try_recv() {
        follower.answered(part, console);
    }
    follower.write(console, |records, out| records.finish(out));
    follower.progress.end();
    if let Some(exit) = left {
        follower.leave(&run, console);
        return Ok(exit);
    }
    let took = took(started, context.session.now());
    Ok(follower.conclude(run, &took, passed_over, context.settings.quiet, console).await)
}

struct Follower {
    progress: Progress,
    /// Gone once nobody reads them.
    records: Option<Records>,
    output_failed: bool,
    no_wait: bool,
    settled: usize,
    /// Of the parts that were answered.
    request_ids: Vec<String>,
    /// Phones to look at.
    unconfirmed: Vec<String>,
}

impl Follower {
    fn answered(&mut self, part: PartAnswered, console: &mut Console<'_>) {
        self.progress.part(&part, console);
        self.request_ids.extend(part.request_id);
    }

    fn settled(&mut self, mut outcome: Outcome, console: &mut Console<'_>) {
        // Who does not wait knows of an accepted phone that its job was started, whatever the one look found.
        if self.no_wait && outcome.job_id.is_some() && matches!(outcome.fate, Fate::Unconfirmed(_))
        {
            outcome.fate = Fate::StillRunning;
        }
        if matches!(outcome.fate, Fate::Unconfirmed(_)) {
            self.unconfirmed.push(outcome.phone.to_string());
        }
        let record = OutcomeRecord::from(&outcome);
        self.write(console, |records, out| records.write(out, &record));
        self.progress.settled();
        self.settled += 1;
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

    /// What is left behind when a signal cuts the wait short.
    fn leave(&self, run: &Run, console: &mut Console<'_>) {
        let open = run.len() - self.settled;
        console.note(format_args!("left while {} had not settled", phones(open)));
        self.point_to_jobs(console);
    }

    fn point_to_jobs(&self, console: &mut Console<'_>) {
        if !self.request_ids.is_empty() {
            console
                .note(format_args!("see their jobs: cph job list {}", self.request_ids.join(" ")));
        }
    }

    async fn conclude(
        self,
        run: Run,
        took: &str,
        passed_over: &str,
        quiet: bool,
        console: &mut Console<'_>,
    ) -> Exit {
        let report = run.await;
        let count = |word| report.count(word);
        let unconfirmed = self.unconfirmed.len();
        let accepted_blindly = count("unconfirmed") - unconfirmed;
        let still_running = count("still_running") + accepted_blindly;
        if !quiet {
            let counts: Vec<String> = [
                ("done", count("done")),
                ("refused", count("refused")),
                ("failed", count("failed")),
                ("not sent", count("not_sent")),
                ("unconfirmed", unconfirmed),
                (if self.no_wait { "accepted" } else { "still running" }, still_running),
            ]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
            if counts.is_empty() {
                console.note(format_args!("nothing to do{passed_over}"));
            } else {
                console.note(format_args!("{} in {took}{passed_over}", counts.join(", ")));
            }
        }
        if let Some(phone) = self.unconfirmed.first() {
            console.note(format_args!(
                "unconfirmed phones may have been restarted all the same: look before repeating, for one: cph phone show {phone}"
            ));
        }
        if still_running > 0 {
            self.point_to_jobs(console);
        }
        if unconfirmed > 0 || still_running > 0 && !self.no_wait {
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
    let took = to.duration_since(from).unwrap_or(Duration::ZERO).as_secs();
    if took < 100 { format!("{took} s") } else { format!("{} min {} s", took / 60, took % 60) }
}
