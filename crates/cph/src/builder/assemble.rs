//! From settings to a client: what is not set is looked for, all of it is checked, and the parts are put together.

use std::{collections::HashMap, sync::Arc};

use cph_core::{Operation, ProjectId, Region};

use super::{CALL_TIMEOUT, ClientBuilder};
use crate::{
    Chain, Client, Error, Problem, Profile, ProfileCredentials, Result,
    client::Shared,
    endpoint::Endpoint,
    identity::{Identity, Place, find_project, iam_endpoint},
    sockets::{Clients, Roots},
    transport::{Budget, Limits, Pace, Policy, Transport},
    wire::{FunctionWire, HttpWire, Wire},
};

impl ClientBuilder {
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
        let Parts { http, transport, endpoint, proxy, region, project } =
            self.assemble(problems)?;
        let project = project.unwrap_or_else(|| unreachable!("it was checked above"));
        Ok(Client::new(Shared { http, transport, endpoint, proxy, region, project }))
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
        let Parts { http, mut transport, endpoint, proxy, region, project } =
            self.assemble(problems)?;
        let project = match (project, &region) {
            (None, Some(region)) => find_project(&transport, region).await?,
            (project, _) => project.unwrap_or_else(|| unreachable!("it was checked above")),
        };
        transport.place.project = Some(project.clone());
        Ok(Client::new(Shared { http, transport, endpoint, proxy, region, project }))
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
        let uri = endpoint.as_str().parse().ok().filter(|_| self.transport.is_none());
        let proxy = uri.and_then(|uri| self.proxy.to(&uri));
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
            call_timeout: self.call_timeout.unwrap_or(CALL_TIMEOUT),
            bounds_turns: self.call_timeout.is_some(),
            turn_timeout: self.turn_timeout,
            attempts: self.attempts,
            resend_after: self.resend_after,
        };
        let random = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let identity = (Identity::new(credentials), place);
        let wire = (wire, self.wire_log);
        let transport = Transport::new(wire, identity, self.clock, (policy, limits), random);
        Ok(Parts { http, transport, endpoint, proxy, region: self.region, project })
    }

    fn check_numbers(&self, problems: &mut Vec<Problem>) {
        for (what, timeout) in [
            ("connect timeout", self.connect_timeout),
            ("attempt timeout", self.attempt_timeout),
            ("call timeout", self.call_timeout.unwrap_or(CALL_TIMEOUT)),
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
    proxy: Option<String>,
    region: Option<String>,
    project: Option<ProjectId>,
}
