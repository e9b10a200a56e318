//! How a client is built.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    future::Future,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use cph_core::{ErrorCode, Operation, ProjectId, RateLimit, Region};

use crate::{
    Chain, Client, Clock, Environment, Error, Problem, Profile, ProfileCredentials,
    ProvideCredentials, Result, SystemClock,
    client::Shared,
    endpoint::Endpoint,
    identity::{Identity, Place, find_project, iam_endpoint},
    sockets::{Clients, Proxy, Roots},
    transport::{Budget, GATEWAY, Limits, Pace, Policy, Transport},
    wire::{Function, FunctionWire, HttpWire, Wire},
};

/// Builds a [`Client`]; everything that can be wrong is said by [`build`](Self::build), at once.
///
/// | setting | default | applies to |
/// |---|---|---|
/// | [`connect_timeout`](Self::connect_timeout) | 10 s | each connection |
/// | [`attempt_timeout`](Self::attempt_timeout) | 60 s | each attempt |
/// | [`call_timeout`](Self::call_timeout) | 120 s | all attempts of a call |
/// | [`turn_timeout`](Self::turn_timeout) | 10 min | all waits of a call for its turn: under the rate limits, and after it was throttled |
/// | [`attempts`](Self::attempts) | 5 | each call; those that were throttled do not count |
/// | [`retry_budget`](Self::retry_budget) | 50 | a client and its clones |
/// | [`gateway_limit`](Self::gateway_limit) | 200 calls in 1 s | each operation |
/// | [`rate_limit`](Self::rate_limit) | as documented | one operation |
/// | [`response_limit`](Self::response_limit) | 16 MiB | each answer |
/// | [`proxy`](Self::proxy), [`no_proxy`](Self::no_proxy) | from the environment | other machines |
/// | [`ca_file`](Self::ca_file) | the system's certificates | TLS |
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
    call_timeout: Duration,
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
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_mins(1),
            call_timeout: Duration::from_mins(2),
            turn_timeout: Duration::from_mins(10),
            attempts: 5,
            retry_budget: 50,
            gateway_limit: GATEWAY,
            rate_limits: Vec::new(),
            response_limit: 16 << 20,
            proxy: Proxy::default(),
            ca_file: None,
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

    /// Looks for what is not set here where the vendor's SDKs do: credentials by [`Chain::standard`], the rest in the
    /// variables of [`Environment`], then in the [`Profile`].
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Takes the [`Profile`] of this name from the [`environment`](Self::environment)'s credentials file: its values come before
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

    /// How long a call may go on making attempts; the waits for its turn do not count, and the last attempt is not
    /// cut short. Default 120 s.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long a call may wait in all for turns under the rate limits, and for a gateway that throttles it. If its next turn
    /// is later, it is not sent, or not sent again. Default 10 minutes.
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
    pub fn build(mut self) -> Result<Client> {
        let mut problems = self.look_around();
        if self.project.is_none() {
            problems.push(Problem::new(
                "no project is given; set it to the project id that the console shows for the region",
            ));
        }
        let Parts { http, transport, endpoint, region, project } = self.assemble(problems)?;
        let project = project.unwrap_or_else(|| unreachable!("it was checked above"));
        Ok(Client::new(Shared { http, transport, endpoint, region, project }))
    }

    /// As [`build`](Self::build), and asks the identity service for the region's project if none is given. Creates none.
    ///
    /// # Errors
    ///
    /// Also what the look-up ends with; [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the region has no
    /// project, or several, which the message lists.
    pub async fn connect(mut self) -> Result<Client> {
        let mut problems = self.look_around();
        // Without an endpoint the missing region is named anyway.
        if self.project.is_none() && self.region.is_none() && self.endpoint.is_some() {
            problems.push(Problem::new(
                "neither project nor region is given; set a project, or a region whose project it is",
            ));
        }
        let Parts { http, mut transport, endpoint, region, project } = self.assemble(problems)?;
        let project = match (project, &region) {
            (None, Some(region)) => find_project(&transport, region).await?,
            (project, _) => project.unwrap_or_else(|| unreachable!("it was checked above")),
        };
        transport.place.project = Some(project.clone());
        Ok(Client::new(Shared { http, transport, endpoint, region, project }))
    }

    /// Fills in from environment and profile what is not set; what is wrong with them.
    fn look_around(&mut self) -> Vec<Problem> {
        let Some(environment) = self.environment.clone() else {
            let alone = self.profile.as_ref().map(|_| {
                Problem::new(
                    "a profile is named, and no environment is given to look for its file in",
                )
            });
            return alone.into_iter().collect();
        };
        let mut problems = Vec::new();
        let mut keep = |result: Result<Option<String>, Problem>| {
            result.unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        };
        let profile = Profile::read(&environment, self.profile.as_deref());
        // Where it is only one of several sources it counts once something is missing; of keys in it the chain tells.
        let (profile, broken) = match profile {
            Ok(profile) => (profile, None),
            Err(error) => (None, Some(Problem::new(format!("{error:#}")))),
        };
        let of_profile = |value: fn(&Profile) -> Option<&str>| {
            profile.as_ref().and_then(value).map(str::to_owned)
        };
        let is_named = self.profile.is_some();
        let mut either = |profile: Option<String>, variable: Result<Option<String>, Problem>| {
            let variable = keep(variable);
            if is_named { profile.or(variable) } else { variable.or(profile) }
        };
        let region = self.region.take().or_else(|| of_profile(Profile::region));
        self.region = region;
        if self.endpoint.is_none() {
            let variable = self.region.as_ref().map(|region| environment.endpoint(region));
            self.endpoint =
                either(of_profile(Profile::endpoint), variable.transpose().map(Option::flatten));
        }
        if self.project.is_none() {
            self.project = either(of_profile(Profile::project), environment.project());
        }
        if self.iam_endpoint.is_none() {
            let variable = either(None, environment.iam_endpoint());
            self.iam_endpoint = of_profile(Profile::iam_endpoint).or(variable);
        }
        let is_missing = self.project.is_none() || self.region.is_none() && self.endpoint.is_none();
        problems.extend(broken.filter(|_| is_named || is_missing));
        if self.credentials.is_none() {
            self.credentials = Some(match self.profile.clone() {
                Some(name) => Arc::new(ProfileCredentials::new(environment).named(name)),
                None => Arc::new(Chain::standard(&environment)),
            });
        }
        problems
    }

    /// Checks everything but whether there is a project.
    fn assemble(self, mut problems: Vec<Problem>) -> Result<Parts> {
        let endpoint = self.checked_endpoint().map_err(|problem| problems.push(problem)).ok();
        let iam =
            self.checked_iam(endpoint.as_ref()).map_err(|problem| problems.push(problem)).ok();
        let project = self.project.as_ref().and_then(|project| {
            let project = project.parse::<ProjectId>();
            project.map_err(|error| problems.push(Problem::new(error.to_string()))).ok()
        });
        match &self.credentials {
            None => problems
                .push(Problem::new("no credentials are given; set an access key or a token")),
            Some(credentials) => {
                if let Err(error) = credentials.check() {
                    let problem = Problem::new(format!("{error:#}"));
                    // What is wrong with a profile's file has been said of its settings already.
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
        self.check_numbers(&mut problems);
        problems.extend(self.proxy.check().err());
        let (Some(endpoint), Some(iam), Some(credentials), true) =
            (endpoint, iam, self.credentials, problems.is_empty())
        else {
            return Err(Error::configuration(problems));
        };
        let roots = match self.ca_file {
            Some(path) => Roots::File(path),
            None if endpoint.is_tls() || iam.is_tls() => Roots::System,
            None => Roots::Nothing,
        };
        let clients = Clients::new(roots, &self.proxy, self.connect_timeout)?;
        let http = clients.any().clone();
        let (attempt_timeout, response_limit) = (self.attempt_timeout, self.response_limit);
        let wire: Arc<dyn Wire> = match self.transport {
            Some(function) => Arc::new(FunctionWire { function, attempt_timeout, response_limit }),
            None => Arc::new(HttpWire::new(
                clients,
                self.connect_timeout,
                attempt_timeout,
                response_limit,
            )),
        };
        let place = Place {
            iam: iam.as_str().to_owned(),
            region: self.region.clone(),
            project: project.clone(),
        };
        let own = self.rate_limits.iter().filter_map(|(name, limit)| {
            Operation::find(name).map(|operation| (operation.name, *limit))
        });
        let limits = Limits {
            pace: Pace::new(self.gateway_limit, own.collect::<HashMap<_, _>>()),
            budget: Budget::new(self.retry_budget),
        };
        let policy = Policy {
            call_timeout: self.call_timeout,
            turn_timeout: self.turn_timeout,
            attempts: self.attempts,
            resend_after: self.resend_after,
        };
        let random = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let identity = (Identity::new(credentials), place);
        let transport = Transport::new(wire, identity, self.clock, (policy, limits), random);
        Ok(Parts { http, transport, endpoint, region: self.region, project })
    }

    fn check_numbers(&self, problems: &mut Vec<Problem>) {
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
        if self.response_limit == 0 {
            problems.push(Problem::new("the response limit is 0; no answer could be read"));
        }
        let limits = self.rate_limits.iter().map(|(name, limit)| (name.as_str(), *limit));
        for (name, limit) in limits.chain([("the gateway", self.gateway_limit)]) {
            if limit.calls == 0 || limit.seconds == 0 {
                problems
                    .push(Problem::new(format!("the rate limit of {name} lets no call through")));
            }
        }
        for (name, _) in &self.rate_limits {
            if Operation::find(name).is_none() {
                problems.push(Problem::new(format!(
                    "a rate limit is for {name}, which is no operation"
                )));
            }
        }
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
        self.allowed(endpoint)
    }

    /// Of a service without TLS, such as a simulator, nothing goes to an identity service elsewhere.
    fn checked_iam(&self, endpoint: Option<&Endpoint>) -> Result<Endpoint, Problem> {
        match (&self.iam_endpoint, endpoint) {
            (Some(iam), _) => self.allowed(iam.parse()?),
            (None, Some(endpoint)) if !endpoint.is_tls() => Ok(endpoint.clone()),
            (None, _) => iam_endpoint(self.region.as_deref()).parse(),
        }
    }

    fn allowed(&self, endpoint: Endpoint) -> Result<Endpoint, Problem> {
        if !endpoint.is_tls() && !endpoint.is_loopback() && !self.allow_http {
            return Err(Problem::new(format!(
                "endpoint `{}` is plain http to another machine, which shows keys and phones to the network; use https, or allow http",
                endpoint.as_str(),
            )));
        }
        Ok(endpoint)
    }
}

/// What a client is made of, its project aside.
struct Parts {
    http: reqwest::Client,
    transport: Transport,
    endpoint: Endpoint,
    region: Option<String>,
    project: Option<ProjectId>,
}
