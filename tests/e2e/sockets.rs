//! The client and the simulator with a socket between them.

use std::time::Duration;

use cph::{
    Client, ClientBuilder, Credentials, ErrorKind, Fate, Observer, Part, PartAnswer, PhoneStatus,
    Report, UnconfirmedReason,
};
use cph_sim::{Fault, Simulator};
use cph_tests::{over_socket, start_of_time, stepped};
use http::Method;

use cph_tests::scripted::{Reply, Scripted};

/// Restarts the whole fleet in parts of ten.
async fn restart(simulator: &Simulator) -> Report {
    let serving = simulator.start().await.unwrap();
    let client = over_socket(simulator, serving.endpoint(), |builder| builder);
    client.phones().restart(simulator.phones()).batch(10).start().unwrap().await
}

/// How often each phone was restarted, if all were as often.
fn restarts_of_each(simulator: &Simulator) -> Option<usize> {
    let ledger = simulator.ledger();
    let mut times = simulator.phones().into_iter().map(|phone| ledger.of(phone).len());
    let first = times.next()?;
    times.all(|other| other == first).then_some(first)
}

/// Calls of an operation that reached the simulator.
fn calls(simulator: &Simulator, operation: &str) -> usize {
    let journal = simulator.journal();
    journal.iter().filter(|entry| entry.operation.as_deref() == Some(operation)).count()
}

#[tokio::test]
async fn a_fleet_restarts_on_the_simulators_time() {
    let simulator = stepped(30);
    let began = tokio::time::Instant::now();
    let report = restart(&simulator).await;
    assert_eq!(report.to_string(), "30 done");
    assert_eq!(restarts_of_each(&simulator), Some(1));
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 3);
    let simulated = simulator.clock().now().duration_since(start_of_time()).unwrap();
    assert!(simulated > Duration::from_secs(20), "jobs take their time, but not in {simulated:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for it");
}

#[tokio::test]
async fn a_lost_answer_that_named_its_call_settles_by_the_jobs_of_that_call() {
    for fault in [Fault::broken_json(), Fault::truncate(), Fault::empty_body(), Fault::html_after()]
    {
        let simulator = stepped(30);
        simulator.inject(fault.on("RestartCloudPhone").always()).unwrap();
        let report = restart(&simulator).await;
        let faults = simulator.faults();
        assert_eq!(report.to_string(), "30 done", "{faults:?}");
        assert_eq!(restarts_of_each(&simulator), Some(1), "{faults:?}");
        assert_eq!(calls(&simulator, "RestartCloudPhone"), 3, "{faults:?}");
        let ledger = simulator.ledger();
        for outcome in report.outcomes() {
            let entry = &ledger.of(&outcome.phone)[0];
            assert_eq!(outcome.request_id.as_ref().unwrap().as_str(), entry.request_id);
            assert_eq!(outcome.job_id.as_ref().unwrap().as_str(), entry.job_id);
        }
    }
}

/// Both look the same from here, which is why a restart is never sent twice on a guess.
#[tokio::test]
async fn a_cut_connection_leaves_phones_unconfirmed_whether_they_were_restarted_or_not() {
    for (fault, restarted) in [(Fault::drop_after(), 1), (Fault::drop_before(), 0)] {
        let simulator = stepped(10);
        simulator.inject(fault.on("RestartCloudPhone")).unwrap();
        let report = restart(&simulator).await;
        assert_eq!(report.to_string(), "10 unconfirmed");
        for outcome in report.outcomes() {
            assert!(matches!(&outcome.fate, Fate::Unconfirmed(UnconfirmedReason::AnswerLost(_))));
            assert_eq!(outcome.request_id, None);
        }
        assert_eq!(restarts_of_each(&simulator), Some(restarted));
        assert_eq!(calls(&simulator, "RestartCloudPhone"), 1);
    }
}

#[tokio::test]
async fn a_lost_look_at_the_jobs_is_repeated() {
    let simulator = stepped(10);
    simulator.inject(Fault::drop_after().on("ListJobs").times(2)).unwrap();
    assert_eq!(restart(&simulator).await.to_string(), "10 done");
    assert_eq!(restarts_of_each(&simulator), Some(1));
}

#[tokio::test]
async fn a_signature_that_is_too_far_off_is_made_anew_by_the_gateways_clock() {
    let phone = &stepped(1).phones()[0];
    for (skew, codes) in [(-1200, 1), (-900, 0), (900, 0), (1200, 1)] {
        let simulator = stepped(1);
        let serving = simulator.start().await.unwrap();
        let client = over_socket(&simulator, serving.endpoint(), |builder| builder);
        simulator.inject(Fault::clock_skew(skew).always()).unwrap();
        for _ in 0..2 {
            client.phones().get(phone).await.unwrap();
        }
        let journal = simulator.journal();
        let refused = |code: &&str| *code == "APIGW.0303";
        let refused =
            journal.iter().filter_map(|entry| entry.error_code.as_deref()).filter(refused);
        assert_eq!((refused.count(), journal.len()), (codes, 2 + codes), "{skew}");
        assert_eq!(client.clock_skew_seconds(), if codes > 0 { skew } else { 0 });
    }
}

// --- slow consumers

/// Time-outs so short that a consumer who takes twice as long meets them at every outcome.
const TIMEOUT: Duration = Duration::from_millis(75);

/// Cuts the run off where a call ends otherwise.
struct EveryCallIsAnswered;

impl Observer for EveryCallIsAnswered {
    fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn after(&mut self, _: &Part, answer: PartAnswer<'_>) {
        assert!(answer.error.is_none(), "{:?}", answer.error);
    }
}

/// Restarts phones in parts of two, of which one is refused at once, and rests after each outcome. The parts after the
/// first are on the wire together: while the consumer rests for the refusal of one, the answer to the other arrives.
async fn restart_resting(rest: impl AsyncFn(Duration)) {
    let simulator = stepped(6);
    let phones = simulator.phones();
    for phone in phones.iter().step_by(2) {
        simulator.set_phone_status(phone, PhoneStatus::Frozen);
    }
    // The server has a thread of its own: it answers while the consumer blocks the client's.
    let server = Scripted::in_front_of(&simulator, |call, answer| match call {
        2 => answer.late(TIMEOUT / 5),
        // Too large to be handed over in one piece.
        3 => answer.late(TIMEOUT / 2).padded(1 << 17),
        _ => answer,
    });
    let client = over_socket(&simulator, server.endpoint(), |builder| {
        builder.connect_timeout(TIMEOUT).attempt_timeout(TIMEOUT)
    });
    let run = client.phones().restart(phones).batch(2).max_down(6).observer(EveryCallIsAnswered);
    let mut run = run.start().unwrap();
    while run.next().await.is_some() {
        rest(2 * TIMEOUT).await;
    }
    assert_eq!(run.await.to_string(), "3 done, 3 refused");
    assert_eq!(server.count(&Method::POST), 3);
}

#[tokio::test]
async fn a_consumer_that_blocks_the_thread_loses_no_answer() {
    restart_resting(async |rest| std::thread::sleep(rest)).await;
}

#[tokio::test]
async fn a_consumer_that_takes_its_time_loses_no_answer() {
    restart_resting(async |rest| tokio::time::sleep(rest).await).await;
}

// --- what reaches the wire, and what does not

fn builder(endpoint: impl Into<String>) -> ClientBuilder {
    Client::builder()
        .endpoint(endpoint)
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::access_key("AK", "SK"))
}

/// A server that refuses everything.
fn refusing() -> Scripted {
    let refusal = Reply::answer(403, &[], r#"{"error_code":"APIGW.0302","error_msg":"No."}"#);
    Scripted::start(move |_| std::future::ready(refusal.clone()))
}

#[tokio::test]
async fn a_wrong_endpoint_is_told_before_anything_is_sent() {
    let server = refusing();
    let good = server.endpoint();
    for (endpoint, says) in [
        (format!("{good}/"), "ends with a slash"),
        (format!("{good}/v1"), "has a path or query"),
        (format!("{good}?region=x"), "has a path or query"),
        (good.replace("//", "//me:hush@"), "holds a user name or password"),
        (good.replace("http", "ftp"), "neither https nor http"),
        (good.replace("http://", ""), "endpoint"),
        ("http://192.0.2.1:8080".to_owned(), "plain http to another machine"),
        ("http://cph.example.com".to_owned(), "plain http to another machine"),
        (String::new(), "is no URL"),
    ] {
        let error = builder(&endpoint).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{endpoint}");
        assert!(error.to_string().contains(says) && !error.to_string().contains("hush"), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
    assert!(builder("http://192.0.2.1:8080").allow_http(true).build().is_ok());
}

#[tokio::test]
async fn a_wrong_id_is_told_before_anything_is_sent() {
    let server = refusing();
    let client = builder(server.endpoint()).build().unwrap();
    for id in ["", ".", "..", "a/b", "../phones", "a?b", "a#b", "a b", "%2e%2e"] {
        let errors = [
            client.phones().get(id).await.unwrap_err(),
            client.jobs().get(id).await.unwrap_err(),
            client.jobs().list([id]).await.unwrap_err(),
            client.phones().restart([id]).start().unwrap_err(),
            client.phones().restart(["good"]).image(id).start().unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{id:?}: {error}");
        }
        assert!(builder(server.endpoint()).project(id).build().is_err(), "{id:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn these_headers_and_no_others_are_on_the_wire() {
    let server = refusing();
    let client = builder(server.endpoint()).build().unwrap();
    client.phones().get("phone").await.unwrap_err();
    client.jobs().list(["request"]).await.unwrap_err();
    client.phones().restart(["phone"]).start().unwrap().await;
    let names = server.requests().into_iter().map(|request| {
        let mut names: Vec<_> = request.headers().keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        format!("{}: {}", request.method(), names.join(", "))
    });
    insta::assert_snapshot!(names.collect::<Vec<_>>().join("\n"), @"
    GET: accept, authorization, content-type, host, user-agent, x-project-id, x-sdk-date
    GET: accept, authorization, content-type, host, user-agent, x-project-id, x-sdk-date
    POST: accept, authorization, content-length, content-type, host, user-agent, x-project-id, x-sdk-date
    ");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = refusing();
    let location = format!("{}/v1", elsewhere.endpoint());
    let server = Scripted::start(move |_| {
        std::future::ready(Reply::answer(307, &[("location", &location)], ""))
    });
    let client = builder(server.endpoint()).build().unwrap();
    assert_eq!(client.phones().get("phone").await.unwrap_err().status(), Some(307));
    let report = client.phones().restart(["phone"]).start().unwrap().await;
    assert_eq!(report.to_string(), "1 refused");
    assert_eq!((server.requests().len(), elsewhere.requests().len()), (2, 0));
}
