//! The client.

use std::{future::Future, str::FromStr, sync::Arc};

use bytes::Bytes;
use cph_core::{InvalidId, Operation, ProjectId};

use crate::{
    ApiCall, Bandwidths, ClientBuilder, Clock, Counters, EncodeServerOutcome, EncodeServers, Error,
    Events, Images, Jobs, Phones, Problem, ProvideCredentials, Result, Run, ServerOutcome, Servers,
    SharedApps, SharedFiles, Tags, Ticket,
    call::Call,
    endpoint::Endpoint,
    identity::{Identity, Place},
    transport::Transport,
};

/// A client of the service for one project in one region.
///
/// Cheap to clone; clones share the connections.
///
/// ```
/// use cph::{Client, Credentials};
///
/// # fn main() -> Result<(), cph::Error> {
/// let client = Client::builder()
///     .region("cn-north-4")
///     .project("0123456789abcdef0123456789abcdef")
///     .credentials(Credentials::access_key("AK", "SK"))
///     .build()?;
/// assert_eq!(client.endpoint(), "https://cph.cn-north-4.myhuaweicloud.com");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    /// Builds requests for the generated client; the transport sends them.
    pub(crate) http: reqwest::Client,
    pub(crate) transport: Transport,
    pub(crate) endpoint: Endpoint,
    pub(crate) proxy: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) project: ProjectId,
}

/// A row of the operation table that this crate relies on.
pub(crate) fn operation(name: &str) -> &'static Operation {
    Operation::find(name).unwrap_or_else(|| unreachable!("{name} stands in the operation table"))
}

/// A typed answer, and the id that its headers carried.
pub(crate) struct Reply<T> {
    pub(crate) body: T,
    pub(crate) request_id: Option<String>,
}

impl Client {
    /// Starts building a client. A region or an endpoint, a project and credentials are needed.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// A client for another project, with credentials for it. Both share connections and rate limits; counters are apart.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the id is none, and what
    /// [`ProvideCredentials::check`] says.
    pub fn for_project(
        &self,
        project: impl AsRef<str>,
        credentials: impl ProvideCredentials,
    ) -> Result<Self> {
        let project: ProjectId = project.as_ref().parse().map_err(|error: InvalidId| {
            Error::configuration(vec![Problem::new(error.to_string())])
        })?;
        credentials.check()?;
        let Shared { http, transport, endpoint, proxy, region, .. } = &*self.shared;
        let place = Place { project: Some(project.clone()), ..transport.place.clone() };
        Ok(Self::new(Shared {
            http: http.clone(),
            transport: transport.sibling(Identity::new(Arc::new(credentials)), place),
            endpoint: endpoint.clone(),
            proxy: proxy.clone(),
            region: region.clone(),
            project,
        }))
    }

    /// The phones of the project.
    pub fn phones(&self) -> Phones<'_> {
        Phones::new(self)
    }

    /// The servers that the project's phones run on.
    pub fn servers(&self) -> Servers<'_> {
        Servers::new(self)
    }

    /// The bandwidths of servers on the system's network.
    pub fn bandwidths(&self) -> Bandwidths<'_> {
        Bandwidths::new(self)
    }

    /// The files that the phones of a server share.
    pub fn shared_files(&self) -> SharedFiles<'_> {
        SharedFiles::new(self)
    }

    /// The apps that the phones of a server share.
    pub fn shared_apps(&self) -> SharedApps<'_> {
        SharedApps::new(self)
    }

    /// The encoding services of the project.
    pub fn encode_servers(&self) -> EncodeServers<'_> {
        EncodeServers::new(self)
    }

    /// The jobs that earlier calls started.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::new(self)
    }

    /// The images that phones run.
    pub fn images(&self) -> Images<'_> {
        Images::new(self)
    }

    /// The tags of the project's servers.
    pub fn tags(&self) -> Tags<'_> {
        Tags::new(self)
    }

    /// The maintenance that the vendor plans for the project's servers.
    pub fn events(&self) -> Events<'_> {
        Events::new(self)
    }

    /// One call of the operation with the vendor's name, such as `ListJobs`, as documented: for what the other methods do
    /// not offer.
    pub fn api(&self, operation: &str) -> ApiCall {
        ApiCall::new(self, operation)
    }

    /// Waits on for what an earlier run had started, from its [`Ticket`]. Nothing is sent again. Each job gets another 30
    /// minutes from now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the ticket belongs to another endpoint, region or project, or to a newer version.
    pub fn resume(&self, ticket: Ticket) -> Result<Run> {
        Run::resume(self.clone(), ticket)
    }

    /// The same as [`resume`](Self::resume) for the ticket of a run over servers.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub fn resume_servers(&self, ticket: Ticket) -> Result<Run<ServerOutcome>> {
        Run::resume(self.clone(), ticket)
    }

    /// The same as [`resume`](Self::resume) for the ticket of a run over encoding services.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub fn resume_encode_servers(&self, ticket: Ticket) -> Result<Run<EncodeServerOutcome>> {
        Run::resume(self.clone(), ticket)
    }

    /// Base URL of the service, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        self.shared.endpoint.as_str()
    }

    /// The URL of the proxy that the service is reached through, without its user and password; `None` if it is reached
    /// directly.
    pub fn proxy(&self) -> Option<&str> {
        self.shared.proxy.as_deref()
    }

    /// The region, unless only an endpoint was given.
    pub fn region(&self) -> Option<&str> {
        self.shared.region.as_deref()
    }

    /// The project whose phones these are.
    pub fn project(&self) -> &ProjectId {
        &self.shared.project
    }

    /// How many requests are on the wire at this moment, over all clones.
    pub fn requests_in_flight(&self) -> usize {
        self.shared.transport.in_flight()
    }

    /// What this client and its clones have done so far.
    pub fn counters(&self) -> Counters {
        self.shared.transport.tally.read()
    }

    /// Where the credentials in use were found; `None` before the first call.
    pub fn credentials_origin(&self) -> Option<String> {
        self.shared.transport.identity.held().map(|held| held.origin.clone())
    }

    /// By how many seconds the gateway's clock is ahead of this machine's, as far as the gateway complained; calls are signed
    /// by the gateway's clock.
    pub fn clock_skew_seconds(&self) -> i64 {
        self.shared.transport.skew.seconds()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.transport.clock
    }

    /// An id that a request can carry.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(id: impl AsRef<str>) -> Result<T> {
        id.as_ref().parse().map_err(Error::invalid)
    }

    /// A number between 0 and 1, by chance.
    pub(crate) fn chance(&self) -> f64 {
        self.shared.transport.draw(fastrand::Rng::f64)
    }

    /// Makes one call with a request of the caller's making, and hands over the success as it came.
    pub(crate) async fn exchange(
        &self,
        operation: &'static Operation,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>> {
        Call::new(self.shared.clone(), operation).exchange(request).await
    }

    /// Makes one call of the generated client, which is handed over with the project's id.
    pub(crate) async fn call<T, Fut>(
        &self,
        name: &'static str,
        call: impl FnOnce(cph_raw::Client, String) -> Fut,
    ) -> Result<Reply<T>>
    where
        Fut: Future<Output = Result<cph_raw::ResponseValue<T>, cph_raw::Error>>,
    {
        let operation = operation(name);
        let context = Arc::new(Call::new(self.shared.clone(), operation));
        let raw = cph_raw::client(self.endpoint(), self.shared.http.clone(), context.clone());
        let result = call(raw, self.project().to_string()).await;
        if let Some(error) = context.take_error() {
            return Err(error);
        }
        match result {
            Ok(value) => Ok(Reply { body: value.into_inner(), request_id: context.request_id() }),
            Err(cph_raw::Error::InvalidResponsePayload(body, error)) => {
                // The parser's own words may quote the value; where it stands is enough.
                let what = format!(
                    "a body that differs from the documented one at line {} column {}",
                    error.line(),
                    error.column()
                );
                Err(Error::unreadable(200, &what).with_body(&body))
            }
            // Nothing else is left: failures of the transport were taken out above.
            Err(error) => Err(Error::unreadable(
                error.status().map_or(0, |status| status.as_u16()),
                "an undocumented status",
            )),
        }
        .map_err(|error: Error| {
            error.with_operation(operation.name).with_request_id(context.request_id())
        })
    }
}
