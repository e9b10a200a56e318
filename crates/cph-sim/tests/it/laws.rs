//! What holds for every simulation.

use std::fmt::Write as _;

use cph_sim::{Fault, Order, SimClock, Simulator};
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    story::play,
    support::{builder, get, midday, phones, raw_restart, read, request, restart, seconds},
};

/// Every byte that a short story produces.
async fn story(seed: u64) -> String {
    let assumptions =
        cph_sim::Assumptions { entries: Order::Shuffled, ..cph_sim::Assumptions::default() };
    let fault = Fault::foreign().on("RestartCloudPhone").probability(0.5).always();
    let sim = builder(30).seed(seed).assume(assumptions).fault(fault).build().unwrap();
    let mut told =
        format!("{} {} {} {}", sim.project(), sim.access_key(), sim.secret_key(), sim.token());
    for part in sim.phones().chunks(7) {
        let answer = raw_restart(&sim, &phones(part)).await.unwrap();
        let (_, body) = read(&answer);
        write!(told, "{answer:?}").unwrap();
        sim.clock().advance(seconds(25));
        let query = format!("/jobs?request_id={}", body["request_id"].as_str().unwrap());
        for path in [query, format!("/phones/{}", part[0]), "/phones".to_owned()] {
            let request = request(&sim, Method::GET, &path, &Value::Null);
            write!(told, "{:?}", sim.call(request).await.unwrap()).unwrap();
        }
    }
    write!(told, "{}{}", json!(sim.ledger()), json!(sim.journal())).unwrap();
    told
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() {
    let told = story(7).await;
    assert_eq!(told, story(7).await);
    assert_ne!(told, story(8).await);
}

#[tokio::test]
async fn a_large_fleet_is_restarted_in_no_time() {
    let sim = builder(10_000).build().unwrap();
    let ids = sim.phones();
    for part in ids.chunks(1000) {
        let (status, _) = restart(&sim, &phones(part)).await;
        assert_eq!(status, 200);
    }
    assert_eq!(sim.ledger().phones.len(), 10_000);
    // The last of 60 on a server takes three times as long.
    sim.clock().advance(seconds(120));
    let (_, running) = get(&sim, "/phones?status=2&offset=9900").await;
    assert_eq!(running["count"], 10_000);
}

#[tokio::test(start_paused = true)]
async fn paused_time_carries_a_scaled_clock() {
    let sim = Simulator::builder()
        .phones(1)
        .clock(SimClock::scaled_from(midday(), 60.0))
        .build()
        .unwrap();
    sim.inject(Fault::delay(seconds(120))).unwrap();
    let started = tokio::time::Instant::now();
    restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(started.elapsed(), seconds(2));
    sim.clock().sleep(seconds(40)).await;
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(cph_core::PhoneStatus::Running));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No panic, no answer that is not as documented, no contradiction; and the same bytes tell the same story.
    #[test]
    fn whatever_is_called_the_state_holds(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
        prop_assert_eq!(play(&bytes), play(&bytes));
    }
}
