//! A client that is as plain as can be.

use std::{
    io,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cph_core::PhoneId;
use cph_sim::{SimClock, Simulator, SimulatorBuilder};
use http::{Method, Request, Response};
use serde_json::{Value, json};

/// Midday of 28 October 2025.
pub(crate) fn midday() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(489_348)
}

/// A simulator of so many phones whose clock stands still.
pub(crate) fn builder(phones: usize) -> SimulatorBuilder {
    Simulator::builder().phones(phones).clock(SimClock::stepped(midday()))
}

pub(crate) fn sim(phones: usize) -> Simulator {
    builder(phones).build().unwrap()
}

pub(crate) fn request(sim: &Simulator, method: Method, path: &str, body: &Value) -> Request<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    Request::builder()
        .method(method)
        .uri(format!("/v1/{}/cloud-phone{path}", sim.project()))
        .header("X-Auth-Token", sim.token())
        .body(body)
        .unwrap()
}

pub(crate) async fn raw_get(sim: &Simulator, path: &str) -> io::Result<Response<Bytes>> {
    sim.call(request(sim, Method::GET, path, &Value::Null)).await
}

pub(crate) async fn get(sim: &Simulator, path: &str) -> (u16, Value) {
    read(&raw_get(sim, path).await.unwrap())
}

pub(crate) async fn post(sim: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    read(&sim.call(request(sim, Method::POST, path, body)).await.unwrap())
}

pub(crate) async fn put(sim: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    read(&sim.call(request(sim, Method::PUT, path, body)).await.unwrap())
}

/// What `ShowCloudPhoneDetail` says.
pub(crate) async fn detail(sim: &Simulator, id: &PhoneId) -> Value {
    get(sim, &format!("/phones/{id}")).await.1
}

/// The statuses of the jobs that an answer started.
pub(crate) async fn job_status(sim: &Simulator, answer: &Value) -> Vec<Value> {
    let request_id = answer["request_id"].as_str().unwrap();
    column(&get(sim, &format!("/jobs?request_id={request_id}")).await.1, "jobs", "status")
}

/// Installs an app, and waits until it is there.
pub(crate) async fn install(sim: &Simulator, id: &PhoneId, package: &str) {
    let content = format!("-r obs://bucket/apps/{package}.apk");
    let body = json!({ "command": "install", "content": content, "phone_ids": [id] });
    assert_eq!(post(sim, "/phones/commands", &body).await.0, 200);
    sim.clock().advance(seconds(10));
}

/// What a shell command prints on a phone at once.
pub(crate) async fn printed(sim: &Simulator, id: &PhoneId, content: &str) -> String {
    let body = json!({ "command": "shell", "content": content, "phone_ids": [id] });
    let (_, answer) = post(sim, "/phones/sync-commands", &body).await;
    answer["jobs"][0]["execute_msg"].as_str().unwrap().to_owned()
}

pub(crate) async fn raw_restart(sim: &Simulator, body: &Value) -> io::Result<Response<Bytes>> {
    sim.call(request(sim, Method::POST, "/phones/batch-restart", body)).await
}

pub(crate) async fn restart(sim: &Simulator, body: &Value) -> (u16, Value) {
    read(&raw_restart(sim, body).await.unwrap())
}

/// Status and body; every answer names its request in body and header alike.
pub(crate) fn read(response: &Response<Bytes>) -> (u16, Value) {
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["request_id"], request_id(response));
    (response.status().as_u16(), body)
}

pub(crate) fn request_id(response: &Response<Bytes>) -> &str {
    response.headers()["x-request-id"].to_str().unwrap()
}

/// The body of a restart of these phones.
pub(crate) fn phones<'a>(ids: impl IntoIterator<Item = &'a PhoneId>) -> Value {
    let phone = |id: &PhoneId| json!({ "phone_id": id.as_str() });
    json!({ "phones": ids.into_iter().map(phone).collect::<Vec<_>>() })
}

/// The body of a restart of one phone with this property text.
pub(crate) fn with_property(id: &PhoneId, property: &str) -> Value {
    json!({ "phones": [{ "phone_id": id.as_str(), "property": property }] })
}

/// The values of a field in a list of an answer.
pub(crate) fn column(answer: &Value, list: &str, field: &str) -> Vec<Value> {
    let rows = answer[list].as_array().unwrap_or_else(|| panic!("no {list} in {answer}"));
    rows.iter().map(|row| row[field].clone()).collect()
}

pub(crate) fn error_code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error_code"].as_str().unwrap_or_default())
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
