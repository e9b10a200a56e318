//! `cargo xtask arrows`: which crate may depend on which.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    process::{Command, ExitCode},
};

use serde::Deserialize;

/// Each crate of the workspace with those it may use, in tests and build scripts too.
///
/// Client and simulator share nothing but the vocabulary, or they would agree in their mistakes; `xtask` shares nothing,
/// or a broken generated file would stop the generator.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("cph-core", &[]),
    ("cph-raw", &[]),
    ("cph", &["cph-raw", "cph-core"]),
    ("cph-sim", &["cph-core"]),
    ("cph-cli", &["cph", "cph-sim"]),
    ("cph-tests", &["cph", "cph-cli", "cph-core", "cph-raw", "cph-sim"]),
    ("xtask", &[]),
];

pub(crate) fn run(out: &mut dyn Write) -> io::Result<ExitCode> {
    let metadata = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(crate::ROOT)
        .output()?;
    if !metadata.status.success() {
        writeln!(out, "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr))?;
        return Ok(ExitCode::FAILURE);
    }
    let workspace: Workspace = serde_json::from_slice(&metadata.stdout)?;
    let wrong = wrong(&workspace);
    wrong.iter().try_for_each(|text| writeln!(out, "{text}"))?;
    if wrong.is_empty() {
        writeln!(out, "{} crates depend on each other as designed", workspace.packages.len())?;
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

#[derive(Debug, Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

fn wrong(workspace: &Workspace) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let ours: BTreeSet<&str> =
        workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for Package { name, dependencies } in &workspace.packages {
        let Some(may) = allowed.get(name.as_str()) else {
            wrong.push(format!("xtask/src/arrows.rs: does not say what {name} may depend on"));
            continue;
        };
        let used: BTreeSet<&str> =
            dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
        for other in used.intersection(&ours).filter(|other| !may.contains(other)) {
            wrong.push(format!(
                "{name} depends on {other}, which the design forbids: take it out of its Cargo.toml"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulator_on_the_client_and_a_new_crate_are_named() {
        let workspace = serde_json::json!({ "packages": [
            { "name": "cph-core", "dependencies": [{ "name": "serde" }] },
            { "name": "cph-raw", "dependencies": [] },
            { "name": "cph-sim", "dependencies": [{ "name": "cph-core" }, { "name": "cph-raw", "kind": "dev" }] },
            { "name": "cph-new", "dependencies": [] },
        ] });
        let workspace = Workspace::deserialize(workspace).unwrap();
        insta::assert_snapshot!(wrong(&workspace).join("\n"), @r"
        cph-sim depends on cph-raw, which the design forbids: take it out of its Cargo.toml
        xtask/src/arrows.rs: does not say what cph-new may depend on
        ");
    }
}
