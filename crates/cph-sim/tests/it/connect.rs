//! How clients connect to phones, and the flavors that phones may have.

use cph_core::PhoneStatus;
use serde_json::{Value, json};

use crate::support::{column, detail, error_code, get, post, sim};

#[tokio::test]
async fn running_phones_can_be_connected_to() {
    let sim = sim(2);
    let ids = sim.phones();
    sim.set_phone_status(&ids[1], PhoneStatus::ShutDown);
    let body =
        json!({ "client_type": "ANDROID", "phone_ids": [ids[0], ids[1], "0".repeat(32), "x"] });
    let (status, answer) = post(&sim, "/phones/batch-connection", &body).await;
    assert_eq!(status, 200);
    assert_eq!(column(&answer, "connect_infos", "phone_id"), [json!(ids[0])]);
    assert_eq!(column(&answer, "errors", "error_code"), ["CPS.0018", "CPS.0005", "CPS.0004"]);
    let info = &answer["connect_infos"][0]["access_info"];
    let port = &detail(&sim, &ids[0]).await["access_infos"][0]["access_port"];
    assert_eq!(&info["access_port"], port);
    assert_eq!(info["timestamp"], "1761652800000");
    let (_, again) = post(&sim, "/phones/batch-connection", &body).await;
    let again = &again["connect_infos"][0]["access_info"];
    assert_ne!(again["session_id"], info["session_id"]);
    assert_ne!(again["ticket"], info["ticket"]);
    let elsewhere = format!("{sim:?} {:?}", sim.journal());
    assert!(!elsewhere.contains(info["ticket"].as_str().unwrap()));
    assert!(sim.ledger().phones.is_empty());
}

#[tokio::test]
async fn each_bad_call_is_refused() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    for (client_type, ids, code) in [
        (json!("FAX"), json!([id]), "CPS.0116"),
        (Value::Null, json!([id]), "CPS.0116"),
        (json!("IOS"), json!([]), "CPS.0009"),
        (json!("IOS"), json!(vec![id; 11]), "CPS.0190"),
        (json!("IOS"), json!(id), "CPS.0080"),
    ] {
        let body = json!({ "client_type": client_type, "phone_ids": ids });
        let answer = post(&sim, "/phones/batch-connection", &body).await;
        assert_eq!(error_code(&answer), (400, code), "{body}");
    }
}

#[tokio::test]
async fn flavors_are_listed() {
    let sim = sim(1);
    let names = async |query: &str| {
        let (status, answer) = get(&sim, &format!("/phone-models?{query}")).await;
        assert_eq!(status, 200, "{answer}");
        column(&answer, "phone_models", "phone_model_name")
    };
    let all = names("").await;
    assert!(all.contains(&detail(&sim, &sim.phones()[0]).await["phone_model_name"]));
    assert_eq!(names("offset=1&limit=1").await, all[1..2]);
    assert_eq!(names("status=1").await, all[..5]);
    assert_eq!(names("status=0").await, all[5..]);
    assert_eq!(error_code(&get(&sim, "/phone-models?limit=101").await), (400, "CPS.0002"));
    assert_eq!(error_code(&get(&sim, "/phone-models?status=x").await), (400, "CPS.0010"));
}
