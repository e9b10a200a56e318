//! `cargo xtask soak`: the outcome law over many more cases than a test run has time for.

use std::{
    io,
    process::{Command, ExitCode},
};

/// Run the outcome law over many cases, in release mode
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many cases
    #[arg(long, default_value_t = 10_000)]
    cases: u32,
}

pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let status = Command::new("cargo")
        .args(["test", "--release", "--package", "cph-tests", "--test", "e2e", "law"])
        .env("PROPTEST_CASES", args.cases.to_string())
        .current_dir(crate::ROOT)
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
