//! What `ClientBuilder::wire_log` shows of a client's calls. That it holds no secret stands in `contract/no_secrets.rs`.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use cph::{
    Client, ClientBuilder, Credentials, MetadataCredentials, PasswordCredentials, Properties,
    RestartTarget, WireRecord,
};
use cph_sim::Fault;
use cph_tests::{in_process, over_socket, stepped};
use serde_json::Value;

use crate::simulated::fleet;

const PHONE: &str = "1564567b8bab40f34711234cb80d8574";

/// Keeps the records.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<WireRecord>>>);

impl Log {
    fn attach(&self, builder: ClientBuilder) -> ClientBuilder {
        let records = self.0.clone();
        builder.wire_log(move |record| records.lock().unwrap().push(record.clone()))
    }

    fn records(&self) -> Vec<WireRecord> {
        self.0.lock().unwrap().clone()
    }

    /// One line for each attempt.
    fn lines(&self) -> String {
        let records = self.records();
        let lines = records.iter().map(|record| {
            let status = record.status.map(|status| format!(" {status}")).unwrap_or_default();
            let error = record.error.as_deref().map(|error| format!(" {error}"));
            format!(
                "{} {}{status}{}\n",
                record.operation,
                record.attempt,
                error.unwrap_or_default()
            )
        });
        lines.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_of_every_call_is_shown() {
    let (simulator, _) = fleet(1);
    let log = Log::default();
    let transport = simulator.clone();
    let user = PasswordCredentials::new(
        simulator.user_name(),
        simulator.password(),
        simulator.domain_name(),
    );
    let client = log
        .attach(Client::builder())
        .region(simulator.region())
        .endpoint(simulator.endpoint())
        .transport(move |request| transport.call(request))
        .credentials(user)
        .connect()
        .await
        .unwrap();
    simulator.inject(Fault::html(503).on("ShowCloudPhoneDetail")).unwrap();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    let credentials = Credentials::token(simulator.token());
    let other = client.for_project(simulator.project(), credentials).unwrap();
    other.phones().get(PHONE).await.unwrap_err();
    insta::assert_snapshot!(log.lines(), @r"
    KeystoneCreateUserTokenByPassword 1 201
    KeystoneListProjects 1 200
    ShowCloudPhoneDetail 1 503
    ShowCloudPhoneDetail 2 200
    ShowCloudPhoneDetail 1 404
    ");
    let records = log.records();
    let user = &records[0].request_body["auth"]["identity"]["password"]["user"];
    assert_eq!((&user["name"], &user["password"]), (&"***".into(), &"***".into()));
    assert_eq!(records[0].response_headers["x-subject-token"], "***");
    let page = records[2].response_body.as_str().unwrap();
    assert!(page.contains("<html>"), "{page}");
    let asked = simulator.journal();
    for (record, asked) in records.iter().zip(asked.iter()) {
        assert_eq!(record.request_id.as_ref(), Some(&asked.request_id));
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_has_all_that_a_report_needs() {
    let (simulator, _) = fleet(1);
    let log = Log::default();
    let client = log.attach(in_process(&simulator)).build().unwrap();
    let property = Properties::new().imsi("460021624617113").hide_navigation_keys(true);
    let target = RestartTarget::from(&simulator.phones()[0]).properties(property);
    client.phones().restart([target]).start().unwrap().await;
    let mut record = serde_json::to_value(&log.records()[0]).unwrap();
    // What follows from the seed is no part of the form.
    for name in ["url", "request_id"] {
        assert!(record[name].take().is_string());
    }
    record["request_headers"]["x-project-id"].take();
    record["request_body"]["phones"][0]["phone_id"].take();
    record["response_headers"]["x-request-id"].take();
    record["response_body"].take();
    insta::assert_snapshot!(serde_json::to_string_pretty(&record).unwrap(), @r##"
    {
      "time": "2027-01-15T08:00:00.000Z",
      "operation": "RestartCloudPhone",
      "attempt": 1,
      "method": "POST",
      "url": null,
      "request_headers": {
        "accept": "application/json",
        "authorization": "***",
        "content-type": "application/json",
        "host": "localhost",
        "x-project-id": null,
        "x-sdk-date": "20270115T080000Z"
      },
      "request_body": {
        "phones": [
          {
            "phone_id": null,
            "property": "{\"sys.prop.writeimsi\":\"***\",\"com.cph.mainkeys\":\"1\"}"
          }
        ]
      },
      "status": 200,
      "response_headers": {
        "content-type": "application/json",
        "date": "Fri, 15 Jan 2027 08:00:00 GMT",
        "x-request-id": null
      },
      "response_body": null,
      "request_id": null,
      "milliseconds": 0,
      "error": null
    }
    "##);
}

#[tokio::test]
async fn an_answer_that_never_came_whole_shows_as_an_error() {
    let simulator = stepped(1);
    let serving = simulator.start().await.unwrap();
    let log = Log::default();
    let client = over_socket(&simulator, serving.endpoint(), |builder| log.attach(builder));
    simulator.inject(Fault::drop_after().on("ShowCloudPhoneDetail")).unwrap();
    simulator.inject(Fault::truncate().on("ShowCloudPhoneDetail")).unwrap();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    let records = log.records();
    let seen = |record: &WireRecord| (record.attempt, record.status, record.request_id.is_some());
    assert_eq!(
        records.iter().map(seen).collect::<Vec<_>>(),
        [(1, None, false), (2, Some(200), true), (3, Some(200), true)]
    );
    for broken in &records[..2] {
        let error = broken.error.as_deref().unwrap();
        assert!(error.starts_with("sent, and the connection broke before"), "{error}");
        assert_eq!(broken.response_body, Value::Null);
    }
    assert_eq!(records[2].error, None);
    assert_ne!(records[2].response_body["phone_id"], Value::Null);
    assert_eq!(records[2].response_body["imei"], "***");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_given_up_or_never_left_shows_too() {
    let log = Log::default();
    let builder = || log.attach(Client::builder()).endpoint("http://localhost").project(PHONE);
    let silent = builder().transport(|_| std::future::pending::<io::Result<_>>());
    let silent = silent.credentials(MetadataCredentials::new()).build().unwrap();
    silent.phones().get(PHONE).await.unwrap_err();
    let refusing = builder().transport(|_| async {
        Err::<http::Response<bytes::Bytes>, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
    });
    let refusing = refusing.credentials(Credentials::token("a-token")).attempts(1);
    refusing.build().unwrap().phones().get(PHONE).await.unwrap_err();
    let late = builder().transport(|_| std::future::pending::<io::Result<_>>());
    let late = late.credentials(Credentials::token("a-token")).attempts(1);
    let late = late.attempt_timeout(Duration::from_secs(7));
    late.build().unwrap().phones().get(PHONE).await.unwrap_err();
    insta::assert_snapshot!(log.lines(), @r"
    CreateMetadataToken 1 nobody waited for the answer any longer
    ShowCloudPhoneDetail 1 never sent: connection refused
    ShowCloudPhoneDetail 1 sent, and no whole answer came within 7s
    ");
}
