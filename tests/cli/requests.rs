//! What each command asks of the service, with every flag that says something to it.

use bytes::Bytes;
use cph_tests::{
    canned::Canned,
    evidence::{Column, record_request},
    scripted::{Reply, Scripted},
};
use http::Request;

use crate::command::{Cph, FIRST, SECOND, file};

const SERVER: &str = "1234567b8bab40ffb711234cb80d0234";
/// One that the vendor's example lists.
const IMAGE: &str = "20032120200330a20b000eae5b8c01e6";
const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// Runs the commands against a service that does whatever it is asked. Shows for each what it asked of the service, but
/// for looks at jobs, and how it ended.
async fn check(name: &str, rows: &[(&str, &str)]) {
    let mut shown = String::new();
    for (command, input) in rows {
        let service = Canned::default();
        let answering = service.clone();
        let server = Scripted::start(move |request| {
            std::future::ready(Reply::from(answering.answer(request)))
        });
        let input = file(input);
        let args = command.replace("INPUT", input.path().to_str().unwrap());
        let ran = Cph::new(&words(&args)).keys(&server.endpoint()).run().await;
        shown += &["$ cph ", command, "\nexit ", &ran.exit.to_string(), "\n"].concat();
        assert_eq!(ran.exit, 0, "{command}: {}", ran.both);
        for request in service.requests().iter().filter(|request| is_asked_for(request, command)) {
            shown += &line(request);
            record_request(
                Column::Cli,
                request.method().as_str(),
                &request.uri().to_string(),
                request.body(),
            );
        }
        shown.push('\n');
    }
    insta::assert_snapshot!(name, shown);
}

/// Splits at spaces, but for those in quotes.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (place, part) in command.split('\'').enumerate() {
        if place % 2 == 1 {
            words.push(part);
        } else {
            words.extend(part.split_whitespace());
        }
    }
    words
}

/// Batches look at their jobs on their own.
fn is_asked_for(request: &Request<Bytes>, command: &str) -> bool {
    !request.uri().path().ends_with("/jobs") || command.contains("job")
}

fn line(request: &Request<Bytes>) -> String {
    let target = request.uri().path_and_query().unwrap().as_str().replace(PROJECT, "PROJECT");
    let body = String::from_utf8_lossy(request.body());
    let line = format!("{} {target} {body}", request.method());
    format!("{}\n", line.trim_end())
}

#[tokio::test]
async fn phone_commands_ask_for_this() {
    let one = format!("phone_id,set_image_id,com.cph.mainkeys,property.k\n{FIRST},{IMAGE},1,v\n");
    let rows: Vec<(String, &str)> = [
        "phone list --status running --server SERVER --name game --type 0",
        "phone show FIRST",
        "phone models --status 1",
        "phone restart FIRST SECOND --image IMAGE --set com.cph.mainkeys=1 --no-wait",
        "phone restart --from INPUT --no-wait",
        "phone start FIRST --no-wait",
        "phone reset FIRST --image IMAGE --set com.cph.mainkeys=1 --factory-reset --yes --no-wait",
        "phone stop FIRST SECOND --no-wait",
        "phone rename FIRST game-7",
        "phone set FIRST --set com.cph.mainkeys=1 --custom team=games --no-wait",
        "phone exec FIRST SECOND --no-wait -- ls -l /system",
        "phone exec FIRST --sync --no-wait -- ls -l /system",
        "phone push FIRST --file obs://push-bucket/my/file.tar --no-wait",
        "phone install FIRST --apk obs://push-bucket/my/a.apk --no-wait",
        "phone install FIRST --apk obs://push-bucket/my/a.apk --apk obs://push-bucket/my/b.apk --no-wait",
        "phone uninstall FIRST --package com.example.app --yes --no-wait",
        "phone export FIRST SECOND --bucket mybucket --object 'backup/{phone_id}.tar' --include /data/app --exclude /data/app/cache --no-wait",
        "phone import FIRST SECOND --bucket mybucket --object 'backup/{phone_id}.tar' --yes --no-wait",
        "phone connect FIRST SECOND --client android",
        "phone grow FIRST --size 100 --yes --no-wait",
        "phone traffic FIRST SECOND --type routing --no-wait",
        "job list 6837531fd3f54550927b930180a706bf",
        "job show 6837531fd3f54550927b930180a706bf",
    ]
    .into_iter()
    .map(|command| (spelled(command), one.as_str()))
    .collect();
    let rows: Vec<(&str, &str)> =
        rows.iter().map(|(command, input)| (&**command, *input)).collect();
    check("phone_requests", &rows).await;
}

#[tokio::test]
async fn commands_on_the_rest_of_the_account_ask_for_this() {
    let rows = [
        "image list --type all",
        "image custom --type private --status production --image IMAGE --name game --create-since 1 --create-until 2 --src-project PROJECT",
        "image delete IMAGE --yes",
        "image members IMAGE",
        "image share IMAGE PROJECT",
        "image unshare IMAGE PROJECT",
        "image accept IMAGE",
        "image reject IMAGE",
        "tag list",
        "tag show SERVER",
        "tag add SERVER team=games stage=test",
        "tag remove SERVER team=games",
        "tag find --tag team=games,toys --key stage --name game-7",
        "tag find --untagged --count",
        "event list --event e1 --server SERVER --state inquiring --state scheduled --type system-maintenance --publish-since 2026-11-01 --publish-until 2026-12-01",
        "event authorize e1 maintenance --not-before 2099-01-01T00:00:00Z --yes",
        "event authorize e1 redeploy --yes",
        "event reschedule e1 --not-before 2099-01-01T00:00:00Z --yes",
        "event reschedule e1 --now --yes",
        "bandwidth list",
        "bandwidth resize b1 350 --yes",
    ];
    let rows: Vec<String> = rows.into_iter().map(spelled).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|command| (&**command, "")).collect();
    check("account_requests", &rows).await;
}

fn spelled(command: &str) -> String {
    command
        .replace("FIRST", FIRST)
        .replace("SECOND", SECOND)
        .replace("SERVER", SERVER)
        .replace("IMAGE", IMAGE)
        .replace("PROJECT", PROJECT)
}
