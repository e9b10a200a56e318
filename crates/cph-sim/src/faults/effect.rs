//! What a fault does to a call.

use std::time::Duration;

use super::{Call, FaultError};

/// Some thirty years: more would leave the calendar.
const MAX_DELAY: Duration = Duration::from_secs(1_000_000_000);

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
    },
    /// The gateway answers 429; nothing is done.
    Throttle,
    /// The connection is refused; nothing is done. Over a socket, where it already stands, it is cut instead.
    RefuseConnection,
    /// The connection is cut before anything is done.
    DropBefore,
    /// The work is done, then the connection is cut.
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
}

impl Effect {
    pub(super) const NAMES: [&str; 18] = [
        "refuse",
        "throttle",
        "refuse_connection",
        "drop_before",
        "drop_after",
        "html",
        "html_after",
        "broken_json",
        "truncate",
        "empty_body",
        "missing",
        "doubled",
        "foreign",
        "delay",
        "fail_job",
        "hang_job",
        "hide_job",
        "late_job",
    ];

    /// Its name as rules spell it, such as `drop_after`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse { .. } => "refuse",
            Self::Throttle => "throttle",
            Self::RefuseConnection => "refuse_connection",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::Html { .. } => "html",
            Self::HtmlAfter => "html_after",
            Self::BrokenJson => "broken_json",
            Self::Truncate => "truncate",
            Self::EmptyBody => "empty_body",
            Self::Missing { .. } => "missing",
            Self::Doubled => "doubled",
            Self::Foreign => "foreign",
            Self::Delay { .. } => "delay",
            Self::FailJob { .. } => "fail_job",
            Self::HangJob => "hang_job",
            Self::HideJob => "hide_job",
            Self::LateJob { .. } => "late_job",
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
            Self::Delay { by } | Self::LateJob { by } if *by > MAX_DELAY => {
                Err(FaultError::Seconds(by.as_secs().to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_about_jobs(&self) -> bool {
        matches!(self, Self::FailJob { .. } | Self::HangJob | Self::HideJob | Self::LateJob { .. })
    }

    /// Whether a call has what the effect would spoil.
    pub(super) fn concerns(&self, call: &Call<'_>) -> bool {
        match self {
            Self::Missing { .. } | Self::Doubled | Self::Foreign => call.lists_entries,
            _ => call.starts_jobs || !self.is_about_jobs(),
        }
    }

    /// Whether the call never reaches the service.
    pub(crate) fn prevents_work(&self) -> bool {
        matches!(
            self,
            Self::Refuse { .. }
                | Self::Throttle
                | Self::RefuseConnection
                | Self::DropBefore
                | Self::Html { .. }
        )
    }
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
