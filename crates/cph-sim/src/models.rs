//! `ListCloudPhoneModels`: the flavors of phones.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::phones::Page;

/// A flavor of phones.
pub(crate) struct PhoneModel {
    pub(crate) name: &'static str,
    pub(crate) server_model: &'static str,
    /// How many a server has.
    pub(crate) capacity: u64,
    /// 1, or 0 if it cannot be bought any more.
    pub(crate) status: i64,
    memory: i64,
    disk: i64,
    /// The kind of image that they run.
    pub(crate) label: &'static str,
    resolution: &'static str,
    /// 0 for cloud phones, 1 for cloud gaming.
    product_type: i64,
}

/// Those that pages show, of which phones have the first unless told; the last is withdrawn.
const MODELS: [PhoneModel; 6] = [
    model("rx1.cp.c60.d10.e1v1", "physical.rx1.xlarge", 60, 1, (3584, 10), 0),
    PhoneModel {
        label: "qemu_phone",
        resolution: "540x960",
        ..model("rx1.cp.c60.d32.e1v1.qemu", "physical.rx1.xlarge", 60, 1, (3072, 32), 0)
    },
    PhoneModel {
        label: "cloud_game",
        ..model("rx1.cg.c15.d30.e1v1", "physical.rx1.xlarge.cg", 15, 1, (8192, 30), 1)
    },
    PhoneModel {
        label: "cloud_phone_1620",
        ..model("kg1.cp.c100.d10SSD.e1v1", "physical.kg1.4xlarge.cp", 100, 1, (4300, 10), 0)
    },
    PhoneModel {
        label: "cloud_game_1620",
        ..model("kg1.cg.c40.d30SSD.e1v1", "physical.kg1.4xlarge.cg", 40, 1, (10240, 30), 1)
    },
    model("aphs1.large.2.aosp", "physical.rx1.xlarge", 60, 0, (3584, 10), 0),
];

const fn model(
    name: &'static str,
    server_model: &'static str,
    capacity: u64,
    status: i64,
    (memory, disk): (i64, i64),
    product_type: i64,
) -> PhoneModel {
    let (label, resolution) = ("cloud_phone", "720x1280");
    PhoneModel {
        name,
        server_model,
        capacity,
        status,
        memory,
        disk,
        label,
        resolution,
        product_type,
    }
}

impl PhoneModel {
    /// The one of this name, if it is listed.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }

    fn answer(&self) -> Value {
        json!({
            "server_model_name": self.server_model,
            "phone_model_name": self.name,
            "status": self.status,
            "cpu": 2,
            "memory": self.memory,
            "disk": self.disk,
            "resolution": self.resolution,
            "extend_spec": r#"{"eip_count": 1, "vip_count": 1}"#,
            "spec_code": self.name,
            "phone_capacity": self.capacity,
            "image_label": self.label,
            "product_type": self.product_type,
            "render_fps": 60,
            "stream_fps": 60,
        })
    }
}

/// `ListCloudPhoneModels`.
pub(crate) fn list(query: &HashMap<String, String>) -> Value {
    let status = query.get("status").and_then(|status| status.parse::<i64>().ok());
    let models = MODELS.iter().filter(|model| status.is_none_or(|status| model.status == status));
    let models: Vec<Value> = models.map(PhoneModel::answer).collect();
    json!({ "phone_models": Page::of(query).slice(&models) })
}
