//! `--wire-log`: what a command writes for a report, and what becomes of a file that cannot be written.

use cph_sim::{Fault, Simulator};
use cph_tests::scripted::{Reply, Scripted};
use serde_json::Value;

use crate::command::{Cph, FIRST, file};

fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_request_of_several_commands_makes_one_report() {
    let sim = Simulator::builder().phones(1).build().unwrap();
    let serving = sim.start().await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("wire.jsonl");
    let run = async |args: &[&str]| {
        let command = Cph::new(args).args(&["--wire-log", log.to_str().unwrap()]);
        command.simulator(&sim, &serving.endpoint()).run().await
    };
    sim.inject(Fault::drop_after().on("ShowCloudPhoneDetail")).unwrap();
    let phone = sim.phones()[0].to_string();
    let ran = run(&["phone", "show", &phone, "--show-personal", "--format", "json"]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    let ran = run(&["doctor"]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);

    let records = lines(&log);
    let operations: Vec<_> = records.iter().map(|record| &record["operation"]).collect();
    assert_eq!(operations, ["ShowCloudPhoneDetail", "ShowCloudPhoneDetail", "ListCloudPhones"]);
    assert_eq!((&records[0]["status"], &records[1]["status"]), (&Value::Null, &200.into()));
    assert!(records[0]["error"].is_string());
    assert_eq!(records[1]["response_body"]["phone_id"], *phone);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains(sim.secret_key()) && !text.contains("Signature="), "{text}");
    // What was shown on purpose is no part of a report.
    let imei = shown["imei"].to_string();
    let imei = imei.trim_matches('"');
    assert!(imei.len() > 10 && !text.contains(imei), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::metadata(&log).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulation_in_the_command_is_written_down_too() {
    let request = file(&format!(r#"[{{"phone_id":"{FIRST}","imsi":"460021624617113"}}]"#));
    let fleet = file(&format!("phone_id\n{FIRST}\n"));
    let log = tempfile::NamedTempFile::new().unwrap();
    let [request, fleet, path] =
        [request.path(), fleet.path(), log.path()].map(|path| path.to_str().unwrap());
    let restart = ["--sim", "--fleet", fleet, "phone", "restart", "--from", request];
    let ran = Cph::new(&restart).args(&["--wire-log", path]).run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let records = lines(log.path());
    assert_eq!(records[0]["operation"], "RestartCloudPhone");
    let property = records[0]["request_body"]["phones"][0]["property"].as_str().unwrap();
    assert!(property.contains("***") && !property.contains("460021624617113"), "{property}");
    assert!(records.iter().skip(1).all(|record| record["operation"] == "ListJobs"));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_a_mistake_and_nothing_is_sent() {
    let service = Scripted::start(|_| async { Reply::answer(200, &[], r#"{"jobs":[]}"#) });
    let missing = ["--wire-log", "/nonexistent/wire.jsonl", "job", "list", FIRST];
    let ran = Cph::new(&missing).keys(&service.endpoint()).run().await;
    assert_eq!(ran.exit, 2);
    let says = "cph: --wire-log: /nonexistent/wire.jsonl cannot be written: ";
    assert!(ran.err.starts_with(says), "{}", ran.err);
    assert!(service.requests().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_does_not_end_the_command_and_is_told_once() {
    let service = Scripted::start(|_| async { Reply::answer(502, &[], "<html>") });
    let list = ["--wire-log", "/dev/full", "--call-timeout", "1s", "job", "list", FIRST];
    let ran = Cph::new(&list).keys(&service.endpoint()).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert!(!service.requests().is_empty());
    assert_eq!(ran.err.matches("the wire log /dev/full is not complete: ").count(), 1);
    assert!(ran.err.starts_with("cph: failed to list jobs: "), "{}", ran.err);
}
