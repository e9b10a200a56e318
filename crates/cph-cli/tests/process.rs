//! What only a real process shows: a pipe that closes, signals, a server.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

fn cph(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cph"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn without_arguments_it_shows_its_help_as_a_mistake() {
    let Output { status, stdout, stderr } = cph(&[]).output().unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]));
    assert!(text(&stderr).contains("Usage: cph"), "{}", text(&stderr));
}

#[test]
fn the_first_command_of_the_readme_prints_what_the_readme_says() {
    let readme = include_str!("../../../README.md");
    let mut lines =
        readme.lines().skip_while(|line| !line.starts_with("$ cargo run --release -- "));
    let command = lines.next().unwrap().trim_start_matches("$ cargo run --release -- ");
    let transcript: Vec<&str> = lines.take_while(|line| *line != "```").collect();

    let output = cph(&command.split(' ').collect::<Vec<_>>()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(out.len(), 251);
    assert!(transcript.contains(&out[0]), "{}", out[0]);
    // How long it took is the machine's affair.
    let plain = |line: &str| line.split(" in ").next().map(str::to_owned);
    let shown: Vec<_> = transcript.iter().map(|line| plain(line)).collect();
    for line in text(&output.stderr).lines() {
        assert!(shown.contains(&plain(line)), "README does not show: {line}");
    }
}

#[test]
fn a_reader_that_leaves_ends_a_list_quietly_and_does_not_disturb_a_restart() {
    for (args, last) in [
        (&["--sim=3000", "--format", "jsonl", "phone", "list"][..], ""),
        (&["--sim=20", "phone", "restart", "--all", "--yes"][..], "20 done in "),
    ] {
        let mut child = cph(args).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let output = child.wait_with_output().unwrap();
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(err.lines().last().unwrap_or_default().starts_with(last), "{err}");
        assert!(!err.contains("Broken pipe") && !err.contains("panic"), "{err}");
    }
}

#[cfg(unix)]
mod signals {
    use super::*;

    fn signal(child: &Child, name: &str) {
        // Every shell has a `kill` of its own.
        let kill = format!("kill {name} {}", child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Reads lines until one holds `part`, and gives all of them back.
    fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, part: &str) -> Vec<String> {
        let mut seen = Vec::new();
        for line in lines {
            seen.push(line.unwrap());
            if seen.last().unwrap().contains(part) {
                return seen;
            }
        }
        panic!("no line holds {part:?}: {seen:#?}");
    }

    #[test]
    fn ctrl_c_stops_sending_and_waits_for_what_runs() {
        let restart = ["--sim=250", "--format", "jsonl", "phone", "restart", "--all", "--yes"];
        let mut child = cph(&restart).args(["--batch", "10", "--max-down", "10"]).spawn().unwrap();
        let mut records = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut outcomes = until(&mut records, "\"done\"");
        signal(&child, "-HUP");
        signal(&child, "-INT");
        outcomes.extend(records.map(Result::unwrap));
        let output = child.wait_with_output().unwrap();
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.contains("sending no more, waiting for what runs"), "{err}");

        let outcomes: Vec<Value> =
            outcomes.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |word| outcomes.iter().filter(|outcome| outcome["outcome"] == word).count();
        assert_eq!((outcomes.len(), count("done") + count("not_sent")), (250, 250), "{err}");
        assert!(count("done") >= 10 && count("not_sent") >= 10, "{err}");
    }

    #[test]
    fn a_served_simulation_is_reached_by_its_export_lines_and_leaving_names_every_phone() {
        let mut server = cph(&["sim", "serve", "--phones", "2"]).spawn().unwrap();
        let exports = BufReader::new(server.stdout.take().unwrap()).lines().take(11);
        let exports: Vec<(String, String)> = exports
            .map(|line| {
                let line = line.unwrap();
                let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let client = |args: &[&str]| {
            let mut command = cph(args);
            command.envs(exports.iter().cloned());
            command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
            command
        };

        // The second phone waits for the first.
        for (signals, exit) in [(&["-INT", "-INT"][..], 130), (&["-TERM"], 143)] {
            let listed = client(&["--format", "jsonl", "phone", "list", "--status", "running"]);
            let listed = { listed }.output().unwrap();
            let phone: Value =
                serde_json::from_str(text(&listed.stdout).lines().next().unwrap()).unwrap();
            let phone = phone["phone_id"].as_str().unwrap();
            let mut restart = client(&["--format", "jsonl", "phone", "restart", phone, "another"])
                .args(["--batch", "1", "--max-down", "1"])
                .spawn()
                .unwrap();
            let mut says = BufReader::new(restart.stderr.take().unwrap()).lines();
            let mut records = BufReader::new(restart.stdout.take().unwrap()).lines();
            until(&mut says, "part 1: 1 phone sent, 1 to go");
            let mut outcomes = Vec::new();
            for (nth, name) in signals.iter().enumerate() {
                if nth > 0 {
                    outcomes = until(&mut records, "not_sent");
                }
                signal(&restart, name);
            }
            let left: Vec<String> = says.map(Result::unwrap).collect();
            assert_eq!(restart.wait().unwrap().code(), Some(exit), "{left:#?}");
            assert!(left.contains(&"left while 1 phone had not settled".to_owned()), "{left:#?}");
            let last = left.last().unwrap();
            let file = last.strip_prefix("go on with it: cph run resume ").unwrap();
            let shown = cph(&["--format", "jsonl", "run", "show", file]).output().unwrap();
            assert_eq!(text(&shown.stdout).lines().count(), 2, "{}", text(&shown.stderr));

            outcomes.extend(records.map(Result::unwrap));
            let outcomes: Vec<Value> =
                outcomes.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(outcomes.len(), 2, "{outcomes:#?}");
            let of = |id| outcomes.iter().find(|outcome| outcome["phone_id"] == id).unwrap();
            assert_eq!(of("another")["outcome"], "not_sent");
            // Nobody has looked at its job yet, so nobody may say that it runs.
            assert_eq!(of(phone)["outcome"], "unconfirmed");
            assert!(of(phone)["job_id"].is_string(), "{outcomes:#?}");
            assert!(of(phone)["request_id"].is_string(), "{outcomes:#?}");
        }

        signal(&server, "-INT");
        let mut said = String::new();
        server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(server.wait().unwrap().code(), Some(0), "{said}");
        assert!(said.contains("with seed 0, to be watched at http:"), "{said}");
    }

    #[test]
    fn a_served_simulation_ends_with_its_terminal() {
        let mut server = cph(&["sim", "serve", "--phones", "1"]).spawn().unwrap();
        let mut says = BufReader::new(server.stderr.take().unwrap()).lines();
        until(&mut says, "Ctrl-C ends it");
        signal(&server, "-HUP");
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}
