//! A run that is killed again and again, and resumed from its file each time: nothing is lost, nothing is done twice.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
    process::{Child, Output},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

use crate::service::Service;

const PHONES: usize = 2000;
const KILLS: usize = 200;
const EACH: usize = 30;
const PART: usize = 5;
const IN_FLIGHT: usize = 2;

/// What the process was at when it was killed, as its file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Moment {
    BeforeTheFirstSend,
    BetweenSendAndAnswer,
    WhileWaiting,
    WithinALine,
}

/// The complete lines of a run file, as kinds and their contents.
fn lines(file: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let line = |line: &str| {
        let line: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        line.into_iter().next().unwrap()
    };
    whole.map(line).collect()
}

/// Where the process that was last at work with the file was killed; `None` if it had ended.
fn moment(file: &Path) -> Option<Moment> {
    let text = fs::read(file).unwrap_or_default();
    if text.last().is_some_and(|last| *last != b'\n') {
        return Some(Moment::WithinALine);
    }
    let lines = lines(file);
    let begun = lines.iter().rposition(|(kind, _)| kind == "resumed" || kind == "header");
    let own = begun.map_or(&[][..], |begun| &lines[begun..]);
    let parts = |of: &str| own.iter().filter(|(kind, _)| kind == of).count();
    match (parts("sending"), parts("answered"), parts("ended")) {
        (_, _, 1..) => None,
        (sent, answered, _) if sent > answered => Some(Moment::BetweenSendAndAnswer),
        (0, ..) if unsent(&lines) > 0 => Some(Moment::BeforeTheFirstSend),
        _ => Some(Moment::WhileWaiting),
    }
}

/// How many phones no part has carried.
fn unsent(lines: &[(String, Value)]) -> usize {
    let sent: HashSet<&str> = lines
        .iter()
        .filter(|(kind, _)| kind == "sending")
        .flat_map(|(_, line)| line["targets"].as_array().unwrap())
        .map(|target| target.as_str().unwrap())
        .collect();
    PHONES - sent.len()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// How many bytes of a file there are.
fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.len())
}

/// Waits until the process has written a line of this kind, or has ended, but not for ever.
fn wait_for(kind: &str, file: &Path, from: u64, child: &mut Child) {
    let kind = format!("{{\"{kind}\"");
    wait_until(child, || {
        let bytes = fs::read(file).unwrap_or_default();
        let new = bytes.get(usize::try_from(from).unwrap()..).unwrap_or_default();
        String::from_utf8_lossy(new).contains(&kind)
    });
}

fn wait_until(child: &mut Child, holds: impl Fn() -> bool) {
    const LOOKS: usize = 50_000;
    for _ in 0..LOOKS {
        if child.try_wait().unwrap().is_some() || holds() {
            return;
        }
        sleep(Duration::from_micros(200));
    }
}

/// The outcome of each phone; none has two.
fn outcomes(output: &Output) -> BTreeMap<String, String> {
    let mut outcomes = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| record[field].as_str().unwrap().to_owned();
        let doubled = outcomes.insert(text("phone_id"), text("outcome"));
        assert!(doubled.is_none(), "{line}");
    }
    outcomes
}

#[test]
fn two_hundred_kills_lose_nothing_and_repeat_nothing() {
    let service = Service::start(PHONES, 1.0);
    let (phones, file) = (service.all_phones(), service.path("run.jsonl"));
    let (part, in_flight, all) = (PART.to_string(), IN_FLIGHT.to_string(), PHONES.to_string());
    let first = [
        "--format",
        "jsonl",
        "phone",
        "restart",
        "--from",
        text(&phones),
        "--run",
        text(&file),
        "--batch",
        &part,
        "--in-flight",
        &in_flight,
        "--max-down",
        &all,
        "--yes",
    ];
    let again = ["--format", "jsonl", "run", "resume", text(&file), "--yes"];
    let mut kills: BTreeMap<Moment, usize> = BTreeMap::new();
    let mut total = 0;
    let of = |kills: &BTreeMap<Moment, usize>, moment| kills.get(&moment).copied().unwrap_or(0);
    while total < KILLS || kills.len() < 4 || kills.values().any(|count| *count < EACH) {
        let args = if file.exists() { &again[..] } else { &first[..] };
        let before = size(&file);
        let begins = if before == 0 { "header" } else { "resumed" };
        let wanted = [
            Moment::BeforeTheFirstSend,
            Moment::BetweenSendAndAnswer,
            Moment::WithinALine,
            Moment::WhileWaiting,
        ];
        let wanted = wanted.into_iter().find(|moment| of(&kills, *moment) < EACH + 15);
        let wanted = wanted.unwrap_or(Moment::WhileWaiting);
        let mut command = match wanted {
            // The first of these has a whole file to write.
            Moment::WithinALine if before > 0 => {
                service.limited("", (before + 700) / 512 + total as u64 % 3, args)
            }
            _ => service.cph(args),
        };
        let mut child = command.spawn().unwrap();
        match wanted {
            Moment::BeforeTheFirstSend => wait_for(begins, &file, before, &mut child),
            Moment::BetweenSendAndAnswer => wait_for("sending", &file, before, &mut child),
            Moment::WithinALine => wait_for("no such line", &file, before, &mut child),
            Moment::WhileWaiting => {
                wait_for(begins, &file, before, &mut child);
                wait_until(&mut child, || moment(&file) == Some(Moment::WhileWaiting));
            }
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        // Whoever was not killed has said what kept it from going on.
        let ended = output.status.code();
        assert!(ended.is_none(), "{ended:?}: {}", String::from_utf8_lossy(&output.stderr));
        if file.exists() {
            *kills.entry(moment(&file).unwrap()).or_default() += 1;
            total += 1;
        }
        assert!(total < 2 * KILLS, "{kills:?}");
    }

    service.simulator.clock().advance(Duration::from_mins(10));
    let output = service.cph(&again).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    let outcomes = outcomes(&output);
    assert_eq!(outcomes.len(), PHONES);
    let lines = lines(&file);
    let answered: HashSet<u64> = lines
        .iter()
        .filter(|(kind, _)| kind == "answered")
        .map(|(_, line)| line["part"].as_u64().unwrap())
        .collect();
    let mut carried_by: HashMap<&str, u64> = HashMap::new();
    for (_, line) in lines.iter().filter(|(kind, _)| kind == "sending") {
        for target in line["targets"].as_array().unwrap() {
            let earlier =
                carried_by.insert(target.as_str().unwrap(), line["part"].as_u64().unwrap());
            assert!(earlier.is_none(), "{target} was sent twice");
        }
    }
    let ledger = service.simulator.ledger();
    let mut unconfirmed = 0;
    for (phone, outcome) in &outcomes {
        let restarts = ledger.of(phone).len();
        match outcome.as_str() {
            "done" => assert_eq!(restarts, 1, "{phone}"),
            "unconfirmed" => {
                unconfirmed += 1;
                assert!(restarts <= 1, "{phone}");
                assert!(!answered.contains(&carried_by[phone.as_str()]), "{phone}");
            }
            other => panic!("{phone}: {other}"),
        }
    }
    let between = of(&kills, Moment::BetweenSendAndAnswer) + of(&kills, Moment::WithinALine);
    assert!(unconfirmed <= between * PART * IN_FLIGHT, "{unconfirmed}: {kills:?}");
}

#[test]
fn a_file_is_for_one_process_at_a_time_and_for_one_project() {
    let service = Service::start(3, 1.0);
    let (phones, file) = (service.all_phones(), service.path("run.jsonl"));
    let restart = ["phone", "restart", "--from", text(&phones), "--run", text(&file), "--yes"];
    let resume = ["run", "resume", text(&file), "--yes"];
    let mut child = service.cph(&restart).spawn().unwrap();
    wait_for("answered", &file, 0, &mut child);
    let second = service.cph(&resume).output().unwrap();
    let errors = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{errors}");
    assert!(errors.contains("another process"), "{errors}");
    // Looking does not disturb.
    let shown = service.cph(&["--format", "jsonl", "run", "show", text(&file)]).output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", String::from_utf8_lossy(&shown.stderr));
    child.kill().unwrap();
    child.wait().unwrap();

    let other = service.cph(&resume).env("HUAWEICLOUD_SDK_PROJECT_ID", "f".repeat(32)).output();
    let other = other.unwrap();
    let errors = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(2), "{errors}");
    assert!(errors.contains(service.simulator.project()), "{errors}");
    assert!(service.simulator.phones().iter().all(|p| service.simulator.ledger().of(p).len() == 1));
}

#[test]
fn what_cannot_be_written_down_is_not_sent() {
    let service = Service::start(40, 1.0);
    let phones = service.all_phones();
    let nowhere = service.path("no/such/directory/run.jsonl");
    let restart = |file| {
        let args =
            ["--format", "jsonl", "phone", "restart", "--from", text(&phones), "--run", file];
        [&args[..], &["--batch", "2", "--max-down", "40", "--yes"]].concat()
    };
    let output = service.cph(&restart(text(&nowhere))).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("no/such/directory"), "{errors}");
    assert!(service.simulator.ledger().phones.is_empty());

    // The disk is full after some parts: what was sent is known, the rest was never sent.
    let file = service.path("run.jsonl");
    let full = service.limited("trap '' XFSZ;", 16, &restart(text(&file)));
    let mut child = { full }.spawn().unwrap();
    wait_for("answered", &file, 0, &mut child);
    sleep(Duration::from_millis(300));
    service.simulator.clock().advance(Duration::from_mins(5));
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let ledger = service.simulator.ledger();
    let outcomes = outcomes(&output);
    assert_eq!(outcomes.len(), 40);
    for (phone, outcome) in &outcomes {
        let restarts = ledger.of(phone).len();
        match outcome.as_str() {
            "done" => assert_eq!(restarts, 1),
            "not_sent" => assert_eq!(restarts, 0),
            other => panic!("{phone}: {other}"),
        }
    }
    assert!((1..40).contains(&ledger.phones.len()), "{}", ledger.phones.len());
    assert!(errors.contains("could not be"), "{errors}");
}
