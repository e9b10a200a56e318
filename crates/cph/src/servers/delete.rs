//! Deleting servers.

use cph_raw::types::DeleteCloudPhoneServerRequestBody;

use crate::{
    Batch, Client, Entry, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
    },
};

/// A deletion of servers in the making; see [`Servers::delete`](crate::Servers::delete).
pub type ServerDeletion = Batch<DeleteServers>;

/// A deletion takes nothing but the servers' ids.
#[derive(Debug)]
pub struct DeleteServers;

impl Sealed for DeleteServers {}

impl BatchKind for DeleteServers {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = DeleteCloudPhoneServerRequestBody;

    const OPERATION: &'static str = "DeleteCloudPhoneServer";

    fn body(&self, part: &[&String]) -> DeleteCloudPhoneServerRequestBody {
        let server_ids = part.iter().map(ToString::to_string).collect();
        DeleteCloudPhoneServerRequestBody { server_ids }
    }

    async fn send(client: Client, body: DeleteCloudPhoneServerRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.delete_cloud_phone_server(&project, &body).await
        });
        let reply = call.await?;
        // One job for the whole call: it is every server's. Assumed: one-job-id-for-all-servers.
        let job_id = reply.body.job_id;
        let entries = body.server_ids.into_iter().map(|server_id| Entry {
            target: Some(server_id),
            job_id: job_id.clone(),
            ..Default::default()
        });
        Ok(Answer::new(reply.body.request_id, reply.request_id, entries))
    }
}
