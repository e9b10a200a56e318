//! Fleets, and how phones are listed and shown.

use cph_core::PhoneStatus;
use cph_sim::Fleet;
use serde_json::{Value, json};

use crate::support::{builder, column, error_code, get, sim};

const CSV: &str = r#"phone_id,server_id,phone_name,status,image_id,property,phone_model_name
00000000000000000000000000000001,000000000000000000000000000000a1,till-1,running,,,
00000000000000000000000000000002,000000000000000000000000000000a1,till-2,8,000000000000000000000000000000e1,"{""com.cph.mainkeys"":1}",rx1.cg
00000000000000000000000000000003,000000000000000000000000000000a2,,,,,
"#;

#[tokio::test]
async fn a_fleet_is_read_from_a_table() {
    let sim = builder(0).fleet(Fleet::from_csv(CSV.as_bytes()).unwrap()).build().unwrap();
    let (_, list) = get(&sim, "/phones").await;
    assert_eq!(list["count"], 3);
    assert_eq!(column(&list, "phones", "phone_name"), ["till-1", "till-2", "phone-0003"]);
    assert_eq!(column(&list, "phones", "status"), [2, 8, 2]);
    let (_, phone) = get(&sim, "/phones/00000000000000000000000000000002").await;
    assert_eq!(phone["image_id"], "000000000000000000000000000000e1");
    assert_eq!(phone["phone_model_name"], "rx1.cg");
    assert_eq!(phone["property"], r#"{"com.cph.mainkeys":"1"}"#);
}

#[test]
fn each_bad_table_is_refused_with_its_line() {
    const ID: &str = "00000000000000000000000000000001";
    for (table, expected) in [
        ("", "line 1: the column `phone_id` is missing"),
        ("name\nx\n", "line 1: there is no column `name`; there are"),
        ("phone_name\nx\n", "line 1: the column `phone_id` is missing"),
        ("phone_id\nID\nshort\n", "line 3: `short` is no phone id"),
        (
            "phone_id\nID\nID\n",
            "line 3: phone `00000000000000000000000000000001` stands above already",
        ),
        ("phone_id,status\nID,asleep\n", "line 2: `asleep` is no status of a phone"),
        ("phone_id,server_id\nID,s1\n", "line 2: `s1` is no server id"),
        ("phone_id,image_id\nID,nougat\n", "line 2: `nougat` is no image id"),
        ("phone_id,property\nID,13666666666\n", "line 2: `property` is no JSON object"),
        ("phone_id\nID,x\n", "line 2: has 2 cells where the header has 1"),
    ] {
        let error = Fleet::from_csv(table.replace("ID", ID).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{table:?}: {error}");
        assert!(!error.contains("13666666666"), "{error}");
    }
}

#[tokio::test]
async fn phones_are_listed_page_by_page() {
    let sim = sim(250);
    let mut found = Vec::new();
    for offset in [0, 100, 200, 300] {
        let (_, page) = get(&sim, &format!("/phones?offset={offset}")).await;
        assert_eq!(page["count"], 250);
        found.extend(column(&page, "phones", "phone_id"));
    }
    assert_eq!(found, sim.phones().iter().map(|id| json!(id)).collect::<Vec<_>>());
    let (_, page) = get(&sim, "/phones?limit=200").await;
    assert_eq!(column(&page, "phones", "phone_id").len(), 200);
    for query in ["limit=201", "limit=0", "offset=-1", "limit=x"] {
        assert_eq!(
            error_code(&get(&sim, &format!("/phones?{query}")).await),
            (400, "CPS.0002"),
            "{query}"
        );
    }
    assert_eq!(error_code(&get(&sim, "/phones?status=up").await), (400, "CPS.0010"));
}

#[tokio::test]
async fn phones_are_filtered() {
    let sim = builder(130).servers(2).build().unwrap();
    let ids = sim.phones();
    sim.set_phone_status(&ids[5], PhoneStatus::ShutDown);
    let count = async |query: &str| get(&sim, &format!("/phones?{query}")).await.1["count"].clone();
    assert_eq!(count("status=8").await, 1);
    assert_eq!(count("status=2").await, 129);
    assert_eq!(count("status=-7").await, 0);
    assert_eq!(count("phone_name=phone-012").await, 10);
    assert_eq!(count("type=0").await, 130);
    assert_eq!(count("type=1").await, 0);
    let (_, list) = get(&sim, "/phones?limit=1").await;
    let server = list["phones"][0]["server_id"].as_str().unwrap();
    assert_eq!(count(&format!("server_id={server}")).await, 65);
    assert_eq!(count(&format!("server_id={server}&status=8&phone_name=0006")).await, 1);
}

#[tokio::test]
async fn one_phone_is_shown_with_personal_values_that_nothing_else_shows() {
    let sim = sim(2);
    let id = &sim.phones()[1];
    let (_, phone) = get(&sim, &format!("/phones/{id}")).await;
    let imei = phone["imei"].as_str().unwrap();
    assert!(imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit()), "{imei}");
    let property: Value = serde_json::from_str(phone["property"].as_str().unwrap()).unwrap();
    let subscriber = property["sys.prop.writeimsi"].as_str().unwrap();
    let elsewhere = format!("{sim:?} {:?} {:?}", sim.journal(), sim.ledger());
    for secret in [
        imei,
        subscriber,
        sim.secret_key(),
        sim.token(),
        property["sys.prop.writephonenum"].as_str().unwrap(),
    ] {
        assert!(!elsewhere.contains(secret));
    }
    assert_eq!(error_code(&get(&sim, "/phones/nobody").await), (400, "CPS.0004"));
    assert_eq!(
        error_code(&get(&sim, "/phones/00000000000000000000000000000009").await),
        (404, "CPS.0005")
    );
}
