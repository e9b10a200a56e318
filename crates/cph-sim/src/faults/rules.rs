//! The rules of a simulator, and which of them strike a call.

use std::{
    collections::BTreeMap,
    fmt::Write,
    time::{Duration, SystemTime},
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Count, Effect, Fault, FaultError};
use crate::chance;

/// A rule, how often it struck, and how often it still will.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FaultState {
    /// The rule as it was given.
    pub fault: Fault,
    /// When it was added.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    #[schemars(schema_with = "crate::timestamp::schema")]
    pub added: SystemTime,
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
    pub(crate) at: SystemTime,
    pub(crate) targets: &'a [&'a str],
    /// The servers of the targets, if targets they are or on servers they stand.
    pub(crate) servers: &'a [&'a str],
    pub(crate) starts_jobs: bool,
    /// Whether its answer lists something.
    pub(crate) lists_entries: bool,
    /// Whether its answer has a body.
    pub(crate) has_body: bool,
}

/// The rules that strike one call.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Duration,
    pub(crate) answer: Option<Effect>,
    /// Rules about jobs.
    jobs: Vec<Fault>,
}

impl Strike {
    /// What happens to the job of a phone, a server or an encoding service that stands on this server.
    pub(crate) fn on_job_of<'a>(
        &'a self,
        target: &'a str,
        server: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Effect> {
        self.jobs
            .iter()
            .filter(move |fault| fault.phone.as_deref().is_none_or(|phone| phone == target))
            .filter(move |fault| fault.server.is_none() || fault.server.as_deref() == server)
            .map(|fault| &fault.effect)
    }
}

/// The rules of a simulator and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    state: FaultState,
    /// Why it did not strike: how many calls failed by which condition.
    missed: BTreeMap<&'static str, u64>,
}

impl Rule {
    fn strike(&mut self) {
        self.state.struck += 1;
        self.state.left = self.state.left.map(|left| left - 1);
    }

    fn miss(&mut self, condition: &'static str) {
        *self.missed.entry(condition).or_default() += 1;
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, now: SystemTime) -> Result<(), FaultError> {
        fault.check()?;
        let left = match fault.count {
            Count::Times(times) => Some(times),
            Count::Always => None,
        };
        let state = FaultState { fault, added: now, struck: 0, left };
        self.0.push(Rule { state, missed: BTreeMap::new() });
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn states(&self) -> Vec<FaultState> {
        self.0.iter().map(|rule| rule.state.clone()).collect()
    }

    /// The rules that never struck.
    pub(crate) fn unused(&self) -> Vec<Fault> {
        self.never_struck().map(|rule| rule.state.fault.clone()).collect()
    }

    /// The rules that never struck as TOML, with the reasons.
    pub(crate) fn report(&self) -> String {
        let mut report = String::new();
        for rule in self.never_struck() {
            let written = toml::to_string(&rule.state.fault).expect("a flat table");
            let calls: u64 = rule.missed.values().sum();
            let _ = writeln!(report, "[[fault]]\n{written}# {calls} calls came");
            for (condition, count) in &rule.missed {
                let _ = writeln!(report, "# {count} failed by {condition}");
            }
        }
        report
    }

    fn never_struck(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|rule| rule.state.struck == 0)
    }

    /// Whether any rule is about the gateway's clock.
    pub(crate) fn may_skew(&self) -> bool {
        self.0.iter().any(|rule| rule.state.fault.effect.is_about_the_clock())
    }

    /// By how many seconds the gateway's clock is off for this call, if a rule says so; consumes that rule.
    pub(crate) fn skew(&mut self, call: &Call<'_>, seed: u64) -> Option<i64> {
        let mut skew = None;
        for rule in self.matching(call, seed, Effect::is_about_the_clock) {
            if let Effect::ClockSkew { seconds } = rule.state.fault.effect {
                skew = Some(skew.unwrap_or_default() + seconds);
            }
            rule.strike();
        }
        skew
    }

    /// Consumes the rules that strike this call, but for those about the gateway's clock.
    pub(crate) fn strike(&mut self, call: &Call<'_>, seed: u64) -> Strike {
        let mut strike = Strike::default();
        let mut matching = self.matching(call, seed, |effect| !effect.is_about_the_clock());
        // Jobs come last: a call that never reaches the service has none.
        matching.sort_by_key(|rule| rule.state.fault.effect.is_about_jobs());
        for rule in matching {
            match &rule.state.fault.effect {
                Effect::Delay { by } => strike.delay += *by,
                effect if effect.is_about_jobs() => {
                    if strike.answer.as_ref().is_some_and(Effect::prevents_work) {
                        rule.miss("another rule, which prevented the work");
                        continue;
                    }
                    strike.jobs.push(rule.state.fault.clone());
                }
                _ if strike.answer.is_some() => {
                    rule.miss("another rule, which came first");
                    continue;
                }
                effect => strike.answer = Some(effect.clone()),
            }
            rule.strike();
        }
        strike
    }

    /// The rules of a kind whose conditions hold for a call.
    fn matching(
        &mut self,
        call: &Call<'_>,
        seed: u64,
        kind: impl Fn(&Effect) -> bool,
    ) -> Vec<&mut Rule> {
        let purpose = format!("fault {}", call.operation);
        let mut matching = Vec::new();
        for (number, rule) in self.0.iter_mut().enumerate() {
            let FaultState { fault, added, left, .. } = &rule.state;
            if *left == Some(0) || !kind(&fault.effect) {
                continue;
            }
            let age = call.at.duration_since(*added).unwrap_or_default();
            let draw = chance::rng(seed, &purpose, &[call.ordinal, number as u64]).f64();
            match fault.misses(call, age, draw) {
                Some(condition) => rule.miss(condition),
                None => matching.push(rule),
            }
        }
        matching
    }
}
