//! Buying servers, with phones and without.

use cph_core::{ErrorCode, PropertyText, ServerId};
use cph_raw::types;

use super::{
    parts::{
        DataVolume, OrderTerms, ServerBandWidth, ServerNic, ServerPort, ServerPublicIp,
        SingleOrderTerms, size,
    },
    request::{
        self, at_most_one, bytes, filled, image, property, request, server_name, some, within,
    },
};
use crate::{
    Error, Result,
    client::Reply,
    delivery::{Seen, judge},
    view::view,
};

request! {
    /// Servers with phones to buy, on a network of one's own; see [`Servers::buy`](crate::Servers::buy).
    ///
    /// It reads and writes the vendor's JSON body. What is required is checked before anything is sent.
    ///
    /// ```
    /// use cph::{OrderTerms, ServerBandWidth, ServerNic, ServerOrder, ServerPublicIp};
    ///
    /// let order = ServerOrder::new()
    ///     .server_name("cph-kertus-1110")
    ///     .server_model_name("physical.kg1.4xlarge.cp")
    ///     .phone_model_name("kg1.cp.c20.d64SSD.e1v1")
    ///     .image_id("20060220200717f201120a2300000e91")
    ///     .count(1)
    ///     .extend_param(OrderTerms::months(1))
    ///     .tenant_vpc_id("fca063f6-b942-42a8-9004-e5545f58d6a2")
    ///     .nics([ServerNic::new("f1cbfc37-eb42-4357-a0ec-9e4f11950908")])
    ///     .public_ip(ServerPublicIp::new().eip("5_bgp"))
    ///     .band_width(ServerBandWidth::dedicated(300));
    /// order.check()?;
    /// # Ok::<(), cph::Error>(())
    /// ```
    pub struct ServerOrder {
        /// Name of the servers, at most 60 characters: letters, digits, Chinese characters, `_` and `-`. Several servers get
        /// `-0001`, `-0002` and so on behind it.
        required server_name: String => server_name,
        /// Flavor of the servers, at most 64 bytes.
        required server_model_name: String => bytes(64),
        /// Flavor of the phones, at most 64 bytes.
        required phone_model_name: String => bytes(64),
        /// Image of the phones.
        required image_id: String => image,
        /// How many servers, 1 to 10.
        required count: i64 => within(1..=MAX_SERVERS),
        /// Key pair that ADB logs in with, at most 64 bytes.
        optional keypair_name: String => bytes(64),
        /// Ports of apps that the service forwards to the phones.
        optional ports: Vec<ServerPort>,
        /// How the servers are paid.
        required extend_param: OrderTerms,
        /// VPC that the servers join, a UUID.
        required tenant_vpc_id: String => filled,
        /// Network interfaces of the servers.
        required nics: Vec<ServerNic> => some,
        /// Elastic addresses of the servers.
        required public_ip: ServerPublicIp,
        /// How many phones share one virtual address: 1 to all phones of a server, the service's default.
        optional phone_count_per_ip: i64 => within(1..=i64::MAX),
        /// Data disk of each phone, 1 to 32768 GiB; 2.0 flavors need it.
        optional phone_data_volume: DataVolume => size(1..=32768),
        /// Disk that the phones of a server share, 10 to 32768 GiB; for 2.0 flavors.
        optional server_share_data_volume: DataVolume => size(10..=32768),
        /// Bandwidth of the elastic addresses.
        required band_width: ServerBandWidth,
        /// Where the servers are to stand.
        optional availability_zone: String,
        /// Properties of the new phones, at most 8192 characters as text; only those that may be modified.
        optional property: PropertyText => property,
    }

    /// Servers without phones to buy; see [`Servers::buy_single`](crate::Servers::buy_single).
    ///
    /// It reads and writes the vendor's JSON body. What is required is checked before anything is sent.
    pub struct SingleServerOrder {
        /// Name of the servers, at most 60 characters: letters, digits, Chinese characters, `_` and `-`. Several servers get
        /// `-0001`, `-0002` and so on behind it.
        required server_name: String => server_name,
        /// Flavor of the servers.
        required server_model_name: String => filled,
        /// How many servers, 1 to 10.
        required count: i64 => within(1..=MAX_SERVERS),
        /// How the servers are paid.
        required order_param: SingleOrderTerms,
        /// Network interfaces of the servers.
        required nics: Vec<SingleServerNic> => some,
        /// Elastic address of each server, and its bandwidth.
        required public_ip: SinglePublicIp,
        /// Where the servers are to stand.
        optional availability_zone: String,
        /// Data disks of each server.
        optional data_volume: SingleDataVolume,
        /// Key pair that logs in to the servers.
        required keypair_name: String => filled,
        /// Enterprise project of the servers; left out or `0`, the default one.
        optional enterprise_project_id: String,
        /// Image that the servers run, at most 36 bytes; left out, a default one.
        optional image_id: String => bytes(36),
    }

    /// A network interface of a server without phones.
    pub struct SingleServerNic {
        /// VPC of the subnet, a UUID; the vendor's example sends it, its table does not list it.
        optional vpc_id: String,
        /// Network id of the subnet, a UUID.
        required subnet_id: String => filled,
        /// Whether it has IPv6. The service's default is `false`.
        optional ipv6_enable: bool,
        /// Id of its shared bandwidth for IPv6.
        optional ipv6_band_width_id: String,
    }

    /// The elastic address of a server without phones.
    pub struct SinglePublicIp {
        /// Ids of elastic addresses that are there, at most one; type and count are passed over then.
        optional ids: Vec<String> => at_most_one,
        /// Type of a new one, such as `5_telcom`, `5_union`, `5_bgp` (dynamic) or `5_sbgp` (static).
        optional kind as "type": String,
        /// How many, 0 or 1. The service's default is 0.
        optional count: i64 => within(0..=1),
        /// Its bandwidth.
        required band_width: ServerBandWidth,
    }

    /// The data disks of a server without phones.
    pub struct SingleDataVolume {
        /// Type of the disks, `SSD` or `GPSSD`.
        required volume_type: String => filled,
        /// Size of each in GiB, 1 to 32768.
        required size: i64 => within(1..=32768),
        /// How many. The service's default is 1.
        optional count: i64 => within(1..=i64::MAX),
    }
}

/// Documented on the pages of both orders: at most 10.
#[expect(clippy::cast_possible_wrap, reason = "the limit is 10")]
const MAX_SERVERS: i64 = {
    assert!(
        cph_core::limits::CREATE_NET2_CLOUD_PHONE_SERVER_SERVERS
            == cph_core::limits::CREATE_CLOUD_PHONE_SINGLE_SERVER_SERVERS
    );
    cph_core::limits::CREATE_NET2_CLOUD_PHONE_SERVER_SERVERS as i64
};

impl ServerOrder {
    /// An order that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the property text as it is to be sent, byte for byte.
    #[must_use]
    pub fn property_text(self, text: impl Into<String>) -> Self {
        self.property(PropertyText::new(text))
    }

    /// What [`Servers::buy`](crate::Servers::buy) checks before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem by its place in the JSON body.
    pub fn check(&self) -> Result<()> {
        request::check(self)
    }
}

impl SingleServerOrder {
    /// An order that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What [`Servers::buy_single`](crate::Servers::buy_single) checks before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem by its place in the JSON body.
    pub fn check(&self) -> Result<()> {
        request::check(self)
    }
}

impl SingleServerNic {
    /// An interface in a subnet.
    pub fn new(subnet_id: impl Into<String>) -> Self {
        Self::default().subnet_id(subnet_id)
    }
}

impl SinglePublicIp {
    /// An elastic address with this bandwidth.
    pub fn new(band_width: ServerBandWidth) -> Self {
        Self::default().band_width(band_width)
    }
}

impl SingleDataVolume {
    /// Disks of this type, each of this size in GiB.
    pub fn new(volume_type: impl Into<String>, gib: u32) -> Self {
        Self::default().volume_type(volume_type).size(gib)
    }
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Order {
    /// Its id, at most 64 bytes.
    pub order_id: Option<String>,
    /// Id of the product, at most 64 bytes.
    pub product_id: Option<String>,
    /// The servers that it is for, where the answer names them. There is no job: look at the status of the servers.
    pub server_ids: Vec<ServerId>,
    /// The call that placed it; the vendor's support asks for it.
    pub request_id: Option<String>,
    /// A code that stands in the answer beside the order.
    pub error_code: Option<String>,
    /// The same in the service's words.
    pub error_msg: Option<String>,
}

/// An answer to an order, in any of the generated types.
pub(crate) struct Placed {
    pub(crate) order_id: Option<String>,
    pub(crate) product_id: Option<String>,
    pub(crate) server_ids: Option<Vec<String>>,
    pub(crate) request_id: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_msg: Option<String>,
}

impl Placed {
    /// The order; a code without any is an error, although the status says success.
    pub(crate) fn order(self, operation: &'static str, in_header: Option<String>) -> Result<Order> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let request_id = filled(self.request_id).or(in_header);
        let (order_id, error_code) = (filled(self.order_id), filled(self.error_code));
        let error_msg = filled(self.error_msg);
        let server_ids: Vec<ServerId> = view(self.server_ids, operation)
            .map_err(|error| error.with_request_id(request_id.clone()))?;
        match error_code.as_deref() {
            Some(code) if order_id.is_none() && server_ids.is_empty() => {
                let code = Some(ErrorCode::parse(code));
                let (delivery, _) = judge(&Seen::Answer { status: 200, code: code.clone() });
                Err(Error::service(200, code, error_msg, delivery)
                    .with_operation(operation)
                    .with_request_id(request_id))
            }
            _ => Ok(Order {
                order_id,
                product_id: filled(self.product_id),
                server_ids,
                request_id,
                error_code,
                error_msg,
            }),
        }
    }
}

/// Both purchases answer the same fields, in types of their own.
macro_rules! placed {
    ($raw:ty) => {
        impl From<$raw> for Placed {
            fn from(raw: $raw) -> Self {
                Self {
                    order_id: raw.order_id,
                    product_id: raw.product_id,
                    server_ids: raw.server_ids,
                    request_id: raw.request_id,
                    error_code: raw.error_code,
                    error_msg: raw.error_msg,
                }
            }
        }
    };
}

placed!(types::CreateNet2CloudPhoneServerResponse);
placed!(types::CreateCloudPhoneSingleServerResponse);

impl From<types::ChangeCloudPhoneServerModelResponse> for Placed {
    fn from(raw: types::ChangeCloudPhoneServerModelResponse) -> Self {
        Self {
            order_id: raw.order_id,
            product_id: raw.product_id,
            server_ids: None,
            request_id: raw.request_id,
            error_code: raw.error_code,
            error_msg: raw.error_msg,
        }
    }
}

/// The order in an answer.
pub(crate) fn placed<T: Into<Placed>>(reply: Reply<T>, operation: &'static str) -> Result<Order> {
    let placed: Placed = reply.body.into();
    placed.order(operation, reply.request_id)
}
