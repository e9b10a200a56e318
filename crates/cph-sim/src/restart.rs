//! `RestartCloudPhone`: restarts phones, or starts them.

use std::sync::Arc;

use cph_core::PhoneStatus;
use serde_json::Value;

use crate::{
    fleet::is_id,
    jobs::Kind,
    phones::Busy,
    properties::Property,
    refusal::Refusal,
    work::{NewJob, Work},
};

/// How long a restart takes (assumed: restart-takes-20-to-40-seconds).
const MILLISECONDS: std::ops::RangeInclusive<u64> = 20_000..=40_000;

impl<'a> Work<'a> {
    /// `RestartCloudPhone`.
    pub(crate) fn restart_phones(&mut self) -> Result<Value, Refusal> {
        let body = self.body;
        let targets = body["phones"].as_array().map_or(&[][..], Vec::as_slice);
        self.check_count(targets.len())?;
        let image_id = self.image()?;
        let properties = self.properties(targets)?;
        let mut entries = Vec::new();
        for (target, property) in targets.iter().zip(properties.each) {
            let phone_id = target["phone_id"].as_str().unwrap_or_default();
            entries.push((phone_id, self.restart(phone_id, image_id, property)));
        }
        match properties.refuses_call {
            Some(refusal) => Err(refusal),
            None => self.answer(Kind::Phone, entries),
        }
    }

    /// Refuses a call that names no phone, or too many.
    pub(crate) fn check_count(&self, phones: usize) -> Result<(), Refusal> {
        if phones == 0 {
            return Err(Refusal::of("CPS.0009"));
        }
        if self.assumptions.max_phones_per_call.is_some_and(|max| phones > max) {
            return Err(Refusal::of("CPS.0190"));
        }
        Ok(())
    }

    /// The image that all phones of the call are to have (assumed: well-formed-image-exists).
    pub(crate) fn image(&self) -> Result<Option<&'a str>, Refusal> {
        let body = self.body;
        let image_id = body["image_id"].as_str();
        match image_id {
            Some(image) if !is_id(image) => Err(Refusal::of("CPS.0030")),
            Some(image) if !self.state.images.is_usable(image) => Err(Refusal::of("CPS.0166")),
            Some(image)
                if !self.assumptions.well_formed_image_exists
                    && !self.state.images.is_there(image) =>
            {
                Err(Refusal::of("CPS.0166"))
            }
            image_id => Ok(image_id),
        }
    }

    /// Starts the work on one phone and returns its job id; a refused one is left alone.
    fn restart(
        &mut self,
        phone_id: &str,
        image_id: Option<&str>,
        property: Property,
    ) -> Result<Arc<str>, Refusal> {
        let property = property?;
        let (now, seed, assumptions) = (self.now, self.seed, self.assumptions);
        let merges = assumptions.property_merges;
        let refuses_second = assumptions.second_restart_is_refused;
        let request_id = self.request_id;
        let phone = self.state.phones.named(phone_id)?;
        // A phone that stands in the call twice is restarted twice.
        if !phone.is_busy_with(request_id) {
            phone.check_restart(now, refuses_second)?;
        }
        if let Some(image_id) = image_id {
            image_id.clone_into(&mut phone.image_id);
        }
        if let Some(property) = property {
            phone.set_property(property, merges, seed);
        }
        let during = match phone.status(now) {
            // Assumed: starting-shows-restarting.
            PhoneStatus::ShutDown if !assumptions.starting_shows_restarting => {
                PhoneStatus::ShutDown
            }
            _ => PhoneStatus::Restarting,
        };
        let new = NewJob { ordinal: phone.ordinal(), ..NewJob::new(Kind::Phone, MILLISECONDS) };
        let started = self.start(phone_id, new);
        let afterwards =
            if started.fails { PhoneStatus::RestartFailed } else { PhoneStatus::Running };
        let busy = Busy {
            request_id: request_id.to_owned(),
            status: during,
            end: started.end,
            afterwards,
        };
        self.state.phones.named(phone_id)?.begin(busy, now);
        Ok(started.job_id)
    }
}
