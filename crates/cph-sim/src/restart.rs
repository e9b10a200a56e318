//! `RestartCloudPhone`: restarts phones, or starts them.

use std::time::{Duration, SystemTime};

use cph_core::{PhoneStatus, PropertyKey, Vintage};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    Assumptions, LedgerEntry, Order, chance,
    faults::{Effect, Strike},
    fleet::{is_id, value_text},
    jobs::Job,
    phones::{Phone, Work},
    refusal::Refusal,
    simulator::State,
};

/// The vendor's name of the operation.
pub(crate) const OPERATION: &str = "RestartCloudPhone";

/// How long a property text may be (assumed: request-entity-7800-bytes-everywhere).
const MAX_PROPERTY_BYTES: usize = cph_core::limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES;

/// How long a restart takes (assumed: restart-takes-20-to-40-seconds).
const MILLISECONDS: std::ops::RangeInclusive<u64> = 20_000..=40_000;

/// One call, its body valid by the schema.
pub(crate) struct Restart<'a> {
    pub(crate) body: &'a Value,
    pub(crate) request_id: &'a str,
    pub(crate) now: SystemTime,
    pub(crate) strike: &'a Strike,
    pub(crate) assumptions: &'a Assumptions,
    pub(crate) seed: u64,
    pub(crate) speed: f64,
}

impl Restart<'_> {
    pub(crate) fn run(&self, state: &mut State) -> Result<Value, Refusal> {
        let targets = self.body["phones"].as_array().map_or(&[][..], Vec::as_slice);
        if targets.is_empty() {
            return Err(Refusal::of("CPS.0009"));
        }
        if self.assumptions.max_phones_per_call.is_some_and(|max| targets.len() > max) {
            return Err(Refusal::of("CPS.0190"));
        }
        // Assumed: well-formed-image-exists.
        let image_id = self.body["image_id"].as_str();
        if image_id.is_some_and(|image| !is_id(image)) {
            return Err(Refusal::of("CPS.0030"));
        }
        let properties: Vec<_> = targets.iter().map(|target| self.property(target)).collect();
        let bad_property = properties.iter().find_map(|property| property.as_ref().err()).cloned();
        let refuses_call = bad_property.filter(|_| self.assumptions.property_refuses_whole_call);
        if let Some(refusal) = &refuses_call
            && self.assumptions.whole_refusal_starts_nothing
        {
            return Err(refusal.clone());
        }
        let entries: Vec<_> = targets
            .iter()
            .zip(properties)
            .map(|(target, property)| {
                let phone_id = target["phone_id"].as_str().unwrap_or_default();
                (
                    phone_id,
                    property.and_then(|property| self.start(state, phone_id, image_id, property)),
                )
            })
            .collect();
        match refuses_call.or_else(|| self.all_refused(&entries)) {
            Some(refusal) => Err(refusal),
            None => Ok(json!({ "jobs": self.ordered(entries) })),
        }
    }

    /// Starts the work on one phone and returns its job id; a refused one is left alone
    /// (assumed: entry-without-job-started-nothing).
    fn start(
        &self,
        state: &mut State,
        phone_id: &str,
        image_id: Option<&str>,
        property: Option<IndexMap<String, String>>,
    ) -> Result<String, Refusal> {
        if !is_id(phone_id) {
            return Err(Refusal::new(400, "CPS.0004", "Parameter: phone_id is invalid."));
        }
        let Some(phone) = state.phones.get_mut(phone_id) else {
            return Err(Refusal::of("CPS.0005"));
        };
        self.check_status(phone)?;
        if let Some(image_id) = image_id {
            image_id.clone_into(&mut phone.image_id);
        }
        if let Some(property) = property {
            phone.set_property(property, self.assumptions.property_merges, self.seed);
        }
        let history = state.ledger.phones.entry(phone_id.to_owned()).or_default();
        let job = self.job(phone, history.len() as u64, state.jobs.count());
        let job_id = job.id.clone();
        history.push(LedgerEntry {
            operation: OPERATION.to_owned(),
            request_id: self.request_id.to_owned(),
            job_id: job_id.clone(),
            at: self.now,
        });
        // Assumed: starting-shows-restarting.
        let afterwards =
            if job.failure.is_some() { PhoneStatus::RestartFailed } else { PhoneStatus::Running };
        let work = Work {
            request_id: self.request_id.to_owned(),
            status: PhoneStatus::Restarting,
            end: job.end,
            afterwards,
        };
        phone.begin(work, self.now);
        state.jobs.start(job);
        Ok(job_id)
    }

    fn check_status(&self, phone: &Phone) -> Result<(), Refusal> {
        // A phone that stands in the call twice is restarted twice.
        if phone.is_busy_with(self.request_id) {
            return Ok(());
        }
        match phone.status(self.now) {
            PhoneStatus::Frozen => Err(Refusal::of("CPS.0053")),
            PhoneStatus::Restarting if !self.assumptions.second_restart_is_refused => Ok(()),
            PhoneStatus::Creating
            | PhoneStatus::Resetting
            | PhoneStatus::Restarting
            | PhoneStatus::ShuttingDown => Err(Refusal::of("CPS.0165")),
            _ => Ok(()),
        }
    }

    fn job(&self, phone: &Phone, restarts_before: u64, jobs_before: u64) -> Job {
        let numbers = [phone.ordinal(), restarts_before];
        let takes =
            Duration::from_millis(chance::rng(self.seed, OPERATION, &numbers).u64(MILLISECONDS));
        let mut job = Job {
            id: chance::id(self.seed, "job", jobs_before),
            phone_id: phone.id.clone(),
            request_id: self.request_id.to_owned(),
            begin: self.now,
            end: Some(self.now + takes.div_f64(self.speed)),
            failure: None,
            found_from: Some(self.now),
        };
        for effect in self.strike.on_job_of(&phone.id) {
            match effect {
                Effect::FailJob { code } => job.failure = Some(code.clone()),
                Effect::HangJob => job.end = None,
                Effect::HideJob => job.found_from = None,
                Effect::LateJob { by } => job.found_from = job.found_from.map(|from| from + *by),
                _ => {}
            }
        }
        job
    }

    /// The properties of a target. Their values never stand in a refusal.
    fn property(&self, target: &Value) -> Result<Option<IndexMap<String, String>>, Refusal> {
        let Some(text) = target["property"].as_str() else {
            return Ok(None);
        };
        if text.len() > MAX_PROPERTY_BYTES {
            return Err(Refusal::of("CPS.0078"));
        }
        let values: IndexMap<String, Value> =
            serde_json::from_str(text).map_err(|_| Refusal::of("CPS.0078"))?;
        let checked = values.into_iter().map(|(key, value)| {
            let known = PropertyKey::find(&key).filter(|known| {
                self.assumptions.old_property_keys || known.vintage != Vintage::Old
            });
            let Some(known) = known else {
                let text = format!("Parameter: property {key} not supported.");
                return Err(Refusal::new(400, "CPS.0163", text));
            };
            match value_text(&value).filter(|text| known.matches(text)) {
                Some(text) => Ok((key, text)),
                None => Err(match known.code {
                    Some(code) => Refusal::of(code),
                    None => {
                        Refusal::new(400, "CPS.0164", format!("Parameter: Invalid property {key}."))
                    }
                }),
            }
        });
        checked.collect::<Result<_, _>>().map(Some)
    }

    fn all_refused(&self, entries: &[(&str, Result<String, Refusal>)]) -> Option<Refusal> {
        let (_, first) = entries.first()?;
        let all = entries.iter().all(|(_, entry)| entry.is_err());
        first.as_ref().err().filter(|_| all && self.assumptions.all_refused_is_an_error).cloned()
    }

    fn ordered(&self, entries: Vec<(&str, Result<String, Refusal>)>) -> Vec<Value> {
        let mut entries: Vec<Value> = entries
            .into_iter()
            .map(|(phone_id, entry)| match entry {
                Ok(job_id) => json!({ "phone_id": phone_id, "job_id": job_id }),
                Err(refusal) => {
                    json!({ "phone_id": phone_id, "error_code": refusal.code, "error_msg": refusal.message })
                }
            })
            .collect();
        match self.assumptions.entries {
            Order::AsSent => {}
            Order::Reversed => entries.reverse(),
            Order::Shuffled => chance::rng(self.seed, self.request_id, &[]).shuffle(&mut entries),
        }
        entries
    }
}
