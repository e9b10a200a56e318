//! `cph phone restart` and `cph phone start`.

use std::{
    collections::HashSet,
    io::{self, ErrorKind, Write},
};

use cph_sim::{Fault, Simulator};
use cph_tests::scripted::{Reply, Scripted};
use serde_json::{Value, json};

use crate::command::{Cph, EXAMPLE, FIRST, SECOND, file, filtered};

#[tokio::test(start_paused = true)]
async fn the_pages_example_is_restarted_as_far_as_its_phones_exist() {
    let (fleet, request) = (file(&format!("phone_id\n{SECOND}\n")), file(EXAMPLE));
    let (fleet, request) = (fleet.path().to_str().unwrap(), request.path().to_str().unwrap());
    let restart = ["--sim", "--fleet", fleet, "phone", "restart", "--from", request, "--yes"];
    insta::assert_snapshot!("restart_the_example", Cph::new(&restart).run().await.shown());
    let csv = Cph::new(&restart).args(&["--format", "csv"]).run().await;
    insta::assert_snapshot!("restart_the_example_csv", csv.shown());
}

#[tokio::test]
async fn what_the_file_says_is_what_is_sent() {
    let service = Scripted::start(|request| {
        let refusal =
            |phone| json!({"phone_id": phone, "error_code": "CPS.0005", "error_msg": "no"});
        let answer = if request.uri().path().ends_with("/phone-images") {
            json!({"phone_images": [{"image_id": "1564567b8bab40f34711234cb80d8574"}]})
        } else {
            json!({"request_id": "r", "jobs": [refusal(FIRST), refusal(SECOND)]})
        };
        std::future::ready(Reply::answer(200, &[], &answer.to_string()))
    });
    let request = file(EXAMPLE);
    let ran = Cph::new(&["phone", "restart", "--from", request.path().to_str().unwrap()])
        .keys(&service.endpoint())
        .run()
        .await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let requests = service.requests();
    let sent: Value = serde_json::from_slice(requests.last().unwrap().body()).unwrap();
    assert_eq!(sent, serde_json::from_str::<Value>(EXAMPLE).unwrap());
    assert_eq!(requests.len(), 2, "the image is looked up, and nothing else for two phones");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_shows_the_bodies_and_masks_them() {
    let request = file(EXAMPLE);
    let request = request.path().to_str().unwrap();
    let dry_run = ["--sim", "phone", "restart", "--from", request, "--dry-run"];
    let masked = Cph::new(&dry_run).run().await;
    insta::assert_snapshot!("restart_dry_run", masked.shown());

    let shown = Cph::new(&dry_run).args(&["--show-personal"]).run().await;
    let body: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(body, serde_json::from_str::<Value>(EXAMPLE).unwrap());

    let parts = Cph::new(&["--sim=5", "phone", "restart", "--all", "--batch", "2", "--dry-run"]);
    let parts = parts.run().await;
    assert_eq!((parts.exit, parts.out.lines().count()), (0, 3), "{}", parts.err);
    assert!(parts.err.contains("in 3 parts; nothing was sent"), "{}", parts.err);
}

#[tokio::test(start_paused = true)]
async fn properties_are_set_beneath_the_phones_own() {
    let own = r#"{ "wifi_name":"mine" }"#;
    let body = json!({"phones": [
        {"phone_id": "a", "property": own},
        {"phone_id": "b", "property": r#"{"imsi":"460021624617113"}"#},
        {"phone_id": "c"},
    ]});
    let ran = Cph::new(&["--sim", "phone", "restart", "--from", "-", "--set", "wifi_name=ours"])
        .args(&["--dry-run", "--show-personal"])
        .input(&body.to_string())
        .run()
        .await;
    let sent: Value = serde_json::from_str(&ran.out).unwrap();
    let sent = sent["phones"].as_array().unwrap().iter().map(|phone| &phone["property"]);
    let expected =
        [own, r#"{"imsi":"460021624617113","wifi_name":"ours"}"#, r#"{"wifi_name":"ours"}"#];
    assert!(sent.eq(expected), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_250_gives_250_records_and_the_first_before_the_last_part() {
    let restart = ["--sim=250", "phone", "restart", "--all", "--yes", "--format", "jsonl"];
    let ran = Cph::new(&restart).run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let records: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().all(|record| record["outcome"] == "done"));
    let phones: HashSet<_> =
        records.iter().map(|record| record["phone_id"].as_str().unwrap()).collect();
    assert_eq!((records.len(), phones.len()), (250, 250));

    let place = |text| ran.both.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.both));
    assert!(place("part 1: 100 phones sent, 150 to go") < place("\"outcome\""));
    assert!(place("\"outcome\"") < place("part 3: 50 phones sent, 0 to go"));
    let first = "restarting 250 phones on 5 servers in cn-north-4 at http://localhost, project ";
    assert!(ran.err.starts_with(first), "{}", ran.err);
    assert!(ran.err.lines().next().unwrap().ends_with(" (simulator)"), "{}", ran.err);
    assert!(ran.err.lines().last().unwrap().starts_with("250 done in "), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn many_phones_are_restarted_only_after_a_yes() {
    let restart = ["--sim=20", "-q", "phone", "restart", "--all", "--format", "jsonl"];
    for (answer, exit, records) in [("y\n", 0, 20), ("n\n", 2, 0), ("\n", 2, 0), ("", 2, 0)] {
        let ran = Cph::new(&restart).terminal(answer).run().await;
        assert_eq!((ran.exit, ran.out.lines().count()), (exit, records), "{answer:?}: {}", ran.err);
        let question = "restart 20 phones on 1 server in cn-north-4 at http://localhost, project ";
        assert!(ran.err.starts_with(question), "{}", ran.err);
        assert!(ran.err.contains(" (simulator)? [y/N] "), "{}", ran.err);
    }
    let ten: Vec<String> = (0..10).map(|phone| format!("phone-{phone}")).collect();
    let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
    let few = Cph::new(&["--sim=1", "phone", "restart"]).args(&ten).run().await;
    assert_eq!(few.exit, 1, "ten need no question: {}", few.err);
    let many = Cph::new(&["--sim=1", "phone", "restart", "eleven"]).args(&ten).run().await;
    assert_eq!(many.exit, 2, "eleven do: {}", many.err);
}

#[tokio::test(start_paused = true)]
async fn only_phones_in_the_right_state_are_selected_and_the_rest_is_counted() {
    let server = "0000000000000000000000000000000a";
    let header = "phone_id,status,server_id\n".to_owned();
    let states = ["running", "running", "shut-down", "frozen"].iter().enumerate();
    let rows = states.map(|(phone, status)| format!("{phone:032x},{status},{server}\n"));
    let fleet = file(&std::iter::once(header).chain(rows).collect::<String>());
    let phone = ["--sim", "--fleet", fleet.path().to_str().unwrap(), "--format", "jsonl", "phone"];
    let cases: [(&[&str], usize, &str); 5] = [
        (&["restart", "--all"], 2, "2 done in n s; 2 passed over (1 frozen, 1 shut down)"),
        (&["start", "--all"], 1, "1 done in n s; 3 passed over (1 frozen, 2 running)"),
        (&["restart", "--all", "--name", "0001"], 1, "1 done in n s"),
        (
            &["restart", "--all", "--status", "abnormal"],
            0,
            "nothing to do; 4 passed over (1 frozen, 2 running, 1 shut down)",
        ),
        (
            &["start", "--server", server, "--server", server],
            1,
            "1 done in n s; 3 passed over (1 frozen, 2 running)",
        ),
    ];
    for (args, records, summary) in cases {
        let ran = Cph::new(&phone).args(args).args(&["--yes"]).run().await;
        assert_eq!((ran.exit, ran.out.lines().count()), (0, records), "{args:?}: {}", ran.err);
        assert_eq!(filtered(ran.err.lines().last().unwrap()), summary, "{args:?}");
    }
}

/// Nobody waits for these jobs, so they outlive the command.
#[tokio::test]
async fn without_waiting_accepted_phones_are_a_success_and_their_jobs_can_be_looked_up() {
    let sim = Simulator::builder().phones(2).build().unwrap();
    let serving = sim.start().await.unwrap();
    let phone = sim.phones()[0].to_string();
    let cph = |args: &[&str]| Cph::new(args).simulator(&sim, &serving.endpoint());

    let ran = cph(&["--format", "json", "phone", "restart", "--no-wait", &phone]).run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let record = &serde_json::from_str::<Value>(&ran.out).unwrap()[0];
    assert_eq!(record["outcome"], "still_running");
    let request_id = record["request_id"].as_str().unwrap();
    assert!(ran.err.contains(&format!("cph job list {request_id}")), "{}", ran.err);

    let listed = cph(&["job", "list", request_id]).run().await;
    let shown = cph(&["job", "show", record["job_id"].as_str().unwrap()]).run().await;
    let shown = listed.shown_as("job list") + &shown.shown_as("job show");
    insta::assert_snapshot!("jobs", shown);
}

#[tokio::test]
async fn an_answer_that_was_lost_leaves_phones_unconfirmed_and_outranks_all_else() {
    let fault = Fault::drop_after().on("RestartCloudPhone").call(2);
    let sim = Simulator::builder().phones(2).fault(fault).build().unwrap();
    let serving = sim.start().await.unwrap();
    let [first, second] = [0, 1].map(|phone| sim.phones()[phone].to_string());
    let ran = Cph::new(&["phone", "restart", "--batch", "1", "--in-flight", "1", "--no-wait"])
        .args(&[&first, &second, "another"])
        .simulator(&sim, &serving.endpoint())
        .run()
        .await;
    assert_eq!(ran.exit, 3, "{}{}{:#?}", ran.out, ran.err, sim.journal());
    assert!(ran.err.contains("1 refused, 1 unconfirmed, 1 still running in "), "{}", ran.err);
    assert!(ran.err.contains(&format!("look before repeating, for one: cph phone show {second}")));
    assert_eq!(sim.ledger().of(&second).len(), 1, "it did happen");
}

#[tokio::test]
async fn patience_that_runs_out_is_told_from_failure() {
    let sim = Simulator::builder().phones(2).build().unwrap();
    let serving = sim.start().await.unwrap();
    let [phone, another] = [0, 1].map(|phone| sim.phones()[phone].to_string());
    let restart =
        Cph::new(&["phone", "restart", "--job-timeout", "0s"]).simulator(&sim, &serving.endpoint());
    let quiet = restart.clone().args(&[&another, "-q"]).run().await;
    assert_eq!((quiet.exit, quiet.err.as_str()), (3, ""));
    let ran = restart.args(&[&phone]).run().await;
    assert_eq!(ran.exit, 3, "{}", ran.err);
    assert!(ran.out.contains("still_running"), "{}", ran.out);
    assert!(ran.err.contains("1 still running in "), "{}", ran.err);
}

/// Fails from the second write on, as a pipe does whose reader has left.
struct Failing(ErrorKind, usize);

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1 > 1 { Err(self.0.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_when_nobody_reads_it_and_a_list_ends() {
    let restart = ["--sim=30", "phone", "restart", "--all", "--yes"];
    let list = ["--sim=30", "--format", "jsonl", "phone", "list"];
    for (args, kind, exit, says) in [
        (&restart[..], ErrorKind::BrokenPipe, 0, "30 done in"),
        (&restart[..], ErrorKind::StorageFull, 1, "30 done in"),
        (&list[..], ErrorKind::BrokenPipe, 0, ""),
        (&list[..], ErrorKind::StorageFull, 1, "failed to write the output"),
    ] {
        let ran = Cph::new(args).run_into(&mut Failing(kind, 0)).await;
        assert_eq!(ran.exit, exit, "{}", ran.err);
        assert!(ran.err.contains(says), "{}", ran.err);
        let told = ran.err.contains("failed to write the output");
        assert_eq!(told, kind == ErrorKind::StorageFull, "{}", ran.err);
    }
}
