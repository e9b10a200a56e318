//! `cph api`: every documented operation, as documented.

use cph_core::Operation;
use cph_tests::{
    canned::Canned,
    scripted::{Reply, Scripted},
};
use serde_json::{Value, json};

use crate::command::{Cph, Ran};

/// Runs `cph api` against a service that does whatever it is asked, and hands over what that was.
async fn call(args: &[&str], input: &str) -> (Ran, Vec<http::Request<bytes::Bytes>>) {
    let service = Canned::default();
    let answering = service.clone();
    let server =
        Scripted::start(move |request| std::future::ready(Reply::from(answering.answer(request))));
    let ran = Cph::new(&["api"]).args(args).keys(&server.endpoint()).input(input).run().await;
    (ran, service.requests())
}

/// What the official SDK sends for the same arguments is what leaves here too.
#[tokio::test]
async fn every_recorded_call_can_be_made() {
    let recorded: Value = serde_json::from_str(include_str!("../../openapi/wire.json")).unwrap();
    let mut called = std::collections::BTreeSet::new();
    for recording in recorded["requests"].as_array().unwrap() {
        let name = recording["operation"].as_str().unwrap();
        let what = format!("{name}, {}", recording["case"].as_str().unwrap());
        let operation = Operation::find(name).unwrap();
        let mut args = vec![name.to_owned(), "--yes".to_owned()];
        let mut body = None;
        for (argument, value) in recording["arguments"].as_object().unwrap() {
            let in_path = operation.path.contains(&format!("{{{argument}}}"));
            let flag = if in_path { "--path" } else { "--query" };
            match value {
                Value::Object(_) => body = Some(value.to_string()),
                Value::Array(values) => args.extend(values.iter().flat_map(|value| {
                    [flag.to_owned(), format!("{argument}={}", value.as_str().unwrap())]
                })),
                Value::String(value) => {
                    args.extend([flag.to_owned(), format!("{argument}={value}")]);
                }
                value => args.extend([flag.to_owned(), format!("{argument}={value}")]),
            }
        }
        if body.is_some() {
            args.extend(["--body".to_owned(), "-".to_owned()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (ran, requests) = call(&args, body.as_deref().unwrap_or("")).await;
        let (ran, requests) = if name == "ListShareFiles" {
            // The page allows 50 and shows 100.
            assert_eq!((ran.exit, requests.len()), (2, 0), "{}", ran.both);
            let args = args.iter().map(|arg| if *arg == "limit=100" { "limit=50" } else { arg });
            call(&args.collect::<Vec<_>>(), "").await
        } else {
            (ran, requests)
        };
        assert_eq!((ran.exit, requests.len()), (0, 1), "{what}: {}", ran.both);
        let request = &requests[0];
        let url = url::Url::parse("http://localhost").unwrap();
        let url = url.join(&request.uri().to_string()).unwrap();
        let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let recorded = &recording["request"];
        let mut expected: Vec<(String, String)> =
            serde_json::from_value(recorded["query"].clone()).unwrap();
        if name == "ListShareFiles" {
            expected.retain(|(name, _)| name != "limit");
            query.retain(|(name, value)| name != "limit" || value != "50");
        }
        query.sort();
        expected.sort();
        assert_eq!(request.method().as_str(), recorded["method"], "{what}");
        assert_eq!(url.path(), recorded["path"], "{what}");
        assert_eq!(query, expected, "{what}");
        let sent: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        assert_eq!(sent, recorded["body"], "{what}");
        called.insert(name.to_owned());
    }
    assert!(Operation::all().iter().all(|operation| called.contains(operation.name)));
}

#[tokio::test]
async fn a_call_that_differs_from_the_specification_is_not_sent() {
    let body = json!({"phones": [{"phone_id": 7, "proprety": "{}"}]}).to_string();
    let rows: [(&[&str], &str); 8] = [
        (&["ListCloudPhones", "--query", "limit=0", "--query", "colour=red"], ""),
        (&["ShowCloudPhoneDetail"], ""),
        (&["ShowCloudPhoneDetail", "--path", "phone_id=..", "--path", "project_id=p"], ""),
        (&["RestartCloudPhone"], ""),
        (&["RestartCloudPhone", "--body", "-"], &body),
        (&["RestartCloudPhone", "--body", "-"], "{\"phones\": "),
        (&["ListJobs", "--body", "-"], "{}"),
        (&["RestartEverything"], ""),
    ];
    let mut shown = String::new();
    for (args, input) in rows {
        let (ran, requests) = call(args, input).await;
        assert!(requests.is_empty());
        shown += &ran.shown();
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn what_erases_spends_interrupts_or_is_much_is_asked_about() {
    let phones = |count: usize| {
        let phones: Vec<_> =
            (0..count).map(|phone| json!({"phone_id": format!("p{phone}")})).collect();
        json!({"phones": phones}).to_string()
    };
    let servers = json!({"server_ids": ["s1"]}).to_string();
    let command = json!({"command": "shell", "content": "ls", "server_ids": ["s1"]}).to_string();
    let rows = [
        ("ResetCloudPhone", phones(1), true),
        ("RestartCloudPhone", phones(10), false),
        ("RestartCloudPhone", phones(11), true),
        ("RestartCloudPhoneServer", servers, true),
        ("RunShellCommand", command, true),
    ];
    for (operation, body, asks) in rows {
        let (ran, requests) = call(&[operation, "--body", "-"], &body).await;
        let expected = if asks { (2, 0) } else { (0, 1) };
        assert_eq!((ran.exit, requests.len()), expected, "{operation}: {}", ran.both);
        let (ran, requests) = call(&[operation, "--body", "-", "--yes"], &body).await;
        assert_eq!((ran.exit, requests.len()), (0, 1), "{operation}: {}", ran.both);
    }
}

#[tokio::test]
async fn personal_values_are_masked_unless_they_are_asked_for() {
    let answer = r#"{"phone_id":"p","imei":123456789012345,"property":"{\"sys.prop.writeimsi\":\"460021624617113\"}"}"#;
    let server = Scripted::start(move |_| std::future::ready(Reply::answer(200, &[], answer)));
    let show =
        Cph::new(&["api", "ShowCloudPhoneDetail", "--path", "phone_id=p", "--format", "jsonl"])
            .keys(&server.endpoint());
    let masked = show.clone().run().await;
    assert_eq!(
        masked.out,
        "{\"phone_id\":\"p\",\"imei\":\"***\",\"property\":\"{\\\"sys.prop.writeimsi\\\":\\\"***\\\"}\"}\n"
    );
    let shown = show.args(&["--show-personal"]).run().await;
    assert_eq!(shown.out.trim_end(), answer);
}
