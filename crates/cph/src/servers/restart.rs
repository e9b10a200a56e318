//! Restarting servers.

use cph_raw::types::RestartCloudPhoneServerRequestBody;

use crate::{
    Batch, Client, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

/// A restart of servers in the making; see [`Servers::restart`](crate::Servers::restart).
pub type ServerRestart = Batch<RestartServers>;

/// A restart takes nothing but the servers' ids.
#[derive(Debug)]
pub struct RestartServers;

impl Sealed for RestartServers {}

impl BatchKind for RestartServers {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = RestartCloudPhoneServerRequestBody;

    const OPERATION: &'static str = "RestartCloudPhoneServer";

    fn body(&self, part: &[&String]) -> RestartCloudPhoneServerRequestBody {
        let server_ids = part.iter().map(ToString::to_string).collect();
        RestartCloudPhoneServerRequestBody { server_ids }
    }

    async fn send(client: Client, body: RestartCloudPhoneServerRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.restart_cloud_phone_server(&project, &body).await
        });
        Ok(jobs!(call.await?, server_id))
    }
}
