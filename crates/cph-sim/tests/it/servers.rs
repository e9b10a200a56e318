//! Servers: lists, orders, and what is done to them as a whole.

use cph_core::{PhoneStatus, ServerStatus};
use cph_sim::{Fault, Fleet, Simulator};
use http::Method;
use serde_json::{Value, json};

use crate::support::{builder, column, error_code, get, read, request, seconds, sim};

const STRANGER: &str = "00000000000000000000000000000000";

/// Calls a path that need not be below `/v1/…/cloud-phone`.
pub(crate) async fn call(
    sim: &Simulator,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let mut request = request(sim, method, "", body);
    *request.uri_mut() = path.replacen('-', sim.project(), 1).parse().unwrap();
    read(&sim.call(request).await.unwrap())
}

async fn post(sim: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    call(sim, Method::POST, &format!("/v1/-/cloud-phone/servers/{path}"), body).await
}

/// Code and status of a job of this answer, once it has ended.
pub(crate) async fn ended(sim: &Simulator, answer: &Value) -> (i64, String, Value) {
    sim.clock().advance(seconds(1200));
    let query = format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap());
    let (_, jobs) = get(sim, &query).await;
    let job = &jobs["jobs"][0];
    (
        job["status"].as_i64().unwrap(),
        job["error_code"].as_str().unwrap().to_owned(),
        job["execute_msg"].clone(),
    )
}

async fn show(sim: &Simulator, server: impl AsRef<str>) -> Value {
    let (status, server) = get(sim, &format!("/servers/{}", server.as_ref())).await;
    assert_eq!(status, 200, "{server}");
    server
}

pub(crate) fn order() -> Value {
    json!({
        "server_name": "new",
        "server_model_name": "physical.kg1.4xlarge.cp",
        "phone_model_name": "kg1.cp.c20.d64SSD.e1v1",
        "image_id": "20060220200717f201120a2300000e91",
        "count": 1,
        "keypair_name": "keypair",
        "extend_param": { "charging_mode": 0, "period_type": 2, "period_num": 1 },
        "tenant_vpc_id": "fca063f6-b942-42a8-9004-e5545f58d6a2",
        "nics": [{ "subnet_id": "f1cbfc37-eb42-4357-a0ec-9e4f11950908" }],
        "public_ip": { "eip": { "type": "5_bgp" } },
        "band_width": {
            "band_width_size": 300, "band_width_charge_mode": 1, "band_width_share_type": 0,
        },
        "server_share_data_volume": { "volume_type": "GPSSD", "size": 100 },
        "property": "{\"com.cph.mainkeys\":\"1\"}",
    })
}

async fn buy(sim: &Simulator, body: &Value) -> (u16, Value) {
    call(sim, Method::POST, "/v2/-/cloud-phone/servers", body).await
}

#[tokio::test]
async fn the_servers_of_the_fleet_are_listed_page_by_page() {
    let sim = builder(5).servers(3).build().unwrap();
    let ids = sim.servers();
    assert_eq!(ids.len(), 3);
    let (_, phones) = get(&sim, &format!("/phones?server_id={}", ids[0])).await;
    assert_eq!(phones["count"], 2);
    let (_, page) = get(&sim, "/servers?offset=1&limit=1").await;
    assert_eq!((&page["count"], &page["servers"][0]["server_id"]), (&json!(3), &json!(ids[1])));

    sim.set_server_status(&ids[2], ServerStatus::Abnormal);
    for (filter, count) in [
        ("server_name=-0002", 1),
        (&format!("server_id={}", ids[1]), 1),
        ("network_version=v2", 0),
        ("phone_model_name=rx1.cp.c60.d10.e1v1&network_version=v1", 3),
        ("status=5", 2),
        ("status=3", 0),
        ("create_since=1761652800000&create_until=1761652800000", 3),
        ("create_since=1761652800001", 0),
    ] {
        let (_, found) = get(&sim, &format!("/servers?{filter}")).await;
        assert_eq!(found["count"], count, "{filter}");
    }
    assert_eq!(error_code(&get(&sim, "/servers?limit=101").await), (400, "CPS.0002"));
}

#[tokio::test]
async fn a_server_is_shown_in_full() {
    let csv = "phone_id,server_id,phone_model_name\n\
        a7f3a1c5258347d6b6f1def79e11f2bc,88b8449b896f3a4f0ad57222dd919090,kg1.cp.c100.d10SSD.e1v1\n";
    let sim = builder(0).fleet(Fleet::from_csv(csv.as_bytes()).unwrap()).build().unwrap();
    let server = show(&sim, "88b8449b896f3a4f0ad57222dd919090").await;
    assert_eq!(server["phone_model_name"], "kg1.cp.c100.d10SSD.e1v1");
    assert_eq!(server["server_model_name"], "physical.kg1.4xlarge.cp");
    assert_eq!((&server["status"], &server["network_version"]), (&json!(5), &json!("v1")));
    assert_eq!(column(&server, "band_widths", "band_width_share_type"), [1, 0]);
    assert_eq!(column(&server, "volumes", "volume_size"), [600]);
    assert_eq!(server["share_volume_info"]["size"], 50);

    assert_eq!(error_code(&get(&sim, "/servers/8").await), (400, "CPS.0097"));
    let unknown = get(&sim, &format!("/servers/{STRANGER}")).await;
    assert_eq!(error_code(&unknown), (400, "CPS.0159"));
}

/// Reads a list to its end, two rows a page.
async fn pages(sim: &Simulator, path: &str, list: &str, field: &str) -> Vec<Value> {
    let (mut all, mut marker) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/-/{path}limit=2{marker}");
        let (_, page) = call(sim, Method::GET, &path, &Value::Null).await;
        all.extend(column(&page, list, field));
        match page["page_info"]["next_marker"].as_str() {
            Some(next) => marker = format!("&marker={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn flavors_page_by_marker() {
    let sim = sim(0);
    let field = "server_model_name";
    let models = pages(&sim, "cloud-phone/server-models?", "server_models", field).await;
    assert!(models.contains(&json!("physical.rx1.xlarge")) && models.len() == 7, "{models:?}");
    let path = "cloud-phone/server-models?product_type=1&";
    assert_eq!(pages(&sim, path, "server_models", field).await.len(), 2);
    let offered = pages(&sim, "server-model-offerings?", "models", "model_name").await;
    assert_eq!(offered.len(), 14);
}

#[tokio::test]
async fn bought_servers_come_with_their_phones() {
    let sim = sim(1);
    let mut body = order();
    body["count"] = 2.into();
    sim.clock().advance(seconds(1));
    let (status, answer) = buy(&sim, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["order_id"].as_str().unwrap().starts_with("CS"));
    let ids: Vec<&str> =
        answer["server_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();

    let (_, creating) = get(&sim, "/servers?status=3").await;
    assert_eq!(column(&creating, "servers", "server_name"), ["new-0001", "new-0002"]);
    let (_, listed) = get(&sim, "/servers").await;
    assert_eq!((&listed["count"], &listed["servers"][0]["server_id"]), (&json!(3), &json!(ids[0])));
    let of_server = format!("/phones?server_id={}", ids[1]);
    assert_eq!(column(&get(&sim, &of_server).await.1, "phones", "status"), [1; 20]);

    sim.clock().advance(seconds(600));
    let server = show(&sim, ids[1]).await;
    assert_eq!((&server["status"], &server["network_version"]), (&json!(5), &json!("v2")));
    assert_eq!(server["vpc_id"], body["tenant_vpc_id"]);
    assert_eq!(server["metadata"]["order_id"], answer["order_id"]);
    assert_eq!(server["share_volume_info"]["version"], 1);
    let (_, phones) = get(&sim, &of_server).await;
    assert_eq!(column(&phones, "phones", "status"), [2; 20]);
    assert_eq!(phones["phones"][19]["phone_name"], "new-0002-0020");
    assert_eq!(phones["phones"][0]["image_id"], body["image_id"]);
    let phone = phones["phones"][0]["phone_id"].as_str().unwrap();
    let (_, detail) = get(&sim, &format!("/phones/{phone}")).await;
    assert!(detail["property"].as_str().unwrap().contains(r#""com.cph.mainkeys":"1""#));
}

#[tokio::test]
async fn servers_come_without_phones_too() {
    let sim = sim(0);
    let body = json!({
        "server_name": "cph-test-wy",
        "server_model_name": "physical.rx2.32xlarge.4",
        "count": 1,
        "order_param": { "charging_mode": 0, "period_type": 2, "period_num": 1 },
        "nics": [{ "subnet_id": "3c5e2638-b71f-4499-8d1e-355e89f21ae0" }],
        "keypair_name": "KeyPair-1d1d-wy",
        "public_ip": { "band_width": { "band_width_size": 300, "band_width_charge_mode": 1, "band_width_share_type": 0 } },
        "data_volume": { "volume_type": "GPSSD", "size": 100, "count": 2 },
    });
    let path = "/v2.1/-/cloud-phone/servers";
    let (status, answer) = call(&sim, Method::POST, path, &body).await;
    assert_eq!(status, 200, "{answer}");
    sim.clock().advance(seconds(600));
    let server = show(&sim, answer["server_ids"][0].as_str().unwrap()).await;
    assert_eq!((&server["status"], server.get("phone_model_name")), (&json!(5), None));
    assert_eq!(column(&server, "volumes", "volume_size"), [100, 100]);
    assert!(sim.phones().is_empty());

    let mut many = body.clone();
    many["data_volume"]["count"] = 1_000_000.into();
    assert_eq!(error_code(&call(&sim, Method::POST, path, &many).await), (400, "CPS.0024"));
}

#[tokio::test]
async fn orders_that_cannot_be_placed_are_refused() {
    let sim = sim(0);
    for (pointer, value, code) in [
        ("/count", json!(0), "CPS.0024"),
        ("/count", json!(11), "CPS.0024"),
        ("/server_name", json!("a b"), "CPS.0087"),
        ("/server_name", json!("n".repeat(61)), "CPS.0087"),
        ("/server_model_name", json!("physical.none"), "CPS.0089"),
        ("/phone_model_name", json!("kg1.cp.c999999.d1"), "CPS.0028"),
        ("/phone_model_name", json!("rx1.cp.c60.d10.e1v1"), "CPS.0257"),
        ("/image_id", json!("none"), "CPS.0030"),
        ("/keypair_name", json!(""), "CPS.0068"),
        ("/nics", json!([]), "CPS.0226"),
        ("/extend_param/charging_mode", json!(2), "CPS.0056"),
        ("/extend_param/period_type", json!(1), "CPS.0057"),
        ("/extend_param/period_num", json!(10), "CPS.0058"),
        ("/band_width/band_width_size", json!(0), "CPS.0036"),
        ("/band_width/band_width_share_type", json!(1), "CPS.0032"),
        ("/band_width/band_width_charge_mode", json!(2), "CPS.0035"),
        ("/property", json!("{\"none\":\"1\"}"), "CPS.0163"),
    ] {
        let mut body = order();
        *body.pointer_mut(pointer).unwrap() = value;
        assert_eq!(error_code(&buy(&sim, &body).await), (400, code), "{pointer}");
    }
    let mut body = order();
    body.as_object_mut().unwrap().remove("server_model_name");
    assert_eq!(error_code(&buy(&sim, &body).await), (400, "CPS.0088"));
    assert!(sim.servers().is_empty());
}

#[tokio::test]
async fn a_restart_takes_the_phones_along() {
    let sim = builder(4).servers(2).build().unwrap();
    let (ids, phones) = (sim.servers(), sim.phones());
    sim.set_phone_status(&phones[1], PhoneStatus::Frozen);
    let body = json!({ "server_ids": [ids[0], STRANGER, "8"] });
    let (status, answer) = post(&sim, "batch-restart", &body).await;
    assert_eq!(status, 200);
    assert_eq!(
        column(&answer, "jobs", "error_code"),
        [Value::Null, json!("CPS.0159"), json!("CPS.0097")]
    );
    assert_eq!(sim.ledger().servers[ids[0].as_str()].len(), 1);
    let statuses = || [0, 1, 2].map(|phone: usize| sim.phone_status(&phones[phone]).unwrap());
    assert_eq!(sim.server_status(&ids[0]), Some(ServerStatus::Starting));
    assert_eq!(statuses(), [PhoneStatus::Restarting, PhoneStatus::Frozen, PhoneStatus::Running]);
    let again = post(&sim, "batch-restart", &json!({ "server_ids": [ids[0]] })).await;
    assert_eq!(again.1["jobs"][0]["error_code"], "CPS.0158");

    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(sim.server_status(&ids[0]), Some(ServerStatus::Normal));
    assert_eq!(statuses(), [PhoneStatus::Running, PhoneStatus::Frozen, PhoneStatus::Running]);

    for (status, code) in [
        (ServerStatus::Creating, "CPS.0158"),
        (ServerStatus::Frozen, "CPS.1028"),
        (ServerStatus::ShutDown, "CPS.0158"),
    ] {
        sim.set_server_status(&ids[1], status);
        let (_, refused) = post(&sim, "batch-restart", &json!({ "server_ids": [ids[1]] })).await;
        assert_eq!(refused["jobs"][0]["error_code"], code, "{status}");
    }
    let many = json!({ "server_ids": vec![STRANGER; 101] });
    assert_eq!(error_code(&post(&sim, "batch-restart", &many).await), (400, "CPS.0096"));
    let none = json!({ "server_ids": [] });
    assert_eq!(error_code(&post(&sim, "batch-restart", &none).await), (400, "CPS.0095"));
}

#[tokio::test]
async fn a_restart_that_fails_leaves_server_and_phones_ill() {
    let sim = builder(1).fault(Fault::fail_job("CPS.0054")).build().unwrap();
    let server = &sim.servers()[0];
    let (_, answer) = post(&sim, "batch-restart", &json!({ "server_ids": [server] })).await;
    assert_eq!(ended(&sim, &answer).await.1, "CPS.0054");
    assert_eq!(sim.server_status(server), Some(ServerStatus::Abnormal));
    assert_eq!(sim.phone_status(&sim.phones()[0]), Some(PhoneStatus::RestartFailed));
}

#[tokio::test]
async fn a_change_replaces_the_phones() {
    let sim = sim(2);
    let (server, old) = (sim.servers()[0].clone(), sim.phones());
    let mut body = order();
    body["phone_model_name"] = "rx1.cg.c15.d30.e1v1".into();
    let path = format!("/v2/-/cloud-phone/servers/{server}/change");
    let (status, answer) = call(&sim, Method::POST, &path, &body).await;
    assert_eq!((status, &answer["server_id"]), (200, &json!(server)), "{answer}");
    assert_eq!(sim.phones(), old);
    let again = call(&sim, Method::POST, &path, &body).await;
    assert_eq!(error_code(&again), (400, "CPS.0099"));

    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(sim.phones().len(), 15);
    assert!(!sim.phones().contains(&old[0]));
    let shown = show(&sim, &server).await;
    assert_eq!(shown["phone_model_name"], "rx1.cg.c15.d30.e1v1");
    assert_eq!((&shown["server_name"], &shown["status"]), (&json!("server-0001"), &json!(5)));
    body["phone_model_name"] = "kg1.cp.c20.d64SSD.e1v1".into();
    let misfit = call(&sim, Method::POST, &path, &body).await;
    assert_eq!(error_code(&misfit), (400, "CPS.0257"));
}

#[tokio::test]
async fn another_flavor_takes_two_minutes() {
    let sim = sim(1);
    let server = &sim.servers()[0];
    let mut body = json!({
        "server_id": server,
        "server_model_name": "physical.rx1.xlarge.special",
        "phone_model_name": "rx1.cp.sp.c60.d8.e5v5",
    });
    let (status, answer) = post(&sim, "change-server-model", &body).await;
    assert!(status == 200 && answer["order_id"].is_string(), "{answer}");
    sim.clock().advance(seconds(60));
    assert_eq!(show(&sim, server).await["server_model_name"], "physical.rx1.xlarge");
    sim.clock().advance(seconds(70));
    assert_eq!(show(&sim, server).await["server_model_name"], "physical.rx1.xlarge.special");
    let (_, phones) = get(&sim, "/phones").await;
    assert_eq!(phones["phones"][0]["phone_model_name"], "rx1.cp.sp.c60.d8.e5v5");

    for (field, value, code) in [
        ("server_id", json!("8"), "CPS.0097"),
        ("phone_model_name", json!("rx1.cp.c15.d8"), "CPS.0157"),
        ("server_model_name", json!("physical.rx2.32xlarge.4"), "CPS.0089"),
    ] {
        let before = std::mem::replace(&mut body[field], value);
        let refused = post(&sim, "change-server-model", &body).await;
        assert_eq!(error_code(&refused), (400, code), "{field}");
        body[field] = before;
    }
}

#[tokio::test]
async fn a_deletion_is_one_job_for_all_servers() {
    let sim = builder(6).servers(3).build().unwrap();
    let ids = sim.servers();
    let delete = async |servers: Value| {
        let body = json!({ "server_ids": servers });
        call(&sim, Method::DELETE, "/v2/-/cloud-phone/servers", &body).await
    };
    let (status, answer) = delete(json!([ids[2], ids[0]])).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(sim.server_status(&ids[0]), Some(ServerStatus::ShuttingDown));
    let ledger = sim.ledger().servers;
    assert!(ledger.values().all(|done| answer["job_id"] == done[0].job_id.as_str()));
    assert_eq!(ledger.len(), 2);

    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(sim.servers(), [ids[1].clone()]);
    assert_eq!((sim.phones().len(), sim.encode_servers().len()), (2, 2));
    assert_eq!(error_code(&delete(json!([ids[1], ids[0]])).await), (400, "CPS.0159"));
    assert_eq!(error_code(&delete(json!(vec![STRANGER; 11])).await), (400, "CPS.0096"));
    let (_, bought) = buy(&sim, &order()).await;
    sim.clock().advance(seconds(600));
    assert_eq!(error_code(&delete(bought["server_ids"].clone()).await), (400, "CPS.0094"));
}

#[tokio::test]
async fn names_change_at_once_and_key_pairs_by_a_job() {
    let sim = sim(1);
    let server = &sim.servers()[0];
    let rename = async |name: &str| {
        let path = format!("/v1/-/cloud-phone/servers/{server}");
        call(&sim, Method::PUT, &path, &json!({ "server_name": name })).await
    };
    assert_eq!(rename("云手机_1").await.0, 200);
    assert_eq!(show(&sim, server).await["server_name"], "云手机_1");
    assert_eq!(error_code(&rename("").await), (400, "CPS.0087"));

    let update = async |keypair: &str| {
        let body = json!({ "servers": [{ "server_id": server, "keypair_name": keypair }] });
        call(&sim, Method::PUT, "/v1/-/cloud-phone/servers/open-access", &body).await
    };
    let (_, answer) = update("mykeypair").await;
    assert_eq!(show(&sim, server).await["keypair_name"], "KeyPair-sim");
    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(show(&sim, server).await["keypair_name"], "mykeypair");
    assert_eq!(update("").await.1["jobs"][0]["error_code"], "CPS.0068");
    sim.set_server_status(server, ServerStatus::Creating);
    assert_eq!(update("other").await.1["jobs"][0]["error_code"], "CPS.0098");
}

#[tokio::test]
async fn file_systems_are_attached_once() {
    let sim = sim(1);
    let mut body = json!({ "type": "sfs_turbo", "id": "file-system", "server_ids": sim.servers() });
    for (action, status, code) in [
        ("detach", -1, "CPS.0003"),
        ("attach", 2, ""),
        ("attach", -1, "CPS.0003"),
        ("detach", 2, ""),
    ] {
        let path = format!("/v1/-/servers/{action}-share-filesystem");
        let (_, answer) = call(&sim, Method::POST, &path, &body).await;
        let ended = ended(&sim, &answer).await;
        assert_eq!((ended.0, ended.1.as_str()), (status, code), "{action}");
    }
    let path = "/v1/-/servers/attach-share-filesystem";
    for (field, value, code) in [
        ("type", json!("nfs"), "CPS.0116"),
        ("path", json!("games"), "CPS.0199"),
        ("server_ids", json!([STRANGER]), "CPS.0159"),
        ("server_ids", json!(vec![STRANGER; 21]), "CPS.0096"),
    ] {
        let before = body.clone();
        body[field] = value;
        let refused = call(&sim, Method::POST, path, &body).await;
        assert_eq!(error_code(&refused), (400, code), "{field}");
        body = before;
    }
}
