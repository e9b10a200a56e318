//! `cargo xtask schemathesis`: what the simulator answers, held against the bundle by a tool that is not ours.

use std::{path::Path, process::ExitCode};

use crate::{python::Python, simulator::Simulator};

const SCHEMATHESIS: &str = "schemathesis==4.32.5";

pub(crate) fn run() -> Result<ExitCode, String> {
    let root = Path::new(crate::ROOT);
    let python = Python::with(&[SCHEMATHESIS])?;
    // What is throttled would not be seen to answer otherwise.
    let simulator = Simulator::start(&[
        "--seed",
        "59",
        "--speed",
        "1000",
        "--assume",
        "calls_per_second=0",
        "--assume",
        "sync_commands_per_minute=0",
    ])?;
    let status = python
        .script(&root.join("xtask/src/schemathesis/run.py"))
        .arg(root.join("openapi/cph.json"))
        .envs(simulator.variables.iter().map(|(name, value)| (name, value)))
        .status()
        .map_err(|error| format!("python: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
