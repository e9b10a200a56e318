//! What a process needs that takes a run over.

use std::sync::Arc;

use cph_core::Operation;
use futures_util::FutureExt as _;
use serde_json::Value;

use super::{RecordedRun, RunFile, reader::Recorded, writer::Writer};
use crate::{
    Client, Error, Result,
    batch::{
        Options, SendPart, Standing,
        recorded::{put_together, resend_of},
    },
};

/// A run as an earlier process left it.
pub(crate) struct Resumption {
    pub(crate) operation: &'static Operation,
    pub(crate) options: Options,
    /// The targets' ids.
    pub(crate) targets: Vec<String>,
    /// Which targets may share a call: those of the same number.
    pub(crate) groups: Vec<usize>,
    /// Which targets are on the same physical server, where that is known: those of the same number.
    pub(crate) servers: Vec<Option<usize>>,
    pub(crate) standings: Vec<Standing>,
    /// The highest number of a part.
    pub(crate) parts_sent: usize,
    /// Makes the calls with the bodies that were written down.
    pub(crate) send: SendPart,
    /// Goes on writing the same file.
    pub(crate) file: RunFile,
}

impl RecordedRun {
    /// Where each target stands.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        self.story.targets.iter().map(|told| told.standing.clone()).collect()
    }

    /// Takes the run over: from here on the file says so.
    pub(crate) fn take_over(mut self, client: &Client) -> Result<Resumption> {
        self.check(client)?;
        let resend = resend_of(self.operation.name);
        let resend =
            resend.ok_or_else(|| Error::invalid("the run file is for no batch operation"))?;
        let standings = self.standings();
        let settled = |standing: &&Standing| !matches!(standing, Standing::Settled { .. });
        let open = standings.iter().filter(settled).count();
        let name = format!("run file {}", self.path.display());
        let mut writer = Writer::new(self.take_file()?, name, client.clock().clone(), open);
        writer.resumed().map_err(Error::invalid)?;

        let (operation, common) = (self.operation, self.header.common);
        let targets: Arc<[Recorded]> = self.targets.into();
        let ids = targets.iter().map(|target| target.id.clone()).collect();
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
        Ok(Resumption {
            operation,
            options: self.header.options.into(),
            targets: ids,
            groups,
            servers,
            standings,
            parts_sent: self.story.parts,
            send: Box::new(send),
            file: RunFile { path: self.path, run_id: self.header.run_id, writer },
        })
    }
}
