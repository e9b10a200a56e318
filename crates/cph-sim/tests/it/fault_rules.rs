//! How rules are matched, counted and written down.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use cph_core::PhoneStatus;
use cph_sim::{Count, Effect, Fault, FaultError, Simulator};
use http::Response;
use serde_json::json;

use crate::support::{builder, get, phones, post, raw_get, raw_restart, restart, seconds};

async fn restart_all(sim: &Simulator) -> std::io::Result<Response<bytes::Bytes>> {
    raw_restart(sim, &phones(&sim.phones())).await
}

/// Ten phones, and a rule for the first restart.
fn faulty(fault: Fault) -> Simulator {
    builder(10).fault(fault.on("RestartCloudPhone")).build().unwrap()
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
async fn a_part_of_exactly_so_many_can_be_named() {
    let rule = Fault::refuse("CPS.0190").larger_than(2).smaller_than(4).always();
    let sim = builder(5).fault(rule).build().unwrap();
    let ids = sim.phones();
    for (size, status) in [(2, 200), (3, 400), (4, 200)] {
        assert_eq!(restart(&sim, &phones(&ids[..size])).await.0, status, "{size}");
    }
}

#[tokio::test]
async fn a_server_stands_for_what_is_on_it() {
    let sim = builder(4).servers(2).build().unwrap();
    let (ids, servers) = (sim.phones(), sim.servers());
    let mut on = [Vec::new(), Vec::new()];
    for id in &ids {
        let detail = crate::support::detail(&sim, id).await;
        on[usize::from(detail["server_id"] == servers[1].as_str())].push(id);
    }
    sim.inject(Fault::hang_job().server(&servers[1]).on("RestartCloudPhone").always()).unwrap();
    restart(&sim, &phones(on[0].iter().copied())).await;
    assert_eq!(sim.faults()[0].struck, 0);
    sim.clock().advance(seconds(40));
    restart(&sim, &phones(&ids)).await;
    assert_eq!(sim.faults()[0].struck, 1);
    sim.clock().advance(seconds(40));
    for (phones, status) in on.iter().zip([PhoneStatus::Running, PhoneStatus::Restarting]) {
        assert_eq!(phones.len(), 2);
        assert!(phones.iter().all(|id| sim.phone_status(id) == Some(status)));
    }

    sim.clear_faults();
    sim.inject(Fault::refuse("CPS.0042").server(&servers[1]).always()).unwrap();
    for (server, status) in servers.iter().zip([200, 400]) {
        for path in [format!("/servers/{server}"), format!("/phones?server_id={server}")] {
            assert_eq!(get(&sim, &path).await.0, status, "{path}");
        }
        let body = json!({ "server_ids": [server] });
        assert_eq!(post(&sim, "/servers/batch-restart", &body).await.0, status);
    }
}

#[tokio::test]
async fn a_window_begins_and_ends() {
    let sim = builder(1).build().unwrap();
    sim.clock().advance(seconds(1000));
    sim.inject(Fault::html(503).after(seconds(60)).lasting(seconds(30)).always()).unwrap();
    let mut at = 0;
    for (second, status) in [(0, 200), (59, 200), (60, 503), (89, 503), (90, 200), (1000, 200)] {
        sim.clock().advance(seconds(second - at));
        at = second;
        assert_eq!(raw_get(&sim, "/phones").await.unwrap().status(), status, "{second}");
    }
    assert_eq!(sim.faults()[0].struck, 2);
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

/// Which of 100 calls of an operation a rule strikes that is the last of so many, other calls coming between or not.
async fn drawn(seed: u64, path: &str, rules: usize, between: bool) -> Vec<bool> {
    let sim = builder(0).seed(seed).build().unwrap();
    let rule = Fault::refuse("CPS.0042").probability(0.3).always();
    for _ in 1..rules {
        sim.inject(rule.clone().on("ListScheduledEvents")).unwrap();
    }
    sim.inject(rule).unwrap();
    let mut struck = Vec::new();
    for _ in 0..100 {
        if between {
            raw_get(&sim, "/servers").await.unwrap();
        }
        struck.push(raw_get(&sim, path).await.unwrap().status() == 400);
    }
    struck
}

#[tokio::test]
async fn chance_follows_from_seed_operation_number_of_the_call_and_rule() {
    let first = drawn(1, "/phones", 1, false).await;
    let share = first.iter().filter(|struck| **struck).count();
    assert!((15..45).contains(&share), "{share} of 100");
    assert_eq!(first, drawn(1, "/phones", 1, true).await);
    assert_ne!(first, drawn(2, "/phones", 1, false).await);
    assert_ne!(first, drawn(1, "/phone-models", 1, false).await);
    assert_ne!(first, drawn(1, "/phones", 2, false).await);
}

#[tokio::test]
async fn rules_that_never_struck_are_told_with_the_reason() {
    let sim = builder(4)
        .fault(Fault::drop_before().on("ListCloudPhones"))
        .fault(Fault::drop_after().on("RestartCloudPhone").call(3))
        .fault(Fault::refuse("CPS.0042").on("RestartCloudPhone").larger_than(3))
        .fault(Fault::throttle().on("RestartCloudPhone"))
        .build()
        .unwrap();
    raw_get(&sim, "/phones").await.unwrap_err();
    restart(&sim, &phones(&sim.phones()[..1])).await;
    restart(&sim, &phones(&sim.phones()[..1])).await;
    let unused: Vec<_> = sim.unused_faults().iter().map(|fault| fault.effect.name()).collect();
    assert_eq!(unused, ["drop_after", "refuse"]);
    let asserted =
        std::panic::catch_unwind(AssertUnwindSafe(|| sim.assert_faults_used())).unwrap_err();
    assert_eq!(
        asserted.downcast_ref::<String>().unwrap(),
        r#"these faults never struck:

[[fault]]
operation = "RestartCloudPhone"
call = 3
count = 1
effect = "drop_after"
# 3 calls came
# 2 failed by call
# 1 failed by operation
[[fault]]
operation = "RestartCloudPhone"
larger_than = 3
count = 1
effect = "refuse"
code = "CPS.0042"
status = 400
# 3 calls came
# 2 failed by larger_than
# 1 failed by operation
"#
    );
    sim.clear_faults();
    sim.assert_faults_used();
}

#[tokio::test]
async fn a_rule_outdone_by_another_says_so() {
    let sim = builder(1).fault(Fault::drop_before()).fault(Fault::html(503)).build().unwrap();
    sim.inject(Fault::hang_job()).unwrap();
    restart_all(&sim).await.unwrap_err();
    let asserted =
        std::panic::catch_unwind(AssertUnwindSafe(|| sim.assert_faults_used())).unwrap_err();
    let message = asserted.downcast_ref::<String>().unwrap();
    assert!(message.contains("# 1 failed by another rule, which came first"), "{message}");
    assert!(message.contains("# 1 failed by another rule, which prevented the work"), "{message}");
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
        Fault::vanish_job(seconds(90)),
        Fault::stall(Duration::from_millis(1500)),
        Fault::wrong_content_type(),
        Fault::reordered().server("1678567b8bab40f93711234cb80d0764"),
        Fault::clock_skew(-1000).larger_than(9).smaller_than(11),
        Fault::html(503).after(seconds(600)).lasting(seconds(60)).always(),
        Effect::Throttle { limit: 200, window: seconds(1), retry_after: Some(2) }.into(),
        Effect::WrongContentType { content_type: "application/xml".to_owned() }.into(),
        Effect::Refuse {
            code: "CPS.0042".to_owned(),
            status: 503,
            message: Some("Out of order.".to_owned()),
            retry_after: Some(5),
        }
        .into(),
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
            "the effect `throttle` takes no `code`; its fields: limit, seconds, retry_after",
        ),
        (
            json!({ "effect": "doubled", "seconds": 1 }),
            "the effect `doubled` takes no `seconds`; its fields: none",
        ),
        (
            json!({ "effect": "throttle", "seconds": 30 }),
            "the gateway counts the calls of 1 or 60 seconds, not of `30`",
        ),
        (
            json!({ "effect": "throttle", "larger_than": 4, "smaller_than": 5 }),
            "for exactly 4 give larger_than = 3 and smaller_than = 5",
        ),
        (json!({ "effect": "throttle", "for_seconds": -1 }), "no rule reckons with `-1` seconds"),
        (
            json!({ "effect": "wrong_content_type", "content_type": "\n" }),
            "is no content type; one looks like text/html",
        ),
        (json!({ "effect": "clock_skew" }), "the effect `clock_skew` needs `seconds`"),
        (json!({ "effect": "clock_skew", "seconds": 0.5 }), "no clock is off by `0.5` seconds"),
        (json!({ "effect": "clock_skew", "seconds": -2e9 }), "no clock is off by `-2000000000`"),
        (json!({ "effect": "refuse" }), "the effect `refuse` needs `code`"),
        (json!({ "effect": "refuse", "code": "busy" }), "`busy` is no error code"),
        (
            json!({ "effect": "refuse", "code": "CPS.0042", "status": 200 }),
            "200 is no HTTP status of an error",
        ),
        (json!({ "effect": "delay" }), "the effect `delay` needs `seconds`"),
        (json!({ "effect": "late_job", "seconds": 1e300 }), "no rule reckons with `1"),
        (
            json!({ "effect": "delay", "seconds": 1e10 }),
            "no rule reckons with `10000000000` seconds",
        ),
        (json!({ "effect": "delay", "seconds": -1.0 }), "no rule reckons with `-1` seconds"),
    ] {
        let error = serde_json::from_value::<Fault>(rule.clone()).unwrap_err().to_string();
        assert!(error.contains(expected), "{rule}: {error}");
    }
    let error = builder(0)
        .fault(Fault::throttle())
        .fault(Fault::throttle().on("Dance"))
        .build()
        .unwrap_err();
    assert!(error.to_string().starts_with("fault 2: no operation is called `Dance`"), "{error}");
    let error = crate::support::sim(0).inject(Fault::fail_job("x")).unwrap_err();
    assert_eq!(error, FaultError::Code("x".to_owned()));
}

#[test]
fn a_rule_that_could_never_strike_is_refused() {
    for (rule, says) in [
        ("effect = \"throttle\"\nphone = \"nope\"", "`phone` is `nope`, which is no id"),
        ("effect = \"throttle\"\ncount = 0", "the count is 0"),
        ("effect = \"missing\"\nentries = 0", "the number of entries is 0"),
        (
            "effect = \"html\"\nlarger_than = 9223372036854775807\nsmaller_than = 5",
            "no call is about more than 9223372036854775807 and fewer than 5 targets",
        ),
    ] {
        let error = Fault::from_toml(&format!("[[fault]]\n{rule}")).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let most = Fault::throttle().larger_than(usize::MAX).smaller_than(5);
    let error = Simulator::builder().fault(most).build().unwrap_err();
    assert!(error.to_string().contains("fewer than 5 targets"), "{error}");
    let error = Fault::from_toml("[fault]\neffect = \"throttle\"").unwrap_err().to_string();
    assert!(error.starts_with("write [[fault]], since there may be several"), "{error}");
    assert_eq!(Fault::from_toml("").unwrap(), []);
}
