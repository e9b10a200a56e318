//! Servers: the machines that phones run on.

mod change;
mod delete;
mod filesystem;
mod keypair;
mod listing;
mod models;
mod order;
mod parts;
pub(crate) mod request;
mod restart;
#[cfg(test)]
mod tests;

use cph_core::ServerId;
use cph_raw::types::UpdateServerNameRequestBody;

pub use self::{
    change::{
        ChangeServer, EnterpriseProject, ServerChange, ServerModelChange, ServerModelChangeTerms,
        ServerReplacement,
    },
    delete::{DeleteServers, ServerDeletion},
    filesystem::{AttachFilesystem, DetachFilesystem, FilesystemAttachment, FilesystemDetachment},
    keypair::{KeypairTarget, KeypairUpdate, UpdateKeypairs},
    listing::{
        ListServers, Server, ServerAddress, ServerDetail, ServerMetadata, ServerShareVolume,
        ServerVolume,
    },
    models::{
        ListServerModelOfferings, ListServerModels, ServerModel, ServerModelExtendSpec,
        ServerModelOffering, ServerModelOsVolume,
    },
    order::{
        Order, ServerOrder, SingleDataVolume, SinglePublicIp, SingleServerNic, SingleServerOrder,
    },
    parts::{
        DataVolume, Ipv6BandWidth, OrderTerms, ServerBandWidth, ServerEip, ServerNic, ServerPort,
        ServerPublicIp, SingleOrderTerms,
    },
    restart::{RestartServers, ServerRestart},
};
use crate::{Client, Error, Result, view::view};

/// What can be asked and done about servers; see [`Client::servers`].
#[derive(Debug, Clone, Copy)]
pub struct Servers<'a> {
    client: &'a Client,
}

impl<'a> Servers<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists servers, every page of them.
    /// Documented as [ListCloudPhoneServers](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0502.html).
    pub fn list(&self) -> ListServers {
        ListServers::new(self.client)
    }

    /// One server with all that it uses.
    /// Documented as [ShowCloudPhoneServerDetail](https://support.huaweicloud.com/api-cph/cph_api_0540.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let detail = client.servers().get("6edb89150bc742aa81fc8ac4ff047297").await?;
    /// println!("{:?}, {} disks", detail.server.status, detail.volumes.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id is none, before anything is sent.
    pub async fn get(&self, server_id: impl AsRef<str>) -> Result<ServerDetail> {
        let server_id: ServerId = Client::id(server_id)?;
        let operation = "ShowCloudPhoneServerDetail";
        let call = self.client.call(operation, async |raw, project| {
            raw.show_cloud_phone_server_detail(&project, server_id.as_str()).await
        });
        view(call.await?.body, operation)
    }

    /// Lists the flavors that servers come in, every page of them.
    /// Documented as [ListCloudPhoneServerModels](https://support.huaweicloud.com/api-cph/cph_api_0505.html).
    pub fn models(&self) -> ListServerModels {
        ListServerModels::new(self.client)
    }

    /// Lists which flavors of servers can be bought in which availability zone, every page of them.
    /// `ListCloudPhoneServerModelOfferings` is documented by the SDK alone.
    pub fn model_offerings(&self) -> ListServerModelOfferings {
        ListServerModelOfferings::new(self.client)
    }

    /// Renames a server: 1 to 60 letters, digits, Chinese characters, `_` and `-`.
    /// Documented as [UpdateServerName](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0551.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.servers().rename("1564567b8bab40f34711234cb80d8574", "newName").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id or the name breaks its rule, before anything is
    /// sent.
    pub async fn rename(
        &self,
        server_id: impl AsRef<str>,
        server_name: impl Into<String>,
    ) -> Result<()> {
        let server_id: ServerId = Client::id(server_id)?;
        let body = UpdateServerNameRequestBody { server_name: server_name.into() };
        if let Some(problem) = request::server_name(&body.server_name) {
            return Err(Error::invalid(format!("server_name: {problem}")));
        }
        let call = self.client.call("UpdateServerName", async |raw, project| {
            raw.update_server_name(&project, server_id.as_str(), &body).await
        });
        call.await.map(|_| ())
    }

    /// Buys servers with phones, on a network of one's own. **It spends money, and sending it twice buys twice.**
    ///
    /// An order whose answer was lost is never sent again by this crate. Look at the orders and the servers before you do.
    /// There is no job: the new servers are in the list, creating at first. Unless
    /// [`is_auto_pay`](OrderTerms::is_auto_pay) is set, the order is left open until somebody pays it.
    /// Documented as [CreateNet2CloudPhoneServer](https://support.huaweicloud.com/api-cph/cph_api_0550.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, body: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let order: cph::ServerOrder = serde_json::from_str(body)?; // the vendor's JSON, or built with setters
    /// let placed = client.servers().buy(order).await?;
    /// println!("{:?}: {:?}", placed.order_id, placed.server_ids);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with every problem of the order, before anything is sent.
    /// After [`Delivery::Unknown`](crate::Delivery::Unknown) the servers may have been bought.
    pub async fn buy(&self, order: ServerOrder) -> Result<Order> {
        let (operation, body) = ("CreateNet2CloudPhoneServer", request::raw(&order)?);
        let call = self.client.call(operation, async |raw, project| {
            raw.create_net2_cloud_phone_server(&project, &body).await
        });
        order::placed(call.await?, operation)
    }

    /// Buys servers without phones. **It spends money, and sending it twice buys twice.**
    ///
    /// What [`buy`](Self::buy) says of lost answers and of payment holds here too.
    /// Documented as
    /// [CreateCloudPhoneSingleServer](https://support.huaweicloud.com/intl/en-us/api-cph/CreateCloudPhoneSingleServer.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use cph::{ServerBandWidth, SingleOrderTerms, SinglePublicIp, SingleServerNic, SingleServerOrder};
    ///
    /// let order = SingleServerOrder::new()
    ///     .server_name("cph-test")
    ///     .server_model_name("physical.rx2.32xlarge.4")
    ///     .count(1)
    ///     .order_param(SingleOrderTerms::months(1).is_auto_pay(true))
    ///     .nics([SingleServerNic::new("3c5e2638-b71f-4499-8d1e-355e89f21ae0")])
    ///     .public_ip(SinglePublicIp::new(ServerBandWidth::dedicated(300)).kind("5_bgp").count(1))
    ///     .keypair_name("KeyPair-1d1d");
    /// println!("{:?}", client.servers().buy_single(order).await?.order_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`buy`](Self::buy).
    pub async fn buy_single(&self, order: SingleServerOrder) -> Result<Order> {
        let (operation, body) = ("CreateCloudPhoneSingleServer", request::raw(&order)?);
        let call = self.client.call(operation, async |raw, project| {
            raw.create_cloud_phone_single_server(&project, &body).await
        });
        order::placed(call.await?, operation)
    }

    /// Puts a new machine in the place of a server, with new phones. **The data of the old phones are lost.**
    ///
    /// Name, id and price of the server stay. While it runs it needs the room and the quota of a second server. The run has this
    /// one server for a target.
    /// Documented as [ChangeCloudPhoneServer](https://support.huaweicloud.com/intl/en-us/api-cph/ChangeCloudPhoneServer.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use cph::{ServerBandWidth, ServerChange, ServerNic, ServerPublicIp};
    ///
    /// let change = ServerChange::new()
    ///     .phone_model_name("kg1.cp.c20.d64SSD.e1v1")
    ///     .image_id("20060220200717f201120a2300000e91")
    ///     .tenant_vpc_id("fca063f6-b942-42a8-9004-e5545f58d6a2")
    ///     .nics([ServerNic::new("f1cbfc37-eb42-4357-a0ec-9e4f11950908")])
    ///     .public_ip(ServerPublicIp::new().eip("5_bgp"))
    ///     .band_width(ServerBandWidth::dedicated(300));
    /// println!("{}", client.servers().change("1234567b8bab40ffb711234cb80d0234", change).start()?.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn change(&self, server_id: impl Into<String>, change: ServerChange) -> ServerReplacement {
        ServerReplacement::new(self.client, [server_id], ChangeServer { change })
    }

    /// Changes the flavor of a server. **It spends money: a larger flavor costs more.** Sending it twice orders twice.
    ///
    /// There is no job: the change is done about two minutes after the answer, and the detail of the server shows the new
    /// flavor. Unless [`is_auto_pay`](ServerModelChange::is_auto_pay) is set, the order is left open until somebody pays it.
    /// Only certain servers can change their flavor.
    /// Documented as [ChangeCloudPhoneServerModel](https://support.huaweicloud.com/api-cph/cph_api_0545.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let change = cph::ServerModelChange::new(
    ///     "a176d8625981453bbafbc0a321d8d6a1",
    ///     "physical.rx1.xlarge.special",
    ///     "rx1.cp.sp.c105.d8.e5v5",
    /// );
    /// let order = client.servers().change_model(change.is_auto_pay(true)).await?;
    /// println!("{:?}", order.order_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`buy`](Self::buy).
    pub async fn change_model(&self, change: ServerModelChange) -> Result<Order> {
        let (operation, body) = ("ChangeCloudPhoneServerModel", request::raw(&change)?);
        let call = self.client.call(operation, async |raw, project| {
            raw.change_cloud_phone_server_model(&project, &body).await
        });
        order::placed(call.await?, operation)
    }

    /// Restarts servers, with all phones on them: any number, one in each call unless told otherwise.
    /// Documented as [RestartCloudPhoneServer](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0517.html).
    pub fn restart(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> ServerRestart {
        ServerRestart::new(self.client, server_ids, RestartServers)
    }

    /// **Deletes servers for good**, with all phones on them: any number, one in each call unless told otherwise, 10 at most.
    ///
    /// Only servers that are paid by use can be deleted. A call has one job for all of its servers, so that more than one in a
    /// [`batch`](crate::Batch::batch) share one fate.
    /// `DeleteCloudPhoneServer` is documented by the SDK alone.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let run = client.servers().delete(["1234567b8bab40ffb711234cb80d0234"]).start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> ServerDeletion {
        ServerDeletion::new(self.client, server_ids, DeleteServers)
    }

    /// Changes the key pairs that ADB logs in to the phones of servers with: any number, one in each call unless told
    /// otherwise. The old key pair no longer works.
    ///
    /// A target is a server's id and the name of a key pair, at most 64 bytes; see [`KeypairTarget`].
    /// Documented as [UpdateKeypair](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0524.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let run = client.servers().update_keypair([("ae4d231e44d2a4ccf612660a473fe1e3", "mykeypair")]).start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_keypair(
        &self,
        targets: impl IntoIterator<Item = impl Into<KeypairTarget>>,
    ) -> KeypairUpdate {
        KeypairUpdate::new(self.client, targets, UpdateKeypairs)
    }

    /// Mounts a shared file system (SFS Turbo) on servers: any number, one in each call unless told otherwise, 20 at most.
    ///
    /// The vendor advises against more than 50 servers at once on one file system.
    /// `AttachShareFilesystem` is documented by the SDK alone.
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>, filesystem: &str) -> cph::Result<()> {
    /// let run = client.servers().attach_filesystem(servers, filesystem).path("/games").start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_filesystem(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        filesystem_id: impl Into<String>,
    ) -> FilesystemAttachment {
        let kind = AttachFilesystem { filesystem_id: filesystem_id.into(), path: None };
        FilesystemAttachment::new(self.client, server_ids, kind)
    }

    /// Unmounts a shared file system (SFS Turbo) from servers: any number, one in each call unless told otherwise, 20 at most.
    /// Phones lose what they read from it.
    ///
    /// `DetachShareFilesystem` is documented by the SDK alone.
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>, filesystem: &str) -> cph::Result<()> {
    /// let run = client.servers().detach_filesystem(servers, filesystem).start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_filesystem(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        filesystem_id: impl Into<String>,
    ) -> FilesystemDetachment {
        let kind = DetachFilesystem { filesystem_id: filesystem_id.into() };
        FilesystemDetachment::new(self.client, server_ids, kind)
    }
}
