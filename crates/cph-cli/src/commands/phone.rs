//! `cph phone`: finding phones; what changes them is in [`restart`] and [`change`].

use std::cell::Cell;

use cph::{
    AccessInfo, ClientType, Connection, Personal, Phone as Listed, PhoneDetail, PhoneModel,
    PhoneStatus,
};
use serde::Serialize;
use serde_json::json;

use super::{
    Context, change,
    listing::{as_it_is, done, list, show},
    restart,
};
use crate::{Console, Exit, args::Phone, exit::Failure, output::Fields};

pub(super) async fn run(
    context: Context<'_>,
    command: Phone,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let phones = context.session.client.phones();
    match command {
        Phone::List { status, server, name, kind } => {
            let mut query = phones.list();
            if let Some(status) = status {
                query = query.status(status);
            }
            if let Some(server) = server {
                query = query.server(server);
            }
            if let Some(name) = name {
                query = query.name(name);
            }
            if let Some(kind) = kind {
                query = query.kind(kind);
            }
            let show_personal = context.settings.show_personal;
            let record = |phone: &Listed| json!(Record::new(phone, show_personal));
            list(context, "list phones", query.stream(), record, LISTED, console).await
        }
        Phone::Show { id } => {
            let phone = phones.get(id).await.map_err(Failure::to("show the phone"))?;
            let record = DetailRecord::new(&phone, context.settings.show_personal);
            show(context, &record, &[&*LISTED.all, DETAILS].concat(), console)
        }
        Phone::Models { status } => {
            let mut query = phones.models();
            if let Some(status) = status {
                query = query.status(status);
            }
            list(context, "list flavors", query.stream(), as_it_is, MODELS, console).await
        }
        Phone::Restart(args) => restart::run(context, &restart::RESTART, &args, console).await,
        Phone::Start(args) => restart::run(context, &restart::START, &args, console).await,
        Phone::Reset(args) => change::reset(context, &args, console).await,
        Phone::Stop(args) => change::stop(context, &args, console).await,
        Phone::Rename { id, name } => {
            phones.rename(&id, &name).await.map_err(Failure::to("rename the phone"))?;
            Ok(done(context, &format!("renamed phone {id} to {name}"), console))
        }
        Phone::Set(args) => change::set(context, &args, console).await,
        Phone::Exec(args) => change::exec(context, &args, console).await,
        Phone::Push(args) => change::push(context, &args, console).await,
        Phone::Install(args) => change::install(context, &args, console).await,
        Phone::Uninstall(args) => change::uninstall(context, &args, console).await,
        Phone::Export(args) => change::export(context, &args, console).await,
        Phone::Import(args) => change::import(context, &args, console).await,
        Phone::Connect { ids, client } => connect(context, ids, client, console).await,
        Phone::Grow(args) => change::grow(context, &args, console).await,
        Phone::Traffic(args) => change::traffic(context, &args, console).await,
    }
}

/// Tickets are what it is called for, so they are shown.
async fn connect(
    context: Context<'_>,
    ids: Vec<String>,
    client: ClientType,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let refused = Cell::new(0);
    let rows = context.session.client.phones().connect(ids, client);
    let record = |row: &Connection| {
        let access = row.access.as_ref().ok();
        let fault = row.access.as_ref().err();
        refused.set(refused.get() + usize::from(fault.is_some()));
        json!({
            "phone_id": row.phone.as_str(),
            "access_ip": access.and_then(|access| access.access_ip.as_deref()),
            "intranet_ip": access.and_then(|access| access.intranet_ip.as_deref()),
            "access_ipv6": access.and_then(|access| access.access_ipv6.as_deref()),
            "access_port": access.and_then(|access| access.access_port),
            "session_id": access.and_then(|access| access.session_id.as_ref()).map(Personal::reveal),
            "timestamp": access.and_then(|access| access.timestamp.as_deref()),
            "ticket": access.and_then(|access| access.ticket.as_ref()).map(Personal::reveal),
            "error_code": fault.map(|fault| fault.code.to_string()),
            "error_msg": fault.map(|fault| fault.message.as_str()),
        })
    };
    list(context, "get connections", rows, record, CONNECTIONS, console).await?;
    Ok(if refused.get() == 0 { Exit::Done } else { Exit::NotAll })
}

const CONNECTIONS: Fields = Fields::new(
    &[
        "phone_id",
        "access_ip",
        "intranet_ip",
        "access_ipv6",
        "access_port",
        "session_id",
        "timestamp",
        "ticket",
        "error_code",
        "error_msg",
    ],
    &["phone_id", "access_ip", "access_port", "session_id", "ticket", "error_code", "error_msg"],
);

const MODELS: Fields = Fields::new(
    PhoneModel::FIELDS,
    &["phone_model_name", "server_model_name", "status", "phone_capacity", "resolution"],
);

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
    fn new(phone: &'a Listed, show_personal: bool) -> Self {
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
