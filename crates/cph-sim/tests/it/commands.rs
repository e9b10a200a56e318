//! Commands: files, apps, the shell.

use cph_core::PhoneStatus;
use cph_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{
    builder, column, detail, error_code, get, install, job_status, post, printed, seconds, sim,
};

async fn send(sim: &Simulator, body: &Value) -> (u16, Value) {
    post(sim, "/phones/commands", body).await
}

#[tokio::test]
async fn apps_come_and_go() {
    let sim = sim(1);
    let ids = sim.phones();
    install(&sim, &ids[0], "com.shop.till").await;
    let split = "-t -r obs://b/com.game.apk obs://b/part2.apk";
    let body = json!({ "command": "install-multiple", "content": split, "phone_ids": ids });
    let (_, answer) = send(&sim, &body).await;
    let packages = async || printed(&sim, &ids[0], "pm list packages").await;
    assert_eq!(packages().await, "package:com.shop.till", "not before the job ends");
    sim.clock().advance(seconds(10));
    assert_eq!(job_status(&sim, &answer).await, [2]);
    assert_eq!(packages().await, "package:com.game\npackage:com.shop.till");
    let body = json!({ "command": "uninstall", "content": "com.game", "phone_ids": ids });
    send(&sim, &body).await;
    sim.clock().advance(seconds(10));
    assert_eq!(packages().await, "package:com.shop.till");
    let body = json!({ "command": "push", "content": "obs://b/a/test.tar", "phone_ids": ids });
    assert!(send(&sim, &body).await.1["jobs"][0]["job_id"].is_string());
    let operations: Vec<_> =
        sim.ledger().of(&ids[0]).iter().map(|entry| entry.operation.clone()).collect();
    assert!(operations.contains(&"PushFile".to_owned()), "{operations:?}");
    assert!(operations.contains(&"UninstallApk".to_owned()), "{operations:?}");

    sim.clock().advance(seconds(10));
    post(&sim, "/phones/batch-reset", &json!({ "phones": [{ "phone_id": ids[0] }] })).await;
    sim.clock().advance(seconds(60));
    assert_eq!(packages().await, "", "a reset erases them");
}

#[tokio::test]
async fn a_shell_command_prints_into_its_job() {
    let sim = sim(1);
    let ids = sim.phones();
    let property = detail(&sim, &ids[0]).await["property"].clone();
    let property: Value = serde_json::from_str(property.as_str().unwrap()).unwrap();
    let long = "x".repeat(2000);
    for (content, output) in [
        ("echo  hello   world", "hello world"),
        ("getprop sys.prop.writewifissid", "cloudphone_wifi"),
        ("getprop sys.prop.writeimsi", property["sys.prop.writeimsi"].as_str().unwrap()),
        ("getprop no.such.key", ""),
        ("ls -l /system", ""),
        (&format!("echo {long}"), &long[..1024]),
    ] {
        let body = json!({ "command": "shell", "content": content, "phone_ids": ids });
        let (_, answer) = send(&sim, &body).await;
        let query = format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap());
        assert_eq!(get(&sim, &query).await.1["jobs"][0].get("execute_msg"), None, "{content}");
        sim.clock().advance(seconds(10));
        assert_eq!(get(&sim, &query).await.1["jobs"][0]["execute_msg"], output, "{content}");
        let job = answer["jobs"][0]["job_id"].as_str().unwrap();
        assert_eq!(get(&sim, &format!("/jobs/{job}")).await.1["execute_msg"], output, "{content}");
    }
}

#[tokio::test]
async fn servers_stand_for_all_their_phones_unless_phones_are_named() {
    let sim = builder(6).servers(2).build().unwrap();
    let ids = sim.phones();
    sim.set_phone_status(&ids[1], PhoneStatus::ShutDown);
    let server = detail(&sim, &ids[0]).await["server_id"].clone();
    let stranger = "0".repeat(32);
    let mut body =
        json!({ "command": "shell", "content": "echo hi", "server_ids": [server, stranger] });
    let (status, answer) = send(&sim, &body).await;
    assert_eq!(status, 200);
    let listed = column(&answer, "jobs", "phone_id");
    assert_eq!(listed, [json!(ids[0]), json!(ids[1]), json!(ids[2]), Value::Null]);
    let codes = column(&answer, "jobs", "error_code");
    assert_eq!(codes, [Value::Null, json!("CPS.0141"), Value::Null, json!("CPS.0097")]);
    assert_eq!(answer["jobs"][3]["server_id"], stranger);
    body["phone_ids"] = json!([ids[5]]);
    let (_, answer) = send(&sim, &body).await;
    assert_eq!(column(&answer, "jobs", "phone_id"), [json!(ids[5])]);
    assert_eq!(sim.ledger().phones.len(), 3);
}

#[tokio::test]
async fn a_command_may_be_answered_at_once() {
    let sim = sim(3);
    let ids = sim.phones();
    sim.set_phone_status(&ids[1], PhoneStatus::ShutDown);
    let nobody = "0".repeat(32);
    let body =
        json!({ "command": "shell", "content": "echo hi", "phone_ids": [ids[0], ids[1], nobody] });
    let (status, answer) = post(&sim, "/phones/sync-commands", &body).await;
    assert_eq!(status, 200);
    assert_eq!(column(&answer, "jobs", "status"), [2, -1, -1]);
    assert_eq!(column(&answer, "jobs", "error_code"), ["", "CPS.0141", "CPS.0005"]);
    assert_eq!(answer["jobs"][0]["execute_msg"], "hi");
    assert_eq!(answer["jobs"][1].get("job_id"), None);
    assert_eq!(job_status(&sim, &answer).await, [2]);
    assert_eq!(sim.ledger().phones.len(), 1);

    let server = detail(&sim, &ids[0]).await["server_id"].clone();
    let body = json!({ "command": "shell", "content": "echo hi", "server_ids": [server] });
    let (_, answer) = post(&sim, "/phones/sync-commands", &body).await;
    assert_eq!(column(&answer, "jobs", "status"), [2, -1, 2]);
    for (field, value, code) in [
        ("phone_ids", json!(vec![nobody.clone(); 16]), "CPS.0190"),
        ("server_ids", json!([nobody]), "CPS.0097"),
        ("server_ids", json!([]), "CPS.0081"),
        ("command", json!("push"), "CPS.0117"),
        ("content", json!("x".repeat(2049)), "CPS.0118"),
    ] {
        let mut body = body.clone();
        body[field] = value;
        // The gateway lets six through in a minute.
        sim.clock().advance(seconds(60));
        let answer = post(&sim, "/phones/sync-commands", &body).await;
        assert_eq!(error_code(&answer), (400, code), "{body}");
    }
}

#[tokio::test]
async fn each_bad_command_is_refused_as_a_whole() {
    let sim = sim(1);
    let ids = sim.phones();
    let many = |apks: usize| vec!["obs://b/a.apk"; apks].join(" ");
    let long = |before: &str| format!("{before}{}", "x".repeat(8100));
    for (command, content, code) in [
        ("reboot", "now", "CPS.0117"),
        ("push", "obs://b/a.zip", "CPS.0118"),
        ("push", "/sdcard/a.tar", "CPS.0118"),
        ("push", "obs://b/a b.tar", "CPS.0118"),
        ("install", "", "CPS.0118"),
        ("install", "-t -r", "CPS.0118"),
        ("install", "a.apk", "CPS.0118"),
        ("install", "obs://b/a.zip", "CPS.0119"),
        ("install", &many(2), "CPS.0118"),
        ("install-multiple", &many(51), "CPS.0118"),
        ("install-multiple", &long("obs://b/"), "CPS.0118"),
        ("uninstall", "com.a com.b", "CPS.0118"),
        ("shell", "echo $HOME", "CPS.0118"),
        ("shell", &long("echo "), "CPS.0118"),
    ] {
        let body = json!({ "command": command, "content": content, "phone_ids": ids });
        assert_eq!(error_code(&send(&sim, &body).await), (400, code), "{command} {content:.40}");
    }
    for (body, code) in [
        (Value::Null, "CPS.0077"),
        (json!({ "command": "shell", "phone_ids": ids }), "CPS.0118"),
        (json!({ "command": "shell", "content": "echo" }), "CPS.0081"),
        (json!({ "command": "shell", "content": "echo", "phone_ids": 7 }), "CPS.0080"),
        (json!({ "command": "shell", "content": "echo", "server_ids": [7] }), "CPS.0094"),
    ] {
        assert_eq!(send(&sim, &body).await.1["error_code"], code, "{body}");
    }
    assert!(sim.ledger().phones.is_empty());
    let body = json!({ "command": "install-multiple", "content": many(50), "phone_ids": ids });
    assert_eq!(send(&sim, &body).await.0, 200);
}
