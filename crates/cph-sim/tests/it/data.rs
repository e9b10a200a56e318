//! Exports and imports.

use cph_core::PhoneStatus;
use serde_json::{Value, json};

use crate::support::{column, error_code, install, job_status, post, printed, seconds, sim};

#[tokio::test]
async fn what_was_exported_can_be_imported_elsewhere() {
    let sim = sim(2);
    let ids = sim.phones();
    install(&sim, &ids[0], "com.shop.till").await;
    let export = json!({ "storage_infos": [{
        "phone_id": ids[0],
        "include_files": ["/data/app", "/data/local", "/data/media"],
        "exclude_files": ["/data/app/com.xx.xx-*"],
        "bucket_name": "mybucket",
        "object_path": "myimage/v1/a.tar",
    }] });
    let import = json!({ "restore_infos": [
        { "phone_id": ids[1], "bucket_name": "mybucket", "object_path": "myimage/v1/a.tar" },
        { "phone_id": "0".repeat(32), "bucket_name": "mybucket", "object_path": "myimage/v1/a.tar" },
    ] });
    let (status, answer) = post(&sim, "/phones/batch-storage", &export).await;
    assert_eq!(status, 200, "{answer}");
    let (_, early) = post(&sim, "/phones/batch-restore", &import).await;
    assert_eq!(column(&early, "jobs", "error_code"), ["CPS.0172", "CPS.0005"]);
    sim.clock().advance(seconds(60));
    assert_eq!(job_status(&sim, &answer).await, [2]);
    let (_, answer) = post(&sim, "/phones/batch-restore", &import).await;
    assert!(answer["jobs"][0]["job_id"].is_string(), "{answer}");
    assert_eq!(printed(&sim, &ids[1], "pm list packages").await, "");
    sim.clock().advance(seconds(60));
    assert_eq!(printed(&sim, &ids[1], "pm list packages").await, "package:com.shop.till");
    sim.set_phone_status(&ids[0], PhoneStatus::Frozen);
    let (_, answer) = post(&sim, "/phones/batch-storage", &export).await;
    assert_eq!(column(&answer, "jobs", "error_code"), ["CPS.0053"]);
}

#[tokio::test]
async fn each_bad_export_or_import_is_refused() {
    let sim = sim(1);
    let id = &sim.phones()[0];
    let target = |field: &str, value: Value| {
        let mut target = json!({ "phone_id": id, "include_files": ["/data/app"], "bucket_name": "bucket", "object_path": "a.tar" });
        target[field] = value;
        target
    };
    for (field, value, code) in [
        ("include_files", json!([]), "CPS.0168"),
        ("include_files", json!(["/system"]), "CPS.0168"),
        ("include_files", json!(["/database"]), "CPS.0168"),
        ("include_files", json!(["/data/*/a"]), "CPS.0168"),
        ("include_files", json!(["/data/misc"]), "CPS.0168"),
        ("include_files", json!(["/data/misc/a", "/data/system", "/data/system_de"]), "CPS.0168"),
        ("include_files", json!("/data"), "CPS.0168"),
        ("include_files", json!([7]), "CPS.0168"),
        ("exclude_files", json!(["app"]), "CPS.0169"),
        ("bucket_name", json!("ab"), "CPS.0134"),
        ("bucket_name", json!("a_b"), "CPS.0134"),
        ("object_path", json!(""), "CPS.0135"),
        ("object_path", json!("a b"), "CPS.0135"),
        ("object_path", json!("x".repeat(1025)), "CPS.0135"),
    ] {
        let body = json!({ "storage_infos": [target(field, value)] });
        let answer = post(&sim, "/phones/batch-storage", &body).await;
        assert_eq!(error_code(&answer), (400, code), "{body}");
    }
    for (path, body, code) in [
        ("storage", json!({ "storage_infos": [] }), "CPS.0167"),
        ("storage", json!({}), "CPS.0167"),
        ("restore", json!({ "restore_infos": [] }), "CPS.0171"),
        ("restore", json!({ "restore_infos": 1 }), "CPS.0171"),
        ("restore", json!({ "restore_infos": [target("bucket_name", json!("A-b"))] }), "CPS.0134"),
        ("restore", json!({ "restore_infos": [target("object_path", json!(""))] }), "CPS.0135"),
    ] {
        let answer = post(&sim, &format!("/phones/batch-{path}"), &body).await;
        assert_eq!(error_code(&answer), (400, code), "{body}");
    }
    assert!(sim.ledger().phones.is_empty());
    let whole = ["/data/misc", "/data/system", "/data/system_de", "/cache/a*"];
    let body = json!({ "storage_infos": [target("include_files", json!(whole))] });
    assert_eq!(post(&sim, "/phones/batch-storage", &body).await.0, 200);
}
