//! Orders against the vendor's examples, and bodies and answers of the operations on servers.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{ServerChange, ServerModelChange, ServerOrder, SingleServerOrder, request};
use crate::{Batch, BatchKind, Client, Clock, Credentials, Error, Fate, Servers};

const SERVERS: [&str; 2] = ["1234567b8bab40ffb711234cb80d0234", "1678567b8bab40f93711234cb80d0764"];

/// The runtime's own time, which a test pauses: waits take no time.
#[derive(Debug)]
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000) + self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A client of a service that answers everything but questions about jobs with `answer`, and these with `jobs`.
fn client(answer: Value, jobs: Value) -> Client {
    let transport = move |request: http::Request<Bytes>| {
        let body = if request.uri().path().ends_with("/jobs") { &jobs } else { &answer };
        let body = Bytes::from(body.to_string());
        async move { Ok::<_, std::io::Error>(http::Response::new(body)) }
    };
    Client::builder()
        .endpoint("https://cph.example.com")
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(PausedClock(tokio::time::Instant::now()))
        .transport(transport)
        .build()
        .unwrap()
}

fn dry_run<K: BatchKind>(batch: &Batch<K>) -> Vec<Value> {
    batch.dry_run().unwrap()
}

fn problems(error: &Error) -> Vec<String> {
    error.problems().iter().map(ToString::to_string).collect()
}

fn order_example() -> Value {
    json!({
        "band_width": {"band_width_charge_mode": 1, "band_width_share_type": 0, "band_width_size": 300},
        "count": 1,
        "extend_param": {"charging_mode": 0, "is_auto_pay": 0, "period_num": 1, "period_type": 2},
        "image_id": "20060220200717f201120a2300000e91",
        "keypair_name": "keypair",
        "nics": [{"subnet_id": "f1cbfc37-eb42-4357-a0ec-9e4f11950908"}],
        "phone_model_name": "kg1.cp.c20.d64SSD.e1v1",
        "ports": [
            {"internet_accessible": "false", "listen_port": 20000, "name": "myServer1"},
            {"internet_accessible": "true", "listen_port": 20001, "name": "myServer2"},
        ],
        "public_ip": {"eip": {"type": "5_bgp"}},
        "server_model_name": "physical.kg1.4xlarge.cp",
        "server_name": "cph-kertus-1110",
        "tenant_vpc_id": "fca063f6-b942-42a8-9004-e5545f58d6a2",
    })
}

/// The same as a change: its own example differs in nothing else.
fn change_of(mut order: Value) -> Value {
    for field in ["count", "server_name", "server_model_name"] {
        order.as_object_mut().unwrap().remove(field);
    }
    order["extend_param"] = json!({"enterprise_project_id": "0"});
    order
}

/// The example passes the checks, and comes out as it went in, from our type and from the generated one.
fn round_trip<Ours, Raw>(example: &Value)
where
    Ours: DeserializeOwned + Serialize + request::Check,
    Raw: DeserializeOwned + Serialize,
{
    let ours: Ours = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&ours).unwrap(), example);
    let raw: Raw = request::raw(&ours).unwrap();
    assert_eq!(&serde_json::to_value(&raw).unwrap(), example);
}

#[test]
fn the_vendors_examples_are_taken_as_they_are() {
    use cph_raw::types;

    round_trip::<ServerOrder, types::CreateNet2CloudPhoneServerRequestBody>(&order_example());
    round_trip::<SingleServerOrder, types::CreateCloudPhoneSingleServerRequestBody>(&json!({
        "count": 1,
        "enterprise_project_id": "0",
        "keypair_name": "KeyPair-1d1d-wy",
        "nics": [{
            "ipv6_band_width_id": "fbe74c2f-e2ba-427a-b8aa-1c7c4f510ac1",
            "ipv6_enable": true,
            "subnet_id": "3c5e2638-b71f-4499-8d1e-355e89f21ae0",
            "vpc_id": "6eb5019f-df01-4ded-9486-d54e7b282ced",
        }],
        "order_param": {"charging_mode": 0, "is_auto_pay": 1, "is_auto_renew": 0, "period_num": 1, "period_type": 2},
        "public_ip": {
            "band_width": {"band_width_charge_mode": 1, "band_width_share_type": 0, "band_width_size": 300},
            "count": 1,
            "type": "5_bgp",
        },
        "server_model_name": "physical.rx2.32xlarge.4",
        "server_name": "cph-test-wy",
    }));
    let mut change = change_of(order_example());
    change["property"] = r#"{"sys.prop.writephonenum":"13666666666"}"#.into();
    round_trip::<ServerChange, types::ChangeCloudPhoneServerRequestBody>(&change);
    round_trip::<ServerModelChange, types::ChangeCloudPhoneServerModelRequestBody>(&json!({
        "extend_param": {"is_auto_pay": 1},
        "phone_model_name": "rx1.cp.sp.c105.d8.e5v5",
        "server_id": "a176d8625981453bbafbc0a321d8d6a1",
        "server_model_name": "physical.rx1.xlarge.special",
    }));
}

#[test]
fn every_field_reaches_the_generated_type() {
    use cph_raw::types;

    let mut order = order_example();
    let more = json!({
        "phone_count_per_ip": 5,
        "phone_data_volume": {"volume_type": "SSD", "size": 1},
        "server_share_data_volume": {"volume_type": "GPSSD", "size": 32768},
        "availability_zone": "cn-north-4a",
        "property": "{}",
        "nics": [{"subnet_id": "s", "ipv6_enable": false, "ipv6_bandwidth": {"band_width_id": "b"}}],
        "public_ip": {"ids": ["e"], "count": 0},
        "band_width": {"band_width_charge_mode": 0, "band_width_share_type": 1, "band_width_id": "b"},
        "extend_param": {"charging_mode": 1, "period_num": 10, "period_type": 3, "is_auto_renew": 1, "enterprise_project_id": "0"},
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    round_trip::<ServerOrder, types::CreateNet2CloudPhoneServerRequestBody>(&order);
    let mut change = change_of(order);
    change["phone_data_volume"]["size"] = 10.into();
    round_trip::<ServerChange, types::ChangeCloudPhoneServerRequestBody>(&change);
    round_trip::<SingleServerOrder, types::CreateCloudPhoneSingleServerRequestBody>(&json!({
        "server_name": "机-1_a",
        "server_model_name": "physical.rx2.32xlarge.4",
        "count": 10,
        "order_param": {"charging_mode": 0, "period_type": 3, "period_num": 1},
        "nics": [{"subnet_id": "s"}],
        "public_ip": {"ids": ["e"], "type": "5_sbgp", "count": 0, "band_width": {"band_width_charge_mode": 0, "band_width_share_type": 1, "band_width_id": "b"}},
        "availability_zone": "cn-north-4a",
        "data_volume": {"volume_type": "GPSSD", "size": 1, "count": 2},
        "keypair_name": "k",
        "image_id": "i",
    }));
}

#[test]
fn every_problem_of_an_order_is_named_by_its_place() {
    let body = json!({
        "server_name": "a b",
        "phone_model_name": "x".repeat(65),
        "image_id": "../etc",
        "count": 11,
        "ports": [
            {"name": "adb", "listen_port": 20000, "internet_accessible": "TRUE"},
            {"name": "seventeen-letters", "listen_port": 80},
        ],
        "extend_param": {"charging_mode": 0, "period_type": 2, "period_num": 10},
        "nics": [],
        "public_ip": {"ids": ["a", "b"]},
        "phone_count_per_ip": 0,
        "server_share_data_volume": {"volume_type": "SSD", "size": 9},
        "band_width": {"band_width_charge_mode": 2},
        "property": "{\"imsi\":\"12x\"}",
    });
    let order: ServerOrder = serde_json::from_value(body).unwrap();
    let problems = problems(&order.check().unwrap_err());
    insta::assert_snapshot!(problems.join("\n"), @r##"
    server_name: the name contains ' '; allowed are the letters a to z and A to Z, digits, Chinese characters, - and _
    server_model_name: missing
    phone_model_name: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 65 bytes; allowed are 1 to 64
    image_id: image id `../etc` contains '/'; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    count: 11 is not in 1 to 10
    ports[0].name: `adb` is the service's own; take another
    ports[1].name: `seventeen-letters` has 17 bytes; allowed are 1 to 16
    ports[1].listen_port: 80 is not in 10000 to 50000
    ports[1].internet_accessible: missing
    extend_param.period_num: 10 is not in 1 to 9 months
    tenant_vpc_id: missing
    nics: empty; at least one is needed
    public_ip.ids: 2 are given; at most 1 is allowed
    phone_count_per_ip: 0 is less than 1
    server_share_data_volume: size 9 is not in 10 to 32768 GiB
    band_width.band_width_charge_mode: 2 is not in 0 to 1
    band_width.band_width_share_type: missing
    property: property "imsi" takes 1 to 15 decimal digits, not the value given (personal, so not shown)
    "##);
    let text = "é".repeat(4100);
    let order = ServerOrder::new().property_text(format!(r#"{{"my.key":"{text}"}}"#));
    assert!(!order.check().unwrap_err().to_string().contains("my.key"), "characters, not bytes");
}

#[test]
fn a_body_with_a_field_of_no_order_is_refused() {
    let error = serde_json::from_value::<ServerOrder>(json!({"sever_name": "a"})).unwrap_err();
    assert!(error.to_string().starts_with("unknown field `sever_name`"), "{error}");
    let port = json!({"ports": [{"internet_accessible": true}]});
    let error = serde_json::from_value::<ServerOrder>(port).unwrap_err();
    assert!(error.to_string().contains("invalid type: boolean `true`"), "{error}");
}

#[test]
fn bodies_are_those_of_the_examples() {
    let client = client(json!({}), json!({}));
    let (files, apps) = (client.shared_files(), client.shared_apps());
    let bodies = [
        dry_run(&files.push(SERVERS, "bucketA", "my_apps/test.tar").batch(2)),
        dry_run(&files.delete(SERVERS, ["/data/app", "/data/data/test.apk"]).batch(2)),
        dry_run(&files.list(SERVERS, "/data/data").offset(0).limit(50).batch(2)),
        dry_run(
            &apps
                .push(SERVERS, "com.miniteck.miniworld", "bucket", "my_apps/test.tar")
                .pre_install(false),
        ),
        dry_run(&apps.delete(SERVERS, "com.miniteck.miniworld").batch(2)),
        dry_run(&client.servers().delete(SERVERS).batch(10)),
        dry_run(
            &client.servers().update_keypair(SERVERS.map(|server| (server, "mykeypair"))).batch(2),
        ),
        dry_run(&client.servers().attach_filesystem(SERVERS, "fs").path("/games").batch(20)),
        dry_run(&client.servers().detach_filesystem(SERVERS, "fs").batch(20)),
        dry_run(&client.encode_servers().restart(SERVERS).batch(2)),
    ];
    let lines: Vec<String> = bodies.iter().flatten().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r##"
    {"bucket_name":"bucketA","object_path":"my_apps/test.tar","server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"]}
    {"file_paths":["/data/app","/data/data/test.apk"],"server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"]}
    {"server_ids":"1234567b8bab40ffb711234cb80d0234,1678567b8bab40f93711234cb80d0764","path":"/data/data","offset":0,"limit":50}
    {"bucket_name":"bucket","object_path":"my_apps/test.tar","package_name":"com.miniteck.miniworld","pre_install_app":0,"server_ids":["1234567b8bab40ffb711234cb80d0234"]}
    {"bucket_name":"bucket","object_path":"my_apps/test.tar","package_name":"com.miniteck.miniworld","pre_install_app":0,"server_ids":["1678567b8bab40f93711234cb80d0764"]}
    {"package_name":"com.miniteck.miniworld","server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"]}
    {"server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"]}
    {"servers":[{"keypair_name":"mykeypair","server_id":"1234567b8bab40ffb711234cb80d0234"},{"keypair_name":"mykeypair","server_id":"1678567b8bab40f93711234cb80d0764"}]}
    {"id":"fs","path":"/games","server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"],"type":"sfs_turbo"}
    {"id":"fs","server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"],"type":"sfs_turbo"}
    {"encode_server_ids":["1234567b8bab40ffb711234cb80d0234","1678567b8bab40f93711234cb80d0764"]}
    "##);
}

#[test]
fn what_holds_for_all_servers_is_checked_before_anything_is_sent() {
    let client = client(json!({}), json!({}));
    let (files, apps, servers) = (client.shared_files(), client.shared_apps(), client.servers());
    let errors = [
        files.push(SERVERS, "b", "").dry_run(),
        files.delete(SERVERS, ["data"]).dry_run(),
        files.delete(SERVERS, Vec::<String>::new()).dry_run(),
        files.list(SERVERS, "/").limit(51).dry_run(),
        apps.push(SERVERS, "", "bucket", "o").batch(21).dry_run(),
        apps.delete(SERVERS, "com").dry_run(),
        servers.delete(SERVERS).batch(11).dry_run(),
        servers.update_keypair([(SERVERS[0], "x".repeat(65))]).dry_run(),
        servers.attach_filesystem(SERVERS, "").dry_run(),
        servers.change(SERVERS[0], change_example().nics([]).image_id("")).dry_run(),
    ];
    let lines = errors.into_iter().flat_map(|error| problems(&error.unwrap_err()));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r##"
    bucket_name: `b` has 1 characters; allowed are 3 to 63
    object_path: `` has 0 characters; allowed are 1 to 1024
    file_paths[0]: `data` does not begin with `/`
    file_paths: empty; at least one is needed
    path: `/` is the root; name a directory below it
    limit: 51 is not in 1 to 50
    batch is 21; the service takes at most 20 in one call
    package_name: empty
    package_name: `com` has no `.`
    batch is 11; the service takes at most 10 in one call
    server 1: 1234567b8bab40ffb711234cb80d0234: keypair_name: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 65 bytes; allowed are 1 to 64
    id of the file system: empty
    image_id: image id `` is empty; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`
    nics: empty; at least one is needed
    "##);
}

/// A change that passes the checks.
fn change_example() -> ServerChange {
    ServerChange::new()
        .phone_model_name("kg1.cp.c20.d64SSD.e1v1")
        .image_id("20060220200717f201120a2300000e91")
        .tenant_vpc_id("fca063f6-b942-42a8-9004-e5545f58d6a2")
        .nics([super::ServerNic::new("f1cbfc37-eb42-4357-a0ec-9e4f11950908")])
        .public_ip(super::ServerPublicIp::new().eip("5_bgp").ids(vec!["a".to_owned()]))
        .band_width(super::ServerBandWidth::dedicated(300))
}

#[tokio::test(start_paused = true)]
async fn a_deletion_has_one_job_for_all_servers_of_its_call() {
    let answer = json!({"request_id": "r", "job_id": "j"});
    let client = client(answer, json!({"jobs": [{"job_id": "j", "status": 2}]}));
    let report = client.servers().delete(SERVERS).batch(2).start().unwrap().await;
    assert_eq!(report.to_string(), "2 done");
}

#[tokio::test(start_paused = true)]
async fn a_change_has_one_outcome() {
    let change = async |answer: Value| {
        let client = client(answer, json!({"jobs": [{"job_id": "j", "status": 2}]}));
        let report = client.servers().change(SERVERS[0], change_example()).start().unwrap().await;
        report.outcomes()[0].fate.clone()
    };
    let answer = json!({"request_id": "r", "server_id": SERVERS[0], "job_id": "j"});
    assert_eq!(change(answer).await, Fate::Done);
    assert_eq!(change(json!({"request_id": "r", "job_id": "j"})).await, Fate::Done);
    let refused = json!({"request_id": "r", "server_id": SERVERS[0], "error_code": "CPS.0005"});
    assert!(matches!(change(refused).await, Fate::Refused(_)));
}

#[tokio::test]
async fn an_order_that_failed_under_a_success_is_an_error() {
    let order: ServerOrder = serde_json::from_value(order_example()).unwrap();
    let placed = json!({"order_id": "CS1710111105S8IPB", "product_id": "00301-25217-0--0", "request_id": "r", "server_ids": SERVERS});
    let order_of = async |answer| {
        let client = client(answer, json!({}));
        Servers::new(&client).buy(order.clone()).await
    };
    let bought = order_of(placed).await.unwrap();
    assert_eq!(bought.order_id.as_deref(), Some("CS1710111105S8IPB"));
    assert_eq!(bought.server_ids.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), SERVERS);
    let failed =
        json!({"request_id": "r", "server_ids": [], "error_code": "CPS.0004", "error_msg": "no"});
    let error = order_of(failed).await.unwrap_err();
    assert_eq!(
        (error.code().unwrap().to_string().as_str(), error.request_id()),
        ("CPS.0004", Some("r"))
    );
    assert_eq!(error.delivery(), crate::Delivery::Refused);
}
