//! The fleet engine at its size: plans, brakes, caps, cost, and a bad night.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    future::IntoFuture as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use cph::{
    Client, Fate, NotSentReason, Observer, Part, PartAnswer, PhoneId, PhoneStatus, Ready, Report,
    RestartTarget, Share, Survey, UnconfirmedReason,
};
use cph_sim::{Assumptions, Fault, Simulator};
use cph_tests::{in_process, paused_clock};
use futures_util::future::join;

const IMAGE: &str = "23030320230421e300221a2000004433";

fn fleet(phones: usize, servers: usize) -> (Simulator, Client) {
    let builder = Simulator::builder().phones(phones).servers(servers).seed(11);
    // The gateway's own limits are another suite's.
    let free = Assumptions { calls_per_second: 0, ..Assumptions::default() };
    let simulator = builder.clock(paused_clock()).assume(free).build().unwrap();
    let client = in_process(&simulator).build().unwrap();
    (simulator, client)
}

fn canary() -> [Share; 3] {
    [Share::Count(1), Share::Percent(10.0), Share::Percent(100.0)]
}

/// How many calls of an operation reached the simulator.
fn calls(simulator: &Simulator, operation: &str) -> usize {
    let journal = simulator.journal();
    journal.iter().filter(|entry| entry.operation.as_deref() == Some(operation)).count()
}

/// Never more than one restart, and what the outcomes say is what the ledger says.
fn check_law(simulator: &Simulator, report: &Report) {
    let ledger = simulator.ledger();
    for outcome in report.outcomes() {
        let deeds = ledger.of(&outcome.phone).iter();
        let restarts = deeds.filter(|deed| deed.operation == "RestartCloudPhone").count();
        match &outcome.fate {
            Fate::Done | Fate::Failed(_) | Fate::StillRunning => assert_eq!(restarts, 1),
            Fate::NotSent(_) | Fate::Refused(_) => assert_eq!(restarts, 0, "{}", outcome.fate),
            Fate::Unconfirmed(_) => assert!(restarts <= 1),
        }
    }
}

/// Counts which phones the simulator has down, at every answer: between two answers there are never more.
struct Watch {
    simulator: Simulator,
    server_of: BTreeMap<String, String>,
    most: Arc<Mutex<Most>>,
}

#[derive(Debug, Default)]
struct Most {
    in_total: usize,
    on_a_server: usize,
}

impl Watch {
    fn new(simulator: &Simulator, survey: &Survey) -> (Self, Arc<Mutex<Most>>) {
        let most = Arc::<Mutex<Most>>::default();
        let phones = simulator.phones();
        let server = |phone: &PhoneId| survey.server(phone.as_str()).unwrap().to_owned();
        let server_of = phones.iter().map(|phone| (phone.to_string(), server(phone))).collect();
        (Self { simulator: simulator.clone(), server_of, most: Arc::clone(&most) }, most)
    }
}

impl Observer for Watch {
    fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn after(&mut self, _: &Part, _: PartAnswer<'_>) {
        let mut down: HashMap<&str, usize> = HashMap::new();
        for (phone, server) in &self.server_of {
            if self.simulator.phone_status(phone) == Some(PhoneStatus::Restarting) {
                *down.entry(server).or_default() += 1;
            }
        }
        let mut most = self.most.lock().unwrap();
        most.in_total = most.in_total.max(down.values().sum());
        most.on_a_server = most.on_a_server.max(down.values().copied().max().unwrap_or(0));
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_breaks_every_phone_stops_at_the_first_step() {
    let (simulator, client) = fleet(8000, 100);
    simulator.inject(Fault::fail_job("CPS.0026").on("RestartCloudPhone").always()).unwrap();
    let restart = client.phones().restart(simulator.phones()).image(IMAGE);
    let run = restart.canary(canary()).max_errors(Share::Percent(5.0)).start().unwrap();
    let report = run.await;
    assert_eq!(report.to_string(), "1 failed, 7999 not_sent".replace('_', " "));
    let last = report.outcomes().last().unwrap();
    assert_eq!(last.fate, Fate::NotSent(NotSentReason::TooManyErrors(1)));
    assert_eq!(simulator.ledger().phones.len(), 1);
    check_law(&simulator, &report);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_breaks_one_in_five_stops_within_the_second_step() {
    let (simulator, client) = fleet(8000, 100);
    // The first phone is well, the others are not always.
    let fault = Fault::fail_job("CPS.0026").on("RestartCloudPhone").larger_than(1);
    simulator.inject(fault.probability(0.2).always()).unwrap();
    let restart = client.phones().restart(simulator.phones()).image(IMAGE);
    let run = restart.canary(canary()).max_errors(Share::Percent(5.0)).start().unwrap();
    let report = run.await;
    let touched = simulator.ledger().phones.len();
    assert!(report.count("failed") > 40, "{report}");
    // What was in flight as the limit was passed is all that goes beyond it: two parts are down at once.
    assert!((42..=800).contains(&touched), "{touched} phones were restarted; {report}");
    assert_eq!(report.count("not_sent"), 8000 - touched);
    check_law(&simulator, &report);
}

#[tokio::test(start_paused = true)]
async fn no_server_has_more_phones_down_than_it_may_and_nor_have_all() {
    let (simulator, client) = fleet(600, 20);
    // Answers that never come are no reason to send the next to the same server.
    simulator
        .inject(Fault::drop_after().on("RestartCloudPhone").call(2).probability(0.3).always())
        .unwrap();
    simulator.inject(Fault::throttle().probability(0.1).always()).unwrap();
    let survey = client.phones().survey().await.unwrap();
    let (watch, most) = Watch::new(&simulator, &survey);
    let restart = client.phones().restart(simulator.phones()).survey(&survey);
    let run = restart.per_server(3).max_down(40).batch(25).observer(watch).start().unwrap();
    let report = run.await;
    assert_eq!(report.outcomes().len(), 600);
    assert!(report.count("unconfirmed") > 0 && report.count("done") > 300, "{report}");
    check_law(&simulator, &report);
    let most = most.lock().unwrap();
    assert!((1..=3).contains(&most.on_a_server) && most.in_total <= 40, "{most:?}");
    // The caps are used, not merely kept.
    assert!(most.on_a_server >= 2 && most.in_total >= 25, "{most:?}");
}

#[tokio::test(start_paused = true)]
async fn phones_that_take_no_restart_are_not_sent_and_the_others_are() {
    let (simulator, client) = fleet(10, 2);
    let phones = simulator.phones();
    simulator.set_phone_status(&phones[3], PhoneStatus::Frozen);
    simulator.set_phone_status(&phones[4], PhoneStatus::Creating);
    simulator.set_phone_status(&phones[5], PhoneStatus::Restarting);
    let survey = client.phones().survey().await.unwrap();
    let report = client.phones().restart(&phones).survey(&survey).start().unwrap().await;
    assert_eq!(report.to_string(), "7 done, 3 not sent");
    let mut reasons: Vec<_> =
        report.outcomes().iter().filter_map(|outcome| outcome.fate.reason()).collect();
    reasons.sort();
    assert_eq!(
        reasons,
        ["the phone was creating", "the phone was frozen", "the phone was restarting"]
    );
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_costs_as_few_calls_as_its_plan_allows() {
    let (simulator, client) = fleet(4000, 40);
    let survey = client.phones().survey().await.unwrap();
    let targets = simulator.phones().into_iter().enumerate().map(|(place, phone)| {
        let target = RestartTarget::from(phone);
        if place % 4 == 0 { target.image(IMAGE) } else { target }
    });
    let restart = client.phones().restart(targets).survey(&survey).canary(canary());
    let report = restart.max_down(1000).start().unwrap().await;
    assert_eq!(report.to_string(), "4000 done");
    // 1000 phones with an image and 3000 without: 1 + 1, 99 + 299, 900 + 2700.
    assert_eq!(calls(&simulator, "RestartCloudPhone"), 1 + 1 + 1 + 3 + 9 + 27);
    check_law(&simulator, &report);
}

/// How many calls asked for jobs, and how many would have done: a call takes 20 request ids and answers with 100 jobs.
fn polls(simulator: &Simulator) -> (usize, usize) {
    let ledger = simulator.ledger();
    let mut jobs: HashMap<&str, usize> = HashMap::new();
    for entry in ledger.phones.values().flatten() {
        *jobs.entry(&entry.request_id).or_default() += 1;
    }
    let journal = simulator.journal();
    let asked: Vec<_> =
        journal.iter().filter(|entry| entry.operation.as_deref() == Some("ListJobs")).collect();
    // In process a sweep takes no time.
    let sweeps = asked.chunk_by(|a, b| a.at == b.at).map(|sweep| {
        let ids: HashSet<&str> =
            sweep.iter().flat_map(|entry| entry.target_ids.iter().map(String::as_str)).collect();
        let rows: usize = ids.iter().map(|id| jobs[id]).sum();
        rows.div_ceil(100).max(ids.len().div_ceil(20))
    });
    (asked.len(), sweeps.sum())
}

#[tokio::test(start_paused = true)]
async fn jobs_are_asked_about_with_as_few_calls_as_the_limits_allow() {
    for (batch, max_down) in [(100, 200), (100, 4000), (20, 1000), (7, 700)] {
        let (simulator, client) = fleet(4000, 40);
        let restart = client.phones().restart(simulator.phones()).batch(batch);
        let report = restart.max_down(max_down).start().unwrap().await;
        assert_eq!(report.to_string(), "4000 done");
        let (sent, least) = polls(&simulator);
        assert!(
            sent * 10 <= least * 12,
            "{batch} {max_down}: {sent} calls, {least} would have done"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_after_a_stop_is_no_more_than_what_was_in_flight() {
    let (simulator, client) = fleet(2000, 20);
    let restart = client.phones().restart(simulator.phones()).batch(50).max_down(400).in_flight(3);
    let mut run = restart.start().unwrap();
    for _ in 0..200 {
        run.next().await.unwrap();
    }
    let before = calls(&simulator, "RestartCloudPhone");
    run.stop_sending();
    let report = run.await;
    assert!(calls(&simulator, "RestartCloudPhone") <= before + 3);
    assert_eq!(report.outcomes().len(), 2000);
    check_law(&simulator, &report);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_no_list_shows_is_asked_for_by_its_id() {
    let (simulator, client) = fleet(3, 1);
    // From the first look on no list shows any job; each can be asked for all the same.
    simulator.inject(Fault::missing(3).on("ListJobs").always()).unwrap();
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "3 done");
    assert_eq!(calls(&simulator, "ShowJob"), 3);
}

/// What a night may bring, all at once.
fn bad_night(simulator: &Simulator) {
    let minute = Duration::from_mins(1);
    let outage = Fault::refuse_connection().after(3 * minute).lasting(minute).always();
    let faults = [
        outage,
        Fault::drop_after().on("RestartCloudPhone").call(2).probability(0.1).always(),
        Fault::broken_json().on("RestartCloudPhone").call(2).probability(0.1).always(),
        Fault::throttle().probability(0.1).always(),
        Fault::fail_job("CPS.0026").on("RestartCloudPhone").probability(0.03).always(),
    ];
    for fault in faults {
        simulator.inject(fault).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_night_ends_by_itself_and_every_answer_that_began_is_resolved() {
    let (simulator, client) = fleet(3000, 30);
    bad_night(&simulator);
    let report = client.phones().restart(simulator.phones()).batch(20).start().unwrap().await;
    assert_eq!(report.outcomes().len(), 3000);
    check_law(&simulator, &report);
    check_resolved(&simulator, &report);
    assert_eq!(report.count("not_sent"), 0, "{report}");
    simulator.assert_faults_used();
}

/// Phones whose answer never began are unconfirmed, and they alone: a head with a request id resolves its phones.
fn check_resolved(simulator: &Simulator, report: &Report) {
    let journal = simulator.journal();
    let lost: HashSet<&str> = journal
        .iter()
        .filter(|entry| entry.fault.as_deref() == Some("drop_after"))
        .flat_map(|entry| entry.target_ids.iter().map(String::as_str))
        .collect();
    assert!(journal.iter().any(|entry| entry.fault.as_deref() == Some("broken_json")));
    assert!(!lost.is_empty());
    for outcome in report.outcomes() {
        let is_lost = lost.contains(outcome.phone.as_str());
        let is_unconfirmed =
            matches!(outcome.fate, Fate::Unconfirmed(UnconfirmedReason::AnswerLost(_)));
        assert_eq!(is_lost, is_unconfirmed, "{}: {}", outcome.phone, outcome.fate);
        assert!(
            is_lost || matches!(outcome.fate, Fate::Done | Fate::Failed(_)),
            "{}",
            outcome.fate
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_elses_restarts_are_taken_for_ones_own() {
    let (simulator, client) = fleet(400, 4);
    let fault = Fault::drop_after().on("RestartCloudPhone").larger_than(19);
    simulator.inject(fault.call(2).probability(0.3).always()).unwrap();
    // Another client restarts the same phones, a few at a time, for as long as the run goes.
    let other = in_process(&simulator).build().unwrap();
    let phones = simulator.phones();
    let others = async {
        for phones in phones.chunks(10) {
            other.phones().restart(phones).job_timeout(Duration::ZERO).start().unwrap().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    let ours = async { client.phones().restart(&phones).batch(20).start().unwrap().await };
    let (report, ()) = join(ours, others).await;
    let journal = simulator.journal();
    let lost = journal.iter().filter(|entry| entry.fault.as_deref() == Some("drop_after"));
    let lost: usize = lost.map(|entry| entry.targets).sum();
    assert!(lost > 0);
    assert_eq!(report.count("unconfirmed"), lost, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_must_be_ready_is_down_until_it_is() {
    let ready = Ready::prints("getprop sys.boot_completed", "1");
    let (simulator, client) = fleet(30, 3);
    let restart = client.phones().restart(simulator.phones()).canary([Share::Count(1)]);
    let report = restart.ready(ready).start().unwrap().await;
    assert_eq!(report.to_string(), "30 done");
    // One command for the canary, one for the rest unless its jobs ended far apart.
    assert!((2..=6).contains(&calls(&simulator, "RunSyncCommand")));

    // The canary never gets ready, so nobody else is touched.
    let (simulator, client) = fleet(30, 3);
    let restart = client.phones().restart(simulator.phones()).canary([Share::Count(1)]);
    let never = Ready::prints("getprop sys.boot_completed", "never");
    let report = restart.ready(never).max_errors(0).start().unwrap().await;
    assert_eq!(report.to_string(), "29 not sent, 1 unconfirmed");
    let first = &report.outcomes()[0].fate;
    assert!(matches!(first, Fate::Unconfirmed(UnconfirmedReason::NotReady(_))), "{first}");
    check_law(&simulator, &report);

    // Who is stopped from outside after its job is not ready either.
    let (simulator, client) = fleet(2, 1);
    let phones = simulator.phones();
    let run = client.phones().restart(&phones).ready(Ready::Running).start().unwrap();
    let meddle = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        while simulator.phone_status(&phones[0]) == Some(PhoneStatus::Restarting) {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        simulator.set_phone_status(&phones[0], PhoneStatus::ShutDown);
    };
    let (report, ()) = join(run.into_future(), meddle).await;
    assert_eq!(report.to_string(), "1 done, 1 unconfirmed");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gets_no_call_through_any_more_ends_though_questions_are_answered() {
    let (simulator, client) = fleet(100, 2);
    let cut_off = Fault::refuse_connection().on("RestartCloudPhone").call(3).always();
    simulator.inject(cut_off).unwrap();
    let report = client.phones().restart(simulator.phones()).batch(10).start().unwrap().await;
    assert_eq!(report.to_string(), "20 done, 80 not sent");
    let last = report.outcomes().last().unwrap();
    assert!(matches!(last.fate, Fate::NotSent(NotSentReason::NoConnection(_))), "{}", last.fate);
    check_law(&simulator, &report);
}
