//! The handle of a run.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cph_core::Operation;
use futures_util::Stream;
use tokio::sync::{mpsc, watch};

use super::{
    Options, Standing, Work,
    engine::{Engine, OpenJobs, Settled, Stop, Trace},
    observer::Observer,
    outcome::{Fate, Outcome, TargetOutcome, UnconfirmedReason},
    report::Report,
    ticket::{OpenJob, Ticket},
};
use crate::{Client, Error, Problem, Result};

/// A batch under way: sending and waiting, until every target has settled.
///
/// Take outcomes one by one with [`next`](Self::next), or await the run for a [`Report`] of all. The run goes on by itself
/// however slowly its outcomes are taken.
///
/// # Cancellation
///
/// Dropping the run stops sending; calls in flight are finished and told to the observer, then nobody follows the jobs,
/// which go on at the vendor's. Take a [`ticket`](Self::ticket) first to follow them later.
pub struct Run<O: TargetOutcome = Outcome> {
    client: Client,
    operation: &'static Operation,
    targets: Vec<O::Id>,
    settled: mpsc::UnboundedReceiver<Settled>,
    stop: watch::Sender<Stop>,
    open_jobs: OpenJobs,
    taken: Vec<bool>,
    outcomes: Vec<O>,
    missing: usize,
}

impl<O: TargetOutcome> Run<O> {
    /// Starts the run's task on the caller's runtime.
    pub(crate) fn start(
        client: Client,
        targets: Vec<O::Id>,
        work: Work,
        options: Options,
        observer: Box<dyn Observer>,
    ) -> Self {
        Self::spawn(client, targets, work, options, observer, None)
    }

    pub(crate) fn resume(client: Client, ticket: Ticket) -> Result<Self> {
        let mut problems = ticket.problems(&client);
        let operation = Operation::find(ticket.operation());
        if operation.is_none() {
            problems.push(Problem::new(format!(
                "the ticket is for an unknown operation `{}`",
                ticket.operation()
            )));
        }
        if operation.is_some_and(|operation| operation.job_family != Some(O::FAMILY)) {
            problems.push(Problem::new(format!(
                "the ticket is for {}, whose jobs are not about {}s",
                ticket.operation(),
                O::TARGET
            )));
        }
        let jobs = ticket.into_jobs();
        let mut targets = Vec::new();
        let mut seen = HashSet::new();
        for job in &jobs {
            match job.target.parse::<O::Id>() {
                Ok(target) if !seen.insert(target.clone()) => {
                    problems.push(Problem::new(format!("the ticket names {target} twice")));
                }
                Ok(target) => targets.push(target),
                Err(error) => {
                    problems.push(Problem::new(format!("the ticket is damaged: {error}")));
                }
            }
        }
        let (Some(operation), true) = (operation, problems.is_empty()) else {
            return Err(Error::invalid_input(problems));
        };
        let work = Work {
            operation,
            targets: jobs.iter().map(|job| job.target.as_str().into()).collect(),
            groups: vec![0; jobs.len()],
            servers: vec![None; jobs.len()],
            held_back: BTreeMap::new(),
            send: Box::new(|_, _| Box::pin(async { Ok(super::Answer::default()) })),
        };
        let options = Options {
            part: 1,
            in_flight: 1,
            max_down: 1,
            per_server: None,
            canary: Vec::new(),
            max_errors: None,
            ready: None,
            job_timeout: super::JOB_TIMEOUT,
            deadline: None,
            trust_refusal: true,
        };
        let standings = jobs.into_iter().map(OpenJob::into_standing).collect();
        Ok(Self::spawn(client, targets, work, options, Box::new(()), Some((standings, 0))))
    }

    pub(crate) fn spawn(
        client: Client,
        targets: Vec<O::Id>,
        work: Work,
        options: Options,
        observer: Box<dyn Observer>,
        earlier: Option<(Vec<Standing>, usize)>,
    ) -> Self {
        let (out, settled) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(Stop::Nothing);
        let open_jobs = Arc::new(Mutex::default());
        let operation = work.operation;
        let mut engine = Engine::new(
            client.clone(),
            work,
            options,
            observer,
            out,
            stopped,
            Arc::clone(&open_jobs),
        );
        let mut taken = vec![false; targets.len()];
        if let Some((standings, parts_sent)) = earlier {
            for (taken, standing) in taken.iter_mut().zip(&standings) {
                *taken = matches!(standing, Standing::Settled { .. });
            }
            engine.restore(standings, parts_sent);
        }
        tokio::spawn(engine.run());
        let missing = taken.iter().filter(|taken| !**taken).count();
        Self {
            client,
            operation,
            targets,
            settled,
            stop,
            open_jobs,
            taken,
            outcomes: Vec::with_capacity(missing),
            missing,
        }
    }

    /// The next outcome, in settling order; `None` once every target has had its own.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<O> {
        if self.missing == 0 {
            return None;
        }
        let settled = match self.settled.recv().await {
            Some(settled) => settled,
            None => self.cut_off()?,
        };
        let outcome = self.outcome(settled);
        self.missing -= 1;
        self.outcomes.push(outcome.clone());
        Some(outcome)
    }

    /// The task is gone before its time: its runtime ended, say. Everyone it still owes is unconfirmed.
    fn cut_off(&self) -> Option<Settled> {
        let target = self.taken.iter().position(|taken| !taken)?;
        let fate = Fate::Unconfirmed(UnconfirmedReason::CutOff);
        Some(Settled { target, fate, trace: Trace::default() })
    }

    fn outcome(&mut self, settled: Settled) -> O {
        self.taken[settled.target] = true;
        O::settled(self.targets[settled.target].clone(), settled)
    }

    /// The outcomes as a stream.
    pub fn outcomes(&mut self) -> impl Stream<Item = O> + Send + '_ {
        futures_util::stream::unfold(self, async |run| {
            run.next().await.map(|outcome| (outcome, run))
        })
    }

    /// Sends nothing more. Targets that were not sent settle as not sent; calls in flight finish, and their jobs are waited for.
    pub fn stop_sending(&self) {
        self.stop.send_replace(Stop::Sending);
    }

    /// Leaves the run as it stands: every target that has not settled settles now. One that was never sent settles as not
    /// sent, one whose job was seen running as still running, all others as unconfirmed; what has a request id stands in
    /// the report's ticket. A call in flight is cut off, and its observer hears no answer.
    pub fn leave(&self) {
        self.stop.send_replace(Stop::Leaving);
    }

    /// How many targets the run has.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether the run has no targets.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// What has been started and not seen to end so far.
    pub fn ticket(&self) -> Ticket {
        let jobs = self.open_jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.values().cloned().collect();
        Ticket::new(&self.client, self.operation.name, jobs)
    }

    async fn report(mut self) -> Report<O> {
        while self.next().await.is_some() {}
        let open = self.outcomes.iter().filter(|outcome| may_still_be_told(outcome.fate()));
        let jobs: Vec<OpenJob> = open
            .filter_map(|outcome| {
                let since = self.client.clock().now() - outcome.took().unwrap_or(Duration::ZERO);
                let target = outcome.id().to_string();
                Some(OpenJob::new(&target, outcome.request_id()?, outcome.job_id(), since))
            })
            .collect();
        let open = (!jobs.is_empty()).then(|| Ticket::new(&self.client, self.operation.name, jobs));
        Report::new(self.outcomes, open)
    }
}

/// Whether asking again later may tell more.
fn may_still_be_told(fate: &Fate) -> bool {
    matches!(
        fate,
        Fate::StillRunning
            | Fate::Unconfirmed(
                UnconfirmedReason::AskingFailed(_)
                    | UnconfirmedReason::JobNotFound
                    | UnconfirmedReason::NotInAnswer
                    | UnconfirmedReason::AnswerLost(_)
                    | UnconfirmedReason::Left
                    | UnconfirmedReason::NotReady(_)
            )
    )
}

/// Awaiting a run collects every outcome, those already taken too.
impl<O: TargetOutcome + 'static> IntoFuture for Run<O> {
    type Output = Report<O>;
    type IntoFuture = Pin<Box<dyn Future<Output = Report<O>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.report())
    }
}

impl<O: TargetOutcome> fmt::Debug for Run<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("operation", &self.operation.name)
            .field("targets", &self.targets.len())
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}
