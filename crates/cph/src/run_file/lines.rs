//! The lines of a run file. The page `docs/run-file.md` describes them for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cph_core::{JobId, RequestId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::RunHeader;
use crate::{Delivery, Entry, Fate};

/// One line of a run file: an object with one key, which names its kind.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "Line of a run file")]
pub(super) enum Line {
    /// The first line: what the run is.
    Header(Box<RunHeader>),
    /// What is to be sent for one target; one line for each, in the order in which they were given, before any other kind.
    Target(TargetLine),
    /// A part is about to be sent. On the disk before the call is made.
    Sending(Sending),
    /// A part was answered, or its call ended without an answer. On the disk before the next part is sent.
    Answered(Answered),
    /// What became of a target.
    Settled(Settled),
    /// Another process has taken over.
    Resumed(Moment),
    /// Every target has settled.
    Ended(Moment),
}

/// What is to be sent for one target.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct TargetLine {
    /// The target.
    pub(super) id: String,
    /// Which of the common bodies its call has, counted from 0, which may be left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) group: usize,
    /// Its element of the body's list, as it goes on the wire: personal values are not masked. Left out where the call has no
    /// such list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub(super) element: Option<Box<RawValue>>,
    /// The server that it is on, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<String>,
}

/// A part that is about to be sent.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Sending {
    /// The part's number, counted from 1 over all processes of the run.
    pub(super) part: usize,
    /// The ids of its targets.
    pub(super) targets: Vec<String>,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(super) at: Timestamp,
}

/// What came back for a part.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Answered {
    /// The part's number.
    pub(super) part: usize,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(super) at: Timestamp,
    /// What is known of the call.
    pub(super) delivery: Delivered,
    /// The call's id, where an answer began.
    pub(super) request_id: Option<String>,
    /// What the answer says of each target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) entries: Vec<Entry>,
    /// Why there is no readable answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
}

/// What is known of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivered {
    /// The service took it; the entries say what became of each target.
    Accepted,
    /// It never left.
    NotSent,
    /// The service turned it away as a whole.
    Refused,
    /// It may have been carried out.
    Unknown,
}

/// What became of a target. A later line of the same target replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Settled {
    /// The target's id.
    pub(super) target: String,
    /// What is known of it.
    pub(super) outcome: Known,
    /// Why, in words.
    pub(super) reason: Option<String>,
    /// The call that carried it.
    pub(super) request_id: Option<String>,
    /// Its job.
    pub(super) job_id: Option<String>,
    /// The service's error code.
    pub(super) error_code: Option<String>,
    /// The service's own words.
    pub(super) error_msg: Option<String>,
    /// From the answer that accepted it to its settling, in seconds.
    pub(super) seconds: Option<f64>,
}

/// What is known of a target in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Known {
    /// Its job ended well.
    Done,
    /// The service turned it away.
    Refused,
    /// Its job ended badly.
    Failed,
    /// It was never sent.
    NotSent,
    /// It may have happened.
    Unconfirmed,
    /// Its job was running when patience ran out.
    StillRunning,
}

/// A moment in the run.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Moment {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(super) at: Timestamp,
}

impl From<Delivery> for Delivered {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::NotSent => Self::NotSent,
            Delivery::Refused => Self::Refused,
            Delivery::Unknown => Self::Unknown,
        }
    }
}

impl Settled {
    pub(super) fn new(
        target: &str,
        fate: &Fate,
        request_id: Option<&RequestId>,
        job_id: Option<&JobId>,
        took: Option<Duration>,
    ) -> Self {
        let fault = fate.fault();
        Self {
            target: target.to_owned(),
            outcome: fate.into(),
            reason: fate.reason(),
            request_id: request_id.map(ToString::to_string),
            job_id: job_id.map(ToString::to_string),
            error_code: fault.map(|fault| fault.code.to_string()),
            error_msg: fault.map(|fault| fault.message.clone()),
            seconds: took.map(|took| (took.as_secs_f64() * 10.0).round() / 10.0),
        }
    }
}

impl From<&Fate> for Known {
    fn from(fate: &Fate) -> Self {
        match fate {
            Fate::Done => Self::Done,
            Fate::Refused(_) => Self::Refused,
            Fate::Failed(_) => Self::Failed,
            Fate::NotSent(_) => Self::NotSent,
            Fate::Unconfirmed(_) => Self::Unconfirmed,
            Fate::StillRunning => Self::StillRunning,
        }
    }
}

impl Known {
    /// The word of [`Fate::word`].
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotSent => "not_sent",
            Self::Unconfirmed => "unconfirmed",
            Self::StillRunning => "still_running",
        }
    }
}

/// The time to the millisecond, or the last that can be written down.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time)
        .and_then(|time| time.round(jiff::Unit::Millisecond))
        .unwrap_or(Timestamp::MAX)
}

/// The time that was written down.
pub(super) fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::try_from(at).unwrap_or(UNIX_EPOCH)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(group: &usize) -> bool {
    *group == 0
}
