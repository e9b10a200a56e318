//! How fast calls go: what the client keeps to on its own, and what it does when the gateway throttles.

use std::time::Duration;

use cph::{Client, Counters, Delivery, ErrorKind, Fate, NotSentReason, RateLimit, Report};
use cph_sim::{Assumptions, Fault, Simulator};
use cph_tests::{in_process, paused_clock};
use futures_util::future::join_all;

use crate::simulated::fleet;

/// Restarts a thousand phones in parts of twenty; how it ended, and how many calls were not throttled.
async fn restart(simulator: &Simulator) -> (Report, usize) {
    let client = in_process(simulator).build().unwrap();
    let report = client.phones().restart(simulator.phones()).batch(20).start().unwrap().await;
    let journal = simulator.journal();
    (report, journal.iter().filter(|entry| entry.status != Some(429)).count())
}

fn throttled(simulator: &Simulator) -> usize {
    simulator.journal().iter().filter(|entry| entry.status == Some(429)).count()
}

fn thousand(assumptions: Assumptions) -> Simulator {
    let builder = Simulator::builder().phones(1000).servers(10).seed(7);
    builder.clock(paused_clock()).assume(assumptions).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_phones_restart_where_the_gateway_allows_five_calls_a_second() {
    let free = thousand(Assumptions { calls_per_second: 0, ..Assumptions::default() });
    let (_, minimum) = restart(&free).await;
    let slow = thousand(Assumptions { calls_per_second: 5, ..Assumptions::default() });
    let (report, calls) = restart(&slow).await;
    assert_eq!(report.to_string(), "1000 done");
    assert!(calls * 10 <= minimum * 11, "{calls} calls instead of {minimum}");
    // Once the gateway has named its limit, the client keeps to it.
    assert!(throttled(&slow) <= 10, "{}", throttled(&slow));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_phones_restart_where_half_of_the_calls_are_throttled() {
    let (_, minimum) = restart(&thousand(Assumptions::default())).await;
    let simulator = thousand(Assumptions::default());
    simulator.inject(Fault::throttle().probability(0.5).always()).unwrap();
    let (report, calls) = restart(&simulator).await;
    assert_eq!(report.to_string(), "1000 done");
    assert!(calls * 10 <= minimum * 11, "{calls} calls instead of {minimum}");
    assert!(throttled(&simulator) > 20, "the fault struck");
    let ledger = simulator.ledger();
    assert!(simulator.phones().into_iter().all(|phone| ledger.of(phone).len() == 1));
}

/// Seven calls of an operation that may be called six times a minute.
async fn seven(client: &Client, simulator: &Simulator) -> Vec<cph::Result<()>> {
    let phone = &simulator.phones()[0].to_string();
    let body = serde_json::json!({ "command": "shell", "content": "ls", "phone_ids": [phone] });
    let call = || async { client.api("RunSyncCommand").body(body.clone()).send().await.map(drop) };
    join_all((0..7).map(|_| call())).await
}

#[tokio::test(start_paused = true)]
async fn the_documented_limit_is_kept_before_the_gateway_says_so() {
    let (simulator, client) = fleet(1);
    let began = simulator.clock().now();
    assert!(seven(&client, &simulator).await.iter().all(Result::is_ok));
    assert_eq!(throttled(&simulator), 0);
    assert!(simulator.clock().now().duration_since(began).unwrap() >= Duration::from_mins(1));
    let Counters { calls, failures, attempts, retries, throttled, waited, .. } = client.counters();
    assert_eq!((calls, failures, attempts, retries, throttled), (7, 0, 7, 0, 0));
    assert_eq!(waited, Duration::from_mins(1));
    // Clones and clients for other projects wait in the same line.
    let keys = cph::Credentials::token(simulator.token());
    let other = client.for_project(simulator.project(), keys).unwrap();
    let before = simulator.clock().now();
    assert!(seven(&other, &simulator).await.iter().all(Result::is_ok));
    assert!(simulator.clock().now().duration_since(before).unwrap() >= Duration::from_mins(1));
    assert_eq!(self::throttled(&simulator), 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_want_to_wait_is_told_how_long_it_would_take() {
    let (simulator, _) = fleet(1);
    let client = in_process(&simulator).turn_timeout(Duration::from_secs(59)).build().unwrap();
    let mut results = seven(&client, &simulator).await;
    let error = results.pop().unwrap().unwrap_err();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::RateLimited, Delivery::NotSent));
    let text = "the rate limits have no turn within 59s; the next one comes in 60 s";
    assert_eq!(error.to_string(), text);
    assert_eq!(simulator.journal().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_calls_time_counts_the_waits_for_turns_where_it_is_set() {
    // Six calls a minute: the seventh would wait for a minute.
    let (simulator, _) = fleet(1);
    let client = in_process(&simulator).call_timeout(Duration::from_secs(30)).build().unwrap();
    let error = seven(&client, &simulator).await.pop().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::RateLimited, Delivery::NotSent));
    let text = "the rate limits have no turn within 30s; the next one comes in 60 s";
    assert_eq!(error.to_string(), text);

    // Nor does it wait for a gateway that throttles it, once its time is over.
    let (simulator, _) = fleet(1);
    simulator.inject(Fault::throttle().always()).unwrap();
    let client = in_process(&simulator).call_timeout(Duration::from_secs(90)).build().unwrap();
    let began = simulator.clock().now();
    let error = client.phones().get(&simulator.phones()[0]).await.unwrap_err();
    assert_eq!((error.status(), error.delivery()), (Some(429), Delivery::Refused));
    assert_eq!(simulator.journal().len(), 2, "at once, and after one minute");
    assert!(simulator.clock().now().duration_since(began).unwrap() <= Duration::from_secs(90));
}

#[tokio::test(start_paused = true)]
async fn a_part_without_a_turn_is_not_sent() {
    let (simulator, _) = fleet(30);
    let client = in_process(&simulator)
        .rate_limit("RestartCloudPhone", RateLimit { calls: 2, seconds: 3600 })
        .build()
        .unwrap();
    let report = client.phones().restart(simulator.phones()).batch(10).start().unwrap().await;
    assert_eq!(report.to_string(), "20 done, 10 not sent");
    let mut fates = report.outcomes().iter().map(|outcome| &outcome.fate);
    let kept_back = |fate: &Fate| matches!(fate, Fate::NotSent(NotSentReason::RateLimited(_)));
    assert!(fates.any(kept_back));
}

#[tokio::test(start_paused = true)]
async fn limits_can_be_set_for_one_operation_and_for_all() {
    let limit = RateLimit { calls: 1, seconds: 10 };
    for (all, one, seconds) in [(false, false, 0), (true, false, 20), (false, true, 20)] {
        let (simulator, _) = fleet(1);
        let mut builder = in_process(&simulator);
        if all {
            builder = builder.gateway_limit(limit);
        }
        if one {
            builder = builder.rate_limit("ShowCloudPhoneDetail", limit);
        }
        let client = builder.build().unwrap();
        let began = simulator.clock().now();
        for _ in 0..3 {
            client.phones().get(&simulator.phones()[0]).await.unwrap();
        }
        let took = simulator.clock().now().duration_since(began).unwrap();
        assert_eq!(took.as_secs(), seconds);
    }
    let (simulator, _) = fleet(1);
    let error = in_process(&simulator)
        .rate_limit("ShowPhone", limit)
        .gateway_limit(RateLimit { calls: 0, seconds: 1 })
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
}

/// How long a call took that was throttled once, in seconds of the simulator.
async fn after_throttling(fault: &str) -> (u64, Counters) {
    let (simulator, client) = fleet(1);
    let fault = format!("[[fault]]\neffect = \"throttle\"\n{fault}");
    simulator.inject(Fault::from_toml(&fault).unwrap().remove(0)).unwrap();
    let began = simulator.clock().now();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    simulator.assert_faults_used();
    (simulator.clock().now().duration_since(began).unwrap().as_secs(), client.counters())
}

#[tokio::test(start_paused = true)]
async fn the_gateway_says_how_long_to_wait() {
    for (fault, seconds) in [
        ("limit = 6\nseconds = 60", 60),
        ("limit = 6\nseconds = 1", 1),
        ("limit = 6\nseconds = 60\nretry_after = 7", 7),
        ("limit = 6\nseconds = 1\nretry_after = 86400", 90),
    ] {
        let (took, counters) = after_throttling(fault).await;
        assert_eq!(took, seconds, "{fault}");
        assert_eq!((counters.throttled, counters.retries), (1, 1), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_busy_says_how_long_to_wait() {
    let (simulator, client) = fleet(1);
    let fault =
        "[[fault]]\neffect = \"refuse\"\ncode = \"APIGW.0203\"\nstatus = 503\nretry_after = 30";
    simulator.inject(Fault::from_toml(fault).unwrap().remove(0)).unwrap();
    let began = simulator.clock().now();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    assert_eq!(simulator.clock().now().duration_since(began).unwrap().as_secs(), 30);
    assert_eq!(client.counters().waited, Duration::ZERO, "it had its turn");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_throttles_for_good_is_left_after_the_callers_patience() {
    let (simulator, _) = fleet(1);
    simulator.inject(Fault::throttle().always()).unwrap();
    let client = in_process(&simulator).turn_timeout(Duration::from_secs(150)).build().unwrap();
    let error = client.phones().get(&simulator.phones()[0]).await.unwrap_err();
    assert_eq!((error.status(), error.delivery()), (Some(429), Delivery::Refused));
    assert_eq!(simulator.journal().len(), 3, "at once, after one minute and after two");
}

#[tokio::test(start_paused = true)]
async fn all_clones_share_what_may_be_sent_again() {
    let (simulator, _) = fleet(1);
    simulator.inject(Fault::html(503).always()).unwrap();
    let client = in_process(&simulator).retry_budget(6).build().unwrap();
    let phone = &simulator.phones()[0];
    for sent in [5, 8, 9, 10] {
        client.clone().phones().get(phone).await.unwrap_err();
        assert_eq!(simulator.journal().len(), sent);
    }
    // Ten calls that end well earn one more.
    simulator.clear_faults();
    for _ in 0..10 {
        client.phones().get(phone).await.unwrap();
    }
    simulator.inject(Fault::html(503).always()).unwrap();
    client.phones().get(phone).await.unwrap_err();
    assert_eq!(simulator.journal().len(), 22);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_gateway_does_not_take_is_not_sent() {
    let (simulator, client) = fleet(1);
    let body = serde_json::json!({ "command": "shell", "content": "x".repeat(12 << 20) });
    let error = client.api("RunSyncCommand").body(body).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("at most 12582912 (12 MB)"), "{error}");
    assert!(simulator.journal().is_empty());
}
