//! `--wire-log`: a JSON line for each attempt, for a report.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cph::{ClientBuilder, WireRecord};

use crate::exit::Failure;

/// The file that `--wire-log` names. What is there already stays: the calls of several commands make one report.
#[derive(Debug, Clone)]
pub(crate) struct WireLog {
    path: PathBuf,
    /// Why a line is missing; the first reason is told, once the command has ended.
    failure: Arc<OnceLock<io::Error>>,
}

impl WireLog {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, failure: Arc::default() }
    }

    /// Opens the file, for its owner alone if it is new, and has the client write to it.
    pub(crate) fn attach(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path).map_err(|error| {
            let path = self.path.display();
            Failure::usage(format!("--wire-log: {path} cannot be written: {error}"))
        })?;
        let (file, failure) = (Mutex::new(file), self.failure.clone());
        Ok(builder.wire_log(move |record| {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = write(&file, record) {
                failure.get_or_init(|| error);
            }
        }))
    }

    /// What the reader has to know of it, if anything.
    pub(crate) fn note(&self) -> Option<String> {
        let error = self.failure.get()?;
        Some(format!("the wire log {} is not complete: {error}", self.path.display()))
    }
}

/// In one piece, so that commands which write at the same time do not tear each other's lines.
fn write(mut file: &File, record: &WireRecord) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    file.write_all(&line)
}
