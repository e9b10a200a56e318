//! Job queries.

use serde_json::json;

use crate::support::{column, error_code, get, phones, restart, seconds, sim};

#[tokio::test]
async fn more_jobs_than_a_page_holds_are_found_page_by_page() {
    let sim = sim(250);
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let request_id = answer["request_id"].as_str().unwrap();
    let started = column(&answer, "jobs", "job_id");
    let mut found = Vec::new();
    for (offset, rows) in [(0, 100), (100, 100), (200, 50), (250, 0), (1000, 0)] {
        let (_, page) = get(&sim, &format!("/jobs?request_id={request_id}&offset={offset}")).await;
        let page = column(&page, "jobs", "job_id");
        assert_eq!(page.len(), rows, "offset {offset}");
        found.extend(page);
    }
    assert_eq!(found, started);
    let (_, page) = get(&sim, &format!("/jobs?request_id={request_id}&offset=7&limit=3")).await;
    assert_eq!(column(&page, "jobs", "job_id"), started[7..10]);
}

#[tokio::test]
async fn several_requests_are_asked_about_at_once() {
    let sim = sim(3);
    let mut requests = Vec::new();
    for id in &sim.phones() {
        let (_, answer) = restart(&sim, &phones([id])).await;
        requests.push(answer["request_id"].as_str().unwrap().to_owned());
    }
    let (_, all) =
        get(&sim, &format!("/jobs?request_ids={},nobody,{}", requests[2], requests[0])).await;
    assert_eq!(
        column(&all, "jobs", "phone_id"),
        [json!(sim.phones()[0]), json!(sim.phones()[2])],
        "in the order in which they were started; an unknown id is passed over"
    );
    let (_, one) =
        get(&sim, &format!("/jobs?request_id={}&request_ids={}", requests[0], requests[1])).await;
    assert_eq!(column(&one, "jobs", "phone_id"), [json!(sim.phones()[1])], "the list wins");
    let (status, none) = get(&sim, "/jobs?request_id=nobody").await;
    assert_eq!((status, &none["jobs"]), (200, &json!([])));
}

#[tokio::test]
async fn each_bad_query_is_refused() {
    let sim = sim(1);
    let ids = vec!["x"; 21].join(",");
    for (query, code) in [
        (String::new(), (400, "CPS.0049")),
        ("?request_id=".to_owned(), (400, "CPS.0049")),
        ("?request_ids=,".to_owned(), (400, "CPS.0049")),
        (format!("?request_ids={ids}"), (400, "CPS.0161")),
        ("?request_id=x&limit=0".to_owned(), (400, "CPS.0002")),
        ("?request_id=x&limit=101".to_owned(), (400, "CPS.0002")),
        ("?request_id=x&limit=ten".to_owned(), (400, "CPS.0002")),
        ("?request_id=x&offset=-1".to_owned(), (400, "CPS.0002")),
    ] {
        assert_eq!(error_code(&get(&sim, &format!("/jobs{query}")).await), code, "{query}");
    }
    assert_eq!(error_code(&get(&sim, "/jobs/nobody").await), (404, "CPS.0011"));
}

#[tokio::test]
async fn one_job_is_shown() {
    let sim = sim(1);
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let path = format!("/jobs/{}", answer["jobs"][0]["job_id"].as_str().unwrap());
    sim.clock().advance(seconds(40));
    let (_, mut job) = get(&sim, &path).await;
    let end = job["end_time"].take();
    assert!(end.as_str().unwrap().starts_with("2025-10-28T12:00:"));
    job["request_id"].take();
    assert_eq!(
        job,
        json!({
            "request_id": null,
            "job_id": answer["jobs"][0]["job_id"],
            "phone_id": sim.phones()[0],
            "begin_time": "2025-10-28T12:00:00Z",
            "end_time": null,
            "status": 2,
            "error_code": null,
            "error_msg": null,
            "execute_msg": null,
        })
    );
}

#[tokio::test]
async fn jobs_are_as_fast_as_the_simulator_is_told() {
    let sim = crate::support::builder(1).speed(60.0).build().unwrap();
    restart(&sim, &phones(&sim.phones())).await;
    sim.clock().advance(seconds(1));
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(cph_core::PhoneStatus::Running));

    for speed in [0.0, -1.0, f64::NAN] {
        assert!(crate::support::builder(1).speed(speed).build().is_err(), "{speed}");
    }
}
