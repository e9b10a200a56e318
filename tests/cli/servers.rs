//! `cph server`, `cph encoder`, `cph shared-file` and `cph shared-app`.

use bytes::Bytes;
use cph_tests::{
    canned::Canned,
    evidence::{Column, record_request},
    scripted::{Reply, Scripted},
};
use http::Request;
use serde_json::{Value, json};

use crate::command::{Cph, FIRST, Ran, SECOND, file};

/// What one look at the jobs finds.
const AT_ONCE: &[&str] = &["--job-timeout", "0s", "--yes"];

/// Runs it against a service that does whatever it is asked. What arrived is told without questions about jobs.
async fn run(cph: Cph) -> (Ran, Vec<Request<Bytes>>) {
    let canned = Canned::default();
    let service = Scripted::start(move |request| {
        let answer = canned.answer(request);
        async move { answer.into() }
    });
    let ran = cph.keys(&service.endpoint()).run().await;
    let mut requests = service.requests();
    requests.retain(|request| !request.uri().path().ends_with("/jobs"));
    (ran, requests)
}

/// Such as `GET /v1/-/cloud-phone/servers?limit=100&offset=0`, with the parameters in the order of their names.
fn line(request: &Request<Bytes>) -> String {
    let path = request.uri().path().replace("/0123456789abcdef0123456789abcdef/", "/-/");
    let query = request.uri().query().unwrap_or_default();
    let mut query: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query.sort();
    let query = query.join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {path}{mark}{query}", request.method())
}

/// Makes exactly this request, with its second page where there is one, and where it says `--yes` none without that.
async fn check(args: &[&str], expected: &str, body: Value) -> Ran {
    if args.contains(&"--yes") {
        let silent: Vec<_> = args.iter().copied().filter(|arg| *arg != "--yes").collect();
        let (ran, requests) = run(Cph::new(&silent)).await;
        assert_eq!((ran.exit, requests.len()), (2, 0), "{}", ran.err);
        assert!(
            ran.err.contains("without a terminal to ask on, --yes is needed to"),
            "{}",
            ran.err
        );
    }
    let (ran, requests) = run(Cph::new(args)).await;
    assert_eq!(ran.exit, 0, "{args:?}: {}", ran.err);
    let [request, pages @ ..] = requests.as_slice() else { panic!("{args:?}: nothing was asked") };
    assert_eq!(line(request), expected);
    let sent: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    assert_eq!(sent, body, "{args:?}");
    for page in pages {
        assert_eq!(line(page).replace("&marker=next", ""), expected);
    }
    for request in &requests {
        let (method, uri) = (request.method().as_str(), request.uri().to_string());
        record_request(Column::Cli, method, &uri, request.body());
    }
    ran
}

#[tokio::test]
async fn servers_are_listed_and_shown() {
    let ran = check(
        &[
            "server", "list", "--name", "cph", "--server", FIRST, "--status", "normal",
            "--network-version", "v2", "--phone-model", "rx1.cp.c105.d6.e5v5",
            "--create-since", "1", "--create-until", "2",
        ],
        &format!(
            "GET /v1/-/cloud-phone/servers?create_since=1&create_until=2&limit=100&network_version=v2&offset=0\
             &phone_model_name=rx1.cp.c105.d6.e5v5&server_id={FIRST}&server_name=cph&status=5"
        ),
        Value::Null,
    )
    .await;
    insta::assert_snapshot!("server_list", ran.shown());
    let show = format!("GET /v1/-/cloud-phone/servers/{FIRST}");
    let ran = check(&["server", "show", FIRST], &show, Value::Null).await;
    insta::assert_snapshot!("server_show", ran.shown());
    check(
        &["server", "models", "--product-type", "0", "--format", "csv"],
        "GET /v1/-/cloud-phone/server-models?limit=100&product_type=0",
        Value::Null,
    )
    .await;
    let offerings = "GET /v1/-/server-model-offerings?limit=1000";
    let ran = check(&["server", "offerings"], offerings, Value::Null).await;
    assert_eq!(ran.out, "AVAILABLE ZONE  MODEL NAME  SELL STATUS\n");
}

#[tokio::test]
async fn servers_are_restarted_renamed_and_deleted() {
    let ran = check(
        &[
            "server",
            "restart",
            FIRST,
            SECOND,
            "--job-timeout",
            "0s",
            "--batch",
            "2",
            "--in-flight",
            "1",
            "--max-down",
            "2",
            "--expect",
            "2",
            "--yes",
            "--until",
            "2999-01-01T00:00:00Z",
        ],
        "POST /v1/-/cloud-phone/servers/batch-restart",
        json!({"server_ids": [FIRST, SECOND]}),
    )
    .await;
    insta::assert_snapshot!("server_restart", ran.shown());
    let rename = format!("PUT /v1/-/cloud-phone/servers/{FIRST}");
    let args = ["server", "rename", FIRST, "newName"];
    check(&args, &rename, json!({"server_name": "newName"})).await;
    let delete = "DELETE /v2/-/cloud-phone/servers";
    let args = [&["server", "delete", FIRST], AT_ONCE].concat();
    check(&args, delete, json!({"server_ids": [FIRST]})).await;
}

#[tokio::test]
async fn key_pairs_and_file_systems_of_servers_are_changed() {
    let args = ["server", "keypair", FIRST, SECOND, "--keypair", "mine", "--batch", "2"];
    check(
        &[&args, AT_ONCE].concat(),
        "PUT /v1/-/cloud-phone/servers/open-access",
        json!({"servers": [
            {"server_id": FIRST, "keypair_name": "mine"},
            {"server_id": SECOND, "keypair_name": "mine"},
        ]}),
    )
    .await;
    let args = ["server", "attach", FIRST, "--filesystem", "fs", "--path", "/games"];
    check(
        &[&args, AT_ONCE].concat(),
        "POST /v1/-/servers/attach-share-filesystem",
        json!({"type": "sfs_turbo", "id": "fs", "path": "/games", "server_ids": [FIRST]}),
    )
    .await;
    let args = ["server", "detach", FIRST, "--filesystem", "fs"];
    check(
        &[&args, AT_ONCE].concat(),
        "POST /v1/-/servers/detach-share-filesystem",
        json!({"type": "sfs_turbo", "id": "fs", "server_ids": [FIRST]}),
    )
    .await;
}

/// The vendor's example, with everything else that an order may say.
fn order() -> Value {
    json!({
        "server_name": "cph-kertus-1110",
        "server_model_name": "physical.kg1.4xlarge.cp",
        "phone_model_name": "kg1.cp.c20.d64SSD.e1v1",
        "image_id": "20060220200717f201120a2300000e91",
        "count": 1,
        "keypair_name": "keypair",
        "ports": [{"name": "myServer1", "listen_port": 20000, "internet_accessible": "false"}],
        "extend_param": {
            "charging_mode": 0,
            "period_type": 2,
            "period_num": 1,
            "is_auto_pay": 0,
            "is_auto_renew": 1,
            "enterprise_project_id": "0",
        },
        "tenant_vpc_id": "fca063f6-b942-42a8-9004-e5545f58d6a2",
        "nics": [{
            "subnet_id": "f1cbfc37-eb42-4357-a0ec-9e4f11950908",
            "ipv6_enable": true,
            "ipv6_bandwidth": {"band_width_id": "ipv6"},
        }],
        "public_ip": {"ids": ["address"], "eip": {"type": "5_bgp"}, "count": 1},
        "phone_count_per_ip": 2,
        "phone_data_volume": {"volume_type": "GPSSD", "size": 10},
        "server_share_data_volume": {"volume_type": "GPSSD", "size": 10},
        "band_width": band_width(),
        "availability_zone": "cn-north-4a",
        "property": "{\"com.cph.mainkeys\":\"1\"}",
    })
}

fn band_width() -> Value {
    json!({
        "band_width_id": "shared",
        "band_width_size": 300,
        "band_width_charge_mode": 1,
        "band_width_share_type": 0,
    })
}

/// The same, as the change of a server.
fn server_change() -> Value {
    let mut change = order();
    let fields = change.as_object_mut().unwrap();
    fields
        .retain(|name, _| !["server_name", "server_model_name", "count"].contains(&name.as_str()));
    fields["extend_param"] = json!({"enterprise_project_id": "0"});
    change
}

#[tokio::test]
async fn what_costs_money_is_asked_about_and_ordered_once() {
    let request = file(&order().to_string());
    let args = ["server", "buy", "--from", request.path().to_str().unwrap(), "--yes"];
    let ran = check(&args, "POST /v2/-/cloud-phone/servers", order()).await;
    insta::assert_snapshot!("server_buy", ran.shown());

    let single = json!({
        "server_name": "cph-test-wy",
        "server_model_name": "physical.rx2.32xlarge.4",
        "count": 2,
        "order_param": {
            "charging_mode": 0,
            "period_type": 2,
            "period_num": 1,
            "is_auto_pay": 1,
            "is_auto_renew": 0,
        },
        "nics": [{
            "vpc_id": "6eb5019f-df01-4ded-9486-d54e7b282ced",
            "subnet_id": "3c5e2638-b71f-4499-8d1e-355e89f21ae0",
            "ipv6_enable": true,
            "ipv6_band_width_id": "fbe74c2f-e2ba-427a-b8aa-1c7c4f510ac1",
        }],
        "public_ip": {"ids": ["address"], "type": "5_bgp", "count": 1, "band_width": band_width()},
        "availability_zone": "cn-north-4a",
        "data_volume": {"volume_type": "SSD", "size": 10, "count": 2},
        "keypair_name": "KeyPair-1d1d-wy",
        "enterprise_project_id": "0",
        "image_id": "image",
    });
    let request = file(&single.to_string());
    let args = ["server", "buy-single", "--from", request.path().to_str().unwrap(), "--yes"];
    let ran = check(&args, "POST /v2.1/-/cloud-phone/servers", single).await;
    let says = "buying 2 servers of physical.rx2.32xlarge.4 without phones at http://127.0.0.1:";
    assert!(ran.err.starts_with(says), "{}", ran.err);

    check(
        &[
            "server",
            "change-model",
            FIRST,
            "--server-model",
            "physical.rx1.xlarge.special",
            "--phone-model",
            "rx1.cp.sp.c105.d8.e5v5",
            "--auto-pay",
            "--yes",
        ],
        "POST /v1/-/cloud-phone/servers/change-server-model",
        json!({
            "server_id": FIRST,
            "server_model_name": "physical.rx1.xlarge.special",
            "phone_model_name": "rx1.cp.sp.c105.d8.e5v5",
            "extend_param": {"is_auto_pay": 1},
        }),
    )
    .await;
}

#[tokio::test]
async fn a_server_gets_new_phones() {
    let request = file(&server_change().to_string());
    let request = request.path().to_str().unwrap();
    let args = [&["server", "change", FIRST, "--from", request], AT_ONCE].concat();
    let path = format!("POST /v2/-/cloud-phone/servers/{FIRST}/change");
    let ran = check(&args, &path, server_change()).await;
    let says = format!(
        "changing server {FIRST} to phones of kg1.cp.c20.d64SSD.e1v1 with image \
         20060220200717f201120a2300000e91 at http://127.0.0.1:"
    );
    assert!(ran.err.starts_with("run file: ") && ran.err.contains(&says), "{}", ran.err);
}

#[tokio::test]
async fn a_question_that_is_answered_no_orders_nothing() {
    let request = file(&order().to_string());
    let buy = Cph::new(&["server", "buy", "--from", request.path().to_str().unwrap()]);
    let (ran, requests) = run(buy.clone().terminal("n\n")).await;
    assert_eq!((ran.exit, requests.len()), (2, 0), "{}", ran.err);
    assert!(ran.err.contains("(it costs money)? [y/N] "), "{}", ran.err);
    let (ran, requests) = run(buy.terminal("y\n")).await;
    assert_eq!((ran.exit, requests.len()), (0, 1), "{}", ran.err);
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_may_have_been_placed() {
    let service = Scripted::start(|_| async { Reply::answer(502, &[], "<html>") });
    let buy = Cph::new(&["server", "buy", "--from", "-", "--yes"]).input(&order().to_string());
    let ran = buy.keys(&service.endpoint()).run().await;
    assert_eq!((ran.exit, service.requests().len()), (3, 1), "{}", ran.err);
    assert!(ran.err.contains("it may have been done all the same"), "{}", ran.err);
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_refused_with_its_place_and_without_its_values() {
    let mut incomplete = order();
    incomplete.as_object_mut().unwrap().remove("nics");
    incomplete["extend_param"]["period_num"] = json!(12);
    for (text, says) in [
        ("{\"count\": 1,\n \"image_id\"}".to_owned(), "it is no JSON at line 2 column 12; nothing"),
        (
            "{\"count\":\n\"13666666666\"}".to_owned(),
            "expected is i64 at line 2 column 13; nothing",
        ),
        (
            "{\"extend_param\": {\"is_auto_pay\": 13666666666}}".to_owned(),
            "expected is 0 or 1 at line 1",
        ),
        (
            "{\"counts\": 13666666666}".to_owned(),
            "unknown field `counts`, expected one of `server_name`",
        ),
        (
            incomplete.to_string(),
            "extend_param.period_num: 12 is not in 1 to 9 months\ncph: standard input: nics: missing\n",
        ),
    ] {
        let (ran, requests) =
            run(Cph::new(&["server", "buy", "--from", "-", "--yes"]).input(&text)).await;
        assert_eq!((ran.exit, requests.len()), (2, 0), "{}", ran.err);
        assert!(ran.err.starts_with("cph: standard input: "), "{}", ran.err);
        assert!(ran.err.contains(says), "{says}: {}", ran.err);
        assert!(!ran.err.contains("13666666666"), "{}", ran.err);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_another_number_of_servers_than_expected() {
    let args = ["server", "restart", FIRST, SECOND, "--expect", "3..", "--yes"];
    let (ran, requests) = run(Cph::new(&args)).await;
    assert_eq!((ran.exit, requests.len()), (2, 0));
    assert_eq!(ran.err, "cph: 2 servers selected, 3 or more expected; nothing was sent\n");
}

#[tokio::test]
async fn encoding_services_are_listed_and_restarted() {
    let ran = check(
        &["encoder", "list", "--server", FIRST, "--status", "abnormal", "--type", "1"],
        &format!(
            "GET /v1/-/cloud-phone/encode-servers?limit=100&offset=0&server_id={FIRST}&status=2&type=1"
        ),
        Value::Null,
    )
    .await;
    insta::assert_snapshot!("encoder_list", ran.shown());
    check(
        &[&["encoder", "restart", FIRST, SECOND, "--batch", "2"], AT_ONCE].concat(),
        "POST /v1/-/cloud-phone/encode-servers/batch-restart",
        json!({"encode_server_ids": [FIRST, SECOND]}),
    )
    .await;
}

#[tokio::test]
async fn shared_files_are_listed_pushed_and_deleted() {
    let args = ["shared-file", "list", FIRST, "--path", "/data", "--offset", "1", "--limit", "10"];
    let ran = check(
        &[&args[..], &["--job-timeout", "0s"]].concat(),
        &format!(
            "GET /v1/-/cloud-phone/servers/share-files?limit=10&offset=1&path=/data&server_ids={FIRST}"
        ),
        Value::Null,
    )
    .await;
    insta::assert_snapshot!("shared_file_list", ran.shown());
    let args = ["shared-file", "push", FIRST, "--bucket", "bucket", "--object", "a/b.tar"];
    check(
        &[&args, AT_ONCE].concat(),
        "POST /v1/-/cloud-phone/phones/share-files",
        json!({"bucket_name": "bucket", "object_path": "a/b.tar", "server_ids": [FIRST]}),
    )
    .await;
    let args = ["shared-file", "delete", FIRST, "--path", "/data/a", "--path", "/data/b"];
    check(
        &[&args, AT_ONCE].concat(),
        "POST /v1/-/cloud-phone/phones/share-files",
        json!({"file_paths": ["/data/a", "/data/b"], "server_ids": [FIRST]}),
    )
    .await;
}

/// Servers a, b, c and d: lists one file, refuses, lists what was cut off, goes on listing.
fn storage(request: &Request<Bytes>) -> Value {
    let query = request.uri().query().unwrap_or_default();
    let server = query.rsplit('=').next().unwrap_or_default();
    if !request.uri().path().ends_with("/jobs") {
        let job = match server {
            "b" => json!({"server_id": "b", "error_code": "CPS.0005", "error_msg": "no"}),
            id => json!({"server_id": id, "job_id": format!("job-{id}")}),
        };
        return json!({"request_id": format!("request-{server}"), "jobs": [job]});
    }
    let job = |id: &str, status: i64, output: &str| json!({"job_id": format!("job-{id}"), "server_id": id, "status": status, "execute_msg": output});
    let jobs = [
        job(
            "a",
            2,
            r#"{"files_in_path": {"total": 60, "count": 1, "files": ["4096 Apr 15 09:49 x"]}}"#,
        ),
        job("c", 2, r#"{"files_in_path": {"total": 60"#),
        job("d", 1, ""),
    ];
    json!({"request_id": "request", "jobs": jobs})
}

#[tokio::test]
async fn servers_whose_files_are_not_known_are_named_with_the_reason() {
    let service = Scripted::start(|request| {
        let answer = storage(&request).to_string();
        async move { Reply::answer(200, &[], &answer) }
    });
    let list = |ids: &[&str]| {
        Cph::new(&["shared-file", "list"])
            .args(ids)
            .args(&["--path", "/data", "--job-timeout", "0s", "--format", "jsonl"])
            .keys(&service.endpoint())
    };
    let ran = list(&["a", "b"]).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let ran = list(&["a", "c"]).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let ran = list(&["a", "d", "b"]).run().await;
    assert_eq!(ran.exit, 3, "{}", ran.err);
    insta::assert_snapshot!(
        "shared_file_list_of_some",
        list(&["a", "b", "c", "d"]).run().await.shown()
    );
}

#[tokio::test]
async fn shared_apps_are_listed_installed_and_removed() {
    let ran = check(
        &["shared-app", "list", FIRST, "--package", "com.example.app"],
        &format!(
            "GET /v1/-/servers/{FIRST}/share-apps-snapshot?limit=500&package_name=com.example.app"
        ),
        Value::Null,
    )
    .await;
    assert_eq!(ran.out, "PACKAGE NAME  VERSIONS  COLLECT TIME\n");
    let args = [
        "shared-app",
        "push",
        FIRST,
        "--package",
        "com.example.app",
        "--bucket",
        "bucket",
        "--object",
        "a/b.tar",
        "--pre-install",
    ];
    check(
        &[&args, AT_ONCE].concat(),
        "POST /v1/-/cloud-phone/phones/share-apps",
        json!({
            "package_name": "com.example.app",
            "pre_install_app": 1,
            "bucket_name": "bucket",
            "object_path": "a/b.tar",
            "server_ids": [FIRST],
        }),
    )
    .await;
    let args = ["shared-app", "delete", FIRST, "--package", "com.example.app"];
    check(
        &[&args, AT_ONCE].concat(),
        "DELETE /v1/-/cloud-phone/phones/share-apps",
        json!({"package_name": "com.example.app", "server_ids": [FIRST]}),
    )
    .await;
}
