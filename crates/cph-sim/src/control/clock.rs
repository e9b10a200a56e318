//! Stops, moves and runs the simulator's clock.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, ok, problem};
use crate::{Simulator, simulator::State};

/// Where the calendar ends, since 1970: in the year 8307, so that what begins then can still be written down.
const LAST: Duration = Duration::from_secs(200_000_000_000);

/// What is to become of the clock; first it is stopped or set running, then it is moved.
#[derive(Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ClockChange {
    /// Whether it is to stand still.
    stopped: Option<bool>,
    /// By how much to move it forward.
    #[schemars(range(min = 0.0))]
    advance_seconds: Option<f64>,
    /// Up to what to move it forward.
    advance_to: Option<AdvanceTo>,
}

#[derive(PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum AdvanceTo {
    /// The next thing that happens, as `next` of the answer tells.
    Next,
}

/// What the clock shows.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct ClockState {
    /// The time in the simulation.
    #[serde(with = "crate::timestamp")]
    #[schemars(schema_with = "crate::timestamp::schema")]
    pub(super) now: SystemTime,
    /// Whether it stands still.
    pub(super) stopped: bool,
    /// What happens next if nobody calls.
    next: Option<Next>,
}

/// Something that time will bring about.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
struct Next {
    #[serde(with = "crate::timestamp")]
    #[schemars(schema_with = "crate::timestamp::schema")]
    at: SystemTime,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// A job ends.
    JobEnds,
    /// A job that a fault hid can be found.
    JobAppears,
    /// Something changes that a call has set going, such as an order.
    Change,
    /// A scheduled event begins or ends.
    Event,
}

impl ClockState {
    pub(super) fn of(sim: &Simulator, state: &State, now: SystemTime) -> Self {
        Self { now, stopped: sim.clock().is_stopped(), next: next(state, now) }
    }
}

pub(super) fn present(sim: &Simulator) -> ClockState {
    let now = sim.clock().now();
    sim.with_state(|state| ClockState::of(sim, state, now))
}

fn next(state: &State, now: SystemTime) -> Option<Next> {
    let jobs = state.jobs.iter().flat_map(|job| {
        [(job.end, What::JobEnds), (job.found_from, What::JobAppears)]
            .into_iter()
            .filter_map(|(at, what)| Some((at?, what)))
    });
    let changes = state.pending.due().map(|at| (at, What::Change));
    let events = state.events.iter().flat_map(|event| event.turns().map(|at| (at, What::Event)));
    // Of several at one time the most telling comes first.
    let to_come = jobs.chain(events).chain(changes);
    let to_come = to_come.filter(|(at, _)| *at > now && *at < SystemTime::UNIX_EPOCH + LAST);
    to_come.min_by_key(|(at, _)| *at).map(|(at, what)| Next { at, what })
}

pub(super) fn change(sim: &Simulator, body: &Bytes) -> Answer {
    let clock = sim.clock();
    let expected = "expected {\"stopped\": true or false}, {\"advance_seconds\": a positive number} or {\"advance_to\": \"next\"}";
    let change = match serde_json::from_slice::<ClockChange>(body) {
        Ok(change) if change != ClockChange::default() => change,
        _ => return problem(StatusCode::BAD_REQUEST, expected),
    };
    let by = match (change.advance_seconds, change.advance_to) {
        (None, None) => Duration::ZERO,
        (Some(seconds), None) => match Duration::try_from_secs_f64(seconds) {
            Ok(by) => by,
            Err(_) => return problem(StatusCode::BAD_REQUEST, expected),
        },
        (None, Some(AdvanceTo::Next)) => {
            let Some(next) = present(sim).next else {
                return problem(StatusCode::CONFLICT, "nothing is going to happen by itself");
            };
            next.at.duration_since(clock.now()).unwrap_or_default()
        }
        (Some(_), Some(_)) => return problem(StatusCode::BAD_REQUEST, expected),
    };
    let since_1970 = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since_1970.checked_add(by).is_none_or(|shown| shown >= LAST) {
        return problem(StatusCode::BAD_REQUEST, "the calendar ends in the year 8307");
    }
    match change.stopped {
        Some(true) => clock.stop(),
        Some(false) => clock.run(),
        None => {}
    }
    clock.advance(by);
    ok(present(sim))
}
