//! `cargo xtask bench`: what things cost, beside something to compare them with in the same run.

use std::{
    io,
    path::Path,
    process::{Command, ExitCode},
};

/// From the npm registry.
const PRISM: &str = "@stoplight/prism-cli@5.14.2";

/// Measure
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// The simulator with 100,000 phones under load, beside Prism on the same document (needs npm) and a floor
    Simulator,
}

pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    match args {
        Args::Simulator => simulator(),
    }
}

fn simulator() -> io::Result<ExitCode> {
    let home = tempfile::tempdir()?;
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(home.path())
        .arg(PRISM)
        .status()?;
    if !installed.success() {
        return Err(io::Error::other(format!("npm cannot install {PRISM}")));
    }
    let status = Command::new("cargo")
        .args(["bench", "--package", "cph-tests", "--bench", "simulator", "--", "--prism"])
        .arg(home.path().join("node_modules/.bin/prism"))
        .arg("--document")
        .arg(Path::new(crate::ROOT).join("openapi/cph.json"))
        .current_dir(crate::ROOT)
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
