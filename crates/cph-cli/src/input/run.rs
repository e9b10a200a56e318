//! Phones from the file of an earlier run, with what they were meant to get.

use std::{collections::BTreeSet, path::Path};

use cph::{Client, RecordedRun, RestartTarget};
use serde_json::Value;

use crate::{args::Only, exit::Failure};

/// What was taken from a run file.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) targets: Vec<RestartTarget>,
    /// How many of them it may have happened to already.
    pub(crate) uncertain: usize,
    /// What their calls said besides, which is not taken.
    pub(crate) left_out: BTreeSet<String>,
}

/// Whether a text begins with the header of a run file.
pub(crate) fn is_run_file(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("{\"header\":") && serde_json::from_str::<Value>(first).is_ok()
}

impl Recorded {
    /// The phones of a run file of which one of `only` is known.
    pub(crate) fn read(path: &Path, only: &[Only], client: &Client) -> Result<Self, Failure> {
        let run = RecordedRun::read(path).map_err(Failure::to("read the run file"))?;
        run.check(client).map_err(Failure::to("take the run file"))?;
        if run.family().map_err(Failure::to("take the run file"))? != cph::JobFamily::Phone {
            return Err(Failure::usage(format!(
                "{}: it is a run of {}, which is not about phones; nothing was sent",
                path.display(),
                run.header().operation()
            )));
        }
        let mut recorded = Self::default();
        for target in run.targets() {
            let (word, code) = (target.word(), target.error_code());
            if !only.iter().any(|only| only.takes(word, code)) {
                continue;
            }
            let uncertain = ["unconfirmed", "sent", "waiting", "still_running"].contains(&word);
            recorded.uncertain += usize::from(uncertain);
            let mut phone = RestartTarget::new(target.id());
            for (name, value) in fields(target.body()) {
                phone = match (name.as_str(), value.as_str()) {
                    ("phone_id", _) => phone,
                    ("property", Some(text)) => phone.property_text(text),
                    ("image_id", Some(image)) => phone.image(image),
                    _ => {
                        recorded.left_out.insert(name);
                        phone
                    }
                };
            }
            recorded.targets.push(phone);
        }
        Ok(recorded)
    }
}

/// The fields of a call's body for one phone: those of all, and those of the phone.
fn fields(body: Value) -> Vec<(String, Value)> {
    let Value::Object(body) = body else { return Vec::new() };
    let mut fields = Vec::new();
    for (name, value) in body {
        match value {
            Value::Array(items) => {
                // A list of ids says no more than which phone it is.
                let of_phones = items.into_iter().filter_map(|item| match item {
                    Value::Object(own) => Some(own),
                    _ => None,
                });
                fields.extend(of_phones.flatten());
            }
            value => fields.push((name, value)),
        }
    }
    fields
}
