//! The independent witness: what the official SDK sends and how it signs, recorded
//! and held against the bundle.

mod check;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::python::{Python, SDK, output};

const WIRE: &str = "openapi/wire.json";
const SIGNATURES: &str = "tests/contract/signatures.json";

const RECORD: &str = "cargo xtask wire --record";

/// Hold the recordings of the official SDK against the bundle.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Record anew: installs the official SDK with python3 and pip into a temporary directory
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let outcome = if args.record { record(&root) } else { check::run(&root) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::from(100)
        }
    }
}

fn record(root: &Path) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Recordings {
        cph: String,
        core: String,
        requests: Value,
        vectors: Value,
    }

    let python = Python::with(&SDK)?;
    let script = python.home().join("record.py");
    fs::write(&script, include_str!("wire/record.py"))
        .map_err(|e| format!("{}: {e}", script.display()))?;
    let recorded = output("the recorder failed", &mut python.script(&script))?;
    let recorded: Recordings = serde_json::from_slice(&recorded)
        .map_err(|e| format!("the recorder printed something else: {e}"))?;

    let requests = json!({
        "recorded": {"sdk": recorded.cph, "how": RECORD},
        "requests": recorded.requests,
    });
    let signatures = json!({
        "recorded": {"sdk": recorded.core, "how": RECORD},
        "vectors": recorded.vectors,
    });
    write(root, WIRE, &requests)?;
    write(root, SIGNATURES, &signatures)
}

fn write(root: &Path, file: &str, value: &Value) -> Result<(), String> {
    let path = root.join(file);
    let parent = path.parent().unwrap_or(root);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&path, format!("{value:#}\n")))
        .map_err(|e| format!("{file}: {e}"))
}
