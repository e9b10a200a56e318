//! One call: wait for its turn, sign, send, judge, and send again where the delivery table allows it. Knows no batches.

mod counters;
mod pace;
mod request;
mod retry;
mod skew;
mod trial;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cph_core::{ErrorCode, Operation, ProjectId, RateLimit};
use tracing::{Instrument as _, Span};

pub use self::counters::Counters;
pub(crate) use self::{
    counters::Tally,
    pace::{GATEWAY, Pace},
    request::canonical,
    retry::Budget,
};
use self::{request::Signer, skew::Skew, trial::Trial};
use crate::{
    Clock, Delivery, Error, answer,
    clock::after,
    delivery::Again,
    identity::{Identity, Place},
    wire::{self, Failure, Wire},
    wire_log::WireLog,
};

/// What all calls of a client and of its clones go through.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) wire: Arc<dyn Wire>,
    wire_log: Option<WireLog>,
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) place: Place,
    pub(crate) tally: Tally,
    limits: Arc<Limits>,
    trial: Trial,
    pub(crate) skew: Skew,
    in_flight: AtomicUsize,
    random: Mutex<fastrand::Rng>,
}

/// What holds calls back; shared by all who call as one.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) pace: Pace,
    pub(crate) budget: Budget,
}

/// How long and how often a call is tried.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// For all attempts; for the waits for turns as well where the caller has set it.
    pub(crate) call_timeout: Duration,
    pub(crate) bounds_turns: bool,
    pub(crate) turn_timeout: Duration,
    pub(crate) attempts: usize,
    pub(crate) resend_after: HashSet<ErrorCode>,
}

/// What the transport has to know of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) idempotent: bool,
    pub(crate) limit: Option<RateLimit>,
}

impl From<&'static Operation> for Subject {
    fn from(operation: &'static Operation) -> Self {
        let Operation { name, idempotent, rate_limit, .. } = *operation;
        Self { name, idempotent, limit: rate_limit }
    }
}

/// As whom a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// As nobody: the call brings what proves it.
    Nobody,
    /// As the owner of the credentials.
    Owner,
    /// As the same, in a project.
    Project(&'a ProjectId),
}

impl Transport {
    pub(crate) fn new(
        (wire, wire_log): (Arc<dyn Wire>, Option<WireLog>),
        (identity, place): (Identity, Place),
        clock: Arc<dyn Clock>,
        (policy, limits): (Policy, Limits),
        random: fastrand::Rng,
    ) -> Self {
        Self {
            wire,
            wire_log,
            identity,
            clock,
            policy,
            place,
            limits: Arc::new(limits),
            tally: Tally::default(),
            trial: Trial::default(),
            skew: Skew::default(),
            in_flight: AtomicUsize::new(0),
            random: Mutex::new(random),
        }
    }

    /// Another caller over the same connections, under the same limits.
    pub(crate) fn sibling(&self, identity: Identity, place: Place) -> Self {
        Self {
            wire: self.wire.clone(),
            wire_log: self.wire_log.clone(),
            identity,
            clock: self.clock.clone(),
            policy: self.policy.clone(),
            place,
            limits: self.limits.clone(),
            tally: Tally::default(),
            trial: Trial::default(),
            skew: self.skew.clone(),
            in_flight: AtomicUsize::new(0),
            random: Mutex::new(self.draw(fastrand::Rng::fork)),
        }
    }

    /// Forgets what was learned of the former credentials.
    pub(crate) async fn credentials_changed(&self) {
        self.trial.restart().await;
    }

    /// Draws from the client's one source of chance.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// One call, in a span of its own. The query must be in canonical form.
    pub(crate) async fn call(
        &self,
        subject: Subject,
        caller: Caller<'_>,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let span = tracing::info_span!(
            "cph",
            operation = subject.name,
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
            milliseconds = tracing::field::Empty,
        );
        let work = async {
            self.tally.call();
            let begun = self.clock.now();
            let result = self.attempts(subject, caller, request).await;
            let (status, request_id) = match &result {
                Ok(answer) => (Some(answer.status().as_u16()), wire::request_id(answer.headers())),
                Err(error) => (error.status(), error.request_id().map(str::to_owned)),
            };
            let span = Span::current();
            span.record("status", status);
            span.record("request_id", request_id.as_deref());
            let took = self.clock.now().duration_since(begun).unwrap_or_default();
            span.record("milliseconds", u64::try_from(took.as_millis()).ok());
            if result.is_err() {
                self.tally.failure();
            }
            result.map_err(|error| error.with_operation(subject.name))
        };
        work.instrument(span).await
    }

    async fn attempts(
        &self,
        subject: Subject,
        caller: Caller<'_>,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        request::check_size(&request)?;
        let mut patience = self.policy.turn_timeout;
        let mut give_up = after(self.clock.now(), self.policy.call_timeout);
        self.wait_for_turn(subject, &mut patience, &mut give_up).await?;
        let mut failures = retry::waits(
            self.policy.attempts.saturating_sub(1),
            self.draw(|random| random.u64(..)),
        );
        let mut throttled = retry::waits(usize::MAX, self.draw(|random| random.u64(..)));
        let mut past = Past::default();
        let (mut corrected, mut renewed) = (false, false);
        for attempt in 1_u64.. {
            Span::current().record("attempts", attempt);
            let held = match caller {
                Caller::Nobody => None,
                Caller::Owner | Caller::Project(_) => Some(
                    self.identity
                        .current(self)
                        .await
                        .map_err(|error| past.without_attempt(error))?,
                ),
            };
            let credentials = held.as_ref().map(|held| &held.credentials);
            let signer = Signer { credentials, caller };
            let attempted =
                self.attempt((subject, attempt), signer, request.clone(), give_up).await;
            let Ended { error, again, skew } =
                match attempted.map_err(|error| past.without_attempt(error))? {
                    Ok(answer) => {
                        self.limits.budget.earn();
                        return Ok(answer);
                    }
                    Err(ended) => ended,
                };
            let error = past.note(error);
            let now = self.clock.now();
            let wait = if !corrected && self.corrects_clock(&error, now, skew) {
                corrected = true;
                Some(Duration::ZERO)
            } else if !renewed && held.is_some_and(|held| self.identity.renews(&held, &error)) {
                renewed = true;
                Some(Duration::ZERO)
            } else if error.is_throttled() {
                self.throttled(subject, &error, now, throttled.next());
                // Its next turn is later.
                Some(Duration::ZERO)
            } else if self.allows(subject, again, &error) {
                let told = retry::hint(error.retry_after(), None).unwrap_or_default();
                failures
                    .next()
                    .map(|wait| wait.max(told))
                    .filter(|wait| now + *wait < give_up)
                    .filter(|_| self.limits.budget.spend())
            } else {
                None
            };
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(attempt, ?wait, %error, "sending again");
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            // Why it was not sent again says less than what came of it before.
            if self.wait_for_turn(subject, &mut patience, &mut give_up).await.is_err() {
                return Err(error);
            }
            self.tally.retry();
        }
        unreachable!("attempts end by returning")
    }

    /// An `Err` on the outside: nothing was sent.
    async fn attempt(
        &self,
        (subject, attempt): (Subject, u64),
        signer: Signer<'_>,
        request: http::Request<Bytes>,
        give_up: SystemTime,
    ) -> Result<Result<http::Response<Bytes>, Ended>, Error> {
        let turn = if signer.signs() { Some(self.trial.turn().await?) } else { None };
        // Others may have had their turn for long.
        if self.clock.now() > give_up {
            return Err(Error::kept_waiting(self.policy.call_timeout));
        }
        let skew = self.skew.seconds();
        let is_nobody = matches!(signer.caller, Caller::Nobody);
        let request = signer.sign(request, skew::at_gateway(self.clock.now(), skew))?;
        let result = answer::read(self.send((subject, attempt), is_nobody, request).await);
        match (turn, &result) {
            (Some(turn), Err((error, _))) if error.is_refused_signature() => turn.refused().await,
            // Whether the gateway looked at the signature is not known.
            (Some(_), Err((error, _))) if error.code().is_none_or(|code| code.is_gateway()) => {}
            (Some(turn), _) => turn.passed(),
            (None, _) => {}
        }
        Ok(result.map_err(|(error, again)| Ended { error, again, skew }))
    }

    async fn send(
        &self,
        (subject, attempt): (Subject, u64),
        for_credentials: bool,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Failure> {
        let _in_flight = InFlight::enter(self);
        self.tally.attempt();
        let record = self
            .wire_log
            .as_ref()
            .map(|log| log.begin(&*self.clock, (subject.name, attempt), for_credentials, &request));
        let result = self.wire.send(request, subject.idempotent).await;
        if let Some(record) = record {
            record.end(&result);
        }
        result
    }

    /// One attempt as nobody, cut off after so long; `None`: it was.
    pub(crate) async fn probe(
        &self,
        subject: Subject,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Option<Result<http::Response<Bytes>, Error>> {
        let result =
            tokio::time::timeout(patience, self.send((subject, 1), true, request)).await.ok()?;
        Some(answer::read_any(result).map_err(|error| error.with_operation(subject.name)))
    }

    fn allows(&self, subject: Subject, again: Again, error: &Error) -> bool {
        match again {
            Again::Always => true,
            Again::IfIdempotent => {
                subject.idempotent
                    || error.code().is_some_and(|code| self.policy.resend_after.contains(&code))
            }
            Again::Never => false,
        }
    }

    /// Waits within what is left of the call's patience, and of its time if that counts the waits for turns; if not, it has
    /// the more time afterwards.
    async fn wait_for_turn(
        &self,
        subject: Subject,
        patience: &mut Duration,
        give_up: &mut SystemTime,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if self.policy.bounds_turns {
            *patience = (*patience).min(give_up.duration_since(now).unwrap_or_default());
        }
        let wait = self
            .limits
            .pace
            .turn(subject, now, *patience)
            .map_err(|wait| Error::no_turn(wait, *patience))?;
        if !wait.is_zero() {
            tracing::debug!(operation = subject.name, ?wait, "waiting for its turn");
            self.tally.waits(wait);
            self.clock.sleep(wait).await;
            *patience = patience.saturating_sub(wait);
            if !self.policy.bounds_turns {
                *give_up = after(*give_up, wait);
            }
        }
        Ok(())
    }

    /// What the gateway's refusal says about waiting, told to all who make such calls.
    fn throttled(
        &self,
        subject: Subject,
        error: &Error,
        now: SystemTime,
        growing: Option<Duration>,
    ) {
        self.tally.throttled();
        let limit = error.message().and_then(retry::limit_in);
        let wait = retry::hint(error.retry_after(), limit).or(growing).unwrap_or_default();
        self.limits.pace.throttled(subject, limit, after(now, wait));
    }

    /// Whether a refusal shows that the request was signed with a time too far off.
    fn corrects_clock(&self, error: &Error, now: SystemTime, used: i64) -> bool {
        let about_time = error.status() == Some(401) || error.is_about_time();
        about_time && error.date().is_some_and(|date| self.skew.learn(date, now, used))
    }
}

/// How one attempt ended.
struct Ended {
    error: Error,
    again: Again,
    /// The correction that it was signed with.
    skew: i64,
}

/// Whether an attempt of the call so far may have been carried out.
#[derive(Default)]
struct Past {
    unknown: bool,
}

impl Past {
    /// The end of an attempt. What an earlier one may have done is not undone by it.
    fn note(&mut self, error: Error) -> Error {
        let error = if self.unknown { error.after_unknown() } else { error };
        self.unknown = error.delivery() == Delivery::Unknown;
        error
    }

    /// What kept an attempt from being made.
    fn without_attempt(&self, error: Error) -> Error {
        if self.unknown { error.after_unknown() } else { error }
    }
}

/// Counts a request as on the wire for as long as it lives.
struct InFlight<'a>(&'a Transport);

impl<'a> InFlight<'a> {
    fn enter(transport: &'a Transport) -> Self {
        transport.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(transport)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
