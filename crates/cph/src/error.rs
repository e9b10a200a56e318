//! What can go wrong, and what is known then.

use std::{
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cph_core::ErrorCode;

use crate::Delivery;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
///
/// Displayed, it is one clause that fits after "failed to"; what lies behind it is in
/// [`source`](std::error::Error::source). It never holds keys, tokens, headers or bodies, nor the service's own words: those
/// are in [`message`](Self::message).
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    text: String,
    problems: Vec<Problem>,
    delivery: Delivery,
    operation: Option<&'static str>,
    status: Option<u16>,
    code: Option<ErrorCode>,
    message: Option<String>,
    request_id: Option<String>,
    body: Bytes,
    retry_after: Option<Duration>,
    date: Option<SystemTime>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something the caller passed in cannot be sent; [`Error::problems`] names each.
    InvalidInput,
    /// The client cannot be built as configured; [`Error::problems`] names each.
    Configuration,
    /// No credentials came about, or those at hand must not be used again; the call was not sent.
    Credentials,
    /// The rate limits had no turn for the call within the time that
    /// [`turn_timeout`](crate::ClientBuilder::turn_timeout) gives; it was not sent.
    RateLimited,
    /// No connection to the service came about.
    Connect,
    /// The connection stood, but no answer came in time.
    Timeout,
    /// The connection broke before the whole answer was there.
    Lost,
    /// The service or its gateway answered with an error; see [`Error::code`].
    Service,
    /// The service said yes in a form that cannot be read.
    UnreadableAnswer,
}

/// One thing that is wrong with what was passed in: what, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the call may have had effect. [`Delivery::Unknown`] asks for a look before the call is repeated.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The service's error code; [`ErrorCode::advice`] says what to do about it.
    ///
    /// ```
    /// # fn example(error: cph::Error) {
    /// match error.code() {
    ///     Some(cph::ErrorCode::PHONE_NOT_FOUND) => println!("forget the phone"),
    ///     Some(code) => println!("{}", code.advice()),
    ///     None => println!("{error}"),
    /// }
    /// # }
    /// ```
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.code.clone()
    }

    /// The service's own words. Texts vary between answers: show them, never parse them. They may quote what was sent, a
    /// token or a phone number for one, which is why they stand in no `Display`, `Debug` or log of this crate.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The id under which the vendor finds this call; quote it to support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The vendor's name of the operation, such as `RestartCloudPhone`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The HTTP status, if an answer began.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the gateway asked to wait before the next call, by the header `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Every problem of an [`ErrorKind::InvalidInput`] or [`ErrorKind::Configuration`]; empty otherwise.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// The first 256 bytes of an answer that could not be read or carried no code. It may hold personal values: keep it out of logs.
    pub fn body_start(&self) -> &[u8] {
        &self.0.body
    }

    fn new(kind: ErrorKind, delivery: Delivery, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            text: text.into(),
            problems: Vec::new(),
            delivery,
            operation: None,
            status: None,
            code: None,
            message: None,
            request_id: None,
            body: Bytes::new(),
            retry_after: None,
            date: None,
            source: None,
        }))
    }

    /// Input that cannot be sent, with everything that is wrong with it.
    pub(crate) fn invalid_input(problems: Vec<Problem>) -> Self {
        Self::with_problems(ErrorKind::InvalidInput, problems)
    }

    /// One thing that is wrong with the input.
    pub(crate) fn invalid(problem: impl fmt::Display) -> Self {
        Self::invalid_input(vec![Problem::new(problem.to_string())])
    }

    pub(crate) fn configuration(problems: Vec<Problem>) -> Self {
        Self::with_problems(ErrorKind::Configuration, problems)
    }

    fn with_problems(kind: ErrorKind, problems: Vec<Problem>) -> Self {
        const SHOWN: usize = 10;
        let mut text = problems
            .iter()
            .take(SHOWN)
            .map(|problem| problem.0.as_str())
            .collect::<Vec<_>>()
            .join("; ");
        if problems.len() > SHOWN {
            text = format!("{text}; and {} more", problems.len() - SHOWN);
        }
        let mut error = Self::new(kind, Delivery::NotSent, text);
        error.0.problems = problems;
        error
    }

    /// Nothing may be sent with these credentials.
    pub(crate) fn credentials(problem: impl fmt::Display) -> Self {
        Self::with_problems(ErrorKind::Credentials, vec![Problem::new(problem.to_string())])
    }

    /// What kept credentials from coming about, as the end of a call that was to be made with them.
    pub(crate) fn without_credentials(mut self) -> Self {
        self.0.kind = ErrorKind::Credentials;
        self.0.delivery = Delivery::NotSent;
        self
    }

    pub(crate) fn no_turn(wait: Duration, patience: Duration) -> Self {
        let text = format!(
            "the rate limits have no turn within {patience:?}; the next one comes in {} s",
            wait.as_secs_f64().ceil()
        );
        Self::new(ErrorKind::RateLimited, Delivery::NotSent, text)
    }

    pub(crate) fn kept_waiting(patience: Duration) -> Self {
        let text = format!(
            "other calls tried the access key first, one at a time, for longer than {patience:?}"
        );
        Self::new(ErrorKind::RateLimited, Delivery::NotSent, text)
    }

    pub(crate) fn connect(source: BoxError) -> Self {
        Self::new(ErrorKind::Connect, Delivery::NotSent, "no connection to the service came about")
            .caused_by(source)
    }

    pub(crate) fn timeout(after: Duration) -> Self {
        Self::new(ErrorKind::Timeout, Delivery::Unknown, format!("no answer came within {after:?}"))
    }

    pub(crate) fn lost(source: BoxError) -> Self {
        Self::new(
            ErrorKind::Lost,
            Delivery::Unknown,
            "the connection broke before the whole answer was there",
        )
        .caused_by(source)
    }

    pub(crate) fn unreadable(status: u16, what: &str) -> Self {
        let text = format!("the service answered {status} with {what}");
        Self::new(ErrorKind::UnreadableAnswer, Delivery::Unknown, text).with_status(status)
    }

    /// An answer that says no.
    pub(crate) fn service(
        status: u16,
        code: Option<ErrorCode>,
        message: Option<String>,
        delivery: Delivery,
    ) -> Self {
        // The answer's own text may quote what was sent.
        let text = match &code {
            Some(code) => format!("the service answered {code}: {}", code.meaning()),
            None => format!("the service answered with status {status}"),
        };
        let mut error = Self::new(ErrorKind::Service, delivery, text).with_status(status);
        error.0.code = code;
        error.0.message = message;
        error
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id.or(self.0.request_id);
        self
    }

    /// Says where it happened, in front of what happened.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.text = format!("{place}: {}", self.0.text);
        self
    }

    /// An earlier attempt of the same call may have been carried out, whatever this one says.
    pub(crate) fn after_unknown(mut self) -> Self {
        self.0.delivery = Delivery::Unknown;
        self
    }

    /// The same error for one more caller.
    pub(crate) fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// What the head of the answer says of time.
    pub(crate) fn with_times(
        mut self,
        date: Option<SystemTime>,
        retry_after: Option<Duration>,
    ) -> Self {
        self.0.date = date;
        self.0.retry_after = retry_after;
        self
    }

    /// The time on the clock of whoever answered.
    pub(crate) fn date(&self) -> Option<SystemTime> {
        self.0.date
    }

    /// Whether the gateway held the call back.
    pub(crate) fn is_throttled(&self) -> bool {
        self.status() == Some(429) || self.0.code.as_ref().is_some_and(ErrorCode::is_throttling)
    }

    /// Whether the gateway turned down who signed. Only part of these refusals count towards the lock on a key, but their
    /// texts vary too much to tell them apart.
    pub(crate) fn is_refused_signature(&self) -> bool {
        self.status() == Some(401)
            && matches!(&self.0.code, Some(code) if [ErrorCode::apigw(301), ErrorCode::apig(301)].contains(code))
    }

    /// Whether the gateway found the time of the signature too far off.
    pub(crate) fn is_about_time(&self) -> bool {
        matches!(&self.0.code, Some(code) if [ErrorCode::apigw(303), ErrorCode::apig(303)].contains(code))
    }

    pub(crate) fn with_head(self, head: Option<crate::wire::Head>) -> Self {
        match head {
            Some(head) => self.with_status(head.status).with_request_id(head.request_id),
            None => self,
        }
    }

    pub(crate) fn with_body(mut self, body: &Bytes) -> Self {
        self.0.body = body.slice(..body.len().min(256));
        self
    }
}

/// `{:#}` adds everything that lies behind it, in one line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)?;
        if let Some(request_id) = &self.0.request_id {
            write!(f, " (request {request_id})")?;
        }
        if f.alternate() {
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("text", &self.0.text)
            .field("delivery", &self.0.delivery)
            .field("operation", &self.0.operation)
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("request_id", &self.0.request_id)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
