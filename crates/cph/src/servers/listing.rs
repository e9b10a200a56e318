//! Servers as the service shows them.

use cph_core::{ServerId, ServerStatus, limits};
use cph_raw::types;

use crate::{
    Client, Result,
    paging::{Page, Place, Query, page_size, query},
    view::views,
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

views! {
    /// A server, as the list shows it.
    pub struct Server from types::Server {
        /// Its id.
        server_id: ServerId,
        /// Its name, at most 65 characters.
        server_name: Option<String>,
        /// What it is doing.
        status: Option<ServerStatus>,
        /// Its flavor.
        server_model_name: Option<String>,
        /// The flavor of its phones.
        phone_model_name: Option<String>,
        /// The key pair that its phones are reached with.
        keypair_name: Option<String>,
        /// Where it stands.
        availability_zone: Option<String>,
        /// Its addresses; a server in the tenant's own network has them in its detail alone.
        addresses: Vec<ServerAddress>,
    }

    /// Addresses of a server.
    pub struct ServerAddress from types::Address {
        /// The address inside.
        server_ip: Option<String>,
        /// The address outside.
        public_ip: Option<String>,
    }
}
