//! Scheduled events: their states, filters and times.

use std::time::Duration;

use cph_core::{PhoneStatus, ServerStatus};
use cph_sim::Simulator;
use http::Method;
use serde_json::{Value, json};

use crate::support::{builder, column, error_code, get, phones, read, request, restart, seconds};

fn two() -> Simulator {
    builder(4).servers(2).build().unwrap()
}

async fn send(sim: &Simulator, method: Method, path: &str, body: Value) -> (u16, Value) {
    let path = format!("/scheduled-events/{path}");
    read(&sim.call(request(sim, method, &path, &body)).await.unwrap())
}

async fn list(sim: &Simulator, query: &str) -> Value {
    let (status, answer) = get(sim, &format!("/scheduled-events?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn ids(sim: &Simulator) -> Vec<String> {
    let ids = column(&list(sim, "").await, "scheduled_events", "event_id");
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn event(sim: &Simulator, id: &str) -> Value {
    list(sim, &format!("event_id={id}")).await["scheduled_events"][0].clone()
}

#[tokio::test]
async fn events_are_listed_filtered_and_paged() {
    let sim = two();
    let all = list(&sim, "").await;
    assert_eq!(all["count"], 3);
    assert_eq!(column(&all, "scheduled_events", "state"), ["inquiring", "inquiring", "scheduled"]);
    let (_, phones) = get(&sim, "/phones").await;
    assert_eq!(all["scheduled_events"][1]["server_id"], phones["phones"][2]["server_id"]);
    assert_eq!(all["scheduled_events"][1]["server_name"], "server-0002");
    let ids = ids(&sim).await;
    let server = &phones["phones"][0]["server_id"].as_str().unwrap();
    for (query, expected) in [
        ("state=scheduled", &[2][..]),
        ("state=inquiring&state=scheduled", &[0, 1, 2]),
        ("state=inquiring,scheduled", &[0, 1, 2]),
        ("state=failed", &[]),
        ("type=localdisk-recovery", &[0]),
        ("type=system-maintenance&state=inquiring", &[1]),
        (&format!("server_id={server}"), &[0, 2]),
        ("publish_since=2025-10-26T12:00:00Z", &[1, 2]),
        ("publish_until=2025-10-26T12:00:00Z", &[0, 1]),
        ("event_id=none", &[]),
    ] {
        let found = column(&list(&sim, query).await, "scheduled_events", "event_id");
        let expected: Vec<_> = expected.iter().map(|place: &usize| json!(ids[*place])).collect();
        assert_eq!(found, expected, "{query}");
    }
    let first = list(&sim, "limit=2").await;
    assert_eq!(first["page_info"], json!({ "next_marker": ids[2] }));
    let second = list(&sim, &format!("limit=2&marker={}", ids[2])).await;
    assert_eq!(column(&second, "scheduled_events", "event_id"), [json!(ids[2])]);
    assert_eq!((&second["page_info"], &second["count"]), (&json!({}), &json!(3)));
    for (query, code) in [
        ("state=postponed", "CPS.0077"),
        ("type=repair", "CPS.0116"),
        ("publish_since=yesterday", "CPS.0077"),
        ("marker=x", "CPS.0077"),
        ("limit=101", "CPS.0002"),
    ] {
        let answer = get(&sim, &format!("/scheduled-events?{query}")).await;
        assert_eq!(error_code(&answer), (400, code), "{query}");
    }
    assert_eq!(list(&builder(0).build().unwrap(), "").await["count"], 0);
}

#[tokio::test]
async fn an_event_is_authorized_once_and_runs_its_course() {
    let sim = two();
    let ids = ids(&sim).await;
    let authorize =
        async |id: &str, body| send(&sim, Method::POST, &format!("{id}/authorize"), body).await;
    for body in [
        json!({ "authorization_type": "repair" }),
        json!({}),
        json!({ "authorization_type": "maintenance", "not_before": "2025-10-28T12:04:59Z" }),
        json!({ "authorization_type": "maintenance", "not_before": "2026-10-28T12:00:00Z" }),
        json!({ "authorization_type": "maintenance", "not_before": "soon" }),
        json!({ "authorization_type": "redeploy", "not_before": "2025-10-28T12:05:00Z" }),
    ] {
        assert_eq!(
            error_code(&authorize(&ids[0], body.clone()).await),
            (400, "CPS.0077"),
            "{body}"
        );
    }
    assert_eq!(event(&sim, &ids[0]).await["state"], "inquiring");
    let body = json!({ "authorization_type": "maintenance", "not_before": "2025-10-28T12:05:00Z" });
    assert_eq!(authorize(&ids[0], body.clone()).await.0, 200);
    let scheduled = event(&sim, &ids[0]).await;
    assert_eq!(
        (&scheduled["state"], &scheduled["not_before"]),
        (&json!("scheduled"), &body["not_before"])
    );
    assert_eq!(error_code(&authorize(&ids[0], body.clone()).await), (400, "CPS.0077"));
    assert_eq!(error_code(&authorize("nobody", body).await), (400, "CPS.0077"));

    sim.clock().advance(seconds(300));
    let executing = event(&sim, &ids[0]).await;
    assert_eq!(executing["state"], "executing");
    assert_eq!(executing["start_time"], "2025-10-28T12:05:00Z");
    let (server, phone) = (&sim.servers()[0], &sim.phones()[0]);
    assert_eq!(executing["server_id"], server.as_str());
    assert_eq!(sim.server_status(server), Some(ServerStatus::ShutDown));
    assert_eq!(sim.phone_status(phone), Some(PhoneStatus::ShutDown));
    let (_, refused) = restart(&sim, &phones([phone])).await;
    assert_eq!(column(&refused, "jobs", "error_code"), ["CPS.0165"]);
    assert_eq!(sim.server_status(&sim.servers()[1]), Some(ServerStatus::Normal));
    sim.clock().advance(Duration::from_hours(1));
    let completed = event(&sim, &ids[0]).await;
    assert_eq!(completed["state"], "completed");
    assert_eq!(sim.server_status(server), Some(ServerStatus::Normal));
    assert_eq!(sim.phone_status(phone), Some(PhoneStatus::Running));
    assert_eq!(completed["finish_time"], "2025-10-28T13:05:00Z");

    let body = json!({ "authorization_type": "redeploy" });
    assert_eq!(authorize(&ids[1], body).await.0, 200);
    let redeployed = event(&sim, &ids[1]).await;
    assert_eq!(redeployed["state"], "executing");
    assert_eq!(redeployed["authorization_type"], "redeploy");
}

#[tokio::test]
async fn only_a_scheduled_event_can_be_moved() {
    let sim = two();
    let ids = ids(&sim).await;
    let update = async |id: &str, time: &str| {
        send(&sim, Method::PUT, id, json!({ "not_before": time })).await
    };
    let time = "2025-10-29T00:00:00Z";
    assert_eq!(update(&ids[2], "2025-10-28T13:00:00Z").await.0, 200);
    assert_eq!(update(&ids[2], time).await.0, 200);
    assert_eq!(event(&sim, &ids[2]).await["not_before"], time);
    // What was planned for then comes to nothing.
    sim.clock().advance(seconds(3600));
    assert_eq!(sim.server_status(&sim.servers()[0]), Some(ServerStatus::Normal));
    assert_eq!(error_code(&update(&ids[2], "2025-10-28T12:01:00Z").await), (400, "CPS.0077"));
    assert_eq!(error_code(&update(&ids[0], time).await), (400, "CPS.0077"));
    let (_, refused) = update("nobody", time).await;
    assert_eq!(refused["error_msg"], "Parameter: event_id is invalid.");
    assert_eq!(update(&ids[2], "").await.0, 200);
    assert_eq!(event(&sim, &ids[2]).await["state"], "executing");
    assert_eq!(error_code(&update(&ids[2], time).await), (400, "CPS.0077"));
}
