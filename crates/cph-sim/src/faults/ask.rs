//! Shows calls to the rules.

use std::time::SystemTime;

use super::{Call, Faults};
use crate::{phones::Phone, schemas::Operation, simulator::State};

impl State {
    /// The server that a phone or an encoding service stands on, or a server itself.
    pub(crate) fn server_of<'a>(&'a self, target: &'a str) -> Option<&'a str> {
        let on = |phone: &'a Phone| phone.server_id.as_str();
        let itself = || self.servers.get(target).map(|_| target);
        let encoding = || self.encode_servers.get(target).map(|found| found.server_id.as_str());
        self.phones.get(target).map(on).or_else(itself).or_else(encoding)
    }

    /// Shows a call to the fault rules.
    pub(crate) fn ask_faults<T>(
        &mut self,
        operation: &Operation,
        ordinal: u64,
        targets: &[&str],
        at: SystemTime,
        ask: impl FnOnce(&mut Faults, &Call<'_>) -> T,
    ) -> T {
        let mut faults = std::mem::take(&mut self.faults);
        let servers: Vec<&str> =
            targets.iter().filter_map(|target| self.server_of(target)).collect();
        let call = Call {
            operation: &operation.name,
            ordinal,
            at,
            targets,
            servers: &servers,
            starts_jobs: operation.starts_jobs,
            lists_entries: operation.starts_jobs
                || matches!(operation.name.as_str(), "ListCloudPhones" | "ListJobs"),
            has_body: operation.status != 204,
        };
        let answer = ask(&mut faults, &call);
        self.faults = faults;
        answer
    }
}
