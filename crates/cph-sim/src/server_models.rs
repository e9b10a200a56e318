//! Flavors of servers, and what the names of flavors say.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{chance, models::PhoneModel, paging, refusal::Refusal};

/// A flavor of servers. Its name says of which generation it is: `physical.rx1.xlarge`.
pub(crate) struct ServerModel {
    pub(crate) name: &'static str,
    hardware: &'static str,
    cpu: u32,
    memory: u32,
    gpu_count: u32,
    /// 0: its disks are local.
    pub(crate) disk_max_num: i64,
    /// 0 for cloud phones, 1 for cloud gaming.
    product_type: i64,
}

/// Every flavor, by name.
const MODELS: [ServerModel; 7] = [
    model("physical.kg1.4xlarge.a.cp", "Kunpeng920", 128, 512, 0, 15, 0),
    model("physical.kg1.4xlarge.cg", "Kunpeng920", 128, 512, 3, 15, 1),
    model("physical.kg1.4xlarge.cp", "Kunpeng920", 128, 512, 0, 15, 0),
    model("physical.rx1.xlarge", "Hi1616", 64, 256, 3, 0, 0),
    model("physical.rx1.xlarge.cg", "Hi1616", 64, 256, 3, 0, 1),
    model("physical.rx1.xlarge.special", "Hi1616", 64, 256, 3, 0, 0),
    model("physical.rx2.32xlarge.4", "Kunpeng920", 128, 512, 4, 15, 0),
];

const ZONES: [&str; 2] = ["sim-az1", "sim-az2"];

/// A phone flavor makes at most so many phones on a server.
const MAX_CAPACITY: u64 = 200;

const fn model(
    name: &'static str,
    hardware: &'static str,
    cpu: u32,
    memory: u32,
    gpu_count: u32,
    disk_max_num: i64,
    product_type: i64,
) -> ServerModel {
    ServerModel { name, hardware, cpu, memory, gpu_count, disk_max_num, product_type }
}

impl ServerModel {
    /// The flavor that a field names.
    pub(crate) fn named(name: &str) -> Result<&'static Self, Refusal> {
        MODELS.iter().find(|model| model.name == name).ok_or_else(|| Refusal::of("CPS.0089"))
    }

    /// A flavor whose servers may hold these phones.
    pub(crate) fn for_phones(phone_model: &str) -> &'static str {
        if let Some(listed) = PhoneModel::find(phone_model) {
            return listed.server_model;
        }
        let fits = MODELS.iter().find(|model| {
            model.product_type == 0 && model.generation() == generation_of_phones(phone_model)
        });
        fits.map_or("physical.rx1.xlarge", |model| model.name)
    }

    /// What comes after `physical.`
    pub(crate) fn generation(&self) -> &'static str {
        generation(self.name)
    }

    /// How many phones of this flavor a server has.
    pub(crate) fn phones(&self, phone_model: &str) -> Result<u64, Refusal> {
        let is_sold = PhoneModel::find(phone_model).is_none_or(|listed| listed.status == 1);
        let capacity = capacity(phone_model).filter(|_| is_sold);
        let capacity = capacity.ok_or_else(|| Refusal::of("CPS.0028"))?;
        if generation_of_phones(phone_model) == self.generation() {
            Ok(capacity)
        } else {
            Err(Refusal::of("CPS.0257"))
        }
    }

    fn answer(&self) -> Value {
        json!({
            "server_model_name": self.name,
            "server_type": self.hardware,
            "cpu": self.cpu,
            "memory": self.memory,
            "extend_spec": {
                "cpu": format!("{}({} cores)", self.hardware, self.cpu),
                "memory": format!("{} GB DDR4 RAM", self.memory),
                "disk": if self.disk_max_num == 0 { "2*1.2T SAS + 800G SSD" } else { "cloud disks" },
                "network_interface": "2 x 2*10GE",
                "gpu": if self.gpu_count == 0 { String::new() } else { format!("{}*WX5100", self.gpu_count) },
                "bms_flavor": format!("{}.ondemand", self.name),
                "gpu_count": self.gpu_count,
                "numa_count": 4,
            },
            "disk_max_num": self.disk_max_num,
            "product_type": self.product_type,
            "free_size": 0,
        })
    }
}

/// Of a server flavor.
pub(crate) fn generation(server_model: &str) -> &str {
    server_model.split('.').nth(1).unwrap_or_default()
}

fn generation_of_phones(phone_model: &str) -> &str {
    if let Some(listed) = PhoneModel::find(phone_model) {
        return generation(listed.server_model);
    }
    phone_model.split('.').next().unwrap_or_default()
}

/// How many phones a server has. A flavor that is not listed says it itself: `kg1.cp.c20.d64SSD.e1v1` makes 20
/// (assumed: phone-model-name-says-capacity).
pub(crate) fn capacity(phone_model: &str) -> Option<u64> {
    if let Some(listed) = PhoneModel::find(phone_model) {
        return Some(listed.capacity);
    }
    let part = |part: &str| part.strip_prefix('c').and_then(|number| number.parse().ok());
    phone_model.split('.').skip(1).find_map(part).filter(|count| (1..=MAX_CAPACITY).contains(count))
}

/// `ListCloudPhoneServerModels`.
pub(crate) fn list(query: &HashMap<String, String>) -> Result<Value, Refusal> {
    let product_type = query.get("product_type").and_then(|text| text.parse::<i64>().ok());
    let fits = |model: &&ServerModel| product_type.is_none_or(|kind| kind == model.product_type);
    let models: Vec<&ServerModel> = MODELS.iter().filter(fits).collect();
    let (page, page_info) = paging::page(&models, query, 100, |model| model.name)?;
    let models: Vec<Value> = page.iter().map(|model| model.answer()).collect();
    Ok(json!({ "server_models": models, "page_info": page_info }))
}

/// `ListCloudPhoneServerModelOfferings`.
pub(crate) fn offerings(query: &HashMap<String, String>, seed: u64) -> Result<Value, Refusal> {
    let each = MODELS.iter().flat_map(|model| ZONES.map(|zone| (model.name, zone)));
    let mut offerings: Vec<(String, Value)> = each
        .zip(0..)
        .map(|((name, zone), number)| {
            let sold_out = chance::rng(seed, "sell status", &[number]).u8(0..4) == 0;
            let offering = json!({
                "available_zone": zone,
                "model_name": name,
                "sell_status": if sold_out { "sellout" } else { "available" },
            });
            (chance::id(seed, "offering", number), offering)
        })
        .collect();
    offerings.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (page, page_info) = paging::page(&offerings, query, 100, |(marker, _)| marker)?;
    let models: Vec<&Value> = page.iter().map(|(_, offering)| offering).collect();
    Ok(json!({ "count": offerings.len(), "models": models, "page_info": page_info }))
}
