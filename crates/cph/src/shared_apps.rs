//! Apps in the shared storage of servers.

use cph_core::{InvalidId, ServerId, limits};
use cph_raw::types::{
    DeleteShareAppsRequestBody, ListShareAppsSnapshotResponseBodyShareApps,
    PushShareAppsRequestBody,
};
use futures_util::Stream;

use crate::{
    Batch, Client, Error, Problem, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
    paging::{self, Page, Place, Query, page_size},
    rules::{bucket, field, object_path, package_name},
    servers::request::filled,
    view::View,
};

/// What can be asked and done about the apps that a server's phones share; see [`Client::shared_apps`].
#[derive(Debug, Clone, Copy)]
pub struct SharedApps<'a> {
    client: &'a Client,
}

impl<'a> SharedApps<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Puts an app from a bucket into the shared apps of servers: any number, one in each call unless told otherwise, 20 at
    /// most.
    ///
    /// The object is a tar file. The bucket's name has 3 to 63 characters, the path in it at most 1024. Only servers with shared
    /// apps take it, and the service needs the right to read the bucket. An app that was exported from a newer Android can
    /// **spoil the data** of phones with an older one.
    /// Documented as [PushShareApps](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0546.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>) -> cph::Result<()> {
    /// let push = client.shared_apps().push(servers, "com.miniteck.miniworld", "bucket", "my_apps/test.tar");
    /// println!("{}", push.pre_install(true).start()?.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn push(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        package_name: impl Into<String>,
        bucket_name: impl Into<String>,
        object_path: impl Into<String>,
    ) -> SharedAppPush {
        let kind = PushSharedApp {
            package_name: package_name.into(),
            bucket_name: bucket_name.into(),
            object_path: object_path.into(),
            pre_install: None,
        };
        SharedAppPush::new(self.client, server_ids, kind)
    }

    /// **Erases** an app from the shared apps of servers: any number, one in each call unless told otherwise.
    ///
    /// The package name has at most 128 bytes: letters, digits, `_` and `.`, at least one dot; it begins with neither a digit
    /// nor `_`, and does not end with a dot.
    /// Documented as [DeleteShareApps](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0547.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, servers: Vec<String>) -> cph::Result<()> {
    /// let run = client.shared_apps().delete(servers, "com.miniteck.miniworld").start()?;
    /// println!("{}", run.await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(
        &self,
        server_ids: impl IntoIterator<Item = impl Into<String>>,
        package_name: impl Into<String>,
    ) -> SharedAppDeletion {
        let kind = DeleteSharedApp { package_name: package_name.into() };
        SharedAppDeletion::new(self.client, server_ids, kind)
    }

    /// Lists the shared apps of a server as they were when last collected, which is done every two hours.
    ///
    /// Nothing is collected from a server with more than 10000 apps.
    /// Documented as [ListShareAppsSnapshot](https://support.huaweicloud.com/api-cph/ListShareAppsSnapshot.html).
    pub fn snapshot(&self, server_id: impl Into<String>) -> ListSharedApps {
        ListSharedApps {
            client: self.client.clone(),
            server_id: server_id.into(),
            package_name: None,
        }
    }
}

/// A push of a shared app in the making; see [`SharedApps::push`].
pub type SharedAppPush = Batch<PushSharedApp>;

/// The app that servers are to have.
#[derive(Debug)]
pub struct PushSharedApp {
    package_name: String,
    bucket_name: String,
    object_path: String,
    pre_install: Option<bool>,
}

impl SharedAppPush {
    /// Whether the app is installed on the phones beforehand. The service's default is `false`.
    pub fn pre_install(mut self, pre_install: bool) -> Self {
        self.kind.pre_install = Some(pre_install);
        self
    }
}

impl Sealed for PushSharedApp {}

impl BatchKind for PushSharedApp {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = PushShareAppsRequestBody;

    const OPERATION: &'static str = "PushShareApps";

    fn check(&self, problems: &mut Vec<Problem>) {
        // The page of this operation has no rule for the name.
        field("package_name", filled(&self.package_name), problems);
        field("bucket_name", bucket(&self.bucket_name), problems);
        field("object_path", object_path(&self.object_path), problems);
    }

    fn body(&self, part: &[&String]) -> PushShareAppsRequestBody {
        PushShareAppsRequestBody {
            package_name: self.package_name.clone(),
            pre_install_app: self.pre_install.map(i64::from),
            bucket_name: self.bucket_name.clone(),
            object_path: self.object_path.clone(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: PushShareAppsRequestBody) -> Result<Answer> {
        let call = client
            .call(Self::OPERATION, async |raw, project| raw.push_share_apps(&project, &body).await);
        Ok(jobs!(call.await?, server_id))
    }
}

/// A deletion of a shared app in the making; see [`SharedApps::delete`].
pub type SharedAppDeletion = Batch<DeleteSharedApp>;

/// The app that servers are to lose.
#[derive(Debug)]
pub struct DeleteSharedApp {
    package_name: String,
}

impl Sealed for DeleteSharedApp {}

impl BatchKind for DeleteSharedApp {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = DeleteShareAppsRequestBody;

    const OPERATION: &'static str = "DeleteShareApps";

    fn check(&self, problems: &mut Vec<Problem>) {
        field("package_name", package_name(&self.package_name), problems);
    }

    fn body(&self, part: &[&String]) -> DeleteShareAppsRequestBody {
        DeleteShareAppsRequestBody {
            package_name: self.package_name.clone(),
            server_ids: part.iter().map(ToString::to_string).collect(),
        }
    }

    async fn send(client: Client, body: DeleteShareAppsRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.delete_share_apps(&project, &body).await
        });
        Ok(jobs!(call.await?, server_id))
    }
}

/// A query for the shared apps of a server. Narrow it, then take the [`stream`](Self::stream).
///
/// ```
/// # async fn example(client: cph::Client, server: String) -> cph::Result<()> {
/// use std::pin::pin;
/// use futures_util::TryStreamExt as _;
///
/// let mut apps = pin!(client.shared_apps().snapshot(server).stream());
/// while let Some(app) = apps.try_next().await? {
///     println!("{:?} {:?}", app.package_name, app.versions);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ListSharedApps {
    client: Client,
    server_id: String,
    package_name: Option<String>,
}

impl ListSharedApps {
    /// Only this app, by the rule of [`SharedApps::delete`].
    pub fn package_name(mut self, package_name: impl Into<String>) -> Self {
        self.package_name = Some(package_name.into());
        self
    }

    /// The rows, page after page as they are taken. It ends after its first `Err`. Dropping the stream asks for no more.
    pub fn stream(self) -> impl Stream<Item = Result<SharedApp>> + Send + 'static {
        paging::rows(self)
    }
}

impl Query for ListSharedApps {
    type Raw = (ListShareAppsSnapshotResponseBodyShareApps, Option<String>);
    type Row = SharedApp;
    const OPERATION: &'static str = "ListShareAppsSnapshot";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let server_id: ServerId = Client::id(&self.server_id)?;
        if let Some(problem) = self.package_name.as_deref().and_then(package_name) {
            return Err(Error::invalid(format!("package_name: {problem}")));
        }
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            let limit = page_size(limits::LIST_SHARE_APPS_SNAPSHOT_PAGE);
            let package_name = self.package_name.as_deref();
            let (server_id, marker) = (server_id.as_str(), from.marker());
            raw.list_share_apps_snapshot(&project, server_id, limit, marker, package_name).await
        });
        let body = call.await?.body;
        let (collect_time, apps) = (body.collect_time, body.share_apps.unwrap_or_default());
        let rows = apps.into_iter().map(|app| (app, collect_time.clone())).collect();
        Ok(Page::marked(Some(rows), from, body.page_info.and_then(|page| page.next_marker)))
    }
}

/// An app in the shared storage of a server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct SharedApp {
    /// Its package name.
    pub package_name: Option<String>,
    /// Its versions.
    pub versions: Vec<String>,
    /// When the apps of the server were collected, the same for all of a page; in what form is not stated.
    pub collect_time: Option<String>,
}

impl SharedApp {
    /// The names of its fields, as they are serialised.
    pub const FIELDS: &'static [&'static str] = &["package_name", "versions", "collect_time"];
}

impl View<(ListShareAppsSnapshotResponseBodyShareApps, Option<String>)> for SharedApp {
    fn view(
        (app, collect_time): (ListShareAppsSnapshotResponseBodyShareApps, Option<String>),
    ) -> std::result::Result<Self, InvalidId> {
        let versions = app.versions.unwrap_or_default();
        Ok(Self { package_name: app.package_name, versions, collect_time })
    }
}
