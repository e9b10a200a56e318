//! Files in the shared storage of servers.

use std::str::FromStr;

use cph_core::limits;
use cph_raw::types::ChangeShareFilesRequestBody;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Batch, Client, Problem, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
    rules::{bucket, directory, field, file_path, object_path},
};

/// What can be asked and done about the files that a server's phones share; see [`Client::shared_files`].
#[derive(Debug, Clone, Copy)]
pub struct SharedFiles<'a> {
    client: &'a Client,
}

impl<'a> SharedFiles<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Unpacks a tar file from a bucket into the shared storage of servers: any number, one in each call unless told
    /// otherwise.
    ///
    /// What the tar file holds lies under `/data` or `/cache`. The bucket's name has 3 to 63 characters, the path in it at most
    /// 1024. Only flavors with shared storage take it, and the service needs the right to read the bucket.
    /// Documented as [PushShareFiles](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0534.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>) -> cph::Result<()> {
    /// let run = client.shared_files().push(servers, "push-bucket", "my_apps/test.tar").start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn push(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        bucket_name: impl Into<String>,
        object_path: impl Into<String>,
    ) -> SharedFilesPush {
        let kind =
            PushSharedFiles { bucket_name: bucket_name.into(), object_path: object_path.into() };
        SharedFilesPush::new(self.client, server_ids, kind)
    }

    /// **Erases** files from the shared storage of servers: any number of servers, one in each call unless told otherwise.
    ///
    /// Each path begins with `/`, has at most 4096 bytes, and holds letters, digits, spaces and `.` `/` `-` `_` `=`, no two dots
    /// in a row.
    /// Documented as [DeleteShareFiles](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0535.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>) -> cph::Result<()> {
    /// let run = client.shared_files().delete(servers, ["/data/data/test.apk"]).start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        file_paths: impl IntoIterator<Item = impl Into<String>>,
    ) -> SharedFilesDeletion {
        let kind =
            DeleteSharedFiles { file_paths: file_paths.into_iter().map(Into::into).collect() };
        SharedFilesDeletion::new(self.client, server_ids, kind)
    }

    /// Lists the files in a directory of the shared storage of servers, by a job for each server.
    ///
    /// The path begins with `/`, is more than that, and holds letters, digits and `.` `+` `-` `_` `/` `=`, neither `../` nor
    /// `//`. What a job lists is the [`output`](ServerOutcome::output) of its outcome, which [`SharedFileListing`] reads.
    /// Documented as [ListShareFiles](https://support.huaweicloud.com/api-cph/cph_api_0541.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>) -> cph::Result<(), Box<dyn std::error::Error>> {
    /// let mut run = client.shared_files().list(servers, "/data/data").limit(10).start()?;
    /// while let Some(outcome) = run.next().await {
    ///     if let Some(output) = &outcome.output {
    ///         let listing: cph::SharedFileListing = output.parse()?;
    ///         println!("{}: {:?}", outcome.server, listing.files_in_path.files);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        path: impl Into<String>,
    ) -> SharedFilesList {
        let kind = ListSharedFiles { path: path.into(), offset: None, limit: None };
        SharedFilesList::new(self.client, server_ids, kind)
    }
}

/// A push of shared files in the making; see [`SharedFiles::push`].
pub type SharedFilesPush = Batch<PushSharedFiles>;

/// The tar file that servers are to have.
#[derive(Debug)]
pub struct PushSharedFiles {
    bucket_name: String,
    object_path: String,
}

impl Sealed for PushSharedFiles {}

impl BatchKind for PushSharedFiles {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = ChangeShareFilesRequestBody;

    const OPERATION: &'static str = "PushShareFiles";

    fn check(&self, problems: &mut Vec<Problem>) {
        field("bucket_name", bucket(&self.bucket_name), problems);
        field("object_path", object_path(&self.object_path), problems);
    }

    fn body(&self, part: &[&String]) -> ChangeShareFilesRequestBody {
        ChangeShareFilesRequestBody {
            bucket_name: Some(self.bucket_name.clone()),
            object_path: Some(self.object_path.clone()),
            file_paths: Vec::new(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: ChangeShareFilesRequestBody) -> Result<Answer> {
        change(client, Self::OPERATION, body).await
    }
}

/// A deletion of shared files in the making; see [`SharedFiles::delete`].
pub type SharedFilesDeletion = Batch<DeleteSharedFiles>;

/// The files that servers are to lose.
#[derive(Debug)]
pub struct DeleteSharedFiles {
    file_paths: Vec<String>,
}

impl Sealed for DeleteSharedFiles {}

impl BatchKind for DeleteSharedFiles {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = ChangeShareFilesRequestBody;

    const OPERATION: &'static str = "DeleteShareFiles";

    fn check(&self, problems: &mut Vec<Problem>) {
        if self.file_paths.is_empty() {
            field("file_paths", Some("empty; at least one is needed".to_owned()), problems);
        }
        for (place, path) in self.file_paths.iter().enumerate() {
            field(&format!("file_paths[{place}]"), file_path(path), problems);
        }
    }

    fn body(&self, part: &[&String]) -> ChangeShareFilesRequestBody {
        ChangeShareFilesRequestBody {
            bucket_name: None,
            object_path: None,
            file_paths: self.file_paths.clone(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: ChangeShareFilesRequestBody) -> Result<Answer> {
        change(client, Self::OPERATION, body).await
    }
}

/// The vendor pushes and deletes under one method and path.
async fn change(
    client: Client,
    operation: &'static str,
    body: ChangeShareFilesRequestBody,
) -> Result<Answer> {
    let call =
        client.call(operation, async |raw, project| raw.change_share_files(&project, &body).await);
    Ok(jobs!(call.await?, server_id))
}

/// A listing of shared files in the making; see [`SharedFiles::list`].
pub type SharedFilesList = Batch<ListSharedFiles>;

/// What to list.
#[derive(Debug)]
pub struct ListSharedFiles {
    path: String,
    offset: Option<usize>,
    limit: Option<usize>,
}

impl SharedFilesList {
    /// Passes over the first files of each server.
    pub fn offset(mut self, files: usize) -> Self {
        self.kind.offset = Some(files);
        self
    }

    /// Lists at most this many files of each server, 1 to 50. The service's default is 50; its jobs keep at most 1024 bytes
    /// of a listing, which may be fewer.
    pub fn limit(mut self, files: usize) -> Self {
        self.kind.limit = Some(files);
        self
    }
}

/// The query of a call, which has no body.
#[derive(Debug, Serialize, Deserialize)]
pub struct ShareFilesQuery {
    server_ids: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
}

impl Sealed for ListSharedFiles {}

impl BatchKind for ListSharedFiles {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = ShareFilesQuery;

    const OPERATION: &'static str = "ListShareFiles";

    fn check(&self, problems: &mut Vec<Problem>) {
        field("path", directory(&self.path), problems);
        let most = limits::LIST_SHARE_FILES_PAGE;
        let limit = self.limit.filter(|limit| !(1..=most).contains(limit));
        field("limit", limit.map(|limit| format!("{limit} is not in 1 to {most}")), problems);
        let offset = self.offset.filter(|offset| i64::try_from(*offset).is_err());
        field("offset", offset.map(|offset| format!("{offset} is too large")), problems);
    }

    fn body(&self, part: &[&String]) -> ShareFilesQuery {
        let number = |number: Option<usize>| number.and_then(|number| i64::try_from(number).ok());
        ShareFilesQuery {
            server_ids: part.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(","),
            path: self.path.clone(),
            offset: number(self.offset),
            limit: number(self.limit),
        }
    }

    async fn send(client: Client, query: ShareFilesQuery) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            let (path, server_ids) = (&query.path, &query.server_ids);
            raw.list_share_files(&project, query.limit, query.offset, path, server_ids).await
        });
        Ok(jobs!(call.await?, server_id))
    }
}

/// What a job of [`SharedFiles::list`] printed, read from the [`output`](ServerOutcome::output) of its outcome.
///
/// Fields that are missing are empty, unknown ones are passed over; nothing but the pages of 2021 shows a listing.
///
/// ```
/// let output = r#"{"files_in_path":{"total":1,"count":1,"files":["4096 Apr 15 09:49 com.tencent.mm"]},
///     "share_base_max_size":"50G","share_base_capacity":"8.9G 323M 8.2G 4%"}"#;
/// let listing: cph::SharedFileListing = output.parse()?;
/// assert_eq!(listing.files_in_path.files, ["4096 Apr 15 09:49 com.tencent.mm"]);
/// # Ok::<(), cph::InvalidListing>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SharedFileListing {
    /// The files.
    #[serde(deserialize_with = "null_is_none")]
    pub files_in_path: FilesInPath,
    /// Of the storage that all servers start with: size, used, free and percentage used, such as `8.9G 323M 8.2G 4%`.
    pub share_base_capacity: Option<String>,
    /// How large that storage can get, such as `50G`.
    pub share_base_max_size: Option<String>,
}

/// The files in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FilesInPath {
    /// How many there are.
    pub total: Option<i64>,
    /// How many are listed here.
    pub count: Option<i64>,
    /// Each with its size in bytes, the time of its last change and its name, such as `4096 Apr 15 09:49 com.tencent.mm`.
    #[serde(deserialize_with = "null_is_none")]
    pub files: Vec<String>,
}

fn null_is_none<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A text that is no listing of files.
#[derive(Debug, thiserror::Error)]
#[error(
    "the output of {bytes} bytes is no listing of files{}",
    if *cut { ": it ends too early, since jobs keep at most 1024 bytes; ask for fewer files" } else { "" }
)]
pub struct InvalidListing {
    bytes: usize,
    cut: bool,
    source: serde_json::Error,
}

impl InvalidListing {
    /// Whether the text just ends too early: jobs keep at most 1024 bytes of what they print.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl FromStr for SharedFileListing {
    type Err = InvalidListing;

    fn from_str(output: &str) -> Result<Self, InvalidListing> {
        serde_json::from_str(output).map_err(|source| InvalidListing {
            bytes: output.len(),
            cut: source.is_eof() && !output.is_empty(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by `ShowJob` on the page of 2021.
    const OUTPUT: &str = r#"{"files_in_path":{"total":1,"count":1,"files":["4096 Apr 15 09:49 com.tencent.mm"]},"share_base_max_size":"50G","share_base_capacity":"8.9G 323M 8.2G 4%"}"#;

    #[test]
    fn the_documented_listing_is_read() {
        let listing: SharedFileListing = OUTPUT.parse().unwrap();
        assert_eq!((listing.files_in_path.total, listing.files_in_path.count), (Some(1), Some(1)));
        assert_eq!(listing.share_base_capacity.as_deref(), Some("8.9G 323M 8.2G 4%"));
        assert_eq!(listing.share_base_max_size.as_deref(), Some("50G"));
    }

    #[test]
    fn a_listing_is_read_leniently() {
        for output in
            ["{}", r#"{"files_in_path":null,"new":1}"#, r#"{"files_in_path":{"files":null}}"#]
        {
            assert_eq!(output.parse::<SharedFileListing>().unwrap(), SharedFileListing::default());
        }
    }

    #[test]
    fn a_listing_that_was_cut_says_so() {
        let error = OUTPUT[..60].parse::<SharedFileListing>().unwrap_err();
        assert!(error.is_cut());
        assert_eq!(
            error.to_string(),
            "the output of 60 bytes is no listing of files: it ends too early, since jobs keep at most 1024 bytes; ask for fewer files"
        );
        let error = "No such file".parse::<SharedFileListing>().unwrap_err();
        assert_eq!(
            (error.is_cut(), error.to_string().as_str()),
            (false, "the output of 12 bytes is no listing of files")
        );
    }
}
