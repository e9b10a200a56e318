//! Files that are torn, damaged, or of somebody else.

use super::*;
use crate::Credentials;

/// A whole file, and where its plan ends.
fn whole() -> (Vec<u8>, usize) {
    let directory = tempfile::tempdir().unwrap();
    let (client, _) = client();
    let mut file = RunFile::create_in(directory.path(), &restart(&client), false).unwrap();
    let plan = std::fs::read(file.path()).unwrap().len();
    run(&mut file);
    (std::fs::read(file.path()).unwrap(), plan)
}

fn read(bytes: &[u8]) -> Result<RecordedRun> {
    RecordedRun::of(Path::new("run.jsonl"), bytes)
}

#[test]
fn torn_at_any_byte_it_is_read_and_nothing_that_was_sent_is_forgotten() {
    let (bytes, plan) = whole();
    for end in 0..plan - 1 {
        let error = read(&bytes[..end]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{end}");
    }
    for end in plan - 1..=bytes.len() {
        let run = read(&bytes[..end]).unwrap();
        let text = String::from_utf8_lossy(&bytes[plan.min(end)..end]);
        let mut stands = vec!["unsent"; 9];
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let places = |targets: &Value| -> Vec<usize> {
                let ids = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
                ids.map(|id| id[1..].parse::<usize>().unwrap() - 1).collect()
            };
            for place in places(&line["sending"]["targets"]) {
                stands[place] = "sent";
            }
            match line["answered"]["part"].as_u64() {
                Some(4) => stands[5] = "unsent",
                Some(5) => stands[6] = "unsent",
                _ => {}
            }
        }
        for (standing, stands) in run.standings().iter().zip(stands) {
            assert_eq!(*standing == Standing::Unsent, stands == "unsent", "{end}: {standing:?}");
        }
    }
}

#[test]
fn a_torn_file_can_be_written_on() {
    let (bytes, plan) = whole();
    let (client, _) = client();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.jsonl");
    for end in (plan - 1..bytes.len()).step_by(7).chain([plan - 1, plan, bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let before = read(&bytes[..end]).unwrap();
        drop(RunFile::open(&path).unwrap().take_over(&client, None).unwrap());
        let after = RecordedRun::read(&path).unwrap();
        assert_eq!(before.standings(), after.standings(), "{end}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().last().unwrap().starts_with(r#"{"resumed":{"at":""#), "{end}");
        assert!(text.ends_with('\n'), "{end}");
    }
}

#[test]
fn other_damage_is_named_by_its_line() {
    let (bytes, _) = whole();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let sending = lines.iter().position(|line| line.starts_with(r#"{"sending"#)).unwrap();
    let with = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines[place] = line;
        read(lines.join("\n").as_bytes()).map(|_| ()).unwrap_err().to_string()
    };
    let answered = r#"{"answered":{"part":9,"at":"2026-11-24T19:11:05Z","delivery":"unknown","request_id":null}}"#;
    let version = lines[0].replacen(r#""version":1"#, r#""version":2,"new":[]"#, 1);
    let unknown = lines[0].replacen("RestartCloudPhone", "DrinkTea", 1);
    let problems = [
        with(sending, &lines[sending][..20]),
        with(sending, "13666666666"),
        with(sending, ""),
        with(sending, r#"{"sending":{"part":1,"targets":["px"],"at":"2026-11-24T19:11:05Z"}}"#),
        with(sending, answered),
        with(sending, lines[1]),
        with(2, lines[1]),
        with(2, r#"{"target":{"id":"p2","group":2}}"#),
        with(2, lines[sending]),
        with(0, ""),
        with(0, r#"{"version":1}"#),
        with(0, &version),
        with(0, &unknown),
        with(0, r#"{"header":{"version":1}}"#),
    ];
    insta::assert_snapshot!(problems.join("\n"), @r"
    run file run.jsonl: line 11 is damaged at column 20
    run file run.jsonl: line 11 is damaged at column 1
    run file run.jsonl: line 11 is damaged at column 0
    run file run.jsonl: line 11 names a target of no other line
    run file run.jsonl: line 11 is about part 9, which was not sent
    run file run.jsonl: line 11 stands in the wrong place
    run file run.jsonl: line 3 names p1 twice
    run file run.jsonl: line 3 names a common body that the header lacks
    run file run.jsonl: line 3 comes before the last target
    run file run.jsonl: is no run file: it does not begin with a header
    run file run.jsonl: is no run file: it does not begin with a header
    run file run.jsonl: is of version 2, this client reads version 1; use the newer client that wrote it
    run file run.jsonl: line 1 is for an unknown operation
    run file run.jsonl: line 1 is damaged at column 23
    ");
}

#[test]
fn fields_of_later_days_are_passed_over() {
    let (bytes, _) = whole();
    let text = String::from_utf8(bytes).unwrap();
    let newer = text.replace(r#""part":"#, r#""mood":["good"],"part":"#);
    let (old, new) = (read(text.as_bytes()).unwrap(), read(newer.as_bytes()).unwrap());
    assert_eq!(old.standings(), new.standings());
}

#[test]
fn it_belongs_to_one_project() {
    let (bytes, _) = whole();
    let run = read(&bytes).unwrap();
    let (ours, _) = client();
    run.check(&ours).unwrap();
    let other = Client::builder()
        .region("cn-north-4")
        .project("fedcba9876543210fedcba9876543210")
        .credentials(Credentials::access_key("AK", "SK"))
        .build()
        .unwrap();
    let error = run.check(&other).unwrap_err();
    assert!(run.ticket(&other).is_err());
    let problems: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    the run file is for endpoint `https://cph.example`, this client for `https://cph.cn-north-4.myhuaweicloud.com`
    the run file is for region `none`, this client for `cn-north-4`
    the run file is for project `0123456789abcdef0123456789abcdef`, this client for `fedcba9876543210fedcba9876543210`
    ");
}
