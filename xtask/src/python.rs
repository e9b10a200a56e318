//! A Python for a while: the vendor's SDK, and what else a check needs, in a virtual environment.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The vendor's SDK.
pub(crate) const SDK: [&str; 2] = ["huaweicloudsdkcph==3.1.219", "huaweicloudsdkcore==3.1.219"];

/// Lives as long as this value.
pub(crate) struct Python {
    home: TempDir,
}

impl Python {
    /// Makes the environment, with these packages from the index that pip is set up for.
    pub(crate) fn with(packages: &[&str]) -> Result<Self, String> {
        let home =
            tempfile::tempdir().map_err(|e| format!("cannot make a temporary directory: {e}"))?;
        let python = Self { home };
        output(
            "python3 cannot make a virtual environment",
            Command::new("python3").args(["-m", "venv"]).arg(python.home()),
        )?;
        output(
            &format!("pip cannot install {}; that needs a package index", packages.join(" and ")),
            Command::new(python.program("python"))
                .args(["-m", "pip", "install", "--quiet", "--retries", "1"])
                .arg("--disable-pip-version-check")
                .args(packages),
        )?;
        Ok(python)
    }

    /// Its directory, which goes with it.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A script that finds its neighbours, leaves nothing behind, and sees nothing of this machine's environment: the SDK
    /// obeys `~/.netrc`, proxies and variables of its own, and writes into the home directory.
    pub(crate) fn script(&self, path: &Path) -> Command {
        let mut command = Command::new(self.program("python"));
        command.args(["-B", "-s", "-E"]).arg(path).env_clear().env("HOME", self.home());
        command
    }

    /// One of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.home().join("bin").join(name)
    }
}

/// What a command prints, if it succeeds.
pub(crate) fn output(complaint: &str, command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command
        .output()
        .map_err(|e| format!("{complaint}: {}: {e}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{complaint}:\n{}", String::from_utf8_lossy(&said).trim_end()))
}
