//! A batch in the making: what every batch operation can be told, and what is checked before anything is sent.

mod recording;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::{Duration, SystemTime},
};

use cph_core::{Operation, mask_json};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Answer, JOB_TIMEOUT, Options, Work,
    observer::Observer,
    outcome::{NotSentReason, Outcome, TargetOutcome},
    plan::Plan,
    ready::Ready,
    run::Run,
    share::Share,
    survey::Survey,
};
use crate::{Client, Error, Problem, Result, client::operation};

/// A batch operation in the making: set what differs from the defaults, then [`start`](Self::start) it.
#[must_use]
pub struct Batch<K: BatchKind> {
    client: Client,
    targets: Vec<K::Target>,
    pub(crate) kind: K,
    observer: Box<dyn Observer>,
    options: Options,
    part: Option<usize>,
    max_down: Option<Share>,
    pub(crate) survey: Option<Survey>,
}

/// An operation on many targets, described. The engine knows no more of it than this; the kinds are this crate's.
pub trait BatchKind: sealed::Sealed + Sized + Send + Sync + 'static {
    /// What is named for each target.
    type Target: Target;

    /// What comes out for each target.
    type Outcome: TargetOutcome + 'static;

    /// The body of a call.
    type Body: Serialize + DeserializeOwned + Send + 'static;

    /// The vendor's name.
    const OPERATION: &'static str;

    /// Calls on the wire at once, unless the caller says otherwise.
    const IN_FLIGHT: usize = 4;

    /// Adds whatever is wrong with what holds for all targets.
    fn check(&self, _problems: &mut Vec<Problem>) {}

    /// What all targets of one call must have in common, since the call has room for only one.
    fn shared<'a>(&'a self, _target: &'a Self::Target) -> Option<&'a str> {
        None
    }

    /// The body of the call for these targets.
    fn body(&self, part: &[&Self::Target]) -> Self::Body;

    /// The body of a call that was written down earlier, for these targets.
    ///
    /// # Errors
    ///
    /// What was written down is no such body.
    fn recorded(_targets: &[String], body: Value) -> serde_json::Result<Self::Body> {
        serde_json::from_value(body)
    }

    /// Makes the call.
    fn send(client: Client, body: Self::Body) -> impl Future<Output = Result<Answer>> + Send;
}

/// What is named for each target of a batch: an id, and perhaps more.
pub trait Target: Clone + Send + Sync + 'static {
    /// The id, as given.
    fn id(&self) -> &str;

    /// Whatever is wrong with the rest.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Target for String {
    fn id(&self) -> &str {
        self
    }
}

pub(crate) mod sealed {
    /// Only this crate describes operations.
    pub trait Sealed {}
}

impl<K: BatchKind> Batch<K> {
    pub(crate) fn new(
        client: &Client,
        targets: impl IntoIterator<Item = impl Into<K::Target>>,
        kind: K,
    ) -> Self {
        // Assumed: part-of-100-phones, part-of-one-server.
        let part = operation(K::OPERATION).batch.map_or(1, |batch| batch.part);
        let options = Options {
            part,
            in_flight: K::IN_FLIGHT,
            max_down: 2 * part,
            per_server: None,
            canary: Vec::new(),
            max_errors: None,
            ready: None,
            job_timeout: JOB_TIMEOUT,
            deadline: None,
            trust_refusal: true,
        };
        Self {
            client: client.clone(),
            targets: targets.into_iter().map(Into::into).collect(),
            kind,
            observer: Box::new(()),
            options,
            part: None,
            max_down: None,
            survey: None,
        }
    }

    /// Targets in one call. The default is that of the operation table: 100 phones, 1 server.
    pub fn batch(mut self, targets: usize) -> Self {
        self.part = Some(targets);
        self
    }

    /// Calls on the wire at once. Default 4, for commands that answer at once 1; the first part goes alone whatever this says.
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.options.in_flight = calls;
        self
    }

    /// Targets down at once, as a number or as a part of all: sent, and not yet settled. Those whose answer was lost count for
    /// twice as long as jobs take, and for 2 minutes at least. Default twice the batch, since many at once load the servers.
    pub fn max_down(mut self, targets: impl Into<Share>) -> Self {
        self.max_down = Some(targets.into());
        self
    }

    /// Steps that the run takes, such as 1 target, 10 % and all: what a step sends is awaited before the next begins. Shares
    /// are those of all targets, step by step, and taken of each image where there are several; the last step is always
    /// everybody. Default a single step.
    pub fn canary(mut self, steps: impl IntoIterator<Item = Share>) -> Self {
        self.options.canary = steps.into_iter().collect();
        self
    }

    /// How many targets may be refused, fail, run out of patience or end unconfirmed. With one more nothing more is sent, what
    /// runs is awaited, and the rest settles as not sent. A percentage is one of the targets of the canary steps so far, rounded
    /// down: after a first step of one target any percentage below 100 allows none. Default no maximum.
    pub fn max_errors(mut self, errors: impl Into<Share>) -> Self {
        self.options.max_errors = Some(errors.into());
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
        let (groups, servers, held_back) = (self.groups(), self.servers(), self.held_back());
        let (kind, targets) = (self.kind, self.targets);
        let work = Work {
            operation: operation(K::OPERATION),
            targets: ids.iter().map(|id| id.to_string().into()).collect(),
            groups,
            servers,
            held_back,
            send: Box::new(move |client, part| {
                let part: Vec<&K::Target> = part.iter().map(|&place| &targets[place]).collect();
                Box::pin(K::send(client, kind.body(&part)))
            }),
        };
        Ok(Run::start(self.client, ids, work, options, self.observer))
    }

    /// How many targets there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The operation that is called.
    pub fn operation(&self) -> &'static Operation {
        operation(K::OPERATION)
    }

    /// The bodies that would be sent if nothing is refused, with personal values masked. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn dry_run(&self) -> Result<Vec<Value>> {
        Ok(self.bodies()?.iter().map(mask_json).collect())
    }

    /// The bodies that would be sent if nothing is refused, personal values and all. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn bodies(&self) -> Result<Vec<Value>> {
        let (_, options) = self.check()?;
        let (groups, plan) = (self.groups(), self.plan(&options));
        let together =
            |a: &usize, b: &usize| (plan.step_of[*a], groups[*a]) == (plan.step_of[*b], groups[*b]);
        let parts = plan
            .order
            .chunk_by(together)
            .flat_map(|same| same.chunks(options.part.min(options.max_down)));
        let body = |part: &[usize]| {
            let part: Vec<&K::Target> = part.iter().map(|&place| &self.targets[place]).collect();
            serde_json::json!(self.kind.body(&part))
        };
        Ok(parts.map(body).collect())
    }

    /// How many targets each canary step would send: one number where there is a single step. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn steps(&self) -> Result<Vec<usize>> {
        let (_, options) = self.check()?;
        let reach = self.plan(&options).reach;
        let before = std::iter::once(0).chain(reach.iter().copied());
        Ok(reach.iter().zip(before).map(|(upto, before)| upto - before).collect())
    }

    fn plan(&self, options: &Options) -> Plan {
        let held_back = self.held_back();
        let sendable: Vec<usize> =
            (0..self.len()).filter(|target| !held_back.contains_key(target)).collect();
        Plan::new(&sendable, &self.groups(), &self.servers(), &options.canary)
    }

    /// Which targets may share a call: those of the same number.
    pub(crate) fn groups(&self) -> Vec<usize> {
        let mut known: HashMap<Option<&str>, usize> = HashMap::new();
        let shared = self.targets.iter().map(|target| self.kind.shared(target));
        shared
            .map(|shared| {
                let next = known.len();
                *known.entry(shared).or_insert(next)
            })
            .collect()
    }

    /// Which targets are on the same server, where that is known.
    fn servers(&self) -> Vec<Option<usize>> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        (0..self.len())
            .map(|place| {
                let next = known.len();
                self.server(place).map(|server| *known.entry(server).or_insert(next))
            })
            .collect()
    }

    /// The server of the target at this place, where that is known.
    fn server(&self, place: usize) -> Option<&str> {
        self.survey.as_ref()?.server(self.targets[place].id())
    }

    /// Targets that take no call in the state that they are in.
    fn held_back(&self) -> BTreeMap<usize, NotSentReason> {
        let ids = self.targets.iter().map(Target::id).enumerate();
        self.survey.as_ref().map_or_else(BTreeMap::new, |survey| survey.held_back(ids))
    }

    fn check(&self) -> Result<(Vec<<K::Outcome as TargetOutcome>::Id>, Options)> {
        let mut problems = Vec::new();
        let mut options = self.options.clone();
        options.part = self.part.unwrap_or(options.part);
        options.max_down = match self.max_down {
            None => options.part.max(1).saturating_mul(2),
            Some(Share::Count(count)) => count,
            Some(share @ Share::Percent(percent)) if percent > 0.0 => share.of(self.len()).max(1),
            Some(Share::Percent(_)) => 0,
        };
        let counts = [
            ("batch", options.part),
            ("in-flight", options.in_flight),
            ("max-down", options.max_down),
            ("per-server", options.per_server.unwrap_or(1)),
        ];
        let zero =
            |what| Problem::new(format!("{what} is 0; with that nothing would ever be sent"));
        problems
            .extend(counts.iter().filter(|(_, count)| *count == 0).map(|(what, _)| zero(*what)));
        let maximum = operation(K::OPERATION).batch.and_then(|batch| batch.maximum);
        if let Some(maximum) = maximum.filter(|maximum| options.part > *maximum) {
            let batch = options.part;
            problems.push(Problem::new(format!(
                "batch is {batch}; the service takes at most {maximum} in one call"
            )));
        }
        let reach: Vec<usize> = options.canary.iter().map(|step| step.of(self.len())).collect();
        let starts_with_nobody = !self.is_empty() && reach.first() == Some(&0);
        if starts_with_nobody || !reach.is_sorted() {
            let problem =
                "the steps of a canary begin with 1 target at least and grow, such as 1,10%,100%";
            problems.push(Problem::new(problem));
        }
        if options.per_server.is_some() && self.survey.is_none() {
            problems
                .push(Problem::new("per-server needs a survey, which says where the phones are"));
        }
        let ready = options.ready.iter().flat_map(|ready| ready.problems(&self.client));
        problems.extend(ready);
        self.kind.check(&mut problems);
        let ids = check_ids::<K>(&self.targets, &mut problems);
        if problems.is_empty() { Ok((ids, options)) } else { Err(Error::invalid_input(problems)) }
    }
}

/// Every id checked, each named once, and what else is wrong with each target.
fn check_ids<K: BatchKind>(
    targets: &[K::Target],
    problems: &mut Vec<Problem>,
) -> Vec<<K::Outcome as TargetOutcome>::Id> {
    let what = K::Outcome::TARGET;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut checked = Vec::with_capacity(targets.len());
    for (place, target) in (1..).zip(targets) {
        let id = target.id();
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
        problems.extend(
            target
                .problems()
                .into_iter()
                .map(|problem| Problem::new(format!("{what} {place}: {id}: {problem}"))),
        );
    }
    checked
}

impl<K: BatchKind<Outcome = Outcome>> Batch<K> {
    /// Takes account of where the phones are and of what they are doing: those of one server are spread over the parts, and
    /// phones that the operation is not for, being frozen for one, settle as not sent. See [`Phones::survey`](crate::Phones::survey).
    pub fn survey(mut self, survey: &Survey) -> Self {
        self.survey = Some(survey.clone());
        self
    }

    /// What must hold of a phone once its job has ended well. Until then it counts as down, and the next canary step waits for
    /// it. One that is not ready when the time for its job is over settles as unconfirmed. Default nothing more than the job.
    ///
    /// ```
    /// # fn example(client: cph::Client) -> cph::Result<()> {
    /// use cph::{Ready, Share};
    ///
    /// let phones = ["1234567b8bab40ffb711234cb80d0234"];
    /// let restart = client.phones().restart(phones).canary([Share::Count(1)]);
    /// let restart = restart.ready(Ready::prints("getprop sys.boot_completed", "1"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(mut self, ready: Ready) -> Self {
        self.options.ready = Some(ready);
        self
    }

    /// Phones down at once on each physical server; needs a [`survey`](Self::survey). Default no maximum of its own.
    pub fn per_server(mut self, phones: usize) -> Self {
        self.options.per_server = Some(phones);
        self
    }
}

impl<K: BatchKind> fmt::Debug for Batch<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("operation", &K::OPERATION)
            .field("targets", &self.targets.len())
            .finish_non_exhaustive()
    }
}
