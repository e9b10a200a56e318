//! Phones: finding them, and changing them in batches.

use cph_core::{PhoneId, PhoneStatus, PropertyText, ServerId, limits};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

use crate::{Client, Error, Personal, Restart, RestartTarget, Result, client::operation};

/// What can be asked and done about phones; see [`Client::phones`].
#[derive(Debug, Clone, Copy)]
pub struct Phones<'a> {
    client: &'a Client,
}

impl<'a> Phones<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Restarts phones, or starts those that are shut down: any number, split into calls.
    ///
    /// A target is an id, or a [`RestartTarget`] with properties. Nothing is sent before
    /// [`Restart::start`], which checks everything.
    /// Documented as [RestartCloudPhone](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0515.html).
    pub fn restart<I>(&self, targets: I) -> Restart
    where
        I: IntoIterator,
        I::Item: Into<RestartTarget>,
    {
        Restart::of(self.client.clone(), targets.into_iter().map(Into::into).collect())
    }

    /// Lists phones, every page of them.
    /// Documented as [ListCloudPhones](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0503.html).
    pub fn list(&self) -> ListPhones {
        ListPhones {
            client: self.client.clone(),
            phone_name: None,
            server_id: None,
            status: None,
            kind: None,
        }
    }

    /// One phone with all that is known of it.
    /// Documented as [ShowCloudPhoneDetail](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0504.html).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PHONE_NOT_FOUND`](crate::ErrorCode::PHONE_NOT_FOUND) if the project has no such phone.
    pub async fn get(&self, phone_id: impl AsRef<str>) -> Result<PhoneDetail> {
        let phone_id: PhoneId = phone_id.as_ref().parse().map_err(Error::invalid)?;
        let project = self.client.project().clone();
        let reply = self
            .client
            .call(operation("ShowCloudPhoneDetail"), |raw| async move {
                raw.show_cloud_phone_detail(project.as_str(), phone_id.as_str()).await
            })
            .await?;
        PhoneDetail::from_raw(reply.body)
    }
}

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

/// A query for phones: narrow it, then take the [`stream`](Self::stream).
#[derive(Debug, Clone)]
#[must_use]
pub struct ListPhones {
    client: Client,
    phone_name: Option<String>,
    server_id: Option<String>,
    status: Option<PhoneStatus>,
    kind: Option<i64>,
}

impl ListPhones {
    /// Only phones whose name contains this.
    pub fn name(mut self, part_of_name: impl Into<String>) -> Self {
        self.phone_name = Some(part_of_name.into());
        self
    }

    /// Only phones of this server.
    pub fn server(mut self, server_id: impl Into<String>) -> Self {
        self.server_id = Some(server_id.into());
        self
    }

    /// Only phones in this state.
    pub fn status(mut self, status: PhoneStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only phones of this kind: `0` ordinary.
    pub fn kind(mut self, kind: i64) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The phones, page after page as they are taken. It ends after its first `Err`.
    ///
    /// Phones that come or go meanwhile may be missed or seen twice: the service pages by number.
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
    pub fn stream(self) -> impl Stream<Item = Result<Phone>> + Send + 'static {
        let pages = futures_util::stream::try_unfold((self, Some(0)), async |(query, offset)| {
            let Some(offset) = offset else {
                return Ok::<_, Error>(None);
            };
            let page = query.page(offset).await?;
            let next = (page.len() == limits::LIST_CLOUD_PHONES_PAGE).then(|| offset + page.len());
            Ok(Some((futures_util::stream::iter(page).map(Phone::from_raw), (query, next))))
        });
        // One error ends the stream, whichever page or phone it is about.
        pages.try_flatten().scan(false, |failed, phone| {
            let item = (!*failed).then_some(phone);
            *failed |= item.as_ref().is_some_and(Result::is_err);
            std::future::ready(item)
        })
    }

    async fn page(&self, offset: usize) -> Result<Vec<cph_raw::types::Phone>> {
        let server_id = self
            .server_id
            .as_deref()
            .map(str::parse::<ServerId>)
            .transpose()
            .map_err(Error::invalid)?;
        let status = self.status.map(PhoneStatus::code);
        let (project, name, kind) =
            (self.client.project().clone(), self.phone_name.clone(), self.kind);
        let reply = self
            .client
            .call(operation("ListCloudPhones"), |raw| async move {
                let (limit, offset) = (
                    i64::try_from(limits::LIST_CLOUD_PHONES_PAGE).ok(),
                    i64::try_from(offset).ok(),
                );
                raw.list_cloud_phones(
                    project.as_str(),
                    limit,
                    offset,
                    name.as_deref(),
                    server_id.as_ref().map(ServerId::as_str),
                    status,
                    kind,
                )
                .await
            })
            .await?;
        Ok(reply.body.phones.unwrap_or_default())
    }
}

/// An id of the service's making that no request could carry.
fn unusable(operation: &'static str) -> impl Fn(cph_core::InvalidId) -> Error {
    move |error| {
        Error::unreadable(200, "a phone whose id is unusable")
            .caused_by(error)
            .with_operation(operation)
    }
}

/// List and detail print the same fields of a phone, in types of their own.
macro_rules! phone {
    ($raw:ident, $operation:literal) => {{
        let unusable = unusable($operation);
        Phone {
            phone_id: $raw.phone_id.unwrap_or_default().parse().map_err(&unusable)?,
            phone_name: $raw.phone_name,
            server_id: $raw.server_id.map(|id| id.parse()).transpose().map_err(&unusable)?,
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

impl Phone {
    fn from_raw(raw: cph_raw::types::Phone) -> Result<Self> {
        Ok(phone!(raw, "ListCloudPhones"))
    }
}

impl PhoneDetail {
    fn from_raw(raw: cph_raw::types::ShowCloudPhoneDetailResponse) -> Result<Self> {
        let phone = phone!(raw, "ShowCloudPhoneDetail");
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
