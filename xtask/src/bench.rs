//! `cargo xtask bench`: what things cost, beside something to compare them with in the same run.

use std::{
    io,
    path::Path,
    process::{Command, ExitCode},
};

use crate::python::{Python, SDK};

/// From the npm registry.
const PRISM: &str = "@stoplight/prism-cli@5.14.2";

/// Measure
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// The simulator with 100,000 phones under load, beside Prism on the same document (needs npm) and a floor
    Simulator,
    /// What a call costs a program that makes it through `cph`, beside reqwest and hyper used by hand
    Client {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Measure the vendor's Python SDK too (needs a package index)
        #[arg(long)]
        sdk: bool,
    },
}

pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    match args {
        Args::Simulator => simulator(),
        Args::Client { json, sdk } => client(*json, *sdk),
    }
}

fn client(json: bool, sdk: bool) -> io::Result<ExitCode> {
    let python = sdk.then(|| Python::with(&SDK)).transpose().map_err(io::Error::other)?;
    let mut command = bench("client");
    if json {
        command.arg("--json");
    }
    if let Some(python) = &python {
        command.arg("--sdk").arg(python.program("python"));
    }
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(name: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["bench", "--package", "cph-tests", "--bench", name, "--"])
        .current_dir(crate::ROOT);
    command
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
    let status = bench("simulator")
        .arg("--prism")
        .arg(home.path().join("node_modules/.bin/prism"))
        .arg("--document")
        .arg(Path::new(crate::ROOT).join("openapi/cph.json"))
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
