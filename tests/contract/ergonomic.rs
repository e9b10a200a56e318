//! What `cph` sends, held against what the official SDK sends for the same call (`openapi/wire.json`).

use std::{
    collections::BTreeSet,
    future::ready,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cph::{Client, Credentials};
use cph_tests::{
    SharedClock,
    evidence::{Column, record_request},
    paused_clock,
};
use serde_json::{Value, json};

use crate::{
    bundle::operations,
    calls::call,
    wire::{PROJECT, Recording, Sent, recordings},
};

/// The recording that `cph` can make: its own, or one that asks for the same in `cph`'s way. `None` where there is none.
pub(crate) fn adapted(mut recording: Recording) -> Option<Recording> {
    let given = &mut recording.arguments;
    let sent = &mut recording.request;
    match (recording.operation.as_str(), recording.case.as_str()) {
        // cph names each phone, so that each has its outcome; beside `phone_ids` the service ignores `server_ids`.
        (
            "PushFile" | "InstallApk" | "UninstallApk" | "RunShellCommand" | "RunSyncCommand",
            "every field",
        )
        // cph asks by `request_ids` alone.
        | ("ListJobs", "one request" | "later page") => return None,
        // cph takes no id twice, and no more files than the page allows: it contradicts its own example.
        ("ListShareFiles", "page example") => {
            given["server_ids"] = json!("xxxxxxx,yyyyyyy");
            given["limit"] = json!(50);
            sent.ask("server_ids", "xxxxxxx,yyyyyyy");
            sent.ask("limit", "50");
        }
        // cph takes no time that is over; the test's clock says 2027.
        ("AuthorizeScheduledEvent" | "UpdateScheduledEvent", "page example") => {
            let time = given["body"]["not_before"].as_str().unwrap().replace("2026-", "2027-");
            given["body"]["not_before"] = json!(time);
            sent.body["not_before"] = json!(time);
        }
        // cph always says how large a page it wants, and begins with the first. A count has no pages.
        ("ListResourceInstances", "page example, filter" | "without any tag") => {
            sent.body["limit"] = json!(page_size(&recording.operation));
            sent.body["offset"] = json!("0");
        }
        _ => {}
    }
    let arguments = recording.operation().arguments();
    let is_paged = arguments.iter().any(|argument| argument == "/limit");
    if is_paged && recording.operation != "ListShareFiles" {
        // As above; a marker is what the page before it said.
        recording.arguments.get("limit")?;
        let sent = &mut recording.request;
        sent.ask("limit", &page_size(&recording.operation));
        sent.ask("offset", "0");
    }
    Some(recording)
}

fn page_size(operation: &str) -> String {
    let mut limits = cph_core::Limit::all().iter();
    let limit = limits.find(|limit| limit.operation == operation && limit.name == "page");
    limit.unwrap_or_else(|| panic!("{operation} has no pages")).value.to_string()
}

impl Sent {
    /// Changes a part of the query that is there.
    fn ask(&mut self, name: &str, value: &str) {
        for (_, present) in self.query.iter_mut().filter(|(known, _)| known == name) {
            value.clone_into(present);
        }
    }
}

/// A client whose calls are answered by `service`; the test pauses its clock.
pub(crate) fn client(
    service: impl Fn(http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync + 'static,
) -> Client {
    Client::builder()
        .endpoint("http://localhost")
        .project(PROJECT)
        .credentials(Credentials::access_key("EXAMPLEACCESSKEY", "example-secret-key-of-nobody"))
        .clock(SharedClock(paused_clock()))
        .transport(move |request| ready(Ok::<_, std::io::Error>(service(request))))
        .build()
        .unwrap()
}

/// A client that sends nowhere, and what it was about to send. Every call is refused with a code that ends it, but the
/// first has the answer that is given.
pub(crate) fn refused_client(
    first: Option<Value>,
) -> (Client, Arc<Mutex<Vec<http::Request<Bytes>>>>) {
    let sent = Arc::<Mutex<Vec<_>>>::default();
    let (keep, first) = (sent.clone(), Mutex::new(first));
    let client = client(move |request| {
        keep.lock().unwrap().push(request);
        let refusal =
            json!({"error_code": "CPS.0001", "error_msg": "No permission to request resources."});
        let (status, body) = match first.lock().unwrap().take() {
            Some(answer) => (200, answer),
            None => (403, refusal),
        };
        http::Response::builder().status(status).body(body.to_string().into()).unwrap()
    });
    (client, sent)
}

#[tokio::test(start_paused = true)]
async fn cph_sends_what_the_official_sdk_sends() {
    let mut compared = BTreeSet::new();
    for recording in recordings().into_iter().filter_map(adapted) {
        let what = recording.to_string();
        let marker = &recording.arguments["marker"];
        let page = (!marker.is_null()).then(|| json!({"page_info": {"next_marker": marker}}));
        let calls = if page.is_some() { 2 } else { 1 };
        let (client, sent) = refused_client(page);
        // A batch has outcomes, anything else fails.
        let _ = call(&client, &recording.operation, &recording.arguments).await;

        let requests = sent.lock().unwrap();
        assert_eq!(requests.len(), calls, "{what}");
        let request = requests.last().unwrap();
        let (method, uri) = (request.method(), request.uri().to_string());
        let sent = Sent::new(method, &uri, request.headers(), request.body());
        sent.assert_line_and_body_equal(&recording.request, &what);
        for name in ["content-type", "x-project-id"] {
            assert_eq!(sent.header(name), recording.request.header(name), "{what}: {name}");
        }
        assert_eq!(sent.header("x-sdk-date"), Some("20270115T080000Z"), "{what}");
        // cph signs fewer headers than the SDK, so that a proxy may change the rest, but none that the SDK leaves out.
        let (signed, by_sdk) = (sent.signed_headers(), recording.request.signed_headers());
        assert!(signed.contains("host") && signed.contains("x-sdk-date"), "{what}: {signed:?}");
        assert!(signed.is_subset(&by_sdk), "{what}: {signed:?}");
        record_request(Column::Ergonomic, method.as_str(), &uri, request.body());
        compared.insert(recording.operation);
    }
    let documented: BTreeSet<_> =
        operations().iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(compared, documented);
}

/// Its page shows `vpc_id`, which the SDK does not know and therefore does not send.
#[tokio::test(start_paused = true)]
async fn cph_sends_the_order_that_the_sdk_cannot() {
    let name = "CreateCloudPhoneSingleServer";
    let operation = operations().into_iter().find(|operation| operation.name == name).unwrap();
    let (_, example) = operation.request_examples()[0];
    assert!(example["nics"][0]["vpc_id"].is_string());
    let (client, sent) = refused_client(None);
    call(&client, name, &json!({"body": example})).await.unwrap_err();
    let requests = sent.lock().unwrap();
    let request = &requests[0];
    assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), *example);
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    record_request(Column::Ergonomic, method, &uri, request.body());
}
