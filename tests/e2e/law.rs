//! The outcome law: N targets in, N outcomes out, each exactly once, and no phone is restarted twice — whatever the
//! service, the network and the caller do.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use cph::{
    Batch, Fate, Outcome, PhoneStatus, Properties, RecordedRun, RestartTarget, Run, RunFile, Share,
    UnconfirmedReason,
};
use cph_sim::{Assumptions, Fault, GatewayPrefix, LastMarker, Order, Simulator};
use cph_tests::{in_process, paused_clock};
use proptest::prelude::*;

/// Everything that one case draws.
#[derive(Debug, Clone)]
struct Case {
    phones: usize,
    strangers: usize,
    statuses: Vec<(usize, PhoneStatus)>,
    /// Phones whose property the service refuses.
    bad_properties: BTreeSet<usize>,
    batch: usize,
    in_flight: usize,
    max_down: usize,
    job_timeout: u64,
    deadline: Option<u64>,
    /// The caller stops the run after so many outcomes.
    stop_after: Option<usize>,
    /// How the caller stops it.
    stop: Stop,
    plan: Plan,
    /// A run file is kept, and the run resumed from it until so often.
    resumes: usize,
    /// Each with the place of the server that it is about, if it is about one.
    faults: Vec<(Fault, Option<usize>)>,
    assumptions: Assumptions,
    seed: u64,
}

/// The outcome of each phone in a word, and why.
type Outcomes = BTreeMap<String, (&'static str, Option<String>)>;

#[derive(Debug, Clone, Copy)]
enum Stop {
    /// Sends no more, and waits for what runs.
    Sending,
    /// Leaves everything as it stands.
    Leaving,
    /// Drops the handle.
    Dropping,
}

/// What a run may take account of.
#[derive(Debug, Clone)]
struct Plan {
    canary: Vec<Share>,
    max_errors: Option<Share>,
    per_server: Option<usize>,
    surveys: bool,
}

fn share() -> impl Strategy<Value = Share> {
    let percent = (0_u32..=100).prop_map(|percent| Share::Percent(percent.into()));
    prop_oneof![(0_usize..200).prop_map(Share::Count), percent]
}

fn plan() -> impl Strategy<Value = Plan> {
    let canary = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(share(), 1..4)];
    let max_errors = prop::option::weighted(0.3, share());
    let per_server = prop::option::weighted(0.3, 1_usize..20);
    (canary, max_errors, per_server, prop::bool::weighted(0.3)).prop_map(
        |(canary, max_errors, per_server, surveys)| {
            let surveys = surveys || per_server.is_some();
            Plan { canary, max_errors, per_server, surveys }
        },
    )
}

fn fleet_size() -> impl Strategy<Value = usize> {
    prop_oneof![10 => 0_usize..40, 4 => 40_usize..250, 1 => 250_usize..=1000]
}

fn status() -> impl Strategy<Value = PhoneStatus> {
    prop::sample::select(vec![
        PhoneStatus::Frozen,
        PhoneStatus::Creating,
        PhoneStatus::Restarting,
        PhoneStatus::ShutDown,
        PhoneStatus::RestartFailed,
    ])
}

fn fault() -> impl Strategy<Value = (Fault, Option<usize>)> {
    let code = prop::sample::select(vec![
        "CPS.0001",
        "CPS.0003",
        "CPS.0004",
        "CPS.0030",
        "CPS.0042",
        "CPS.0054",
        "CPS.0163",
        "CPS.0190",
        "CPS.9999",
        "APIGW.0301",
        "APIG.0308",
    ]);
    let effect = prop_oneof![
        4 => code.clone().prop_map(Fault::refuse),
        2 => Just(Fault::throttle()),
        2 => Just(Fault::refuse_connection()),
        2 => Just(Fault::drop_before()),
        4 => Just(Fault::drop_after()),
        1 => prop::sample::select(vec![404, 408, 500, 503]).prop_map(Fault::html),
        2 => Just(Fault::html_after()),
        2 => Just(Fault::broken_json()),
        1 => Just(Fault::truncate()),
        1 => Just(Fault::empty_body()),
        1 => (1_u64..40).prop_map(|seconds| Fault::stall(Duration::from_secs(seconds))),
        1 => Just(Fault::wrong_content_type()),
        2 => Just(Fault::reordered()),
        1 => (-2000_i64..2000).prop_map(Fault::clock_skew),
        2 => (1_usize..4).prop_map(Fault::missing),
        2 => Just(Fault::doubled()),
        2 => Just(Fault::foreign()),
        1 => (1_u64..200).prop_map(|seconds| Fault::delay(Duration::from_secs(seconds))),
        2 => code.prop_map(Fault::fail_job),
        2 => Just(Fault::hang_job()),
        2 => Just(Fault::hide_job()),
        1 => (1_u64..200).prop_map(|seconds| Fault::late_job(Duration::from_secs(seconds))),
        1 => (1_u64..200).prop_map(|seconds| Fault::vanish_job(Duration::from_secs(seconds))),
    ];
    let operation = prop_oneof![3 => Just("RestartCloudPhone"), 1 => Just("ListJobs")];
    let call = prop::option::weighted(0.6, 1_u64..6);
    let count = prop_oneof![4 => (1_u64..4).prop_map(Some), 1 => Just(None)];
    let size =
        (prop::option::weighted(0.1, 1_usize..60), prop::option::weighted(0.1, 60_usize..150));
    let window = prop::option::weighted(0.2, (0_u64..60, 1_u64..120));
    let server = prop::option::weighted(0.2, 0_usize..20);
    let conditions = (call, size, window, server);
    (effect, operation, conditions, count).prop_map(|(effect, operation, conditions, count)| {
        let (call, (larger_than, smaller_than), window, server) = conditions;
        let fault = effect.on(operation);
        let fault = call.into_iter().fold(fault, Fault::call);
        let fault = larger_than.into_iter().fold(fault, Fault::larger_than);
        let fault = smaller_than.into_iter().fold(fault, Fault::smaller_than);
        let fault = window.into_iter().fold(fault, |fault, (after, lasting)| {
            fault.after(Duration::from_secs(after)).lasting(Duration::from_secs(lasting))
        });
        let fault = match count {
            Some(count) => fault.times(count),
            None => fault.always(),
        };
        (fault, server)
    })
}

fn assumptions() -> impl Strategy<Value = Assumptions> {
    let order = prop::sample::select(vec![Order::AsSent, Order::Reversed, Order::Shuffled]);
    let marker =
        prop::sample::select(vec![LastMarker::Missing, LastMarker::Empty, LastMarker::Repeated]);
    let switches = prop::collection::vec(prop::bool::weighted(0.3), 24);
    let numbers = (
        prop::option::weighted(0.2, 1_usize..60),
        prop::option::weighted(0.2, 1_u64..300),
        prop::option::weighted(0.3, prop::sample::select(vec![0, 3, 100])),
        prop_oneof![3 => Just(20_u32), 1 => 0_u32..3],
        prop_oneof![3 => Just(100_u32), 1 => 0_u32..300],
        prop::sample::select(vec![200, 0, 5]),
    );
    (switches, order, marker, numbers).prop_map(|(switches, entries, last_marker, numbers)| {
        let default = Assumptions::default();
        let mut switches = switches.into_iter();
        let mut turned = |default: bool| default ^ switches.next().unwrap();
        let (max_phones_per_call, retention, unlisted_job_status, at_full_pace, percent, calls) =
            numbers;
        Assumptions {
            max_phones_per_call,
            all_refused_is_an_error: turned(default.all_refused_is_an_error),
            whole_refusal_starts_nothing: turned(default.whole_refusal_starts_nothing),
            property_refuses_whole_call: turned(default.property_refuses_whole_call),
            unknown_request_id_sinks_query: turned(default.unknown_request_id_sinks_query),
            header_request_id_is_body_id: turned(default.header_request_id_is_body_id),
            entries,
            post_status: if turned(false) { 201 } else { 200 },
            old_property_keys: turned(default.old_property_keys),
            property_merges: turned(default.property_merges),
            job_retention: retention.map(Duration::from_secs),
            second_restart_is_refused: turned(default.second_restart_is_refused),
            starting_shows_restarting: turned(default.starting_shows_restarting),
            well_formed_image_exists: turned(default.well_formed_image_exists),
            reset_drops_properties: turned(default.reset_drops_properties),
            only_exports_are_imported: turned(default.only_exports_are_imported),
            sync_jobs_are_listed: turned(default.sync_jobs_are_listed),
            running_job_has_no_end_time: turned(default.running_job_has_no_end_time),
            unlisted_job_status,
            ids_come_back_as_sent: turned(default.ids_come_back_as_sent),
            one_job_per_target: turned(default.one_job_per_target),
            jobs_at_full_pace: at_full_pace,
            job_duration_percent: percent,
            last_marker,
            no_image_type_is_all: turned(default.no_image_type_is_all),
            create_since_in_milliseconds: turned(default.create_since_in_milliseconds),
            open_orders_are_paid: turned(default.open_orders_are_paid),
            servers_paid_by_the_month_are_not_deleted: turned(
                default.servers_paid_by_the_month_are_not_deleted,
            ),
            attaching_twice_fails_the_job: turned(default.attaching_twice_fails_the_job),
            tags_that_are_there_or_not: turned(default.tags_that_are_there_or_not),
            sync_commands_per_minute: default.sync_commands_per_minute,
            calls_per_second: calls,
            gateway_prefix: if turned(false) { GatewayPrefix::Apig } else { GatewayPrefix::Apigw },
        }
    })
}

fn case() -> impl Strategy<Value = Case> {
    fleet_size().prop_flat_map(|phones| {
        let place = 0..phones.max(1);
        let fleet = (
            prop_oneof![3 => Just(0_usize), 1 => 1_usize..4],
            prop::collection::vec((place.clone(), status()), 0..4),
            prop::collection::btree_set(place.clone(), 0..3),
        );
        let options = (
            1_usize..150,
            1_usize..5,
            1_usize..400,
            20_u64..400,
            prop::option::weighted(0.2, 1_u64..200),
            prop::option::weighted(0.2, place),
            prop::sample::select(vec![Stop::Sending, Stop::Leaving, Stop::Dropping]),
            plan(),
            prop_oneof![2 => Just(0_usize), 1 => 1_usize..4],
        );
        let service = (prop::collection::vec(fault(), 0..5), assumptions(), any::<u64>());
        (fleet, options, service).prop_map(move |(fleet, options, service)| {
            let (strangers, statuses, bad_properties) = fleet;
            let (
                batch,
                in_flight,
                max_down,
                job_timeout,
                deadline,
                stop_after,
                stop,
                plan,
                resumes,
            ) = options;
            let (faults, assumptions, seed) = service;
            Case {
                phones,
                strangers,
                statuses,
                bad_properties,
                batch,
                in_flight,
                max_down,
                job_timeout,
                deadline,
                stop_after,
                stop,
                plan,
                resumes,
                faults,
                assumptions,
                seed,
            }
        })
    })
}

async fn check(case: Case) -> Result<(), TestCaseError> {
    let builder = Simulator::builder()
        .phones(case.phones)
        .seed(case.seed)
        .clock(paused_clock())
        .assume(case.assumptions.clone());
    let simulator = builder.build().unwrap();
    let (ids, servers) = (simulator.phones(), simulator.servers());
    for (fault, server) in &case.faults {
        let server = server.and_then(|place| servers.get(place % servers.len().max(1)));
        let fault = server.into_iter().fold(fault.clone(), Fault::server);
        simulator.inject(fault).unwrap();
    }
    for (phone, status) in &case.statuses {
        if let Some(id) = ids.get(*phone) {
            simulator.set_phone_status(id, *status);
        }
    }
    let known = ids.iter().enumerate().map(|(place, id)| {
        // No page lists this key: the client lets it pass, the service refuses it.
        let bad = case.bad_properties.contains(&place);
        let properties =
            if bad { Properties::new().set("no.such.key", "1") } else { Properties::new() };
        RestartTarget::new(id.as_str()).properties(properties)
    });
    let strangers = (0..case.strangers).map(|n| RestartTarget::new(format!("{n:032x}")));
    let targets: Vec<RestartTarget> = known.chain(strangers).collect();
    let n = targets.len();

    let client = in_process(&simulator).build().unwrap();
    // Steps that do not grow are a mistake.
    let mut canary = case.plan.canary.clone();
    let mut reach = 1;
    canary.retain(|step| {
        let grows = step.of(n) >= reach;
        reach = reach.max(step.of(n));
        grows
    });
    let restart = client
        .phones()
        .restart(targets)
        .batch(case.batch)
        .in_flight(case.in_flight)
        .max_down(case.max_down)
        .canary(canary)
        .job_timeout(Duration::from_secs(case.job_timeout))
        .trust_refusal(case.assumptions.whole_refusal_starts_nothing);
    let restart = match case.deadline {
        Some(seconds) => restart.deadline(simulator.clock().now() + Duration::from_secs(seconds)),
        None => restart,
    };
    let restart = case.plan.max_errors.into_iter().fold(restart, Batch::max_errors);
    let survey = if case.plan.surveys { client.phones().survey().await.ok() } else { None };
    let restart = survey.iter().fold(restart, Batch::survey);
    let restart = match case.plan.per_server.filter(|_| survey.is_some()) {
        Some(phones) => restart.per_server(phones),
        None => restart,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.jsonl");
    let run = if case.resumes > 0 {
        let file = RunFile::create(&path, &restart, true).unwrap();
        restart.observer(file).start().unwrap()
    } else {
        restart.start().unwrap()
    };
    let mut outcomes = BTreeMap::new();
    follow(run, n, &case, case.stop_after, &mut outcomes).await?;
    for resumption in 1..=case.resumes {
        let earlier = reopen(&path).await;
        // What settled after the handle was dropped stands in the file alone.
        for target in earlier.targets() {
            if let Some(outcome) = target.outcome() {
                outcomes.insert(target.id().to_owned(), (outcome.outcome, outcome.reason));
            }
        }
        let run = earlier.resume::<Outcome>(&client, survey.as_ref(), ()).unwrap();
        let again = case.stop_after.filter(|_| resumption < case.resumes);
        follow(run, n, &case, again, &mut outcomes).await?;
    }
    let was_dropped = matches!(case.stop, Stop::Dropping) && case.stop_after.is_some();
    prop_assert!(outcomes.len() == n || was_dropped && case.resumes == 0);
    check_truth(&simulator, &outcomes)?;
    if case.resumes > 0 && n > 0 {
        check_file(&path, &outcomes)?;
    }
    Ok(())
}

/// Takes the outcomes of a run, one for each target, until it ends or is to be stopped. A run that goes on from where
/// another was has outcomes for what the other left open.
async fn follow(
    mut run: Run,
    n: usize,
    case: &Case,
    stop_after: Option<usize>,
    outcomes: &mut Outcomes,
) -> Result<(), TestCaseError> {
    let mut seen = BTreeSet::new();
    loop {
        if stop_after == Some(seen.len()) {
            match case.stop {
                Stop::Sending => run.stop_sending(),
                Stop::Leaving => run.leave(),
                Stop::Dropping => return Ok(()),
            }
        }
        let Some(outcome) = run.next().await else { break };
        let phone = outcome.phone.to_string();
        prop_assert!(seen.insert(phone.clone()), "{phone} has two outcomes");
        let was_cut_off = outcome.fate == Fate::Unconfirmed(UnconfirmedReason::CutOff);
        prop_assert!(!was_cut_off, "{phone} was lost by the run itself");
        outcomes.insert(phone, (outcome.fate.word(), outcome.fate.reason()));
    }
    prop_assert_eq!(outcomes.len(), n);
    Ok(())
}

/// The run file, once the run that was dropped has finished its calls and let go of it.
async fn reopen(path: &Path) -> RecordedRun {
    loop {
        match RunFile::open(path) {
            Ok(run) => return run,
            Err(error) if error.to_string().contains("another process") => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// In the end the file says of every target what the last word on it was.
fn check_file(path: &Path, outcomes: &Outcomes) -> Result<(), TestCaseError> {
    let run = RecordedRun::read(path).unwrap();
    prop_assert!(run.ended().is_some());
    prop_assert_eq!(run.targets().count(), outcomes.len());
    for target in run.targets() {
        let recorded = target.outcome().map(|outcome| outcome.outcome);
        prop_assert_eq!(recorded, Some(outcomes[target.id()].0), "{}", target.id());
    }
    Ok(())
}

/// What the outcomes say is what the ledger says.
fn check_truth(simulator: &Simulator, outcomes: &Outcomes) -> Result<(), TestCaseError> {
    let ledger = simulator.ledger();
    for (phone, (word, reason)) in outcomes {
        let restarts = ledger.of(phone).len();
        let may_be = match *word {
            "done" | "failed" | "still_running" => 1..=1,
            "not_sent" | "refused" => 0..=0,
            _ => 0..=1,
        };
        prop_assert!(
            may_be.contains(&restarts),
            "{phone}: {restarts} restarts, {word}: {reason:?}"
        );
    }
    Ok(())
}

// 256 cases, or what PROPTEST_CASES asks for.
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_phone_has_one_true_outcome(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        // A run takes its patience with one phone after the other at worst, and a day of its own time for all else; one
        // that hangs would otherwise never be told.
        let phones = u32::try_from(case.phones + case.strangers).unwrap();
        let longest = Duration::from_hours(24) + phones * Duration::from_secs(case.job_timeout + 600);
        let ended = runtime.block_on(async { tokio::time::timeout(longest, check(case)).await });
        ended.unwrap_or_else(|_| Err(TestCaseError::fail("the run hangs")))?;
    }
}
