//! Servers as the service shows them.

use cph_core::{InvalidId, ServerId, ServerStatus, limits};
use cph_raw::types;

use crate::{
    BandWidth, Client, Result,
    paging::{Page, Place, Query, page_size, query},
    view::{View, views},
};

query! {
    /// A query for servers.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut servers = pin!(client.servers().list().status(cph::ServerStatus::Normal).stream());
    /// while let Some(server) = servers.try_next().await? {
    ///     println!("{} {:?}", server.server_id, server.server_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListServers -> Server {
        /// Only servers whose name contains this.
        name => server_name: String,
        /// Only this server.
        server => server_id: String,
        /// Only servers in this network: `v1` the system's, `v2` the tenant's own.
        network_version => network_version: String,
        /// Only servers with phones of this flavor.
        phone_model_name => phone_model_name: String,
        /// Only servers made at this time or later, a timestamp in the vendor's unit (not stated).
        create_since => create_since: i64,
        /// Only servers made until this time, a timestamp in the vendor's unit (not stated).
        create_until => create_until: i64,
        /// Only servers in this state.
        status => status: ServerStatus,
    }
}

impl Query for ListServers {
    type Raw = types::Server;
    type Row = Server;
    const OPERATION: &'static str = "ListCloudPhoneServers";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let server_id: Option<ServerId> = self.server_id.as_ref().map(Client::id).transpose()?;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_cloud_phone_servers(
                &project,
                self.create_since,
                self.create_until,
                page_size(limits::LIST_CLOUD_PHONE_SERVERS_PAGE),
                self.network_version.as_deref(),
                from.offset(),
                self.phone_model_name.as_deref(),
                server_id.as_ref().map(ServerId::as_str),
                self.server_name.as_deref(),
                self.status.map(ServerStatus::code),
            )
            .await
        });
        Ok(Page::counted(call.await?.body.servers, from, limits::LIST_CLOUD_PHONE_SERVERS_PAGE))
    }
}

/// A server, as the list shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Server {
    /// Its id.
    pub server_id: ServerId,
    /// Its name, at most 65 characters.
    pub server_name: Option<String>,
    /// What it is doing.
    pub status: Option<ServerStatus>,
    /// Its flavor.
    pub server_model_name: Option<String>,
    /// The flavor of its phones.
    pub phone_model_name: Option<String>,
    /// The key pair that its phones are reached with.
    pub keypair_name: Option<String>,
    /// Where it stands.
    pub availability_zone: Option<String>,
    /// Its network: `v1` the system's, `v2` one of the tenant's own.
    pub network_version: Option<String>,
    /// Its VPC: the resource tenant's on the system's network, else the one that it was bought with.
    pub vpc_id: Option<String>,
    /// Addresses of that VPC.
    pub cidr: Option<String>,
    /// The same.
    pub vpc_cidr: Option<String>,
    /// Its subnet: the resource tenant's on the system's network, else the one that it was bought with.
    pub subnet_id: Option<String>,
    /// Addresses of that subnet.
    pub subnet_cidr: Option<String>,
    /// Its addresses; a server in the tenant's own network has them in its detail alone.
    pub addresses: Vec<ServerAddress>,
    /// The project of the resource tenant, for peering with the system's network; not the caller's.
    pub resource_project_id: Option<String>,
    /// The order that it was bought with.
    pub metadata: Option<ServerMetadata>,
    /// Its enterprise project; none or `0` is the default one.
    pub enterprise_project_id: Option<String>,
    /// When it was made, in UTC, such as `2021-11-11T08:33:40Z`.
    pub create_time: Option<String>,
    /// When it was last changed, in UTC.
    pub update_time: Option<String>,
}

/// The order that a server was bought with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ServerMetadata {
    /// The order.
    pub order_id: Option<String>,
    /// The product of that order.
    pub product_id: Option<String>,
    /// How it is paid: `0` by the year or month, `1` by use (FCS edition only).
    pub charging_mode: Option<i64>,
}

/// Addresses of a server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ServerAddress {
    /// The address inside.
    pub server_ip: Option<String>,
    /// The address outside.
    pub public_ip: Option<String>,
}

/// A server with all that it uses. As JSON it is flat, as the service prints it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ServerDetail {
    /// What the list shows too.
    #[serde(flatten)]
    pub server: Server,
    /// Its bandwidths.
    pub band_widths: Vec<BandWidth>,
    /// Its disks.
    pub volumes: Vec<ServerVolume>,
    /// Its shared storage.
    pub share_volume_info: Option<ServerShareVolume>,
    /// Its security groups; none on the system's network.
    pub security_groups: Vec<String>,
}

impl Server {
    /// The names of its fields, as they are serialised.
    pub const FIELDS: &'static [&'static str] = &[
        "server_id",
        "server_name",
        "status",
        "server_model_name",
        "phone_model_name",
        "keypair_name",
        "availability_zone",
        "network_version",
        "vpc_id",
        "cidr",
        "vpc_cidr",
        "subnet_id",
        "subnet_cidr",
        "addresses",
        "resource_project_id",
        "metadata",
        "enterprise_project_id",
        "create_time",
        "update_time",
    ];
}

impl ServerDetail {
    /// The names of its fields, as they are serialised.
    pub const FIELDS: &'static [&'static str] = &[
        "server_id",
        "server_name",
        "status",
        "server_model_name",
        "phone_model_name",
        "keypair_name",
        "availability_zone",
        "network_version",
        "vpc_id",
        "cidr",
        "vpc_cidr",
        "subnet_id",
        "subnet_cidr",
        "addresses",
        "resource_project_id",
        "metadata",
        "enterprise_project_id",
        "create_time",
        "update_time",
        "band_widths",
        "volumes",
        "share_volume_info",
        "security_groups",
    ];
}

views! {
    /// A disk of a server.
    pub struct ServerVolume from types::Volume {
        /// Its id.
        volume_id: Option<String>,
        /// Its name.
        volume_name: Option<String>,
        /// Its size in GB.
        volume_size: Option<i64>,
        /// Its type, such as `SSD`.
        volume_type: Option<String>,
        /// When it was made, in UTC, such as `2021-02-18T11:36:20Z`.
        create_time: Option<String>,
        /// When it was last changed, in UTC.
        update_time: Option<String>,
    }

    /// The shared storage of a server.
    pub struct ServerShareVolume from types::ShowCloudPhoneServerDetailResponseBodyShareVolumeInfo {
        /// Type of its disk.
        volume_type: Option<String>,
        /// Its size in GiB.
        size: Option<i64>,
        /// `0` shared storage 1.0, `1` shared storage 2.0.
        version: Option<i64>,
    }
}

/// List and detail print the same fields of a server, in types of their own.
macro_rules! server {
    ($raw:ident) => {
        Server {
            server_id: View::view($raw.server_id)?,
            server_name: $raw.server_name,
            status: View::view($raw.status)?,
            server_model_name: $raw.server_model_name,
            phone_model_name: $raw.phone_model_name,
            keypair_name: $raw.keypair_name,
            availability_zone: $raw.availability_zone,
            network_version: $raw.network_version,
            vpc_id: $raw.vpc_id,
            cidr: $raw.cidr,
            vpc_cidr: $raw.vpc_cidr,
            subnet_id: $raw.subnet_id,
            subnet_cidr: $raw.subnet_cidr,
            addresses: View::view($raw.addresses)?,
            resource_project_id: $raw.resource_project_id,
            metadata: $raw.metadata.map(|order| ServerMetadata {
                order_id: order.order_id,
                product_id: order.product_id,
                charging_mode: order.charging_mode,
            }),
            enterprise_project_id: $raw.enterprise_project_id,
            create_time: $raw.create_time,
            update_time: $raw.update_time,
        }
    };
}

impl View<types::Server> for Server {
    fn view(raw: types::Server) -> std::result::Result<Self, InvalidId> {
        Ok(server!(raw))
    }
}

impl View<types::ShowCloudPhoneServerDetailResponse> for ServerDetail {
    fn view(
        raw: types::ShowCloudPhoneServerDetailResponse,
    ) -> std::result::Result<Self, InvalidId> {
        Ok(Self {
            server: server!(raw),
            band_widths: View::view(raw.band_widths)?,
            volumes: View::view(raw.volumes)?,
            share_volume_info: View::view(raw.share_volume_info)?,
            security_groups: View::view(raw.security_groups)?,
        })
    }
}

impl View<types::Address> for ServerAddress {
    fn view(raw: types::Address) -> std::result::Result<Self, InvalidId> {
        Ok(Self {
            server_ip: raw.server_ip.or(raw.intranet_ip),
            public_ip: raw.public_ip.or(raw.access_ip),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn names(row: &impl serde::Serialize) -> Vec<String> {
        let Ok(Value::Object(fields)) = serde_json::to_value(row) else { panic!("an object") };
        let mut names: Vec<String> = fields.into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    }

    fn sorted(fields: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = fields.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    /// The detail of 2021, cut short.
    const DETAIL: &str = r#"{"server_id":"95bf815ae612435d9ab2af7ad91dcaab","status":5,
        "metadata":{"product_id":"OFFI454827367575412738","order_id":"CS2102181935Q80Q9"},
        "addresses":[{"intranet_ip":"192.168.0.74","access_ip":"10.246.169.234"}],
        "band_widths":[{"band_width_id":"8b85d44b-ac6f-48fb-bbab-e876e9c3502a","band_width_size":300}],
        "volumes":[{"volume_name":"VOLUME","volume_size":600,"volume_type":"SSD"}],
        "security_groups":["7f46bf9e-9050-48d6-9034-65711f9595f8"]}"#;

    #[test]
    fn a_detail_is_flat_and_has_the_new_names() {
        let raw: types::ShowCloudPhoneServerDetailResponse = serde_json::from_str(DETAIL).unwrap();
        let detail = ServerDetail::view(raw).unwrap();
        assert_eq!(detail.server.status, Some(ServerStatus::Normal));
        assert_eq!(detail.server.addresses[0].public_ip.as_deref(), Some("10.246.169.234"));
        assert_eq!(detail.band_widths[0].band_width_size, Some(300));
        assert_eq!(names(&detail), sorted(ServerDetail::FIELDS));
        assert_eq!(names(&detail.server), sorted(Server::FIELDS));
    }
}
