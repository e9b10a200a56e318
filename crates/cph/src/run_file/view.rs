//! Looking at what a run file says.

use std::{collections::BTreeMap, time::SystemTime};

use cph_core::{JobFamily, Operation, mask_json};
use serde_json::Value;

use super::{RecordedRun, fold::Told, lines::system_time, reader::Recorded};
use crate::{
    Client, OutcomeRecord, Result, Ticket,
    batch::{Standing, recorded::put_together, ticket::OpenJob},
};

/// What a run file says of one target.
#[derive(Clone, Copy)]
pub struct RunTarget<'a> {
    recorded: &'a Recorded,
    told: &'a Told,
    server: Option<&'a str>,
    family: JobFamily,
    operation: &'static Operation,
    /// The body of its call without targets.
    common: &'a Value,
}

impl RecordedRun {
    /// What is known of each target, in the order in which they were given.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = RunTarget<'_>> {
        let family = self.operation.job_family.unwrap_or(JobFamily::Phone);
        self.targets.iter().zip(&self.story.targets).map(move |(recorded, told)| RunTarget {
            recorded,
            told,
            server: recorded.server.map(|server| self.servers[server].as_str()),
            family,
            operation: self.operation,
            common: &self.header.common[recorded.group],
        })
    }

    /// How many targets have each [`word`](RunTarget::word).
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for target in self.targets() {
            *counts.entry(target.word()).or_default() += 1;
        }
        counts
    }

    /// When every target had settled, unless another process has taken over since.
    pub fn ended(&self) -> Option<SystemTime> {
        self.story.ended.map(system_time)
    }

    /// A ticket for everything that asking again may tell more about; see [`Client::resume`].
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn ticket(&self, client: &Client) -> Result<Ticket> {
        self.check(client)?;
        let jobs = self.targets.iter().zip(&self.story.targets).filter_map(|(target, told)| {
            let (request_id, job_id, since) = match &told.standing {
                Standing::Waiting { request_id, job_id, since } => {
                    (request_id, Some(job_id), since)
                }
                Standing::Looking { request_id, since, .. } => (request_id, None, since),
                Standing::Unsent | Standing::Sent | Standing::Settled { .. } => return None,
            };
            Some(OpenJob::new(&target.id, request_id, job_id, *since))
        });
        Ok(Ticket::new(client, self.operation.name, jobs.collect()))
    }
}

impl<'a> RunTarget<'a> {
    /// Its id.
    pub fn id(&self) -> &'a str {
        &self.recorded.id
    }

    /// The server that it is on, where that is known.
    pub fn server(&self) -> Option<&'a str> {
        self.server
    }

    /// Its element of the call's list, as it goes on the wire, personal values and all; `Null` where the call has no such
    /// list.
    pub fn element(&self) -> Value {
        let text = self.recorded.element.as_deref().map_or("null", |element| element.get());
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The same with personal values masked.
    pub fn masked_element(&self) -> Value {
        mask_json(&self.element())
    }

    /// The body of a call for it alone, personal values and all.
    pub fn body(&self) -> Value {
        let element = self.recorded.element.as_ref().map(|_| self.element());
        put_together(self.operation, self.common, &element)
    }

    /// What is known of it in one word: that of its [outcome](Self::outcome), see [`Fate::word`](crate::Fate::word), or until
    /// it has one `unsent`, `sent` (and no answer is recorded that speaks of it) or `waiting` (for its job).
    pub fn word(&self) -> &'static str {
        match (&self.told.outcome, &self.told.standing) {
            (Some(outcome), _) => outcome.outcome.word(),
            (None, Standing::Unsent) => "unsent",
            (None, Standing::Waiting { .. }) => "waiting",
            (None, Standing::Sent | Standing::Looking { .. } | Standing::Settled { .. }) => "sent",
        }
    }

    /// What became of it, as far as that is recorded.
    pub fn outcome(&self) -> Option<OutcomeRecord> {
        let settled = self.told.outcome.as_deref()?.clone();
        let id = |family| (self.family == family).then(|| settled.target.clone());
        Some(OutcomeRecord {
            phone_id: id(JobFamily::Phone),
            server_id: id(JobFamily::Server),
            encode_server_id: id(JobFamily::Encoder),
            outcome: settled.outcome.word(),
            reason: settled.reason,
            request_id: settled.request_id,
            job_id: settled.job_id,
            error_code: settled.error_code,
            error_msg: settled.error_msg,
            seconds: settled.seconds,
            output: None,
        })
    }

    /// Whether nothing more will be known of it, so that [`resume`](RecordedRun::resume) leaves it as it is.
    pub fn is_settled(&self) -> bool {
        matches!(self.told.standing, Standing::Settled { .. })
    }

    /// Whether it was never sent, or turned away without effect, so that [`resume`](RecordedRun::resume) sends it.
    pub fn is_unsent(&self) -> bool {
        self.told.standing == Standing::Unsent
    }

    /// The call that carried it last, if an answer named one.
    pub fn request_id(&self) -> Option<&'a str> {
        match &self.told.standing {
            Standing::Waiting { request_id, .. } | Standing::Looking { request_id, .. } => {
                Some(request_id.as_str())
            }
            _ => self.told.outcome.as_ref()?.request_id.as_deref(),
        }
    }

    /// Its job, if one is known.
    pub fn job_id(&self) -> Option<&'a str> {
        match &self.told.standing {
            Standing::Waiting { job_id, .. } => Some(job_id.as_str()),
            _ => self.told.outcome.as_ref()?.job_id.as_deref(),
        }
    }

    /// The service's error code.
    pub fn error_code(&self) -> Option<&'a str> {
        self.told.outcome.as_ref()?.error_code.as_deref()
    }
}

/// The element stays out of debug output.
impl std::fmt::Debug for RunTarget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunTarget")
            .field("id", &self.id())
            .field("word", &self.word())
            .finish_non_exhaustive()
    }
}
