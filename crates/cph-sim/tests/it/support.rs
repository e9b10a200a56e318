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
