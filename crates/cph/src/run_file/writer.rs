//! Writing a run file: line by line, and never again after a failure.

use std::{
    fs::File,
    io::{self, Write},
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;

use super::lines::{Answered, Delivered, Line, Moment, Sending, Settled, timestamp};
use crate::{Clock, Observer, Part, PartAnswer, Settlement};

/// Where lines are appended.
pub(super) trait Durable: Write + Send + 'static {
    /// Returns once everything written so far outlives a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

impl Durable for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Whether a run file could not be written, and why; cloneable, for whoever reports on the run in the end. See
/// [`RunFile::failure`](crate::RunFile::failure).
#[derive(Debug, Clone, Default)]
pub struct RunFileFailure(Arc<OnceLock<String>>);

impl RunFileFailure {
    /// What went wrong. From then on nothing was written any more: the file tells less than there is to know.
    pub fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Appends what happens in a run.
pub(super) struct Writer<D> {
    out: D,
    /// What the file is called in messages.
    name: String,
    clock: Arc<dyn Clock>,
    /// How many targets have not settled.
    open: usize,
    failure: RunFileFailure,
}

/// Whether a line must be on the disk before the run goes on.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Now,
    Later,
}

impl<D: Durable> Writer<D> {
    pub(super) fn new(out: D, name: String, clock: Arc<dyn Clock>, open: usize) -> Self {
        Self { out, name, clock, open, failure: RunFileFailure::default() }
    }

    /// Tells its failure through this handle.
    pub(super) fn telling(self, failure: RunFileFailure) -> Self {
        Self { failure, ..self }
    }

    pub(super) fn failure(&self) -> RunFileFailure {
        self.failure.clone()
    }

    /// Says that this process has taken over.
    pub(super) fn resumed(&mut self) -> Result<(), String> {
        let at = self.now();
        self.append(&Line::Resumed(Moment { at }), Kept::Now)?;
        self.end()
    }

    /// Says that every target has settled, if that is so.
    fn end(&mut self) -> Result<(), String> {
        if self.open > 0 {
            return Ok(());
        }
        let at = self.now();
        self.append(&Line::Ended(Moment { at }), Kept::Now)
    }

    fn now(&self) -> Timestamp {
        timestamp(self.clock.now())
    }

    /// After a failure the file may end within a line: a line more would make it unreadable.
    fn append(&mut self, line: &Line, kept: Kept) -> Result<(), String> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.to_owned());
        }
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.out.write_all(&line)?;
            if kept == Kept::Now { self.out.sync() } else { Ok(()) }
        });
        written.map_err(|error| {
            let failure = format!("{} could not be written: {error}", self.name);
            tracing::error!("{failure}");
            self.failure.0.get_or_init(|| failure).clone()
        })
    }
}

impl<D: Durable> Observer for Writer<D> {
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let at = self.now();
        let sending = Sending { part: part.number, targets: part.targets.clone(), at };
        Ok(self.append(&Line::Sending(sending), Kept::Now)?)
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        let error = answer.error;
        let answered = Answered {
            part: part.number,
            at: self.now(),
            delivery: error.map_or(Delivered::Accepted, |error| error.delivery().into()),
            request_id: answer.request_id.map(str::to_owned),
            entries: answer.entries.to_vec(),
            error: error.map(|error| format!("{error:#}")),
            code: error.and_then(crate::Error::code).map(|code| code.to_string()),
        };
        // Told by the next `before` and in the end.
        let _kept = self.append(&Line::Answered(answered), Kept::Now);
    }

    fn settled(&mut self, settlement: &Settlement<'_>) {
        let &Settlement { target, fate, request_id, job_id, took, .. } = settlement;
        let settled = Settled::new(target, fate, request_id, job_id, took);
        // A later process finds it out again where the line is lost.
        let _kept = self.append(&Line::Settled(settled), Kept::Later);
        self.open = self.open.saturating_sub(1);
        let _kept = self.end();
    }
}
