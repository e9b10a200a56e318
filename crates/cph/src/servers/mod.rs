//! Servers: the machines that phones run on.

mod listing;
mod restart;

pub use self::{
    listing::{ListServers, Server, ServerAddress},
    restart::{RestartServers, ServerRestart},
};
use crate::Client;

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

    /// Restarts servers, with all phones on them: any number, one in each call unless told otherwise.
    /// Documented as [RestartCloudPhoneServer](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0517.html).
    pub fn restart(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> ServerRestart {
        ServerRestart::new(self.client, server_ids, RestartServers)
    }
}
