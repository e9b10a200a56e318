//! The simulator, as `cph sim serve` runs it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;

/// Serves until it is dropped.
pub(crate) struct Simulator {
    process: Child,
    /// What points a client at it, by name.
    pub(crate) variables: Vec<(String, String)>,
}

impl Simulator {
    /// Builds the command and starts it on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, String> {
        let program = build()?;
        let cannot = |error: io::Error| format!("cannot run {}: {error}", program.display());
        let mut printed = tempfile::tempfile().map_err(cannot)?;
        let mut process = Command::new(&program)
            .args(["sim", "serve", "--port", "0"])
            .args(arguments)
            .stdout(printed.try_clone().map_err(cannot)?)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let notes = process.stderr.take().map(BufReader::new);
        let mut simulator = Self { process, variables: Vec::new() };
        let mut notes = notes.ok_or("the simulator says nothing")?;
        // Its note comes when the variables have been printed.
        let mut said = String::new();
        while !said.contains("simulating ") {
            if notes.read_line(&mut said).map_err(cannot)? == 0 {
                return Err(format!("the simulator does not start:\n{}", said.trim_end()));
            }
        }
        simulator.variables = variables(&mut printed).map_err(cannot)?;
        // What it says later, such as a panic, is to be seen.
        thread::spawn(move || io::copy(&mut notes, &mut io::stderr()));
        Ok(simulator)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds `cph` and returns where it is.
fn build() -> Result<PathBuf, String> {
    let output = Command::new("cargo")
        .args(["build", "--package", "cph-cli", "--message-format", "json-render-diagnostics"])
        .current_dir(crate::ROOT)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !output.status.success() {
        return Err("cargo build --package cph-cli failed".to_owned());
    }
    let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let executables = messages.filter_map(|message| {
        let message = message.ok()?;
        let is_cph = message["target"]["name"] == "cph";
        message["executable"].as_str().filter(|_| is_cph).map(PathBuf::from)
    });
    executables.last().ok_or_else(|| "cargo build does not say where cph is".to_owned())
}

/// The variables of lines such as `export CPH_REGION=cn-north-4`.
fn variables(printed: &mut File) -> io::Result<Vec<(String, String)>> {
    let mut text = String::new();
    printed.rewind()?;
    printed.read_to_string(&mut text)?;
    let variable = |line: &str| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    Ok(text.lines().filter_map(variable).collect())
}
