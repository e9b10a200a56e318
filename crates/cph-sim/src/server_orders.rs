//! What is bought: servers, with phones or without, and other flavors for them.

use std::{ops::RangeInclusive, time::SystemTime};

use cph_core::{EncodeServerFilter, PhoneStatus, ServerStatus};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    bandwidths::Bandwidth,
    chance,
    changes::is_of_names,
    fleet::FleetPhone,
    phones::{Busy, Phone},
    properties,
    refusal::Refusal,
    server_models::{self, ServerModel},
    servers::{Disk, Features, Network, ShareVolume},
    simulator::State,
    work::Work,
};

/// How long servers are being made (assumed: server-jobs-take-seconds-to-minutes).
const CREATION_MILLISECONDS: RangeInclusive<u64> = 300_000..=600_000;

/// About two minutes, says the page.
const MODEL_MILLISECONDS: RangeInclusive<u64> = 110_000..=130_000;

const MAX_SERVERS: i64 = 10;
const MAX_NAME_CHARS: usize = 60;
const MAX_KEYPAIR_BYTES: usize = 64;

/// The phones that come with a server.
#[derive(Clone)]
pub(crate) struct PhoneOrder {
    pub(crate) model_name: String,
    count: u64,
    image_id: String,
    property: Option<IndexMap<String, String>>,
}

impl PhoneOrder {
    /// Puts the phones on a server; they are named from it (assumed: new-phones-are-named-from-their-server).
    pub(crate) fn deliver(
        &self,
        state: &mut State,
        server_id: &str,
        now: SystemTime,
        mut ready: impl FnMut(&mut Phone),
    ) {
        let Some(server) = state.servers.get(server_id) else {
            return;
        };
        let server_name = server.features.name.clone();
        for number in 1..=self.count {
            let phone = FleetPhone {
                phone_id: state.phones.next_id(),
                server_id: Some(server_id.to_owned()),
                phone_name: Some(format!("{server_name}-{number:04}")),
                status: PhoneStatus::Running,
                image_id: Some(self.image_id.clone()),
                property: None,
                phone_model_name: Some(self.model_name.clone()),
            };
            ready(state.phones.add(phone, self.property.as_ref(), now));
        }
    }
}

impl Work<'_> {
    /// `CreateNet2CloudPhoneServer`.
    pub(crate) fn order_servers_with_phones(&mut self) -> Result<Value, Refusal> {
        let model = ServerModel::named(self.text("server_model_name"))?;
        let phones = self.phone_order(model)?;
        let body = self.body;
        let charging_mode = charging_mode(&body["extend_param"])?;
        let features = Features {
            phone_model_name: Some(phones.model_name.clone()),
            network: Network::Own {
                vpc_id: self.text("tenant_vpc_id").to_owned(),
                subnet_id: self.subnet_id()?,
            },
            enterprise_project_id: enterprise_project(&body["extend_param"]),
            disks: disk(&body["phone_data_volume"]).into_iter().collect(),
            share_volume: share_volume(&body["server_share_data_volume"]),
            ..self.features(model, charging_mode)?
        };
        let bandwidth = self.bandwidth(&body["band_width"])?;
        self.order(&features, &bandwidth, Some(&phones))
    }

    /// `CreateCloudPhoneSingleServer`.
    pub(crate) fn order_servers(&mut self) -> Result<Value, Refusal> {
        let model = ServerModel::named(self.text("server_model_name"))?;
        let body = self.body;
        let charging_mode = charging_mode(&body["order_param"])?;
        let disks = match disk(&body["data_volume"]) {
            Some(disk) => {
                let count = body["data_volume"]["count"].as_i64().unwrap_or(1);
                if !(1..=model.disk_max_num).contains(&count) {
                    return Err(Refusal::of("CPS.0024"));
                }
                (0..count).map(|_| disk.clone()).collect()
            }
            None => Vec::new(),
        };
        let features = Features {
            network: Network::Own {
                vpc_id: chance::uuid(self.seed, "vpc", 0),
                subnet_id: self.subnet_id()?,
            },
            enterprise_project_id: enterprise_project(body),
            disks,
            ..self.features(model, charging_mode)?
        };
        let bandwidth = self.bandwidth(&body["public_ip"]["band_width"])?;
        self.order(&features, &bandwidth, None)
    }

    /// `ChangeCloudPhoneServerModel`.
    pub(crate) fn change_server_model(&mut self) -> Result<Value, Refusal> {
        auto_flags(&self.body["extend_param"])?;
        let (server_id, request_id) = (self.text("server_id"), self.request_id);
        let server = self.state.servers.named(server_id)?;
        server.check(&[ServerStatus::Normal], request_id, "CPS.0099")?;
        let ordinal = server.ordinal();
        let present = server.features.phone_model_name.as_deref();
        let present = present.and_then(server_models::capacity);
        let generation = server_models::generation(&server.features.model_name).to_owned();
        let model = ServerModel::named(self.text("server_model_name"))?;
        if model.generation() != generation {
            return Err(Refusal::of("CPS.0089"));
        }
        let phone_model = self.text("phone_model_name");
        if Some(model.phones(phone_model)?) != present {
            return Err(Refusal::of("CPS.0157"));
        }
        let at = self.later(ordinal, MODEL_MILLISECONDS);
        let (server_id, phone_model) = (server_id.to_owned(), phone_model.to_owned());
        self.state.pending.plan(at, move |state, at| {
            let Some(server) = state.servers.get_mut(&server_id) else {
                return;
            };
            model.name.clone_into(&mut server.features.model_name);
            server.features.phone_model_name = Some(phone_model.clone());
            server.touch(at);
            for phone in state.phones.on(&server_id) {
                phone.set_model_name(&phone_model, at);
            }
        });
        let (order_id, product_id) = self.next_order();
        Ok(json!({ "order_id": order_id, "product_id": product_id }))
    }

    /// The phones that a server of this flavor is to have.
    pub(crate) fn phone_order(&self, model: &ServerModel) -> Result<PhoneOrder, Refusal> {
        let model_name = self.text("phone_model_name").to_owned();
        Ok(PhoneOrder {
            count: model.phones(&model_name)?,
            model_name,
            image_id: self.image()?.unwrap_or_default().to_owned(),
            property: properties::read(self.body["property"].as_str(), self.assumptions)?,
        })
    }

    /// The subnet of the first network interface.
    pub(crate) fn subnet_id(&self) -> Result<String, Refusal> {
        let subnet_id = self.body["nics"][0]["subnet_id"].as_str();
        subnet_id.map(str::to_owned).ok_or_else(|| Refusal::of("CPS.0226"))
    }

    /// The key pair of the body, if it names one.
    pub(crate) fn keypair(&self) -> Result<Option<String>, Refusal> {
        self.body["keypair_name"].as_str().map(keypair_name).transpose()
    }

    /// The bandwidth of a body.
    pub(crate) fn bandwidth(&self, ordered: &Value) -> Result<Bandwidth, Refusal> {
        let number = |name: &str| ordered[name].as_i64();
        let charge_mode = number("band_width_charge_mode").filter(|mode| matches!(mode, 0 | 1));
        let share_type = number("band_width_share_type").filter(|kind| matches!(kind, 0 | 1));
        let share_type = share_type.ok_or_else(|| Refusal::of("CPS.0034"))?;
        let shared_id = ordered["band_width_id"].as_str().filter(|id| !id.is_empty());
        if share_type == 1 && shared_id.is_none() {
            return Err(Refusal::of("CPS.0032"));
        }
        let size = number("band_width_size").filter(|size| *size > 0);
        if share_type == 0 && size.is_none() {
            return Err(Refusal::of("CPS.0036"));
        }
        let own = chance::uuid(self.seed, "bought bandwidth", self.state.servers.orders);
        Ok(Bandwidth {
            id: shared_id.filter(|_| share_type == 1).map_or(own, str::to_owned),
            size: size.unwrap_or(300),
            charge_mode: charge_mode.ok_or_else(|| Refusal::of("CPS.0035"))?,
            share_type,
            server_id: None,
            on_system_network: false,
            create_time: self.now,
            update_time: self.now,
        })
    }

    /// What all new servers have in common.
    fn features(&self, model: &ServerModel, charging_mode: i64) -> Result<Features, Refusal> {
        let zone = self.text("availability_zone");
        Ok(Features {
            name: server_name(self.text("server_name"))?,
            model_name: model.name.to_owned(),
            phone_model_name: None,
            keypair_name: self.keypair()?,
            network: Network::System,
            order_id: String::new(),
            product_id: String::new(),
            charging_mode,
            availability_zone: if zone.is_empty() { "sim-az1" } else { zone }.to_owned(),
            enterprise_project_id: String::new(),
            disks: Vec::new(),
            share_volume: None,
        })
    }

    /// Places an order; what it is for is delivered whether it is paid at once or not (assumed: open-orders-are-paid).
    fn order(
        &mut self,
        features: &Features,
        bandwidth: &Bandwidth,
        phones: Option<&PhoneOrder>,
    ) -> Result<Value, Refusal> {
        let count = self.body["count"].as_i64().unwrap_or_default();
        if !(1..=MAX_SERVERS).contains(&count) {
            return Err(Refusal::of("CPS.0024"));
        }
        let (order_id, product_id) = self.next_order();
        let mut server_ids = Vec::new();
        for number in 1..=count {
            let name = &features.name;
            let features = Features {
                name: if count == 1 { name.clone() } else { format!("{name}-{number:04}") },
                order_id: order_id.clone(),
                product_id: product_id.clone(),
                ..features.clone()
            };
            server_ids.push(self.make_server(features, bandwidth.clone(), phones));
        }
        Ok(json!({ "order_id": order_id, "product_id": product_id, "server_ids": server_ids }))
    }

    fn make_server(
        &mut self,
        features: Features,
        bandwidth: Bandwidth,
        phones: Option<&PhoneOrder>,
    ) -> String {
        let id = self.state.servers.next_id();
        let is_paid = self.assumptions.open_orders_are_paid
            || ["extend_param", "order_param"]
                .iter()
                .any(|paid| self.body[*paid]["is_auto_pay"] == 1);
        let (now, request_id) = (self.now, self.request_id.to_owned());
        let server = self.state.servers.add(id.clone(), features, now);
        server.begin(&request_id, ServerStatus::Creating, now);
        let ordinal = server.ordinal();
        let at = self.later(ordinal, CREATION_MILLISECONDS);
        self.state.bandwidths.set(&id, bandwidth);
        if let Some(phones) = phones {
            self.state.encode_servers.add(&id, EncodeServerFilter::Creating);
            phones.deliver(self.state, &id, now, |phone| {
                let busy = Busy {
                    request_id: request_id.clone(),
                    status: PhoneStatus::Creating,
                    end: is_paid.then_some(at),
                    afterwards: PhoneStatus::Running,
                };
                phone.begin(busy, now);
            });
        }
        if !is_paid {
            return id;
        }
        let server_id = id.clone();
        self.state.pending.plan(at, move |state, at| {
            if let Some(server) = state.servers.get_mut(&server_id) {
                server.end(&request_id, ServerStatus::Normal, at);
                state.encode_servers.made_on(&server_id);
            }
        });
        id
    }

    /// Ids of a new order and of what it is for.
    fn next_order(&mut self) -> (String, String) {
        let number = self.state.servers.orders;
        self.state.servers.orders += 1;
        let mut rng = chance::rng(self.seed, "order", &[number]);
        (
            format!("CS{}", chance::digits(&mut rng, 15)),
            format!("OFFI{}", chance::digits(&mut rng, 18)),
        )
    }

    /// A time that lies so far ahead.
    fn later(&self, ordinal: u64, milliseconds: RangeInclusive<u64>) -> SystemTime {
        let mut rng = chance::rng(self.seed, self.operation, &[ordinal]);
        self.now + self.takes(rng.u64(milliseconds), 1.0)
    }
}

/// A name that a server may have.
pub(crate) fn server_name(name: &str) -> Result<String, Refusal> {
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && name.chars().all(is_of_names) {
        Ok(name.to_owned())
    } else {
        Err(Refusal::of("CPS.0087"))
    }
}

/// The name of a key pair (assumed: what-a-call-names-exists).
pub(crate) fn keypair_name(name: &str) -> Result<String, Refusal> {
    match name.len() {
        0 => Err(Refusal::of("CPS.0068")),
        1..=MAX_KEYPAIR_BYTES => Ok(name.to_owned()),
        _ => Err(Refusal::of("CPS.0067")),
    }
}

/// Checks how an order is paid, and says whether by the year or month or by use.
fn charging_mode(paid: &Value) -> Result<i64, Refusal> {
    let number = |name: &str| paid[name].as_i64().unwrap_or_default();
    let charging_mode = number("charging_mode");
    if !matches!(charging_mode, 0 | 1) {
        return Err(Refusal::of("CPS.0056"));
    }
    let periods = match number("period_type") {
        2 => 1..=9,
        3 => 1..=10,
        _ => return Err(Refusal::of("CPS.0057")),
    };
    if !periods.contains(&number("period_num")) {
        return Err(Refusal::of("CPS.0058"));
    }
    auto_flags(paid)?;
    Ok(charging_mode)
}

fn auto_flags(paid: &Value) -> Result<(), Refusal> {
    for (name, code) in [("is_auto_pay", "CPS.0060"), ("is_auto_renew", "CPS.0059")] {
        if !matches!(paid[name].as_i64(), None | Some(0 | 1)) {
            return Err(Refusal::of(code));
        }
    }
    Ok(())
}

fn enterprise_project(holder: &Value) -> String {
    holder["enterprise_project_id"].as_str().unwrap_or("0").to_owned()
}

pub(crate) fn disk(volume: &Value) -> Option<Disk> {
    Some(Disk {
        volume_type: volume["volume_type"].as_str()?.to_owned(),
        size: volume["size"].as_i64()?,
    })
}

pub(crate) fn share_volume(volume: &Value) -> Option<ShareVolume> {
    disk(volume).map(|disk| ShareVolume { disk, version: 1 })
}
