//! `cph phone list` and `cph phone show`.

use std::pin::pin;

use cph::{AccessInfo, Personal, Phone, PhoneDetail, PhoneStatus};
use futures_util::TryStreamExt as _;
use serde::Serialize;

use super::Context;
use crate::{
    Console, Exit,
    exit::Failure,
    output::{self, Fields, Records},
};

pub(super) async fn list(
    context: Context<'_>,
    status: Option<PhoneStatus>,
    server: Option<String>,
    name: Option<String>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut query = context.session.client.phones().list();
    if let Some(status) = status {
        query = query.status(status);
    }
    if let Some(server) = server {
        query = query.server(server);
    }
    if let Some(name) = name {
        query = query.name(name);
    }
    let mut phones = pin!(query.stream());
    let mut next = Ok(phones.try_next().await.map_err(Failure::to("list phones"))?);
    let mut records = Records::new(LISTED, context.settings);
    records.begin(console.out)?;
    let end = loop {
        match next {
            Ok(Some(phone)) => {
                records.write(console.out, &Record::new(&phone, context.settings.show_personal))?;
            }
            Ok(None) => break Ok(Exit::Done),
            Err(error) => break Err(Failure::to("list phones")(error)),
        }
        next = phones.try_next().await;
    };
    records.finish(console.out)?;
    end
}

pub(super) async fn show(
    context: Context<'_>,
    id: &str,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let phone =
        context.session.client.phones().get(id).await.map_err(Failure::to("show the phone"))?;
    let record = DetailRecord::new(&phone, context.settings.show_personal);
    output::show(console.out, &record, &[&*LISTED.all, DETAILS].concat(), context.settings)?;
    Ok(Exit::Done)
}

const LISTED: Fields = Fields::new(
    &[
        "phone_id",
        "phone_name",
        "server_id",
        "status",
        "phone_model_name",
        "image_id",
        "image_version",
        "imei",
        "type",
        "traffic_type",
        "volume_mode",
        "availability_zone",
        "has_encrypt",
        "vnc_enable",
        "order_id",
        "product_id",
        "create_time",
        "update_time",
    ],
    &["phone_id", "phone_name", "status", "server_id", "image_id"],
);

/// What the details have besides.
const DETAILS: &[&str] =
    &["property", "custom_property", "access_infos", "volume_type", "volume_size"];

/// A phone under the vendor's names.
#[derive(Serialize)]
struct Record<'a> {
    phone_id: &'a str,
    phone_name: Option<&'a str>,
    server_id: Option<&'a str>,
    status: PhoneStatus,
    phone_model_name: Option<&'a str>,
    image_id: Option<&'a str>,
    image_version: Option<&'a str>,
    imei: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    traffic_type: Option<&'a str>,
    volume_mode: Option<i64>,
    availability_zone: Option<&'a str>,
    has_encrypt: Option<bool>,
    vnc_enable: Option<&'a str>,
    order_id: Option<&'a str>,
    product_id: Option<&'a str>,
    create_time: Option<&'a str>,
    update_time: Option<&'a str>,
}

impl<'a> Record<'a> {
    fn new(phone: &'a Phone, show_personal: bool) -> Self {
        Self {
            phone_id: phone.phone_id.as_str(),
            phone_name: phone.phone_name.as_deref(),
            server_id: phone.server_id.as_ref().map(cph::ServerId::as_str),
            status: phone.status,
            phone_model_name: phone.phone_model_name.as_deref(),
            image_id: phone.image_id.as_deref(),
            image_version: phone.image_version.as_deref(),
            imei: phone.imei.as_ref().map(|imei| shown(imei, show_personal)),
            kind: phone.kind,
            traffic_type: phone.traffic_type.as_deref(),
            volume_mode: phone.volume_mode,
            availability_zone: phone.availability_zone.as_deref(),
            has_encrypt: phone.has_encrypt,
            vnc_enable: phone.vnc_enable.as_deref(),
            order_id: phone.order_id.as_deref(),
            product_id: phone.product_id.as_deref(),
            create_time: phone.create_time.as_deref(),
            update_time: phone.update_time.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct DetailRecord<'a> {
    #[serde(flatten)]
    phone: Record<'a>,
    property: String,
    #[serde(serialize_with = "in_order")]
    custom_property: Vec<(&'a str, &'a str)>,
    access_infos: Vec<Address<'a>>,
    volume_type: Option<&'a str>,
    volume_size: Option<i64>,
}

#[derive(Serialize)]
struct Address<'a> {
    #[serde(rename = "type")]
    name: Option<&'a str>,
    listen_port: Option<i64>,
    access_port: Option<i64>,
    phone_ip: Option<&'a str>,
    public_ip: Option<&'a str>,
    server_ip: Option<&'a str>,
    phone_ipv6: Option<&'a str>,
    server_ipv6: Option<&'a str>,
}

impl<'a> DetailRecord<'a> {
    fn new(phone: &'a PhoneDetail, show_personal: bool) -> Self {
        let text = &phone.property;
        let custom = phone.custom_property.iter();
        Self {
            phone: Record::new(&phone.phone, show_personal),
            property: if show_personal { text.as_str().to_owned() } else { text.masked() },
            custom_property: custom
                .map(|(key, value)| (key.as_str(), shown(value, show_personal)))
                .collect(),
            access_infos: phone.access_infos.iter().map(Address::new).collect(),
            volume_type: phone.volume_type.as_deref(),
            volume_size: phone.volume_size,
        }
    }
}

impl<'a> Address<'a> {
    fn new(access: &'a AccessInfo) -> Self {
        Self {
            name: access.name.as_deref(),
            listen_port: access.listen_port,
            access_port: access.access_port,
            phone_ip: access.phone_ip.as_deref(),
            public_ip: access.public_ip.as_deref(),
            server_ip: access.server_ip.as_deref(),
            phone_ipv6: access.phone_ipv6.as_deref(),
            server_ipv6: access.server_ipv6.as_deref(),
        }
    }
}

fn shown(value: &Personal, show_personal: bool) -> &str {
    if show_personal { value.reveal() } else { "***" }
}

fn in_order<S: serde::Serializer>(
    entries: &[(&str, &str)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().copied())
}
