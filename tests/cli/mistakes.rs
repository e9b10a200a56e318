//! What cannot be meant: exit 2, every problem named, nothing sent.

use cph_tests::scripted::{Reply, Scripted};

use crate::{
    check,
    command::{Cph, EXAMPLE, FIRST, SECOND, file},
};

#[tokio::test(start_paused = true)]
async fn input_that_cannot_be_meant_is_refused() {
    let lines = file(&format!("{FIRST}\n\n# twice\n{FIRST}\n"));
    let csv = file(&format!("# moved\nphone_id,set_imge_id,imsi\n{FIRST},,\n"));
    let unknown = file(r#"{"phones":[{"phone_id":"a","imei":"1"}],"image":"i"}"#);
    let request = file(EXAMPLE);
    let bare = file(r#"{"phones":["{\"phone_num\":\"13666666666\"}"]}"#);
    let wrong = file(&"a/b\n".repeat(50));
    let [lines, csv, unknown, request, bare, wrong] =
        [&lines, &csv, &unknown, &request, &bare, &wrong].map(|file| file.path().to_str().unwrap());
    let long = format!("a={}", "x".repeat(8000));
    check(
        "refused_input",
        &[
            &["--sim", "phone", "restart"],
            &["--sim", "phone", "restart", FIRST, "--all"],
            &["--sim", "phone", "restart", "..", "", "a/b", FIRST, SECOND, FIRST],
            &["--sim", "phone", "restart", "--from", lines],
            &["--sim", "phone", "restart", "--from", csv],
            &["--sim", "phone", "restart", "--from", unknown],
            &["--sim", "phone", "restart", "--from", request, "--image", "another"],
            &["--sim", "phone", "restart", "--from", "missing"],
            &["--sim", "phone", "restart", "--from", bare],
            &["--sim", "phone", "restart", "--from", wrong],
            &["--sim", "phone", "restart", FIRST, "--set", "imsi=12345678901234567890"],
            &["--sim", "phone", "restart", FIRST, "--set", "a=1", "--set", "a=2"],
            &["--sim", "phone", "restart", FIRST, "--set", "a"],
            &["--sim", "phone", "restart", FIRST, "--set", "=a"],
            &["--sim", "phone", "restart", FIRST, "--image", ".."],
            &["--sim", "phone", "restart", FIRST, "--batch", "0"],
            &["--sim", "phone", "restart", FIRST, "--batch", "-1"],
            &["--sim", "phone", "restart", FIRST, "--job-timeout", "-5m"],
            &["--sim", "phone", "restart", FIRST, "--status", "running"],
            &["--sim", "phone", "restart", FIRST, "--until", "tomorrow"],
            &["--sim", "phone", "restart", FIRST, "--no-wait"],
            &["--sim", "phone", "restart", FIRST, "--no-wait", "--canary", "1,10%"],
            &["--sim", "phone", "restart", FIRST, "--no-wait", "--per-server", "1"],
            &["--sim", "phone", "restart", FIRST, "--max-errors", "200%"],
            &["--sim", "phone", "restart", FIRST, "--max-down", "0%"],
            &["--sim=20", "phone", "restart", "--all", "--expect", "10..15"],
            &["--sim=20", "phone", "restart", "--all", "--expect", "30.."],
            &["--sim=20", "phone", "restart", "--all", "--expect", "15..10"],
            &["--sim=20", "phone", "restart", "--all", "--expect", "many"],
            &["--sim=20", "phone", "restart", "--all", "--name", "", "--yes"],
            &["--sim=20", "phone", "restart", "--server", "", "--yes"],
            &["--sim=20", "phone", "restart", "--server", FIRST, "--server", SECOND, "--yes"],
            &["--sim=20", "phone", "restart", "--all", "--status", "", "--yes"],
            &["--sim=20", "phone", "restart", "--all"],
            &["--sim=3", "phone", "list", "--status", "asleep"],
            &["--sim=3", "phone", "list", "--server", "a/b"],
            &["--sim", "job", "show", "../phones"],
        ],
    )
    .await;
    let set = Cph::new(&["--sim=20", "phone", "restart", "--all", "--yes", "--set", &long]);
    let ran = set.run().await;
    assert_eq!((ran.exit, ran.err.lines().count()), (2, 1), "{}", ran.err);
    assert!(ran.err.starts_with("cph: --set: "), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn settings_that_are_missing_or_at_odds_are_named() {
    check(
        "refused_settings",
        &[
            &["phone", "list"],
            &["--sim", "--region", "cn-north-4", "--endpoint", "http://localhost", "phone", "list"],
            &["--sim=5", "--fleet", "fleet.csv", "phone", "list"],
            &["--sim", "--fleet", "missing.csv", "phone", "list"],
            &["--fleet", "fleet.csv", "phone", "list"],
            &["--sim", "sim", "serve"],
            &["sim", "serve", "--region", "r", "--project", "p", "--endpoint", "e"],
            &["sim", "serve", "--format", "table"],
            &["sim", "serve", "--fleet", "fleet.csv", "--servers", "2"],
            &["sim", "serve", "--bind", "everywhere"],
            &["sim", "serve", "--assume", "post-statu=201", "--assume", "entries=sorted"],
        ],
    )
    .await;
    for (flag, value, says) in [
        ("--region", "cn-nowhere-1", "region \"cn-nowhere-1\" is unknown; known are "),
        ("--endpoint", "http://10.0.0.1", "plain http to another machine"),
        ("--endpoint", "https://cph.example.com/", "ends with a slash"),
        ("--project", "../x", "project id `../x` contains '/'"),
    ] {
        let ran = Cph::new(&[flag, value, "phone", "list"]).keys("http://localhost").run().await;
        assert_eq!(ran.exit, 2, "{}", ran.err);
        assert!(ran.err.contains(says), "{}", ran.err);
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulation_reads_nothing_of_the_environment_but_no_color() {
    let command = Cph::new(&["--sim=1", "phone", "list"]).keys("http://10.0.0.1");
    let ran = command.terminal("").run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(ran.looked_up, ["NO_COLOR"]);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_unconfirmed_and_a_lost_read_is_not() {
    let service = Scripted::start(|_| async { Reply::answer(502, &[], "<html>") });
    let rows: [(&[&str], u8); 4] = [
        (&["tag", "add", "s1", "a=b"], 3),
        (&["image", "share", "i1", "p1"], 3),
        (&["api", "StopCloudPhone", "--body", "-"], 3),
        (&["phone", "show", "p1", "--call-timeout", "1s"], 1),
    ];
    for (args, exit) in rows {
        let body = r#"{"phone_ids":["p1"]}"#;
        let ran = Cph::new(args).keys(&service.endpoint()).input(body).run().await;
        assert_eq!(ran.exit, exit, "{}", ran.both);
        let warned = ran.err.contains("it may have been done all the same: look before repeating");
        assert_eq!(warned, exit == 3, "{}", ran.both);
    }
}

#[tokio::test]
async fn jobs_that_cannot_be_found_are_not_said_to_be_done() {
    let service = Scripted::start(|_| async { Reply::answer(200, &[], r#"{"jobs":[]}"#) });
    let wait = Cph::new(&["job", "wait", "nosuchrequest", "--job-timeout", "0s"]);
    let ran = wait.keys(&service.endpoint()).run().await;
    assert_eq!(ran.exit, 3);
    assert!(ran.err.contains("no job showed up under nosuchrequest"), "{}", ran.both);
}

#[tokio::test]
async fn a_column_of_other_ids_is_not_taken_for_phones() {
    let ran = Cph::new(&["phone", "stop", "--from", "-", "--sim", "--yes"])
        .input("server_id\n88b8449b896f3a4f0ad57222dd919090\n")
        .run()
        .await;
    assert_eq!(ran.exit, 2);
    assert_eq!(
        ran.err,
        "cph: standard input: line 1: server_id is the head of a column, and there is no phone_id; nothing was sent\n"
    );
}
