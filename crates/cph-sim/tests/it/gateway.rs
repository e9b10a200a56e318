//! What the gateway turns away.

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
                "index": 0, "operation": "RestartCloudPhone", "method": "POST", "path": path("/phones/batch-restart"),
                "at": "2025-10-28T12:00:00Z", "status": 200, "error_code": null, "fault": null, "targets": 2,
                "target_ids": sim.phones(),
                "request_id": sim.journal()[0].request_id,
            },
            {
                "index": 1, "operation": "ListCloudPhones", "method": "GET", "path": path("/phones"),
                "at": "2025-10-28T12:00:00Z", "status": 200, "error_code": null, "fault": null, "targets": 0,
                "target_ids": [],
                "request_id": sim.journal()[1].request_id,
            },
            {
                "index": 2, "operation": null, "method": "GET", "path": path("/nothing"),
                "at": "2025-10-28T12:00:00Z", "status": 404, "error_code": "APIGW.0101", "fault": null, "targets": 0,
                "target_ids": [],
                "request_id": sim.journal()[2].request_id,
            },
        ])
    );
}

#[tokio::test]
async fn numbers_that_may_be_personal_stand_in_no_path_of_the_journal() {
    let sim = sim(1);
    for path in ["/v1/460001234567890/cloud-phone/phones", "/89860012345678901234"] {
        let request = Request::get(path).body(bytes::Bytes::new()).unwrap();
        sim.call(request).await.unwrap();
    }
    let paths: Vec<String> = sim.journal().into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["/v1/***/cloud-phone/phones", "/***"]);
}
