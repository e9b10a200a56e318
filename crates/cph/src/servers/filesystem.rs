//! Mounting shared file systems on servers.

use cph_raw::types::{AttachShareFilesystemRequestBody, DetachShareFilesystemRequestBody};

use super::request::filled;
use crate::{
    Batch, Client, Entry, Problem, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
    },
};

/// The only kind of file system that the service takes.
const SFS_TURBO: &str = "sfs_turbo";

/// A mount of a file system in the making; see [`Servers::attach_filesystem`](crate::Servers::attach_filesystem).
pub type FilesystemAttachment = Batch<AttachFilesystem>;

/// An unmount of a file system in the making; see [`Servers::detach_filesystem`](crate::Servers::detach_filesystem).
pub type FilesystemDetachment = Batch<DetachFilesystem>;

/// The file system that servers are to mount.
#[derive(Debug)]
pub struct AttachFilesystem {
    pub(crate) filesystem_id: String,
    pub(crate) path: Option<String>,
}

/// The file system that servers are to unmount.
#[derive(Debug)]
pub struct DetachFilesystem {
    pub(crate) filesystem_id: String,
}

impl FilesystemAttachment {
    /// Mounts this directory, by its full path; unless given, the root of the file system.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.kind.path = Some(path.into());
        self
    }
}

fn check_id(filesystem_id: &str, problems: &mut Vec<Problem>) {
    let problem = filled(filesystem_id);
    problems
        .extend(problem.map(|problem| Problem::new(format!("id of the file system: {problem}"))));
}

/// What an answer says of each server: a job, and never an error.
macro_rules! jobs_alone {
    ($reply:expr) => {{
        let reply = $reply;
        let entries = reply.body.jobs.unwrap_or_default().into_iter().map(|job| Entry {
            target: job.server_id,
            job_id: job.job_id,
            ..Default::default()
        });
        Answer::new(reply.body.request_id, reply.request_id, entries)
    }};
}

impl Sealed for AttachFilesystem {}

impl BatchKind for AttachFilesystem {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = AttachShareFilesystemRequestBody;

    const OPERATION: &'static str = "AttachShareFilesystem";

    fn check(&self, problems: &mut Vec<Problem>) {
        check_id(&self.filesystem_id, problems);
    }

    fn body(&self, part: &[&String]) -> AttachShareFilesystemRequestBody {
        AttachShareFilesystemRequestBody {
            type_: SFS_TURBO.to_owned(),
            id: self.filesystem_id.clone(),
            path: self.path.clone(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: AttachShareFilesystemRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.attach_share_filesystem(&project, &body).await
        });
        Ok(jobs_alone!(call.await?))
    }
}

impl Sealed for DetachFilesystem {}

impl BatchKind for DetachFilesystem {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = DetachShareFilesystemRequestBody;

    const OPERATION: &'static str = "DetachShareFilesystem";

    fn check(&self, problems: &mut Vec<Problem>) {
        check_id(&self.filesystem_id, problems);
    }

    fn body(&self, part: &[&String]) -> DetachShareFilesystemRequestBody {
        DetachShareFilesystemRequestBody {
            type_: SFS_TURBO.to_owned(),
            id: self.filesystem_id.clone(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: DetachShareFilesystemRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.detach_share_filesystem(&project, &body).await
        });
        Ok(jobs_alone!(call.await?))
    }
}
