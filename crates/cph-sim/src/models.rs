//! `ListCloudPhoneModels`: the flavors of phones.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::phones::Page;

/// `ListCloudPhoneModels`.
pub(crate) fn list(query: &HashMap<String, String>) -> Value {
    let status = query.get("status").and_then(|status| status.parse::<i64>().ok());
    let mut models = catalogue();
    models.retain(|model| status.is_none_or(|status| model["status"] == status));
    json!({ "phone_models": Page::of(query).slice(&models) })
}

/// The flavors that the page shows, of which phones have the first unless told, and a withdrawn one.
fn catalogue() -> Vec<Value> {
    let model = |name: &str, status: i64, disk: i64, memory: i64, label: &str, resolution: &str| {
        json!({
            "server_model_name": "physical.rx1.xlarge",
            "phone_model_name": name,
            "status": status,
            "cpu": 2,
            "memory": memory,
            "disk": disk,
            "resolution": resolution,
            "extend_spec": r#"{"eip_count": 1, "vip_count": 1}"#,
            "spec_code": name,
            "phone_capacity": 60,
            "image_label": label,
            "product_type": 0,
            "render_fps": 60,
            "stream_fps": 60,
        })
    };
    vec![
        model("rx1.cp.c60.d10.e1v1", 1, 10, 3584, "cloud_phone", "720x1280"),
        model("rx1.cp.c60.d32.e1v1.qemu", 1, 32, 3072, "qemu_phone", "540x960"),
        model("aphs1.large.2.aosp", 0, 10, 3584, "cloud_phone", "720x1280"),
    ]
}
