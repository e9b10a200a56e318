//! Each fault once.

use std::io::ErrorKind;

use cph_core::PhoneStatus;
use cph_sim::{Effect, Fault, Simulator};
use http::Response;
use serde_json::{Value, json};

use crate::support::{
    builder, column, error_code, get, midday, phones, post, raw_restart, request_id, restart,
    seconds,
};

/// Ten phones, and a rule for the first restart.
fn faulty(fault: Fault) -> Simulator {
    builder(10).fault(fault.on("RestartCloudPhone")).build().unwrap()
}

async fn restart_all(sim: &Simulator) -> std::io::Result<Response<bytes::Bytes>> {
    raw_restart(sim, &phones(&sim.phones())).await
}

fn json(answer: &Response<bytes::Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// How many phones were really restarted.
fn restarted(sim: &Simulator) -> usize {
    sim.ledger().phones.len()
}

#[tokio::test]
async fn before_the_work_nothing_is_done() {
    for (fault, status, text) in [
        (Fault::refuse("CPS.0042"), 400, r#""error_code":"CPS.0042""#),
        (Fault::throttle(), 429, "policy user over ratelimit,limit:6,time:1 minute"),
        (Fault::html(503), 503, "<html>"),
    ] {
        let sim = faulty(fault.clone());
        let answer = restart_all(&sim).await.unwrap();
        assert_eq!(answer.status(), status, "{fault:?}");
        let body = std::str::from_utf8(answer.body()).unwrap();
        assert!(body.contains(text), "{fault:?}: {body}");
        assert_eq!(request_id(&answer), sim.journal()[0].request_id);
        assert_eq!(restarted(&sim), 0, "{fault:?}");
        assert_eq!(sim.journal()[0].fault.as_deref(), Some(fault.effect.name()));
        assert_eq!(restart_all(&sim).await.unwrap().status(), 200, "only once");
    }
    for (fault, kind) in [
        (Fault::refuse_connection(), ErrorKind::ConnectionRefused),
        (Fault::drop_before(), ErrorKind::ConnectionReset),
    ] {
        let sim = faulty(fault.clone());
        assert_eq!(restart_all(&sim).await.unwrap_err().kind(), kind, "{fault:?}");
        assert_eq!(restarted(&sim), 0, "{fault:?}");
        assert_eq!(sim.journal()[0].status, None, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_carries_what_the_rule_says() {
    let fault = Fault::from_toml(
        "[[fault]]\neffect = \"refuse\"\ncode = \"CPS.0003\"\nstatus = 500\nmessage = \"Out of order.\"",
    );
    let sim = faulty(fault.unwrap().remove(0));
    let answer = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(error_code(&answer), (500, "CPS.0003"));
    assert_eq!(answer.1["error_msg"], "Out of order.");

    let sim = faulty(Fault::refuse("CPS.0042"));
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(answer["error_msg"], "System busy.");
}

#[tokio::test]
async fn throttling_says_how_much_is_allowed_and_when_to_come_again() {
    let second = Effect::Throttle { limit: 200, window: seconds(1), retry_after: Some(2) };
    for (fault, text, retry_after) in [
        (Fault::throttle(), "limit:6,time:1 minute", None),
        (second.into(), "limit:200,time:1 second", Some("2")),
    ] {
        let sim = faulty(fault);
        let answer = restart_all(&sim).await.unwrap();
        let message = json(&answer)["error_msg"].as_str().unwrap().to_owned();
        let expected = "The throttling threshold has been reached: policy user over ratelimit,";
        assert_eq!(message, format!("{expected}{text}"));
        let header = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after);
    }
    let rule = json!({ "effect": "refuse", "code": "CPS.0042", "retry_after": 5 });
    let sim = faulty(serde_json::from_value(rule).unwrap());
    assert_eq!(restart_all(&sim).await.unwrap().headers()["retry-after"], "5");
}

#[tokio::test]
async fn after_the_work_the_answer_is_lost() {
    for (fault, kind) in [
        (Fault::drop_after(), ErrorKind::ConnectionReset),
        (Fault::truncate(), ErrorKind::UnexpectedEof),
    ] {
        let sim = faulty(fault.clone());
        assert_eq!(restart_all(&sim).await.unwrap_err().kind(), kind, "{fault:?}");
        assert_eq!(restarted(&sim), 10, "{fault:?}");
    }
    for (fault, status) in
        [(Fault::html_after(), 502), (Fault::broken_json(), 200), (Fault::empty_body(), 200)]
    {
        let sim = faulty(fault.clone());
        let answer = restart_all(&sim).await.unwrap();
        assert_eq!(answer.status(), status, "{fault:?}");
        assert!(serde_json::from_slice::<Value>(answer.body()).is_err(), "{fault:?}");
        assert_eq!(restarted(&sim), 10, "{fault:?}");
        let query = format!("/jobs?request_id={}", request_id(&answer));
        let (_, jobs) = get(&sim, &query).await;
        assert_eq!(
            column(&jobs, "jobs", "status"),
            [1; 10],
            "{fault:?}: the header leads to the jobs"
        );
    }
}

#[tokio::test]
async fn entries_go_missing_double_or_come_from_nowhere() {
    let sim = faulty(Fault::missing(3));
    let ids: Vec<Value> = sim.phones().iter().map(|id| json!(id)).collect();
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(column(&answer, "jobs", "phone_id"), ids[..7]);
    assert_eq!(restarted(&sim), 10);

    let sim = faulty(Fault::doubled());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(column(&answer, "jobs", "phone_id")[..10], ids);
    assert_eq!(answer["jobs"][10], answer["jobs"][0]);
    assert_eq!(sim.ledger().of(&sim.phones()[0]).len(), 1);

    let sim = faulty(Fault::reordered());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let order = column(&answer, "jobs", "phone_id");
    assert!(order.iter().zip(&ids).all(|(found, sent)| found != sent), "none keeps its place");
    assert!(ids.iter().all(|id| order.contains(id)));

    let sim = faulty(Fault::foreign());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let foreign = &answer["jobs"][10];
    assert!(!ids.contains(&foreign["phone_id"]));
    assert!(foreign["job_id"].is_string());
    assert_eq!(restarted(&sim), 10);

    let sim = builder(1).fault(Fault::foreign().on("RestartCloudPhoneServer")).build().unwrap();
    let body = json!({ "server_ids": [sim.servers()[0]] });
    let (_, answer) = post(&sim, "/servers/batch-restart", &body).await;
    assert_eq!(answer["jobs"][1]["phone_id"], Value::Null, "it looks like the others");
    assert_ne!(answer["jobs"][1]["server_id"], answer["jobs"][0]["server_id"]);
}

#[tokio::test]
async fn json_under_a_wrong_type_is_json_still() {
    let sim = faulty(Fault::wrong_content_type());
    let answer = restart_all(&sim).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(json(&answer)["jobs"].as_array().unwrap().len(), 10);
    // So is a refusal of the service's own.
    let sim = faulty(Fault::wrong_content_type());
    let answer = raw_restart(&sim, &json!({ "phones": [] })).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(json(&answer)["error_code"], "CPS.0009");
}

#[tokio::test]
async fn a_stalled_answer_comes_once_the_silence_is_over() {
    let sim = faulty(Fault::stall(seconds(10)));
    let clock = sim.clock().clone();
    let mut call = std::pin::pin!(restart_all(&sim));
    tokio::select! {
        biased;
        _ = &mut call => panic!("answered at once"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(restarted(&sim), 10, "the work is done");
    clock.advance(seconds(10));
    assert_eq!(json(&call.await.unwrap())["jobs"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn every_answer_tells_the_time_of_the_gateway() {
    let sim = faulty(Fault::clock_skew(-3600));
    let date =
        |answer: &Response<bytes::Bytes>| answer.headers()["date"].to_str().unwrap().to_owned();
    assert_eq!(date(&restart_all(&sim).await.unwrap()), "Tue, 28 Oct 2025 11:00:00 GMT");
    assert_eq!(sim.journal()[0].fault.as_deref(), Some("clock_skew"));
    sim.clock().advance(seconds(5));
    assert_eq!(date(&restart_all(&sim).await.unwrap()), "Tue, 28 Oct 2025 12:00:05 GMT");
    assert_eq!(sim.journal()[1].at, midday() + seconds(5));
    let stranger = http::Request::get("/nowhere").body(bytes::Bytes::new()).unwrap();
    assert_eq!(date(&sim.call(stranger).await.unwrap()), "Tue, 28 Oct 2025 12:00:05 GMT");
}

#[tokio::test]
async fn jobs_fail_hang_hide_or_come_late() {
    let query =
        |answer: &Value| format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap());
    let sim = builder(2).build().unwrap();
    let ids = sim.phones();
    sim.inject(Fault::fail_job("CPS.0054").phone(&ids[1])).unwrap();
    let (_, answer) = restart(&sim, &phones(&ids)).await;
    sim.clock().advance(seconds(40));
    let (_, jobs) = get(&sim, &query(&answer)).await;
    assert_eq!(column(&jobs, "jobs", "status"), [2, -1]);
    assert_eq!(column(&jobs, "jobs", "error_code"), ["", "CPS.0054"]);
    assert_eq!(jobs["jobs"][1]["error_msg"], "Handle job timeout.");
    assert_eq!(sim.phone_status(&ids[1]), Some(PhoneStatus::RestartFailed));
    let path = format!("/jobs/{}", answer["jobs"][1]["job_id"].as_str().unwrap());
    assert_eq!(get(&sim, &path).await.1["error_code"], "CPS.0054");

    let sim = faulty(Fault::hang_job());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    sim.clock().advance(seconds(1_000_000));
    let (_, jobs) = get(&sim, &query(&answer)).await;
    assert_eq!(column(&jobs, "jobs", "status"), [1; 10]);
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(PhoneStatus::Restarting));

    let sim = faulty(Fault::hide_job());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    sim.clock().advance(seconds(40));
    assert_eq!(get(&sim, &query(&answer)).await.1["jobs"], json!([]));
    let path = format!("/jobs/{}", answer["jobs"][0]["job_id"].as_str().unwrap());
    assert_eq!(error_code(&get(&sim, &path).await), (404, "CPS.0011"));
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(PhoneStatus::Running));

    let sim = faulty(Fault::late_job(seconds(90)));
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    sim.clock().advance(seconds(89));
    assert_eq!(get(&sim, &query(&answer)).await.1["jobs"], json!([]));
    sim.clock().advance(seconds(1));
    let (_, jobs) = get(&sim, &query(&answer)).await;
    assert_eq!(column(&jobs, "jobs", "status"), [2; 10]);

    let sim = faulty(Fault::vanish_job(seconds(30)));
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    sim.clock().advance(seconds(29));
    assert_eq!(get(&sim, &query(&answer)).await.1["jobs"].as_array().unwrap().len(), 10);
    sim.clock().advance(seconds(11));
    assert_eq!(get(&sim, &query(&answer)).await.1["jobs"], json!([]));
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(PhoneStatus::Running));
}

#[tokio::test]
async fn a_delayed_call_is_worked_on_even_if_its_caller_gave_up() {
    let sim = faulty(Fault::delay(seconds(10)));
    let call = restart_all(&sim);
    tokio::select! {
        biased;
        _ = call => panic!("answered at once"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(restarted(&sim), 0);
    sim.clock().advance(seconds(10));
    while sim.journal()[0].status.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(restarted(&sim), 10);
}
