//! What a process needs that takes a run over.

use std::{collections::BTreeMap, sync::Arc};

use cph_core::JobFamily;
use futures_util::FutureExt as _;
use serde_json::Value;

use super::{RecordedRun, RunFile, reader::Recorded, writer::Writer};
use crate::{
    Client, Error, Observer, Result, Run, Share, Survey, TargetOutcome,
    batch::{
        JOB_TIMEOUT, Options, Standing, Work,
        recorded::{Resend, put_together, resend_of},
    },
};

/// A run as an earlier process left it.
pub(super) struct Resumption {
    pub(super) options: Options,
    /// It makes the calls with the bodies that were written down.
    pub(super) work: Work,
    pub(super) standings: Vec<Standing>,
    /// The highest number of a part.
    pub(super) parts_sent: usize,
    /// Goes on writing the same file.
    pub(super) file: RunFile,
}

impl RecordedRun {
    /// Where each target stands.
    pub(super) fn standings(&self) -> Vec<Standing> {
        self.story.targets.iter().map(|told| told.standing.clone()).collect()
    }

    /// How its calls are made again, and whose jobs tell of its targets.
    fn resend(&self) -> Result<(Resend, JobFamily)> {
        let resend = resend_of(self.operation.name);
        resend.ok_or_else(|| Error::invalid("the run file is for no batch operation"))
    }

    /// What its targets are; the outcomes of [`resume`](Self::resume) are theirs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is for no batch operation that changes anything.
    pub fn family(&self) -> Result<JobFamily> {
        self.resend().map(|(_, family)| family)
    }

    /// Lets the run have more errors, or fewer, than it was begun with.
    pub fn set_max_errors(&mut self, errors: impl Into<Share>) {
        self.header.options.max_errors = Some(errors.into());
    }

    /// Goes on with the run: sends what was never sent, with what it was meant to get, asks about what was sent, and writes on
    /// in the same file. What was sent without an answer on record settles as unconfirmed. A `survey` holds phones back
    /// that take no call in the state that they are in. Targets of which nothing more will be known
    /// have no outcome in this run: [`targets`](Self::targets) has theirs.
    ///
    /// ```no_run
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use cph::{Outcome, RunFile};
    ///
    /// let run = RunFile::open("restart.jsonl")?;
    /// let report = run.resume::<Outcome>(&client, None, ())?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the file is for another endpoint, region or project, or if `O` is the outcome of other targets.
    pub fn resume<O: TargetOutcome + 'static>(
        self,
        client: &Client,
        survey: Option<&Survey>,
        observer: impl Observer,
    ) -> Result<Run<O>> {
        if self.family()? != O::FAMILY {
            let operation = self.operation.name;
            let problem = format!("the run file is for {operation}, not for {}s", O::TARGET);
            return Err(Error::invalid(problem));
        }
        let Resumption { options, work, standings, parts_sent, file } =
            self.take_over(client, survey)?;
        let ids = work.targets.iter().map(|id| id.parse().map_err(Error::invalid));
        let ids = ids.collect::<Result<_>>()?;
        let observer = Box::new((file, observer));
        let earlier = Some((standings, parts_sent));
        Ok(Run::spawn(client.clone(), ids, work, options, observer, earlier))
    }

    /// Takes the run over: from here on the file says so.
    pub(super) fn take_over(
        mut self,
        client: &Client,
        survey: Option<&Survey>,
    ) -> Result<Resumption> {
        self.check(client)?;
        let (resend, _) = self.resend()?;
        let standings = self.standings();
        let settled = |standing: &&Standing| !matches!(standing, Standing::Settled { .. });
        let open = standings.iter().filter(settled).count();
        let name = format!("run file {}", self.path.display());
        let mut writer = Writer::new(self.take_file()?, name, client.clock().clone(), open)
            .telling(self.failure.clone());
        writer.resumed().map_err(Error::invalid)?;

        let (operation, common) = (self.operation, self.header.common);
        let targets: Arc<[Recorded]> = self.targets.into();
        let ids: Vec<Arc<str>> = targets.iter().map(|target| target.id.as_str().into()).collect();
        let unsent =
            ids.iter().zip(&standings).enumerate().filter_map(|(place, (id, standing))| {
                (*standing == Standing::Unsent).then_some((place, &**id))
            });
        let held_back = survey.map_or_else(BTreeMap::new, |survey| survey.held_back(unsent));
        let groups = targets.iter().map(|target| target.group).collect();
        let servers = targets.iter().map(|target| target.server).collect();
        let send = move |client: Client, part: &[usize]| {
            let part: Vec<&Recorded> = part.iter().map(|&place| &targets[place]).collect();
            let elements = part.iter().filter_map(|target| target.element.as_deref());
            let elements: Vec<Value> =
                match elements.map(|text| serde_json::from_str(text.get())).collect() {
                    Ok(elements) => elements,
                    Err(error) => return async { Err(Error::invalid(error)) }.boxed(),
                };
            let body = put_together(operation, &common[part[0].group], &elements);
            resend(client, part.iter().map(|target| target.id.clone()).collect(), body)
        };
        let send = Box::new(send);
        let mut options: Options = self.header.options.into();
        // A run that did not wait is resumed to wait.
        if options.job_timeout.is_zero() {
            options.job_timeout = JOB_TIMEOUT;
        }
        Ok(Resumption {
            options,
            work: Work { operation, targets: ids, groups, servers, held_back, send },
            standings,
            parts_sent: self.story.parts,
            file: RunFile { path: self.path, run_id: self.header.run_id, writer },
        })
    }
}
