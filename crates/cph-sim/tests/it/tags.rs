//! Tags of servers, and servers by their tags.

use bytes::Bytes;
use cph_sim::{Fault, Simulator};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::support::{builder, column, get, request_id};

async fn call(sim: &Simulator, method: Method, path: &str, body: Value) -> Response<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = Request::builder()
        .method(method)
        .uri(format!("/v1/{}/{path}", sim.project()))
        .header("X-Auth-Token", sim.token())
        .body(body)
        .unwrap();
    sim.call(request).await.unwrap()
}

/// Status and body; no answer about tags has a request id, but for refusals.
async fn send(sim: &Simulator, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answer = call(sim, method, path, body).await;
    let read: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(read.get("request_id").is_some(), answer.status() != 200);
    (answer.status().as_u16(), read)
}

async fn change(sim: &Simulator, server: &str, action: &str, tags: &[(&str, &str)]) -> u16 {
    let tag = |(key, value): &(&str, &str)| json!({ "key": key, "value": value });
    let body = json!({ "action": action, "tags": tags.iter().map(tag).collect::<Vec<_>>() });
    let path = format!("cph-server/{server}/tags/action");
    let answer = call(sim, Method::POST, &path, body).await;
    request_id(&answer);
    assert_eq!(answer.body().is_empty(), answer.status() == 204);
    assert_eq!(answer.headers().contains_key("content-type"), answer.status() != 204);
    answer.status().as_u16()
}

async fn tags(sim: &Simulator, server: &str) -> Value {
    send(sim, Method::GET, &format!("cph-server/{server}/tags"), Value::Null).await.1
}

async fn servers(sim: &Simulator) -> Vec<String> {
    let (_, list) = get(sim, "/phones").await;
    let mut ids: Vec<_> = column(&list, "phones", "server_id")
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    ids.dedup();
    ids
}

fn three() -> Simulator {
    builder(6).servers(3).build().unwrap()
}

#[tokio::test]
async fn tags_are_added_listed_and_deleted() {
    let sim = three();
    let [first, second, _] = &servers(&sim).await[..] else { panic!("three servers") };
    assert_eq!(tags(&sim, first).await, json!({ "tags": [] }));
    assert_eq!(change(&sim, first, "create", &[("team", "games"), ("stage", "test")]).await, 204);
    assert_eq!(change(&sim, first, "create", &[("stage", "live")]).await, 204);
    assert_eq!(change(&sim, second, "create", &[("team", "toys")]).await, 204);
    let expected =
        json!([{ "key": "team", "value": "games" }, { "key": "stage", "value": "live" }]);
    assert_eq!(tags(&sim, first).await["tags"], expected);

    let (_, all) = send(&sim, Method::GET, "cph-server/tags", Value::Null).await;
    assert_eq!(all["total_count"], 2);
    assert_eq!(column(&all, "tags", "key"), ["stage", "team"]);
    assert_eq!(all["tags"][1]["values"].as_array().unwrap().len(), 2);
    let (_, page) = send(&sim, Method::GET, "cph-server/tags?limit=1&offset=1", Value::Null).await;
    assert_eq!(
        (column(&page, "tags", "key"), &page["total_count"]),
        (vec![json!("team")], &json!(2))
    );

    assert_eq!(change(&sim, first, "delete", &[("team", "toys"), ("stage", "live")]).await, 204);
    assert_eq!(tags(&sim, first).await["tags"], json!([{ "key": "team", "value": "games" }]));
}

#[tokio::test]
async fn bad_tags_and_servers_are_refused() {
    let sim = three();
    let server = &servers(&sim).await[0];
    let eleven: Vec<_> = (0..11).map(|n| json!({ "key": n.to_string(), "value": "v" })).collect();
    let tag = |key: &str, value: &str| json!([{ "key": key, "value": value }]);
    for (resource, action, tags, code) in [
        ("cph-server/nobody", "create", tag("k", "v"), "CPS.0086"),
        ("cph-server/000000000000000000000000000000ff", "create", tag("k", "v"), "CPS.0159"),
        (&format!("cph-phone/{server}"), "delete", tag("k", "v"), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", json!(eleven), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", tag("", "v"), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", tag("a/b", "v"), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", tag("_sys_k", "v"), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", tag("k", " v"), "CPS.0077"),
        (&format!("cph-server/{server}"), "create", tag("k", &"v".repeat(256)), "CPS.0077"),
        (&format!("cph-server/{server}"), "delete", json!([{ "key": "k" }]), "CPS.0077"),
    ] {
        let body = json!({ "action": action, "tags": tags });
        let (status, answer) =
            send(&sim, Method::POST, &format!("{resource}/tags/action"), body).await;
        assert_eq!((status, &answer["error_code"]), (400, &json!(code)), "{resource} {tags}");
    }
    assert_eq!(tags(&sim, server).await["tags"], json!([]));
    let (_, answer) = send(&sim, Method::GET, "cph-phone/tags", Value::Null).await;
    assert_eq!(answer["error_msg"], "Parameter: resource_type is invalid.");
}

#[tokio::test]
async fn servers_are_found_by_their_tags() {
    let sim = three();
    let ids = servers(&sim).await;
    change(&sim, &ids[0], "create", &[("team", "games"), ("stage", "test")]).await;
    change(&sim, &ids[1], "create", &[("team", "toys"), ("stage", "live")]).await;
    let find = async |body: Value| {
        send(&sim, Method::POST, "cph-server/resource_instances/action", body).await
    };
    let name = |value: &str| json!([{ "key": "resource_name", "value": value }]);
    let tag = |key: &str, values: &[&str]| json!({ "key": key, "values": values });
    for (narrowed, expected) in [
        (json!({}), vec![0, 1, 2]),
        (json!({ "without_any_tag": true }), vec![2]),
        (json!({ "without_any_tag": false }), vec![0, 1, 2]),
        (json!({ "tags": [tag("team", &[])] }), vec![0, 1]),
        (json!({ "tags": [tag("team", &["games", "toys"])] }), vec![0, 1]),
        (json!({ "tags": [tag("team", &["games", "toys"]), tag("stage", &["live"])] }), vec![1]),
        (json!({ "tags": [tag("team", &["games"]), tag("stage", &["live"])] }), vec![]),
        (json!({ "matches": name("server-0002") }), vec![1]),
        (json!({ "matches": name("cph-server") }), vec![]),
        (json!({ "limit": "1", "offset": "1" }), vec![1]),
    ] {
        let mut filter = narrowed.clone();
        filter["action"] = "filter".into();
        let (_, answer) = find(filter).await;
        let expected: Vec<_> = expected.into_iter().map(|place: usize| json!(ids[place])).collect();
        assert_eq!(column(&answer, "resources", "resource_id"), expected, "{narrowed}");
        let mut count = narrowed;
        count["action"] = "count".into();
        assert_eq!(find(count).await.1, json!({ "total_count": answer["total_count"] }));
    }
    let (_, answer) = find(json!({ "action": "filter", "limit": "1" })).await;
    assert_eq!(answer["total_count"], 3);
    assert_eq!(answer["resources"][0]["resource_name"], "server-0001");
    assert_eq!(answer["resources"][0]["tags"].as_array().unwrap().len(), 2);

    let many: Vec<_> = (0..11).map(|n| n.to_string()).collect();
    for (body, code) in [
        (json!({}), "CPS.0047"),
        (json!({ "action": "list" }), "CPS.0047"),
        (json!({ "action": "filter", "limit": "1001" }), "CPS.0002"),
        (json!({ "action": "filter", "limit": "0" }), "CPS.0002"),
        (json!({ "action": "filter", "limit": 10 }), "CPS.0002"),
        (json!({ "action": "filter", "offset": "-1" }), "CPS.0002"),
        (json!({ "action": "count", "tags": [tag("k", &[]), tag("k", &[])] }), "CPS.0077"),
        (json!({ "action": "count", "tags": [tag("k", &["v", "v"])] }), "CPS.0077"),
        (json!({ "action": "count", "tags": [{ "key": "k", "values": many }] }), "CPS.0077"),
        (json!({ "action": "count", "matches": [{ "key": "name", "value": "x" }] }), "CPS.0077"),
    ] {
        let (status, answer) = find(body.clone()).await;
        assert_eq!((status, &answer["error_code"]), (400, &json!(code)), "{body}");
    }
}

#[tokio::test]
async fn an_empty_answer_cannot_end_in_its_middle() {
    let sim = builder(1).fault(Fault::truncate().on("BatchCreateTags")).build().unwrap();
    let server = &servers(&sim).await[0];
    let uri = format!("/v1/{}/cph-server/{server}/tags/action", sim.project());
    let body = json!({ "action": "create", "tags": [{ "key": "k", "value": "v" }] }).to_string();
    let request = Request::post(uri).header("X-Auth-Token", sim.token()).body(body.into()).unwrap();
    let error = sim.call(request).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(tags(&sim, server).await["tags"][0]["key"], "k");
}
