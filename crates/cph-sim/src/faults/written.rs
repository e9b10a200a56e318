//! One rule, as it is written down in TOML or JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Count, Effect, Fault, FaultError};

/// A rule as it is written down.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlatFault {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    larger_than: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<Count>,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl FlatFault {
    /// Takes the fields that belong to the effect; what stays behind does not.
    fn take_effect(&mut self) -> Result<Effect, FaultError> {
        let Some(&effect) = Effect::NAMES.iter().find(|name| **name == self.effect) else {
            return Err(FaultError::Effect(std::mem::take(&mut self.effect)));
        };
        Ok(match effect {
            "refuse" => Effect::Refuse {
                code: self.code.take().ok_or(FaultError::Missing { effect, field: "code" })?,
                status: self.status.take().unwrap_or(400),
                message: self.message.take(),
            },
            "throttle" => Effect::Throttle,
            "refuse_connection" => Effect::RefuseConnection,
            "drop_before" => Effect::DropBefore,
            "drop_after" => Effect::DropAfter,
            "html" => Effect::Html { status: self.status.take().unwrap_or(503) },
            "html_after" => Effect::HtmlAfter,
            "broken_json" => Effect::BrokenJson,
            "truncate" => Effect::Truncate,
            "empty_body" => Effect::EmptyBody,
            "missing" => Effect::Missing { entries: self.entries.take().unwrap_or(1) },
            "doubled" => Effect::Doubled,
            "foreign" => Effect::Foreign,
            "delay" => Effect::Delay { by: self.take_seconds(effect)? },
            "fail_job" => Effect::FailJob {
                code: self.code.take().ok_or(FaultError::Missing { effect, field: "code" })?,
            },
            "hang_job" => Effect::HangJob,
            "hide_job" => Effect::HideJob,
            _ => Effect::LateJob { by: self.take_seconds(effect)? },
        })
    }

    fn take_seconds(&mut self, effect: &'static str) -> Result<Duration, FaultError> {
        let seconds =
            self.seconds.take().ok_or(FaultError::Missing { effect, field: "seconds" })?;
        Duration::try_from_secs_f64(seconds).map_err(|_| FaultError::Seconds(seconds.to_string()))
    }
}

impl TryFrom<FlatFault> for Fault {
    type Error = FaultError;

    fn try_from(mut flat: FlatFault) -> Result<Self, FaultError> {
        let effect = flat.take_effect()?;
        let left_behind = [
            ("code", flat.code.is_some()),
            ("status", flat.status.is_some()),
            ("message", flat.message.is_some()),
            ("entries", flat.entries.is_some()),
            ("seconds", flat.seconds.is_some()),
        ];
        if let Some((field, _)) = left_behind.into_iter().find(|(_, given)| *given) {
            return Err(FaultError::Field { effect: effect.name(), field });
        }
        let fault = Self {
            operation: flat.operation,
            call: flat.call,
            phone: flat.phone,
            larger_than: flat.larger_than,
            probability: flat.probability,
            count: flat.count.unwrap_or(Count::Times(1)),
            effect,
        };
        fault.check()?;
        Ok(fault)
    }
}

impl From<Fault> for FlatFault {
    fn from(fault: Fault) -> Self {
        let flat = Self {
            operation: fault.operation,
            call: fault.call,
            phone: fault.phone,
            larger_than: fault.larger_than,
            probability: fault.probability,
            count: Some(fault.count),
            effect: fault.effect.name().to_owned(),
            ..Self::default()
        };
        match fault.effect {
            Effect::Refuse { code, status, message } => {
                Self { code: Some(code), status: Some(status), message, ..flat }
            }
            Effect::Html { status } => Self { status: Some(status), ..flat },
            Effect::Missing { entries } => Self { entries: Some(entries), ..flat },
            Effect::FailJob { code } => Self { code: Some(code), ..flat },
            Effect::Delay { by } | Effect::LateJob { by } => {
                Self { seconds: Some(by.as_secs_f64()), ..flat }
            }
            _ => flat,
        }
    }
}
