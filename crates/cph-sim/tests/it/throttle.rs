//! How often calls are let through.

use cph_sim::{Assumptions, Fault, GatewayPrefix, Simulator};
use serde_json::{Value, json};

use crate::support::{builder, error_code, get, post, seconds};

const TEXT: &str =
    "The throttling threshold has been reached: policy user over ratelimit,limit:6,time:1 minute";

async fn command(sim: &Simulator) -> (u16, Value) {
    let body = json!({ "command": "shell", "content": "echo hi", "phone_ids": sim.phones() });
    post(sim, "/phones/sync-commands", &body).await
}

#[tokio::test]
async fn six_commands_a_minute_are_answered_at_once() {
    let sim =
        builder(1).fault(Fault::refuse("CPS.0003").on("RunSyncCommand").call(7)).build().unwrap();
    for _ in 0..6 {
        assert_eq!(command(&sim).await.0, 200);
    }
    sim.clock().advance(seconds(59));
    let answer = command(&sim).await;
    assert_eq!(error_code(&answer), (429, "APIGW.0308"));
    assert_eq!(answer.1["error_msg"], TEXT);
    let entry = sim.journal().pop().unwrap();
    assert_eq!((entry.operation.as_deref(), entry.status), (Some("RunSyncCommand"), Some(429)));
    assert_eq!(entry.error_code.as_deref(), Some("APIGW.0308"));
    assert_eq!(sim.ledger().of(&sim.phones()[0]).len(), 6);
    assert_eq!(get(&sim, "/phones").await.0, 200, "other operations have limits of their own");

    sim.clock().advance(seconds(1));
    assert_eq!(
        error_code(&command(&sim).await),
        (400, "CPS.0003"),
        "the seventh that came through"
    );
    assert_eq!(command(&sim).await.0, 200);
}

#[tokio::test]
async fn an_operation_is_called_200_times_a_second() {
    let sim = builder(0).build().unwrap();
    for _ in 0..200 {
        assert_eq!(get(&sim, "/phones").await.0, 200);
    }
    let answer = get(&sim, "/phones").await;
    assert_eq!(error_code(&answer), (429, "APIGW.0308"));
    assert!(answer.1["error_msg"].as_str().unwrap().ends_with("limit:200,time:1 second"));
    sim.clock().advance(seconds(1));
    assert_eq!(get(&sim, "/phones").await.0, 200);
}

#[tokio::test]
async fn without_limits_nothing_is_throttled() {
    let assumptions =
        Assumptions { sync_commands_per_minute: 0, calls_per_second: 0, ..Assumptions::default() };
    let sim = builder(1).assume(assumptions).build().unwrap();
    for _ in 0..201 {
        assert_eq!(command(&sim).await.0, 200);
    }
}

#[tokio::test]
async fn the_gateway_may_have_another_prefix() {
    let assumptions: Assumptions =
        toml::from_str("gateway_prefix = \"APIG\"\nsync_commands_per_minute = 1").unwrap();
    assert_eq!(assumptions.gateway_prefix, GatewayPrefix::Apig);
    let sim =
        builder(1).assume(assumptions).fault(Fault::throttle().on("ListJobs")).build().unwrap();
    command(&sim).await;
    let answer = command(&sim).await;
    assert_eq!(error_code(&answer), (429, "APIG.0308"));
    assert!(answer.1["error_msg"].as_str().unwrap().ends_with("limit:1,time:1 minute"));
    let answer = get(&sim, "/jobs").await;
    assert_eq!(error_code(&answer), (429, "APIG.0308"));
    assert_eq!(answer.1["error_msg"], TEXT);
    assert_eq!(error_code(&get(&sim, "/nothing").await), (404, "APIG.0101"));
}
