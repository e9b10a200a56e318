//! A batch in the making: what every batch operation can be told, and what is checked before anything is sent.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cph_core::{Operation, mask_json};
use serde_json::Value;

use super::{
    JOB_TIMEOUT, Options, SendPart, Work, observer::Observer, outcome::TargetOutcome, run::Run,
};
use crate::{Client, Error, Problem, Result};

/// A batch operation in the making: set what differs from the defaults, then [`start`](Self::start) it.
#[must_use]
pub struct Batch<K> {
    client: Client,
    pub(crate) kind: K,
    observer: Box<dyn Observer>,
    options: Options,
    part: Option<usize>,
    max_down: Option<usize>,
}

/// What an operation is about, described. The engine knows no more of it than this.
pub trait BatchKind: Send + 'static {
    /// What comes out for each target.
    type Outcome: TargetOutcome + 'static;

    /// The operation's row in the table.
    fn operation(&self) -> &'static Operation;

    /// The ids of the targets, as given.
    fn ids(&self) -> Vec<&str>;

    /// Adds whatever is wrong with the rest.
    fn check(&self, problems: &mut Vec<Problem>);

    /// The body of the call for the targets at these places.
    fn body(&self, part: &[usize]) -> Value;

    /// Makes calls.
    fn send(self) -> SendPart;
}

impl<K: BatchKind> Batch<K> {
    pub(crate) fn new(client: Client, kind: K) -> Self {
        let part = kind.operation().batch.map_or(1, |batch| batch.part);
        let options = Options {
            part,
            in_flight: 4,
            max_down: 2 * part,
            job_timeout: JOB_TIMEOUT,
            deadline: None,
            trust_refusal: true,
        };
        Self { client, kind, observer: Box::new(()), options, part: None, max_down: None }
    }

    /// Targets in one call. The default is that of the operation table: 100 phones, 1 server.
    pub fn batch(mut self, targets: usize) -> Self {
        self.part = Some(targets);
        self
    }

    /// Calls on the wire at once. Default 4; the first part goes alone whatever this says.
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.options.in_flight = calls;
        self
    }

    /// Targets down at once: sent, and not yet settled. Default twice the batch, since many at once load the servers.
    pub fn max_down(mut self, targets: usize) -> Self {
        self.max_down = Some(targets);
        self
    }

    /// How long each job may take, from the answer that accepted it. Default 30 minutes. What still runs then settles as
    /// [`StillRunning`](crate::Fate::StillRunning); it is not stopped.
    pub fn job_timeout(mut self, timeout: Duration) -> Self {
        self.options.job_timeout = timeout;
        self
    }

    /// When the run ends at the latest: nothing is sent from then on, and jobs are looked at one last time.
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Is told about each part before it is sent and after its answer.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Whether a call refused as a whole is taken to have started nothing, so that its targets may be sent again in smaller
    /// parts. Default `true`; the vendor does not say so in words. With `false` such targets settle as unconfirmed.
    pub fn trust_refusal(mut self, trust: bool) -> Self {
        self.options.trust_refusal = trust;
        self
    }

    /// Checks everything and starts the run on the caller's tokio runtime. An `Err` means that nothing was sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem: ids that are none, targets named
    /// twice, properties that break a rule or the size (7,800 bytes per phone), limits of 0 or above the documented maximum.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Run<K::Outcome>> {
        let (ids, options) = self.check()?;
        let work = Work {
            operation: self.kind.operation(),
            targets: ids.iter().map(ToString::to_string).collect(),
            send: self.kind.send(),
        };
        Ok(Run::start(self.client, ids, work, options, self.observer))
    }

    /// The bodies that would be sent if nothing is refused, with personal values masked. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn dry_run(&self) -> Result<Vec<Value>> {
        let (ids, options) = self.check()?;
        let places: Vec<usize> = (0..ids.len()).collect();
        let parts = places.chunks(options.part.min(options.max_down));
        Ok(parts.map(|part| mask_json(&self.kind.body(part))).collect())
    }

    fn check(&self) -> Result<(Vec<<K::Outcome as TargetOutcome>::Id>, Options)> {
        let mut problems = Vec::new();
        let mut options = self.options.clone();
        options.part = self.part.unwrap_or(options.part);
        options.max_down = self.max_down.unwrap_or(options.part.max(1).saturating_mul(2));
        let counts = [
            ("batch", options.part),
            ("in-flight", options.in_flight),
            ("max-down", options.max_down),
        ];
        let zero =
            |what| Problem::new(format!("{what} is 0; with that nothing would ever be sent"));
        problems
            .extend(counts.iter().filter(|(_, count)| *count == 0).map(|(what, _)| zero(*what)));
        let maximum = self.kind.operation().batch.and_then(|batch| batch.maximum);
        if let Some(maximum) = maximum.filter(|maximum| options.part > *maximum) {
            let batch = options.part;
            problems.push(Problem::new(format!(
                "batch is {batch}; the service takes at most {maximum} in one call"
            )));
        }
        let ids = check_ids::<K::Outcome>(&self.kind.ids(), &mut problems);
        self.kind.check(&mut problems);
        if problems.is_empty() { Ok((ids, options)) } else { Err(Error::invalid_input(problems)) }
    }
}

/// Every id checked, each named once.
fn check_ids<O: TargetOutcome>(ids: &[&str], problems: &mut Vec<Problem>) -> Vec<O::Id> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut checked = Vec::with_capacity(ids.len());
    for (place, id) in (1..).zip(ids) {
        let what = O::TARGET;
        match id.parse() {
            Ok(id) => checked.push(id),
            Err(error) => {
                problems.push(Problem::new(format!("{what} {place}: {error}")));
                continue;
            }
        }
        if let Some(first) = seen.insert(id, place) {
            problems.push(Problem::new(format!(
                "{what} {place}: {id} is named before, as {what} {first}; name it once"
            )));
        }
    }
    checked
}

/// A function that makes calls from a body.
pub(crate) fn send_with<B, F, Fut>(
    body: impl Fn(&[usize]) -> B + Send + Sync + 'static,
    send: F,
) -> SendPart
where
    F: Fn(Client, B) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<super::Answer>> + Send + 'static,
{
    Arc::new(move |client, part| Box::pin(send(client, body(&part))))
}

impl<K: BatchKind> fmt::Debug for Batch<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("operation", &self.kind.operation().name)
            .field("targets", &self.kind.ids().len())
            .finish_non_exhaustive()
    }
}
