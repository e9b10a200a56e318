//! Nothing that a program prints or logs by accident holds a secret or identifies a person.

use std::future::ready;

use bytes::Bytes;
use cph::{Client, Credentials, OutcomeRecord, Properties, RestartTarget};
use cph_sim::{Effect, Fault, SimClock, Simulator};
use cph_tests::{
    in_process,
    leaks::{Log, Secrets, Shown, assert_hidden},
    over_socket, paused_clock, start_of_time,
};
use futures_util::TryStreamExt as _;

const PHONE_NUMBER: &str = "13666666666";
const IMSI: &str = "460021624617113";
const ICCID: &str = "42947a38410b137c";
const SECURITY_TOKEN: &str = "security-token-of-nobody";
const REQUEST_ID: &str = "6837531fd3f54550927b930180a706bf";

/// How often a fault must strike one read: it is sent again unless it was refused.
const ONCE: u64 = 1;
const EVERY_ATTEMPT: u64 = 5;

fn secrets_of(simulator: &Simulator) -> Secrets {
    let temporary = simulator.temporary_keys();
    let given = [
        ("secret key", simulator.secret_key()),
        ("token", simulator.token()),
        ("password", simulator.password()),
        ("temporary secret key", &temporary.secret_key),
        ("security token", &temporary.security_token),
        ("phone number", PHONE_NUMBER),
        ("IMSI", IMSI),
        ("ICCID", ICCID),
    ];
    given.map(|(what, secret)| (what, secret.to_owned())).into()
}

/// One target with the newest property keys, one with the oldest.
fn targets(simulator: &Simulator) -> Vec<RestartTarget> {
    let phones = simulator.phones();
    let newest = Properties::new().phone_number(PHONE_NUMBER).imsi(IMSI);
    let oldest = format!(r#"{{"phone_num":"{PHONE_NUMBER}","imsi":"{IMSI}","iccid":"{ICCID}"}}"#);
    vec![
        RestartTarget::from(&phones[0]).properties(newest),
        RestartTarget::from(&phones[1]).property_text(oldest),
    ]
}

async fn restart(client: &Client, simulator: &Simulator, shown: &Shown) {
    let targets = targets(simulator);
    shown.debug(&targets);
    let restart = client.phones().restart(targets).observer(shown.clone());
    shown.debug(&restart);
    for body in restart.dry_run().unwrap() {
        shown.text(&body);
    }
    let run = restart.start().unwrap();
    shown.debug(&run);
    shown.debug(&run.ticket());
    let report = run.await;
    shown.debug(&report);
    shown.text(&report);
    for outcome in report.outcomes() {
        shown.text(&outcome.fate);
        shown.debug(&OutcomeRecord::from(outcome));
    }
}

/// Uses all that the client can do, with answers that are well and answers that are not. Returns the personal values
/// that the service itself gave away.
async fn use_everything(client: &Client, simulator: &Simulator, shown: &Shown) -> Secrets {
    let mut secrets = Secrets::new();
    shown.debug(client);
    restart(client, simulator, shown).await;
    for phone in client.phones().list().stream().try_collect::<Vec<_>>().await.unwrap() {
        shown.debug(&phone);
        let detail = client.phones().get(&phone.phone_id).await.unwrap();
        shown.debug(&detail);
        let property = &detail.property;
        shown.text(property);
        let properties = property.parse().unwrap();
        shown.debug(&properties);
        secrets.extend([
            ("IMEI", phone.imei.unwrap().reveal().to_owned()),
            (
                "phone number of the service",
                properties.get("sys.prop.writephonenum").unwrap().to_owned(),
            ),
            ("IMSI of the service", properties.get("sys.prop.writeimsi").unwrap().to_owned()),
        ]);
    }

    for (fault, times) in [
        (Fault::refuse("APIGW.0301"), ONCE),
        (Fault::html(503), EVERY_ATTEMPT),
        (Fault::html_after(), EVERY_ATTEMPT),
        (Fault::broken_json(), EVERY_ATTEMPT),
        (Fault::truncate(), EVERY_ATTEMPT),
        (Fault::drop_after(), EVERY_ATTEMPT),
    ] {
        simulator.inject(fault.clone().on("RestartCloudPhone")).unwrap();
        restart(client, simulator, shown).await;
        for operation in ["ListCloudPhones", "ShowCloudPhoneDetail"] {
            simulator.inject(fault.clone().on(operation).times(times)).unwrap();
        }
        shown.error(&client.phones().list().stream().try_collect::<Vec<_>>().await.unwrap_err());
        shown.error(&client.phones().get(&simulator.phones()[0]).await.unwrap_err());
    }
    assert!(simulator.faults().iter().all(|fault| fault.left == Some(0)), "every fault has struck");

    // Refused before anything is sent.
    let phone = &simulator.phones()[0];
    for property in [
        format!(
            r#"{{"sys.prop.writephonenum":"{PHONE_NUMBER} and more","imsi":"{IMSI}x","iccid":["{ICCID}"]}}"#
        ),
        format!(r#"{{"imsi":"{IMSI},}}"#),
    ] {
        let target = RestartTarget::from(phone).property_text(property);
        shown.error(&client.phones().restart([target]).start().unwrap_err());
    }
    secrets
}

fn check(simulator: &Simulator, mut secrets: Secrets, log: &Log, shown: &Shown) {
    secrets.append(&mut secrets_of(simulator));
    let log = log.text();
    let request_id = &simulator.journal()[0].request_id;
    assert!(log.contains(request_id), "nothing was logged that could give anything away");
    assert_hidden(&secrets, &log);
    assert_hidden(&secrets, &shown.all());
}

#[tokio::test(start_paused = true)]
async fn in_process_nothing_is_given_away() {
    for by_key in [true, false] {
        let simulator =
            Simulator::builder().phones(3).seed(11).clock(paused_clock()).build().unwrap();
        let credentials = if by_key {
            let keys = simulator.temporary_keys();
            Credentials::access_key(keys.access_key, keys.secret_key)
                .security_token(keys.security_token)
        } else {
            Credentials::token(simulator.token())
        };
        let (log, _guard) = Log::capture();
        let shown = Shown::default();
        shown.debug(&credentials);
        let builder = shown.wire(in_process(&simulator).credentials(credentials));
        shown.debug(&builder);
        let client = builder.build().unwrap();
        let secrets = use_everything(&client, &simulator, &shown).await;
        check(&simulator, secrets, &log, &shown);
    }
}

#[tokio::test]
async fn over_a_socket_nothing_is_given_away() {
    let simulator = Simulator::builder()
        .phones(3)
        .seed(11)
        .clock(SimClock::stepped(start_of_time()))
        .build()
        .unwrap();
    let (log, _guard) = Log::capture();
    let shown = Shown::default();
    let serving = simulator.start().await.unwrap();
    let client = over_socket(&simulator, serving.endpoint(), |client| shown.wire(client));
    let secrets = use_everything(&client, &simulator, &shown).await;
    check(&simulator, secrets, &log, &shown);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_quoted() {
    let (log, _guard) = Log::capture();
    let shown = Shown::default();
    let answers = [
        format!(r#"{{"phone_id":"1564567b8bab40f34711234cb80d8574","status":"{PHONE_NUMBER}"}}"#),
        format!(r#"{{"phone_id":"1564567b8bab40f34711234cb80d8574","property":{IMSI}}}"#),
        format!(r#"{{"phone_id":"1564567b8bab40f34711234cb80d8574","imei":["{ICCID}"]}}"#),
        format!(r#"{{"phone_id":"","property":"{PHONE_NUMBER}"}}"#),
    ];
    for answer in answers {
        let client = Client::builder()
            .endpoint("http://localhost")
            .project("0123456789abcdef0123456789abcdef")
            .credentials(Credentials::token(SECURITY_TOKEN))
            .attempts(1)
            .transport(move |_| {
                let answer = Bytes::from(answer.clone());
                ready(http::Response::builder().header("x-request-id", REQUEST_ID).body(answer))
            })
            .build()
            .unwrap();
        let error = client.phones().get("1564567b8bab40f34711234cb80d8574").await.unwrap_err();
        assert_eq!(error.kind(), cph::ErrorKind::UnreadableAnswer);
        shown.error(&error);
    }
    let secrets = [PHONE_NUMBER, IMSI, ICCID, SECURITY_TOKEN]
        .map(|secret| ("value", secret.to_owned()))
        .into();
    let log = log.text();
    assert!(log.contains(REQUEST_ID), "nothing was logged that could give anything away");
    assert_hidden(&secrets, &log);
    assert_hidden(&secrets, &shown.all());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_quotes_the_headers_it_saw_is_not_passed_on() {
    let simulator = Simulator::builder().phones(3).seed(11).clock(paused_clock()).build().unwrap();
    let message =
        format!("Incorrect IAM authentication information: x-auth-token {}", simulator.token());
    let code = "APIGW.0301".to_owned();
    simulator
        .inject(
            Fault::from(Effect::Refuse {
                code,
                status: 401,
                message: Some(message),
                retry_after: None,
            })
            .always(),
        )
        .unwrap();
    let (log, _guard) = Log::capture();
    let shown = Shown::default();
    let client = in_process(&simulator).credentials(Credentials::token(simulator.token()));
    let client = shown.wire(client).build().unwrap();
    restart(&client, &simulator, &shown).await;
    shown.error(&client.phones().get(&simulator.phones()[0]).await.unwrap_err());
    check(&simulator, Secrets::new(), &log, &shown);
}
