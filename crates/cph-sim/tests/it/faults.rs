//! Each fault once, and how rules are matched and counted.

use std::io::ErrorKind;

use cph_core::PhoneStatus;
use cph_sim::{Count, Fault, FaultError, Simulator};
use http::Response;
use serde_json::{Value, json};

use crate::support::{
    builder, column, error_code, get, phones, raw_get, raw_restart, request_id, restart, seconds,
};

/// Ten phones, and a rule for the first restart.
fn faulty(fault: Fault) -> Simulator {
    builder(10).fault(fault.on("RestartCloudPhone")).build().unwrap()
}

async fn restart_all(sim: &Simulator) -> std::io::Result<Response<bytes::Bytes>> {
    raw_restart(sim, &phones(&sim.phones())).await
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

    let sim = faulty(Fault::foreign());
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let foreign = &answer["jobs"][10];
    assert!(!ids.contains(&foreign["phone_id"]));
    assert!(foreign["job_id"].is_string());
    assert_eq!(restarted(&sim), 10);
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

#[tokio::test]
async fn conditions_must_all_hold() {
    let sim = builder(10).build().unwrap();
    let ids = sim.phones();
    sim.inject(
        Fault::refuse("CPS.0003").on("RestartCloudPhone").phone(&ids[3]).larger_than(2).always(),
    )
    .unwrap();
    let refused = async |ids: &[cph_core::PhoneId]| restart(&sim, &phones(ids)).await.0 == 400;
    assert!(!refused(&ids[..3]).await);
    assert!(!refused(&ids[3..5]).await);
    assert!(refused(&ids[3..6]).await);
    assert!(refused(&ids[1..4]).await);
    assert_eq!(get(&sim, &format!("/phones/{}", ids[3])).await.0, 200);
    let state = &sim.faults()[0];
    assert_eq!((state.struck, state.left), (2, None));
}

#[tokio::test]
async fn calls_are_counted_per_operation() {
    let sim = faulty(Fault::refuse("CPS.0042").call(2).times(2));
    let one = phones(&sim.phones()[..1]);
    let mut refused = Vec::new();
    for _ in 0..5 {
        get(&sim, "/phones").await;
        refused.push(restart(&sim, &one).await.0 == 400);
    }
    assert_eq!(refused, [false, true, true, false, false]);
    let state = &sim.faults()[0];
    assert_eq!((state.struck, state.left), (2, Some(0)));
}

#[tokio::test]
async fn queries_for_many_requests_can_be_spoiled_alone() {
    let sim = builder(0).fault(Fault::refuse("CPS.0050").larger_than(1).always()).build().unwrap();
    assert_eq!(get(&sim, "/jobs?request_ids=a").await.0, 200);
    assert_eq!(get(&sim, "/jobs?request_ids=a,b").await.0, 400);
}

#[tokio::test]
async fn one_answer_is_spoiled_once() {
    let sim = builder(1)
        .fault(Fault::drop_after())
        .fault(Fault::refuse("CPS.0042"))
        .fault(Fault::fail_job("CPS.0003"))
        .build()
        .unwrap();
    assert!(restart_all(&sim).await.is_err());
    let struck: Vec<u64> = sim.faults().iter().map(|state| state.struck).collect();
    assert_eq!(struck, [1, 0, 1], "the work was done, so its job fails as well");
    assert_eq!(restart_all(&sim).await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_rule_waits_for_a_call_that_it_can_spoil() {
    let sim = builder(1).fault(Fault::hang_job()).fault(Fault::missing(1)).build().unwrap();
    get(&sim, &format!("/phones/{}", sim.phones()[0])).await;
    assert!(sim.faults().iter().all(|state| state.struck == 0));
    restart_all(&sim).await.unwrap();
    assert!(sim.faults().iter().all(|state| state.struck == 1));
}

#[tokio::test]
async fn a_share_of_calls_is_drawn_from_the_seed() {
    let draw = async |seed| {
        let fault = Fault::throttle().probability(0.3).always();
        let sim = builder(0).seed(seed).fault(fault).build().unwrap();
        let mut struck = Vec::new();
        for _ in 0..200 {
            struck.push(raw_get(&sim, "/phones").await.unwrap().status() == 429);
        }
        struck
    };
    let first = draw(1).await;
    assert_eq!(first, draw(1).await);
    assert_ne!(first, draw(2).await);
    let share = first.iter().filter(|struck| **struck).count();
    assert!((30..90).contains(&share), "{share} of 200");
}

#[test]
fn every_rule_can_be_written_and_read() {
    let rules = [
        Fault::refuse("CPS.0042").on("RestartCloudPhone").call(2).times(3),
        Fault::throttle().always(),
        Fault::refuse_connection().larger_than(5),
        Fault::drop_before().probability(0.5),
        Fault::drop_after().phone("1678567b8bab40f93711234cb80d0764"),
        Fault::html(503),
        Fault::html_after(),
        Fault::broken_json(),
        Fault::truncate(),
        Fault::empty_body(),
        Fault::missing(2),
        Fault::doubled(),
        Fault::foreign(),
        Fault::delay(seconds(3)),
        Fault::fail_job("CPS.0003"),
        Fault::hang_job(),
        Fault::hide_job(),
        Fault::late_job(seconds(90)),
    ];
    for rule in rules {
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), rule, "{json}");
        let toml = toml::to_string(&rule).unwrap();
        assert_eq!(toml::from_str::<Fault>(&toml).unwrap(), rule, "{toml}");
    }
    let short: Fault = serde_json::from_value(json!({ "effect": "html" })).unwrap();
    assert_eq!(short, Fault::html(503));
    assert_eq!(short.count, Count::Times(1));
}

#[test]
fn each_bad_rule_is_refused() {
    for (rule, expected) in [
        (json!({}), "missing field `effect`"),
        (
            json!({ "effect": "explode" }),
            "no effect is called `explode`; there are refuse, throttle",
        ),
        (json!({ "effect": "throttle", "operation": "Dance" }), "no operation is called `Dance`"),
        (json!({ "effect": "throttle", "phones": 3 }), "unknown field `phones`"),
        (json!({ "effect": "throttle", "call": 0 }), "the first call is call 1"),
        (json!({ "effect": "throttle", "probability": 1.5 }), "a probability lies between 0 and 1"),
        (json!({ "effect": "throttle", "count": "often" }), "a count is a number or \"always\""),
        (
            json!({ "effect": "throttle", "code": "CPS.0042" }),
            "the effect `throttle` takes no `code`",
        ),
        (json!({ "effect": "refuse" }), "the effect `refuse` needs `code`"),
        (json!({ "effect": "refuse", "code": "busy" }), "`busy` is no error code"),
        (
            json!({ "effect": "refuse", "code": "CPS.0042", "status": 200 }),
            "200 is no HTTP status of an error",
        ),
        (json!({ "effect": "delay" }), "the effect `delay` needs `seconds`"),
        (json!({ "effect": "late_job", "seconds": 1e300 }), "no call can be late by"),
        (
            json!({ "effect": "delay", "seconds": 1e10 }),
            "no call can be late by `10000000000` seconds",
        ),
        (json!({ "effect": "delay", "seconds": -1.0 }), "no call can be late by `-1` seconds"),
    ] {
        let error = serde_json::from_value::<Fault>(rule.clone()).unwrap_err().to_string();
        assert!(error.contains(expected), "{rule}: {error}");
    }
    let error = builder(0)
        .fault(Fault::throttle())
        .fault(Fault::throttle().on("Dance"))
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "fault 2: no operation is called `Dance`");
    let error = crate::support::sim(0).inject(Fault::fail_job("x")).unwrap_err();
    assert_eq!(error, FaultError::Code("x".to_owned()));
}
