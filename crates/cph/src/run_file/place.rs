//! Putting a file in its place: whole or not at all, and never over another.

use std::{
    fs::{File, TryLockError},
    io::{self, BufWriter, Write as _},
    path::Path,
};

use crate::{Error, Result};

/// Makes the file at `path`, with what `write` writes, for its owner only. It is locked from its first moment.
pub(super) fn place(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<File> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error| not_made(path, directory, error);
    let new = tempfile::Builder::new().prefix(".").suffix(".new").tempfile_in(directory);
    let new = new.map_err(failed)?;
    let mut out = BufWriter::new(new.as_file());
    write(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    new.as_file().sync_all().map_err(failed)?;
    lock(new.as_file(), path)?;
    let file = new.persist_noclobber(path).map_err(|error| failed(error.error))?;
    sync_directory(directory).map_err(failed)?;
    Ok(file)
}

/// Keeps every other process away from the file for as long as it is open.
pub(super) fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            Err(about(path, "another process works with it; wait until that one ends"))
        }
        Err(TryLockError::Error(error)) => {
            Err(about(path, "cannot be locked; put it on a local disk").caused_by(error))
        }
    }
}

/// What is wrong with a run file.
pub(super) fn about(path: &Path, problem: &str) -> Error {
    Error::invalid(format!("run file {}: {problem}", path.display()))
}

fn not_made(path: &Path, directory: &Path, error: io::Error) -> Error {
    let directory = directory.display();
    let problem = match error.kind() {
        io::ErrorKind::AlreadyExists => "exists; name another, or resume that run".to_owned(),
        io::ErrorKind::NotFound => format!("there is no directory {directory}; make it first"),
        _ => format!(
            "cannot be made in {directory}; name one in a directory with room, where you may write"
        ),
    };
    about(path, &problem).caused_by(error)
}

/// Only then does the file's name outlive a power cut.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some file systems of networks keep their directories by themselves.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
