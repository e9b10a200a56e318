//! The first line of a run file.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use cph_core::mask_json;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::{system_time, timestamp};
use crate::{Ready, Share, batch::Options};

/// The form of run files that this version writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;

/// What a run is: the first line of its file.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunHeader {
    /// The version of the format, which is 1.
    pub(super) version: u32,
    /// The time at which the run was set up and four digits by chance.
    pub(super) run_id: String,
    /// The vendor's name of the operation, such as `RestartCloudPhone`.
    pub(super) operation: String,
    /// Base URL of the service.
    pub(super) endpoint: String,
    /// The region, unless only an endpoint was given.
    pub(super) region: Option<String>,
    /// The project whose phones these are.
    pub(super) project: String,
    /// Whether the service is a simulator.
    pub(super) simulator: bool,
    /// When the run was set up.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub(super) started: Timestamp,
    /// How many targets there are.
    pub(super) targets: usize,
    /// How the run goes about it.
    pub(super) options: RunOptions,
    /// Bodies of calls without their targets. There are several where one call cannot carry all targets, having room for
    /// only one image for example.
    pub(super) common: Vec<Value>,
}

/// How a run goes about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct RunOptions {
    /// Targets in one call.
    part: usize,
    /// Calls on the wire at once.
    in_flight: usize,
    /// Targets sent and not yet settled, at once.
    max_down: usize,
    /// The same on one physical server.
    per_server: Option<usize>,
    /// Steps of which each is awaited before the next, such as `1`, `10%` and `100%`.
    canary: Vec<Share>,
    /// More errors than this stop the run: a number, or a part such as `5%`.
    pub(super) max_errors: Option<Share>,
    /// How long a job may take, from the answer that accepted it, in whole seconds.
    job_timeout_seconds: u64,
    /// What must hold of a phone once its job has ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ready: Option<Ready>,
    /// When the run ends, whatever its jobs do.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    deadline: Option<Timestamp>,
    /// Whether a call refused as a whole is taken to have started nothing.
    pub(super) trust_refusal: bool,
}

impl RunHeader {
    /// The run's id, such as `20261124T191105Z-3f9a`.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The vendor's name of the operation, such as `RestartCloudPhone`.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Base URL of the service.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region, unless only an endpoint was given.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The project whose phones these are.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Whether the service is a simulator.
    pub fn simulator(&self) -> bool {
        self.simulator
    }

    /// When the run was set up.
    pub fn started(&self) -> SystemTime {
        system_time(self.started)
    }

    /// How many targets there are.
    pub fn targets(&self) -> usize {
        self.targets
    }

    /// All of it as it stands in the file, the options and the common bodies too, but for personal values, which are masked.
    pub fn masked(&self) -> Value {
        mask_json(&serde_json::json!(self))
    }
}

/// The common bodies stay out of debug output.
impl fmt::Debug for RunHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHeader")
            .field("run_id", &self.run_id)
            .field("operation", &self.operation)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl From<Options> for RunOptions {
    fn from(options: Options) -> Self {
        let timeout = options.job_timeout;
        Self {
            part: options.part,
            in_flight: options.in_flight,
            max_down: options.max_down,
            per_server: options.per_server,
            canary: options.canary,
            max_errors: options.max_errors,
            job_timeout_seconds: timeout
                .as_secs()
                .saturating_add(u64::from(timeout.subsec_nanos() > 0)),
            ready: options.ready,
            deadline: options.deadline.map(timestamp),
            trust_refusal: options.trust_refusal,
        }
    }
}

impl From<RunOptions> for Options {
    fn from(options: RunOptions) -> Self {
        Self {
            part: options.part,
            in_flight: options.in_flight,
            max_down: options.max_down,
            per_server: options.per_server,
            canary: options.canary,
            max_errors: options.max_errors,
            job_timeout: Duration::from_secs(options.job_timeout_seconds),
            ready: options.ready,
            deadline: options.deadline.map(system_time),
            trust_refusal: options.trust_refusal,
        }
    }
}
