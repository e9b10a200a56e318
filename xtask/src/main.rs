//! `cargo xtask`: regenerates, checks and compares.
#![expect(clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod arrows;
mod bench;
mod bundle;
mod ci;
mod corrections;
mod coverage;
mod derive;
#[cfg(test)]
mod fixture;
mod generate;
mod interop;
mod lint;
mod outputs;
mod problem;
mod python;
mod raw;
mod requests;
mod schemas;
mod schemathesis;
mod shared;
mod simulator;
mod soak;
mod source;
mod spec;
mod tables;
mod walk;
mod wire;
mod words;

use std::{io, process::ExitCode};

use clap::Parser;

/// Root of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Regenerates, checks and compares"
)]
enum Command {
    Generate(generate::Args),
    /// Run the fast checks of CI: format, clippy, rustdoc, generated files, arrows
    Ci,
    /// Check that the crates depend on each other only as designed
    Arrows,
    #[command(subcommand)]
    Bench(bench::Args),
    Coverage(coverage::Args),
    /// Drive every operation through the vendor's Python SDK against the simulator
    Interop,
    /// Hold the simulator's answers against the bundle with schemathesis
    Schemathesis,
    Soak(soak::Args),
    Wire(wire::Args),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Generate(args) => generate::run(&args, &mut io::stdout()),
        Command::Ci => ci::run(&mut io::stdout()),
        Command::Arrows => arrows::run(&mut io::stdout()),
        Command::Bench(args) => bench::run(&args),
        Command::Coverage(args) => coverage::run(&args, &mut io::stdout()),
        Command::Interop => interop::run().map_err(io::Error::other),
        Command::Schemathesis => schemathesis::run().map_err(io::Error::other),
        Command::Soak(args) => soak::run(&args),
        Command::Wire(args) => Ok(wire::run(&args)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(100)
    })
}
