//! Every switch in the other position.

use cph_sim::{Assumptions, Order, Simulator};
use serde_json::{Value, json};

use crate::support::{
    builder, column, error_code, get, phones, raw_restart, request_id, restart, seconds,
    with_property,
};

fn assuming(phones: usize, assumptions: Assumptions) -> Simulator {
    builder(phones).assume(assumptions).build().unwrap()
}

const GOOD: &str = r#"{"com.cph.mainkeys":"1"}"#;
const BAD: &str = r#"{"com.cph.mainkeys":"2"}"#;

/// A call with a good phone and one whose property is refused.
fn good_and_bad(sim: &Simulator) -> Value {
    let ids = sim.phones();
    json!({ "phones": [{ "phone_id": ids[0], "property": GOOD }, { "phone_id": ids[1], "property": BAD }] })
}

#[tokio::test]
async fn max_phones_per_call() {
    let sim = assuming(3, Assumptions { max_phones_per_call: Some(2), ..Assumptions::default() });
    let ids = sim.phones();
    assert_eq!(error_code(&restart(&sim, &phones(&ids)).await), (400, "CPS.0190"));
    assert_eq!(restart(&sim, &phones(&ids[..2])).await.0, 200);
    assert_eq!(sim.ledger().phones.len(), 2);
}

#[tokio::test]
async fn all_refused_is_an_error() {
    let sim = assuming(1, Assumptions { all_refused_is_an_error: true, ..Assumptions::default() });
    let unknown = json!({ "phone_id": "0".repeat(32) });
    let all = json!({ "phones": [unknown, { "phone_id": "x" }] });
    assert_eq!(error_code(&restart(&sim, &all).await), (400, "CPS.0005"));
    let some = json!({ "phones": [unknown, { "phone_id": sim.phones()[0] }] });
    assert_eq!(restart(&sim, &some).await.0, 200);
}

#[tokio::test]
async fn whole_refusal_starts_nothing() {
    for starts_nothing in [true, false] {
        let assumptions =
            Assumptions { whole_refusal_starts_nothing: starts_nothing, ..Assumptions::default() };
        let sim = assuming(2, assumptions);
        assert_eq!(error_code(&restart(&sim, &good_and_bad(&sim)).await), (400, "CPS.0164"));
        assert_eq!(sim.ledger().phones.len(), usize::from(!starts_nothing));
    }
}

#[tokio::test]
async fn property_refuses_whole_call() {
    let sim =
        assuming(2, Assumptions { property_refuses_whole_call: false, ..Assumptions::default() });
    let (status, answer) = restart(&sim, &good_and_bad(&sim)).await;
    assert_eq!(status, 200);
    assert_eq!(column(&answer, "jobs", "error_code"), [Value::Null, json!("CPS.0164")]);
    assert_eq!(sim.ledger().phones.len(), 1);
}

#[tokio::test]
async fn unknown_request_id_sinks_query() {
    let sim =
        assuming(1, Assumptions { unknown_request_id_sinks_query: true, ..Assumptions::default() });
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let known = answer["request_id"].as_str().unwrap();
    assert_eq!(get(&sim, &format!("/jobs?request_ids={known}")).await.0, 200);
    let both = get(&sim, &format!("/jobs?request_ids={known},nobody")).await;
    assert_eq!(error_code(&both), (400, "CPS.0050"));
}

#[tokio::test]
async fn header_request_id_is_body_id() {
    let sim =
        assuming(1, Assumptions { header_request_id_is_body_id: false, ..Assumptions::default() });
    let answer = raw_restart(&sim, &phones(&sim.phones())).await.unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_ne!(body["request_id"], request_id(&answer));
    assert_eq!(request_id(&answer).len(), 32);
}

#[tokio::test]
async fn entries() {
    let order = async |entries| {
        let sim = assuming(20, Assumptions { entries, ..Assumptions::default() });
        let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
        (sim, column(&answer, "jobs", "phone_id"))
    };
    let (sim, mut sent) = order(Order::AsSent).await;
    assert_eq!(sent, sim.phones().iter().map(|id| json!(id)).collect::<Vec<_>>());
    let (_, mut shuffled) = order(Order::Shuffled).await;
    assert_ne!(shuffled, sent);
    let (_, mut reversed) = order(Order::Reversed).await;
    reversed.reverse();
    assert_eq!(reversed, sent);
    sent.sort_by_key(Value::to_string);
    shuffled.sort_by_key(Value::to_string);
    assert_eq!(shuffled, sent);
}

#[tokio::test]
async fn post_status() {
    let sim = assuming(1, Assumptions { post_status: 201, ..Assumptions::default() });
    assert_eq!(restart(&sim, &phones(&sim.phones())).await.0, 201);
    assert_eq!(get(&sim, "/phones").await.0, 200);
    let error = builder(0)
        .assume(Assumptions { post_status: 204, ..Assumptions::default() })
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "a successful POST answers 200 or 201, not 204");
}

#[tokio::test]
async fn old_property_keys() {
    let sim = assuming(1, Assumptions { old_property_keys: false, ..Assumptions::default() });
    let id = &sim.phones()[0];
    let old = restart(&sim, &with_property(id, r#"{"imsi":"460021624617113"}"#)).await;
    assert_eq!(error_code(&old), (400, "CPS.0163"));
    let new =
        restart(&sim, &with_property(id, r#"{"sys.prop.writeimsi":"460021624617113"}"#)).await;
    assert_eq!(new.0, 200);
}

#[tokio::test]
async fn property_merges() {
    let sim = assuming(1, Assumptions { property_merges: false, ..Assumptions::default() });
    let id = &sim.phones()[0];
    restart(&sim, &with_property(id, GOOD)).await;
    let (_, phone) = get(&sim, &format!("/phones/{id}")).await;
    assert_eq!(phone["property"], GOOD);
}

#[tokio::test]
async fn job_retention() {
    let sim =
        assuming(1, Assumptions { job_retention: Some(seconds(60)), ..Assumptions::default() });
    let (_, answer) = restart(&sim, &phones(&sim.phones())).await;
    let list = format!("/jobs?request_id={}", answer["request_id"].as_str().unwrap());
    let show = format!("/jobs/{}", answer["jobs"][0]["job_id"].as_str().unwrap());
    sim.clock().advance(seconds(80));
    assert_eq!(get(&sim, &show).await.1["status"], 2);
    assert_eq!(column(&get(&sim, &list).await.1, "jobs", "status"), [2]);
    sim.clock().advance(seconds(21));
    assert_eq!(error_code(&get(&sim, &show).await), (404, "CPS.0011"));
    assert_eq!(get(&sim, &list).await.1["jobs"], json!([]));
}

#[tokio::test]
async fn second_restart_is_refused() {
    let sim =
        assuming(1, Assumptions { second_restart_is_refused: false, ..Assumptions::default() });
    let ids = sim.phones();
    restart(&sim, &phones(&ids)).await;
    sim.clock().advance(seconds(15));
    let (_, answer) = restart(&sim, &phones(&ids)).await;
    assert!(answer["jobs"][0]["job_id"].is_string());
    assert_eq!(sim.ledger().of(&ids[0]).len(), 2);
}

#[test]
fn switches_are_read_from_toml() {
    let read: Assumptions = toml::from_str("job_retention = 60\nmax_phones_per_call = 20").unwrap();
    let expected = Assumptions {
        job_retention: Some(seconds(60)),
        max_phones_per_call: Some(20),
        ..Assumptions::default()
    };
    assert_eq!(read, expected);
    assert!(toml::from_str::<Assumptions>("post = 200").is_err());
}
