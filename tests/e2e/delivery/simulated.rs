//! Restarts under every fault that the simulator can inject: no phone is ever restarted twice.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use cph_sim::{Effect, Fault, Simulator};
use cph_tests::{in_process, over_socket, paused_clock, stepped};

const PHONES: usize = 6;

fn faults() -> Vec<Fault> {
    let minute = Duration::from_mins(1);
    vec![
        Fault::refuse("CPS.0004"),
        Fault::refuse("CPS.0003"),
        Fault::refuse("CPS.0042"),
        Fault::refuse("APIGW.0301"),
        Fault::throttle(),
        Fault::refuse_connection(),
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::html(502),
        Fault::html_after(),
        Fault::broken_json(),
        Fault::truncate(),
        Fault::stall(minute),
        Fault::wrong_content_type(),
        Fault::empty_body(),
        Fault::missing(1),
        Fault::doubled(),
        Fault::foreign(),
        Fault::reordered(),
        Fault::delay(minute),
        Fault::fail_job("CPS.0019"),
        Fault::hang_job(),
        Fault::hide_job(),
        Fault::late_job(minute),
        Fault::vanish_job(minute),
        Fault::clock_skew(3600),
    ]
}

/// How the restart of a fleet ends in three parts, and how often it reached a phone at most.
async fn restart(client: &cph::Client, simulator: &Simulator) -> (String, usize) {
    let restart = client.phones().restart(simulator.phones()).batch(2);
    let report = restart.start().unwrap().await;
    assert_eq!(report.outcomes().len(), PHONES);
    let ledger = simulator.ledger();
    let most = simulator.phones().iter().map(|phone| ledger.of(phone).len()).max();
    (report.to_string(), most.unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn no_fault_makes_a_restart_happen_twice() {
    let names: BTreeSet<_> = faults().iter().map(|fault| fault.effect.name()).collect();
    assert_eq!(names.len(), 23, "every effect is there");
    let mut ends = String::new();
    for fault in faults() {
        let name = fault.effect.name();
        for (often, fault) in [("once", fault.clone()), ("always", fault.always())] {
            let builder = Simulator::builder().phones(PHONES).seed(7).clock(paused_clock());
            let simulator = builder.build().unwrap();
            simulator.inject(fault.on("RestartCloudPhone")).unwrap();
            let client = in_process(&simulator).build().unwrap();
            let (report, most) = restart(&client, &simulator).await;
            assert!(most <= 1, "{name} {often}: {report}");
            writeln!(ends, "{name} {often}: {report}").unwrap();
        }
    }
    insta::assert_snapshot!(ends);
}

/// What is about connections, with a connection.
#[tokio::test]
async fn no_fault_of_a_connection_makes_a_restart_happen_twice() {
    let about_time = |fault: &Fault| {
        matches!(
            fault.effect,
            Effect::Stall { .. } | Effect::Delay { .. } | Effect::ClockSkew { .. }
        )
    };
    for fault in faults().into_iter().filter(|fault| !about_time(fault)) {
        let name = fault.effect.name();
        let simulator = stepped(PHONES);
        simulator.inject(fault.on("RestartCloudPhone").always()).unwrap();
        let serving = simulator.start().await.unwrap();
        let client = over_socket(&simulator, serving.endpoint(), |builder| builder);
        let (report, most) = restart(&client, &simulator).await;
        assert!(most <= 1, "{name}: {report}");
    }
}
