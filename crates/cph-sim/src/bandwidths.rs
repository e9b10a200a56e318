//! The bandwidths of servers.

use std::{collections::HashMap, time::SystemTime};

use serde_json::{Value, json};

use crate::{
    chance,
    phones::Page,
    refusal::Refusal,
    servers::{Network, Server, Servers},
    timestamp,
    work::Work,
};

#[derive(Clone)]
pub(crate) struct Bandwidth {
    pub(crate) id: String,
    /// In Mbit/s.
    pub(crate) size: i64,
    /// 0 by bandwidth, 1 by traffic.
    pub(crate) charge_mode: i64,
    /// 0 dedicated, 1 shared.
    pub(crate) share_type: i64,
    /// `None`: all servers on the system network share it.
    pub(crate) server_id: Option<String>,
    /// Only those of the system network can be listed and changed.
    pub(crate) on_system_network: bool,
    pub(crate) create_time: SystemTime,
    pub(crate) update_time: SystemTime,
}

/// Every bandwidth, in the order of the list.
pub(crate) struct Bandwidths(Vec<Bandwidth>);

impl Bandwidth {
    fn answer(&self) -> Value {
        json!({
            "band_width_name": format!("BANDWIDTH_{}", self.id.replace('-', "")),
            "band_width_id": self.id,
            "band_width_size": self.size,
            "band_width_charge_mode": self.charge_mode,
            "band_width_share_type": self.share_type,
            "create_time": timestamp::to_second(self.create_time),
            "update_time": timestamp::to_second(self.update_time),
        })
    }
}

impl Bandwidths {
    /// One that all servers share, and one of each server's own.
    pub(crate) fn new(servers: &Servers, seed: u64, now: SystemTime) -> Self {
        let owners = servers.iter().map(|server| Some(server.id.clone()));
        let bandwidths =
            std::iter::once(None).chain(owners).zip(0..).map(|(server_id, number)| Bandwidth {
                id: chance::uuid(seed, "bandwidth", number),
                size: 300,
                charge_mode: 0,
                share_type: i64::from(server_id.is_none()),
                server_id,
                on_system_network: true,
                create_time: now,
                update_time: now,
            });
        Self(bandwidths.collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bandwidth> {
        self.0.iter()
    }

    /// Adds the bandwidth of a server, instead of any that it has.
    pub(crate) fn set(&mut self, server_id: &str, bandwidth: Bandwidth) {
        self.remove_of(server_id);
        self.0.push(Bandwidth { server_id: Some(server_id.to_owned()), ..bandwidth });
    }

    pub(crate) fn remove_of(&mut self, server_id: &str) {
        self.0.retain(|bandwidth| bandwidth.server_id.as_deref() != Some(server_id));
    }

    /// Those that a server uses.
    pub(crate) fn of(&self, server: &Server) -> Vec<Value> {
        let system = matches!(server.features.network, Network::System);
        let uses = |bandwidth: &&Bandwidth| match &bandwidth.server_id {
            Some(server_id) => *server_id == server.id,
            None => system,
        };
        self.0.iter().filter(uses).map(Bandwidth::answer).collect()
    }

    /// `ShowBandwidthDetail`.
    pub(crate) fn list(&self, query: &HashMap<String, String>) -> Value {
        let listed: Vec<&Bandwidth> =
            self.0.iter().filter(|bandwidth| bandwidth.on_system_network).collect();
        let page = Page::of(query);
        let bandwidths: Vec<Value> =
            page.slice(&listed).iter().map(|bandwidth| bandwidth.answer()).collect();
        json!({ "band_widths": bandwidths })
    }
}

impl Work<'_> {
    /// `UpdateBandwidth`.
    pub(crate) fn update_bandwidth(&mut self) -> Result<Value, Refusal> {
        let id = self.argument("band_width_id");
        let size = self.body["band_width_size"].as_i64().unwrap_or_default();
        let mut bandwidths = self.state.bandwidths.0.iter_mut();
        let bandwidth = bandwidths
            .find(|bandwidth| bandwidth.on_system_network && bandwidth.id == id)
            .ok_or_else(|| Refusal::of("CPS.0115"))?;
        if bandwidth.share_type != 1 {
            return Err(Refusal::of("CPS.0160"));
        }
        if !is_size(size) {
            return Err(Refusal::of("CPS.0036"));
        }
        bandwidth.size = size;
        bandwidth.update_time = self.now;
        Ok(json!({}))
    }
}

/// In steps of 1 up to 300, of 50 from there to 1000, of 500 beyond.
fn is_size(size: i64) -> bool {
    match size {
        ..=0 => false,
        1..=300 => true,
        301..=1000 => size % 50 == 0,
        _ => size % 500 == 0,
    }
}
