//! Parts that orders and changes of servers have in common.

use super::request::{at_most_one, bytes, filled, request, within};
use crate::Problem;

request! {
    /// A port of an app that the service forwards to the phones.
    pub struct ServerPort {
        /// Its name, at most 16 bytes; neither `adb` nor `vnc`.
        required name: String => port_name,
        /// Port that the phones listen on, 10000 to 50000.
        required listen_port: i64 => within(10_000..=50_000),
        /// Whether it is reached from the internet.
        #[serde(with = "super::request::text")]
        required internet_accessible: bool,
    }

    /// A network interface of a server with phones.
    pub struct ServerNic {
        /// Network id of a subnet in the VPC `tenant_vpc_id`, a UUID.
        required subnet_id: String => filled,
        /// Whether it has IPv6.
        optional ipv6_enable: bool,
        /// Its shared bandwidth for IPv6.
        optional ipv6_bandwidth: Ipv6BandWidth,
    }

    /// A shared bandwidth for IPv6, by its id.
    pub struct Ipv6BandWidth {
        /// Id of the bandwidth.
        required band_width_id: String => filled,
    }

    /// The elastic addresses of a server: one that is there, or new ones.
    pub struct ServerPublicIp {
        /// Ids of elastic addresses that are there; at most one.
        optional ids: Vec<String> => at_most_one,
        /// What new ones are like.
        optional eip: ServerEip,
        /// How many elastic addresses: from 0 for none to the number of addresses of the phones. The service's default is 1.
        optional count: i64 => within(0..=i64::MAX),
    }

    /// A new elastic address.
    pub struct ServerEip {
        /// Its type, such as `5_telcom`, `5_union`, `5_bgp` or `5_sbgp`.
        required kind as "type": String => filled,
    }

    /// The bandwidth of the elastic addresses of a server.
    #[expect(clippy::struct_field_names, reason = "the vendor's names")]
    pub struct ServerBandWidth {
        /// Id of a bandwidth that is there; a shared one needs it.
        optional band_width_id: String => filled,
        /// Size in Mbit/s; a dedicated one needs it.
        optional band_width_size: i64 => within(1..=i64::MAX),
        /// What is charged: `0` the size, `1` the traffic.
        required band_width_charge_mode: i64 => within(0..=1),
        /// `0` a dedicated bandwidth, `1` a shared one.
        required band_width_share_type: i64 => within(0..=1),
    }

    /// A data disk.
    pub struct DataVolume {
        /// Its type, `SSD` or `GPSSD`.
        required volume_type: String => filled,
        /// Its size in GiB.
        required size: i64,
    }

    /// How servers with phones are paid.
    pub struct OrderTerms together order_period {
        /// `0` by the year or month, `1` by use (FCS edition only).
        required charging_mode: i64 => within(0..=1),
        /// Unit of the period: `2` months, `3` years.
        required period_type: i64 => within(2..=3),
        /// Length of the period: 1 to 9 months or 1 to 10 years.
        required period_num: i64,
        /// Whether the order is paid at once; if not, it is left open. The service's default is `false`.
        #[serde(with = "super::request::number")]
        optional is_auto_pay: bool,
        /// Whether it is renewed when the period ends. The service's default is `false`.
        #[serde(with = "super::request::number")]
        optional is_auto_renew: bool,
        /// Enterprise project of the servers; left out or `0`, the default one.
        optional enterprise_project_id: String,
    }

    /// How servers without phones are paid.
    pub struct SingleOrderTerms together single_order_period {
        /// `0` by the year or month, `1` by use (FCS edition only).
        required charging_mode: i64 => within(0..=1),
        /// Unit of the period: `2` months, `3` years.
        required period_type: i64 => within(2..=3),
        /// Length of the period: 1 to 9 months or 1 to 10 years.
        required period_num: i64,
        /// Whether the order is paid at once; if not, it is left open. The service's default is `false`.
        #[serde(with = "super::request::number")]
        optional is_auto_pay: bool,
        /// Whether it is renewed when the period ends. The service's default is `false`.
        #[serde(with = "super::request::number")]
        optional is_auto_renew: bool,
    }
}

impl ServerPort {
    /// A port by its name, and where the phones listen; it is not reached from the internet unless told so.
    pub fn new(name: impl Into<String>, listen_port: u16) -> Self {
        Self::default().name(name).listen_port(listen_port).internet_accessible(false)
    }
}

impl ServerNic {
    /// An interface in a subnet.
    pub fn new(subnet_id: impl Into<String>) -> Self {
        Self::default().subnet_id(subnet_id)
    }
}

impl ServerPublicIp {
    /// No more than the service's defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ServerBandWidth {
    /// A bandwidth of this size in Mbit/s for each address, charged by traffic.
    pub fn dedicated(mbit_per_sec: u32) -> Self {
        let band_width = Self::default().band_width_size(mbit_per_sec);
        band_width.band_width_charge_mode(1).band_width_share_type(0)
    }

    /// A shared bandwidth that is there, charged by traffic.
    pub fn shared(band_width_id: impl Into<String>) -> Self {
        let band_width = Self::default().band_width_id(band_width_id);
        band_width.band_width_charge_mode(1).band_width_share_type(1)
    }
}

impl DataVolume {
    /// A disk of this type and size in GiB.
    pub fn new(volume_type: impl Into<String>, gib: u32) -> Self {
        Self::default().volume_type(volume_type).size(gib)
    }
}

/// Terms by the month and by the year.
macro_rules! terms {
    ($($terms:ident)+) => {$(
        impl $terms {
            /// For 1 to 9 months, paid in advance.
            pub fn months(months: u32) -> Self {
                Self::default().charging_mode(0).period_type(MONTHS).period_num(months)
            }

            /// For 1 to 10 years, paid in advance.
            pub fn years(years: u32) -> Self {
                Self::default().charging_mode(0).period_type(YEARS).period_num(years)
            }
        }
    )+};
}

terms!(OrderTerms SingleOrderTerms);

const MONTHS: i64 = 2;
const YEARS: i64 = 3;

fn order_period(terms: &OrderTerms, at: &str, problems: &mut Vec<Problem>) {
    problems.extend(period(at, terms.period_type, terms.period_num));
}

fn single_order_period(terms: &SingleOrderTerms, at: &str, problems: &mut Vec<Problem>) {
    problems.extend(period(at, terms.period_type, terms.period_num));
}

/// Documented on the pages `cph_api_0550` and `CreateCloudPhoneSingleServer`.
fn period(at: &str, period_type: Option<i64>, period_num: Option<i64>) -> Option<Problem> {
    let (last, unit) = match period_type {
        Some(MONTHS) => (9, "months"),
        Some(YEARS) => (10, "years"),
        _ => return None,
    };
    let problem = within(1..=last)(&period_num?)?;
    Some(Problem::new(format!("{at}.period_num: {problem} {unit}")))
}

fn port_name(name: &str) -> Option<String> {
    let taken = matches!(name, "adb" | "vnc");
    taken
        .then(|| format!("`{name}` is the service's own; take another"))
        .or_else(|| bytes(16)(name))
}

/// The size of a disk in GiB.
pub(crate) fn size(range: std::ops::RangeInclusive<i64>) -> impl Fn(&DataVolume) -> Option<String> {
    let within = within(range);
    move |volume| within(&volume.size?).map(|problem| format!("size {problem} GiB"))
}

impl From<&str> for Ipv6BandWidth {
    fn from(band_width_id: &str) -> Self {
        Self::default().band_width_id(band_width_id)
    }
}

impl From<&str> for ServerEip {
    fn from(kind: &str) -> Self {
        Self::default().kind(kind)
    }
}
