//! What is done to servers as a whole: restart, change, deletion, name, key pair, network file systems.

use std::{ops::RangeInclusive, sync::Arc};

use cph_core::{PhoneStatus, ServerStatus};
use serde_json::{Value, json};

use crate::{
    jobs::Kind,
    phones::Busy,
    refusal::Refusal,
    server_models::ServerModel,
    server_orders::{disk, keypair_name, server_name, share_volume},
    servers::Network,
    shared_apps::Apps,
    shared_store::Files,
    work::{Entries, NewJob, Started, Work},
};

// How long the jobs take (assumed: server-jobs-take-seconds-to-minutes).
const RESTART_MILLISECONDS: RangeInclusive<u64> = 180_000..=360_000;
const CHANGE_MILLISECONDS: RangeInclusive<u64> = 600_000..=1_200_000;
const DELETION_MILLISECONDS: RangeInclusive<u64> = 120_000..=240_000;
const SHORT_MILLISECONDS: RangeInclusive<u64> = 5_000..=15_000;

/// The states in which a server can be given up.
const DELETABLE: [ServerStatus; 4] = [
    ServerStatus::Normal,
    ServerStatus::Abnormal,
    ServerStatus::ShutDown,
    ServerStatus::ShutdownFailed,
];

/// A job on a server.
pub(crate) fn server_job(ordinal: u64, milliseconds: RangeInclusive<u64>) -> NewJob {
    NewJob { ordinal, ..NewJob::new(Kind::Server, milliseconds) }
}

impl<'a> Work<'a> {
    /// `RestartCloudPhoneServer`. Assumed: server-status-while-busy.
    pub(crate) fn restart_servers(&mut self) -> Result<Value, Refusal> {
        let server_ids = self.server_ids()?;
        self.each_server(server_ids, |work, server_id| {
            let server = work.state.servers.named(server_id)?;
            let restartable = [ServerStatus::Normal, ServerStatus::Abnormal];
            server.check(&restartable, work.request_id, "CPS.0158")?;
            let new = server_job(server.ordinal(), RESTART_MILLISECONDS);
            server.begin(work.request_id, ServerStatus::Starting, work.now);
            let started = work.start(server_id, new);
            work.begin_phones(server_id, &started, PhoneStatus::Restarting, |failed| {
                if failed { PhoneStatus::RestartFailed } else { PhoneStatus::Running }
            });
            let afterwards =
                if started.fails { ServerStatus::Abnormal } else { ServerStatus::Normal };
            work.end_server(server_id, &started, afterwards);
            Ok(started.job_id)
        })
    }

    /// `ChangeCloudPhoneServer`. The old phones work until the new ones are there.
    pub(crate) fn change_server(&mut self) -> Result<Value, Refusal> {
        let (server_id, request_id) = (self.argument("server_id"), self.request_id);
        let server = self.state.servers.named(server_id)?;
        let changeable = [ServerStatus::Normal, ServerStatus::Abnormal];
        server.check(&changeable, request_id, "CPS.0099")?;
        let (ordinal, present) = (server.ordinal(), server.status());
        let mut features = server.features.clone();
        let phones = self.phone_order(ServerModel::named(&features.model_name)?)?;
        let body = self.body;
        features.network = Network::Own {
            vpc_id: self.text("tenant_vpc_id").to_owned(),
            subnet_id: self.subnet_id()?,
        };
        features.phone_model_name = Some(phones.model_name.clone());
        if let Some(keypair) = self.keypair()? {
            features.keypair_name = Some(keypair);
        }
        if let Some(zone) = body["availability_zone"].as_str() {
            zone.clone_into(&mut features.availability_zone);
        }
        features.disks = disk(&body["phone_data_volume"]).into_iter().collect();
        features.share_volume = share_volume(&body["server_share_data_volume"]);
        let bandwidth = self.bandwidth(&body["band_width"])?;
        let server = self.state.servers.named(server_id)?;
        server.begin(request_id, ServerStatus::Creating, self.now);
        let started = self.start(server_id, server_job(ordinal, CHANGE_MILLISECONDS));
        let (id, request_id) = (server_id.to_owned(), request_id.to_owned());
        let fails = started.fails;
        self.at_end(&started, move |state, at| {
            let Some(server) = state.servers.get_mut(&id) else {
                return;
            };
            if fails {
                server.end(&request_id, present, at);
            } else if server.end(&request_id, ServerStatus::Normal, at) {
                // These may have been changed meanwhile.
                features.name.clone_from(&server.features.name);
                features.model_name.clone_from(&server.features.model_name);
                server.features = features;
                server.files = Files::default();
                server.apps = Apps::default();
                state.bandwidths.set(&id, bandwidth);
                state.phones.remove_on(&id);
                phones.deliver(state, &id, at, |_| {});
            }
        });
        Ok(json!({ "server_id": server_id, "job_id": started.job_id }))
    }

    /// `DeleteCloudPhoneServer`: all servers of the call, or none.
    pub(crate) fn delete_servers(&mut self) -> Result<Value, Refusal> {
        let (mut server_ids, request_id) = (self.server_ids()?, self.request_id);
        let mut ordinal = 0;
        for server_id in server_ids.iter().rev() {
            let server = self.state.servers.named(server_id)?;
            // Assumed: servers-paid-by-the-month-are-not-deleted.
            let refuses = self.assumptions.servers_paid_by_the_month_are_not_deleted;
            if refuses && server.features.charging_mode != 1 {
                return Err(Refusal::of("CPS.0094"));
            }
            server.check(&DELETABLE, request_id, "CPS.0099")?;
            ordinal = server.ordinal();
        }
        server_ids.sort_unstable();
        server_ids.dedup();
        let first = self.server_ids()?[0];
        let new = NewJob {
            is_shared: server_ids.len() > 1,
            ..server_job(ordinal, DELETION_MILLISECONDS)
        };
        let started = self.start(first, new);
        for server_id in server_ids {
            if server_id != first {
                self.note(Kind::Server, server_id, &started.job_id);
            }
            let now = self.now;
            self.state.servers.named(server_id)?.begin(request_id, ServerStatus::ShuttingDown, now);
            self.begin_phones(server_id, &started, PhoneStatus::ShuttingDown, |_| {
                PhoneStatus::ShutdownFailed
            });
            self.end_server(server_id, &started, ServerStatus::ShutdownFailed);
            let id = server_id.to_owned();
            self.afterwards(&started, move |state, _| {
                state.servers.remove(&id);
                state.phones.remove_on(&id);
                state.encode_servers.remove_on(&id);
                state.bandwidths.remove_of(&id);
                state.tags.remove(&id);
                state.events.retain(|event| !event.is_on(&id));
            });
        }
        Ok(json!({ "job_id": started.job_id }))
    }

    /// `UpdateServerName`.
    pub(crate) fn rename_server(&mut self) -> Result<Value, Refusal> {
        let name = server_name(self.text("server_name"))?;
        let now = self.now;
        let server = self.state.servers.named(self.argument("server_id"))?;
        server.features.name = name;
        server.touch(now);
        Ok(json!({}))
    }

    /// `UpdateKeypair`.
    pub(crate) fn update_keypairs(&mut self) -> Result<Value, Refusal> {
        let body = self.body;
        let servers = body["servers"].as_array().map_or(&[][..], Vec::as_slice);
        if servers.is_empty() {
            return Err(Refusal::of("CPS.0095"));
        }
        let entries = servers.iter().map(|server| {
            let server_id = server["server_id"].as_str().unwrap_or_default();
            let keypair = server["keypair_name"].as_str().unwrap_or_default();
            (server_id, self.update_keypair(server_id, keypair))
        });
        let entries = entries.collect();
        self.answer(Kind::Server, entries)
    }

    fn update_keypair(&mut self, server_id: &str, keypair: &str) -> Result<Arc<str>, Refusal> {
        let server = self.state.servers.named(server_id)?;
        server.check(&[ServerStatus::Normal], self.request_id, "CPS.0098")?;
        let keypair = keypair_name(keypair)?;
        let new = server_job(server.ordinal(), SHORT_MILLISECONDS);
        let (started, id) = (self.start(server_id, new), server_id.to_owned());
        self.afterwards(&started, move |state, at| {
            if let Some(server) = state.servers.get_mut(&id) {
                server.features.keypair_name = Some(keypair);
                server.touch(at);
            }
        });
        Ok(started.job_id)
    }

    /// `AttachShareFilesystem` and `DetachShareFilesystem`. The entries of these answers have no room for a code, so one
    /// server that cannot be taken refuses the call.
    pub(crate) fn change_file_systems(&mut self, attach: bool) -> Result<Value, Refusal> {
        if self.text("type") != "sfs_turbo" {
            return Err(Refusal::of("CPS.0116"));
        }
        let path = self.body["path"].as_str().unwrap_or("/");
        if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return Err(Refusal::of("CPS.0199"));
        }
        let (server_ids, request_id) = (self.server_ids()?, self.request_id);
        for server_id in &server_ids {
            let server = self.state.servers.named(server_id)?;
            server.check(&[ServerStatus::Normal], request_id, "CPS.0099")?;
        }
        let file_system = self.text("id");
        self.each_server(server_ids, |work, server_id| {
            let server = work.state.servers.named(server_id)?;
            let mut new = server_job(server.ordinal(), SHORT_MILLISECONDS);
            // Assumed: attaching-twice-fails-the-job.
            let possible = server.file_systems.contains(file_system) != attach;
            let fails = !possible && work.assumptions.attaching_twice_fails_the_job;
            new.failure = fails.then(|| "CPS.0003".to_owned());
            let started = work.start(server_id, new);
            let (id, file_system) = (server_id.to_owned(), file_system.to_owned());
            work.afterwards(&started, move |state, at| {
                if let Some(server) = state.servers.get_mut(&id) {
                    if attach {
                        server.file_systems.insert(file_system);
                    } else {
                        server.file_systems.remove(&file_system);
                    }
                    server.touch(at);
                }
            });
            Ok(started.job_id)
        })
    }

    /// The servers that the body names, one at least.
    pub(crate) fn server_ids(&self) -> Result<Vec<&'a str>, Refusal> {
        let server_ids = self.texts("server_ids");
        if server_ids.is_empty() { Err(Refusal::of("CPS.0095")) } else { Ok(server_ids) }
    }

    /// Treats each server by itself.
    pub(crate) fn each_server(
        &mut self,
        server_ids: Vec<&str>,
        mut treat: impl FnMut(&mut Self, &str) -> Result<Arc<str>, Refusal>,
    ) -> Result<Value, Refusal> {
        let entries: Entries<'_> =
            server_ids.into_iter().map(|server_id| (server_id, treat(self, server_id))).collect();
        self.answer(Kind::Server, entries)
    }

    /// Makes the phones of a server busy until the end of its job; frozen ones and those being made are left alone.
    fn begin_phones(
        &mut self,
        server_id: &str,
        job: &Started,
        status: PhoneStatus,
        afterwards: impl Fn(bool) -> PhoneStatus,
    ) {
        let now = self.now;
        for phone in self.state.phones.on(server_id) {
            if !matches!(phone.status(now), PhoneStatus::Frozen | PhoneStatus::Creating) {
                let busy = Busy {
                    request_id: self.request_id.to_owned(),
                    status,
                    end: job.end,
                    afterwards: afterwards(job.fails),
                };
                phone.begin(busy, now);
            }
        }
    }

    /// Plans which status a server has after its job.
    fn end_server(&mut self, server_id: &str, job: &Started, afterwards: ServerStatus) {
        let (id, request_id) = (server_id.to_owned(), self.request_id.to_owned());
        self.at_end(job, move |state, at| {
            if let Some(server) = state.servers.get_mut(&id) {
                server.end(&request_id, afterwards, at);
            }
        });
    }
}
