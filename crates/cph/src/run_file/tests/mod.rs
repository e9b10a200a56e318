//! Run files as they are written, torn, read and taken over.

mod failing;
mod standing;
mod tearing;

use std::{
    collections::BTreeMap,
    pin::Pin,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use super::*;
use crate::{
    Clock, Delivery, Entry, ErrorKind, Fate, Fault, Properties, Restart, RestartTarget,
    UnconfirmedReason,
    api::tests::{Sent, recorded},
    batch::Standing,
};

/// Every second of it is the same.
#[derive(Debug)]
struct StoppedClock;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        NOW
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

fn client() -> (Client, Sent) {
    recorded(200, r#"{"request_id":"r9","jobs":[{"phone_id":"p9","job_id":"j9"}]}"#)
}

/// Nine phones, the second half with another image; the last with properties.
fn restart(client: &Client) -> Restart {
    let targets = (1..=9).map(|number| {
        let target = RestartTarget::new(format!("p{number}"));
        match number {
            9 => target.image("i2").properties(Properties::new().phone_number("13666666666")),
            5.. => target.image("i2"),
            _ => target,
        }
    });
    client.phones().restart(targets).image("i1").batch(3)
}

fn part(number: usize, targets: &[&str]) -> Part {
    let targets = targets.iter().map(ToString::to_string).collect();
    Part { number, targets, unsent: 0 }
}

fn entry(target: &str, job_id: &str, error_code: &str) -> Entry {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (job_id, error_code) = (filled(job_id), filled(error_code));
    Entry { target: filled(target), job_id, error_code, ..Entry::default() }
}

fn lost(request_id: Option<&str>) -> Error {
    Error::lost("reset".into()).with_request_id(request_id.map(str::to_owned))
}

fn refused(code: &str) -> Error {
    Error::service(400, Some(cph_core::ErrorCode::parse(code)), None, Delivery::Refused)
}

fn accept(file: &mut impl Observer, part: &Part, request_id: &str, entries: &[Entry]) {
    file.after(part, PartAnswer { request_id: Some(request_id), entries, error: None });
}

fn fail(file: &mut impl Observer, part: &Part, error: &Error) {
    let request_id = error.request_id();
    file.after(part, PartAnswer { request_id, entries: &[], error: Some(error) });
}

fn settle(file: &mut impl Observer, target: &str, fate: &Fate, ids: Option<(&str, &str)>) {
    let (request_id, job_id) = ids.unzip();
    let request_id = request_id.map(|id| id.parse().unwrap());
    let job_id = job_id.filter(|id| !id.is_empty()).map(|id| id.parse().unwrap());
    file.settled(&Settlement {
        target,
        fate,
        request_id: request_id.as_ref(),
        job_id: job_id.as_ref(),
        took: job_id.as_ref().map(|_| Duration::from_millis(41_630)),
    });
}

/// A run that is cut off: whichever parts could be noted.
fn run(file: &mut impl Observer) -> Vec<Part> {
    let mut noted = Vec::new();
    let mut before = |file: &mut dyn Observer, part: &Part| {
        let result = file.before(part);
        noted.extend(result.is_ok().then(|| part.clone()));
        result.is_ok()
    };
    let first = part(1, &["p1", "p2", "p3"]);
    if before(file, &first) {
        accept(file, &first, "r1", &[entry("p2", "", "CPS.0004"), entry("p1", "j1", "")]);
        let refused = Fate::Refused(Fault::new(Some("CPS.0004"), None));
        settle(file, "p2", &refused, Some(("r1", "")));
    }
    let calls = [
        (part(2, &["p4"]), Some(lost(Some("r2")))),
        (part(3, &["p5"]), Some(lost(None))),
        (part(4, &["p6"]), Some(Error::connect("refused".into()))),
        (part(5, &["p7"]), Some(refused("CPS.0096"))),
        (part(6, &["p8"]), None),
    ];
    for (part, error) in calls {
        if let (true, Some(error)) = (before(file, &part), error) {
            fail(file, &part, &error);
        }
    }
    settle(file, "p1", &Fate::Done, Some(("r1", "j1")));
    noted
}

#[test]
fn what_is_written_down_is_what_would_be_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.jsonl");
    let (client, _) = client();
    let restart = restart(&client);
    let file = RunFile::create(&path, &restart, true).unwrap();

    let run = RecordedRun::read(&path).unwrap();
    let header = run.header();
    assert_eq!((header.run_id(), header.operation()), (file.run_id(), "RestartCloudPhone"));
    assert_eq!((header.endpoint(), header.region()), ("https://cph.example", None));
    assert_eq!(header.project(), "0123456789abcdef0123456789abcdef");
    assert!(header.simulator());
    assert_eq!(header.targets(), 9);
    assert_eq!(
        header.masked()["common"],
        json!([{"image_id": "i1", "phones": []}, {"image_id": "i2", "phones": []}])
    );
    assert_eq!(run.counts(), BTreeMap::from([("unsent", 9)]));
    let sent: Vec<Value> = restart
        .bodies()
        .unwrap()
        .iter()
        .flat_map(|body| body["phones"].as_array().unwrap().clone())
        .collect();
    assert_eq!(run.targets().map(|target| target.element()).collect::<Vec<_>>(), sent);
    assert!(!run.targets().any(|target| target.masked_element().to_string().contains("136")));
    assert!(!format!("{run:?} {file:?}").contains("136"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it_and_only_one_process_writes_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let (client, _) = client();
    let runs = directory.path().join("state/runs");
    let file = RunFile::create_in(&runs, &restart(&client), false).unwrap();
    let path = file.path().to_owned();
    assert_eq!(path.parent().unwrap(), runs);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&runs)), (0o600, 0o700));
    // Nothing else is left in the directory.
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), 1);

    let second = RunFile::open(&path).unwrap_err();
    assert!(second.to_string().contains("another process works with it"), "{second}");
    let second = RunFile::create(&path, &restart(&client), false).unwrap_err();
    assert!(second.to_string().contains("exists"), "{second}");
    drop(file);
    let run = RunFile::open(&path).unwrap();
    assert!(RunFile::open(&path).is_err());
    drop(run);
    RunFile::open(&path).unwrap();

    let nowhere = RunFile::create(runs.join("no/run.jsonl"), &restart(&client), false).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::InvalidInput);
    assert!(nowhere.to_string().contains("make it first"), "{nowhere}");
}

#[tokio::test]
async fn whoever_takes_over_sends_the_same_and_goes_on_writing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.jsonl");
    let (client, requests) = client();
    let mut file = RunFile::create(&path, &restart(&client), true).unwrap();
    run(&mut file);
    drop(file);
    let mut torn = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    torn.write_all(br#"{"settled":{"tar"#).unwrap();
    drop(torn);

    let run = RecordedRun::read(&path).unwrap();
    assert!(run.take_over(&client, None).is_err(), "it was opened for reading only");
    let resumption = RunFile::open(&path).unwrap().take_over(&client, None).unwrap();
    assert_eq!(resumption.work.operation.name, "RestartCloudPhone");
    assert_eq!((resumption.options.part, resumption.options.max_down), (3, 6));
    assert_eq!(resumption.parts_sent, 6);
    assert_eq!(resumption.work.groups, [0, 0, 0, 0, 1, 1, 1, 1, 1]);
    let answer = (resumption.work.send)(client.clone(), &[6, 8]).await.unwrap();
    assert_eq!(answer.request_id.unwrap().as_str(), "r9");
    let property = r#"{"sys.prop.writephonenum":"13666666666"}"#;
    let [(_, body)] = &requests.take()[..] else { panic!("one call") };
    assert_eq!(
        body.to_string(),
        json!({"image_id": "i2", "phones": [{"phone_id": "p7"}, {"phone_id": "p9", "property": property}]})
            .to_string()
    );

    let mut file = resumption.file;
    let again = part(7, &["p7", "p9"]);
    file.before(&again).unwrap();
    accept(&mut file, &again, "r9", &[entry("p9", "j9", "")]);
    let left = Fate::Unconfirmed(UnconfirmedReason::Left);
    for target in ["p3", "p4", "p6", "p7", "p8"] {
        settle(&mut file, target, &left, None);
    }
    assert_eq!(RecordedRun::read(&path).unwrap().ended(), None);
    settle(&mut file, "p9", &Fate::Done, Some(("r9", "j9")));
    assert!(file.failure().get().is_none());
    let run = RecordedRun::read(&path).unwrap();
    assert!(run.ended().is_some());
    assert_eq!(run.counts(), BTreeMap::from([("done", 2), ("refused", 1), ("unconfirmed", 6)]));
}

#[test]
fn the_page_shows_such_a_file() {
    let page = include_str!("../../../docs/run-file.md");
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let run = RecordedRun::of(Path::new("example"), example.as_bytes()).unwrap();
    assert_eq!(run.counts(), BTreeMap::from([("done", 1), ("sent", 1)]));
    let schema = serde_json::json!(RunFile::schema()).to_string();
    for line in example.lines() {
        let kind = line.split('"').nth(1).unwrap();
        assert!(schema.contains(&format!(r#""required":["{kind}"]"#)), "{kind}");
    }
}
