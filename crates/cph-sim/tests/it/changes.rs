//! Resets, stops, names, properties, routes and disks.

use cph_core::PhoneStatus;
use cph_sim::{Assumptions, Fault, Simulator};
use serde_json::{Value, json};

use crate::support::{
    builder, column, detail, error_code, get, job_status, phones, post, put, seconds, sim,
};

const NOBODY: &str = "00000000000000000000000000000000";

async fn reset(sim: &Simulator, body: &Value) -> (u16, Value) {
    post(sim, "/phones/batch-reset", body).await
}

async fn update(sim: &Simulator, body: &Value) -> (u16, Value) {
    post(sim, "/phones/batch-update-property", body).await
}

fn property(detail: &Value) -> Value {
    serde_json::from_str(detail["property"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_reset_drops_what_was_set_unless_it_is_given() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let set = json!({ "phones": [{
        "phone_id": id,
        "property": r#"{"com.cph.mainkeys":"1","sys.prop.writewifissid":"shop"}"#,
        "custom_property": { "my.shop": "Büro 7" },
    }] });
    update(&sim, &set).await;
    sim.clock().advance(seconds(10));
    let image = "1564567b8bab40f34711234cb80d8574";
    let body = json!({
        "phones": [{ "phone_id": id, "property": r#"{"sys.prop.writewifissid":"till"}"# }],
        "image_id": image,
    });
    let (status, answer) = reset(&sim, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(sim.phone_status(id), Some(PhoneStatus::Resetting));
    assert_eq!(property(&detail(&sim, id).await)["sys.prop.writewifissid"], "shop");
    let again = reset(&sim, &body).await.1;
    assert_eq!(column(&again, "jobs", "error_code"), ["CPS.0165"]);

    sim.clock().advance(seconds(60));
    assert_eq!(job_status(&sim, &answer).await, [2]);
    let phone = detail(&sim, id).await;
    assert_eq!((&phone["status"], &phone["image_id"]), (&json!(2), &json!(image)));
    assert_eq!(property(&phone)["sys.prop.writewifissid"], "till");
    assert_eq!(property(&phone)["com.cph.mainkeys"], "0");
    assert_eq!(phone["custom_property"]["my.shop"], "Büro 7");

    let body = json!({ "phones": [{ "phone_id": id, "factory_reset_enabled": true }] });
    let (_, answer) = reset(&sim, &body).await;
    sim.clock().advance(seconds(60));
    let phone = detail(&sim, id).await;
    assert_eq!(property(&phone)["sys.prop.writewifissid"], "cloudphone_wifi");
    assert_eq!(phone.get("custom_property"), None);
    let job = format!("/jobs/{}", answer["jobs"][0]["job_id"].as_str().unwrap());
    assert_eq!(phone["update_time"], get(&sim, &job).await.1["end_time"]);
}

#[tokio::test]
async fn a_job_that_fails_or_hangs_changes_nothing() {
    let sim = sim(2);
    let ids = sim.phones();
    sim.inject(Fault::fail_job("CPS.0054").phone(&ids[0]).always()).unwrap();
    sim.inject(Fault::hang_job().phone(&ids[1]).always()).unwrap();
    reset(&sim, &phones(&ids)).await;
    sim.clock().advance(seconds(60));
    assert_eq!(sim.phone_status(&ids[0]), Some(PhoneStatus::ResetFailed));
    assert_eq!(sim.phone_status(&ids[1]), Some(PhoneStatus::Resetting));
    let traffic = json!({ "traffic_type": "routing", "phone_ids": [ids[0]] });
    post(&sim, "/phones-traffic", &traffic).await;
    sim.clock().advance(seconds(60));
    assert_eq!(detail(&sim, &ids[0]).await["traffic_type"], "direct");
    assert_eq!(sim.ledger().of(&ids[0]).len(), 2);

    sim.set_phone_status(&ids[0], PhoneStatus::Running);
    post(&sim, "/phones/batch-stop", &json!({ "phone_ids": [ids[0]] })).await;
    sim.clock().advance(seconds(10));
    assert_eq!(sim.phone_status(&ids[0]), Some(PhoneStatus::ShutdownFailed));
}

#[tokio::test]
async fn only_running_phones_are_stopped() {
    let sim = sim(3);
    let ids = sim.phones();
    sim.set_phone_status(&ids[1], PhoneStatus::ShutDown);
    sim.set_phone_status(&ids[2], PhoneStatus::Frozen);
    let body = json!({ "phone_ids": [ids[0], ids[1], ids[2], NOBODY, "phone-1", "0".repeat(33)] });
    let (status, answer) = post(&sim, "/phones/batch-stop", &body).await;
    assert_eq!(status, 200, "{answer}");
    let codes = column(&answer, "jobs", "error_code");
    assert_eq!(codes[0], Value::Null);
    assert_eq!(codes[1..], ["CPS.0141", "CPS.0053", "CPS.0005", "CPS.0004", "CPS.0004"]);
    assert_eq!(sim.phone_status(&ids[0]), Some(PhoneStatus::ShuttingDown));
    sim.clock().advance(seconds(10));
    assert_eq!(sim.phone_status(&ids[0]), Some(PhoneStatus::ShutDown));
    assert_eq!(get(&sim, "/phones?status=8").await.1["count"], 2);
}

#[tokio::test]
async fn a_phone_is_renamed_at_once() {
    let sim = sim(1);
    let path = format!("/phones/{}", sim.phones()[0]);
    let (status, _) = put(&sim, &path, &json!({ "phone_name": "till_7-云手机" })).await;
    assert_eq!(status, 200);
    let (_, list) = get(&sim, "/phones?phone_name=till_7").await;
    assert_eq!(column(&list, "phones", "phone_name"), ["till_7-云手机"]);
    assert!(sim.ledger().phones.is_empty(), "no job");
    for (path, name, refused) in [
        (path.as_str(), json!(""), (400, "CPS.0025")),
        (&path, json!("a b"), (400, "CPS.0025")),
        (&path, json!("x".repeat(61)), (400, "CPS.0025")),
        (&path, Value::Null, (400, "CPS.0025")),
        ("/phones/nobody", json!("x"), (400, "CPS.0004")),
        (&format!("/phones/{NOBODY}"), json!("x"), (404, "CPS.0005")),
    ] {
        let answer = put(&sim, path, &json!({ "phone_name": name })).await;
        assert_eq!(error_code(&answer), refused, "{path} {name}");
    }
}

#[tokio::test]
async fn properties_are_updated_key_by_key_when_the_job_ends() {
    let sim = sim(2);
    let ids = sim.phones();
    let phone = |id: &str, custom: Value| json!({ "phones": [{ "phone_id": id, "property": r#"{"com.cph.mainkeys":"1"}"#, "custom_property": custom }] });
    let (_, answer) = update(&sim, &phone(ids[0].as_str(), json!({ "a": "1", "b": "1" }))).await;
    assert_eq!(property(&detail(&sim, &ids[0]).await)["com.cph.mainkeys"], "0");
    sim.clock().advance(seconds(10));
    assert_eq!(job_status(&sim, &answer).await, [2]);
    update(&sim, &phone(ids[0].as_str(), json!({ "b": "2" }))).await;
    sim.clock().advance(seconds(10));
    let shown = detail(&sim, &ids[0]).await;
    assert_eq!(property(&shown)["com.cph.mainkeys"], "1");
    assert_eq!(property(&shown)["sys.prop.writewifissid"], "cloudphone_wifi");
    assert_eq!(shown["custom_property"], json!({ "a": "1", "b": "2" }));
    assert_eq!(detail(&sim, &ids[1]).await.get("custom_property"), None);

    sim.set_phone_status(&ids[1], PhoneStatus::Abnormal);
    let (_, answer) = update(&sim, &phone(ids[1].as_str(), Value::Null)).await;
    assert_eq!(answer["error_code"], "CPS.0078", "null is no map: {answer}");
    let (_, answer) = update(&sim, &phone(ids[1].as_str(), json!({}))).await;
    assert!(answer["jobs"][0]["job_id"].is_string(), "an abnormal phone takes them: {answer}");
}

#[tokio::test]
async fn a_bad_custom_property_refuses_what_a_bad_property_refuses() {
    let long = json!({ "a": "x".repeat(7800) });
    for (property, custom, code) in [
        ("{}", long, "CPS.0078"),
        ("{}", json!({ "a": 1 }), "CPS.0077"),
        ("{}", json!({ "com.cph.mainkeys": "7" }), "CPS.0164"),
        ("{}", json!({ "imsi": "12345x" }), "CPS.0075"),
        ("[]", json!({}), "CPS.0078"),
        (r#"{"colour":"red"}"#, json!({ "colour": "red" }), "CPS.0163"),
    ] {
        let sim = sim(1);
        let id = &sim.phones()[0];
        let body = json!({ "phones": [{ "phone_id": id, "property": property, "custom_property": custom }] });
        assert_eq!(error_code(&update(&sim, &body).await), (400, code), "{property} {custom}");
        assert!(sim.ledger().phones.is_empty());
    }
    let assumptions = Assumptions { property_refuses_whole_call: false, ..Assumptions::default() };
    let sim = builder(1).assume(assumptions).build().unwrap();
    let id = &sim.phones()[0];
    let body = json!({ "phones": [{ "phone_id": id, "property": "{}", "custom_property": { "com.cph.mainkeys": "7" } }] });
    assert_eq!(column(&update(&sim, &body).await.1, "jobs", "error_code"), ["CPS.0164"]);
    let body = json!({ "phones": [{ "phone_id": id }] });
    assert_eq!(error_code(&update(&sim, &body).await), (400, "CPS.0078"));
}

#[tokio::test]
async fn traffic_takes_another_route() {
    let sim = sim(2);
    let ids = sim.phones();
    let body = json!({ "traffic_type": "routing", "phone_ids": [ids[0]] });
    let (status, _) = post(&sim, "/phones-traffic", &body).await;
    assert_eq!(status, 200);
    sim.clock().advance(seconds(10));
    assert_eq!(detail(&sim, &ids[0]).await["traffic_type"], "routing");
    let (_, list) = get(&sim, "/phones").await;
    assert_eq!(column(&list, "phones", "traffic_type"), ["routing", "direct"]);
    for (body, code) in [
        (json!({ "traffic_type": "scenic", "phone_ids": ids }), "CPS.0116"),
        (json!({ "phone_ids": ids }), "CPS.0116"),
        (json!({ "traffic_type": "direct", "phone_ids": [] }), "CPS.0009"),
        (json!({ "traffic_type": "direct" }), "CPS.0080"),
        (json!({ "traffic_type": "direct", "phone_ids": vec![NOBODY; 101] }), "CPS.0190"),
    ] {
        assert_eq!(error_code(&post(&sim, "/phones-traffic", &body).await), (400, code), "{body}");
    }
}

#[tokio::test]
async fn disks_only_grow() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let expand = async |size: Value| {
        let body = json!({ "phones": [{ "phone_id": id, "new_size": size }] });
        post(&sim, "/phones/expand-volume", &body).await
    };
    let (_, answer) = expand(json!(100)).await;
    assert!(answer["jobs"][0]["job_id"].is_string(), "{answer}");
    assert_eq!(detail(&sim, id).await["phone_data_volume"]["volume_size"], 10);
    expand(json!(50)).await;
    sim.clock().advance(seconds(10));
    assert_eq!(detail(&sim, id).await["phone_data_volume"]["volume_size"], 100);
    for size in [99, 0, -1] {
        assert_eq!(column(&expand(json!(size)).await.1, "jobs", "error_code"), ["CPS.0347"]);
    }
    for size in [json!(32_769), json!("100"), Value::Null] {
        assert_eq!(error_code(&expand(size).await), (400, "CPS.0347"));
    }
    assert_eq!(sim.ledger().of(id).len(), 2);
}
