//! Run files: kept, shown, counted, checked, resumed, and taken for another run.

use cph_sim::{Fault, Serving, SimClock, Simulator, SimulatorBuilder};
use cph_tests::start_of_time;
use serde_json::Value;

use crate::command::{Cph, Ran, filtered};

/// A simulator to come back to, and a place for run files.
struct Service {
    sim: Simulator,
    serving: Serving,
    directory: tempfile::TempDir,
}

impl Service {
    async fn start(settings: impl FnOnce(SimulatorBuilder) -> SimulatorBuilder) -> Self {
        let builder = Simulator::builder().clock(SimClock::stepped(start_of_time()));
        let sim = settings(builder).build().unwrap();
        let serving = sim.start().await.unwrap();
        Self { sim, serving, directory: tempfile::tempdir().unwrap() }
    }

    fn cph(&self, args: &[&str]) -> Cph {
        Cph::new(args).simulator(&self.sim, &self.serving.endpoint())
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

fn records(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Each phone with what the field says.
fn told<'a>(records: &'a [Value], field: &str) -> Vec<(&'a str, &'a str)> {
    let word = |record: &'a Value, field: &str| record[field].as_str().unwrap();
    records.iter().map(|record| (word(record, "phone_id"), word(record, field))).collect()
}

/// Phones that nobody knows are refused one by one, so a canary stops the run at the first.
#[tokio::test]
async fn a_run_that_stopped_is_shown_and_resumed() {
    let service = Service::start(|sim| sim.phones(1)).await;
    let file = service.file("run.jsonl");
    let restart = ["phone", "restart", "a", "b", "c", "--canary", "1", "--run", &file];
    let ran = service.cph(&restart).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert_eq!(ran.err.lines().next().unwrap(), format!("run file: {file}"));

    let again = service.cph(&restart).run().await;
    assert_eq!(again.exit, 2, "a file is never written over: {}", again.err);
    assert!(again.err.contains(&file), "{}", again.err);

    let shown = Cph::new(&["run", "show", &file]).run().await;
    insta::assert_snapshot!(filtered(&shown.both), @r"
    PHONE ID                          OUTCOME        SECONDS  ERROR CODE  REASON
    a                                 refused                 CPS.0004    the phone id is malformed or not acceptable
    b                                 not_sent                            too many targets ended badly before it: 1
    c                                 not_sent                            too many targets ended badly before it: 1
    run RUN: RestartCloudPhone of 3 targets in cn-north-4 at http://127.0.0.1:PORT, project xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    begun yyyy-mm-ddThh:mm:ssZ, ended yyyy-mm-ddThh:mm:ssZ
    2 not sent, 1 refused
    ");
    let report = Cph::new(&["run", "report", &file]).run().await;
    insta::assert_snapshot!(filtered(&report.both), @r"
    BY          VALUE     OUTCOME   TARGETS
    outcome     not_sent  not_sent  2
    outcome     refused   refused   1
    error_code  CPS.0004  refused   1
    3 targets of 1 run
    ");

    let resume = ["--format", "jsonl", "run", "resume", &file, "--max-errors", "100%"];
    let resumed = service.cph(&resume).run().await;
    assert_eq!(resumed.exit, 1, "{}", resumed.err);
    let all = records(&resumed);
    assert_eq!(told(&all, "outcome"), [("a", "refused"), ("b", "refused"), ("c", "refused")]);
    assert!(resumed.err.contains("2 to send, 0 to ask about, 1 known"), "{}", resumed.err);
}

#[tokio::test]
async fn a_run_belongs_to_its_service() {
    let service = Service::start(|sim| sim.phones(1)).await;
    let file = service.file("run.jsonl");
    let restart = ["phone", "restart", "a", "b", "--canary", "1", "--run", &file];
    assert_eq!(service.cph(&restart).run().await.exit, 1);
    let other = "1123456789abcdef0123456789abcdef";
    for command in ["resume", "check"] {
        let ran = service.cph(&["run", command, &file, "--project", other]).run().await;
        let project = service.sim.project();
        let says = format!(
            "cph: the run file is for project {project}, flags or environment say {other}\n"
        );
        assert_eq!((ran.exit, ran.err), (2, says));
        let simulated = Cph::new(&["--sim", "run", command, &file]).run().await;
        assert_eq!(simulated.exit, 2, "{}", simulated.err);
        assert!(simulated.err.contains("`cph sim serve`"), "{}", simulated.err);
    }
    let only = ["phone", "restart", "--from", &file, "--only", "not_sent", "--project", other];
    let ran = service.cph(&only).run().await;
    assert_eq!(ran.exit, 2, "{}", ran.err);
    let missing = service.cph(&["run", "resume", &service.file("missing")]).run().await;
    assert_eq!(missing.exit, 2, "{}", missing.err);
    assert!(missing.err.contains("missing"), "{}", missing.err);
}

#[tokio::test]
async fn nothing_is_sent_without_a_run_file() {
    let service = Service::start(|sim| sim.phones(1)).await;
    let phone = service.sim.phones()[0].to_string();
    let nowhere = service.file("no/such/directory/run.jsonl");
    let ran = service.cph(&["phone", "restart", &phone, "--run", &nowhere]).run().await;
    assert_eq!(ran.exit, 2, "{}", ran.err);
    let homeless = service.cph(&["phone", "restart", &phone]).variable("XDG_STATE_HOME", "here");
    let homeless = homeless.run().await;
    assert_eq!(homeless.exit, 2, "{}", homeless.err);
    assert!(homeless.err.contains("--run FILE"), "{}", homeless.err);
    assert!(service.sim.ledger().phones.values().all(Vec::is_empty));
}

#[tokio::test]
async fn phones_of_a_run_are_taken_by_their_outcome_with_what_they_were_to_get() {
    let service = Service::start(|sim| sim.phones(1)).await;
    let (file, image) = (service.file("run.jsonl"), "1564567b8bab40f34711234cb80d8574");
    let restart = ["phone", "restart", "a", "b", "c", "--canary", "1", "--run", &file];
    let restart = service.cph(&restart).args(&["--image", image, "--set", "wifi_name=w"]);
    assert_eq!(restart.run().await.exit, 1);

    let from = ["phone", "restart", "--from", &file, "--dry-run"];
    let dry = service.cph(&from).args(&["--only", "not-sent"]).run().await;
    let body: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"image_id": image, "phones": [
            {"phone_id": "b", "property": r#"{"wifi_name":"w"}"#},
            {"phone_id": "c", "property": r#"{"wifi_name":"w"}"#},
        ]})
    );
    let code = service.cph(&["--format", "jsonl", "run", "show", &file]).run().await;
    let code = records(&code)[0]["error_code"].as_str().unwrap().to_owned();
    let stop = ["phone", "stop", "--from", &file, "--dry-run", "--only", &code];
    let stop = service.cph(&stop).run().await;
    assert_eq!(stop.out, "{\"phone_ids\":[\"a\"]}\n", "{}", stop.err);

    for (args, says) in [
        (&from[..], "say with --only which of its phones are meant"),
        (&["phone", "restart", "--from", &file, "--only", "broken"], "neither an outcome"),
        (&["phone", "restart", "a", "--only", "failed"], "cannot be used with"),
        (&["phone", "restart", "--all", "--only", "failed"], "cannot be used with"),
    ] {
        let ran = service.cph(args).run().await;
        assert_eq!(ran.exit, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
    }
}

#[tokio::test]
async fn what_was_lost_is_looked_at_again_and_nothing_is_changed() {
    let lost = Fault::drop_after().on("RestartCloudPhone");
    let service = Service::start(|sim| sim.phones(1).fault(lost)).await;
    let (file, phone) = (service.file("run.jsonl"), service.sim.phones()[0].to_string());
    let restart = service.cph(&["phone", "restart", &phone, "--run", &file]).run().await;
    assert_eq!(restart.exit, 3, "{}", restart.err);
    service.sim.clock().advance(std::time::Duration::from_mins(2));

    let check = ["--format", "jsonl", "run", "check", &file, "--boot-time"];
    let ran = service.cph(&check).run().await;
    assert_eq!(ran.exit, 3, "evidence is no proof: {}", ran.err);
    let record = &records(&ran)[0];
    assert_eq!(
        ["outcome", "now", "status"].map(|field| &record[field]),
        ["unconfirmed", "unconfirmed", "running"]
    );
    let began: jiff::Timestamp = record["boot_time"].as_str().unwrap().parse().unwrap();
    let start = start_of_time().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let took = began.as_second() - i64::try_from(start.as_secs()).unwrap();
    assert!((20..=40).contains(&took), "{took}");
    let restarts = &service.sim.ledger().phones[&phone];
    assert_eq!(restarts.iter().filter(|deed| deed.operation == "RestartCloudPhone").count(), 1);

    let again = ["phone", "restart", "--from", &file, "--only", "unconfirmed", "--dry-run"];
    let again = service.cph(&again).run().await;
    assert!(again.err.contains("it may happen to them a second time"), "{}", again.err);
}

/// The commands of README on ten thousand phones, up to the one that would take its time.
#[tokio::test]
async fn the_ten_thousand_phones_of_the_readme_stop_at_the_first() {
    let service = Service::start(|sim| sim.phones(9999)).await;
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("### Ten thousand phones").unwrap();
    let block = rest.split("```").nth(1).unwrap();
    let commands: Vec<&str> =
        block.lines().filter_map(|line| line.strip_prefix("$ cph ")).collect();
    let mut phones = vec!["gone".to_owned()];
    phones.extend(service.sim.phones().iter().map(ToString::to_string));
    std::fs::write(service.file("night.txt"), phones.join("\n")).unwrap();
    for (command, exit) in commands[..2].iter().zip([1, 0]) {
        let args = command.replace("night.", &service.file("night."));
        let ran = service.cph(&args.split(' ').collect::<Vec<_>>()).run().await;
        assert_eq!(ran.exit, exit, "{}", ran.err);
        let shown = |line: &str| {
            // Where and how long is another matter.
            let line = line.replace(&service.file(""), "");
            line.split(" at http").next().unwrap().split(" in ").next().unwrap().to_owned()
        };
        let told: Vec<String> = block.lines().map(shown).collect();
        let data = if exit == 0 { ran.out.lines().take(4).collect() } else { Vec::new() };
        for line in ran.err.lines().chain(data) {
            assert!(told.contains(&shown(line)), "README does not show: {line}");
        }
    }
    assert!(service.sim.ledger().phones.values().all(Vec::is_empty));
}
