//! Flavors that servers come in, and where they can be bought.

use cph_core::limits;
use cph_raw::types;

use crate::{
    Result,
    paging::{Page, Place, Query, page_size, query},
    view::views,
};

query! {
    /// A query for flavors of servers.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut models = pin!(client.servers().models().product_type(0).stream());
    /// while let Some(model) = models.try_next().await? {
    ///     println!("{:?}: {:?} cores", model.server_model_name, model.cpu);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListServerModels -> ServerModel {
        /// Only flavors of this kind of product: `0` cloud phones, `1` cloud gaming.
        product_type => product_type: i64,
    }
}

impl Query for ListServerModels {
    type Raw = types::ServerModel;
    type Row = ServerModel;
    const OPERATION: &'static str = "ListCloudPhoneServerModels";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_cloud_phone_server_models(
                &project,
                page_size(limits::LIST_CLOUD_PHONE_SERVER_MODELS_PAGE),
                from.marker(),
                self.product_type,
            )
            .await
        });
        let body = call.await?.body;
        let next = body.page_info.and_then(|page| page.next_marker);
        Ok(Page::marked(body.server_models, from, next))
    }
}

query! {
    /// A query for what flavors of servers can be bought where.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut offerings = pin!(client.servers().model_offerings().stream());
    /// while let Some(offering) = offerings.try_next().await? {
    ///     println!("{:?} {:?}", offering.model_name, offering.sell_status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListServerModelOfferings -> ServerModelOffering {}
}

impl Query for ListServerModelOfferings {
    type Raw = types::ListCloudPhoneServersModelOfferingsResponseBodyModels;
    type Row = ServerModelOffering;
    const OPERATION: &'static str = "ListCloudPhoneServerModelOfferings";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            let limit = page_size(limits::LIST_CLOUD_PHONE_SERVER_MODEL_OFFERINGS_PAGE);
            raw.list_cloud_phone_server_model_offerings(&project, limit, from.marker()).await
        });
        let body = call.await?.body;
        let next = body.page_info.and_then(|page| page.next_marker);
        Ok(Page::marked(body.models, from, next))
    }
}

views! {
    /// A flavor that servers come in.
    pub struct ServerModel from types::ServerModel {
        /// Its name, at most 64 bytes.
        server_model_name: Option<String>,
        /// Type of the hardware, such as `Hi1616`.
        server_type: Option<String>,
        /// How many CPU cores.
        cpu: Option<i64>,
        /// Memory in GB.
        memory: Option<i64>,
        /// What is in the machine.
        extend_spec: Option<ServerModelExtendSpec>,
        /// How many disks can be attached at most; `0` if the disks are local.
        disk_max_num: Option<i64>,
        /// `0` cloud phones, `1` cloud gaming.
        product_type: Option<i64>,
        /// Disk space that costs nothing, in GB.
        free_size: Option<i64>,
    }

    /// What is in a machine of a flavor, mostly in words.
    pub struct ServerModelExtendSpec from types::ServerModelExtendSpec {
        /// The CPU.
        cpu: Option<String>,
        /// The memory.
        memory: Option<String>,
        /// The disks.
        disk: Option<String>,
        /// The network interfaces.
        network_interface: Option<String>,
        /// The graphics cards.
        gpu: Option<String>,
        /// Flavor of the bare metal server.
        bms_flavor: Option<String>,
        /// How many graphics cards.
        gpu_count: Option<i64>,
        /// How many NUMA nodes.
        numa_count: Option<i64>,
        /// The disk of the operating system.
        os_volume: Option<ServerModelOsVolume>,
    }

    /// The disk that an operating system is on.
    pub struct ServerModelOsVolume from types::ServerModelExtendSpecOsVolume {
        /// Its size, in the vendor's unit (not stated).
        size: Option<i64>,
        /// Its type.
        volume_type: Option<String>,
    }

    /// A flavor in one availability zone.
    pub struct ServerModelOffering from types::ListCloudPhoneServersModelOfferingsResponseBodyModels {
        /// The availability zone; elsewhere it is called `availability_zone`.
        available_zone: Option<String>,
        /// The flavor; elsewhere it is called `server_model_name`.
        model_name: Option<String>,
        /// `available` or `sellout`.
        sell_status: Option<String>,
    }
}
