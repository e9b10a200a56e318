//! The encoding services of servers, and their restart.

use std::{
    sync::Arc,
    {collections::HashMap, time::SystemTime},
};

use cph_core::{EncodeServerFilter, EncodeServerStatus};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    chance,
    fleet::is_id,
    jobs::Kind,
    phones::Page,
    refusal::Refusal,
    servers::Servers,
    work::{NewJob, Work},
};

/// How long a restart takes (assumed: server-jobs-take-seconds-to-minutes).
const MILLISECONDS: std::ops::RangeInclusive<u64> = 20_000..=40_000;

/// What a server runs: a service on the server itself and one in a container.
const TYPES: [i64; 2] = [0, 1];

pub(crate) struct EncodeServer {
    pub(crate) id: String,
    ordinal: u64,
    pub(crate) server_id: String,
    kind: i64,
    /// The filter knows more states than the answers.
    status: EncodeServerFilter,
    busy_with: Option<Arc<str>>,
}

/// Every encoding service, by id.
pub(crate) struct EncodeServers {
    all: IndexMap<String, EncodeServer>,
    seed: u64,
    made: u64,
}

impl EncodeServer {
    pub(crate) fn set_status(&mut self, status: EncodeServerFilter) {
        self.status = status;
        self.busy_with = None;
    }

    /// As answers say it. Assumed: frozen-encoder-answers-abnormal.
    pub(crate) fn answered_status(&self) -> i64 {
        match self.status {
            EncodeServerFilter::Running => EncodeServerStatus::Running.code(),
            EncodeServerFilter::Restarting => EncodeServerStatus::Restarting.code(),
            // The 4 of the answer; as a filter it means frozen.
            EncodeServerFilter::Creating => 4,
            _ => EncodeServerStatus::Abnormal.code(),
        }
    }

    fn answer(&self, servers: &Servers) -> Value {
        let (third, fourth) = (self.ordinal / 250 % 250, self.ordinal % 250 + 1);
        let (ip, server_ip) =
            (format!("10.237.{third}.{fourth}"), format!("172.31.{third}.{fourth}"));
        let port = |name: &str, port: u32| {
            json!({
                "listen_port": port,
                "access_ip": "",
                "intranet_ip": server_ip,
                "public_ip": "",
                "server_ip": server_ip,
                "access_port": port,
                "type": name,
            })
        };
        let server = servers.get(&self.server_id);
        let keypair = server.and_then(|server| server.features.keypair_name.as_deref());
        json!({
            "encode_server_name": format!("ENCODE_SERVER_{}", self.ordinal + 1),
            "encode_server_id": self.id,
            "encode_server_ip": ip,
            "server_id": self.server_id,
            "keypair_name": keypair.unwrap_or_default(),
            "type": self.kind,
            "status": self.answered_status(),
            "access_infos": [port("cph_app_server", 6900), port("cph_h5_server", 6901)],
        })
    }
}

impl EncodeServers {
    pub(crate) fn new(servers: &Servers, seed: u64) -> Self {
        let mut encode_servers = Self { all: IndexMap::new(), seed, made: 0 };
        for server in servers.iter() {
            encode_servers.add(&server.id, EncodeServerFilter::Running);
        }
        encode_servers
    }

    /// Adds those of a server.
    pub(crate) fn add(&mut self, server_id: &str, status: EncodeServerFilter) {
        for kind in TYPES {
            let id = chance::id(self.seed, "encode server", self.made);
            let encode_server = EncodeServer {
                id: id.clone(),
                ordinal: self.made,
                server_id: server_id.to_owned(),
                kind,
                status,
                busy_with: None,
            };
            self.all.insert(id, encode_server);
            self.made += 1;
        }
    }

    pub(crate) fn remove_on(&mut self, server_id: &str) {
        self.all.retain(|_, encode_server| encode_server.server_id != server_id);
    }

    /// Those of a server that was being made are up.
    pub(crate) fn made_on(&mut self, server_id: &str) {
        for encode_server in self.all.values_mut() {
            if encode_server.server_id == server_id {
                encode_server.set_status(EncodeServerFilter::Running);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &EncodeServer> {
        self.all.values()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&EncodeServer> {
        self.all.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut EncodeServer> {
        self.all.get_mut(id)
    }

    fn named(&mut self, id: &str) -> Result<&mut EncodeServer, Refusal> {
        if !is_id(id) {
            return Err(Refusal::of("CPS.0121"));
        }
        self.all.get_mut(id).ok_or_else(|| Refusal::of("CPS.0123"))
    }

    /// `ListEncodeServers`.
    pub(crate) fn list(&self, query: &HashMap<String, String>, servers: &Servers) -> Value {
        let asked = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let number = |name: &str| asked(name).and_then(|value| value.parse::<i64>().ok());
        let (kind, status) = (number("type"), number("status").map(EncodeServerFilter::from_code));
        let matching: Vec<&EncodeServer> = self
            .iter()
            .filter(|encode_server| {
                kind.is_none_or(|kind| kind == encode_server.kind)
                    && status.is_none_or(|status| status == encode_server.status)
                    && asked("server_id").is_none_or(|server| *server == encode_server.server_id)
            })
            .collect();
        let page = Page::of(query);
        let encode_servers: Vec<Value> =
            page.slice(&matching).iter().map(|found| found.answer(servers)).collect();
        json!({ "encode_servers": encode_servers })
    }
}

impl Work<'_> {
    /// `RestartEncodeServer`.
    pub(crate) fn restart_encode_servers(&mut self) -> Result<Value, Refusal> {
        let ids = self.texts("encode_server_ids");
        if ids.is_empty() {
            return Err(Refusal::of("CPS.0122"));
        }
        let entries = ids.into_iter().map(|id| (id, self.restart_encode_server(id))).collect();
        self.answer(Kind::EncodeServer, entries)
    }

    fn restart_encode_server(&mut self, id: &str) -> Result<Arc<str>, Refusal> {
        let encode_server = self.state.encode_servers.named(id)?;
        match encode_server.status {
            EncodeServerFilter::Creating => return Err(Refusal::of("CPS.0124")),
            EncodeServerFilter::Frozen => return Err(Refusal::of("CPS.0195")),
            _ => {}
        }
        let new = NewJob {
            ordinal: encode_server.ordinal,
            ..NewJob::new(Kind::EncodeServer, MILLISECONDS)
        };
        encode_server.set_status(EncodeServerFilter::Restarting);
        encode_server.busy_with = Some(self.request_id.to_owned());
        let started = self.start(id, new);
        let afterwards =
            if started.fails { EncodeServerFilter::Abnormal } else { EncodeServerFilter::Running };
        let (id, request_id) = (id.to_owned(), self.request_id.to_owned());
        self.at_end(&started, move |state, _: SystemTime| {
            let found = state.encode_servers.get_mut(&id);
            if let Some(found) = found.filter(|found| found.busy_with == Some(request_id)) {
                found.set_status(afterwards);
            }
        });
        Ok(started.job_id)
    }
}
