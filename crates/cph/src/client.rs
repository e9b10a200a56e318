//! The client and how it is built.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cph_core::{ErrorCode, InvalidId, Operation, ProjectId, Region};

use crate::{
    ApiCall, Bandwidths, Clock, Credentials, EncodeServerOutcome, EncodeServers, Error, Events,
    Images, Jobs, Phones, Problem, Result, Run, ServerOutcome, Servers, SharedApps, SharedFiles,
    SystemClock, Tags, Ticket,
    endpoint::Endpoint,
    error::BoxError,
    transport::Call,
    wire::{FunctionWire, HttpWire, Wire},
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
    /// Builds requests for the generated client; the wire sends them.
    http: reqwest::Client,
    pub(crate) wire: Box<dyn Wire>,
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Endpoint,
    pub(crate) region: Option<String>,
    pub(crate) project: ProjectId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) in_flight: AtomicUsize,
    random: Mutex<fastrand::Rng>,
}

impl Shared {
    /// Draws from the client's one source of chance.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long and how often a call is tried.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) call_timeout: Duration,
    pub(crate) attempts: usize,
    pub(crate) resend_after: HashSet<ErrorCode>,
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
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// An id that a request can carry.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(id: impl AsRef<str>) -> Result<T> {
        id.as_ref().parse().map_err(Error::invalid)
    }

    /// A number between 0 and 1, by chance.
    pub(crate) fn chance(&self) -> f64 {
        self.shared.draw(fastrand::Rng::f64)
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

type Function = dyn Fn(
        http::Request<Bytes>,
    ) -> futures_util::future::BoxFuture<'static, Result<http::Response<Bytes>, BoxError>>
    + Send
    + Sync;

/// Builds a [`Client`]; everything that can be wrong is said by [`build`](Self::build), at once.
#[must_use]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    project: Option<String>,
    credentials: Option<Credentials>,
    transport: Option<Box<Function>>,
    clock: Arc<dyn Clock>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    call_timeout: Duration,
    attempts: usize,
    allow_http: bool,
    resend_after: HashSet<ErrorCode>,
    seed: Option<u64>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: None,
            project: None,
            credentials: None,
            transport: None,
            clock: Arc::new(SystemClock),
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_mins(1),
            call_timeout: Duration::from_mins(2),
            attempts: 5,
            allow_http: false,
            resend_after: HashSet::new(),
            seed: None,
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("project", &self.project)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// The region, such as `cn-north-4`; gives the endpoint unless one is set.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The base URL of the service, such as `http://127.0.0.1:8080` for a simulator.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The project id.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// What authenticates the calls.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends through `function` instead of sockets. Requests arrive signed, with an absolute URI.
    ///
    /// An error with an [`io::Error`](std::io::Error) of kind `ConnectionRefused`, `HostUnreachable`, `NetworkUnreachable`,
    /// `NetworkDown` or `AddrNotAvailable` in its chain means that nothing was sent; after any other error the call counts as
    /// possibly carried out.
    pub fn transport<F, Fut, E>(mut self, function: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<http::Response<Bytes>, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.transport = Some(Box::new(move |request| {
            let answer = function(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }));
        self
    }

    /// Where time comes from; the machine's own by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long a connection may take to stand, name look-up and TLS included. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take once its connection stands. Default 60 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may go on making attempts; the last one is not cut short. Default 120 s.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How many attempts a call makes at most, where sending again is safe. Default 5, at least 1.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts;
        self
    }

    /// Allows plain `http` to other machines. Without it `http` is for loopback only.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Sends again after this code even where the table says that the call may have been carried out. You take on that it
    /// may then be carried out twice.
    pub fn resend_after(mut self, code: ErrorCode) -> Self {
        self.resend_after.insert(code);
        self
    }

    /// Fixes the random numbers that waits are jittered with, for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Checks everything and builds the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), with every problem named.
    pub fn build(self) -> Result<Client> {
        let mut problems = Vec::new();
        let endpoint = self.checked_endpoint().map_err(|problem| problems.push(problem)).ok();
        let project = match &self.project {
            None => Err(Problem::new(
                "no project is given; set it to the project id that the console shows for the region",
            )),
            Some(project) => {
                project.parse::<ProjectId>().map_err(|error| Problem::new(error.to_string()))
            }
        };
        let project = project.map_err(|problem| problems.push(problem)).ok();
        match self.credentials.as_ref() {
            None => problems
                .push(Problem::new("no credentials are given; set an access key or a token")),
            Some(credentials) => problems.extend(credentials.problem()),
        }
        for (what, timeout) in [
            ("connect timeout", self.connect_timeout),
            ("attempt timeout", self.attempt_timeout),
            ("call timeout", self.call_timeout),
        ] {
            if timeout.is_zero() {
                problems.push(Problem::new(format!("the {what} is 0; no call could be made")));
            }
        }
        if self.attempts == 0 {
            problems.push(Problem::new("attempts is 0; a call makes at least one"));
        }
        let (Some(endpoint), Some(project), Some(credentials), true) =
            (endpoint, project, self.credentials, problems.is_empty())
        else {
            return Err(Error::configuration(problems));
        };
        let sockets = HttpWire::new(&endpoint, self.connect_timeout, self.attempt_timeout)?;
        let http = sockets.client().clone();
        let wire: Box<dyn Wire> = match self.transport {
            Some(function) => {
                Box::new(FunctionWire { function, attempt_timeout: self.attempt_timeout })
            }
            None => Box::new(sockets),
        };
        let shared = Shared {
            http,
            wire,
            credentials,
            endpoint,
            region: self.region,
            project,
            clock: self.clock,
            policy: Policy {
                call_timeout: self.call_timeout,
                attempts: self.attempts,
                resend_after: self.resend_after,
            },
            in_flight: AtomicUsize::new(0),
            random: Mutex::new(self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)),
        };
        Ok(Client { shared: Arc::new(shared) })
    }

    fn checked_endpoint(&self) -> Result<Endpoint, Problem> {
        let endpoint: Endpoint = match (&self.endpoint, &self.region) {
            (Some(endpoint), _) => endpoint.parse()?,
            (None, Some(region)) => Region::find(region)
                .map_err(|error| Problem::new(error.to_string()))?
                .endpoint
                .parse()?,
            (None, None) => {
                return Err(Problem::new(
                    "neither region nor endpoint is given; set a region such as cn-north-4",
                ));
            }
        };
        if !endpoint.is_tls() && !endpoint.is_loopback() && !self.allow_http {
            return Err(Problem::new(format!(
                "endpoint `{}` is plain http to another machine, which shows keys and phones to the network; use https, or allow http",
                endpoint.as_str(),
            )));
        }
        Ok(endpoint)
    }
}
