//! What became of a target.

use std::{fmt, hash::Hash, str::FromStr, time::Duration};

use cph_core::{
    Class, EncodeServerId, ErrorCode, InvalidId, JobFamily, JobId, PhoneId, PhoneStatus, RequestId,
    ServerId,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::engine::{Settled, Trace};

/// An outcome of any kind of target. The kinds are this crate's; the trait only lets one handle serve them all.
pub trait TargetOutcome: Clone + std::fmt::Debug + Send + sealed::Sealed {
    /// The target's id.
    type Id: Clone + std::fmt::Display + FromStr<Err = InvalidId> + Eq + Hash + Send;

    /// What a target is called, such as `phone`.
    const TARGET: &'static str;

    /// The vendor's name of its id, such as `phone_id`.
    const ID_FIELD: &'static str;

    /// Whose jobs tell of it.
    const FAMILY: JobFamily;

    /// Whose outcome it is.
    fn id(&self) -> &Self::Id;

    /// What is known of it.
    fn fate(&self) -> &Fate;

    /// The same, to be judged anew.
    fn fate_mut(&mut self) -> &mut Fate;

    /// The call that carried it.
    fn request_id(&self) -> Option<&RequestId>;

    /// Its job.
    fn job_id(&self) -> Option<&JobId>;

    /// From acceptance to settling.
    fn took(&self) -> Option<Duration>;

    /// What its job printed.
    fn output(&self) -> Option<&str>;
}

pub(crate) mod sealed {
    use crate::batch::engine::Settled;

    /// How outcomes come into being.
    pub trait Sealed {
        /// Puts the id of the target to what became of it.
        fn settled(id: <Self as super::TargetOutcome>::Id, settled: Settled) -> Self
        where
            Self: super::TargetOutcome;
    }
}

macro_rules! outcome {
    ($(#[$doc:meta])* $name:ident, $(#[$id_doc:meta])* $field:ident: $id:ty, $target:literal, $id_field:literal, $family:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$id_doc])*
            pub $field: $id,
            /// What is known of it.
            pub fate: Fate,
            /// The call that carried it, if an answer named one; the vendor's support asks for it.
            pub request_id: Option<RequestId>,
            /// Its job, if one is known.
            pub job_id: Option<JobId>,
            /// From the answer that accepted it to its settling, as this client saw it.
            pub took: Option<Duration>,
            /// What its job printed, where jobs print; the service keeps at most 1024 bytes of it.
            pub output: Option<String>,
        }

        impl TargetOutcome for $name {
            type Id = $id;

            const TARGET: &'static str = $target;
            const ID_FIELD: &'static str = $id_field;
            const FAMILY: JobFamily = JobFamily::$family;

            fn id(&self) -> &$id {
                &self.$field
            }

            fn fate(&self) -> &Fate {
                &self.fate
            }

            fn fate_mut(&mut self) -> &mut Fate {
                &mut self.fate
            }

            fn request_id(&self) -> Option<&RequestId> {
                self.request_id.as_ref()
            }

            fn job_id(&self) -> Option<&JobId> {
                self.job_id.as_ref()
            }

            fn took(&self) -> Option<Duration> {
                self.took
            }

            fn output(&self) -> Option<&str> {
                self.output.as_deref()
            }
        }

        impl sealed::Sealed for $name {
            fn settled($field: $id, settled: Settled) -> Self {
                let Settled { fate, trace, .. } = settled;
                let Trace { request_id, job_id, took, output } = trace;
                Self { $field, fate, request_id, job_id, took, output }
            }
        }
    };
}

outcome!(
    /// What became of one phone.
    Outcome,
    /// The phone.
    phone: PhoneId, "phone", "phone_id", Phone
);
outcome!(
    /// What became of one server.
    ServerOutcome,
    /// The server.
    server: ServerId, "server", "server_id", Server
);
outcome!(
    /// What became of one encoding service.
    EncodeServerOutcome,
    /// The encoding service.
    encode_server: EncodeServerId, "encoding service", "encode_server_id", Encoder
);

/// What is known in the end. Exhaustive on purpose: a new outcome must break the match.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new outcome must break the match")]
pub enum Fate {
    /// Its job ended well.
    Done,
    /// The service turned it away, in the answer or with the whole call; nothing was started.
    Refused(Fault),
    /// Its job ended badly.
    Failed(Fault),
    /// It was never sent; sending it later is safe.
    NotSent(NotSentReason),
    /// It may have happened. Look at the phone before repeating anything.
    Unconfirmed(UnconfirmedReason),
    /// Patience ran out, the job did not: the last good look said that it was still running.
    StillRunning,
}

/// What the service said was wrong.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The code; `HTTP.404` and the like where an answer carried none.
    pub code: ErrorCode,
    /// The service's own words, or ours where it used none. They may quote what was sent, so `Display` and `Debug` show ours.
    pub message: String,
    /// Whether the words are ours.
    ours: bool,
}

impl Fault {
    pub(crate) fn new(code: Option<&str>, message: Option<&str>) -> Self {
        let filled = |text: Option<&str>| text.map(str::to_owned).filter(|text| !text.is_empty());
        let code = ErrorCode::parse(&filled(code).unwrap_or_else(|| "unspecified".to_owned()));
        let message = filled(message);
        let ours = message.is_none();
        Self { message: message.unwrap_or_else(|| code.meaning().to_owned()), code, ours }
    }

    /// What this crate finds wrong with an answer that says nothing of the kind.
    pub(crate) fn ours(message: &str) -> Self {
        Self { ours: true, ..Self::new(None, Some(message)) }
    }

    pub(crate) fn of(error: &crate::Error) -> Self {
        let status = error.status().unwrap_or_default();
        let code = error.code().unwrap_or_else(|| ErrorCode::parse(&format!("HTTP.{status}")));
        // The gateway's text on signatures may quote the headers that it saw; the error's own words leave it out.
        let said = error.message().filter(|_| code.class() != Class::Authentication);
        let message = said.map_or_else(|| error.to_string(), str::to_owned);
        Self { code, message, ours: said.is_none() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.ours { &self.message } else { self.code.meaning() };
        write!(f, "{}: {words}", self.code)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Why a target was never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSentReason {
    /// The caller stopped the run.
    Stopped,
    /// The deadline came first.
    Deadline,
    /// An earlier part was refused for a reason that holds for every part.
    Refused(Fault),
    /// The first part started nobody, or its answer forgot some; the rest was held back.
    FirstPart,
    /// So many targets were refused, failed, or ended without being confirmed that the rest was held back.
    TooManyErrors(usize),
    /// The phone was in a state in which it takes no such call.
    Status(PhoneStatus),
    /// No connection came about, as often as it was tried.
    NoConnection(String),
    /// There were no credentials to call with, or they must not be used again.
    Credentials(String),
    /// The rate limits had no turn for the call in time.
    RateLimited(String),
    /// The run's observer could not take note of the part, so it was held back.
    Observer(String),
}

impl fmt::Display for NotSentReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the run was stopped"),
            Self::Deadline => f.write_str("the deadline came first"),
            Self::Refused(fault) => write!(f, "an earlier part was refused: {fault}"),
            Self::FirstPart => {
                f.write_str("the first part started nobody, or its answer forgot some, so the rest was held back")
            }
            Self::TooManyErrors(errors) => {
                write!(f, "too many targets ended badly before it: {errors}")
            }
            Self::Status(status) => write!(f, "the phone was {status}"),
            Self::NoConnection(error) => write!(f, "no connection came about: {error}"),
            Self::Credentials(error) => write!(f, "there were no credentials to call with: {error}"),
            Self::RateLimited(error) => write!(f, "the call had to wait too long: {error}"),
            Self::Observer(error) => write!(f, "the part could not be recorded: {error}"),
        }
    }
}

/// Why nobody knows whether it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnconfirmedReason {
    /// The request left, and no readable answer came; the text says how it was lost.
    AnswerLost(String),
    /// The answer came and did not speak of this target.
    NotInAnswer,
    /// The answer promised a job that never showed up.
    JobNotFound,
    /// The job could not be asked about.
    AskingFailed(String),
    /// Its job ended well, but it did not get ready in time; the text says what it lacked.
    NotReady(String),
    /// The call was refused, but the caller does not trust that a refused call started nothing.
    RefusalNotTrusted(Fault),
    /// The caller left the run before the answer came, or before its job was looked at.
    Left,
    /// The run itself was cut off, with its runtime for one.
    CutOff,
}

impl fmt::Display for UnconfirmedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnswerLost(how) => write!(f, "the answer was lost: {how}"),
            Self::NotInAnswer => f.write_str("the answer did not mention it"),
            Self::JobNotFound => f.write_str("its job never showed up"),
            Self::AskingFailed(error) => write!(f, "its job could not be asked about: {error}"),
            Self::NotReady(why) => write!(f, "its job is done, but it is not ready: {why}"),
            Self::RefusalNotTrusted(fault) => {
                write!(f, "the call was refused, which may not mean that nothing started: {fault}")
            }
            Self::Left => f.write_str("the run was left before it was known"),
            Self::CutOff => f.write_str("the run was cut off"),
        }
    }
}

impl Fate {
    /// The fate in one word: `done`, `refused`, `failed`, `not_sent`, `unconfirmed` or `still_running`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::NotSent(_) => "not_sent",
            Self::Unconfirmed(_) => "unconfirmed",
            Self::StillRunning => "still_running",
        }
    }

    /// Whether it counts towards [`Batch::max_errors`](crate::Batch::max_errors): the target was sent, and is not known to be
    /// done.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::Done | Self::NotSent(_))
    }

    /// What the service said was wrong, if it did.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused(fault)
            | Self::Failed(fault)
            | Self::NotSent(NotSentReason::Refused(fault))
            | Self::Unconfirmed(UnconfirmedReason::RefusalNotTrusted(fault)) => Some(fault),
            Self::Done | Self::NotSent(_) | Self::Unconfirmed(_) | Self::StillRunning => None,
        }
    }

    /// Why, in words, where the word alone does not say it.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Done | Self::StillRunning => None,
            Self::Refused(fault) | Self::Failed(fault) => Some(fault.code.meaning().to_owned()),
            Self::NotSent(reason) => Some(reason.to_string()),
            Self::Unconfirmed(reason) => Some(reason.to_string()),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{}: {reason}", self.word()),
            None => f.write_str(self.word()),
        }
    }
}

/// An outcome flattened into the record that the command line prints. One of the three ids is there.
///
/// `Debug` leaves out the service's own words, which may quote what was sent.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OutcomeRecord {
    /// The phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_id: Option<String>,
    /// The server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// The encoding service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encode_server_id: Option<String>,
    /// `done`, `refused`, `failed`, `not_sent`, `unconfirmed` or `still_running`.
    pub outcome: &'static str,
    /// Why, in words.
    pub reason: Option<String>,
    /// The call that carried it.
    pub request_id: Option<String>,
    /// Its job.
    pub job_id: Option<String>,
    /// The service's error code.
    pub error_code: Option<String>,
    /// The service's own words.
    pub error_msg: Option<String>,
    /// From the answer that accepted it to its settling, in seconds.
    pub seconds: Option<f64>,
    /// What its job printed, where jobs print.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl fmt::Debug for OutcomeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phone_id, server_id, encode_server_id, .. } = self;
        f.debug_struct("OutcomeRecord")
            .field("id", &phone_id.as_ref().or(server_id.as_ref()).or(encode_server_id.as_ref()))
            .field("outcome", &self.outcome)
            .field("reason", &self.reason)
            .field("request_id", &self.request_id)
            .field("job_id", &self.job_id)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

impl<O: TargetOutcome> From<&O> for OutcomeRecord {
    fn from(outcome: &O) -> Self {
        let fault = outcome.fate().fault();
        let id = |family| (O::FAMILY == family).then(|| outcome.id().to_string());
        Self {
            phone_id: id(JobFamily::Phone),
            server_id: id(JobFamily::Server),
            encode_server_id: id(JobFamily::Encoder),
            outcome: outcome.fate().word(),
            reason: outcome.fate().reason(),
            request_id: outcome.request_id().map(ToString::to_string),
            job_id: outcome.job_id().map(ToString::to_string),
            error_code: fault.map(|fault| fault.code.to_string()),
            error_msg: fault.map(|fault| fault.message.clone()),
            seconds: outcome.took().map(|took| (took.as_secs_f64() * 10.0).round() / 10.0),
            output: outcome.output().map(str::to_owned),
        }
    }
}
