//! The simulator, held against the bundle, the raw types and what the official SDK sends.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use cph::{Client, Fate, PhoneStatus, Properties, RestartTarget};
use cph_sim::{Fault, Fleet, Simulator};
use cph_tests::{in_process, paused_clock};
use futures_util::TryStreamExt as _;
use serde_json::Value;

use crate::{
    bundle::{Operation, differences, operations, plain, refusal_schema},
    raw::Types,
    wire::{Sent, recorded_requests},
};

/// The operations that a restart, told in full, calls.
const TOLD: [&str; 5] =
    ["ListCloudPhones", "ListJobs", "RestartCloudPhone", "ShowCloudPhoneDetail", "ShowJob"];

/// The server that recorded requests name.
const SERVER: &str = "88b8449b896f3a4f0ad57222dd919090";

/// A call that the simulator answered.
struct Exchange {
    operation: &'static str,
    status: u16,
    answer: Value,
}

type Exchanges = Arc<Mutex<Vec<Exchange>>>;

/// A client of the simulator, and what goes between them.
fn overheard(simulator: &Simulator) -> (Client, Exchanges) {
    let (exchanges, transport) = (Exchanges::default(), simulator.clone());
    let keep = exchanges.clone();
    let client = in_process(simulator).transport(move |request| {
        let operation = Operation::of(request.method().as_str(), request.uri().path());
        let operation =
            operation.unwrap_or_else(|| panic!("{} is not documented", request.uri().path())).name;
        let (answer, keep) = (transport.call(request), keep.clone());
        async move {
            let answer = answer.await?;
            let (status, json) =
                (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap());
            keep.lock().unwrap().push(Exchange { operation, status, answer: json });
            Ok::<_, std::io::Error>(answer)
        }
    });
    (client.build().unwrap(), exchanges)
}

/// Answers must be as documented, with no field that the raw types do not know; refusals must have the common form.
fn check(operation: &'static str, status: u16, answer: &Value) {
    if status != 200 {
        assert_eq!(differences(&refusal_schema(), answer), "", "{operation} answered {status}");
        return;
    }
    let documented =
        operations().into_iter().find(|documented| documented.name == operation).unwrap();
    assert_eq!(differences(&documented.answer_schema(), answer), "", "{operation}");
    let written = Types::of(documented.raw_name).unwrap().answer.unwrap()(answer).unwrap();
    assert_eq!(plain(&written), plain(answer), "{operation}");
}

#[tokio::test(start_paused = true)]
async fn answers_to_cph_are_as_documented_and_known_to_the_raw_types() {
    let simulator = Simulator::builder().phones(4).seed(5).clock(paused_clock()).build().unwrap();
    let [well, ill, frozen, idle] = &simulator.phones()[..] else { panic!("four phones") };
    simulator.set_phone_status(frozen, PhoneStatus::Frozen);
    simulator.inject(Fault::fail_job("CPS.0054").phone(ill)).unwrap();
    let (client, exchanges) = overheard(&simulator);

    let known: Vec<_> = client.phones().list().stream().try_collect().await.unwrap();
    assert_eq!(known.len(), 4);
    let narrowed = client.phones().list().status(PhoneStatus::Frozen).name("phone").kind(0);
    assert_eq!(narrowed.stream().try_collect::<Vec<_>>().await.unwrap().len(), 1);

    let stranger = "00000000000000000000000000000000";
    let renamed = RestartTarget::from(well)
        .properties(Properties::new().wifi_name("test_wifi").phone_number("13666666666"));
    let targets = [renamed, ill.into(), frozen.into(), stranger.into()];
    let run = client.phones().restart(targets).start().unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (done, failed) =
        (&simulator.ledger().of(well)[0].clone(), &simulator.ledger().of(ill)[0].clone());
    client.jobs().get(&done.job_id).await.unwrap();
    client.phones().get(well).await.unwrap();
    client.phones().get(idle).await.unwrap();
    let report = run.await;
    let fates: BTreeSet<_> = report.outcomes().iter().map(|outcome| outcome.fate.word()).collect();
    assert!(fates.iter().eq(&["done", "failed", "refused"]), "{report}");
    client.jobs().get(&done.job_id).await.unwrap();
    client.jobs().get(&failed.job_id).await.unwrap();
    assert_eq!(client.jobs().list([&done.request_id]).await.unwrap().len(), 2);

    client.phones().get(stranger).await.unwrap_err();
    client.jobs().get(stranger).await.unwrap_err();

    let exchanges = exchanges.lock().unwrap();
    for exchange in exchanges.iter() {
        check(exchange.operation, exchange.status, &exchange.answer);
    }
    let answered = exchanges.iter().filter(|exchange| exchange.status == 200);
    let answered: BTreeSet<_> = answered.map(|exchange| exchange.operation).collect();
    assert_eq!(answered, TOLD.into());
    assert_eq!(exchanges.iter().filter(|exchange| exchange.status != 200).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn refusals_have_the_common_form() {
    for fault in [Fault::refuse("CPS.0001"), Fault::refuse("APIGW.0301"), Fault::throttle()] {
        let simulator = Simulator::builder()
            .phones(1)
            .clock(paused_clock())
            .fault(fault.always())
            .build()
            .unwrap();
        let (client, exchanges) = overheard(&simulator);
        let report = client.phones().restart(simulator.phones()).start().unwrap().await;
        assert!(!report.outcomes().iter().any(|outcome| outcome.fate == Fate::Done));
        let exchanges = exchanges.lock().unwrap();
        assert!(!exchanges.is_empty());
        for exchange in exchanges.iter() {
            assert_ne!(exchange.status, 200);
            check(exchange.operation, exchange.status, &exchange.answer);
        }
    }
}

/// The recorded request, for the simulator's project. Its signature is gone, since it was made with other keys; a token
/// stands in. A marker is gone too: it leads to a row that only the service has.
fn replay(simulator: &Simulator, recorded: &Sent) -> http::Request<Bytes> {
    let mut steps = recorded.path.splitn(4, '/').skip(1);
    let (version, rest) = (steps.next().unwrap(), steps.nth(1).unwrap());
    let mut url = reqwest::Url::parse(simulator.endpoint()).unwrap();
    url.set_path(&format!("/{version}/{}/{rest}", simulator.project()));
    let query: Vec<_> = recorded.query.iter().filter(|(name, _)| name != "marker").collect();
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (name, value)));
    }
    let body =
        if recorded.body.is_null() { Bytes::new() } else { recorded.body.to_string().into() };
    http::Request::builder()
        .method(recorded.method.as_str())
        .uri(url.as_str())
        .header("content-type", "application/json")
        .header("x-project-id", simulator.project())
        .header("x-auth-token", simulator.token())
        .body(body)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_official_sdk_sends_is_taken_and_the_vendors_example_restarts() {
    let phones = [
        "a7f3a1c5258347d6b6f1def79e11f2bc",
        "1678567b8bab40f93711234cb80d0764",
        "1564567b8bab40f34711234cb80d8574",
    ];
    let mut answers = Vec::new();
    for (operation, what, recorded) in recorded_requests() {
        let rows = phones.map(|phone| format!("{phone},{SERVER}\n")).concat();
        let fleet = Fleet::from_csv(format!("phone_id,server_id\n{rows}").as_bytes()).unwrap();
        let simulator = Simulator::builder().fleet(fleet).clock(paused_clock()).build().unwrap();
        let answer = simulator.call(replay(&simulator, &recorded)).await.unwrap();
        let status = answer.status().as_u16();
        let json: Value = match status {
            204 => Value::Null,
            _ => serde_json::from_slice(answer.body()).unwrap(),
        };
        let code = json["error_code"].as_str().unwrap_or_default();
        assert!(!code.starts_with("APIGW") && status < 500, "{what}: {json}");
        answers.push(format!("{what:<60} {status} {code}").trim_end().to_owned());
        if status == 204 {
            assert!(answer.body().is_empty(), "{what}");
            continue;
        }
        check(operation, status, &json);
        if operation == "RestartCloudPhone" {
            let started = phones[..2].iter().all(|phone| simulator.ledger().of(phone).len() == 1);
            assert!(started, "{what}: {json}");
        }
    }
    // Refused is what names servers, images, jobs and events that this fleet has not, or breaks a documented rule.
    insta::assert_snapshot!(answers.join("\n"));
}
