//! The ledger against a second count, made of nothing but answers.

use std::collections::BTreeMap;

use cph_sim::{Fault, Simulator};
use http::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{builder, get, request, seconds};

const PHONES: usize = 6;

/// Changing calls: path, and the body for these phones.
const CALLS: [(&str, &str); 5] = [
    ("RestartCloudPhone", "/phones/batch-restart"),
    ("StopCloudPhone", "/phones/batch-stop"),
    ("ResetCloudPhone", "/phones/batch-reset"),
    ("RunShellCommand", "/phones/commands"),
    ("RunSyncCommand", "/phones/sync-commands"),
];

/// One call, and how much later the next one comes.
#[derive(Debug, Clone)]
struct Step {
    call: usize,
    /// Places in the fleet, perhaps one twice; the last place is of no phone.
    targets: Vec<usize>,
    pause: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..CALLS.len(), prop::collection::vec(0..=PHONES, 1..5), 0_u64..60)
        .prop_map(|(call, targets, pause)| Step { call, targets, pause });
    prop::collection::vec(step, 1..12)
}

/// Rules for changing calls: either some that spoil calls, answers and jobs, or one that hides jobs from all queries. Both
/// together would leave no trace to count by.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let code = prop::sample::select(vec!["CPS.0003", "CPS.0042", "CPS.0190"]);
    let effect = prop_oneof![
        code.clone().prop_map(Fault::refuse),
        Just(Fault::throttle()),
        Just(Fault::refuse_connection()),
        Just(Fault::drop_before()),
        Just(Fault::drop_after()),
        Just(Fault::html(503)),
        Just(Fault::html_after()),
        Just(Fault::broken_json()),
        Just(Fault::truncate()),
        Just(Fault::empty_body()),
        (1_usize..4).prop_map(Fault::missing),
        Just(Fault::doubled()),
        Just(Fault::foreign()),
        code.prop_map(Fault::fail_job),
        Just(Fault::hang_job()),
        (1_u64..600).prop_map(|by| Fault::late_job(seconds(by))),
    ];
    let rule = (effect, 0..CALLS.len(), prop::option::of(1_u64..4), 1_u64..4);
    let rule = rule.prop_map(|(effect, call, ordinal, times)| {
        let fault = effect.on(CALLS[call].0).times(times);
        ordinal.into_iter().fold(fault, Fault::call)
    });
    let hidden =
        (0..CALLS.len()).prop_map(|call| vec![Fault::hide_job().on(CALLS[call].0).always()]);
    prop_oneof![4 => prop::collection::vec(rule, 0..6), 1 => hidden]
}

fn call(sim: &Simulator, step: &Step) -> Request<bytes::Bytes> {
    let ids: Vec<String> = sim.phones().iter().map(ToString::to_string).collect();
    let stranger = "0".repeat(32);
    let targets: Vec<&String> =
        step.targets.iter().map(|place| ids.get(*place).unwrap_or(&stranger)).collect();
    let body = match CALLS[step.call].0 {
        "RestartCloudPhone" | "ResetCloudPhone" => {
            json!({ "phones": targets.iter().map(|id| json!({ "phone_id": id })).collect::<Vec<_>>() })
        }
        "StopCloudPhone" => json!({ "phone_ids": targets }),
        _ => json!({ "command": "shell", "content": "echo", "phone_ids": targets }),
    };
    request(sim, Method::POST, CALLS[step.call].1, &body)
}

/// What was done: operation and phone by job.
type Count = BTreeMap<String, (&'static str, String)>;

/// Counts the entries that name a job of a phone that there is.
fn count(count: &mut Count, operation: &'static str, sim: &Simulator, answer: &Value) {
    for entry in answer["jobs"].as_array().into_iter().flatten() {
        let phone = entry["phone_id"].as_str().unwrap_or_default();
        if let Some(job) = entry["job_id"].as_str()
            && sim.phones().iter().any(|known| known.as_str() == phone)
        {
            count.insert(job.to_owned(), (operation, phone.to_owned()));
        }
    }
}

async fn check(steps: Vec<Step>, faults: Vec<Fault>, seed: u64) -> Result<(), TestCaseError> {
    let mut builder = builder(PHONES).seed(seed);
    for fault in faults {
        builder = builder.fault(fault);
    }
    let sim = builder.build().unwrap();
    let mut counted = Count::new();
    for step in &steps {
        if let Ok(answer) = sim.call(call(&sim, step)).await {
            let answer = serde_json::from_slice(answer.body()).unwrap_or_default();
            count(&mut counted, CALLS[step.call].0, &sim, &answer);
        }
        sim.clock().advance(seconds(step.pause));
    }
    // Every job that was late can be found by now, and every call is known by its id, whatever became of its answer.
    sim.clock().advance(seconds(600));
    for (step, entry) in steps.iter().zip(sim.journal()) {
        let (status, jobs) = get(&sim, &format!("/jobs?request_id={}", entry.request_id)).await;
        prop_assert_eq!(status, 200);
        count(&mut counted, CALLS[step.call].0, &sim, &jobs);
    }
    let ledger = sim.ledger().phones;
    let noted: Count = ledger
        .into_iter()
        .flat_map(|(phone, entries)| entries.into_iter().map(move |entry| (phone.clone(), entry)))
        .map(|(phone, entry)| {
            let operation = CALLS.iter().find(|(name, _)| *name == entry.operation).unwrap().0;
            (entry.job_id, (operation, phone))
        })
        .collect();
    prop_assert_eq!(noted, counted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_answers_and_jobs_say(steps in steps(), faults in faults(), seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(steps, faults, seed))?;
    }
}
