//! What batches of different kinds have in common with a restart, and what is their own.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use cph::{
    Client, Credentials, ErrorKind, Fate, Job, JobStatus, Properties, RestartTarget, ServerOutcome,
    TargetOutcome,
};
use cph_sim::Simulator;
use cph_tests::{SharedClock, canned::Canned, in_process, paused_clock};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

/// Well-formed ids.
pub(crate) const SERVERS: [&str; 3] = [
    "1234567b8bab40ffb711234cb80d0234",
    "1678567b8bab40f93711234cb80d0764",
    "a7f3a1c5258347d6b6f1def79e11f2bc",
];

/// A client of a service that does whatever it is asked.
pub(crate) fn client(service: &Canned) -> Client {
    let service = service.clone();
    Client::builder()
        .endpoint("http://localhost")
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(SharedClock(paused_clock()))
        .transport(move |request| {
            std::future::ready(Ok::<_, std::io::Error>(service.answer(request)))
        })
        .build()
        .unwrap()
}

/// The bodies that were sent, but for reads.
fn bodies(requests: &[http::Request<Bytes>]) -> Vec<Value> {
    let bodies = requests.iter().filter(|request| !request.body().is_empty());
    bodies.map(|request| serde_json::from_slice(request.body()).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn phones_with_different_images_go_in_different_calls() {
    let simulator = Simulator::builder().phones(6).seed(7).clock(paused_clock()).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let [common, first, second] = SERVERS;
    let images = [None, Some(first), None, Some(second), Some(first), None];
    let phones = simulator.phones();
    let targets = phones.iter().zip(images).map(|(phone, image)| match image {
        Some(image) => RestartTarget::from(phone).image(image),
        None => RestartTarget::from(phone),
    });
    let restart = client.phones().restart(targets).image(common);
    let planned = restart.dry_run().unwrap();
    let images: Vec<_> = planned.iter().map(|body| body["image_id"].as_str().unwrap()).collect();
    assert_eq!(images, [common, first, second]);
    assert_eq!(restart.start().unwrap().await.to_string(), "6 done");

    let sent: Vec<_> = simulator
        .journal()
        .iter()
        .filter(|entry| entry.operation.as_deref() == Some("RestartCloudPhone"))
        .map(|entry| entry.targets)
        .collect();
    assert_eq!(sent, [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn servers_settle_as_phones_do_one_in_each_call() {
    let service = Canned::default();
    let report = client(&service).servers().restart(SERVERS).start().unwrap().await;
    assert_eq!(report.to_string(), "3 done");
    let ids: Vec<_> = report.outcomes().iter().map(|outcome| outcome.server.as_str()).collect();
    assert_eq!(ids, SERVERS);
    let each = SERVERS.map(|server| json!({"server_ids": [server]}));
    assert_eq!(bodies(&service.requests()), each);
}

#[tokio::test(start_paused = true)]
async fn one_job_settles_every_server_of_its_call() {
    let service = Canned::default();
    let delete = client(&service).servers().delete(SERVERS).batch(2);
    let report = delete.start().unwrap().await;
    assert_eq!(report.to_string(), "3 done");
    let jobs: Vec<_> = report.outcomes().iter().filter_map(TargetOutcome::job_id).collect();
    assert_eq!((jobs[0], jobs.len()), (jobs[1], 3));
    assert_ne!(jobs[0], jobs[2]);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_stands_in_the_answer_needs_no_job() {
    let service = Canned::default();
    let report = client(&service).phones().run_sync(SERVERS, "ls").start().unwrap().await;
    assert_eq!(report.to_string(), "3 done");
    let outputs = report.outcomes().iter().map(|outcome| outcome.output.as_deref());
    assert!(outputs.eq([Some("Success"); 3]));
    assert_eq!(service.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_job_printed_comes_with_the_outcome() {
    let report =
        client(&Canned::default()).phones().run_shell(["p1"], "getprop").start().unwrap().await;
    let outcome = &report.outcomes()[0];
    assert_eq!((&outcome.fate, outcome.output.as_deref()), (&Fate::Done, Some("Success")));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_for_targets_of_its_kind() {
    let service = Canned::default();
    let restart = client(&service).servers().restart([SERVERS[0]]).job_timeout(Duration::ZERO);
    service.forget_jobs(true);
    let report = restart.start().unwrap().await;
    assert_eq!(report.to_string(), "1 unconfirmed");
    let ticket = report.open().unwrap().clone();

    let client = client(&service);
    let error = client.resume(ticket.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("RestartCloudPhoneServer"), "{error}");
    service.forget_jobs(false);
    let report = client.resume_servers(ticket).unwrap().await;
    let ServerOutcome { server, fate, .. } = &report.outcomes()[0];
    assert_eq!((server.as_str(), fate), (SERVERS[0], &Fate::Done));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_are_waited_for_come_once_each_as_they_end() {
    let simulator = Simulator::builder().phones(30).seed(7).clock(paused_clock()).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    let run = client.phones().restart(simulator.phones()).start().unwrap();
    while run.ticket().len() < 30 {
        tokio::task::yield_now().await;
    }
    let ticket = run.ticket();
    let (_, call, _) = ticket.jobs().next().unwrap();

    let none: Vec<Job> =
        client.jobs().wait([call.as_str()], Duration::ZERO).try_collect().await.unwrap();
    assert_eq!(none.len(), 30, "who has no patience gets them as they are");
    assert!(none.iter().all(|job| job.status == JobStatus::Running));

    let patience = Duration::from_mins(30);
    let jobs: Vec<Job> = client.jobs().wait([call.as_str()], patience).try_collect().await.unwrap();
    assert!(jobs.iter().all(|job| job.status == JobStatus::Success));
    let ids: HashSet<_> = jobs.iter().map(|job| &job.job_id).collect();
    assert_eq!((jobs.len(), ids.len()), (30, 30));
    let looks = simulator
        .journal()
        .iter()
        .filter(|entry| entry.operation.as_deref() == Some("ListJobs"))
        .count();
    assert!(looks < 60, "{looks} looks for jobs of about a minute");
}

#[tokio::test(start_paused = true)]
async fn a_reset_says_what_else_is_to_be_forgotten() {
    let service = Canned::default();
    let target = cph::ResetTarget::new("p1")
        .properties(Properties::new().wifi_name("w"))
        .factory_reset_enabled(true);
    let report = client(&service).phones().reset([target]).start().unwrap().await;
    assert!(report.all_done());
    assert_eq!(
        bodies(&service.requests()),
        [json!({"phones": [{
            "phone_id": "p1",
            "property": r#"{"sys.prop.writewifissid":"w"}"#,
            "factory_reset_enabled": true,
        }]})]
    );
}
