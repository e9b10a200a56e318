//! What goes into a transport, and what becomes of the answers that come out.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex},
};

use cph_raw::{
    Client, Error, Transport,
    types::{PhoneProperty, RestartCloudPhoneRequestBody},
};
use reqwest::{Request, Response};

/// Answers every call alike and keeps what it was asked.
#[derive(Debug)]
struct Canned {
    status: u16,
    answer: &'static str,
    asked: Mutex<Vec<(&'static str, Request)>>,
}

impl Transport for Canned {
    fn send<'a>(
        &'a self,
        _: &'a reqwest::Client,
        operation: &'static str,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send + 'a>> {
        self.asked.lock().unwrap().push((operation, request));
        let answer = http::Response::builder()
            .status(self.status)
            .header("X-Request-Id", "6837")
            .body(self.answer)
            .unwrap();
        Box::pin(ready(Ok(answer.into())))
    }
}

fn canned(status: u16, answer: &'static str) -> (Client, Arc<Canned>) {
    let transport = Arc::new(Canned { status, answer, asked: Mutex::default() });
    (cph_raw::client("http://localhost:1", http_client(), transport.clone()), transport)
}

/// Built without a process-wide TLS provider or the system's roots: nothing here goes over a network.
fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

fn restart() -> RestartCloudPhoneRequestBody {
    let phone = PhoneProperty { phone_id: "a7f3".into(), property: None };
    RestartCloudPhoneRequestBody { image_id: None, phones: vec![phone] }
}

#[tokio::test]
async fn a_request_is_what_the_page_prints_and_no_more() {
    let (client, transport) = canned(200, "{}");
    client.restart_cloud_phone("0f51", &restart()).await.unwrap();
    client.list_jobs("0f51", Some(100), None, None, Some("a,b")).await.unwrap();

    let asked = transport.asked.lock().unwrap();
    let (operation, request) = &asked[0];
    assert_eq!(*operation, "RestartCloudPhone");
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.url().as_str(),
        "http://localhost:1/v1/0f51/cloud-phone/phones/batch-restart"
    );
    assert_eq!(
        request.body().and_then(|body| body.as_bytes()),
        Some(br#"{"phones":[{"phone_id":"a7f3"}]}"#.as_slice())
    );
    let headers: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(headers, ["accept", "content-type"]);

    let (operation, request) = &asked[1];
    assert_eq!(*operation, "ListJobs");
    assert_eq!(request.url().query(), Some("limit=100&request_ids=a%2Cb"));
    assert!(!request.headers().contains_key("api-version"));
}

#[tokio::test]
async fn the_example_answer_parses() {
    let (client, _) = canned(
        200,
        r#"{"jobs": [
            {"job_id": "1564567b8bab40f34711234cb80d0123", "phone_id": "1234567b8bab40ffb711234cb80d0234"},
            {"error_code": "CPS.0004", "error_msg": "Parameter: phone_id is invalid.", "phone_id": "1678567b8bab40f93711234cb80d0764"}
        ], "request_id": "6837531fd3f54550927b930180a706bf"}"#,
    );
    let answer = client.restart_cloud_phone("0f51", &restart()).await.unwrap();
    assert_eq!(answer.headers()["X-Request-Id"], "6837");
    let jobs = answer.into_inner().jobs.unwrap();
    assert_eq!(jobs[0].job_id.as_deref(), Some("1564567b8bab40f34711234cb80d0123"));
    assert_eq!(jobs[1].error_code.as_deref(), Some("CPS.0004"));
}

#[tokio::test]
async fn an_odd_answer_parses() {
    let (client, _) = canned(
        200,
        r#"{"count": null, "newer": {"field": []}, "phones": [
            {"phone_id": "a7f3", "status": 1, "imei": 869287243397729, "metadata": null},
            {"status": 4711, "imei": "869287243397729", "traffic_type": "by carrier pigeon", "access_infos": null},
            {}
        ]}"#,
    );
    let phones = client
        .list_cloud_phones("0f51", None, None, None, None, None, None)
        .await
        .unwrap()
        .into_inner()
        .phones
        .unwrap();
    assert_eq!(
        phones.iter().map(|phone| phone.status).collect::<Vec<_>>(),
        [Some(1), Some(4711), None]
    );
    assert_eq!(
        phones[0].imei.as_ref().map(ToString::to_string),
        phones[1].imei.as_ref().map(ToString::to_string)
    );

    let (client, _) = canned(200, r#"{"jobs": null}"#);
    assert_eq!(
        client.restart_cloud_phone("0f51", &restart()).await.unwrap().into_inner().jobs,
        None
    );

    let (client, _) =
        canned(200, r#"{"access_infos": null, "custom_property": null, "property": "no JSON"}"#);
    let phone = client.show_cloud_phone_detail("0f51", "a7f3").await.unwrap().into_inner();
    assert_eq!((phone.access_infos, phone.custom_property), (None, None));
}

#[tokio::test]
async fn any_other_status_keeps_the_whole_answer() {
    for status in [202, 302, 400, 503] {
        let (client, _) = canned(status, "<html>");
        match client.restart_cloud_phone("0f51", &restart()).await {
            Err(Error::UnexpectedResponse(answer)) => {
                assert_eq!(answer.status(), status);
                assert_eq!(answer.headers()["X-Request-Id"], "6837");
                assert_eq!(answer.text().await.unwrap(), "<html>");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_can_have_its_own_transport() {
    let (client, of_all) = canned(503, "");
    let (_, of_one) = canned(200, "{}");
    client.with_transport(of_one.clone()).show_job("0f51", "1564").await.unwrap();
    assert!(of_all.asked.lock().unwrap().is_empty());
    assert_eq!(of_one.asked.lock().unwrap()[0].0, "ShowJob");
}
