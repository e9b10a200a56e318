//! What `cph` shows in types that are no JSON, as JSON under the vendor's names; personal values are not masked.

use cph::{AccessInfo, Connection, Job, Personal, Phone, PhoneDetail};
use serde_json::{Value, json};

pub(crate) fn phone(phone: &Phone) -> Value {
    json!({
        "phone_id": phone.phone_id.as_str(),
        "phone_name": phone.phone_name,
        "server_id": phone.server_id,
        "status": phone.status,
        "phone_model_name": phone.phone_model_name,
        "image_id": phone.image_id,
        "image_version": phone.image_version,
        "imei": phone.imei.as_ref().map(Personal::reveal),
        "type": phone.kind,
        "traffic_type": phone.traffic_type,
        "volume_mode": phone.volume_mode,
        "availability_zone": phone.availability_zone,
        "has_encrypt": phone.has_encrypt,
        "vnc_enable": phone.vnc_enable,
        "metadata": {"order_id": phone.order_id, "product_id": phone.product_id},
        "create_time": phone.create_time,
        "update_time": phone.update_time,
    })
}

pub(crate) fn phone_detail(detail: &PhoneDetail) -> Value {
    let mut shown = phone(&detail.phone);
    shown["property"] = json!(detail.property.as_str());
    for (key, value) in &detail.custom_property {
        shown["custom_property"][key] = json!(value.reveal());
    }
    let access = |port: &AccessInfo| {
        json!({
            "type": port.name,
            "listen_port": port.listen_port,
            "access_port": port.access_port,
            "phone_ip": port.phone_ip,
            "public_ip": port.public_ip,
            "server_ip": port.server_ip,
            "phone_ipv6": port.phone_ipv6,
            "server_ipv6": port.server_ipv6,
        })
    };
    shown["access_infos"] = detail.access_infos.iter().map(access).collect();
    shown["phone_data_volume"] =
        json!({"volume_type": detail.volume_type, "volume_size": detail.volume_size});
    shown
}

pub(crate) fn job(job: &Job) -> Value {
    json!({
        "job_id": job.job_id.as_str(),
        "status": job.status,
        "phone_id": job.phone_id,
        "server_id": job.server_id,
        "begin_time": job.begin_time,
        "end_time": job.end_time,
        "error_code": job.error_code,
        "error_msg": job.error_msg,
        "execute_msg": job.execute_msg,
    })
}

pub(crate) fn connection(connection: &Connection) -> Value {
    let phone_id = connection.phone.as_str();
    match &connection.access {
        Ok(access) => json!({"phone_id": phone_id, "access_info": {
            "access_ip": access.access_ip,
            "intranet_ip": access.intranet_ip,
            "access_ipv6": access.access_ipv6,
            "access_port": access.access_port,
            "session_id": access.session_id.as_ref().map(Personal::reveal),
            "timestamp": access.timestamp,
            "ticket": access.ticket.as_ref().map(Personal::reveal),
        }}),
        Err(fault) => json!({
            "phone_id": phone_id,
            "error_code": fault.code.to_string(),
            "error_msg": fault.message,
        }),
    }
}
