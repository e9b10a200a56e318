//! The generated client of Huawei Cloud's Cloud Phone Host API: every transcribed operation, one method each.
//!
//! It builds requests and reads answers, and that is all. It signs nothing, waits for nothing and repeats nothing;
//! those are the business of the [`Transport`] that each request goes through. Most people want the crate `cph`, which
//! brings one.
//!
//! What an answer lacks is `None`, what it has too much is passed over. Every status but the documented success comes
//! back as [`Error::UnexpectedResponse`] with the whole answer unread.
//!
//! Ids go into the path percent-encoded but unchecked: `..` or an empty id would reach another address. Check them
//! first. Leave redirects off in the HTTP client, since a redirected request is no longer the one that was signed.
//!
//! ```no_run
//! use std::{future::Future, pin::Pin, sync::Arc};
//!
//! /// Sends with a token, once.
//! #[derive(Debug)]
//! struct Token;
//!
//! impl cph_raw::Transport for Token {
//!     fn send<'a>(
//!         &'a self,
//!         http: &'a reqwest::Client,
//!         _operation: &'static str,
//!         mut request: reqwest::Request,
//!     ) -> Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>> {
//!         request.headers_mut().insert("X-Auth-Token", "…".parse().unwrap());
//!         Box::pin(http.execute(request))
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//! let client = cph_raw::client("https://cph.cn-north-4.myhuaweicloud.com", http, Arc::new(Token));
//! let jobs = client.list_jobs("0f51…", Some(100), None, Some("6837…"), None).await?.into_inner();
//! # Ok(())
//! # }
//! ```

use std::{fmt::Debug, future::Future, pin::Pin, sync::Arc};

use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::{Request, Response};

#[rustfmt::skip]
#[allow(clippy::pedantic, unused_imports, rustdoc::all, reason = "generated")]
mod generated;

pub use generated::{Client, types};
pub use progenitor_client::{Error, ResponseValue};

/// How a finished request gets to the service and its answer back.
///
/// A failure that is no [`reqwest::Error`] travels as a [`Response`] with an extension, which
/// [`Error::UnexpectedResponse`] hands out again.
pub trait Transport: Send + Sync + Debug {
    /// Sends one request of the operation with this name, such as `RestartCloudPhone`.
    ///
    /// Operations of one method and path have one method and one name here, such as `SendPhoneCommand` for `PushFile` and
    /// `InstallApk`; a transport that has to know which of them it sends is made for the call, see
    /// [`Client::with_transport`].
    fn send<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static str,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send + 'a>>;
}

/// A client of the service at `base_url`, such as `https://cph.cn-north-4.myhuaweicloud.com`, without a slash at the end.
pub fn client(base_url: &str, http: reqwest::Client, transport: Arc<dyn Transport>) -> Client {
    Client::new_with_client(base_url, http, transport)
}

impl Client {
    /// The same client, sending through another transport: one that knows of a single call, for instance.
    pub fn with_transport(&self, transport: Arc<dyn Transport>) -> Self {
        Self { inner: transport, ..self.clone() }
    }
}

impl ClientHooks<Arc<dyn Transport>> for Client {
    /// Takes out the header that the generator puts into every request and no page knows.
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        request.headers_mut().remove("api-version");
        Ok(())
    }

    async fn exec(&self, request: Request, operation: &OperationInfo) -> reqwest::Result<Response> {
        self.inner.send(&self.client, operation.operation_id, request).await
    }
}
