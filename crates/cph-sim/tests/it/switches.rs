//! The other position of switches about jobs, servers, images and tags; those about restarts are in `assumptions.rs`.

use cph_core::PhoneStatus;
use cph_sim::{Assumptions, LastMarker, Simulator};
use http::Method;
use serde_json::{Value, json};

use crate::{
    servers::{call, ended, order},
    support::{
        builder, column, detail, error_code, get, job_status, phones, post, request, restart,
        seconds, with_property,
    },
};

const IMAGE: &str = "20060220200717f201120a2300000e91";

fn assuming(phones: usize, assumptions: Assumptions) -> Simulator {
    builder(phones).assume(assumptions).build().unwrap()
}

/// A simulator with one switch turned.
macro_rules! sim {
    ($phones:expr, $switch:ident: $value:expr) => {
        assuming($phones, Assumptions { $switch: $value, ..Assumptions::default() })
    };
}

async fn listed_jobs(sim: &Simulator, answer: &Value) -> Value {
    get(sim, &format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap())).await.1
}

#[tokio::test]
async fn starting_shows_restarting() {
    let sim = sim!(1, starting_shows_restarting: false);
    let id = &sim.phones()[0];
    sim.set_phone_status(id, PhoneStatus::ShutDown);
    restart(&sim, &phones([id])).await;
    assert_eq!(sim.phone_status(id), Some(PhoneStatus::ShutDown));
    let again = restart(&sim, &phones([id])).await.1;
    assert_eq!(column(&again, "jobs", "error_code"), ["CPS.0165"]);
    sim.clock().advance(seconds(40));
    assert_eq!(sim.phone_status(id), Some(PhoneStatus::Running));
}

#[tokio::test]
async fn well_formed_image_exists() {
    let sim = sim!(1, well_formed_image_exists: false);
    let mut body = phones(&sim.phones());
    body["image_id"] = IMAGE.into();
    assert_eq!(error_code(&restart(&sim, &body).await), (400, "CPS.0166"));
    let (_, images) = get(&sim, "/phone-images").await;
    body["image_id"] = images["phone_images"][0]["image_id"].clone();
    assert_eq!(restart(&sim, &body).await.0, 200);
}

#[tokio::test]
async fn reset_drops_properties() {
    for drops in [true, false] {
        let sim = sim!(1, reset_drops_properties: drops);
        let id = &sim.phones()[0];
        restart(&sim, &with_property(id, r#"{"com.cph.mainkeys":"1"}"#)).await;
        sim.clock().advance(seconds(40));
        post(&sim, "/phones/batch-reset", &phones([id])).await;
        sim.clock().advance(seconds(60));
        let property = detail(&sim, id).await["property"].as_str().unwrap().to_owned();
        assert_eq!(property.contains(r#""com.cph.mainkeys":"1""#), !drops);
    }
}

#[tokio::test]
async fn only_exports_are_imported() {
    let sim = sim!(1, only_exports_are_imported: false);
    let target =
        json!({ "phone_id": sim.phones()[0], "bucket_name": "bucket", "object_path": "a.tar" });
    let body = json!({ "restore_infos": [target] });
    let (_, answer) = post(&sim, "/phones/batch-restore", &body).await;
    sim.clock().advance(seconds(60));
    let jobs = listed_jobs(&sim, &answer).await;
    assert_eq!(column(&jobs, "jobs", "error_code"), ["CPS.0172"]);
}

#[tokio::test]
async fn sync_jobs_are_listed() {
    let sim = sim!(1, sync_jobs_are_listed: false);
    let body = json!({ "command": "shell", "content": "echo 1", "phone_ids": sim.phones() });
    let (_, answer) = post(&sim, "/phones/sync-commands", &body).await;
    let job_id = answer["jobs"][0]["job_id"].as_str().unwrap();
    assert_eq!(listed_jobs(&sim, &answer).await["jobs"], json!([]));
    assert_eq!(error_code(&get(&sim, &format!("/jobs/{job_id}")).await), (404, "CPS.0011"));
}

#[tokio::test]
async fn running_job_has_no_end_time() {
    let sim = sim!(1, running_job_has_no_end_time: false);
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let job = &listed_jobs(&sim, &answer).await["jobs"][0];
    assert_eq!((&job["status"], &job["end_time"]), (&json!(1), &job["begin_time"]));
    sim.clock().advance(seconds(40));
    let job = &listed_jobs(&sim, &answer).await["jobs"][0];
    assert_ne!(job["end_time"], job["begin_time"]);
}

#[tokio::test]
async fn unlisted_job_status() {
    let sim = sim!(1, unlisted_job_status: Some(0));
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(job_status(&sim, &answer).await, [0]);
    sim.clock().advance(seconds(5));
    assert_eq!(job_status(&sim, &answer).await, [1]);
}

#[tokio::test]
async fn ids_come_back_as_sent() {
    let sim = sim!(1, ids_come_back_as_sent: false);
    let capitals = sim.phones()[0].as_str().to_ascii_uppercase();
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(column(&answer, "jobs", "phone_id"), [capitals.as_str()]);
    assert_eq!(column(&listed_jobs(&sim, &answer).await, "jobs", "phone_id"), [capitals.as_str()]);
}

#[tokio::test]
async fn one_job_per_target() {
    let sim = sim!(1, one_job_per_target: false);
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    assert_eq!(column(&answer, "jobs", "job_id").len(), 1);
    let jobs = listed_jobs(&sim, &answer).await;
    let ids = column(&jobs, "jobs", "job_id");
    assert_eq!((ids.len(), &ids[0]), (2, &answer["jobs"][0]["job_id"]));
    assert_ne!(ids[0], ids[1]);
    assert_eq!(sim.ledger().of(&sim.phones()[0]).len(), 1);
}

#[tokio::test]
async fn jobs_at_full_pace() {
    let last = async |jobs_at_full_pace| {
        let sim = sim!(60, jobs_at_full_pace: jobs_at_full_pace);
        restart(&sim, &phones(&sim.phones())).await;
        let mut seconds_passed = 0;
        while sim.phone_status(&sim.phones()[59]) != Some(PhoneStatus::Running) {
            sim.clock().advance(seconds(1));
            seconds_passed += 1;
        }
        seconds_passed
    };
    let alone = last(0).await;
    assert!((20..=40).contains(&alone));
    let range = |times: u64| times * (alone - 1)..=times * alone;
    assert!(range(3).contains(&last(20).await));
    assert!(range(6).contains(&last(10).await));
}

#[tokio::test]
async fn load_is_that_of_one_server_and_passes() {
    let sim = builder(40).servers(2).build().unwrap();
    let ids = sim.phones();
    restart(&sim, &phones(&ids)).await;
    // Twenty on each: none is slower.
    sim.clock().advance(seconds(40));
    restart(&sim, &phones(&ids)).await;
    sim.clock().advance(seconds(40));
    assert!(ids.iter().all(|id| sim.phone_status(id) == Some(PhoneStatus::Running)));
}

#[tokio::test]
async fn job_duration_percent() {
    for (percent, after) in [(0, 0), (10, 4), (1000, 400)] {
        let sim = sim!(1, job_duration_percent: percent);
        let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
        sim.clock().advance(seconds(after * 9 / 20));
        assert_eq!(job_status(&sim, &answer).await, [if percent == 0 { 2 } else { 1 }]);
        sim.clock().advance(seconds(after * 11 / 20 + 1));
        assert_eq!(job_status(&sim, &answer).await, [2]);
    }
}

#[tokio::test]
async fn last_marker() {
    let sim = sim!(1, last_marker: LastMarker::Empty);
    assert_eq!(get(&sim, "/phone-images").await.1["page_info"]["next_marker"], "");
    let sim = sim!(1, last_marker: LastMarker::Repeated);
    let (_, page) = get(&sim, "/phone-images").await;
    let last = page["phone_images"].as_array().unwrap().last().unwrap()["image_id"].clone();
    assert_eq!(page["page_info"], json!({}));
    let path = format!("/phone-images?marker={}", last.as_str().unwrap());
    assert_eq!(get(&sim, &path).await.1["page_info"]["next_marker"], last);
}

#[tokio::test]
async fn no_image_type_is_all() {
    let count = async |all| {
        let sim = sim!(1, no_image_type_is_all: all);
        get(&sim, "/phone-images").await.1["phone_images"].as_array().unwrap().len()
    };
    assert_eq!(count(true).await - count(false).await, 3);
}

#[tokio::test]
async fn create_since_in_milliseconds() {
    // Midday of 28 October 2025, in seconds.
    let path = "/servers?create_until=1761652800";
    assert_eq!(get(&builder(1).build().unwrap(), path).await.1["count"], 0);
    assert_eq!(get(&sim!(1, create_since_in_milliseconds: false), path).await.1["count"], 1);
}

#[tokio::test]
async fn open_orders_are_paid() {
    let sim = sim!(0, open_orders_are_paid: false);
    let mut body = order();
    for (is_auto_pay, status) in [(0, 0), (1, 5)] {
        body["extend_param"]["is_auto_pay"] = is_auto_pay.into();
        let path = "/v2/-/cloud-phone/servers";
        let (answered, answer) = call(&sim, Method::POST, path, &body).await;
        assert_eq!(answered, 200, "{answer}");
        sim.clock().advance(seconds(600));
        let path = format!("/servers/{}", answer["server_ids"][0].as_str().unwrap());
        assert_eq!(get(&sim, &path).await.1["status"], status);
    }
}

#[tokio::test]
async fn servers_paid_by_the_month_are_not_deleted() {
    let sim = sim!(0, servers_paid_by_the_month_are_not_deleted: false);
    let path = "/v2/-/cloud-phone/servers";
    let (_, answer) = call(&sim, Method::POST, path, &order()).await;
    sim.clock().advance(seconds(600));
    let body = json!({ "server_ids": answer["server_ids"] });
    assert_eq!(call(&sim, Method::DELETE, path, &body).await.0, 200);
    sim.clock().advance(seconds(240));
    assert_eq!(get(&sim, "/servers").await.1["count"], 0);
}

#[tokio::test]
async fn attaching_twice_fails_the_job() {
    let sim = sim!(1, attaching_twice_fails_the_job: false);
    let body = json!({ "type": "sfs_turbo", "id": "file-system", "server_ids": sim.servers() });
    for _ in 0..2 {
        let path = "/v1/-/servers/attach-share-filesystem";
        let (_, answer) = call(&sim, Method::POST, path, &body).await;
        assert_eq!(ended(&sim, &answer).await.0, 2);
    }
}

#[tokio::test]
async fn tags_that_are_there_or_not() {
    let sim = sim!(1, tags_that_are_there_or_not: false);
    let path = format!("/v1/{}/cph-server/{}/tags/action", sim.project(), sim.servers()[0]);
    let change = async |action: &str, value: &str| {
        let body = json!({ "action": action, "tags": [{ "key": "colour", "value": value }] });
        let mut request = request(&sim, Method::POST, "", &body);
        *request.uri_mut() = path.parse().unwrap();
        sim.call(request).await.unwrap().status().as_u16()
    };
    assert_eq!(change("delete", "red").await, 400);
    assert_eq!(change("create", "red").await, 204);
    assert_eq!(change("create", "blue").await, 400);
    assert_eq!(change("delete", "red").await, 204);
}
