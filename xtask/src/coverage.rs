//! `cargo xtask coverage`: which operations and arguments are covered, by what passing tests wrote down.

mod table;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use self::table::{Evidence, Reasons, Table};
use crate::{
    outputs::{Output, Stale},
    problem::Problems,
};

const BUNDLE: &str = "openapi/cph.json";
const NOT_OFFERED: &str = "tests/not-offered.toml";
const PAGE: &str = "tests/coverage.md";
const README: &str = "README.md";
const COMMAND: &str = "cargo xtask coverage";
const DIRECTORY: &str = "CPH_EVIDENCE";
const BLOCK: [&str; 2] =
    ["<!-- written by `cargo xtask coverage` -->\n", "<!-- end of what it wrote -->"];

/// Run the tests and write what they have covered to `tests/coverage.md` and into README
///
/// Exits with 0 if all is fresh or was written, 4 if `--check` finds something stale, 100 if something is broken, such as
/// a test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; say what is stale, and which field lacks a reason not to be offered
    #[arg(long)]
    check: bool,
    /// Run no tests; a run that has passed left its evidence here, given as `CPH_EVIDENCE`
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> io::Result<ExitCode> {
    let root = Path::new(crate::ROOT);
    let mut problems = Problems::default();
    let evidence = if let Some(directory) = &args.evidence {
        read_evidence(directory, &mut problems)?
    } else {
        let directory = tempfile::tempdir()?;
        let status = Command::new("cargo")
            .args(["test", "--package", "cph-tests"])
            .env(DIRECTORY, directory.path())
            .current_dir(root)
            .status()?;
        if !status.success() {
            writeln!(out, "a failed run shows nothing. Mend the tests, then run `{COMMAND}`")?;
            return Ok(ExitCode::from(100));
        }
        read_evidence(directory.path(), &mut problems)?
    };
    if !problems.is_empty() {
        return broken(problems, out);
    }
    let bundle = serde_json::from_str(&read(root, BUNDLE)?)?;
    let reasons: Reasons = toml::from_str(&read(root, NOT_OFFERED)?)
        .map_err(|error| io::Error::other(format!("{NOT_OFFERED}: {error}")))?;
    let table = Table::new(&bundle, &evidence, &reasons, &mut problems);
    let unexplained = table.unexplained();
    if args.check {
        for field in &unexplained {
            problems.report(NOT_OFFERED, field, "is not offered, and no row says why");
        }
    }
    let readme = read(root, README)?;
    let Some(readme) = with_block(&readme, &table.totals()) else {
        let [begin, end] = BLOCK;
        problems.report(README, "", format!("lacks the lines {begin:?} and {end:?}"));
        return broken(problems, out);
    };
    if !problems.is_empty() {
        return broken(problems, out);
    }
    let outputs =
        [Output { file: PAGE, text: table.page() }, Output { file: README, text: readme }];
    let summary = format!("{}; fields without a reason: {}", table.summary(), unexplained.len());
    settle(args.check, root, &outputs, &summary, out)
}

fn settle(
    check: bool,
    root: &Path,
    outputs: &[Output],
    summary: &str,
    out: &mut dyn Write,
) -> io::Result<ExitCode> {
    let mut stale = 0;
    for output in outputs {
        let Some(Stale { file, how }) = output.stale(root)? else { continue };
        stale += 1;
        if check {
            writeln!(out, "{file} {how}")?;
        } else {
            output.write(root)?;
            writeln!(out, "wrote {file}")?;
        }
    }
    writeln!(out, "{summary}")?;
    if check && stale > 0 {
        writeln!(out, "what is covered has changed; run `{COMMAND}`")?;
        return Ok(ExitCode::from(4));
    }
    Ok(ExitCode::SUCCESS)
}

fn broken(problems: Problems, out: &mut dyn Write) -> io::Result<ExitCode> {
    problems.sorted().iter().try_for_each(|problem| writeln!(out, "{problem}"))?;
    writeln!(out, "nothing was written. Mend this, then run `{COMMAND}`")?;
    Ok(ExitCode::from(100))
}

fn read(root: &Path, file: &str) -> io::Result<String> {
    fs::read_to_string(root.join(file))
        .map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))
}

fn read_evidence(directory: &Path, problems: &mut Problems) -> io::Result<Vec<Evidence>> {
    let mut evidence = Vec::new();
    let place = directory.display().to_string();
    let entries = fs::read_dir(directory)
        .map_err(|error| io::Error::new(error.kind(), format!("{place}: {error}")))?;
    for entry in entries {
        let file = entry?.path();
        for (index, line) in fs::read_to_string(&file)?.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(row) => evidence.push(row),
                Err(error) => {
                    let place = format!("line {}", index + 1);
                    problems.report(&file.display().to_string(), place, error.to_string());
                }
            }
        }
    }
    if evidence.is_empty() {
        problems.report(&place, "", "holds no evidence");
    }
    Ok(evidence)
}

/// README with another block between its marks.
fn with_block(readme: &str, block: &str) -> Option<String> {
    let [begin, end] = BLOCK;
    let (before, rest) = readme.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{block}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_stale_page_is_told_or_written() {
        let root = tempfile::tempdir().unwrap();
        let outputs = [Output { file: "page.md", text: "new\n".into() }];
        let run = |check| {
            let mut out = Vec::new();
            let code = settle(check, root.path(), &outputs, "raw: 1 of 4", &mut out).unwrap();
            let stale = code == ExitCode::from(4);
            format!("{}exit says stale: {stale}\n", String::from_utf8(out).unwrap())
        };
        let rows = [true, false, true].map(run).concat();
        assert_snapshot!(rows, @r#"
        page.md is missing
        raw: 1 of 4
        what is covered has changed; run `cargo xtask coverage`
        exit says stale: true
        wrote page.md
        raw: 1 of 4
        exit says stale: false
        raw: 1 of 4
        exit says stale: false
        "#);
    }

    #[test]
    fn evidence_that_is_missing_or_unreadable_is_a_problem() {
        let directory = tempfile::tempdir().unwrap();
        let read = || {
            let mut problems = Problems::default();
            let evidence = read_evidence(directory.path(), &mut problems).unwrap();
            (evidence.len(), problems.is_empty())
        };
        let file = directory.path().join("1.jsonl");
        assert_eq!(read(), (0, false));
        let line = r#"{"column":"cli","operation":"ListJobs","arguments":["/limit"]}"#;
        fs::write(&file, format!("{line}\n{line}\n")).unwrap();
        assert_eq!(read(), (2, true));
        fs::write(&file, format!("{line}\n{}\n", line.replace("cli", "beauty"))).unwrap();
        assert_eq!(read(), (1, false));
    }

    #[test]
    fn readme_keeps_what_stands_around_the_block() {
        let [begin, end] = BLOCK;
        let readme = format!("before\n{begin}old\n{end}\nafter\n");
        let again = with_block(&readme, "new\n").unwrap();
        assert_eq!(again, format!("before\n{begin}new\n{end}\nafter\n"));
        assert_eq!(with_block("before\n", "new\n"), None);
    }
}
