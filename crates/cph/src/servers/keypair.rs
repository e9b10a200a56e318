//! Changing the key pairs of servers.

use cph_raw::types::{ServerKeypair, UpdateKeypairRequestBody};

use super::request::bytes;
use crate::{
    Batch, Client, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, Target, sealed::Sealed},
        jobs,
    },
};

/// A server, and the key pair that its phones are to be reached with.
///
/// ```
/// let target = cph::KeypairTarget::new("1234567b8bab40ffb711234cb80d0234", "mykeypair");
/// assert_eq!(target, ("1234567b8bab40ffb711234cb80d0234", "mykeypair").into());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeypairTarget {
    server_id: String,
    keypair_name: String,
}

impl KeypairTarget {
    /// A server by its id, and the key pair's name of at most 64 bytes; both are checked when the run starts.
    pub fn new(server_id: impl Into<String>, keypair_name: impl Into<String>) -> Self {
        Self { server_id: server_id.into(), keypair_name: keypair_name.into() }
    }

    /// The server's id, as given.
    pub fn server_id(&self) -> &str {
        &self.server_id
    }

    /// The name of the key pair.
    pub fn keypair_name(&self) -> &str {
        &self.keypair_name
    }
}

impl<I: Into<String>, N: Into<String>> From<(I, N)> for KeypairTarget {
    fn from((server_id, keypair_name): (I, N)) -> Self {
        Self::new(server_id, keypair_name)
    }
}

impl Target for KeypairTarget {
    fn id(&self) -> &str {
        &self.server_id
    }

    fn problems(&self) -> Vec<String> {
        let problem = bytes(64)(&self.keypair_name);
        problem.map(|problem| format!("keypair_name: {problem}")).into_iter().collect()
    }
}

/// A change of key pairs in the making; see [`Servers::update_keypair`](crate::Servers::update_keypair).
pub type KeypairUpdate = Batch<UpdateKeypairs>;

/// Each server names its own key pair.
#[derive(Debug)]
pub struct UpdateKeypairs;

impl Sealed for UpdateKeypairs {}

impl BatchKind for UpdateKeypairs {
    type Target = KeypairTarget;
    type Outcome = ServerOutcome;
    type Body = UpdateKeypairRequestBody;

    const OPERATION: &'static str = "UpdateKeypair";

    fn body(&self, part: &[&KeypairTarget]) -> UpdateKeypairRequestBody {
        let server = |target: &&KeypairTarget| ServerKeypair {
            server_id: target.server_id.clone(),
            keypair_name: target.keypair_name.clone(),
        };
        UpdateKeypairRequestBody { servers: part.iter().map(server).collect() }
    }

    async fn send(client: Client, body: UpdateKeypairRequestBody) -> Result<Answer> {
        let call = client
            .call(Self::OPERATION, async |raw, project| raw.update_keypair(&project, &body).await);
        Ok(jobs!(call.await?, server_id))
    }
}
