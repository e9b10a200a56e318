//! Reading a run file.

use std::{
    collections::HashMap,
    fmt,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use cph_core::Operation;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    fold::{Fold, Story},
    header::{RunHeader, VERSION},
    lines::{Line, TargetLine},
    place::{about, lock},
    writer::RunFileFailure,
};
use crate::{Client, Error, Result, batch::ticket::differences};

/// What the file of a run says, up to its last whole line. Read one with [`read`](Self::read) to look at it, or with
/// [`RunFile::open`](crate::RunFile::open) to take the run over.
pub struct RecordedRun {
    pub(super) path: PathBuf,
    pub(super) operation: &'static Operation,
    pub(super) header: RunHeader,
    pub(super) targets: Vec<Recorded>,
    /// The servers that targets are on.
    pub(super) servers: Vec<String>,
    pub(super) story: Story,
    /// Where the last whole line ends, and whether its line break is missing.
    end: (u64, bool),
    /// The locked file, if it was opened to be written on.
    file: Option<File>,
    pub(super) failure: RunFileFailure,
}

/// What is to be sent for one target.
pub(super) struct Recorded {
    pub(super) id: String,
    pub(super) group: usize,
    pub(super) server: Option<usize>,
    pub(super) element: Option<Box<RawValue>>,
}

impl RecordedRun {
    /// Reads the file as it stands, also while another process writes it. A last line that is cut off is left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming path and line, if the file cannot be read, is of a
    /// newer version, or is damaged elsewhere than in its last line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file =
            File::open(path).map_err(|error| about(path, "cannot be read").caused_by(error))?;
        Self::of(path, BufReader::new(file))
    }

    /// The same, and nobody else writes on it as long as this lives.
    pub(super) fn locked(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| about(path, "cannot be opened").caused_by(error))?;
        lock(&file, path)?;
        let run = Self::of(path, BufReader::new(&file))?;
        Ok(Self { file: Some(file), ..run })
    }

    pub(super) fn of(path: &Path, from: impl BufRead) -> Result<Self> {
        let mut lines = Lines { path, from, number: 0, buffer: Vec::new(), end: (0, false) };
        let header = lines.header()?;
        let operation = Operation::find(&header.operation);
        let operation = operation.ok_or_else(|| lines.wrong("is for an unknown operation"))?;
        let mut fold = Fold::new(header.options.trust_refusal, header.started);
        let (mut targets, mut servers) = (Vec::new(), Servers::default());
        while let Some(line) = lines.next()? {
            let event = match line {
                Line::Target(target) if targets.len() < header.targets => {
                    let TargetLine { id, group, element, server } = target;
                    if group >= header.common.len() {
                        return Err(lines.wrong("names a common body that the header lacks"));
                    }
                    let told = fold.target(&id);
                    let server = server.map(|server| servers.number(server));
                    targets.push(Recorded { id, group, server, element });
                    told
                }
                event if targets.len() == header.targets => fold.event(event),
                _ => Err("comes before the last target".to_owned()),
            };
            event.map_err(|problem| lines.wrong(&problem))?;
        }
        if targets.len() < header.targets {
            let problem = format!(
                "is cut off after {} of {} targets; take the whole file",
                targets.len(),
                header.targets
            );
            return Err(about(path, &problem));
        }
        let (path, end, story) = (path.to_owned(), lines.end, fold.finish());
        Ok(Self {
            path,
            operation,
            header,
            targets,
            servers: servers.names,
            story,
            end,
            file: None,
            failure: RunFileFailure::default(),
        })
    }

    /// What the run is.
    pub fn header(&self) -> &RunHeader {
        &self.header
    }

    /// Says later whether something could not be written: take it before the run is [resumed](Self::resume).
    pub fn failure(&self) -> RunFileFailure {
        self.failure.clone()
    }

    /// Whether it belongs to what `client` calls.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is for another endpoint, region or project.
    pub fn check(&self, client: &Client) -> Result<()> {
        let RunHeader { endpoint, region, project, .. } = &self.header;
        let problems = differences("run file", endpoint, region.as_deref(), project, client);
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid_input(problems)) }
    }

    /// The locked file, ready for the next line.
    pub(super) fn take_file(&mut self) -> Result<File> {
        let file = self.file.take();
        let mut file = file.ok_or_else(|| about(&self.path, "was opened for reading only"))?;
        let (end, unended) = self.end;
        file.set_len(end)
            .and_then(|()| file.seek(SeekFrom::Start(end)))
            .and_then(|_| if unended { file.write_all(b"\n") } else { Ok(()) })
            .map_err(|error| about(&self.path, "cannot be written").caused_by(error))?;
        Ok(file)
    }
}

/// The servers that targets are on, numbered as they come up.
#[derive(Default)]
struct Servers {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Servers {
    fn number(&mut self, server: String) -> usize {
        *self.numbers.entry(server).or_insert_with_key(|server| {
            self.names.push(server.clone());
            self.names.len() - 1
        })
    }
}

/// Reads line by line.
struct Lines<'a, R> {
    path: &'a Path,
    from: R,
    number: usize,
    buffer: Vec<u8>,
    /// Where the last whole line ends, and whether its line break is missing.
    end: (u64, bool),
}

/// As much of a header as says who can read the rest.
#[derive(Deserialize)]
struct Versioned {
    header: Version,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl<R: BufRead> Lines<'_, R> {
    fn header(&mut self) -> Result<RunHeader> {
        self.advance()?;
        let Ok(Versioned { header }) = serde_json::from_slice(&self.buffer) else {
            return Err(about(self.path, "is no run file: it does not begin with a header"));
        };
        if header.version > VERSION {
            let problem = format!(
                "is of version {}, this client reads version {VERSION}; use the newer client that wrote it",
                header.version
            );
            return Err(about(self.path, &problem));
        }
        match self.parsed()? {
            Some(Line::Header(header)) => Ok(*header),
            _ => Err(self.wrong("is no header")),
        }
    }

    /// The next line that is whole.
    fn next(&mut self) -> Result<Option<Line>> {
        if self.advance()? { self.parsed() } else { Ok(None) }
    }

    fn advance(&mut self) -> Result<bool> {
        self.buffer.clear();
        self.number += 1;
        let read = self.from.read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error| about(self.path, "cannot be read").caused_by(error))?;
        Ok(read > 0)
    }

    /// The line at hand; `None` if it is cut off.
    fn parsed(&mut self) -> Result<Option<Line>> {
        let broken_off = self.buffer.last() != Some(&b'\n');
        match serde_json::from_slice(self.buffer.trim_ascii_end()) {
            Ok(line) => {
                self.end = (self.end.0 + self.buffer.len() as u64, broken_off);
                Ok(Some(line))
            }
            Err(_) if broken_off => Ok(None),
            // The parser's own words may quote personal values.
            Err(error) => {
                let problem = format!("is damaged at column {}", error.column());
                Err(self.wrong(&problem))
            }
        }
    }

    fn wrong(&self, problem: &str) -> Error {
        about(self.path, &format!("line {} {problem}", self.number))
    }
}

/// What is sent stays out of debug output.
impl fmt::Debug for RecordedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRun")
            .field("path", &self.path)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
