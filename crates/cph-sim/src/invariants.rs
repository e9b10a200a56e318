//! What holds of every state of a simulation, whatever calls it was given.

use std::{collections::HashSet, time::SystemTime};

use cph_core::ServerStatus;

use crate::{
    jobs::{Job, Kind},
    simulator::State,
};

impl State {
    /// What contradicts itself: nothing, or the simulator has a bug. It holds that
    ///
    /// - every phone, encoding service and scheduled event is on a server that exists, and so is every tag;
    /// - no id is given twice, to phones, servers, encoding services, jobs or calls;
    /// - a job ends no sooner than it begins, and none begins in the future;
    /// - a phone or server that is busy with a call has a job of that call that has not ended, unless it is being made
    ///   or under maintenance;
    /// - every entry of the ledger has its job, with the call that started it, and comes no sooner than the one before;
    /// - calls stand in the journal in the order in which they came;
    /// - what is still to come about lies in the future.
    pub(crate) fn contradictions(&self, now: SystemTime) -> Vec<String> {
        let mut found = Vec::new();
        self.check_places(&mut found);
        self.check_ids(&mut found);
        self.check_jobs(now, &mut found);
        self.check_busy(now, &mut found);
        self.check_ledger(&mut found);
        if !self.journal.is_sorted_by_key(|entry| entry.at) {
            found.push("the journal is out of order".to_owned());
        }
        if self.pending.due().is_some_and(|at| at <= now) {
            found.push("a change is overdue".to_owned());
        }
        found
    }

    fn check_places(&self, found: &mut Vec<String>) {
        let phones = self.phones.iter().map(|phone| ("phone", &phone.id, &phone.server_id));
        let services = self
            .encode_servers
            .iter()
            .map(|service| ("encoding service", &service.id, &service.server_id));
        let events = self.events.iter().map(|event| ("event", &event.id, &event.server_id));
        let tags = self.tags.keys().map(|server_id| ("tags", server_id, server_id));
        for (kind, id, server_id) in phones.chain(services).chain(events).chain(tags) {
            if self.servers.get(server_id).is_none() {
                found.push(format!("{kind} {id} is on server {server_id}, which does not exist"));
            }
        }
    }

    fn check_ids(&self, found: &mut Vec<String>) {
        let mut seen = HashSet::new();
        let things = self.phones.iter().map(|phone| phone.id.as_str());
        let things = things.chain(self.servers.iter().map(|server| server.id.as_str()));
        let things = things.chain(self.encode_servers.iter().map(|service| service.id.as_str()));
        let things = things.chain(self.jobs.iter().map(|job| &*job.id));
        let ids = things.chain(self.journal.iter().map(|entry| entry.request_id.as_str()));
        found.extend(ids.filter(|id| !seen.insert(*id)).map(|id| format!("{id} is given twice")));
    }

    fn check_jobs(&self, now: SystemTime, found: &mut Vec<String>) {
        for Job { id, begin, end, .. } in self.jobs.iter() {
            if end.is_some_and(|end| end < *begin) {
                found.push(format!("job {id} ends before it begins"));
            }
            if *begin > now {
                found.push(format!("job {id} begins in the future"));
            }
        }
    }

    fn check_busy(&self, now: SystemTime, found: &mut Vec<String>) {
        let runs = |request_id: &str| {
            self.jobs.of_request(request_id).any(|job| job.end.is_none_or(|end| now < end))
                || self.events.iter().any(|event| event.id == request_id && event.is_executing(now))
        };
        let is_made = |server_id: &str| {
            self.servers.get(server_id).map(crate::servers::Server::status)
                == Some(ServerStatus::Creating)
        };
        for phone in self.phones.iter() {
            let idle = phone.busy_with(now).filter(|request_id| !runs(request_id));
            if let Some(request_id) = idle.filter(|_| !is_made(&phone.server_id)) {
                found.push(format!(
                    "phone {} is busy with {request_id}, which has no job",
                    phone.id
                ));
            }
        }
        for server in self.servers.iter() {
            let idle = server.busy_with().filter(|request_id| !runs(request_id));
            if let Some(request_id) = idle.filter(|_| !is_made(&server.id)) {
                found.push(format!(
                    "server {} is busy with {request_id}, which has no job",
                    server.id
                ));
            }
        }
    }

    fn check_ledger(&self, found: &mut Vec<String>) {
        for kind in [Kind::Phone, Kind::Server, Kind::EncodeServer] {
            for (target, entries) in self.ledger.kind(kind) {
                for entry in entries {
                    let job = self.jobs.get(&entry.job_id);
                    if job.is_none_or(|job| {
                        job.request_id != entry.request_id
                            || job.kind != kind
                            || job.begin != entry.at
                    }) {
                        found.push(format!("an entry of {target} in the ledger has no such job"));
                    }
                }
                if !entries.is_sorted_by_key(|entry| entry.at) {
                    found.push(format!("the ledger of {target} is out of order"));
                }
            }
        }
    }
}
