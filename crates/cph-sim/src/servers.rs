//! The servers, what they are doing, and how they are shown.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use cph_core::ServerStatus;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    bandwidths::Bandwidths,
    chance,
    fleet::is_id,
    phones::{Page, Phones},
    refusal::Refusal,
    server_models::ServerModel,
    shared_apps::Apps,
    shared_store::Files,
    timestamp,
};

pub(crate) struct Server {
    pub(crate) id: String,
    ordinal: u64,
    pub(crate) features: Features,
    status: ServerStatus,
    /// The call whose job it waits for.
    busy_with: Option<Arc<str>>,
    /// The network file systems that it has mounted.
    pub(crate) file_systems: BTreeSet<String>,
    pub(crate) files: Files,
    pub(crate) apps: Apps,
    create_time: SystemTime,
    update_time: SystemTime,
}

/// What a server was bought as, and may be changed to.
#[derive(Clone)]
pub(crate) struct Features {
    pub(crate) name: String,
    pub(crate) model_name: String,
    /// `None`: a server without phones.
    pub(crate) phone_model_name: Option<String>,
    pub(crate) keypair_name: Option<String>,
    pub(crate) network: Network,
    pub(crate) order_id: String,
    pub(crate) product_id: String,
    /// 0 by the year or month, 1 by use.
    pub(crate) charging_mode: i64,
    pub(crate) availability_zone: String,
    pub(crate) enterprise_project_id: String,
    pub(crate) disks: Vec<Disk>,
    /// The storage that its phones share.
    pub(crate) share_volume: Option<ShareVolume>,
}

#[derive(Clone)]
pub(crate) enum Network {
    /// The vendor's, v1.
    System,
    /// The user's own, v2.
    Own { vpc_id: String, subnet_id: String },
}

#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) volume_type: String,
    pub(crate) size: i64,
}

#[derive(Clone)]
pub(crate) struct ShareVolume {
    pub(crate) disk: Disk,
    /// 0 for shared storage 1.0, 1 for 2.0.
    pub(crate) version: i64,
}

/// Every server, the oldest first.
pub(crate) struct Servers {
    all: IndexMap<String, Server>,
    seed: u64,
    /// How many there ever were.
    made: u64,
    /// How many orders there ever were.
    pub(crate) orders: u64,
}

impl Server {
    pub(crate) fn status(&self) -> ServerStatus {
        self.status
    }

    pub(crate) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Puts it into a status; whatever it was doing does not touch it any more.
    pub(crate) fn set_status(&mut self, status: ServerStatus, now: SystemTime) {
        self.status = status;
        self.busy_with = None;
        self.update_time = now;
    }

    /// Makes it busy until [`end`](Self::end).
    pub(crate) fn begin(&mut self, request_id: &str, status: ServerStatus, now: SystemTime) {
        self.set_status(status, now);
        self.busy_with = Some(request_id.into());
    }

    /// Ends what a call began, unless something else came between; returns whether nothing did.
    pub(crate) fn end(&mut self, request_id: &str, status: ServerStatus, now: SystemTime) -> bool {
        let ends = self.is_busy_with(request_id);
        if ends {
            self.set_status(status, now);
        }
        ends
    }

    pub(crate) fn touch(&mut self, now: SystemTime) {
        self.update_time = now;
    }

    pub(crate) fn busy_with(&self) -> Option<&str> {
        self.busy_with.as_deref()
    }

    fn is_busy_with(&self, request_id: &str) -> bool {
        self.busy_with.as_deref() == Some(request_id)
    }

    /// Refuses it with this code, unless its status is one of these or this very call made it busy.
    pub(crate) fn check(
        &self,
        statuses: &[ServerStatus],
        request_id: &str,
        code: &str,
    ) -> Result<(), Refusal> {
        match self.status {
            ServerStatus::Frozen => Err(Refusal::of("CPS.1028")),
            status if statuses.contains(&status) || self.is_busy_with(request_id) => Ok(()),
            _ => Err(Refusal::of(code)),
        }
    }

    /// What a list of servers and the details of one have in common.
    fn answer(&self, seed: u64) -> Value {
        let features = &self.features;
        let (third, fourth) = (self.ordinal / 250 % 250, self.ordinal % 250 + 1);
        let (version, cidr, vpc_id, subnet_id, server_ip) = match &features.network {
            Network::System => (
                "v1",
                "172.31.0.0/16",
                chance::uuid(seed, "system vpc", 0),
                chance::uuid(seed, "system subnet", 0),
                format!("172.31.{third}.{fourth}"),
            ),
            Network::Own { vpc_id, subnet_id } => (
                "v2",
                "192.168.0.0/16",
                vpc_id.clone(),
                subnet_id.clone(),
                format!("192.168.{third}.{fourth}"),
            ),
        };
        let public_ip = format!("10.246.{third}.{fourth}");
        let mut answer = json!({
            "server_name": features.name,
            "availability_zone": features.availability_zone,
            "server_id": self.id,
            "server_model_name": features.model_name,
            "status": self.status.code(),
            "vpc_id": vpc_id,
            "cidr": cidr,
            "vpc_cidr": cidr,
            "subnet_id": subnet_id,
            "subnet_cidr": cidr,
            "addresses": [{
                "intranet_ip": server_ip,
                "access_ip": public_ip,
                "server_ip": server_ip,
                "public_ip": public_ip,
            }],
            "resource_project_id": chance::id(seed, "resource project", 0),
            "metadata": {
                "product_id": features.product_id,
                "order_id": features.order_id,
                "charging_mode": features.charging_mode,
            },
            "network_version": version,
            "enterprise_project_id": features.enterprise_project_id,
            "create_time": timestamp::to_second(self.create_time),
            "update_time": timestamp::to_second(self.update_time),
        });
        for (field, value) in [
            ("phone_model_name", &features.phone_model_name),
            ("keypair_name", &features.keypair_name),
        ] {
            if let Some(value) = value {
                answer[field] = value.as_str().into();
            }
        }
        answer
    }

    fn details(&self, seed: u64, bandwidths: &Bandwidths) -> Value {
        let features = &self.features;
        let mut details = self.answer(seed);
        details["band_widths"] = bandwidths.of(self).into();
        let volume = |(disk, number): (&Disk, u64)| {
            let purpose = format!("disk {}", self.id);
            json!({
                "volume_name": format!("VOLUME_{}", chance::id(seed, &purpose, number)),
                "volume_id": chance::uuid(seed, &purpose, number),
                "volume_size": disk.size,
                "volume_type": disk.volume_type,
                "create_time": timestamp::to_second(self.create_time),
                "update_time": timestamp::to_second(self.create_time),
            })
        };
        details["volumes"] = features.disks.iter().zip(0..).map(volume).collect();
        if let Some(ShareVolume { disk, version }) = &features.share_volume {
            details["share_volume_info"] = json!({
                "volume_type": disk.volume_type,
                "size": disk.size,
                "version": version,
            });
        }
        details["security_groups"] = match features.network {
            Network::System => json!([]),
            Network::Own { .. } => json!([chance::uuid(seed, "security group", 0)]),
        };
        details
    }
}

impl Servers {
    /// The servers that the phones are on, and others up to this number, if one is asked for.
    pub(crate) fn new(phones: &Phones, asked: Option<usize>, seed: u64, now: SystemTime) -> Self {
        let mut servers = Self { all: IndexMap::new(), seed, made: 0, orders: 0 };
        let others =
            (0..asked.unwrap_or_default() as u64).map(|number| chance::id(seed, "server", number));
        let placed =
            phones.iter().map(|phone| (phone.server_id.clone(), phone.model_name().to_owned()));
        let placed = placed.chain(others.map(|id| (id, "rx1.cp.c60.d10.e1v1".to_owned())));
        for (id, phone_model) in placed {
            if servers.all.contains_key(&id) {
                continue;
            }
            let number = servers.made;
            let features = Features {
                name: format!("server-{:04}", number + 1),
                model_name: ServerModel::for_phones(&phone_model).to_owned(),
                phone_model_name: Some(phone_model),
                keypair_name: Some("KeyPair-sim".to_owned()),
                network: Network::System,
                order_id: format!("CS{:015}", number + 1),
                product_id: "00301-221014-0--0".to_owned(),
                charging_mode: 1,
                availability_zone: "sim-az1".to_owned(),
                enterprise_project_id: "0".to_owned(),
                disks: vec![Disk { volume_type: "SSD".to_owned(), size: 600 }],
                share_volume: Some(ShareVolume {
                    disk: Disk { volume_type: "GPSSD".to_owned(), size: 50 },
                    version: 0,
                }),
            };
            servers.add(id, features, now).status = ServerStatus::Normal;
        }
        servers
    }

    /// Adds a server that is being made.
    pub(crate) fn add(&mut self, id: String, features: Features, now: SystemTime) -> &mut Server {
        let server = Server {
            id: id.clone(),
            ordinal: self.made,
            features,
            status: ServerStatus::Creating,
            busy_with: None,
            file_systems: BTreeSet::new(),
            files: Files::default(),
            apps: Apps::default(),
            create_time: now,
            update_time: now,
        };
        self.made += 1;
        self.all.entry(id).or_insert(server)
    }

    /// The id that the next new server is to have.
    pub(crate) fn next_id(&self) -> String {
        chance::id(self.seed, "new server", self.made)
    }

    pub(crate) fn remove(&mut self, server_id: &str) {
        self.all.shift_remove(server_id);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Server> {
        self.all.values()
    }

    pub(crate) fn get(&self, server_id: &str) -> Option<&Server> {
        self.all.get(server_id)
    }

    pub(crate) fn get_mut(&mut self, server_id: &str) -> Option<&mut Server> {
        self.all.get_mut(server_id)
    }

    /// The server that a target or a path names, or why it names none. Assumed: unknown-server-is-0159.
    pub(crate) fn named(&mut self, server_id: &str) -> Result<&mut Server, Refusal> {
        if !is_id(server_id) {
            return Err(Refusal::of("CPS.0097"));
        }
        self.all.get_mut(server_id).ok_or_else(|| Refusal::of("CPS.0159"))
    }

    /// `ListCloudPhoneServers`: the newest comes first.
    pub(crate) fn list(&self, query: &HashMap<String, String>, in_milliseconds: bool) -> Value {
        let asked = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let number = |name: &str| asked(name).and_then(|value| value.parse::<i64>().ok());
        let status = number("status").map(ServerStatus::from_code);
        let (since, until) = (number("create_since"), number("create_until"));
        let mut matching: Vec<(&Server, Value)> =
            self.iter().map(|server| (server, server.answer(self.seed))).collect();
        matching.retain(|(server, answer)| {
            // Assumed: create-since-in-milliseconds.
            let created = server.create_time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let created =
                if in_milliseconds { created.as_millis() } else { created.as_secs().into() };
            let created = i64::try_from(created).unwrap_or(i64::MAX);
            asked("server_name").is_none_or(|part| server.features.name.contains(part.as_str()))
                && ["server_id", "network_version", "phone_model_name"]
                    .iter()
                    .all(|field| asked(field).is_none_or(|value| answer[*field] == value.as_str()))
                && status.is_none_or(|status| status == server.status)
                && since.is_none_or(|since| since <= created)
                && until.is_none_or(|until| created <= until)
        });
        matching.sort_by_key(|(server, _)| std::cmp::Reverse(server.create_time));
        let servers: Vec<&Value> =
            Page::of(query).slice(&matching).iter().map(|(_, answer)| answer).collect();
        json!({ "count": matching.len(), "servers": servers })
    }

    /// `ShowCloudPhoneServerDetail`.
    pub(crate) fn show(
        &mut self,
        server_id: &str,
        bandwidths: &Bandwidths,
    ) -> Result<Value, Refusal> {
        let seed = self.seed;
        Ok(self.named(server_id)?.details(seed, bandwidths))
    }
}
