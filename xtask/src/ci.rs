//! `cargo xtask ci`: the fast checks, in the order in which they fail soonest.

use std::{
    io::{self, Write},
    process::{Command, ExitCode},
    time::Instant,
};

type Step = (&'static str, &'static [&'static str]);

const STEPS: [Step; 6] = [
    ("format", &["fmt", "--all", "--check"]),
    ("generated files", &["xtask", "generate", "--check"]),
    ("arrows", &["xtask", "arrows"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    (
        "clippy without the simulator",
        &["clippy", "--package", "cph-cli", "--no-default-features", "--", "-D", "warnings"],
    ),
    ("rustdoc", &["doc", "--workspace", "--no-deps"]),
];
const RUSTDOCFLAGS: (&str, &str) = ("RUSTDOCFLAGS", "-D warnings");

pub(crate) fn run(out: &mut dyn Write) -> io::Result<ExitCode> {
    for step in &STEPS {
        let (name, arguments) = step;
        writeln!(out, "{name} …")?;
        let begun = now();
        let status = Command::new("cargo")
            .args(*arguments)
            .env(RUSTDOCFLAGS.0, RUSTDOCFLAGS.1)
            .current_dir(crate::ROOT)
            .status()?;
        let seconds = begun.elapsed().as_secs_f32();
        if !status.success() {
            writeln!(
                out,
                "{name} failed after {seconds:.1} s; repeat it with `{}`",
                command(step)
            )?;
            return Ok(ExitCode::FAILURE);
        }
        writeln!(out, "{name} passed in {seconds:.1} s")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn command((name, arguments): &Step) -> String {
    let words: Vec<_> = std::iter::once("cargo").chain(arguments.iter().copied()).collect();
    let command = words.join(" ");
    if *name == "rustdoc" {
        format!("{}=\"{}\" {command}", RUSTDOCFLAGS.0, RUSTDOCFLAGS.1)
    } else {
        command
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step takes is a matter of the wall clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_the_command_that_repeats_it() {
        insta::assert_snapshot!(STEPS.iter().map(command).collect::<Vec<_>>().join("\n"), @r#"
        cargo fmt --all --check
        cargo xtask generate --check
        cargo xtask arrows
        cargo clippy --workspace --all-targets -- -D warnings
        cargo clippy --package cph-cli --no-default-features -- -D warnings
        RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
        "#);
    }
}
