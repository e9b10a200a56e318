//! `cargo xtask interop`: the vendor's Python SDK drives every operation against the simulator, as its users would.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use serde_json::Value;

use crate::{
    bundle::calls,
    python::{Python, SDK, output},
    simulator::Simulator,
};

const SELENIUM: &str = "selenium==4.51.0";

/// Debian's packages of a browser and its driver, and what they install.
const BROWSER: [(&str, &str); 2] =
    [("chromium", "/usr/bin/chromium"), ("chromium-driver", "/usr/bin/chromedriver")];

pub(crate) fn run() -> Result<ExitCode, String> {
    let root = Path::new(crate::ROOT);
    let bundle = fs::read(root.join("openapi/cph.json")).map_err(|e| e.to_string())?;
    let bundle: Value = serde_json::from_slice(&bundle).map_err(|e| e.to_string())?;
    install_browser()?;
    let python = Python::with(&[SDK[0], SDK[1], SELENIUM])?;
    let simulator = Simulator::start(&[
        "--phones",
        "400",
        "--servers",
        "100",
        "--speed",
        "60",
        "--seed",
        "59",
    ])?;
    let status = python
        .script(&root.join("xtask/src/interop/main.py"))
        .args(calls(&bundle).map(|call| call.name))
        // The browser is a shell script.
        .env("PATH", "/usr/bin:/bin")
        .envs(simulator.variables.iter().map(|(name, value)| (name, value)))
        .status()
        .map_err(|error| format!("python: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Installs a browser where there is none.
fn install_browser() -> Result<(), String> {
    if BROWSER.iter().all(|(_, program)| Path::new(program).exists()) {
        return Ok(());
    }
    let packages = BROWSER.map(|(package, _)| package);
    let complaint = format!(
        "{} are missing, and apt-get cannot install them; install them as root, then repeat this",
        packages.join(" and ")
    );
    output(&complaint, Command::new("apt-get").arg("update"))?;
    output(
        &complaint,
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_the_example_that_is_run() {
        let (readme, example) =
            (include_str!("../../README.md"), include_str!("interop/example.py"));
        assert!(readme.contains(&format!("```python\n{example}```\n")));
    }
}
