//! Commands that change nothing.

use cph_core::{Assumption, limits};
use cph_sim::{Fault, Simulator};
use serde_json::Value;

use crate::{
    check,
    command::{Cph, FIRST, SECOND, file},
};

#[tokio::test(start_paused = true)]
async fn phones_are_listed_in_every_format() {
    check(
        "phone_list",
        &[
            &["--sim=3", "phone", "list"],
            &["--sim=3", "phone", "list", "--name", "0002", "--format", "json"],
            &["--sim=1", "phone", "list", "--format", "csv"],
            &["--sim=3", "phone", "list", "--status", "shut-down"],
            &["--sim=3", "phone", "list", "--status", "shut-down", "--format", "json"],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_list_whose_second_page_fails_is_still_well_formed() {
    let fault = Fault::refuse("CPS.0004").on("ListCloudPhones").call(2);
    let sim = Simulator::builder().phones(250).fault(fault).build().unwrap();
    let serving = sim.start().await.unwrap();
    let list = Cph::new(&["--format", "json", "phone", "list"]);
    let ran = list.simulator(&sim, &serving.endpoint()).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert!(ran.err.starts_with("cph: failed to list phones: "), "{}", ran.err);
    let phones: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(phones.len(), limits::LIST_CLOUD_PHONES_PAGE);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_jobs_is_said_to_have_none() {
    let ran = Cph::new(&["--sim=1", "--format", "json", "job", "list", FIRST]).run().await;
    let says = format!("no jobs under {FIRST}\n");
    assert_eq!((ran.exit, ran.out.as_str(), ran.err), (0, "[]\n", says));
}

#[tokio::test(start_paused = true)]
async fn a_phone_is_shown_without_personal_values() {
    let property = r#"{"phone_num":"13666666666","wifi_name":"test_wifi"}"#;
    let fleet =
        file(&format!("phone_id,property\n{FIRST},\"{}\"\n", property.replace('"', "\"\"")));
    let show = ["--sim", "--fleet", fleet.path().to_str().unwrap(), "phone", "show"];
    let masked = Cph::new(&show).args(&[FIRST]).run().await;
    insta::assert_snapshot!("phone_show", masked.shown());
    assert!(!masked.out.contains("13666666666"));

    let shown = Cph::new(&show).args(&[FIRST, "--show-personal", "--format", "json"]).run().await;
    let phone: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(phone["property"], property);
    assert_ne!(phone["imei"], "***");

    let missing = Cph::new(&show).args(&[SECOND]).run().await;
    insta::assert_snapshot!("phone_show_missing", missing.shown());
}

#[tokio::test(start_paused = true)]
async fn codes_are_explained() {
    check(
        "code",
        &[
            &["code", "cps.0005"],
            &["code", "CPS.0042", "--format", "json"],
            &["code", "CPS.9999"],
            &["code", "4"],
            &["code", "\u{1b}[31mX"],
        ],
    )
    .await;
    let all = Cph::new(&["code", "--format", "json"]).run().await;
    let all: Vec<Value> = serde_json::from_str(&all.out).unwrap();
    assert!(all.len() > 150, "{}", all.len());
}

#[tokio::test(start_paused = true)]
async fn help_is_stable() {
    check("help", &[&["--help"], &["phone", "restart", "--help"], &["sim", "serve", "--help"]])
        .await;
    // The global options stand in the help of every command.
    let mut groups = String::new();
    for group in [
        "phone",
        "server",
        "image",
        "tag",
        "event",
        "bandwidth",
        "encoder",
        "shared-file",
        "shared-app",
        "job",
        "run",
        "api",
        "schema",
    ] {
        let help = Cph::new(&[group, "-h"]).run().await.out;
        groups += help.split("Global options:").next().unwrap();
    }
    insta::assert_snapshot!("help_of_groups", groups);
    let version = Cph::new(&["--version"]).run().await;
    assert_eq!(version.out, format!("cph {}\n", env!("CARGO_PKG_VERSION")));
    let nothing = Cph::new(&[]).run().await;
    assert_eq!((nothing.exit, nothing.out.as_str()), (2, ""));
    assert!(nothing.err.contains("Usage: cph [OPTIONS] <COMMAND>"), "{}", nothing.err);
}

#[tokio::test]
async fn operations_and_property_keys_are_explained() {
    check(
        "tables",
        &[
            &["operation", "restartcloudphone"],
            &["operation", "NoSuchOperation"],
            &["property", "com.cph.mainkeys"],
            &["property", "no.such.key"],
        ],
    )
    .await;
    for (table, rows, column) in [("operation", 59, "name"), ("property", 55, "key")] {
        let all = Cph::new(&[table, "--format", "json"]).run().await;
        let all: Vec<Value> = serde_json::from_str(&all.out).unwrap();
        assert_eq!(all.len(), rows);
        assert!(all.iter().all(|row| row[column].is_string()));
    }
}

#[tokio::test]
async fn a_refused_signature_shows_no_secret() {
    let sim = Simulator::builder().phones(1).build().unwrap();
    let serving = sim.start().await.unwrap();
    let ran = Cph::new(&["phone", "list"])
        .simulator(&sim, &serving.endpoint())
        .variable("HUAWEICLOUD_SDK_SK", "a-secret-of-ours")
        .variable("HUAWEICLOUD_SDK_SECURITY_TOKEN", "a-token-of-ours")
        .run()
        .await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let says = "cph: failed to list phones: the service answered APIGW.0301";
    assert!(ran.err.starts_with(says), "{}", ran.err);
    assert!(!ran.both.contains("of-ours"), "{}", ran.both);
}

#[tokio::test]
async fn shells_complete_and_the_manual_names_every_command() {
    let completions = Cph::new(&["completions", "bash"]).run().await;
    assert_eq!(completions.exit, 0, "{}", completions.err);
    assert!(completions.out.contains("cph__subcmd__phone__subcmd__restart"), "no restart in it");
    for (path, says) in [
        (&["man"][..], "phone(1)"),
        (&["man", "phone", "restart"], r"cph\-phone\-restart \- Restart"),
    ] {
        let page = Cph::new(path).run().await;
        assert_eq!(page.exit, 0, "{}", page.err);
        assert!(page.out.contains(says), "{}", page.out);
    }
    let page = Cph::new(&["man", "tag", "jump"]).run().await;
    assert_eq!(
        (page.exit, page.err.trim_end()),
        (2, "cph: cph tag has no command `jump`; there are list, show, add, remove, find")
    );
}

#[tokio::test]
async fn the_doctor_says_where_settings_come_from_and_tries_them() {
    let sim = Simulator::builder().phones(1).build().unwrap();
    let serving = sim.start().await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".huaweicloud");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("credentials");
    let keys = format!("ak = {}\nsk = {}\n", sim.access_key(), sim.secret_key());
    let endpoint = format!("endpoint = {}\n", serving.endpoint());
    let good = format!("[basic]\nregion = cn-north-4\n{endpoint}{keys}");
    let bad =
        format!("[bad]\nregion = cn-north-4\n{endpoint}ak = {}\nsk = other\n", sim.access_key());
    std::fs::write(&file, format!("{good}\n{bad}")).unwrap();
    let doctor = |args: &[&str]| Cph::new(args).variable("HOME", home.path().to_str().unwrap());

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode));
        mode(0o644).unwrap();
        let ran = doctor(&["doctor"]).run().await;
        assert_eq!((ran.exit, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(&format!("chmod 600 {}", file.display())), "{}", ran.err);
        mode(0o600).unwrap();
    }
    let ran = doctor(&["doctor", "--format", "jsonl", "--call-timeout", "90s"]).run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let rows: Vec<Value> = ran.out.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let from = |setting| {
        let row = rows.iter().find(|row| row["setting"] == setting).unwrap();
        (
            row["value"].as_str().unwrap(),
            row["from"].as_str().unwrap().replace(file.to_str().unwrap(), "FILE"),
        )
    };
    assert_eq!(from("region"), ("cn-north-4", "[basic] of FILE".to_owned()));
    assert_eq!(from("project"), (sim.project(), "looked up by the region's name".to_owned()));
    assert_eq!(from("credentials").1, "[basic] of FILE");
    assert_eq!(from("signature"), ("taken", "ListCloudPhones".to_owned()));
    assert_eq!(from("proxy"), ("none", "-".to_owned()));
    assert_eq!(from("call timeout"), ("90s", "--call-timeout".to_owned()));
    assert_eq!(from("assumptions").1, "cph doctor --assumptions");
    assert!(!ran.out.contains(sim.secret_key()));

    let ran = doctor(&["--profile", "bad", "--project", sim.project(), "doctor"]).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert!(ran.err.contains("no known mistake explains it: the secret key"), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains(sim.secret_key()));
}

#[tokio::test]
async fn the_doctor_lists_what_the_client_takes_for_granted() {
    let ran = Cph::new(&["doctor", "--assumptions", "--format", "jsonl"]).run().await;
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
    let rows: Vec<Value> = ran.out.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let relied_on =
        Assumption::all().iter().filter(|assumption| assumption.relied_on_by.contains(&"client"));
    let names: Vec<_> = relied_on.map(|assumption| assumption.name).collect();
    assert_eq!(rows.iter().map(|row| &row["name"]).collect::<Vec<_>>(), names);
    assert!(rows.iter().all(|row| row["would_show"].is_string()));

    let csv = Cph::new(&["doctor", "--assumptions", "--format", "csv"]).run().await.out;
    assert_eq!(csv.lines().next(), Some("name,statement,would_show"));
    let table = Cph::new(&["doctor", "--assumptions"]).run().await.out;
    insta::assert_snapshot!(table.split("\n\n").next().unwrap(), @r"
    name        part-of-100-phones
    statement   The service takes a call that names 100 phones.
    would_show  A call with 100 phones: 200 with 100 entries, or CPS.0190.
    ");
}
