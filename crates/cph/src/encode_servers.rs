//! Encoding services: what turns the pictures of phones into streams.

use cph_core::{
    EncodeServerFilter, EncodeServerId, EncodeServerStatus, InvalidId, ServerId, limits,
};
use cph_raw::types::{self, RestartEncodeServerRequestBody};

use crate::{
    Batch, Client, EncodeServerOutcome, Result,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
    paging::{Page, Place, Query, page_size, query},
    view::{View, views},
};

/// What can be asked and done about encoding services; see [`Client::encode_servers`].
#[derive(Debug, Clone, Copy)]
pub struct EncodeServers<'a> {
    client: &'a Client,
}

impl<'a> EncodeServers<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists encoding services, every page of them.
    /// Documented as [ListEncodeServers](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0526.html).
    pub fn list(&self) -> ListEncodeServers {
        ListEncodeServers::new(self.client)
    }

    /// Restarts encoding services, which interrupts what they stream: any number, one in each call unless told otherwise.
    /// Documented as [RestartEncodeServer](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0527.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let run = client.encode_servers().restart(["d5cfa92995da40168c39b38d2aa478b3"]).start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// An entry that an answer lost may stay unconfirmed: jobs name no encoding service, so only a job id finds one.
    pub fn restart(
        &self,
        encode_server_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> EncodeServerRestart {
        EncodeServerRestart::new(self.client, encode_server_ids, RestartEncodeServers)
    }
}

/// A restart of encoding services in the making; see [`EncodeServers::restart`].
pub type EncodeServerRestart = Batch<RestartEncodeServers>;

/// A restart takes nothing but the ids of the encoding services.
#[derive(Debug)]
pub struct RestartEncodeServers;

impl Sealed for RestartEncodeServers {}

impl BatchKind for RestartEncodeServers {
    type Target = String;
    type Outcome = EncodeServerOutcome;
    type Body = RestartEncodeServerRequestBody;

    const OPERATION: &'static str = "RestartEncodeServer";

    fn body(&self, part: &[&String]) -> RestartEncodeServerRequestBody {
        let encode_server_ids = part.iter().map(ToString::to_string).collect();
        RestartEncodeServerRequestBody { encode_server_ids }
    }

    async fn send(client: Client, body: RestartEncodeServerRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.restart_encode_server(&project, &body).await
        });
        Ok(jobs!(call.await?, encode_server_id))
    }
}

query! {
    /// A query for encoding services.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use cph::EncodeServerFilter;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut services = pin!(client.encode_servers().list().status(EncodeServerFilter::Abnormal).stream());
    /// while let Some(service) = services.try_next().await? {
    ///     println!("{} {:?}", service.encode_server_id, service.encode_server_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListEncodeServers -> EncodeServer {
        /// Only encoding services of this kind: `0` servers, `1` containers.
        kind => kind: i64,
        /// Only encoding services in this state; the numbers behind it are not those of the answers.
        status => status: EncodeServerFilter,
        /// Only encoding services that work for this server.
        server => server_id: String,
    }
}

impl Query for ListEncodeServers {
    type Raw = types::EncodeServer;
    type Row = EncodeServer;
    const OPERATION: &'static str = "ListEncodeServers";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let server_id: Option<ServerId> = self.server_id.as_ref().map(Client::id).transpose()?;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_encode_servers(
                &project,
                page_size(limits::LIST_ENCODE_SERVERS_PAGE),
                from.offset(),
                server_id.as_ref().map(ServerId::as_str),
                self.status.map(EncodeServerFilter::code),
                self.kind,
            )
            .await
        });
        let rows = call.await?.body.encode_servers;
        Ok(Page::counted(rows, from, limits::LIST_ENCODE_SERVERS_PAGE))
    }
}

views! {
    /// An encoding service.
    pub struct EncodeServer from types::EncodeServer {
        /// Its id.
        encode_server_id: EncodeServerId,
        /// Its name, at most 64 bytes.
        encode_server_name: Option<String>,
        /// Its address.
        encode_server_ip: Option<String>,
        /// Its IPv6 address.
        encode_server_ipv6: Option<String>,
        /// The server that it works for.
        server_id: Option<ServerId>,
        /// The key pair that logs in to it.
        keypair_name: Option<String>,
        /// `0` a server, `1` a container.
        kind as "type" from type_: Option<i64>,
        /// What it is doing.
        status: Option<EncodeServerStatus>,
        /// Where its ports can be reached.
        access_infos: Vec<EncodeServerAccessInfo>,
    }
}

/// One port of an encoding service.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct EncodeServerAccessInfo {
    /// What the port is for: `adb`, `vnc`, `cph_app_server`, `cph_h5_server`, or the name that the user gave it.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Port on the encoding service.
    pub listen_port: Option<i64>,
    /// Port on the public address.
    pub access_port: Option<i64>,
    /// The public address; empty if the port is not open to the internet.
    pub public_ip: Option<String>,
    /// The server's address.
    pub server_ip: Option<String>,
    /// The server's IPv6 address.
    pub server_ipv6: Option<String>,
}

impl View<types::EncodeServerAccessInfo> for EncodeServerAccessInfo {
    fn view(raw: types::EncodeServerAccessInfo) -> std::result::Result<Self, InvalidId> {
        Ok(Self {
            kind: raw.type_,
            listen_port: raw.listen_port,
            access_port: raw.access_port,
            public_ip: raw.public_ip.or(raw.access_ip),
            server_ip: raw.server_ip.or(raw.intranet_ip),
            server_ipv6: raw.server_ipv6,
        })
    }
}
