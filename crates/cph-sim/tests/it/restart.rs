//! Restarting: the life of a phone, and each refusal.

use cph_core::PhoneStatus;
use serde_json::{Value, json};

use crate::support::{
    builder, column, error_code, get, phones, restart, seconds, sim, with_property,
};

#[tokio::test]
async fn a_restart_runs_from_answer_to_end() {
    let sim = sim(3);
    let ids = sim.phones();
    let (status, answer) = restart(&sim, &phones(&ids)).await;
    assert_eq!(status, 200);
    assert_eq!(
        column(&answer, "jobs", "phone_id"),
        ids.iter().map(|id| json!(id)).collect::<Vec<_>>()
    );
    let query = format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap());

    let (_, running) = get(&sim, &query).await;
    assert_eq!(column(&running, "jobs", "status"), [1, 1, 1]);
    assert_eq!(column(&running, "jobs", "job_id"), column(&answer, "jobs", "job_id"));
    assert_eq!(running["jobs"][0]["begin_time"], "2025-10-28T12:00:00Z");
    assert_eq!(running["jobs"][0].get("end_time"), None);
    assert_eq!(sim.phone_status(&ids[0]), Some(cph_core::PhoneStatus::Restarting));

    sim.clock().advance(seconds(19));
    let (_, running) = get(&sim, &query).await;
    assert_eq!(column(&running, "jobs", "status"), [1, 1, 1]);

    sim.clock().advance(seconds(21));
    let (_, ended) = get(&sim, &query).await;
    assert_eq!(column(&ended, "jobs", "status"), [2, 2, 2]);
    assert_eq!(column(&ended, "jobs", "error_code"), ["", "", ""]);
    let ends: std::collections::BTreeSet<_> = column(&ended, "jobs", "end_time")
        .iter()
        .map(|end| end.as_str().unwrap().to_owned())
        .collect();
    assert!(ends.len() > 1, "jobs end one by one: {ends:?}");
    assert_eq!(sim.phone_status(&ids[0]), Some(cph_core::PhoneStatus::Running));

    let ledger = serde_json::to_value(sim.ledger()).unwrap();
    assert_eq!(
        ledger["phones"][ids[0].as_str()],
        json!([{
            "operation": "RestartCloudPhone",
            "request_id": answer["request_id"],
            "job_id": answer["jobs"][0]["job_id"],
            "at": "2025-10-28T12:00:00Z",
        }])
    );
}

#[tokio::test]
async fn the_example_of_the_page_is_taken() {
    let csv = "phone_id\na7f3a1c5258347d6b6f1def79e11f2bc\n";
    let fleet = cph_sim::Fleet::from_csv(csv.as_bytes()).unwrap();
    let sim = builder(0).fleet(fleet).build().unwrap();
    let property = r#"{"phone_num":"13666666666","imsi":"460021624617113","iccid":"42947a38410b137c","wifi_name":"test_wifi"}"#;
    let body = json!({
        "phones": [
            { "phone_id": "a7f3a1c5258347d6b6f1def79e11f2bc", "property": property },
            { "phone_id": "1678567b8bab40f93711234cb80d0764", "property": property },
        ],
        "image_id": "1564567b8bab40f34711234cb80d8574",
    });
    let (status, answer) = restart(&sim, &body).await;
    assert_eq!(status, 200);
    assert!(answer["jobs"][0]["job_id"].is_string());
    assert_eq!(
        answer["jobs"][1],
        json!({
            "phone_id": "1678567b8bab40f93711234cb80d0764",
            "error_code": "CPS.0005",
            "error_msg": "Phone is not found.",
        })
    );
    let (_, detail) = get(&sim, "/phones/a7f3a1c5258347d6b6f1def79e11f2bc").await;
    assert_eq!(detail["image_id"], "1564567b8bab40f34711234cb80d8574");
    let shown: Value = serde_json::from_str(detail["property"].as_str().unwrap()).unwrap();
    assert_eq!(shown["imsi"], "460021624617113");
    assert_eq!(shown["com.cph.mainkeys"], "0", "properties are added to those that the phone has");
}

#[tokio::test]
async fn each_status_is_taken_or_refused() {
    for (status, code) in [
        (PhoneStatus::Running, None),
        (PhoneStatus::ShutDown, None),
        (PhoneStatus::ResetFailed, None),
        (PhoneStatus::RestartFailed, None),
        (PhoneStatus::Abnormal, None),
        (PhoneStatus::CreationFailed, None),
        (PhoneStatus::ShutdownFailed, None),
        (PhoneStatus::Frozen, Some("CPS.0053")),
        (PhoneStatus::Creating, Some("CPS.0165")),
        (PhoneStatus::Resetting, Some("CPS.0165")),
        (PhoneStatus::Restarting, Some("CPS.0165")),
        (PhoneStatus::ShuttingDown, Some("CPS.0165")),
    ] {
        let sim = sim(1);
        let ids = sim.phones();
        assert!(sim.set_phone_status(&ids[0], status));
        let (_, answer) = restart(&sim, &phones(&ids)).await;
        assert_eq!(answer["jobs"][0]["error_code"].as_str(), code, "{status}: {answer}");
        assert_eq!(sim.ledger().of(&ids[0]).len(), usize::from(code.is_none()), "{status}");
    }
}

#[tokio::test]
async fn each_bad_call_is_refused_as_a_whole_and_starts_nothing() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let long = format!(
        r#"{{"sys.prop.writephonenum":"1"{}}}"#,
        " ".repeat(cph_core::limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES)
    );
    for (body, code) in [
        (Value::Null, "CPS.0077"),
        (json!([]), "CPS.0077"),
        (json!({}), "CPS.0077"),
        (json!({ "phones": id }), "CPS.0077"),
        (json!({ "phones": [id] }), "CPS.0077"),
        (json!({ "phones": [] }), "CPS.0009"),
        (json!({ "phones": [{}] }), "CPS.0004"),
        (json!({ "phones": [{ "phone_id": [id] }] }), "CPS.0004"),
        (json!({ "phones": [{ "phone_id": id, "property": {} }] }), "CPS.0078"),
        (json!({ "phones": [{ "phone_id": id }], "image_id": 7 }), "CPS.0030"),
        (json!({ "phones": [{ "phone_id": id }], "image_id": "nougat" }), "CPS.0030"),
        (with_property(id, ""), "CPS.0078"),
        (with_property(id, "[]"), "CPS.0078"),
        (with_property(id, r#"{"imsi":"1",}"#), "CPS.0078"),
        (with_property(id, &long), "CPS.0078"),
        (with_property(id, r#"{"colour":"red"}"#), "CPS.0163"),
        (with_property(id, r#"{"imsi":"12345x"}"#), "CPS.0075"),
        (with_property(id, r#"{"imsi":null}"#), "CPS.0075"),
        (with_property(id, r#"{"sys.prop.writeimsi":"12345x"}"#), "CPS.0164"),
    ] {
        let answer = restart(&sim, &body).await;
        assert_eq!(error_code(&answer), (400, code), "{body}");
        let text = answer.1["error_msg"].as_str().unwrap();
        assert!(!text.is_empty(), "{body}");
        assert!(!text.contains("12345x"), "a value was repeated: {text}");
    }
    assert!(sim.ledger().phones.is_empty());
}

#[tokio::test]
async fn a_refused_key_is_named() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let (_, answer) = restart(&sim, &with_property(id, r#"{"colour":"red"}"#)).await;
    assert_eq!(answer["error_msg"], "Parameter: property colour not supported.");
    let (_, answer) = restart(&sim, &with_property(id, r#"{"persist.sys.locale":"?"}"#)).await;
    assert_eq!(answer["error_msg"], "Parameter: Invalid property persist.sys.locale.");
}

#[tokio::test]
async fn bad_ids_are_refused_one_by_one() {
    let sim = sim(1);
    let body = json!({ "phones": [
        { "phone_id": "phone-1" },
        { "phone_id": "" },
        { "phone_id": "0".repeat(64) },
        { "phone_id": "0".repeat(32) },
        { "phone_id": sim.phones()[0] },
    ] });
    let (status, answer) = restart(&sim, &body).await;
    assert_eq!(status, 200);
    assert_eq!(
        column(&answer, "jobs", "error_code"),
        [json!("CPS.0004"), json!("CPS.0004"), json!("CPS.0004"), json!("CPS.0005"), Value::Null]
    );
    assert_eq!(answer["jobs"][0]["error_msg"], "Parameter: phone_id is invalid.");
}

#[tokio::test]
async fn a_phone_that_is_named_twice_is_restarted_twice() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let (_, answer) = restart(&sim, &phones([id, id])).await;
    let jobs = column(&answer, "jobs", "job_id");
    assert_ne!(jobs[0], jobs[1]);
    assert_eq!(sim.ledger().of(id).len(), 2);
}
