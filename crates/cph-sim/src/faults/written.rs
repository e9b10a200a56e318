//! One rule, as it is written down in TOML or JSON.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Count, Effect, Fault, FaultError,
    effect::{THROTTLE_LIMIT, THROTTLE_WINDOW},
};

/// A rule as it is written down.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fault")]
#[serde(deny_unknown_fields, expecting = "a rule such as {\"effect\": \"drop_after\"}")]
pub(super) struct FlatFault {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    larger_than: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smaller_than: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    for_seconds: Option<f64>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl FlatFault {
    /// Takes the fields that belong to the effect; what stays behind does not.
    fn take_effect(&mut self) -> Result<Effect, FaultError> {
        let known = Effect::FIELDS.into_iter().map(|(name, _)| name);
        let Some(effect) = known.into_iter().find(|name| *name == self.effect) else {
            return Err(FaultError::Effect(std::mem::take(&mut self.effect)));
        };
        Ok(match effect {
            "refuse" => Effect::Refuse {
                code: self.code.take().ok_or(FaultError::Missing { effect, field: "code" })?,
                status: self.status.take().unwrap_or(400),
                message: self.message.take(),
                retry_after: self.retry_after.take(),
            },
            "throttle" => Effect::Throttle {
                limit: self.limit.take().unwrap_or(THROTTLE_LIMIT),
                window: self.seconds.take().map_or(Ok(THROTTLE_WINDOW), duration)?,
                retry_after: self.retry_after.take(),
            },
            "refuse_connection" => Effect::RefuseConnection,
            "drop_before" => Effect::DropBefore,
            "drop_after" => Effect::DropAfter,
            "html" => Effect::Html { status: self.status.take().unwrap_or(503) },
            "html_after" => Effect::HtmlAfter,
            "broken_json" => Effect::BrokenJson,
            "truncate" => Effect::Truncate,
            "stall" => Effect::Stall { silence: self.take_seconds(effect)? },
            "wrong_content_type" => Effect::WrongContentType {
                content_type: self.content_type.take().unwrap_or_else(|| "text/html".to_owned()),
            },
            "empty_body" => Effect::EmptyBody,
            "missing" => Effect::Missing { entries: self.entries.take().unwrap_or(1) },
            "doubled" => Effect::Doubled,
            "foreign" => Effect::Foreign,
            "reordered" => Effect::Reordered,
            "delay" => Effect::Delay { by: self.take_seconds(effect)? },
            "fail_job" => Effect::FailJob {
                code: self.code.take().ok_or(FaultError::Missing { effect, field: "code" })?,
            },
            "hang_job" => Effect::HangJob,
            "hide_job" => Effect::HideJob,
            "late_job" => Effect::LateJob { by: self.take_seconds(effect)? },
            "vanish_job" => Effect::VanishJob { after: self.take_seconds(effect)? },
            _ => Effect::ClockSkew { seconds: whole(self.take_number(effect)?)? },
        })
    }

    fn take_number(&mut self, effect: &'static str) -> Result<f64, FaultError> {
        self.seconds.take().ok_or(FaultError::Missing { effect, field: "seconds" })
    }

    fn take_seconds(&mut self, effect: &'static str) -> Result<Duration, FaultError> {
        duration(self.take_number(effect)?)
    }
}

fn duration(seconds: f64) -> Result<Duration, FaultError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| FaultError::Seconds(seconds.to_string()))
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number within the bounds of i32")]
fn whole(seconds: f64) -> Result<i64, FaultError> {
    let whole = seconds.fract() == 0.0 && seconds.abs() <= f64::from(i32::MAX);
    if whole { Ok(seconds as i64) } else { Err(FaultError::Skew(seconds.to_string())) }
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
            ("content_type", flat.content_type.is_some()),
            ("limit", flat.limit.is_some()),
            ("retry_after", flat.retry_after.is_some()),
        ];
        if let Some((field, _)) = left_behind.into_iter().find(|(_, given)| *given) {
            return Err(FaultError::Field { effect: effect.name(), field });
        }
        let fault = Self {
            operation: flat.operation,
            call: flat.call,
            phone: flat.phone,
            server: flat.server,
            larger_than: flat.larger_than,
            smaller_than: flat.smaller_than,
            after: duration(flat.after_seconds.unwrap_or_default())?,
            lasting: flat.for_seconds.map(duration).transpose()?,
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
            server: fault.server,
            larger_than: fault.larger_than,
            smaller_than: fault.smaller_than,
            after_seconds: (!fault.after.is_zero()).then_some(fault.after.as_secs_f64()),
            for_seconds: fault.lasting.map(|lasting| lasting.as_secs_f64()),
            probability: fault.probability,
            count: Some(fault.count),
            effect: fault.effect.name().to_owned(),
            ..Self::default()
        };
        match fault.effect {
            Effect::Refuse { code, status, message, retry_after } => {
                Self { code: Some(code), status: Some(status), message, retry_after, ..flat }
            }
            Effect::Throttle { limit, window, retry_after } => Self {
                limit: (limit != THROTTLE_LIMIT).then_some(limit),
                seconds: (window != THROTTLE_WINDOW).then_some(window.as_secs_f64()),
                retry_after,
                ..flat
            },
            Effect::Html { status } => Self { status: Some(status), ..flat },
            Effect::WrongContentType { content_type } => {
                Self { content_type: Some(content_type), ..flat }
            }
            Effect::Missing { entries } => Self { entries: Some(entries), ..flat },
            Effect::FailJob { code } => Self { code: Some(code), ..flat },
            Effect::Delay { by: time }
            | Effect::LateJob { by: time }
            | Effect::VanishJob { after: time }
            | Effect::Stall { silence: time } => Self { seconds: Some(time.as_secs_f64()), ..flat },
            #[expect(clippy::cast_precision_loss, reason = "checked to be far from 2^53")]
            Effect::ClockSkew { seconds } => Self { seconds: Some(seconds as f64), ..flat },
            _ => flat,
        }
    }
}
