//! What a fault does to a call.

use std::time::Duration;

use http::HeaderValue;

use super::{Call, FaultError};

/// Some thirty years: more would leave the calendar.
const MAX_DURATION: Duration = Duration::from_secs(1_000_000_000);

/// The limit of `RunSyncCommand`, the only documented one.
pub(super) const THROTTLE_LIMIT: u32 = 6;
pub(super) const THROTTLE_WINDOW: Duration = Duration::from_mins(1);

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The whole call is refused; nothing is done.
    Refuse {
        /// The error code of the answer.
        code: String,
        /// Its HTTP status.
        status: u16,
        /// Its text; the one of the code table if not given.
        message: Option<String>,
        /// Its header `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// The gateway answers 429; nothing is done.
    Throttle {
        /// How many calls its text says are allowed.
        limit: u32,
        /// In which time, a second or a minute.
        window: Duration,
        /// Its header `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// The connection is refused; nothing is done. Over a socket, where it already stands, it is reset instead.
    RefuseConnection,
    /// The connection is reset before anything is done.
    DropBefore,
    /// The work is done, then the connection is reset.
    DropAfter,
    /// A gateway's HTML page is answered; nothing is done.
    Html {
        /// Its HTTP status.
        status: u16,
    },
    /// The work is done, then a gateway's HTML page is answered with status 502.
    HtmlAfter,
    /// The work is done; the JSON of the answer is cut in half.
    BrokenJson,
    /// The work is done; half of the announced bytes arrive, then the connection ends.
    Truncate,
    /// The work is done; half of the answer arrives, and the rest only later.
    Stall {
        /// How long nothing arrives, on the simulator's clock.
        silence: Duration,
    },
    /// The work is done; the JSON of the answer claims to be something else.
    WrongContentType {
        /// What it claims to be.
        content_type: String,
    },
    /// The work is done; the body of the answer is empty.
    EmptyBody,
    /// The work is done; the last entries are left out of the answer.
    Missing {
        /// How many entries are left out.
        entries: usize,
    },
    /// The work is done; the first entry stands in the answer twice.
    Doubled,
    /// The work is done; the answer has an entry more, for an id that was not asked.
    Foreign,
    /// The work is done; the entries stand in the answer in another order.
    Reordered,
    /// The call is worked on later.
    Delay {
        /// How much later, on the simulator's clock.
        by: Duration,
    },
    /// The jobs of the call fail.
    FailJob {
        /// The error code of the jobs.
        code: String,
    },
    /// The jobs of the call never end.
    HangJob,
    /// The jobs of the call are worked on, but no query finds them.
    HideJob,
    /// Queries find the jobs of the call only later.
    LateJob {
        /// How much later, on the simulator's clock.
        by: Duration,
    },
    /// Queries find the jobs of the call at first, then never again.
    VanishJob {
        /// How long they are found, on the simulator's clock.
        after: Duration,
    },
    /// The gateway's clock is off: signatures are judged by it, and the header `Date` of the answer shows it.
    ClockSkew {
        /// By how much it is fast; slow if negative.
        seconds: i64,
    },
}

impl Effect {
    /// Every name, and the fields that belong to it.
    pub(super) const FIELDS: [(&str, &[&str]); 23] = [
        ("refuse", &["code", "status", "message", "retry_after"]),
        ("throttle", &["limit", "seconds", "retry_after"]),
        ("refuse_connection", &[]),
        ("drop_before", &[]),
        ("drop_after", &[]),
        ("html", &["status"]),
        ("html_after", &[]),
        ("broken_json", &[]),
        ("truncate", &[]),
        ("stall", &["seconds"]),
        ("wrong_content_type", &["content_type"]),
        ("empty_body", &[]),
        ("missing", &["entries"]),
        ("doubled", &[]),
        ("foreign", &[]),
        ("reordered", &[]),
        ("delay", &["seconds"]),
        ("fail_job", &["code"]),
        ("hang_job", &[]),
        ("hide_job", &[]),
        ("late_job", &["seconds"]),
        ("vanish_job", &["seconds"]),
        ("clock_skew", &["seconds"]),
    ];

    /// Its name as rules spell it, such as `drop_after`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse { .. } => "refuse",
            Self::Throttle { .. } => "throttle",
            Self::RefuseConnection => "refuse_connection",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::Html { .. } => "html",
            Self::HtmlAfter => "html_after",
            Self::BrokenJson => "broken_json",
            Self::Truncate => "truncate",
            Self::Stall { .. } => "stall",
            Self::WrongContentType { .. } => "wrong_content_type",
            Self::EmptyBody => "empty_body",
            Self::Missing { .. } => "missing",
            Self::Doubled => "doubled",
            Self::Foreign => "foreign",
            Self::Reordered => "reordered",
            Self::Delay { .. } => "delay",
            Self::FailJob { .. } => "fail_job",
            Self::HangJob => "hang_job",
            Self::HideJob => "hide_job",
            Self::LateJob { .. } => "late_job",
            Self::VanishJob { .. } => "vanish_job",
            Self::ClockSkew { .. } => "clock_skew",
        }
    }

    pub(super) fn check(&self) -> Result<(), FaultError> {
        match self {
            Self::Refuse { code, status, .. } => {
                check_code(code)?;
                check_status(*status)
            }
            Self::FailJob { code } => check_code(code),
            Self::Html { status } => check_status(*status),
            Self::Throttle { window, .. } if !matches!(window.as_millis(), 1_000 | 60_000) => {
                Err(FaultError::Window(window.as_secs_f64().to_string()))
            }
            Self::WrongContentType { content_type } => HeaderValue::from_str(content_type)
                .map(drop)
                .map_err(|_| FaultError::ContentType(content_type.clone())),
            Self::Delay { by: time }
            | Self::LateJob { by: time }
            | Self::VanishJob { after: time }
            | Self::Stall { silence: time } => check_duration(*time),
            Self::ClockSkew { seconds } => {
                check_duration(Duration::from_secs(seconds.unsigned_abs()))
                    .map_err(|_| FaultError::Skew(seconds.to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_about_jobs(&self) -> bool {
        matches!(
            self,
            Self::FailJob { .. }
                | Self::HangJob
                | Self::HideJob
                | Self::LateJob { .. }
                | Self::VanishJob { .. }
        )
    }

    pub(super) fn is_about_the_clock(&self) -> bool {
        matches!(self, Self::ClockSkew { .. })
    }

    /// Whether a call has what the effect would spoil.
    pub(super) fn concerns(&self, call: &Call<'_>) -> bool {
        match self {
            Self::Missing { .. } | Self::Doubled | Self::Foreign | Self::Reordered => {
                call.lists_entries
            }
            Self::Stall { .. }
            | Self::WrongContentType { .. }
            | Self::BrokenJson
            | Self::EmptyBody => call.has_body,
            _ => call.starts_jobs || !self.is_about_jobs(),
        }
    }

    /// Whether the call never reaches the service.
    pub(crate) fn prevents_work(&self) -> bool {
        matches!(
            self,
            Self::Refuse { .. }
                | Self::Throttle { .. }
                | Self::RefuseConnection
                | Self::DropBefore
                | Self::Html { .. }
        )
    }
}

pub(super) fn check_duration(time: Duration) -> Result<(), FaultError> {
    if time <= MAX_DURATION { Ok(()) } else { Err(FaultError::Seconds(time.as_secs().to_string())) }
}

fn check_code(code: &str) -> Result<(), FaultError> {
    let well_formed = code.split_once('.').is_some_and(|(family, number)| {
        !family.is_empty()
            && family.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.len() == 4
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if well_formed { Ok(()) } else { Err(FaultError::Code(code.to_owned())) }
}

fn check_status(status: u16) -> Result<(), FaultError> {
    if (400..600).contains(&status) { Ok(()) } else { Err(FaultError::Status(status)) }
}
