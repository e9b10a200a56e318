//! Every operation that the simulator performs: what it answers, and what it changes by it.

use std::time::Duration;

use cph::{
    Authorization, Client, ErrorCode, EventState, ImageStatus, JobStatus, Membership, PhoneStatus,
    ReceiveStatus, Result, Tag,
};
use cph_sim::Simulator;
use cph_tests::{
    evidence::{Column, passed},
    in_process, paused_clock,
};
use futures_util::{Stream, TryStreamExt as _};

const PROJECT: &str = "87dc6af96095488d9205b6f31f314b16";

/// So many phones on two servers, and a client of theirs.
pub(crate) fn fleet(phones: usize) -> (Simulator, Client) {
    let builder = Simulator::builder().phones(phones).servers(2).seed(7).clock(paused_clock());
    let simulator = builder.build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    (simulator, client)
}

pub(crate) async fn rows<T>(list: impl Stream<Item = Result<T>>) -> Vec<T> {
    list.try_collect().await.unwrap()
}

/// Writes down that the simulator performs these, once it has been seen that it has.
pub(crate) fn performed<const N: usize>(simulator: &Simulator, operations: [&str; N]) {
    for operation in operations {
        let journal = simulator.journal();
        let mut calls =
            journal.iter().filter(|entry| entry.operation.as_deref() == Some(operation));
        assert!(calls.any(|entry| matches!(entry.status, Some(200 | 204))), "{operation}");
        passed(Column::Simulated, operation, []);
    }
}

#[tokio::test(start_paused = true)]
async fn phones_restart_by_jobs() {
    let (simulator, client) = fleet(3);
    let phones = rows(client.phones().list().stream()).await;
    assert!(phones.iter().all(|phone| phone.status == PhoneStatus::Running));
    let image = client.images().list().name("private-image-1");
    let image = rows(image.stream()).await.swap_remove(0).image_id;
    let restart = client.phones().restart(phones.iter().map(|phone| &phone.phone_id));
    let run = restart.image(image.as_str()).start().unwrap();
    while run.ticket().len() < 3 {
        tokio::task::yield_now().await;
    }
    let ticket = run.ticket();
    let (_, request_id, _) = ticket.jobs().next().unwrap();
    let jobs = client.jobs().list([request_id.as_str()]).await.unwrap();
    assert!(jobs.iter().all(|job| job.status == JobStatus::Running));
    let phone = client.phones().get(&phones[2].phone_id).await.unwrap().phone;
    assert_eq!(phone.status, PhoneStatus::Restarting);

    assert_eq!(run.await.to_string(), "3 done");
    let job = client.jobs().get(&jobs[0].job_id).await.unwrap();
    assert_eq!(
        (job.status, job.phone_id.as_deref()),
        (JobStatus::Success, Some(phones[0].phone_id.as_str()))
    );
    let phone = client.phones().get(&phones[2].phone_id).await.unwrap().phone;
    assert_eq!(
        (phone.status, phone.image_id.as_deref()),
        (PhoneStatus::Running, Some(image.as_str()))
    );
    performed(
        &simulator,
        ["ListCloudPhones", "ShowCloudPhoneDetail", "RestartCloudPhone", "ListJobs", "ShowJob"],
    );
}

#[tokio::test(start_paused = true)]
async fn images_are_shared_received_and_deleted() {
    let (simulator, client) = fleet(1);
    let images = client.images();
    let custom = rows(images.list().status(ImageStatus::Production).stream()).await;
    let [own, other, shared] = &custom[..] else { panic!("three custom images: {custom:?}") };
    assert_eq!(own.project_id.as_deref(), Some(simulator.project()));
    let project = shared.src_project_id.as_deref().unwrap();
    assert_eq!(rows(images.list().src_project(project).stream()).await.len(), 1);

    images.share(&own.image_id, PROJECT).await.unwrap();
    let members = rows(images.members(own.image_id.as_str()).stream()).await;
    assert_eq!(members[0].member_id.as_str(), PROJECT);
    images.unshare(&own.image_id, PROJECT).await.unwrap();
    assert!(rows(images.members(own.image_id.as_str()).stream()).await.is_empty());

    let received = async || {
        let list = rows(images.available().image_type("share").stream()).await;
        list[0].receive_status
    };
    assert_eq!(received().await, Some(ReceiveStatus::Pending));
    images.respond(&shared.image_id, Membership::Accepted).await.unwrap();
    assert_eq!(received().await, Some(ReceiveStatus::Accepted));

    images.delete(&own.image_id).await.unwrap();
    let left = rows(images.list().image_type("private").stream()).await;
    assert_eq!(left.iter().map(|image| &image.image_id).collect::<Vec<_>>(), [&other.image_id]);
    let again = images.delete(&own.image_id).await.unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::IMAGE_NOT_FOUND));
    performed(
        &simulator,
        [
            "ListCloudPhoneImages",
            "ListImages",
            "DeleteImage",
            "AddImageMember",
            "ListImageMembers",
            "DeleteImageMember",
            "UpdateImageMember",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn servers_are_tagged_and_found() {
    let (simulator, client) = fleet(4);
    let phones = rows(client.phones().list().stream()).await;
    let [first, second] = [0, 3].map(|place| phones[place].server_id.clone().unwrap());
    let tags = client.tags();
    tags.add(&first, [("team", "games"), ("stage", "test")]).await.unwrap();
    tags.add(&second, [("team", "toys")]).await.unwrap();
    tags.remove(&first, [("stage", "test")]).await.unwrap();
    assert_eq!(tags.of(&first).await.unwrap(), [Tag::new("team", "games")]);

    let all = rows(tags.all().stream()).await;
    assert_eq!((all.len(), all[0].key.as_str(), all[0].values.len()), (1, "team", 2));
    assert_eq!(tags.find().tag("team", ["games", "toys"]).count().await.unwrap(), 2);
    let found = rows(tags.find().tag("team", ["toys"]).stream()).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resource_id, second);
    assert_eq!(found[0].tags, [Tag::new("team", "toys")]);
    performed(
        &simulator,
        [
            "BatchCreateTags",
            "BatchDeleteTags",
            "ListResourceTags",
            "ListProjectTags",
            "ListResourceInstances",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn events_are_authorized_and_moved() {
    let (simulator, client) = fleet(4);
    let events = client.events();
    let both = [EventState::Inquiring, EventState::Scheduled];
    assert_eq!(rows(events.list().states(both).stream()).await.len(), 3);
    let asking = rows(events.list().states([EventState::Inquiring]).stream()).await;
    let id = asking[0].event_id.as_str();
    let shown = async || rows(events.list().event(id).stream()).await.swap_remove(0);

    let later = simulator.clock().now() + Duration::from_hours(2);
    let not_before = Some(later);
    events.authorize(id, Authorization::Maintenance { not_before }).await.unwrap();
    let authorized = shown().await;
    assert_eq!(authorized.state, Some(EventState::Scheduled));
    events.reschedule(id, later + Duration::from_hours(1)).await.unwrap();
    assert_ne!(shown().await.not_before, authorized.not_before);
    simulator.clock().advance(Duration::from_hours(3));
    assert_eq!(shown().await.state, Some(EventState::Executing));
    performed(
        &simulator,
        ["ListScheduledEvents", "AuthorizeScheduledEvent", "UpdateScheduledEvent"],
    );
}
