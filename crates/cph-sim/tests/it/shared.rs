//! What the phones of a server share: files, apps, encoding services, bandwidths.

use cph_core::{EncodeServerFilter, ServerStatus};
use cph_sim::Simulator;
use http::Method;
use serde_json::{Value, json};

use crate::{
    servers::{call, ended},
    support::{builder, column, error_code, get, seconds, sim},
};

const FILES: &str = "/v1/-/cloud-phone/phones/share-files";
const APPS: &str = "/v1/-/cloud-phone/phones/share-apps";

async fn push(sim: &Simulator, object: &str) -> (u16, Value) {
    let body =
        json!({ "bucket_name": "bucket", "object_path": object, "server_ids": sim.servers() });
    call(sim, Method::POST, FILES, &body).await
}

/// Asks for a listing and returns what the job prints.
async fn listing(sim: &Simulator, query: &str) -> String {
    let path = format!("/servers/share-files?server_ids={}&{query}", sim.servers()[0]);
    let (status, answer) = get(sim, &path).await;
    assert_eq!(status, 200, "{answer}");
    ended(sim, &answer).await.2.as_str().unwrap().to_owned()
}

async fn files(sim: &Simulator, query: &str) -> Value {
    let mut listing: Value = serde_json::from_str(&listing(sim, query).await).unwrap();
    listing["files_in_path"].take()
}

#[tokio::test]
async fn files_come_are_listed_and_go() {
    let sim = sim(1);
    let (status, answer) = push(&sim, "my_apps/test.tar").await;
    assert_eq!((status, ended(&sim, &answer).await.0), (200, 2));
    push(&sim, "other.tar").await;
    let found = files(&sim, "path=/data").await;
    assert_eq!(found["total"], 1, "the second one is on its way: {found}");
    let row = found["files"][0].as_str().unwrap();
    assert!(row.ends_with(" Oct 28 12:00 test"), "{row}");

    let page = files(&sim, "path=/data&offset=1&limit=1").await;
    assert_eq!((&page["total"], &page["count"]), (&json!(2), &json!(1)));
    assert!(page["files"][0].as_str().unwrap().ends_with(" test"), "{page}");

    let delete = async |paths: Value| {
        let body = json!({ "server_ids": sim.servers(), "file_paths": paths });
        call(&sim, Method::POST, FILES, &body).await
    };
    let (_, answer) = delete(json!(["/data/test"])).await;
    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(files(&sim, "path=/data/").await["total"], 1);
    for paths in [json!([]), json!(["data"]), json!(["/data/../etc"])] {
        assert_eq!(error_code(&delete(paths).await), (400, "CPS.0155"));
    }
}

#[tokio::test]
async fn a_long_listing_is_cut() {
    let sim = sim(1);
    for number in 0..40 {
        push(&sim, &format!("a-file-with-quite-a-long-name-{number}.tar")).await;
    }
    sim.clock().advance(seconds(60));
    let listing = listing(&sim, "path=/data").await;
    assert_eq!(listing.len(), 1024);
    assert!(serde_json::from_str::<Value>(&listing).unwrap_err().is_eof());
}

#[tokio::test]
async fn files_are_refused_by_path_and_by_server() {
    let sim = sim(1);
    assert_eq!(error_code(&push(&sim, "test.apk").await), (400, "CPS.0135"));
    let server = sim.servers()[0].clone();
    for path in ["/", "data", "/data/../x", "/data//x"] {
        let path = format!("/servers/share-files?server_ids={server}&path={path}");
        assert_eq!(error_code(&get(&sim, &path).await), (400, "CPS.0199"), "{path}");
    }
    let long = format!("/servers/share-files?server_ids={server}&path=/data&limit=100");
    assert_eq!(error_code(&get(&sim, &long).await), (400, "CPS.0002"));
    let none = get(&sim, "/servers/share-files?server_ids=,&path=/data").await;
    assert_eq!(error_code(&none), (400, "CPS.0095"));
    let stranger = get(&sim, "/servers/share-files?server_ids=xxxxxxx&path=/data").await.1;
    assert_eq!(stranger["jobs"][0]["error_code"], "CPS.0097");
    sim.set_server_status(&server, ServerStatus::ShutDown);
    let (_, refused) = push(&sim, "test.tar").await;
    assert_eq!(refused["jobs"][0]["error_code"], "CPS.0099");
}

#[tokio::test]
async fn apps_show_in_the_snapshot_of_the_next_even_hour() {
    let sim = sim(1);
    let server = sim.servers()[0].clone();
    let push = async |package: &str, object: &str| {
        let body = json!({
            "package_name": package,
            "bucket_name": "bucket",
            "object_path": object,
            "server_ids": [server],
        });
        call(&sim, Method::POST, APPS, &body).await
    };
    let snapshot = async |query: &str| {
        let path = format!("/v1/-/servers/{server}/share-apps-snapshot?{query}");
        call(&sim, Method::GET, &path, &Value::Null).await.1
    };
    for (package, object) in
        [("com.b", "1.0.tar"), ("com.a", "2.0.tar"), ("com.b", "1.1.tar"), ("com.c", "-1.tar")]
    {
        assert_eq!(push(package, object).await.0, 200);
    }
    sim.clock().advance(seconds(3600));
    let early = snapshot("").await;
    assert_eq!(early["collect_time"], "2025-10-28T12:00:00Z");
    assert_eq!(early["share_apps"], json!([]));

    sim.clock().advance(seconds(3600));
    let first = snapshot("limit=1").await;
    assert_eq!(first["collect_time"], "2025-10-28T14:00:00Z");
    assert_eq!(column(&first, "share_apps", "package_name"), ["com.a"]);
    let next = first["page_info"]["next_marker"].as_str().unwrap();
    let second = snapshot(&format!("limit=1&marker={next}")).await;
    assert_eq!(
        second["share_apps"],
        json!([{ "package_name": "com.b", "versions": ["1.0", "1.1"] }])
    );
    assert_eq!(second["page_info"].get("next_marker"), None);
    let narrowed = snapshot("package_name=com.b").await;
    assert_eq!(column(&narrowed, "share_apps", "package_name"), ["com.b"]);

    let body = json!({ "package_name": "com.b", "server_ids": [server] });
    let (_, answer) = call(&sim, Method::DELETE, APPS, &body).await;
    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(column(&snapshot("").await, "share_apps", "package_name"), ["com.a", "com.b"]);
    sim.clock().advance(seconds(7200));
    assert_eq!(column(&snapshot("").await, "share_apps", "package_name"), ["com.a"]);
    let (_, answer) = call(&sim, Method::DELETE, APPS, &body).await;
    assert_eq!(ended(&sim, &answer).await.1, "CPS.1010");
    assert_eq!(error_code(&push("com", "1.tar").await), (400, "CPS.0173"));
}

#[tokio::test]
async fn encoding_services_restart() {
    let sim = builder(2).servers(2).build().unwrap();
    let ids = sim.encode_servers();
    let restart = async |ids: Value| {
        let path = "/v1/-/cloud-phone/encode-servers/batch-restart";
        call(&sim, Method::POST, path, &json!({ "encode_server_ids": ids })).await
    };
    let list = async |query: &str| {
        let (_, found) = get(&sim, &format!("/encode-servers?{query}")).await;
        column(&found, "encode_servers", "status")
    };
    sim.set_encode_server_status(&ids[1], EncodeServerFilter::Frozen);
    sim.set_encode_server_status(&ids[2], EncodeServerFilter::Creating);
    let targets = json!([ids[0], ids[1], ids[2], "8", "00000000000000000000000000000000"]);
    let (_, answer) = restart(targets).await;
    assert_eq!(
        column(&answer, "jobs", "error_code")[1..],
        ["CPS.0195", "CPS.0124", "CPS.0121", "CPS.0123"]
    );
    assert_eq!(list("").await, [3, 2, 4, 1]);
    assert_eq!(list("status=4").await, [2], "frozen");
    assert_eq!(list("status=1014").await, [4], "creating");
    assert_eq!(list(&format!("type=1&server_id={}", sim.servers()[1])).await, [1]);
    assert_eq!(list("offset=1&limit=2").await, [2, 4]);
    assert_eq!(ended(&sim, &answer).await.0, 2);
    assert_eq!(list("").await, [1, 2, 4, 1]);
    assert_eq!(sim.ledger().encode_servers.len(), 1);
    assert_eq!(error_code(&restart(json!([])).await), (400, "CPS.0122"));
}

#[tokio::test]
async fn only_shared_bandwidths_grow_and_only_in_steps() {
    let sim = builder(2).servers(2).build().unwrap();
    let (_, listed) = get(&sim, "/bandwidths?limit=2").await;
    assert_eq!(column(&listed, "band_widths", "band_width_share_type"), [1, 0]);
    let ids = column(&listed, "band_widths", "band_width_id");
    let update = async |id: &Value, size: i64| {
        let path = format!("/v1/-/cloud-phone/bandwidths/{}", id.as_str().unwrap());
        call(&sim, Method::PUT, &path, &json!({ "band_width_size": size })).await
    };
    for size in [1, 299, 350, 1000, 1500] {
        assert_eq!(update(&ids[0], size).await.0, 200, "{size}");
    }
    let (_, listed) = get(&sim, "/bandwidths").await;
    assert_eq!(column(&listed, "band_widths", "band_width_size"), [1500, 300, 300]);
    for size in [0, 301, 325, 1050, -5] {
        assert_eq!(error_code(&update(&ids[0], size).await), (400, "CPS.0036"), "{size}");
    }
    assert_eq!(error_code(&update(&ids[1], 350).await), (400, "CPS.0160"));
    assert_eq!(error_code(&update(&json!("none"), 350).await), (400, "CPS.0115"));
}
