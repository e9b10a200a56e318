//! Phones that `--from` reads: what one command prints is what another takes.

use std::collections::BTreeMap;

use cph_sim::Simulator;
use serde_json::{Value, json};

use crate::command::{Cph, FIRST, SECOND};

const DRY_RUN: [&str; 6] = ["--sim", "phone", "restart", "--from", "-", "--dry-run"];

/// The bodies that a dry run prints.
fn bodies(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn listed_phones_are_restarted_by_their_ids_alone() {
    for format in ["csv", "json", "jsonl"] {
        let listed = Cph::new(&["--sim=250", "phone", "list", "--format", format]).run().await;
        assert_eq!(listed.exit, 0, "{}", listed.err);
        let ran = Cph::new(&DRY_RUN).input(&listed.out).run().await;
        assert_eq!(ran.exit, 0, "{}", ran.err);
        let note = ran.err.lines().next().unwrap();
        assert!(note.starts_with("standard input: ignored: phone_name, server_id, "), "{note}");
        assert!(note.contains("image_id (the present image; set_image_id changes it)"), "{note}");
        let mut count = 0;
        for body in bodies(&ran.out) {
            assert_eq!(
                body.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["phones"],
                "{format}"
            );
            for phone in body["phones"].as_array().unwrap() {
                let id = phone["phone_id"].as_str().unwrap();
                assert_eq!(phone, &json!({ "phone_id": id }), "{format}");
                assert!(listed.out.contains(id), "{format}");
                count += 1;
            }
        }
        assert_eq!(count, 250, "{format}");
        let quiet = Cph::new(&DRY_RUN).args(&["--quiet"]).input(&listed.out).run().await;
        assert_eq!((quiet.exit, quiet.err.as_str(), &quiet.out), (0, "", &ran.out), "{format}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shown_phone_and_a_report_are_taken_by_their_ids_alone() {
    let listed = Cph::new(&["--sim=1", "phone", "list", "--format", "json"]).run().await;
    let listed: Vec<Value> = serde_json::from_str(&listed.out).unwrap();
    let id = listed[0]["phone_id"].as_str().unwrap();
    for format in ["csv", "json", "jsonl"] {
        for command in [["phone", "show"], ["phone", "restart"]] {
            let printed =
                Cph::new(&["--sim=1", "--format", format]).args(&command).args(&[id]).run().await;
            assert_eq!(printed.exit, 0, "{}", printed.err);
            let ran = Cph::new(&DRY_RUN).input(&printed.out).run().await;
            assert_eq!(ran.exit, 0, "{}", ran.err);
            assert_eq!(
                bodies(&ran.out),
                [json!({ "phones": [{ "phone_id": id }] })],
                "{command:?}"
            );
        }
    }
}

#[tokio::test]
async fn tables_for_people_and_unknown_columns_send_nothing() {
    let sim = Simulator::builder().phones(3).build().unwrap();
    let serving = sim.start().await.unwrap();
    let cph = |args: &[&str]| Cph::new(args).simulator(&sim, &serving.endpoint());
    let restart = ["phone", "restart", "--from", "-", "--yes"];
    let list = cph(&["phone", "list"]).run().await.out;
    let csv = cph(&["phone", "list", "--format", "csv"]).run().await.out;
    let misnamed = csv.replace("image_id", "set_imge_id");
    for (input, says) in [
        (&list, "--format csv, json or jsonl"),
        (&misnamed, "line 1: set_imge_id: no such column; did you mean set_image_id?"),
    ] {
        let ran = cph(&restart).input(input).run().await;
        assert_eq!(
            (ran.exit, ran.out.as_str(), ran.err.lines().count()),
            (2, "", 1),
            "{}",
            ran.err
        );
        assert!(
            ran.err.starts_with("cph: standard input: ") && ran.err.contains(says),
            "{}",
            ran.err
        );
    }
    assert!(sim.ledger().phones.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_table_sets_an_image_and_properties_for_each_phone() {
    let images = ["1564567b8bab40f34711234cb80d8574", "2564567b8bab40f34711234cb80d8574"];
    let table = format!(
        "\u{feff}phone_id,set_image_id,imsi,wifi_name,property.my.key\r\n\
         {FIRST},{},460021624617113,,blue\r\n{SECOND},{},,\"a b\",\r\n",
        images[0], images[1]
    );
    let ran = Cph::new(&DRY_RUN).args(&["--show-personal"]).input(&table).run().await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let sent: BTreeMap<String, Value> = bodies(&ran.out)
        .into_iter()
        .map(|body| (body["image_id"].as_str().unwrap().to_owned(), body["phones"].clone()))
        .collect();
    let property = [r#"{"imsi":"460021624617113","my.key":"blue"}"#, r#"{"wifi_name":"a b"}"#];
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[images[0]], json!([{ "phone_id": FIRST, "property": property[0] }]));
    assert_eq!(sent[images[1]], json!([{ "phone_id": SECOND, "property": property[1] }]));
}

#[tokio::test(start_paused = true)]
async fn what_the_library_refuses_is_told_with_its_line_and_column() {
    let csv = format!("phone_id,imsi\n\n{FIRST},+4917013666666\na/b,\n{FIRST},\n");
    let jsonl = format!(
        "\n\n{{\"phone_id\":\"{FIRST}\",\"imsi\":\"+4917013666666\"}}\n{{\"phone_id\":\"a/b\"}}\n{{\"phone_id\":\"{FIRST}\"}}\n"
    );
    for text in [csv, jsonl] {
        let ran = Cph::new(&DRY_RUN).input(&text).run().await;
        assert_eq!((ran.exit, ran.out.as_str()), (2, ""), "{}", ran.err);
        let said: Vec<&str> = ran.err.lines().collect();
        assert_eq!(said.len(), 3, "{}", ran.err);
        for (said, says) in said.into_iter().zip([
            "cph: standard input: line 3 (phone 1): a7f3a1c5258347d6b6f1def79e11f2bc: property \"imsi\" takes ",
            "cph: standard input: line 4 (phone 2): phone id `a/b` contains '/'",
            "cph: standard input: line 5 (phone 3): a7f3a1c5258347d6b6f1def79e11f2bc is named before, as phone 1",
        ]) {
            assert!(said.starts_with(says), "{said}");
            assert!(!said.contains("13666666"), "{said}");
        }
    }
}
