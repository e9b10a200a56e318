//! Shows calls to the rules.

use std::time::SystemTime;

use super::{Call, Faults};
use crate::{phones::Phone, route::Api, simulator::State};

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
        api: Api,
        ordinal: u64,
        targets: &[&str],
        at: SystemTime,
        ask: impl FnOnce(&mut Faults, &Call<'_>) -> T,
    ) -> T {
        let mut faults = std::mem::take(&mut self.faults);
        let servers: Vec<&str> =
            targets.iter().filter_map(|target| self.server_of(target)).collect();
        let starts_jobs = matches!(api, Api::Phones(operation) if operation.starts_jobs);
        let call = Call {
            operation: api.name(),
            ordinal,
            at,
            targets,
            servers: &servers,
            starts_jobs,
            lists_entries: starts_jobs || matches!(api.name(), "ListCloudPhones" | "ListJobs"),
            has_body: !matches!(api, Api::Phones(operation) if operation.status == 204),
        };
        let answer = ask(&mut faults, &call);
        self.faults = faults;
        answer
    }
}
