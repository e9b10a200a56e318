//! Single runs, told in full.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cph::{
    Credentials, ErrorCode, ErrorKind, Fate, NotSentReason, Observer, Part, PartAnswer,
    PhoneStatus, Properties, Report, RestartTarget, UnconfirmedReason,
};
use cph_sim::{Assumptions, Fault, Simulator, SimulatorBuilder};
use cph_tests::{in_process, paused_clock};
use futures_util::TryStreamExt as _;

fn simulator(phones: usize) -> SimulatorBuilder {
    Simulator::builder().phones(phones).seed(7).clock(paused_clock())
}

/// Calls of an operation that reached the simulator, by its journal.
fn calls(simulator: &Simulator, operation: &str) -> usize {
    simulator.journal().iter().filter(|entry| entry.operation.as_deref() == Some(operation)).count()
}

/// Restarts every phone of the simulator.
async fn restart_all(simulator: &Simulator) -> Report {
    let client = in_process(simulator).build().unwrap();
    client.phones().restart(simulator.phones()).start().unwrap().await
}

fn fates(report: &Report) -> impl Iterator<Item = &Fate> {
    report.outcomes().iter().map(|outcome| &outcome.fate)
}

#[tokio::test(start_paused = true)]
async fn the_first_phones_settle_before_the_last_part_is_sent() {
    let simulator = simulator(250).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let mut run = client.phones().restart(simulator.phones()).start().unwrap();
    assert_eq!(run.next().await.unwrap().fate, Fate::Done);
    assert_eq!(
        calls(&simulator, "RestartCloudPhone"),
        2,
        "the third part waits until phones are up again"
    );
    assert_eq!(run.await.to_string(), "250 done");
    let parts: Vec<_> = simulator
        .journal()
        .iter()
        .filter(|entry| entry.operation.as_deref() == Some("RestartCloudPhone"))
        .map(|entry| entry.targets)
        .collect();
    assert_eq!(parts, [100, 100, 50]);
}

#[tokio::test(start_paused = true)]
async fn jobs_settle_at_different_times_over_several_looks() {
    let simulator = simulator(40).build().unwrap();
    let report = restart_all(&simulator).await;
    let mut seconds: Vec<u64> =
        report.outcomes().iter().map(|outcome| outcome.took.unwrap().as_secs()).collect();
    seconds.dedup();
    assert!(seconds.len() >= 3, "{seconds:?}");
    assert!(seconds.is_sorted());
    assert!(calls(&simulator, "ListJobs") >= 3);
}

#[tokio::test(start_paused = true)]
async fn more_than_a_page_of_jobs_under_one_request_is_followed() {
    let simulator = simulator(250).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let report = client.phones().restart(simulator.phones()).batch(250).start().unwrap().await;
    assert_eq!(report.to_string(), "250 done");
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 1);
}

#[tokio::test(start_paused = true)]
async fn twenty_requests_are_asked_about_in_one_query_and_an_unknown_one_sinks_none() {
    let assumptions =
        Assumptions { unknown_request_id_sinks_query: true, ..Assumptions::default() };
    // The answer to the second part is lost before anything is done: nobody knows its request id, but the answer's header had one.
    let lost = Fault::html(503).on("RestartCloudPhone").call(2);
    let simulator = simulator(21).assume(assumptions).fault(lost).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let report = client
        .phones()
        .restart(simulator.phones())
        .batch(1)
        .max_down(21)
        .in_flight(1)
        .start()
        .unwrap()
        .await;
    assert_eq!(report.to_string(), "20 done, 1 unconfirmed");
    let most = simulator
        .journal()
        .iter()
        .filter(|entry| entry.operation.as_deref() == Some("ListJobs"))
        .map(|entry| entry.targets)
        .max();
    assert_eq!(most, Some(20));
}

#[tokio::test(start_paused = true)]
async fn a_hidden_job_ends_unconfirmed_and_a_hanging_one_still_running() {
    let simulator = simulator(3).build().unwrap();
    let ids = simulator.phones();
    simulator.inject(Fault::hide_job().phone(&ids[0])).unwrap();
    simulator.inject(Fault::hang_job().phone(&ids[1])).unwrap();
    simulator.inject(Fault::fail_job("CPS.0054").phone(&ids[2])).unwrap();
    let client = in_process(&simulator).build().unwrap();
    // One phone a call, since faults strike a call.
    let mut run = client.phones().restart(&ids).batch(1).start().unwrap();
    while let Some(outcome) = run.next().await {
        let place = ids.iter().position(|id| *id == outcome.phone).unwrap();
        match (place, outcome.fate) {
            (0, Fate::Unconfirmed(UnconfirmedReason::JobNotFound)) | (1, Fate::StillRunning) => {
                assert!(outcome.took >= Some(Duration::from_mins(30)));
            }
            (2, Fate::Failed(fault)) => assert_eq!(fault.code, ErrorCode::JOB_TIMEOUT),
            (place, fate) => panic!("phone {place} ends {fate}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_sent_again_and_done() {
    let simulator = simulator(30).fault(Fault::refuse_connection().times(3)).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "30 done");
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_after_accepting_is_unconfirmed_and_never_sent_again() {
    let simulator =
        simulator(150).fault(Fault::drop_after().on("RestartCloudPhone").call(2)).build().unwrap();
    let report = restart_all(&simulator).await;
    assert_eq!(report.to_string(), "100 done, 50 unconfirmed");
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 2);
    assert!(
        fates(&report)
            .any(|fate| matches!(fate, Fate::Unconfirmed(UnconfirmedReason::AnswerLost(_))))
    );
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_answer_settles_by_the_jobs_under_its_request_id() {
    for fault in [Fault::broken_json(), Fault::empty_body(), Fault::html_after()] {
        let simulator =
            simulator(120).fault(fault.on("RestartCloudPhone").call(1)).build().unwrap();
        assert_eq!(restart_all(&simulator).await.to_string(), "120 done");
        assert!(simulator.phones().iter().all(|phone| simulator.ledger().of(phone).len() == 1));
    }
}

#[tokio::test(start_paused = true)]
async fn entries_that_are_doubled_foreign_or_missing() {
    for fault in [Fault::doubled(), Fault::foreign()] {
        let simulator = simulator(150).fault(fault.on("RestartCloudPhone")).build().unwrap();
        assert_eq!(restart_all(&simulator).await.to_string(), "150 done");
    }
    // Missing from a later part: their jobs are found by the request id.
    let simulator =
        simulator(150).fault(Fault::missing(3).on("RestartCloudPhone").call(2)).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "150 done");
}

#[tokio::test(start_paused = true)]
async fn a_first_part_that_forgets_phones_stops_the_run() {
    let simulator =
        simulator(150).fault(Fault::missing(3).on("RestartCloudPhone")).build().unwrap();
    let report = restart_all(&simulator).await;
    assert_eq!(report.to_string(), "100 done, 50 not sent");
    assert!(fates(&report).any(|fate| *fate == Fate::NotSent(NotSentReason::FirstPart)));
}

#[tokio::test(start_paused = true)]
async fn a_first_part_that_starts_nobody_stops_the_run() {
    let simulator = simulator(150).build().unwrap();
    for phone in &simulator.phones()[..100] {
        simulator.set_phone_status(phone, PhoneStatus::Frozen);
    }
    let report = restart_all(&simulator).await;
    assert_eq!(report.to_string(), "100 refused, 50 not sent");
    assert_eq!(
        report.outcomes()[0].fate.fault().map(|fault| fault.code.clone()),
        Some(ErrorCode::PHONE_FROZEN)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_phone_knows_the_call_that_refused_it() {
    let simulator =
        simulator(20).fault(Fault::refuse("CPS.0001").on("RestartCloudPhone")).build().unwrap();
    let report = restart_all(&simulator).await;
    let call = simulator.journal().last().unwrap().request_id.clone();
    for outcome in report.outcomes() {
        assert_eq!(outcome.request_id.as_ref().map(ToString::to_string), Some(call.clone()));
    }
}

#[tokio::test(start_paused = true)]
async fn endless_patience_is_no_trouble() {
    let simulator = simulator(3).build().unwrap();
    let client = in_process(&simulator).call_timeout(Duration::MAX).build().unwrap();
    let restart =
        client.phones().restart(simulator.phones()).job_timeout(Duration::MAX).max_down(usize::MAX);
    assert!(restart.start().unwrap().await.all_done());
}

#[tokio::test(start_paused = true)]
async fn jobs_that_could_not_be_asked_about_stand_in_the_ticket() {
    let simulator =
        simulator(3).fault(Fault::refuse("CPS.0003").on("ListJobs").times(500)).build().unwrap();
    let report = restart_all(&simulator).await;
    assert_eq!(report.to_string(), "3 unconfirmed");
    let ticket = report.open().unwrap();
    assert_eq!(ticket.jobs().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_call_stops_the_run_at_once() {
    let simulator =
        simulator(250).fault(Fault::refuse("CPS.0001").on("RestartCloudPhone")).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "100 refused, 150 not sent");
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_on_eight_thousand_phones_costs_few_calls() {
    let simulator = simulator(8_000).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let bad = Properties::new().set("no.such.key", "1");
    let targets = simulator
        .phones()
        .into_iter()
        .map(|phone| RestartTarget::from(phone).properties(bad.clone()));
    let report = client.phones().restart(targets).start().unwrap().await;
    assert_eq!(report.to_string(), "100 refused, 7900 not sent");
    assert!(
        calls(&simulator, "RestartCloudPhone") <= 10,
        "{} calls",
        calls(&simulator, "RestartCloudPhone")
    );
    let Fate::NotSent(NotSentReason::Refused(fault)) = &report.outcomes()[7_999].fate else {
        panic!("not sent for the code")
    };
    assert_eq!(fault.code, ErrorCode::PROPERTY_NOT_SUPPORTED);
}

#[tokio::test(start_paused = true)]
async fn one_bad_phone_among_a_hundred_is_found_and_the_others_are_done() {
    for bad in [0, 49, 99] {
        let simulator = simulator(100).build().unwrap();
        let client = in_process(&simulator).build().unwrap();
        let targets = simulator.phones().into_iter().enumerate().map(|(place, phone)| {
            let properties = if place == bad {
                Properties::new().set("no.such.key", "1")
            } else {
                Properties::new()
            };
            RestartTarget::from(phone).properties(properties)
        });
        let report = client.phones().restart(targets).start().unwrap().await;
        assert_eq!(report.to_string(), "99 done, 1 refused");
        assert!(
            calls(&simulator, "RestartCloudPhone") <= 17,
            "{} calls",
            calls(&simulator, "RestartCloudPhone")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn too_large_a_part_lowers_the_part_size_for_the_run() {
    let assumptions = Assumptions { max_phones_per_call: Some(30), ..Assumptions::default() };
    let simulator = simulator(120).assume(assumptions).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "120 done");
    let sizes: Vec<usize> = simulator
        .journal()
        .iter()
        .filter(|entry| entry.operation.as_deref() == Some("RestartCloudPhone"))
        .map(|entry| entry.targets)
        .collect();
    assert_eq!(sizes, [100, 50, 25, 25, 25, 25, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_again_after_only_where_the_caller_asks_for_it() {
    for (asked_for, report, sent) in [(false, "10 unconfirmed", 1), (true, "10 done", 2)] {
        let busy = Fault::refuse("CPS.0042").on("RestartCloudPhone");
        let simulator = simulator(10).fault(busy).build().unwrap();
        let builder = in_process(&simulator);
        let builder =
            if asked_for { builder.resend_after(ErrorCode::SYSTEM_BUSY) } else { builder };
        let client = builder.build().unwrap();
        let run = client.phones().restart(simulator.phones()).start().unwrap();
        assert_eq!(run.await.to_string(), report);
        assert_eq!(calls(&simulator, "RestartCloudPhone"), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out() {
    let simulator = simulator(10).fault(Fault::throttle().times(2)).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "10 done");
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_targets_ends_at_once() {
    let simulator = simulator(0).build().unwrap();
    assert_eq!(restart_all(&simulator).await.to_string(), "no targets");
    assert!(simulator.journal().is_empty());
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_what_runs_and_sends_nothing_more() {
    let simulator = simulator(250).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let mut run = client.phones().restart(simulator.phones()).start().unwrap();
    run.next().await;
    run.stop_sending();
    let report = run.await;
    assert_eq!(report.to_string(), "200 done, 50 not sent");
    assert!(fates(&report).any(|fate| *fate == Fate::NotSent(NotSentReason::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn leaving_settles_everybody_with_what_is_known() {
    let simulator =
        simulator(250).fault(Fault::hang_job().on("RestartCloudPhone").always()).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let run = client.phones().restart(simulator.phones()).start().unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    run.leave();
    let report = run.await;
    assert_eq!(report.to_string(), "50 not sent, 200 still running".to_owned());
    assert_eq!(report.open().unwrap().len(), 200);

    let simulator =
        self::simulator(3).fault(Fault::delay(Duration::from_secs(30))).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let run = client.phones().restart(simulator.phones()).start().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.leave();
    let report = run.await;
    assert!(
        fates(&report).all(|fate| *fate == Fate::Unconfirmed(UnconfirmedReason::Left)),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_run_with_one_last_look() {
    let simulator = simulator(250).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let deadline = simulator.clock().now() + Duration::from_secs(25);
    let report =
        client.phones().restart(simulator.phones()).deadline(deadline).start().unwrap().await;
    assert!(
        report.count("done") > 0
            && report.count("still_running") > 0
            && report.count("not_sent") > 0,
        "{report}"
    );
    assert_eq!(report.outcomes().len(), 250);
    let over = simulator.clock().now().duration_since(deadline).unwrap();
    assert!(over < Duration::from_secs(1), "ended {over:?} after its deadline");
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_is_resumed_from_its_ticket_and_nothing_is_sent_again() {
    let simulator = simulator(20).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let report = client
        .phones()
        .restart(simulator.phones())
        .job_timeout(Duration::from_secs(5))
        .start()
        .unwrap()
        .await;
    assert_eq!(report.to_string(), "20 still running");
    let ticket = serde_json::to_string(report.open().unwrap()).unwrap();

    let elsewhere =
        in_process(&simulator).project("0123456789abcdef0123456789abcdef").build().unwrap();
    let refused = elsewhere.resume(serde_json::from_str(&ticket).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("the ticket is for project"), "{refused}");

    let report = client.resume(serde_json::from_str(&ticket).unwrap()).unwrap().await;
    assert_eq!(report.to_string(), "20 done");
    assert!(report.open().is_none());
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_can_be_taken_while_the_run_goes_on() {
    let simulator = simulator(20).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let mut run = client.phones().restart(simulator.phones()).start().unwrap();
    run.next().await.unwrap();
    let ticket = run.ticket();
    assert!(!ticket.is_empty() && ticket.len() < 20, "{} open", ticket.len());
    assert!(run.await.all_done());
}

/// Notes what it is told, and refuses to note the part with this number.
#[derive(Clone, Default)]
struct Notes {
    lines: Arc<Mutex<Vec<String>>>,
    refuse: Option<usize>,
}

impl Observer for Notes {
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.refuse == Some(part.number) {
            return Err("the disk is full".into());
        }
        self.lines.lock().unwrap().push(format!(
            "before {}: {} phones, {} unsent",
            part.number,
            part.targets.len(),
            part.unsent
        ));
        Ok(())
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        let how = answer.error.map_or_else(
            || format!("{} accepted", answer.accepted()),
            |error| format!("{:?}", error.delivery()),
        );
        self.lines.lock().unwrap().push(format!("after {}: {how}", part.number));
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_told_of_every_part() {
    let simulator =
        simulator(150).fault(Fault::drop_after().on("RestartCloudPhone").call(2)).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let notes = Notes::default();
    client.phones().restart(simulator.phones()).observer(notes.clone()).start().unwrap().await;
    let expected = [
        "before 1: 100 phones, 50 unsent",
        "after 1: 100 accepted",
        "before 2: 50 phones, 0 unsent",
        "after 2: Unknown",
    ];
    assert_eq!(*notes.lines.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn phones_of_a_refused_part_count_as_unsent() {
    let simulator = simulator(4).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let notes = Notes::default();
    let bad = |place| {
        if place == 0 { Properties::new().set("no.such.key", "1") } else { Properties::new() }
    };
    let phones = simulator.phones().into_iter().enumerate();
    let targets = phones.map(|(place, phone)| RestartTarget::from(phone).properties(bad(place)));
    client.phones().restart(targets).observer(notes.clone()).start().unwrap().await;
    let lines = notes.lines.lock().unwrap();
    let unsent: Vec<&str> =
        lines.iter().filter(|line| line.starts_with("before")).map(String::as_str).collect();
    let expected = [
        "before 1: 4 phones, 0 unsent",
        "before 2: 2 phones, 2 unsent",
        "before 3: 2 phones, 2 unsent",
        "before 4: 1 phones, 1 unsent",
        "before 5: 1 phones, 0 unsent",
    ];
    assert_eq!(unsent, expected);
}

#[tokio::test(start_paused = true)]
async fn what_the_observer_cannot_note_is_not_sent() {
    let simulator = simulator(250).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let notes = Notes { refuse: Some(2), ..Notes::default() };
    let report = client.phones().restart(simulator.phones()).observer(notes).start().unwrap().await;
    assert_eq!(report.to_string(), "100 done, 150 not sent");
    assert!(
        fates(&report)
            .any(|fate| *fate
                == Fate::NotSent(NotSentReason::Observer("the disk is full".to_owned())))
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_finishes_the_call_in_flight_and_tells_the_observer() {
    let simulator = simulator(250)
        .fault(Fault::delay(Duration::from_secs(5)).on("RestartCloudPhone"))
        .build()
        .unwrap();
    let client = in_process(&simulator).build().unwrap();
    let notes = Notes::default();
    let run = client.phones().restart(simulator.phones()).observer(notes.clone()).start().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(run);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(
        *notes.lines.lock().unwrap(),
        ["before 1: 100 phones, 150 unsent", "after 1: 100 accepted"]
    );
    assert_eq!(calls(&simulator, "ListJobs"), 0);
}

#[tokio::test(start_paused = true)]
async fn everything_wrong_is_said_before_anything_is_sent() {
    let simulator = simulator(3).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let good = simulator.phones()[0].to_string();
    let targets = [
        RestartTarget::new(&*good),
        RestartTarget::new(&*good),
        RestartTarget::new(".."),
        RestartTarget::new(""),
        RestartTarget::new("a/b"),
        RestartTarget::new("b1").properties(Properties::new().imsi("46002162461711399")),
        RestartTarget::new("b2").property_text("{\"wifi_name\":"),
        RestartTarget::new("b3").property_text(format!("{{\"k\":\"{}\"}}", "x".repeat(7_800))),
    ];
    let error = client.phones().restart(targets).image("no/image").batch(0).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n").replace(&good, "GOOD"), @r#"
    batch is 0; with that nothing would ever be sent
    image id `no/image` contains '/'; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    phone 2: GOOD is named before, as phone 1; name it once
    phone 3: phone id `..` is a relative path; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    phone 4: phone id `` is empty; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    phone 5: phone id `a/b` contains '/'; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    phone 6: b1: property "sys.prop.writeimsi" takes 1 to 15 decimal digits, not the value given (personal, so not shown)
    phone 7: b2: the property text is no JSON at line 1 column 13
    phone 8: b3: the property text has 7808 bytes, at most 7800 are allowed
    "#);
    assert!(simulator.journal().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_authenticates_as_a_key_does() {
    let simulator = simulator(3).build().unwrap();
    let client =
        in_process(&simulator).credentials(Credentials::token(simulator.token())).build().unwrap();
    assert!(client.phones().restart(simulator.phones()).start().unwrap().await.all_done());

    let wrong = in_process(&simulator)
        .credentials(Credentials::access_key(simulator.access_key(), "another"))
        .build()
        .unwrap();
    let error = wrong.phones().get(&simulator.phones()[0]).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::AUTHENTICATION_FAILED));
    assert_eq!(error.to_string().lines().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shut_down_phone_is_started_by_a_restart_and_its_properties_are_set() {
    let simulator = simulator(1).build().unwrap();
    let phone = simulator.phones().remove(0);
    simulator.set_phone_status(&phone, PhoneStatus::ShutDown);
    let client = in_process(&simulator).build().unwrap();
    let properties = Properties::new().hide_navigation_keys(true).wifi_name("test_wifi");
    let image = "1564567b8bab40f34711234cb80d8574";
    let run = client.phones().restart([(phone.as_str(), properties)]).image(image).start().unwrap();
    assert!(run.await.all_done());
    let detail = client.phones().get(&phone).await.unwrap();
    assert_eq!(
        (detail.phone.status, detail.phone.image_id.as_deref()),
        (PhoneStatus::Running, Some(image))
    );
    let property = detail.property.parse().unwrap();
    assert_eq!(
        (property.get("com.cph.mainkeys"), property.get("sys.prop.writewifissid")),
        (Some("1"), Some("test_wifi"))
    );
}

#[tokio::test(start_paused = true)]
async fn phones_stream_over_pages_and_stop_after_an_error() {
    let simulator = simulator(450).build().unwrap();
    simulator.set_phone_status(&simulator.phones()[449], PhoneStatus::Frozen);
    let client = in_process(&simulator).build().unwrap();
    let all: Vec<_> = client.phones().list().stream().try_collect().await.unwrap();
    assert_eq!(all.len(), 450);
    assert_eq!(calls(&simulator, "ListCloudPhones"), 3);
    let frozen: Vec<_> =
        client.phones().list().status(PhoneStatus::Frozen).stream().try_collect().await.unwrap();
    assert_eq!(frozen.len(), 1);

    simulator.inject(Fault::refuse("CPS.0001").on("ListCloudPhones").call(6)).unwrap();
    let taken: Vec<_> = futures_util::StreamExt::collect(client.phones().list().stream()).await;
    assert_eq!((taken.len(), taken.iter().filter(|phone| phone.is_err()).count()), (201, 1));
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_and_shown() {
    let simulator = simulator(2).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    let outcome = &report.outcomes()[0];
    let jobs = client.jobs().list([outcome.request_id.as_ref().unwrap().as_str()]).await.unwrap();
    assert_eq!(jobs.len(), 2);
    let job = client.jobs().get(outcome.job_id.as_ref().unwrap().as_str()).await.unwrap();
    assert_eq!(
        (job.status, job.phone_id.as_deref()),
        (cph::JobStatus::Success, Some(outcome.phone.as_str()))
    );
    let error = client.jobs().get("ffffffffffffffffffffffffffffffff").await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::JOB_NOT_FOUND));
}
