//! Run files: what a run sends and hears, written down as it happens, so that another process can take over.

mod fold;
mod header;
mod lines;
mod place;
mod reader;
mod resume;
#[cfg(test)]
mod tests;
mod view;
mod writer;

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use schemars::{Schema, generate::SchemaSettings};
use serde_json::value::to_raw_value;

use self::{
    header::VERSION,
    lines::{Line, TargetLine, timestamp},
    writer::Writer,
};
use crate::{
    Batch, BatchKind, Client, Error, Observer, Part, PartAnswer, Result, Settlement,
    batch::recorded::{RecordedTarget, Recording},
};

pub use self::{header::RunHeader, reader::RecordedRun, view::RunTarget, writer::RunFileFailure};

#[doc = include_str!("../../docs/run-file.md")]
///
/// # Writing one
///
/// Make it of a batch once everything else is set, and let it observe the batch's run: a part that could not be written down is not sent. The file is
/// locked for as long as this lives.
///
/// ```no_run
/// # async fn example(client: cph::Client, phones: Vec<String>) -> cph::Result<()> {
/// use cph::RunFile;
///
/// let restart = client.phones().restart(phones);
/// let file = RunFile::create("restart.jsonl", &restart, false)?;
/// let failure = file.failure();
/// let report = restart.observer(file).start()?.await;
/// if let Some(failure) = failure.get() {
///     eprintln!("{failure}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RunFile {
    path: PathBuf,
    run_id: String,
    writer: Writer<File>,
}

impl RunFile {
    /// Makes the file for a batch that is about to start; `simulator` says whether a simulator stands in for the service. The
    /// file is there as a whole or not at all, and is read and written by its owner only.
    ///
    /// # Errors
    ///
    /// As [`Batch::start`]; and [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming the path and what to do
    /// about it, if there is such a file or it cannot be made.
    pub fn create<K: BatchKind>(
        path: impl AsRef<Path>,
        batch: &Batch<K>,
        simulator: bool,
    ) -> Result<Self> {
        let recording = batch.recording()?;
        let run_id = run_id(recording.client);
        Self::of(path.as_ref().to_owned(), run_id, recording, simulator)
    }

    /// The same in a directory, which is made if it is missing; the file is called after the run's id, such as
    /// `20261124T191105Z-3f9a.jsonl`.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_in<K: BatchKind>(
        directory: impl AsRef<Path>,
        batch: &Batch<K>,
        simulator: bool,
    ) -> Result<Self> {
        let directory = directory.as_ref();
        let recording = batch.recording()?;
        let run_id = run_id(recording.client);
        make_directory(directory).map_err(|error| {
            let shown = directory.display();
            Error::invalid(format!(
                "the directory {shown} for run files cannot be made; name another"
            ))
            .caused_by(error)
        })?;
        Self::of(directory.join(format!("{run_id}.jsonl")), run_id, recording, simulator)
    }

    fn of(
        path: PathBuf,
        run_id: String,
        recording: Recording<'_>,
        simulator: bool,
    ) -> Result<Self> {
        let (clock, targets) = (recording.client.clock().clone(), recording.targets.len());
        let file = place::place(&path, |out| write_plan(out, &run_id, recording, simulator))?;
        let writer = Writer::new(file, format!("run file {}", path.display()), clock, targets);
        Ok(Self { path, run_id, writer })
    }

    /// Opens the file of an earlier run and locks it, to take that run over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if another process works with it, and as
    /// [`RecordedRun::read`].
    pub fn open(path: impl AsRef<Path>) -> Result<RecordedRun> {
        RecordedRun::locked(path.as_ref())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Says later whether something could not be written: take it before the file goes to the run.
    pub fn failure(&self) -> RunFileFailure {
        self.writer.failure()
    }

    /// The JSON Schema of a line.
    pub fn schema() -> Schema {
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Line>()
    }
}

impl Observer for RunFile {
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.writer.before(part)
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        self.writer.after(part, answer);
    }

    fn settled(&mut self, settlement: &Settlement<'_>) {
        self.writer.settled(settlement);
    }
}

impl fmt::Debug for RunFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunFile")
            .field("path", &self.path)
            .field("run_id", &self.run_id)
            .finish_non_exhaustive()
    }
}

/// The header and the targets.
fn write_plan(
    out: &mut BufWriter<&File>,
    run_id: &str,
    recording: Recording<'_>,
    simulator: bool,
) -> io::Result<()> {
    let client = recording.client;
    let header = RunHeader {
        version: VERSION,
        run_id: run_id.to_owned(),
        operation: recording.operation.name.to_owned(),
        endpoint: client.endpoint().to_owned(),
        region: client.region().map(str::to_owned),
        project: client.project().to_string(),
        simulator,
        started: timestamp(client.clock().now()),
        targets: recording.targets.len(),
        options: recording.options.into(),
        common: recording.common,
    };
    write_line(out, &Line::Header(Box::new(header)))?;
    for RecordedTarget { id, group, element, server } in recording.targets {
        let element = Some(element).filter(|element| !element.is_null());
        let element = element.map(|element| to_raw_value(&element)).transpose()?;
        write_line(out, &Line::Target(TargetLine { id, group, element, server }))?;
    }
    Ok(())
}

fn write_line(out: &mut BufWriter<&File>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// The time and four digits by chance.
fn run_id(client: &Client) -> String {
    let time = timestamp(client.clock().now()).strftime("%Y%m%dT%H%M%SZ");
    let chance = client.chance().to_bits() >> 36 & 0xffff;
    format!("{time}-{chance:04x}")
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
