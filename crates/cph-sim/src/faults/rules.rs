//! The rules of a simulator, and which of them strike a call.

use std::time::Duration;

use serde::Serialize;

use super::{Count, Effect, Fault, FaultError};

/// A rule, how often it struck, and how often it still will.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultState {
    /// The rule as it was given.
    pub fault: Fault,
    /// How often it struck.
    pub struck: u64,
    /// How often it still strikes; `None`: every time.
    pub left: Option<u64>,
}

/// What a rule looks at.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a str,
    /// Which call of this operation it is; the first is 1.
    pub(crate) ordinal: u64,
    pub(crate) targets: &'a [&'a str],
    pub(crate) starts_jobs: bool,
    /// Whether its answer lists something.
    pub(crate) lists_entries: bool,
}

/// The rules that strike one call.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Duration,
    pub(crate) answer: Option<Effect>,
    /// Rules about jobs; each with the one phone that it is about, if it is about one.
    jobs: Vec<(Option<String>, Effect)>,
}

impl Strike {
    /// What happens to the job of this phone.
    pub(crate) fn on_job_of<'a>(&'a self, phone_id: &'a str) -> impl Iterator<Item = &'a Effect> {
        self.jobs
            .iter()
            .filter(move |(phone, _)| phone.as_deref().is_none_or(|phone| phone == phone_id))
            .map(|(_, effect)| effect)
    }
}

/// The rules of a simulator and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FaultState>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        let left = match fault.count {
            Count::Times(times) => Some(times),
            Count::Always => None,
        };
        self.0.push(FaultState { fault, struck: 0, left });
        Ok(())
    }

    pub(crate) fn states(&self) -> Vec<FaultState> {
        self.0.clone()
    }

    /// Consumes the rules that strike this call.
    pub(crate) fn strike(&mut self, call: &Call<'_>, seed: u64) -> Strike {
        let mut strike = Strike::default();
        let mut matching: Vec<&mut FaultState> = self
            .0
            .iter_mut()
            .enumerate()
            .filter(|(rule, state)| state.left != Some(0) && state.fault.matches(call, seed, *rule))
            .map(|(_, state)| state)
            .collect();
        // Jobs come last: a call that never reaches the service has none.
        matching.sort_by_key(|state| state.fault.effect.is_about_jobs());
        for state in matching {
            match &state.fault.effect {
                Effect::Delay { by } => strike.delay += *by,
                effect if effect.is_about_jobs() => {
                    if strike.answer.as_ref().is_some_and(Effect::prevents_work) {
                        continue;
                    }
                    strike.jobs.push((state.fault.phone.clone(), effect.clone()));
                }
                _ if strike.answer.is_some() => continue,
                effect => strike.answer = Some(effect.clone()),
            }
            state.struck += 1;
            state.left = state.left.map(|left| left - 1);
        }
        strike
    }
}
