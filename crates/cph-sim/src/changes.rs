//! What is done to phones besides restarting them: resets, stops, names, properties, routes and disks.

use std::time::SystemTime;

use cph_core::{PhoneStatus, PropertyKey, limits};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    fleet::is_id,
    jobs::Kind,
    phones::{Busy, Phone},
    properties::{Property, bad_value, read},
    refusal::Refusal,
    work::{NewJob, Started, Work},
};

/// A job that moves all data of a phone (assumed: phone-jobs-take-2-to-60-seconds).
pub(crate) fn long() -> NewJob {
    NewJob::new(Kind::Phone, 20_000..=60_000)
}

/// Any other job on a phone, restarts aside (assumed: phone-jobs-take-2-to-60-seconds).
pub(crate) fn short() -> NewJob {
    NewJob::new(Kind::Phone, 2_000..=10_000)
}

/// What a phone shows while a job is under way, and after it.
struct Stages {
    during: PhoneStatus,
    done: PhoneStatus,
    failed: PhoneStatus,
}

impl Phone {
    /// Whether it may be changed now: it is neither frozen nor on its way from one status to another.
    pub(crate) fn check_settled(&self, now: SystemTime) -> Result<(), Refusal> {
        self.check_restart(now, true)
    }

    pub(crate) fn check_running(&self, now: SystemTime) -> Result<(), Refusal> {
        match self.status(now) {
            PhoneStatus::Running => Ok(()),
            PhoneStatus::Frozen => Err(Refusal::of("CPS.0053")),
            _ => Err(Refusal::of("CPS.0141")),
        }
    }
}

impl<'a> Work<'a> {
    /// A list in the body.
    pub(crate) fn targets(&self, field: &str) -> &'a [Value] {
        let body = self.body;
        body[field].as_array().map_or(&[], Vec::as_slice)
    }

    /// Does something to each target by itself, and answers with what came of it.
    pub(crate) fn each(
        &mut self,
        targets: &'a [Value],
        mut act: impl FnMut(&mut Self, &'a str, &'a Value) -> Result<Started, Refusal>,
    ) -> Result<Value, Refusal> {
        let mut entries = Vec::new();
        for target in targets {
            let phone_id = target.as_str().or(target["phone_id"].as_str()).unwrap_or_default();
            entries.push((phone_id, act(self, phone_id, target).map(|job| job.job_id)));
        }
        self.answer(Kind::Phone, entries)
    }

    /// Starts a job on a phone, if `check` lets it.
    pub(crate) fn start_on_phone(
        &mut self,
        phone_id: &str,
        check: fn(&Phone, SystemTime) -> Result<(), Refusal>,
        new: NewJob,
    ) -> Result<Started, Refusal> {
        let (now, request_id) = (self.now, self.request_id);
        let phone = self.state.phones.named(phone_id)?;
        // A phone may stand in a call twice.
        if !phone.is_busy_with(request_id) {
            check(phone, now)?;
        }
        let ordinal = phone.ordinal();
        Ok(self.start(phone_id, NewJob { ordinal, ..new }))
    }

    /// Shows in the status of a phone that a job is under way.
    fn occupy(&mut self, phone_id: &str, job: &Started, stages: &Stages) -> Result<(), Refusal> {
        let busy = Busy {
            request_id: self.request_id.to_owned(),
            status: stages.during,
            end: job.end,
            afterwards: if job.fails { stages.failed } else { stages.done },
        };
        let now = self.now;
        self.state.phones.named(phone_id)?.begin(busy, now);
        Ok(())
    }

    /// `ResetCloudPhone`.
    pub(crate) fn reset_phones(&mut self) -> Result<Value, Refusal> {
        let targets = self.targets("phones");
        self.check_count(targets.len())?;
        let image_id = self.image()?;
        let properties = self.properties(targets)?;
        let mut each = properties.each.into_iter();
        let answer = self.each(targets, |work, phone_id, target| {
            let property = each.next().unwrap_or(Ok(None))?;
            let from_factory = target["factory_reset_enabled"] == true;
            work.reset(phone_id, image_id, property, from_factory)
        });
        properties.refuses_call.map_or(answer, Err)
    }

    /// Assumed: reset-drops-properties.
    fn reset(
        &mut self,
        phone_id: &str,
        image_id: Option<&str>,
        property: Option<IndexMap<String, String>>,
        from_factory: bool,
    ) -> Result<Started, Refusal> {
        const STAGES: Stages = Stages {
            during: PhoneStatus::Resetting,
            done: PhoneStatus::Running,
            failed: PhoneStatus::ResetFailed,
        };
        let (seed, merges) = (self.seed, self.assumptions.property_merges);
        let drops = self.assumptions.reset_drops_properties;
        let job = self.start_on_phone(phone_id, Phone::check_settled, long())?;
        self.occupy(phone_id, &job, &STAGES)?;
        let image_id = image_id.map(str::to_owned);
        self.change_phone(phone_id, &job, move |phone| {
            if let Some(image_id) = image_id {
                phone.image_id = image_id;
            }
            phone.packages.clear();
            if drops {
                phone.property = None;
            }
            if let Some(property) = property {
                phone.set_property(property, merges, seed);
            }
            if from_factory {
                phone.custom_property.clear();
            }
        });
        Ok(job)
    }

    /// `StopCloudPhone`.
    pub(crate) fn stop_phones(&mut self) -> Result<Value, Refusal> {
        const STAGES: Stages = Stages {
            during: PhoneStatus::ShuttingDown,
            done: PhoneStatus::ShutDown,
            failed: PhoneStatus::ShutdownFailed,
        };
        let targets = self.targets("phone_ids");
        self.check_count(targets.len())?;
        self.each(targets, |work, phone_id, _| {
            let job = work.start_on_phone(phone_id, Phone::check_running, short())?;
            work.occupy(phone_id, &job, &STAGES)?;
            Ok(job)
        })
    }

    /// `UpdatePhoneName`.
    pub(crate) fn rename_phone(&mut self) -> Result<Value, Refusal> {
        let (phone_id, name, now) = (self.argument("phone_id"), self.text("phone_name"), self.now);
        if !is_id(phone_id) {
            return Err(Refusal::of("CPS.0004"));
        }
        if name.is_empty() || !name.chars().all(is_of_names) {
            return Err(Refusal::of("CPS.0025"));
        }
        let phone = self.state.phones.get_mut(phone_id);
        let phone = phone.ok_or_else(|| Refusal { status: 404, ..Refusal::of("CPS.0005") })?;
        name.clone_into(&mut phone.name);
        phone.update_time = now;
        Ok(json!({}))
    }

    /// `UpdateCloudPhoneProperty`.
    pub(crate) fn update_properties(&mut self) -> Result<Value, Refusal> {
        let seed = self.seed;
        let targets = self.targets("phones");
        self.check_count(targets.len())?;
        let each = targets.iter().map(|target| self.property_to_update(target)).collect();
        let properties = self.judge(each)?;
        let mut each = properties.each.into_iter();
        let answer = self.each(targets, |work, phone_id, target| {
            let property = each.next().unwrap_or(Ok(None))?.unwrap_or_default();
            let job = work.start_on_phone(phone_id, Phone::check_settled, short())?;
            let custom = target["custom_property"].clone();
            work.change_phone(phone_id, &job, move |phone| {
                phone.set_property(property, true, seed);
                for (key, value) in custom.as_object().into_iter().flatten() {
                    let value = value.as_str().unwrap_or_default().to_owned();
                    phone.custom_property.insert(key.clone(), value);
                }
            });
            Ok(job)
        });
        properties.refuses_call.map_or(answer, Err)
    }

    /// The property of a target; refused as well for its `custom_property`.
    fn property_to_update(&self, target: &Value) -> Property {
        const MAX_BYTES: usize = limits::UPDATE_CLOUD_PHONE_PROPERTY_PROPERTY_BYTES;
        let text = target["property"].as_str();
        let property = read(text, self.assumptions)?;
        let Some(custom) = target["custom_property"].as_object() else {
            return Ok(property);
        };
        // Assumed: custom-property-counts-as-json.
        let bytes = text.map_or(0, str::len) + target["custom_property"].to_string().len();
        if bytes > MAX_BYTES {
            return Err(Refusal::of("CPS.0078"));
        }
        for (key, value) in custom {
            let known = PropertyKey::find(key);
            if let Some(known) =
                known.filter(|known| !value.as_str().is_some_and(|value| known.matches(value)))
            {
                return Err(bad_value(known));
            }
        }
        Ok(property)
    }

    /// `ImportTraffic`.
    pub(crate) fn import_traffic(&mut self) -> Result<Value, Refusal> {
        let traffic_type = match self.text("traffic_type") {
            "direct" => "direct",
            "routing" => "routing",
            _ => return Err(Refusal::of("CPS.0116")),
        };
        let targets = self.targets("phone_ids");
        self.check_count(targets.len())?;
        self.each(targets, |work, phone_id, _| {
            let job = work.start_on_phone(phone_id, Phone::check_settled, short())?;
            work.change_phone(phone_id, &job, move |phone| phone.traffic_type = traffic_type);
            Ok(job)
        })
    }

    /// `ExpandPhoneDataVolumeSize`.
    pub(crate) fn expand_volumes(&mut self) -> Result<Value, Refusal> {
        let targets = self.targets("phones");
        self.check_count(targets.len())?;
        self.each(targets, |work, phone_id, target| {
            let new_size = target["new_size"].as_i64().unwrap_or_default();
            if new_size < work.state.phones.named(phone_id)?.volume_size {
                return Err(Refusal::of("CPS.0347"));
            }
            let job = work.start_on_phone(phone_id, Phone::check_settled, short())?;
            // A job that was started earlier may have made it larger still.
            work.change_phone(phone_id, &job, move |phone| {
                phone.volume_size = phone.volume_size.max(new_size);
            });
            Ok(job)
        })
    }
}

/// Whether names of phones and servers may have it (assumed: chinese-characters-are-ideographs).
pub(crate) fn is_of_names(char: char) -> bool {
    let is_chinese = matches!(
        char,
        '\u{3007}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFD}'
    );
    is_chinese || char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}
