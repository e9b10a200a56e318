//! The simulator's own paths, each answer held against the document that describes them.

use bytes::Bytes;
use cph_core::PhoneStatus;
use cph_sim::{Calls, Fault, SimClock, Simulator};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{builder, get, job_status, midday, phones, restart, seconds, sim};

async fn raw(sim: &Simulator, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let response = sim.call(request).await.unwrap();
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

/// A call of a path of the simulator's own, whose answer must be as documented.
async fn control(sim: &Simulator, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let (_, mut document) = raw(sim, Method::GET, "/_sim/openapi.json", &Value::Null).await;
    let (status, answer) = raw(sim, method.clone(), path, body).await;
    let operation = format!(
        "/paths/{}/{}",
        path.split('?').next().unwrap().replace('/', "~1"),
        method.as_str().to_lowercase()
    );
    let responses = &document
        .pointer(&operation)
        .unwrap_or_else(|| panic!("{operation} is not documented"))["responses"];
    let response = &responses[if status == 200 { "200" } else { "4XX" }];
    let schema = response["content"]["application/json"]["schema"].clone();
    hold(&mut document, schema, &answer);
    (status, answer)
}

/// Holds an event against the document.
pub(crate) async fn hold_event(sim: &Simulator, name: &str, data: &Value) {
    let (_, mut document) = raw(sim, Method::GET, "/_sim/openapi.json", &Value::Null).await;
    let schema = if name == "snapshot" { "Snapshot" } else { "Change" };
    hold(&mut document, json!({ "$ref": format!("#/components/schemas/{schema}") }), data);
}

/// Holds a value against a schema of the document.
fn hold(document: &mut Value, mut schema: Value, value: &Value) {
    schema["components"] = document["components"].take();
    as_json_schema(&mut schema);
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// OpenAPI 3.0 says `nullable`, where JSON Schema has a type `null`; nothing may be there that is not described.
fn as_json_schema(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(as_json_schema),
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            if fields.remove("nullable").is_some() {
                *schema = json!({ "anyOf": [schema.take(), { "type": "null" }] });
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_document_describes_every_path_and_is_whole() {
    let sim = sim(0);
    let (status, document) = raw(&sim, Method::GET, "/_sim/openapi.json", &Value::Null).await;
    assert_eq!((status, &document["openapi"]), (200, &json!("3.0.3")));
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        methods.map(move |method| format!("{method} {path}"))
    });
    insta::assert_snapshot!(operations.collect::<Vec<_>>().join("\n"), @r"
    get /_sim/ledger
    get /_sim/journal
    get /_sim/state
    get /_sim/faults
    post /_sim/faults
    delete /_sim/faults
    get /_sim/assumptions
    post /_sim/assumptions
    get /_sim/clock
    post /_sim/clock
    get /_sim/events
    ");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[tokio::test]
async fn ledger_journal_and_state_are_told() {
    let sim =
        builder(70).fault(Fault::fail_job("CPS.0054").on("RestartCloudPhone")).build().unwrap();
    let ids = sim.phones();
    restart(&sim, &phones(&ids[..2])).await;
    get(&sim, "/nothing").await;
    get(&sim, "/phones").await;
    let none = Value::Null;
    let ledger = control(&sim, Method::GET, "/_sim/ledger", &none).await;
    assert_eq!(ledger, (200, json!(sim.ledger())));
    let journal = control(&sim, Method::GET, "/_sim/journal", &none).await;
    assert_eq!(journal, (200, json!(sim.journal())));
    for (query, indexes) in [
        ("operation=RestartCloudPhone", vec![0]),
        ("status=200", vec![0, 2]),
        ("status=200&after=0", vec![2]),
        ("after=2", vec![]),
    ] {
        let (_, found) = control(&sim, Method::GET, &format!("/_sim/journal?{query}"), &none).await;
        let found = found.as_array().unwrap().iter().map(|entry| entry["index"].as_u64().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), indexes, "{query}");
    }
    for query in ["status=ok", "after=-1", "since=1"] {
        assert_eq!(
            control(&sim, Method::GET, &format!("/_sim/journal?{query}"), &none).await.0,
            400
        );
    }

    sim.clock().advance(seconds(40));
    let (_, state) = control(&sim, Method::GET, "/_sim/state", &none).await;
    let [server, other] = sim.servers().try_into().unwrap();
    assert_eq!(state["seed"], 0);
    assert_eq!(state["clock"]["now"], "2025-10-28T12:00:40Z");
    assert_eq!(state["phones"][0]["server_id"], json!(server));
    assert_eq!(state["phones"][0]["status"], PhoneStatus::RestartFailed.code());
    assert_eq!(state["servers"][1], json!({ "server_id": other, "status": 5 }));
    assert_eq!(state["encode_servers"].as_array().unwrap().len(), sim.encode_servers().len());
    assert_eq!(state["bandwidths"].as_array().unwrap().len(), 3);
    assert!(!state["images"].as_array().unwrap().is_empty());
    assert_eq!(state["events"][0]["state"], "inquiring");
    assert_eq!(state["tags"], json!({}));
    assert_eq!(state["jobs"][0]["error_code"], "CPS.0054");
    assert_eq!(state["faults"][0]["struck"], 1);
    assert_eq!(state["assumptions"]["post_status"], 200);
    assert_eq!(sim.journal().len(), 3, "they are no calls of the service");
}

#[tokio::test]
async fn faults_are_added_all_or_none_and_removed() {
    let sim = sim(1);
    let rule = json!({ "effect": "throttle", "operation": "ListJobs", "count": "always" });
    for rules in [json!([rule]), json!({ "fault": [rule] })] {
        let (status, faults) = control(&sim, Method::POST, "/_sim/faults", &rules).await;
        assert_eq!((status, &faults[0]["fault"]), (200, &rule));
    }
    let wrong = json!([{ "effect": "throttle" }, { "effect": "throttle", "operation": "Dance" }]);
    let answer = control(&sim, Method::POST, "/_sim/faults", &wrong).await;
    assert_eq!(
        answer,
        (
            400,
            json!({ "message": "fault 2: no operation is called `Dance`; names are the vendor's, such as RestartCloudPhone" })
        )
    );
    assert_eq!(control(&sim, Method::POST, "/_sim/faults", &json!("no")).await.0, 400);
    let (_, faults) = control(&sim, Method::GET, "/_sim/faults", &Value::Null).await;
    assert_eq!(faults, json!(sim.faults()));
    assert_eq!(faults.as_array().unwrap().len(), 2, "all rules or none");
    assert_eq!(control(&sim, Method::DELETE, "/_sim/faults", &Value::Null).await, (200, json!([])));
    assert!(sim.faults().is_empty());
}

#[tokio::test]
async fn switches_are_turned_while_it_runs() {
    let sim = sim(1);
    let turned = json!({ "post_status": 201, "job_retention": 60 });
    let (status, answer) = control(&sim, Method::POST, "/_sim/assumptions", &turned).await;
    assert_eq!(
        (status, &answer["post_status"], &answer["job_retention"]),
        (200, &json!(201), &json!(60))
    );
    assert_eq!(restart(&sim, &phones(&sim.phones())).await.0, 201);
    for (wrong, says) in [
        (json!({ "post_status": 500 }), "200 or 201, not 500"),
        (json!({ "post_statu": 200 }), "unknown field `post_statu`"),
        (json!({ "entries": "sorted" }), "unknown variant `sorted`"),
        (json!([]), "expected a map"),
    ] {
        let (status, answer) = control(&sim, Method::POST, "/_sim/assumptions", &wrong).await;
        assert_eq!(status, 400);
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    let present = control(&sim, Method::GET, "/_sim/assumptions", &Value::Null).await;
    assert_eq!(present, (200, json!(sim.assumptions())));
    assert_eq!(sim.assumptions().post_status, 201);
}

#[tokio::test]
async fn time_goes_to_what_is_next() {
    let sim = sim(1);
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let (_, clock) = control(&sim, Method::GET, "/_sim/clock", &Value::Null).await;
    assert_eq!(clock["next"]["what"], "job-ends");
    assert_eq!(job_status(&sim, &answer).await, [1]);
    let next = json!({ "advance_to": "next" });
    let (status, moved) = control(&sim, Method::POST, "/_sim/clock", &next).await;
    assert_eq!((status, &moved["now"]), (200, &clock["next"]["at"]));
    assert_eq!(job_status(&sim, &answer).await, [2]);
    assert_eq!(moved["next"]["what"], "event", "the maintenance that is planned for a server");

    let by = json!({ "advance_seconds": 30.5 });
    control(&sim, Method::POST, "/_sim/clock", &by).await;
    while control(&sim, Method::POST, "/_sim/clock", &next).await.0 == 200 {}
    let (status, answer) = control(&sim, Method::POST, "/_sim/clock", &next).await;
    assert_eq!((status, &answer["message"]), (409, &json!("nothing is going to happen by itself")));
}

#[tokio::test]
async fn a_clock_is_told_only_what_it_can_do() {
    let sim = sim(0);
    for wrong in [
        json!({}),
        json!({ "advance_seconds": -1 }),
        json!({ "advance_seconds": 1e300 }),
        json!({ "advance_seconds": 1e18 }),
        json!({ "advance_seconds": 1, "advance_to": "next" }),
        json!({ "advance_to": "yesterday" }),
        json!({ "advance": 1 }),
        Value::Null,
    ] {
        assert_eq!(control(&sim, Method::POST, "/_sim/clock", &wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(sim.clock().now(), midday());
    let far = json!({ "advance_seconds": 1e11 });
    assert_eq!(control(&sim, Method::POST, "/_sim/clock", &far).await.0, 200);
    assert_eq!(control(&sim, Method::POST, "/_sim/clock", &far).await.0, 400, "the calendar ends");
    control(&sim, Method::GET, "/_sim/state", &Value::Null).await;
}

#[tokio::test(start_paused = true)]
async fn a_running_clock_is_stopped_moved_and_set_running_again() {
    let sim = Simulator::builder().clock(SimClock::scaled_from(midday(), 60.0)).build().unwrap();
    let (_, clock) = control(&sim, Method::POST, "/_sim/clock", &json!({ "stopped": true })).await;
    assert_eq!(clock["stopped"], true);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(sim.clock().now(), midday());
    let both = json!({ "stopped": false, "advance_seconds": 40 });
    let (_, clock) = control(&sim, Method::POST, "/_sim/clock", &both).await;
    assert_eq!((&clock["stopped"], &clock["now"]), (&json!(false), &json!("2025-10-28T12:00:40Z")));
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(sim.clock().now(), midday() + seconds(100));
}

#[tokio::test]
async fn pages_of_others_are_kept_away() {
    let sim = sim(0);
    let status = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        sim.call(request.body(Bytes::new()).unwrap()).await.unwrap().status().as_u16()
    };
    for host in
        ["127.0.0.1:80", "[::1]:80", "localhost", "192.168.0.7:8", "sim:80", "host.docker.internal"]
    {
        assert_eq!(status("/_sim/state", &[("host", host)]).await, 200, "{host}");
        let origin = format!("http://{host}");
        assert_eq!(status("/", &[("host", host), ("origin", &origin)]).await, 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example:80", "", "a b"] {
        assert_eq!(status("/", &[("host", host)]).await, 403, "{host}");
    }
    let foreign = [("host", "127.0.0.1:80"), ("origin", "http://evil.example")];
    assert_eq!(status("/_sim/state", &foreign).await, 403);
    assert_eq!(status("/_sim/", &[]).await, 404);
}

#[tokio::test]
async fn a_test_demands_calls() {
    let sim = builder(3).fault(Fault::refuse("CPS.0042").call(2)).build().unwrap();
    let ids = sim.phones();
    restart(&sim, &phones(&ids[..2])).await;
    restart(&sim, &phones(&ids[2..])).await;
    get(&sim, "/phones").await;
    let restarts = Calls::of("RestartCloudPhone");
    sim.assert_called(&restarts);
    sim.assert_called(&restarts.clone().times(2));
    sim.assert_called(&restarts.clone().answered(200).about(&ids[0]).times(1));
    sim.assert_called(&restarts.clone().refused("CPS.0042").about(&ids[2]));
    sim.assert_called(&Calls::of("ListJobs").times(0));
    let expected = restarts.answered(200).about(&ids[2]).times(1);
    let demand = std::panic::AssertUnwindSafe(|| sim.assert_called(&expected));
    let panic = std::panic::catch_unwind(demand).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap().replace(ids[2].as_str(), "ID");
    insta::assert_snapshot!(message, @r#"
    expected calls: 1, but found: 0
      Calls { operation: "RestartCloudPhone", status: Some(200), error_code: None, target: Some("ID"), times: Some(1) }
    nearest of 3 calls:
     index  operation          status  error_code  fault   targets  differs in
     0      RestartCloudPhone  200     -           -       2        targets
     1      RestartCloudPhone  400     CPS.0042    refuse  1        status
     2      ListCloudPhones    200     -           -       0        operation, targets
    "#);
}
