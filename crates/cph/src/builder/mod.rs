//! What can be set on a client.

mod assemble;

use std::{collections::HashSet, fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use cph_core::{ErrorCode, RateLimit};

use crate::{
    Clock, Environment, ProvideCredentials, Result, SystemClock, WireRecord,
    endpoint::without_user, sockets::Proxy, transport::GATEWAY, wire::Function, wire_log::WireLog,
};

pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_mins(2);
pub(crate) const TURN_TIMEOUT: Duration = Duration::from_mins(10);
pub(crate) const ATTEMPTS: usize = 5;
pub(crate) const RETRY_BUDGET: u32 = 50;
pub(crate) const RESPONSE_LIMIT: usize = 16 << 20;

/// Builds a [`Client`](crate::Client); everything that can be wrong is said by [`build`](Self::build), at once.
///
/// [`Setting`](crate::Setting) lists all that can be set, in code or otherwise, with its default.
#[must_use]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    iam_endpoint: Option<String>,
    project: Option<String>,
    credentials: Option<Arc<dyn ProvideCredentials>>,
    environment: Option<Environment>,
    profile: Option<String>,
    transport: Option<Box<Function>>,
    clock: Arc<dyn Clock>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    call_timeout: Option<Duration>,
    turn_timeout: Duration,
    attempts: usize,
    retry_budget: u32,
    gateway_limit: RateLimit,
    rate_limits: Vec<(String, RateLimit)>,
    response_limit: usize,
    proxy: Proxy,
    ca_file: Option<PathBuf>,
    allow_http: bool,
    resend_after: HashSet<ErrorCode>,
    seed: Option<u64>,
    wire_log: Option<WireLog>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: None,
            iam_endpoint: None,
            project: None,
            credentials: None,
            environment: None,
            profile: None,
            transport: None,
            clock: Arc::new(SystemClock),
            connect_timeout: CONNECT_TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            call_timeout: None,
            turn_timeout: TURN_TIMEOUT,
            attempts: ATTEMPTS,
            retry_budget: RETRY_BUDGET,
            gateway_limit: GATEWAY,
            rate_limits: Vec::new(),
            response_limit: RESPONSE_LIMIT,
            proxy: Proxy::default(),
            ca_file: None,
            allow_http: false,
            resend_after: HashSet::new(),
            seed: None,
            wire_log: None,
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint.as_deref().map(without_user))
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

    /// The base URL of the identity service, which issues tokens and knows projects. By default that of the region; with an
    /// endpoint of plain `http`, such as a simulator's, that endpoint.
    pub fn iam_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.iam_endpoint = Some(endpoint.into());
        self
    }

    /// The project id. [`connect`](Self::connect) looks it up if none is given.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// What authenticates the calls: [`Credentials`](crate::Credentials), or a source of them.
    pub fn credentials(mut self, credentials: impl ProvideCredentials) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Looks for what is not set here where the vendor's SDKs do: credentials by [`Chain::standard`](crate::Chain::standard), the rest in the
    /// variables of [`Environment`], then in the [`Profile`](crate::Profile).
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Takes the [`Profile`](crate::Profile) of this name from the [`environment`](Self::environment)'s credentials file: its values come before
    /// those of variables, and no other credentials are looked for.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
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

    /// How long a call may go on: waits for its turn, attempts, and waits between them. The last attempt is not cut short.
    /// Default 120 s for the attempts, with the [waits for turns](Self::turn_timeout) on top.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// How long a call may wait in all for turns under the rate limits, and for a gateway that throttles it. If its next turn
    /// is later, it is not sent, or not sent again. Default 10 min.
    pub fn turn_timeout(mut self, timeout: Duration) -> Self {
        self.turn_timeout = timeout;
        self
    }

    /// How many attempts a call makes at most, where sending again is safe. Those that the gateway throttled do not count.
    /// Default 5, at least 1.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts;
        self
    }

    /// How often a client and its clones send calls again at most while calls fail; ten calls that end well earn one more.
    /// Those that the gateway throttled do not count. Default 50.
    pub fn retry_budget(mut self, times: u32) -> Self {
        self.retry_budget = times;
        self
    }

    /// How often one operation may be called, by the vendor's name, in place of the documented limit.
    pub fn rate_limit(mut self, operation: impl Into<String>, limit: RateLimit) -> Self {
        self.rate_limits.push((operation.into(), limit));
        self
    }

    /// How often each operation without a limit of its own may be called. Default 200 calls in 1 s.
    pub fn gateway_limit(mut self, limit: RateLimit) -> Self {
        self.gateway_limit = limit;
        self
    }

    /// The largest answer that is read, in bytes; a larger one counts as lost. Default 16 MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Reaches other machines through the HTTP proxy at this URL, which may hold a user and a password. By default through
    /// that of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, but for what `NO_PROXY` lists. This machine and
    /// link-local addresses are always reached directly.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Url(url.into());
        self
    }

    /// Reaches every machine directly, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::Nothing;
        self
    }

    /// Knows servers by the certificates in this PEM file, and not by those of the system.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
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

    /// Shows `observe` every attempt of every call as it went over the wire, once it has ended, with secrets and personal
    /// values hidden: for a report to the vendor, or to us. It is called where the call is made, so it should not take long.
    ///
    /// ```
    /// use cph::Client;
    ///
    /// let builder = Client::builder().wire_log(|record| {
    ///     let line = serde_json::to_string(record).unwrap_or_default();
    ///     eprintln!("{line}");
    /// });
    /// ```
    pub fn wire_log(mut self, observe: impl Fn(&WireRecord) + Send + Sync + 'static) -> Self {
        self.wire_log = Some(WireLog::new(observe));
        self
    }

    /// Fixes the random numbers that waits are jittered with, for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
