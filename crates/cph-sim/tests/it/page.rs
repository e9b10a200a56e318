//! The page, and the events that feed it.

use std::time::Duration;

use bytes::Bytes;
use cph_sim::{Fault, Simulator};
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
};

use crate::control::hold_event;
use crate::support::{builder, phones, request, restart, seconds};

async fn ask(sim: &Simulator, path: &str) -> (String, String) {
    let response = sim.call(Request::get(path).body(Bytes::new()).unwrap()).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test]
async fn the_page_asks_for_nothing_from_elsewhere_and_shows_no_key() {
    let sim = builder(1).build().unwrap();
    let (kind, page) = ask(&sim, "/").await;
    assert_eq!(kind, "text/html; charset=utf-8");
    assert!(!page.contains("://"), "an address elsewhere");
    let (kind, snapshot) = ask(&sim, "/_sim/events").await;
    assert_eq!(kind, "text/event-stream");
    for secret in [sim.access_key(), sim.secret_key(), sim.token()] {
        assert!(!page.contains(secret) && !snapshot.contains(secret));
    }
    assert!(!snapshot.contains("imei") && !snapshot.contains("writephonenum"));
}

/// The events of one listener, each as documented.
struct Listener(Simulator, Lines<BufReader<TcpStream>>);

impl Listener {
    async fn of(sim: &Simulator) -> (cph_sim::Serving, Self) {
        let serving = sim.start().await.unwrap();
        let mut connection = TcpStream::connect(serving.address()).await.unwrap();
        connection
            .write_all(b"GET /_sim/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        (serving, Self(sim.clone(), BufReader::new(connection).lines()))
    }

    /// The next event, its name and its data.
    async fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        while let Some(line) = self.1.next_line().await.unwrap() {
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).unwrap();
                hold_event(&self.0, &name, &data).await;
                return (name, data);
            }
        }
        panic!("the events end");
    }

    /// The next change that says something of this.
    async fn change(&mut self, of: &str) -> Value {
        loop {
            let (name, data) = self.next().await;
            assert_eq!(name, "change");
            if data.get(of).is_some() {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn a_listener_is_told_everything_first_and_then_what_changes() {
    let sim =
        builder(3).fault(Fault::fail_job("CPS.0054").on("RestartCloudPhone")).build().unwrap();
    let [first, second, _] = sim.phones().try_into().unwrap();
    let server = sim.servers()[0].to_string();
    let (_serving, mut listener) = Listener::of(&sim).await;
    let (name, snapshot) = listener.next().await;
    assert_eq!(name, "snapshot");
    assert_eq!(snapshot["servers"][&server]["status"], "normal");
    assert_eq!(snapshot["servers"][&server]["phones"].as_object().unwrap().len(), 3);
    assert_eq!(snapshot["servers"][&server]["phones"][first.as_str()], "running");
    assert_eq!(snapshot["faults"][0]["left"], 1);

    restart(&sim, &phones([&first, &second])).await;
    let change = listener.change("phones").await;
    assert_eq!(
        change["phones"],
        json!({ first.as_str(): "restarting", second.as_str(): "restarting" })
    );
    assert_eq!(change["faults"][0]["struck"], 1);
    assert_eq!(change["calls"][0]["operation"], "RestartCloudPhone");
    assert_eq!(change["calls"][0]["target_ids"], json!([]));
    assert_eq!(change["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(
        change["counts"],
        json!({ "calls": 1, "jobs_running": 2, "jobs_succeeded": 0, "jobs_failed": 0 })
    );

    sim.clock().advance(seconds(40));
    let change = listener.change("phones").await;
    assert_eq!(change["phones"][first.as_str()], "restart-failed");
    assert_eq!(change["counts"]["jobs_failed"], 2);
    assert_eq!(change["clock"]["now"], "2025-10-28T12:00:40Z");
    assert_eq!(change.get("calls"), None);
    assert_eq!(change.get("faults"), None);

    sim.clear_faults();
    assert_eq!(listener.change("faults").await["faults"], json!([]));
}

#[tokio::test]
async fn a_delayed_call_is_told_again_when_it_is_answered() {
    let sim = builder(1).fault(Fault::delay(Duration::from_secs(5))).build().unwrap();
    let (_serving, mut listener) = Listener::of(&sim).await;
    listener.next().await;
    let request = request(&sim, Method::GET, "/phones", &Value::Null);
    let call = tokio::spawn(sim.call(request));
    assert_eq!(listener.change("calls").await["calls"][0]["status"], Value::Null);
    sim.clock().advance(seconds(5));
    call.await.unwrap().unwrap();
    let change = listener.change("calls").await;
    assert_eq!(
        (&change["calls"][0]["index"], &change["calls"][0]["status"]),
        (&json!(0), &json!(200))
    );
}

#[tokio::test]
async fn phones_that_come_or_go_are_told_by_a_new_snapshot() {
    let sim = builder(1).servers(2).build().unwrap();
    let (_serving, mut listener) = Listener::of(&sim).await;
    listener.next().await;
    let path = format!("/v2/{}/cloud-phone/servers", sim.project());
    let body = json!({ "server_ids": [sim.servers()[0]] }).to_string();
    let delete = Request::delete(path).header("X-Auth-Token", sim.token()).body(body.into());
    let answer = sim.call(delete.unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    sim.clock().advance(Duration::from_hours(1));
    loop {
        let (name, data) = listener.next().await;
        if name == "snapshot" {
            assert_eq!(data["servers"].as_object().unwrap().len(), 1);
            return;
        }
    }
}
