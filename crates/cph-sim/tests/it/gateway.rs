//! What the gateway turns away, and the simulator's own paths.

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};

use crate::support::{error_code, get, phones, read, request, restart, sim};

#[tokio::test]
async fn unknown_paths_and_projects_are_turned_away() {
    let sim = sim(1);
    assert_eq!(error_code(&get(&sim, "/telephones").await), (404, "APIGW.0101"));
    let delete = request(&sim, Method::DELETE, "/phones", &Value::Null);
    let answer = read(&sim.call(delete).await.unwrap());
    assert_eq!(error_code(&answer), (404, "APIGW.0101"));
    assert_eq!(answer.1["error_msg"], "The API does not exist.");

    let other = Request::get("/v1/0123456789abcdef0123456789abcdef/cloud-phone/phones");
    let other = other.header("X-Auth-Token", sim.token()).body(Bytes::new()).unwrap();
    let answer = read(&sim.call(other).await.unwrap());
    assert_eq!(error_code(&answer), (403, "APIGW.0310"));
}

#[tokio::test]
async fn nobody_gets_in_without_signature_or_token() {
    let sim = sim(1);
    let mut anonymous = request(&sim, Method::GET, "/phones", &Value::Null);
    anonymous.headers_mut().remove("x-auth-token");
    let answer = read(&sim.call(anonymous).await.unwrap());
    assert_eq!(error_code(&answer), (401, "APIGW.0301"));
}

#[tokio::test]
async fn a_body_beyond_12_mb_takes_a_token() {
    let sim = sim(1);
    let (mut parts, _) =
        request(&sim, Method::POST, "/phones/batch-restart", &Value::Null).into_parts();
    let body = format!("{}{}", phones(&sim.phones()), " ".repeat(12 * 1024 * 1024));
    let answer = sim.call(Request::from_parts(parts.clone(), body.clone().into())).await.unwrap();
    assert_eq!(answer.status(), 200);
    parts.headers.insert("authorization", HeaderValue::from_static("SDK-HMAC-SHA256"));
    let answer = read(&sim.call(Request::from_parts(parts, body.into())).await.unwrap());
    assert_eq!(error_code(&answer), (413, "APIGW.0201"));
}

#[tokio::test]
async fn the_journal_tells_every_call() {
    let sim = sim(2);
    restart(&sim, &phones(&sim.phones())).await;
    get(&sim, "/phones?phone_name=13666666666").await;
    get(&sim, "/nothing").await;
    let journal = serde_json::to_value(sim.journal()).unwrap();
    let path = |rest| format!("/v1/{}/cloud-phone{rest}", sim.project());
    assert_eq!(
        journal,
        json!([
            {
                "operation": "RestartCloudPhone", "method": "POST", "path": path("/phones/batch-restart"),
                "at": "2025-10-28T12:00:00Z", "status": 200, "error_code": null, "fault": null, "targets": 2,
                "request_id": sim.journal()[0].request_id,
            },
            {
                "operation": "ListCloudPhones", "method": "GET", "path": path("/phones"),
                "at": "2025-10-28T12:00:00Z", "status": 200, "error_code": null, "fault": null, "targets": 0,
                "request_id": sim.journal()[1].request_id,
            },
            {
                "operation": null, "method": "GET", "path": path("/nothing"),
                "at": "2025-10-28T12:00:00Z", "status": 404, "error_code": "APIGW.0101", "fault": null, "targets": 0,
                "request_id": sim.journal()[2].request_id,
            },
        ])
    );
}

async fn control(
    sim: &cph_sim::Simulator,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let request =
        Request::builder().method(method).uri(path).body(body.to_string().into()).unwrap();
    let response = sim.call(request).await.unwrap();
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn its_own_paths_need_no_signature() {
    let sim = sim(1);
    restart(&sim, &phones(&sim.phones())).await;
    let none = Value::Null;
    let (status, ledger) = control(&sim, Method::GET, "/_sim/ledger", &none).await;
    assert_eq!((status, ledger), (200, serde_json::to_value(sim.ledger()).unwrap()));
    let (_, journal) = control(&sim, Method::GET, "/_sim/journal", &none).await;
    assert_eq!(journal, serde_json::to_value(sim.journal()).unwrap());

    let rule = json!({ "effect": "throttle", "operation": "ListJobs", "count": "always" });
    for rules in [json!([rule]), json!({ "fault": [rule] })] {
        let (status, faults) = control(&sim, Method::POST, "/_sim/faults", &rules).await;
        assert_eq!((status, &faults[0]["fault"]), (200, &rule));
    }
    assert_eq!(sim.faults().len(), 2);
    let wrong = json!([{ "effect": "throttle" }, { "effect": "throttle", "operation": "Dance" }]);
    let (status, answer) = control(&sim, Method::POST, "/_sim/faults", &wrong).await;
    assert_eq!(
        (status, answer["message"].as_str().unwrap()),
        (
            400,
            "fault 2: no operation is called `Dance`; names are the vendor's, such as RestartCloudPhone"
        )
    );
    assert_eq!(sim.faults().len(), 2, "all rules or none");

    let (status, clock) =
        control(&sim, Method::POST, "/_sim/clock", &json!({ "advance_seconds": 40 })).await;
    assert_eq!((status, &clock["now"]), (200, &json!("2025-10-28T12:00:40Z")));
    let (_, state) = control(&sim, Method::GET, "/_sim/state", &none).await;
    assert_eq!(state["phones"][0]["status"], 2);
    assert_eq!(state["jobs"][0]["status"], 2);
    assert_eq!(state["seed"], 0);
    assert_eq!(state["assumptions"]["post_status"], 200);
    assert_eq!(state["faults"].as_array().unwrap().len(), 2);
    assert_eq!(state["clock"]["now"], "2025-10-28T12:00:40Z");

    assert_eq!(control(&sim, Method::GET, "/_sim/", &none).await.0, 404);
    assert_eq!(sim.journal().len(), 1, "they are no calls of the service");
}

#[tokio::test]
async fn a_running_clock_cannot_be_moved_from_outside() {
    let sim = cph_sim::Simulator::builder().build().unwrap();
    let (status, _) =
        control(&sim, Method::POST, "/_sim/clock", &json!({ "advance_seconds": 1 })).await;
    assert_eq!(status, 409);
    let (status, _) =
        control(&sim, Method::POST, "/_sim/clock", &json!({ "advance_seconds": -1 })).await;
    assert_eq!(status, 400);
}
