//! What happens in a simulation, as server-sent events: a snapshot first, then changes.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cph_core::{JobStatus, PhoneStatus, ServerStatus};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::clock::ClockState;
use crate::{FaultState, JournalEntry, Simulator, jobs::JobState, simulator::State};

/// How often a listener is told at most.
const PACE: Duration = Duration::from_millis(100);

/// After so many looks at which nothing had changed a listener is told the time.
const QUIET_LOOKS: u32 = 10;

/// How many of the newest calls and jobs are told at a time.
const NEWEST: usize = 50;

/// The stream of one listener. Nothing is looked at for it before it begins and after its listener has left.
pub(crate) struct Events(Simulator);

/// The first event, `snapshot`; told again whenever phones or servers come or go.
#[derive(Serialize, JsonSchema)]
pub(super) struct Snapshot<'a> {
    region: &'a str,
    seed: u64,
    /// By server id.
    servers: IndexMap<&'a str, ServerView<'a>>,
    #[serde(flatten)]
    news: News<'a>,
}

#[derive(Serialize, JsonSchema)]
struct ServerView<'a> {
    status: ServerStatus,
    /// The statuses of its phones by their ids.
    phones: IndexMap<&'a str, PhoneStatus>,
}

/// Every further event, `change`: what is different now.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change<'a> {
    /// The new statuses of phones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    phones: BTreeMap<&'a str, PhoneStatus>,
    /// The new statuses of servers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    servers: BTreeMap<&'a str, ServerStatus>,
    #[serde(flatten)]
    news: News<'a>,
}

/// What both kinds of events tell.
#[derive(Serialize, JsonSchema)]
struct News<'a> {
    clock: ClockState,
    /// All rules, if one of them came, struck or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<FaultState>>,
    /// The newest calls that came in or were answered; their `target_ids` are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<JournalEntry>,
    /// The newest jobs that began or ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<JobState<'a>>,
    counts: Counts,
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
struct Counts {
    calls: usize,
    jobs_running: usize,
    jobs_succeeded: usize,
    jobs_failed: usize,
}

/// What a listener has been told.
#[derive(Default)]
struct Told {
    phones: Vec<(String, PhoneStatus)>,
    servers: Vec<(String, ServerStatus)>,
    faults: Vec<FaultState>,
    counts: Counts,
    /// The calls that were still to be answered.
    open_calls: Vec<usize>,
    running_jobs: Vec<usize>,
    /// How many jobs there were.
    jobs: usize,
    /// When the clock stood still; `None`: it ran.
    stood_at: Option<SystemTime>,
}

impl Events {
    pub(super) fn of(sim: &Simulator) -> Self {
        Self(sim.clone())
    }

    /// The first event alone.
    pub(crate) fn first(&self) -> Bytes {
        self.0.with_state(|state| Told::default().snapshot(&self.0, state))
    }

    /// All events, until the receiver is dropped. A listener that is slow is told less often, and then all at once.
    pub(crate) fn stream(self) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut told = Told::default();
            let mut event = Some(self.0.with_state(|state| told.snapshot(&self.0, state)));
            let mut quiet_looks = 0;
            loop {
                quiet_looks = if event.is_some() { 0 } else { quiet_looks + 1 };
                if let Some(event) = event
                    && sender.send(event).await.is_err()
                {
                    return;
                }
                tokio::select! {
                    () = sender.closed() => return,
                    () = tokio::time::sleep(PACE) => {}
                }
                let tell_time = quiet_looks >= QUIET_LOOKS;
                event = self.0.with_state(|state| told.change(&self.0, state, tell_time));
            }
        });
        receiver
    }
}

impl Told {
    fn snapshot(&mut self, sim: &Simulator, state: &State) -> Bytes {
        *self = Self::default();
        let now = sim.clock().now();
        self.phones = phones(state, now).map(|(id, status)| (id.to_owned(), status)).collect();
        self.servers = servers(state).map(|(id, status)| (id.to_owned(), status)).collect();
        let empty = |status| ServerView { status, phones: IndexMap::new() };
        let mut views: IndexMap<_, _> =
            servers(state).map(|(id, status)| (id, empty(status))).collect();
        for phone in state.phones.iter() {
            if let Some(server) = views.get_mut(phone.server_id.as_str()) {
                server.phones.insert(&phone.id, phone.status(now));
            }
        }
        let news = self.news(sim, state, now);
        let (region, seed) = (sim.region(), sim.seed());
        event("snapshot", &Snapshot { region, seed, servers: views, news })
    }

    /// What is different from what was told; `None` if nothing is and the time need not be told.
    fn change(&mut self, sim: &Simulator, state: &State, tell_time: bool) -> Option<Bytes> {
        let now = sim.clock().now();
        let changed = changed(&mut self.phones, phones(state, now))
            .zip(changed(&mut self.servers, servers(state)));
        let Some((phones, servers)) = changed else {
            return Some(self.snapshot(sim, state));
        };
        let stood_at = self.stood_at;
        let news = self.news(sim, state, now);
        let is_news = !phones.is_empty()
            || !servers.is_empty()
            || news.faults.is_some()
            || !news.calls.is_empty()
            || !news.jobs.is_empty()
            || self.stood_at != stood_at;
        (is_news || tell_time).then(|| event("change", &Change { phones, servers, news }))
    }

    fn news<'a>(&mut self, sim: &Simulator, state: &'a State, now: SystemTime) -> News<'a> {
        self.stood_at = sim.clock().is_stopped().then_some(now);
        let faults = state.faults.states();
        let faults = (faults != self.faults).then(|| {
            self.faults.clone_from(&faults);
            faults
        });

        let is_settled = |call: &usize| state.journal[*call].is_settled();
        let (answered, open) = self.open_calls.drain(..).partition::<Vec<_>, _>(is_settled);
        let new = self.counts.calls..state.journal.len();
        self.counts.calls = new.end;
        self.open_calls =
            open.into_iter().chain(new.clone().filter(|call| !is_settled(call))).collect();
        let calls: Vec<_> = answered.into_iter().chain(new).collect();
        let call =
            |call: &usize| JournalEntry { target_ids: Vec::new(), ..state.journal[*call].clone() };

        let is_running = |job: &usize| state.jobs.nth(*job).status(now) == JobStatus::Running;
        let (running, ended) = self.running_jobs.drain(..).partition::<Vec<_>, _>(is_running);
        let new = self.jobs..state.jobs.iter().len();
        self.jobs = new.end;
        self.running_jobs = running.into_iter().chain(new.clone().filter(is_running)).collect();
        for job in ended.iter().copied().chain(new.clone()) {
            match state.jobs.nth(job).status(now) {
                JobStatus::Success => self.counts.jobs_succeeded += 1,
                JobStatus::Failed => self.counts.jobs_failed += 1,
                _ => {}
            }
        }
        self.counts.jobs_running = self.running_jobs.len();
        let jobs: Vec<_> = ended.into_iter().chain(new).collect();

        News {
            clock: ClockState::of(sim, state, now),
            faults,
            calls: newest(&calls).iter().map(call).collect(),
            jobs: newest(&jobs).iter().map(|job| state.jobs.nth(*job).state(now)).collect(),
            counts: self.counts,
        }
    }
}

fn phones(state: &State, now: SystemTime) -> impl Iterator<Item = (&str, PhoneStatus)> {
    state.phones.iter().map(move |phone| (phone.id.as_str(), phone.status(now)))
}

fn servers(state: &State) -> impl Iterator<Item = (&str, ServerStatus)> {
    state.servers.iter().map(|server| (server.id.as_str(), server.status()))
}

/// Whose status is not the one that was told, which it is from now on; `None` if they are not the same ones any more.
fn changed<'a, S: Copy + PartialEq>(
    told: &mut [(String, S)],
    present: impl Iterator<Item = (&'a str, S)>,
) -> Option<BTreeMap<&'a str, S>> {
    let mut changed = BTreeMap::new();
    let mut told = told.iter_mut();
    for (id, status) in present {
        let (_, told_status) = told.next().filter(|(told, _)| told == id)?;
        if *told_status != status {
            *told_status = status;
            changed.insert(id, status);
        }
    }
    told.next().is_none().then_some(changed)
}

fn newest(places: &[usize]) -> &[usize] {
    &places[places.len().saturating_sub(NEWEST)..]
}

fn event(name: &str, content: &impl Serialize) -> Bytes {
    format!("event: {name}\ndata: {}\n\n", json!(content)).into()
}
