//! Phones as the service shows them: the list, and one with all that is known of it.

use cph_core::{InvalidId, PhoneId, PhoneStatus, PropertyText, ServerId, limits};

use crate::{
    Client, Personal, Result,
    paging::{Page, Place, Query, page_size, query},
    view::View,
};

/// A phone, as the list shows it. Debug output masks the IMEI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Phone {
    /// Its id.
    pub phone_id: PhoneId,
    /// Its name, at most 65 characters.
    pub phone_name: Option<String>,
    /// The server that it runs on.
    pub server_id: Option<ServerId>,
    /// What it is doing.
    pub status: PhoneStatus,
    /// Its flavor.
    pub phone_model_name: Option<String>,
    /// Its present image.
    pub image_id: Option<String>,
    /// Version of that image.
    pub image_version: Option<String>,
    /// Its IMEI.
    pub imei: Option<Personal>,
    /// `0` ordinary, `1` trial.
    pub kind: Option<i64>,
    /// `direct` or `routing`.
    pub traffic_type: Option<String>,
    /// `1` if it has data disks of its own, `0` if not.
    pub volume_mode: Option<i64>,
    /// Where it stands.
    pub availability_zone: Option<String>,
    /// Whether its files are encrypted.
    pub has_encrypt: Option<bool>,
    /// `true` or `false`, as text; deprecated by the vendor.
    pub vnc_enable: Option<String>,
    /// The order that it was bought with.
    pub order_id: Option<String>,
    /// The product of that order.
    pub product_id: Option<String>,
    /// When it was made, in UTC, such as `2017-10-10T00:00:00Z`.
    pub create_time: Option<String>,
    /// When it was last changed, in UTC.
    pub update_time: Option<String>,
}

/// A phone with its properties and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhoneDetail {
    /// What the list shows too.
    pub phone: Phone,
    /// Its properties, byte for byte as the service sent them; empty if it sent none.
    pub property: PropertyText,
    /// Properties of the user's own making.
    pub custom_property: Vec<(String, Personal)>,
    /// Where its ports can be reached.
    pub access_infos: Vec<AccessInfo>,
    /// Kind of its data disk.
    pub volume_type: Option<String>,
    /// Size of its data disk, in the vendor's unit (not stated; GB by the magnitude of the examples).
    pub volume_size: Option<i64>,
}

/// One port of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AccessInfo {
    /// Name of the port.
    pub name: Option<String>,
    /// Port on the phone.
    pub listen_port: Option<i64>,
    /// Port on the public address.
    pub access_port: Option<i64>,
    /// The phone's address.
    pub phone_ip: Option<String>,
    /// The public address; empty if the port is not open to the internet.
    pub public_ip: Option<String>,
    /// The server's address.
    pub server_ip: Option<String>,
    /// The phone's IPv6 address.
    pub phone_ipv6: Option<String>,
    /// The server's IPv6 address.
    pub server_ipv6: Option<String>,
}

query! {
    /// A query for phones.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut phones = pin!(client.phones().list().status(cph::PhoneStatus::Running).stream());
    /// while let Some(phone) = phones.try_next().await? {
    ///     println!("{} {}", phone.phone_id, phone.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListPhones -> Phone {
        /// Only phones whose name contains this.
        name => phone_name: String,
        /// Only phones of this server.
        server => server_id: String,
        /// Only phones in this state.
        status => status: PhoneStatus,
        /// Only phones of this kind: `0` ordinary, `1` trial.
        kind => kind: i64,
    }
}

impl Query for ListPhones {
    type Raw = cph_raw::types::Phone;
    type Row = Phone;
    const OPERATION: &'static str = "ListCloudPhones";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let server_id: Option<ServerId> = self.server_id.as_ref().map(Client::id).transpose()?;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_cloud_phones(
                &project,
                page_size(limits::LIST_CLOUD_PHONES_PAGE),
                from.offset(),
                self.phone_name.as_deref(),
                server_id.as_ref().map(ServerId::as_str),
                self.status.map(PhoneStatus::code),
                self.kind,
            )
            .await
        });
        Ok(Page::counted(call.await?.body.phones, from, limits::LIST_CLOUD_PHONES_PAGE))
    }
}

/// List and detail print the same fields of a phone, in types of their own.
macro_rules! phone {
    ($raw:ident) => {{
        Phone {
            phone_id: View::view($raw.phone_id)?,
            phone_name: $raw.phone_name,
            server_id: View::view($raw.server_id)?,
            status: PhoneStatus::from_code($raw.status.unwrap_or(i64::MIN)),
            phone_model_name: $raw.phone_model_name,
            image_id: $raw.image_id,
            image_version: $raw.image_version,
            imei: $raw.imei.map(|imei| Personal::new(imei.to_string())),
            kind: $raw.type_,
            traffic_type: $raw.traffic_type,
            volume_mode: $raw.volume_mode,
            availability_zone: $raw.availability_zone,
            has_encrypt: $raw.has_encrypt,
            vnc_enable: $raw.vnc_enable,
            order_id: $raw.metadata.as_ref().and_then(|order| order.order_id.clone()),
            product_id: $raw.metadata.and_then(|order| order.product_id),
            create_time: $raw.create_time,
            update_time: $raw.update_time,
        }
    }};
}

impl View<cph_raw::types::Phone> for Phone {
    fn view(raw: cph_raw::types::Phone) -> std::result::Result<Self, InvalidId> {
        Ok(phone!(raw))
    }
}

impl View<cph_raw::types::ShowCloudPhoneDetailResponse> for PhoneDetail {
    fn view(
        raw: cph_raw::types::ShowCloudPhoneDetailResponse,
    ) -> std::result::Result<Self, InvalidId> {
        let phone = phone!(raw);
        let custom = raw.custom_property.unwrap_or_default();
        let mut custom_property: Vec<_> =
            custom.into_iter().map(|(key, value)| (key, Personal::new(value))).collect();
        custom_property.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self {
            phone,
            property: PropertyText::new(raw.property.unwrap_or_default()),
            custom_property,
            access_infos: raw
                .access_infos
                .unwrap_or_default()
                .into_iter()
                .map(AccessInfo::from_raw)
                .collect(),
            volume_type: raw
                .phone_data_volume
                .as_ref()
                .and_then(|volume| volume.volume_type.clone()),
            volume_size: raw.phone_data_volume.and_then(|volume| volume.volume_size),
        })
    }
}

impl AccessInfo {
    fn from_raw(raw: cph_raw::types::PhoneAccessInfo) -> Self {
        Self {
            name: raw.type_,
            listen_port: raw.listen_port,
            access_port: raw.access_port,
            phone_ip: raw.phone_ip.or(raw.device_ip),
            public_ip: raw.public_ip.or(raw.access_ip),
            server_ip: raw.server_ip.or(raw.intranet_ip),
            phone_ipv6: raw.phone_ipv6,
            server_ipv6: raw.server_ipv6,
        }
    }
}
