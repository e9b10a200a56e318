//! The property texts of a call, key by key.

use cph_core::{PropertyKey, Vintage};
use indexmap::IndexMap;
use serde_json::Value;

use crate::{Assumptions, fleet::value_text, refusal::Refusal, work::Work};

/// How long a property text may be (assumed: request-entity-7800-bytes-everywhere).
const MAX_BYTES: usize = cph_core::limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES;

/// What a target's property text says, or why it is refused.
pub(crate) type Property = Result<Option<IndexMap<String, String>>, Refusal>;

/// The properties of every target of a call.
pub(crate) struct Checked {
    pub(crate) each: Vec<Property>,
    /// Why the whole call is refused, whatever has been started.
    pub(crate) refuses_call: Option<Refusal>,
}

impl Work<'_> {
    /// Checks the property texts of all targets. An `Err` means that nothing may be started.
    pub(crate) fn properties(&self, targets: &[Value]) -> Result<Checked, Refusal> {
        let read = |target: &Value| match target["property"].as_str() {
            Some(text) if text.len() > MAX_BYTES => Err(Refusal::of("CPS.0078")),
            text => read(text, self.assumptions),
        };
        self.judge(targets.iter().map(read).collect())
    }

    /// Decides what bad properties among those of a call refuse.
    pub(crate) fn judge(&self, each: Vec<Property>) -> Result<Checked, Refusal> {
        let bad = each.iter().find_map(|property| property.as_ref().err()).cloned();
        let refuses_call = bad.filter(|_| self.assumptions.property_refuses_whole_call);
        match refuses_call {
            Some(refusal) if self.assumptions.whole_refusal_starts_nothing => Err(refusal),
            refuses_call => Ok(Checked { each, refuses_call }),
        }
    }
}

/// A property text of any size. Its values never stand in a refusal.
pub(crate) fn read(text: Option<&str>, assumptions: &Assumptions) -> Property {
    let Some(text) = text else {
        return Ok(None);
    };
    let values: IndexMap<String, Value> =
        serde_json::from_str(text).map_err(|_| Refusal::of("CPS.0078"))?;
    let checked = values.into_iter().map(|(key, value)| {
        let known = PropertyKey::find(&key)
            .filter(|known| assumptions.old_property_keys || known.vintage != Vintage::Old);
        let Some(known) = known else {
            let text = format!("Parameter: property {key} not supported.");
            return Err(Refusal::new(400, "CPS.0163", text));
        };
        match value_text(&value).filter(|text| known.matches(text)) {
            Some(text) => Ok((key, text)),
            None => Err(bad_value(known)),
        }
    });
    checked.collect::<Result<_, _>>().map(Some)
}

/// Refuses a value of a documented key.
pub(crate) fn bad_value(known: &PropertyKey) -> Refusal {
    let named =
        || Refusal::new(400, "CPS.0164", format!("Parameter: Invalid property {}.", known.key));
    known.code.map_or_else(named, Refusal::of)
}
